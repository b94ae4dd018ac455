"""The organization: members, teams, workspaces, connections, documents. All of it is in memory.

seed.py fills it.
"""

import base64
import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, TypeVar

from sandbox.errors import Refusal
from sandbox.models import (
    AccountType,
    Connection,
    Embed,
    Grant,
    Materialization,
    MaterializationSchedule,
    Member,
    Stamped,
    Team,
    UserAttribute,
    UserAttributeAssignment,
    Workbook,
    Workspace,
)

Thing = TypeVar("Thing")

NAMESPACE = uuid.UUID("5161a5a4-db0c-4b1b-9c56-5a4db0c00000")
SLUG = "sandbox"  # the organization's part of every URL in the Sigma UI
ORGANIZATION_ID = str(uuid.uuid5(NAMESPACE, "organization"))
ROBOT_ID = "SigmaSchedulerRobot"
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


def make_short_id(kind: str, key: object, length: int) -> str:
    """Return an ID of letters and digits, like Sigma's IDs of members and in URLs."""
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
    export_mb: int = 0  # the size of a CSV export in megabytes; 0: just the rows
    latency: float = 0.0  # seconds from a request to its response
    input_tables: int = 10  # one workbook in so many has an input table


class StoredTeam(Team):
    """A team, and who added each of its members, by member ID."""

    members: dict[str, str] = {}


class StoredConnection(Connection):
    """A connection, its databases, schemas and tables, and the time of each path's last sync."""

    catalog: dict[str, dict[str, list[str]]] = CATALOG
    synced: dict[tuple[str, ...], str] = {}


class StoredUserAttribute(UserAttribute):
    """A user attribute, and its assignments by member ID."""

    assignments: dict[str, UserAttributeAssignment] = {}


class StoredWorkbook(Workbook):
    """A workbook and its location.

    number and has_input_table decide its content, see content.py. A copy has the same.
    """

    parentId: str
    workspaceId: str | None
    number: int
    has_input_table: bool

    @property
    def id(self) -> str:
        """The ID as a file."""
        return self.workbookId

    @property
    def urlId(self) -> str:
        """The short ID as a file."""
        return self.workbookUrlId


class Folder(Stamped):
    """A folder in a workspace. Workspaces and My Documents are folders without a parent."""

    id: str
    urlId: str
    name: str
    ownerId: str
    parentId: str | None
    workspaceId: str | None
    path: str
    description: str = ""


Document = StoredWorkbook | Folder


class StoredSchedule(MaterializationSchedule):
    """A materialization schedule and its workbook."""

    workbookId: str


class StoredMaterialization(Materialization):
    """A job, what it writes, how often it was polled, and whether it will fail."""

    workbookId: str
    sheetId: str
    asked: int = 0
    fails: bool


@dataclass
class Client:
    """API credentials, and the member whose rights they have."""

    secret: str
    owner_id: str


@dataclass
class Token:
    """An access token."""

    client_id: str
    good_until: float  # on time.monotonic()


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


