"""Members, teams, workbooks and so on, in the fields of Sigma's API.

A field with a default is optional in the contract: a response leaves it out until it is set.
No response has a field with exclude=True: only the sandbox knows it.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

Source = dict[str, Any]  # what a document reads, in the fields of GET /v2/workbooks/*/sources
WorkspacePermission = Literal["view", "explore", "organize", "edit"]
ConnectionPermission = Literal["usage", "annotate"]
WorkbookPermission = Literal["view", "explore", "edit"]
FileType = Literal[
    "workspace", "folder", "workbook", "dataset", "data-model", "sql", "worksheet", "dashboard",
    "template", "table", "symlink", "report"
]  # fmt: skip


class Stamped(BaseModel):
    """Who created and last updated something, and when (ISO 8601, UTC, milliseconds)."""

    createdBy: str
    updatedBy: str
    createdAt: str
    updatedAt: str


class Member(Stamped):
    """A user. isArchived means deactivated, isInactive means archived by SCIM."""

    organizationId: str
    memberId: str
    memberType: str
    firstName: str
    lastName: str
    email: str
    profileImgUrl: str | None
    homeFolderId: str
    userKind: str
    isArchived: bool = False
    isInactive: bool = False


class Team(Stamped):
    """A team of members."""

    teamId: str
    name: str
    description: str | None
    visibility: Literal["public", "private"]
    isArchived: bool = False
    members: dict[str, str] = Field(default={}, exclude=True)  # by member ID, who added the member


class Workspace(Stamped):
    """A shared folder at the top level of the organization."""

    workspaceId: str
    workspaceUrlId: str
    name: str


class Connection(Stamped):
    """A connection to a data warehouse."""

    organizationId: str
    connectionId: str
    isSample: bool
    isAuditLog: bool
    lastActiveAt: str
    name: str
    type: str
    useOauth: bool
    account: str = ""
    warehouse: str = ""
    user: str = ""
    role: str = ""
    isArchived: bool = False


class AttributeValue(BaseModel):
    """The value of a user attribute."""

    model_config = ConfigDict(strict=True)  # clients send it, so 1 is not a text

    val: str
    type: Literal["string"]


class UserAttributeAssignment(Stamped):
    """The value of a user attribute for one member. userId is the member's ID."""

    userId: str
    value: AttributeValue


class UserAttribute(Stamped):
    """A value that members have, such as their region, for row-level security."""

    userAttributeId: str
    name: str
    description: str | None = None
    defaultValue: AttributeValue | None = None
    # By member ID
    assignments: dict[str, UserAttributeAssignment] = Field(default={}, exclude=True)


class Versioned(Stamped):
    """What workbooks, data models and reports share. id to workspaceId are those of the file."""

    kind: ClassVar[str]
    name: str
    url: str
    path: str
    latestVersion: int
    ownerId: str
    isArchived: bool = False
    id: str = Field(exclude=True)
    type: FileType = Field(exclude=True)
    parentId: str = Field(exclude=True)
    workspaceId: str | None = Field(exclude=True)


class VersionTag(Stamped):
    """A version tag, such as Production. Documents carry it on one of their versions."""

    versionTagId: str
    name: str
    ownerId: str
    isArchived: bool = False


class WorkbookTag(BaseModel):
    """A version tag on a version of a workbook. The tagged version is a workbook of its own."""

    versionTagId: str
    name: str
    sourceWorkbookVersion: int
    taggedWorkbookId: str
    workbookTaggedAt: str
    taggedBy: str = Field(exclude=True)
    applied: int = Field(exclude=True)  # how often


class Workbook(Versioned):
    """A workbook.

    number and has_input_table decide its content, see content.py. A copy has the same.
    published and sources have the versions since the start only, see content.py for the others.
    """

    kind = "workbook"
    workbookId: str
    workbookUrlId: str
    tags: Sequence[WorkbookTag] = ()
    description: str = ""
    number: int = Field(exclude=True)
    has_input_table: bool = Field(exclude=True)
    # By version: when it was published, and the memberId
    published: dict[int, tuple[str, str]] = Field(default={}, exclude=True)
    sources: dict[int, list[Source]] = Field(default={}, exclude=True)  # by version


class DataModel(Versioned):
    """A data model. Only its file has a description."""

    kind = "data model"
    dataModelId: str
    dataModelUrlId: str
    description: str = Field(default="", exclude=True)


class Report(Versioned):
    """A report."""

    kind = "report"
    reportId: str
    reportUrlId: str
    description: str = ""


class Element(BaseModel):
    """An element on a page of a workbook. Sigma misspells the name of the kind of chart."""

    elementId: str
    name: str = ""
    type: str
    columns: list[str] = []
    vizualizationType: str = ""


class WorkbookPage(BaseModel):
    """A page of a workbook, and its elements."""

    pageId: str
    name: str
    hidden: bool
    elements: list[Element] = Field(exclude=True)


class MaterializationSchedule(BaseModel):
    """When an element's data is written to the warehouse. No schedule: on request only."""

    sheetId: str
    elementId: str
    elementName: str
    schedule: dict[str, str] | None  # cronSpec and timezone
    configuredAt: str
    paused: bool
    documentId: str = Field(exclude=True)


class ScheduledExport(Stamped):
    """An export that is sent at set times. The API never shows its recipients."""

    scheduledNotificationId: str
    workbookId: str = ""
    reportId: str = ""
    schedule: dict[str, str]  # cronSpec and timezone
    configV2: dict[str, Any]
    isSuspended: bool
    ownerId: str
    lastUpdatedByUser: str
    disabledAt: str | None
    disabledBy: str | None
    target: list[dict[str, str]] = Field(exclude=True)


class Materialization(BaseModel):
    """A job that writes an element's data to the warehouse."""

    materializationId: str
    status: Literal["pending", "building", "ready", "failed", "skipped"]
    startedAt: str = ""
    readyAt: str = ""
    error: str = ""
    documentId: str = Field(exclude=True)
    sheetId: str = Field(exclude=True)
    asked: int = Field(default=0, exclude=True)  # how often it was polled
    ends: Literal["ready", "failed", "skipped"] = Field(exclude=True)


class Grant(Stamped):
    """The permission of a member or team on something."""

    grantId: str
    inodeId: str
    organizationId: str
    memberId: str | None
    teamId: str | None
    permission: str
