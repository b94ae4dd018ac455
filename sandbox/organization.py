"""The organization: members, teams, workspaces, connections, documents. All of it is in memory.

seed.py fills it.
"""

import base64
import hashlib
import json
import re
import string
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, TypeVar

from sandbox.errors import Refusal
from sandbox.models import (
    Connection,
    DataModel,
    FileType,
    Grant,
    Materialization,
    MaterializationSchedule,
    Member,
    Report,
    ScheduledExport,
    Source,
    Stamped,
    Team,
    UserAttribute,
    VersionTag,
    Workbook,
    WorkbookTag,
    Workspace,
)

Thing = TypeVar("Thing")
Stamps = dict[str, Any]  # the fields of Stamped

NAMESPACE = uuid.UUID("5161a5a4-db0c-4b1b-9c56-5a4db0c00000")
APP_URL = "https://app.sigmacomputing.com/sandbox"  # where URLs in the Sigma UI begin
ORGANIZATION_ID = str(uuid.uuid5(NAMESPACE, "organization"))
ROBOT_ID = "SigmaSchedulerRobot"
# The system team "All members of the organization", which is in grants but not in GET /v2/teams
ALL_MEMBERS_TEAM_ID = str(uuid.uuid5(NAMESPACE, "all members"))
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
BASE_62 = string.digits + string.ascii_lowercase + string.ascii_uppercase
LEVELS = ("view", "explore", "organize", "edit")  # of permission, from the lowest
TOKEN_SECONDS = 3599
# The content of every connection: databases, schemas, tables
CATALOG = {
    "RETAIL": {
        "PLUGS_ELECTRONICS": ["CUSTOMERS", "ORDERS", "PRODUCTS", "STORES"],
        "LOGISTICS": ["DELIVERIES", "RETURNS"],
    },
    "PEOPLE": {"HEADCOUNT": ["DEPARTMENTS", "EMPLOYEES"]},
}


def make_uuid(kind: str, key: object) -> str:
    """Return the UUID of something in the organization."""
    return str(uuid.uuid5(NAMESPACE, f"{kind} {key}"))


def url_id(long_id: str) -> str:
    """Return the short ID of a workbook, folder or table, as in URLs: its UUID in base 62."""
    number, text = uuid.UUID(long_id).int, ""
    while number:
        number, digit = divmod(number, 62)
        text = BASE_62[digit] + text
    return text


def long_id(key: str) -> str:
    """Return the UUID of a short ID. Anything else stays as it is."""
    if not re.fullmatch("[0-9a-zA-Z]{20,22}", key):
        return key
    number = 0
    for letter in key:
        number = number * 62 + BASE_62.index(letter)
    return str(uuid.UUID(int=number % 2**128))


def make_short_id(kind: str, key: object, length: int) -> str:
    """Return an ID of letters and digits, like Sigma's IDs of members and elements."""
    digest = hashlib.sha512(f"{kind} {key}".encode()).digest()
    return base64.b64encode(digest, altchars=b"Aa").decode()[:length]


@dataclass
class Options:
    """The size of the organization, and how it answers."""

    members: int = 120
    workbooks: int = 260
    polls: int = 2  # until a job is ready
    token_seconds: int = TOKEN_SECONDS
    bare_lists: bool = False
    cursors: str = "offset"  # or "opaque"
    export_mb: int = 0  # the size of a CSV export in megabytes; 0: just the rows
    latency: float = 0.0  # seconds from a request to its response
    input_tables: int = 10  # one workbook in so many has an input table


class StoredConnection(Connection):
    """A connection, its databases, schemas and tables, and the time of each path's last sync."""

    catalog: dict[str, dict[str, list[str]]] = CATALOG
    # The result of its test. No warehouse is behind a connection that the API created
    test: dict[str, str] = {"read": "FAILED", "write": "DISABLED"}
    synced: dict[tuple[str, ...], str] = {}

    def paths(self) -> Iterator[tuple[str, ...]]:
        """Yield the paths of the databases, schemas and tables."""
        for database, schemas in self.catalog.items():
            yield (database,)
            for schema, tables in schemas.items():
                yield database, schema
                yield from ((database, schema, table) for table in tables)

    def inode_id(self, path: Sequence[str]) -> str:
        """Return the ID of what a path leads to. The empty path leads to the connection."""
        return make_uuid("inode", (self.connectionId, *path)) if path else self.connectionId