@dataclass
class Organization:
    """The current state of everything."""

    options: Options
    members: dict[str, Member] = field(default_factory=dict)
    account_types: list[AccountType] = field(default_factory=list)
    teams: dict[str, StoredTeam] = field(default_factory=dict)
    workspaces: dict[str, Workspace] = field(default_factory=dict)
    connections: dict[str, StoredConnection] = field(default_factory=dict)
    user_attributes: dict[str, StoredUserAttribute] = field(default_factory=dict)
    folders: dict[str, Folder] = field(default_factory=dict)
    workbooks: dict[str, StoredWorkbook] = field(default_factory=dict)
    grants: dict[str, list[Grant]] = field(default_factory=dict)  # by what they are on
    embeds: dict[str, list[Embed]] = field(default_factory=dict)  # by workbook ID
    schedules: dict[str, list[StoredSchedule]] = field(default_factory=dict)  # by workbook ID
    materializations: dict[str, StoredMaterialization] = field(default_factory=dict)
    exports: dict[str, Export] = field(default_factory=dict)  # by query ID
    clients: dict[str, Client] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    refresh_tokens: dict[str, str] = field(default_factory=dict)  # to the client ID
    counter: int = 0

    def next_key(self) -> str:
        """Return a key for something new. After each reset the same keys come again."""
        self.counter += 1
        return f"new {self.counter}"

    # These return what has an ID, or refuse with 404

    def member(self, member_id: str) -> Member:
        """Return a member."""
        return _found(self.members, member_id, "Member")

    def team(self, team_id: str) -> StoredTeam:
        """Return a team."""
        return _found(self.teams, team_id, "Team")

    def workspace(self, workspace_id: str) -> Workspace:
        """Return a workspace by its long or short ID."""
        return _found(self.workspaces, workspace_id, "Workspace", "workspaceUrlId")

    def connection(self, connection_id: str) -> StoredConnection:
        """Return a connection."""
        return _found(self.connections, connection_id, "Connection")

    def user_attribute(self, attribute_id: str) -> StoredUserAttribute:
        """Return a user attribute."""
        return _found(self.user_attributes, attribute_id, "User attribute")

    def export(self, query_id: str) -> Export:
        """Return an export."""
        return _found(self.exports, query_id, "Query")

    def workbook(self, workbook_id: str) -> StoredWorkbook:
        """Return a workbook by its long or short ID."""
        return _found(self.workbooks, workbook_id, "Workbook", "workbookUrlId")

    def document(self, inode_id: str) -> Document:
        """Return a workbook, folder or workspace by its long or short ID."""
        spaces = [as_folder(workspace) for workspace in self.workspaces.values()]
        documents = {document.id: document for document in (*self.documents(), *spaces)}
        return _found(documents, inode_id, "File or folder", "urlId")

    def destination(self, inode_id: str) -> Folder:
        """Return a folder, workspace or My Documents. Refuses a workbook with 400."""
        folder = self.document(inode_id)
        if isinstance(folder, StoredWorkbook):
            raise Refusal(400, f"{inode_id} is a workbook, not a folder")
        return folder

    def account_type(self, name: str) -> AccountType:
        """Return an account type by its name in any case."""
        for account_type in self.account_types:
            if account_type.accountTypeName.lower() == name.lower():
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

    def teams_of(self, member_id: str) -> list[StoredTeam]:
        """Return the teams of a member."""
        return [team for team in self.teams.values() if member_id in team.members]

    def deactivate(self, member: Member, new_owner_id: str) -> None:
        """Deactivate a member, and transfer the member's documents to another one."""
        new_owner = self.member(new_owner_id)
        member.isArchived = True
        for document in self.documents():
            if document.ownerId == member.memberId and document.parentId is not None:
                document.ownerId = new_owner.memberId
        for team in self.teams.values():
            team.members.pop(member.memberId, None)

    # Grants

    def grant(
        self, on: str, member_id: str | None, team_id: str | None, what: str, by: str
    ) -> None:
        """Create a grant, or update the one that the member or team already has."""
        if member_id is not None:
            self.member(member_id)
        if team_id is not None:
            self.team(team_id)
        for known in self.grants.setdefault(on, []):
            if (known.memberId, known.teamId) == (member_id, team_id):
                known.permission, known.updatedBy, known.updatedAt = what, by, now()
                return
        self.grants[on].append(
            Grant(
                grantId=make_uuid("grant", (on, member_id, team_id)),
                inodeId=on,
                organizationId=ORGANIZATION_ID,
                memberId=member_id,
                teamId=team_id,
                permission=what,
                **stamps(by, now()),
            )
        )

    def permission(self, member_id: str, document: Document) -> str | None:
        """Return the permission of a member on a document, or None."""
        if document.ownerId == member_id:
            return "edit"
        levels = ("view", "explore", "organize", "edit")
        teams = {team.teamId for team in self.teams_of(member_id)}
        granted = [
            grant.permission
            for on in (document.workspaceId or "", document.id)
            for grant in self.grants.get(on, [])
            if grant.memberId == member_id or grant.teamId in teams
        ]
        return max(granted, key=levels.index, default=None)

    # Documents

    def documents(self) -> list[Document]:
        """Return all folders and workbooks, folders first."""
        return [*self.folders.values(), *self.workbooks.values()]

    def put(self, document: Document, into: Folder) -> None:
        """Put a document, with its content, into a folder."""
        document.parentId, document.workspaceId = into.id, into.workspaceId
        document.path = path_in(into)
        if isinstance(document, Folder):
            for inner in self.documents():
                if inner.parentId == document.id:
                    self.put(inner, document)