class Folder(Stamped):
    """A folder in a workspace. Workspaces and My Documents are folders without a parent.

    Tables of connections also take this form.
    """

    id: str
    type: FileType = "folder"
    name: str
    ownerId: str
    parentId: str | None = None
    workspaceId: str | None = None
    path: str = ""
    description: str = ""
    isArchived: bool = False


Document = Workbook | DataModel | Report | Folder
Made = TypeVar("Made", Workbook, DataModel, Report)


@dataclass
class Client:
    """API credentials, and the member whose rights they have."""

    secret: str
    owner_id: str
    name: str
    scopes: Sequence[str] = ("api", "embed")


@dataclass
class Token:
    """An access token of a member. tenant_id is empty outside of tenants."""

    member_id: str
    good_until: float  # on time.monotonic()
    tenant_id: str = ""


@dataclass
class ExportedTable:
    """What an export shows of an element."""

    name: str
    columns: list[str]
    rows: list[dict[str, Any]]


@dataclass
class Export:
    """An export: what its file shows, and when it can be downloaded."""

    queryId: str
    name: str  # of the workbook
    format: str
    tables: list[ExportedTable]
    numbers: range | None  # of the rows of a large file, which repeats those of the table
    layout: str
    pixels: tuple[int, int]
    polls: int  # left until it is ready
    seconds: float  # that the file is kept
    good_until: float | None = None  # on time.monotonic()
    requestedAt: str = field(default_factory=lambda: now())


@dataclass
class Organization:
    """The current state of everything."""

    options: Options
    members: dict[str, Member] = field(default_factory=dict)
    account_types: list[dict[str, Any]] = field(default_factory=list)
    teams: dict[str, Team] = field(default_factory=dict)
    workspaces: dict[str, Workspace] = field(default_factory=dict)
    connections: dict[str, StoredConnection] = field(default_factory=dict)
    user_attributes: dict[str, UserAttribute] = field(default_factory=dict)
    folders: dict[str, Folder] = field(default_factory=dict)
    workbooks: dict[str, Workbook] = field(default_factory=dict)
    tags: dict[str, VersionTag] = field(default_factory=dict)
    data_models: dict[str, DataModel] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    sources: dict[str, list[Source]] = field(default_factory=dict)  # of data models and reports
    grants: dict[str, list[Grant]] = field(default_factory=dict)  # by what they are on
    # By document ID
    schedules: dict[str, list[MaterializationSchedule]] = field(default_factory=dict)
    scheduled_exports: dict[str, ScheduledExport] = field(default_factory=dict)
    sent: list[dict[str, Any]] = field(default_factory=list)  # what POST .../send would send
    materializations: dict[str, Materialization] = field(default_factory=dict)
    exports: dict[str, Export] = field(default_factory=dict)  # by query ID
    clients: dict[str, Client] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    refresh_tokens: dict[str, str] = field(default_factory=dict)  # to the client ID
    opened_embeds: set[str] = field(default_factory=set)  # the jti of their tokens
    sign_ins: dict[str, int] = field(default_factory=dict)  # OAuth refresh tokens by member ID
    counter: int = 0
    id: str = ORGANIZATION_ID
    tenants: dict[str, "Organization"] = field(default_factory=dict)
    tenant_rows: list[Stamps] = field(default_factory=list)  # of the list of tenants

    def next_key(self) -> str:
        """Return a key for something new. After each reset the same keys come again."""
        self.counter += 1
        return f"new {self.counter}" + ("" if self.id == ORGANIZATION_ID else f" in {self.id}")

    # These return what has an ID, or refuse with 404

    def member(self, member_id: str) -> Member:
        """Return a member."""
        return _found(self.members, member_id, "Member")

    def team(self, team_id: str) -> Team:
        """Return a team."""
        return _found(self.teams, team_id, "Team")

    def workspace(self, workspace_id: str) -> Workspace:
        """Return a workspace by its long or short ID."""
        return _found(self.workspaces, workspace_id, "Workspace")

    def connection(self, connection_id: str) -> StoredConnection:
        """Return a connection."""
        return _found(self.connections, connection_id, "Connection")

    def user_attribute(self, attribute_id: str) -> UserAttribute:
        """Return a user attribute."""
        return _found(self.user_attributes, attribute_id, "userAttribute")

    def data_model(self, model_id: str) -> DataModel:
        """Return a data model by its long or short ID."""
        return _found(self.data_models, model_id, "dataModel")

    def report(self, report_id: str) -> Report:
        """Return a report by its long or short ID."""
        return _found(self.reports, report_id, "Report")

    def export(self, query_id: str) -> Export:
        """Return an export."""
        return _found(self.exports, query_id, "Query")

    def workbook(self, workbook_id: str) -> Workbook:
        """Return a workbook by its long or short ID."""
        return _found(self.workbooks, workbook_id, "Workbook")

    def table(self, inode_id: str) -> tuple[StoredConnection, tuple[str, ...]]:
        """Return the connection and path of a table. Refuses what isn't a table with 400."""
        key = long_id(inode_id)
        for connection in self.connections.values():
            for path in ((), *connection.paths()):
                if connection.inode_id(path) == key:
                    if len(path) == 3:
                        return connection, path
                    raise Refusal(400, f"{inode_id} is a connection or scope, not a table")
        raise Refusal(400, f"{inode_id} is a {self.document(inode_id).type}, not a table")

    def document(self, inode_id: str) -> Document:
        """Return a document, folder, workspace or table by its long or short ID."""
        things: Mapping[str, Document]
        for things in (self.folders, self.workbooks, self.data_models, self.reports):
            if long_id(inode_id) in things:
                return things[long_id(inode_id)]
        others = {other.id: other for other in (*self.spaces(), *self.tables())}
        return _found(others, inode_id, "inode")

    def destination(self, inode_id: str) -> Folder:
        """Return a folder, workspace or My Documents. Refuses others with 400."""
        folder = self.document(inode_id)
        if not isinstance(folder, Folder) or folder.type == "table":
            raise Refusal(400, f"{inode_id} is a {folder.type}, not a folder")
        return folder

    def account_type(self, name: str) -> dict[str, Any]:
        """Return an account type by its name in any case."""
        for account_type in self.account_types:
            if account_type["accountTypeName"].lower() == name.lower():
                return account_type
        raise Refusal(404, "Member type name is not found")

    # Members

    def find_email(self, email: str) -> Member | None:
        """Return the member with an email, active or not."""
        members = self.members.values()
        return next((m for m in members if m.email.lower() == email.lower()), None)

    def is_admin(self, member_id: str) -> bool:
        """Return True if a member is an administrator."""
        return self.member(member_id).memberType.lower() == "admin"

    def teams_of(self, member_id: str) -> list[Team]:
        """Return the teams of a member."""
        return [team for team in self.teams.values() if member_id in team.members]

    def scheduled_exports_of(self, document_id: str) -> list[ScheduledExport]:
        """Return the scheduled exports of a workbook or report."""
        every = self.scheduled_exports.values()
        return [one for one in every if document_id in (one.workbookId, one.reportId)]

    # Grants

    def check_grantee(self, member_id: str | None, team_id: str | None) -> None:
        """Refuse unknown members and teams."""
        if member_id is not None:
            self.member(member_id)
        if team_id not in (None, ALL_MEMBERS_TEAM_ID):
            self.team(team_id)

    def grant(
        self, on: str, member_id: str | None, team_id: str | None, what: str, stamped: Stamps
    ) -> Grant:
        """Create a grant, or update the one that the member or team already has."""
        self.check_grantee(member_id, team_id)
        for known in self.grants.setdefault(on, []):
            if (known.memberId, known.teamId) == (member_id, team_id):
                known.permission = what
                known.updatedBy, known.updatedAt = stamped["updatedBy"], stamped["updatedAt"]
                return known
        new = Grant(
            grantId=make_uuid("grant", (on, member_id, team_id)),
            inodeId=on,
            organizationId=self.id,
            memberId=member_id,
            teamId=team_id,
            permission=what,
            **stamped,
        )
        self.grants[on].append(new)
        return new

    def find_grant(self, grant_id: str, on: str = "") -> Grant:
        """Return a grant, or refuse with 404; also if it isn't on what has the ID `on`."""
        lists = [self.grants.get(on, [])] if on else self.grants.values()
        return _found({one.grantId: one for grants in lists for one in grants}, grant_id, "Grant")

    def permission(self, member_id: str, document: Document) -> str | None:
        """Return the permission of a member on a document, or None."""
        if document.ownerId == member_id:
            return "edit"
        return self.granted(self.grantees(member_id), document)

    def granted(self, grantees: set[str], document: Document) -> str | None:
        """Return the highest permission on a document that one of these IDs has, or None."""
        granted = [
            grant.permission
            for on in self.with_parents(document)
            for grant in self.grants.get(on, [])
            if grant.memberId in grantees or grant.teamId in grantees
        ]
        return max(granted, key=LEVELS.index, default=None)

    def grantees(self, member_id: str) -> set[str]:
        """Return the IDs whose grants a member has: the member's own, and those of the teams."""
        ids = {member_id, *(team.teamId for team in self.teams_of(member_id))}
        member = self.member(member_id)
        is_one_of_all = not member.isArchived and member.userKind != "guest"
        return ids | {ALL_MEMBERS_TEAM_ID} if is_one_of_all else ids

    def with_parents(self, document: Document) -> list[str]:
        """Return the ID of a document, then those of its folders, then that of its workspace."""
        ids, parent_id = [document.id], document.parentId
        while parent_id is not None and parent_id in self.folders:
            ids.append(parent_id)
            parent_id = self.folders[parent_id].parentId
        return list(dict.fromkeys((*ids, document.workspaceId or "")))

    # Documents

    def documents(self) -> list[Document]:
        """Return all folders, workbooks, data models and reports, in this order."""
        things = (self.folders, self.workbooks, self.data_models, self.reports)
        return [document for kind in things for document in kind.values()]

    def spaces(self) -> list[Folder]:
        """Return the workspaces in the form of folders."""
        return [
            Folder(
                id=workspace.workspaceId,
                type="workspace",
                name=workspace.name,
                ownerId=workspace.createdBy,
                workspaceId=workspace.workspaceId,
                **stamps(workspace.createdBy, workspace.createdAt),
            )
            for workspace in self.workspaces.values()
        ]

    def tables(self, below: str = "") -> Iterator[Folder]:
        """Yield the tables of the connections: all, or those below a connection or a scope."""
        for connection in self.connections.values():
            for path in connection.paths():
                scopes = [connection.inode_id(path[:length]) for length in range(3)]
                if len(path) == 3 and (not below or below in scopes):
                    yield Folder(
                        id=connection.inode_id(path),
                        type="table",
                        name=path[2],
                        ownerId=connection.createdBy,
                        parentId=scopes[2],
                        path="/".join(["Connection Root", *path[:2]]),
                        **stamps(connection.createdBy, connection.createdAt),
                    )

    def put(self, document: Document, into: Folder) -> None:
        """Put a document, with its content, into a folder."""
        document.parentId, document.workspaceId = into.id, into.workspaceId
        document.path = path_in(into)
        if isinstance(document, Folder):
            for inner in self.content(document):
                self.put(inner, document)

    def content(self, folder: Folder) -> list[Document]:
        """Return what is directly in a folder or workspace."""
        return [document for document in self.documents() if document.parentId == folder.id]

    def archive(self, document: Document, archived: bool) -> None:
        """Put a document, with its content, into the trash or take it out."""
        document.isArchived = archived
        for inner in self.content(document) if isinstance(document, Folder) else ():
            self.archive(inner, archived)