def _found(things: Mapping[str, Thing], key: str, kind: str, short_id: str = "") -> Thing:
    """Return a thing by its ID or the field with its short ID, or refuse with 404."""
    if key in things:
        return things[key]
    for thing in things.values() if short_id else ():
        if getattr(thing, short_id) == key:
            return thing
    raise Refusal(404, f"{kind} {key} not found")


def as_folder(workspace: Workspace) -> Folder:
    """Return a workspace in the fields of a folder."""
    return Folder(
        id=workspace.workspaceId,
        urlId=workspace.workspaceUrlId,
        name=workspace.name,
        ownerId=workspace.createdBy,
        parentId=None,
        workspaceId=workspace.workspaceId,
        path="",
        **stamps(workspace.createdBy, workspace.createdAt),
    )


def path_in(folder: Folder) -> str:
    """Return the path of what is in a folder."""
    return f"{folder.path}/{folder.name}" if folder.path else folder.name


def workbook_url(name: str, url_id: str) -> str:
    """Return the URL of a workbook in the Sigma UI."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
    return f"https://app.sigmacomputing.com/{SLUG}/workbook/{readable}-{url_id}"


def now() -> str:
    """Return the current time as Sigma writes it: UTC with milliseconds."""
    return time_text(datetime.now(timezone.utc))


def time_text(moment: datetime) -> str:
    """Return a time as Sigma writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamps(by: str, at: str) -> dict[str, Any]:
    """Return the fields of Stamped for something new."""
    return {"createdBy": by, "updatedBy": by, "createdAt": at, "updatedAt": at}


def add_member(
    org: Organization,
    key: object,
    first: str,
    last: str,
    email: str,
    kind: str,
    stamped: dict[str, Any],
    user_kind: str = "internal",
    member_id: str = "",
) -> Member:
    """Add a member and the member's folder My Documents."""
    member = Member(
        organizationId=ORGANIZATION_ID,
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
        id=member.homeFolderId,
        urlId=make_short_id("home", key, 22),
        name="My Documents",
        ownerId=member.memberId,
        parentId=None,
        workspaceId=None,
        path="",
        **stamped,
    )
    return member


def add_workspace(org: Organization, key: object, name: str, stamped: dict[str, Any]) -> Workspace:
    """Add a workspace, with a grant for the member that creates it."""
    workspace = Workspace(
        workspaceId=make_uuid("workspace", key),
        workspaceUrlId=make_short_id("workspace", key, 22),
        name=name,
        **stamped,
    )
    org.workspaces[workspace.workspaceId] = workspace
    by = workspace.createdBy
    org.grant(workspace.workspaceId, by, None, "edit", by)
    return workspace


def add_connection(
    org: Organization, key: object, stamped: dict[str, Any], **fields: Any
) -> StoredConnection:
    """Add a connection."""
    connection = StoredConnection(
        organizationId=ORGANIZATION_ID,
        connectionId=make_uuid("connection", key),
        isAuditLog=False,
        **fields,
        **stamped,
    )
    org.connections[connection.connectionId] = connection
    return connection


def add_workbook(
    org: Organization, key: object, stamped: dict[str, Any], **fields: Any
) -> StoredWorkbook:
    """Add a workbook."""
    url_id = make_short_id("workbook", key, 22)
    workbook = StoredWorkbook(
        workbookId=make_uuid("workbook", key),
        workbookUrlId=url_id,
        url=workbook_url(fields["name"], url_id),
        **fields,
        **stamped,
    )
    org.workbooks[workbook.workbookId] = workbook
    return workbook