def _found(things: Mapping[str, Thing], key: str, kind: str) -> Thing:
    """Return a thing by its long or short ID, or refuse with 404. What can't be an ID is a 400."""
    thing = things.get(key) or things.get(long_id(key))
    if thing is not None:
        return thing
    if kind not in ("Member", "Query") and not UUID.fullmatch(long_id(key)):
        place = f"{kind[0].lower()}{kind[1:]}Id"
        raise Refusal(400, f"Expecting UUID at {place} but instead got: {json.dumps(key)}")
    raise Refusal(404, f"{kind} {key} not found")


def path_in(folder: Folder) -> str:
    """Return the path of what is in a folder."""
    return f"{folder.path}/{folder.name}" if folder.path else folder.name


def now() -> str:
    """Return the current time as Sigma writes it: UTC with milliseconds."""
    return time_text(datetime.now(timezone.utc))


def time_text(moment: datetime) -> str:
    """Return a time as Sigma writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamps(by: str, at: str) -> Stamps:
    """Return the fields of Stamped for something new."""
    return {"createdBy": by, "updatedBy": by, "createdAt": at, "updatedAt": at}


def add_member(
    org: Organization,
    key: object,
    first: str,
    last: str,
    email: str,
    kind: str,
    stamped: Stamps,
    user_kind: str = "internal",
    member_id: str = "",
) -> Member:
    """Add a member and the member's folder My Documents."""
    member = Member(
        organizationId=org.id,
        memberId=member_id or make_short_id("member", key, 28),
        memberType=kind,
        firstName=first,
        lastName=last,
        email=email,
        profileImgUrl=None,
        homeFolderId=make_uuid("home", key),
        userKind=user_kind,
        **stamped,
    )
    org.members[member.memberId] = member
    org.folders[member.homeFolderId] = Folder(
        id=member.homeFolderId, name="My Documents", ownerId=member.memberId, **stamped
    )
    return member


def add_workspace(org: Organization, key: object, name: str, stamped: Stamps) -> Workspace:
    """Add a workspace, with a grant for the member that creates it."""
    workspace_id = make_uuid("workspace", key)
    workspace = Workspace(
        workspaceId=workspace_id, workspaceUrlId=url_id(workspace_id), name=name, **stamped
    )
    org.workspaces[workspace_id] = workspace
    org.grant(workspace_id, workspace.createdBy, None, "edit", stamped)
    return workspace


def add_folder(
    org: Organization, key: object, into: Folder, stamped: Stamps, **fields: Any
) -> Folder:
    """Add a folder to another one, or to a workspace."""
    folder = Folder(
        id=make_uuid("folder", key),
        parentId=into.id,
        workspaceId=into.workspaceId,
        path=path_in(into),
        **fields,
        **stamped,
    )
    org.folders[folder.id] = folder
    return folder


def add_connection(
    org: Organization, key: object, stamped: Stamps, **fields: Any
) -> StoredConnection:
    """Add a connection."""
    connection = StoredConnection(
        organizationId=org.id,
        connectionId=make_uuid("connection", key),
        isAuditLog=False,
        **fields,
        **stamped,
    )
    org.connections[connection.connectionId] = connection
    return connection


def publish(workbook: Workbook, sources: list[Source], by: str, at: str) -> None:
    """Publish a new version of a workbook, which reads these sources."""
    workbook.latestVersion += 1
    workbook.updatedBy, workbook.updatedAt = by, at
    workbook.published[workbook.latestVersion] = at, by
    workbook.sources[workbook.latestVersion] = sources


def add_tag(workbook: Workbook, tag: VersionTag, version: int, by: str, at: str) -> WorkbookTag:
    """Put a tag on a version, or move it there. The tagged version keeps its ID."""
    tagged_id = make_uuid("tagged", (workbook.workbookId, tag.versionTagId))
    others = [other for other in workbook.tags if other.versionTagId != tag.versionTagId]
    known = [other for other in workbook.tags if other not in others]
    row = WorkbookTag(
        versionTagId=tag.versionTagId,
        name=tag.name,
        sourceWorkbookVersion=version,
        taggedWorkbookId=tagged_id,
        workbookTaggedAt=at,
        taggedBy=by,
        applied=1 + sum(other.applied for other in known),
    )
    workbook.tags = [*others, row]
    return row


def add_document(
    org: Organization, make: type[Made], key: object, into: Folder, stamped: Stamps, **fields: Any
) -> Made:
    """Add a workbook, data model or report to a folder. make is its class."""
    kind, type_name = make.kind, make.kind.replace(" ", "-")
    document_id, name = make_uuid(kind, key), kind.replace(" m", "M")
    ids = {f"{name}Id": document_id, f"{name}UrlId": url_id(document_id)}
    fields |= {"id": document_id, "type": type_name, **ids}
    document = make(
        url=f"{APP_URL}/{type_name}/{url_id(document_id)}",
        path=path_in(into),
        parentId=into.id,
        workspaceId=into.workspaceId,
        isArchived=False,
        **fields,
        **stamped,
    )
    getattr(org, f"{kind}s".replace(" ", "_"))[document_id] = document
    return document


def add_scheduled_export(
    org: Organization, key: object, stamped: Stamps, **fields: Any
) -> ScheduledExport:
    """Schedule an export. fields has workbookId or reportId."""
    scheduled = ScheduledExport(
        scheduledNotificationId=make_uuid("scheduled export", key),
        isSuspended=False,
        ownerId=stamped["createdBy"],
        lastUpdatedByUser=stamped["updatedBy"],
        disabledAt=None,
        disabledBy=None,
        **fields,
        **stamped,
    )
    org.scheduled_exports[scheduled.scheduledNotificationId] = scheduled
    return scheduled
