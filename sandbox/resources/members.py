"""/v2/members: the people of the organization, and the documents that each of them sees."""

from datetime import datetime, timedelta, timezone
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from sandbox.bodies import Body, CountedPage, Empty, Page, Paging
from sandbox.errors import Refusal
from sandbox.models import File, FileType, Member, RecentFile, Team, WorkspacePermission
from sandbox.organization import (
    ROBOT_ID,
    Folder,
    Organization,
    StoredWorkbook,
    add_member,
    now,
    stamps,
)
from sandbox.resources.auth import Admin, Caller, Org

router = APIRouter(tags=["members"])

UserKind = Literal["internal", "guest", "embed"]


class NewTeam(Body):
    """A team that a new member is put into."""

    teamId: str
    isTeamAdmin: bool = False


class NewMember(Body):
    """The body of POST /v2/members."""

    email: str
    firstName: str
    lastName: str
    memberType: str = "View"
    isGuest: bool = False
    userKind: UserKind = "internal"
    addToTeams: list[NewTeam] = []


class MemberChange(Body):
    """The body of PATCH /v2/members/{memberId}: what is given changes, the rest stays."""

    memberType: str | None = None
    firstName: str | None = None
    lastName: str | None = None
    profileImgUrl: str | None = None
    email: str | None = None
    isArchived: bool | None = None
    isInactive: bool | None = None
    userKind: UserKind | None = None
    newOwnerId: str | None = None
    archiveDocuments: bool | None = None
    archiveScheduledExports: bool | None = None


@router.get(
    "/v2/members",
    operation_id="listMembers",
    summary="List members",
    response_model=Page[Member] | list[Member],
    response_model_exclude_unset=True,
)
async def list_members(
    org: Org,
    caller: Caller,
    paging: Annotated[Paging, Depends()],
    search: Annotated[str | None, Query(deprecated=True)] = None,
    email: str | None = None,
    includeArchived: bool = False,
    includeInactive: bool = False,
) -> Any:
    """List the members, without the deactivated ones unless asked for."""
    if search is not None and email is not None:
        raise Refusal(400, "search: not together with email")
    members = [
        member
        for member in org.members.values()
        if (includeArchived or not member.isArchived)
        and (includeInactive or not member.isInactive)
        and (email is None or member.email.lower() == email.lower())
        and (search is None or search.lower() in _searched(member))
    ]
    return members if org.options.bare_lists else paging.cut(members)


def _searched(member: Member) -> str:
    return f"{member.firstName} {member.lastName} {member.email}".lower()


@router.post(
    "/v2/members",
    operation_id="createMember",
    summary="Create a member",
    response_model=Member,
    response_model_exclude_unset=True,
)
async def create_member(org: Org, admin: Admin, body: NewMember, sendInvite: bool = True) -> Member:
    """Create a member. No mail is sent, whatever sendInvite says."""
    _check_email(body.email)
    taken = org.find_email(body.email)
    if taken:
        raise Refusal(409, f"Duplicate member: email is taken, member-id={taken.memberId}")
    account_type = org.account_type(body.memberType)
    teams = [org.team(team.teamId) for team in body.addToTeams]
    member = add_member(
        org,
        org.next_key(),
        body.firstName,
        body.lastName,
        body.email,
        account_type.accountTypeName,
        stamps(admin, now()),
        body.userKind,
    )
    for team in teams:
        team.members[member.memberId] = admin
    return member


def _check_email(email: str) -> None:
    local, at, domain = email.partition("@")
    if not (local and at and domain) or "@" in domain or any(c.isspace() for c in email):
        raise Refusal(400, f"email: {email!r} is no email address")


@router.get(
    "/v2/members/{memberId}",
    operation_id="getMember",
    summary="Get member",
    response_model=Member,
    response_model_exclude_unset=True,
)
async def get_member(org: Org, caller: Caller, memberId: str) -> Member:
    """Return a member, deactivated or not."""
    return org.member(memberId)


@router.patch(
    "/v2/members/{memberId}",
    operation_id="updateMember",
    summary="Update member",
    response_model=Member,
    response_model_exclude_unset=True,
)
async def update_member(org: Org, admin: Admin, memberId: str, body: MemberChange) -> Member:
    """Change a member. Everything is checked first, so a refused change changes nothing."""
    member = org.member(memberId)
    change = body.model_dump(exclude_unset=True)
    new_owner_id = change.pop("newOwnerId", None) or admin
    change.pop("archiveDocuments", None)
    change.pop("archiveScheduledExports", None)
    if body.memberType is not None:
        change["memberType"] = org.account_type(body.memberType).accountTypeName
    if body.email is not None:
        _check_email(body.email)
        taken = org.find_email(body.email)
        if taken and taken.memberId != memberId:
            raise Refusal(409, "Duplicate record")
    if body.isArchived and not member.isArchived:
        _check_may_leave(memberId, admin)
        org.deactivate(member, new_owner_id)
    for name, value in change.items():
        if value is not None or name == "profileImgUrl":
            setattr(member, name, value)
    member.updatedBy, member.updatedAt = admin, now()
    return member


def _check_may_leave(member_id: str, admin: str) -> None:
    if member_id in (admin, ROBOT_ID):
        raise Refusal(400, f"Member {member_id} cannot be deactivated")


@router.delete("/v2/members/{memberId}", operation_id="deleteMember", summary="Deactivate member")
async def delete_member(org: Org, admin: Admin, memberId: str) -> Empty:
    """Deactivate a member. The documents go to the owner of the credentials."""
    member = org.member(memberId)
    _check_may_leave(memberId, admin)
    org.deactivate(member, admin)
    return Empty()


@router.get(
    "/v2/members/{memberId}/teams",
    operation_id="listMemberTeams",
    summary="List teams for a member",
    response_model=CountedPage[Team],
    response_model_exclude_unset=True,
)
async def list_member_teams(
    org: Org, admin: Admin, paging: Annotated[Paging, Depends()], memberId: str
) -> dict[str, Any]:
    """List the teams that a member is in."""
    org.member(memberId)
    return paging.cut([team for team in org.teams.values() if memberId in team.members])


@router.get(
    "/v2/members/{memberId}/files",
    operation_id="listAccessibleInodes",
    summary="List member files",
    response_model=CountedPage[File],
    response_model_exclude_unset=True,
)
async def list_member_files(
    org: Org,
    caller: Caller,
    paging: Annotated[Paging, Depends()],
    memberId: str,
    name: str | None = None,
    permissionFilter: WorkspacePermission | None = None,
    typeFilters: Annotated[list[FileType] | None, Query()] = None,
    parentId: str | None = None,
    directChildFilter: bool = False,
) -> dict[str, Any]:
    """List the folders and workbooks that a member can open; workspaces only when asked for."""
    files = member_files(org, memberId, with_workspaces=typeFilters == ["workspace"])
    return paging.cut(
        [
            file
            for file in files
            if (typeFilters is None or file["type"] in typeFilters)
            and (name is None or name.lower() in file["name"].lower())
            and (permissionFilter is None or file["permission"] == permissionFilter)
            and (parentId is None or file["parentId"] == parentId)
        ]
    )


@router.get(
    "/v2/members/{memberId}/files/recents",
    operation_id="listRecentInodes",
    summary="List recent files for a member",
    response_model=CountedPage[RecentFile],
    response_model_exclude_unset=True,
)
async def list_recent_files(
    org: Org,
    caller: Caller,
    paging: Annotated[Paging, Depends()],
    memberId: str,
    includeExplorations: Literal["true", "false"] = "false",
) -> dict[str, Any]:
    """List a dozen of the folders and workbooks of a member, in no order, one never used."""
    files = member_files(org, memberId)
    files = files[:: max(1, len(files) // 12)][:12]
    day = datetime(2024, 5, 2, 9, 14, tzinfo=timezone.utc)
    for n, file in enumerate(files[1:]):
        used = day - timedelta(hours=37 * ((n * 5) % 11))
        file["lastInteractionAt"] = used.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return paging.cut(files)


def member_files(
    org: Organization, member_id: str, with_workspaces: bool = False
) -> list[dict[str, Any]]:
    """Return what a member can open, in the fields of File."""
    org.member(member_id)
    files = []
    for document in org.documents():
        permission = org.permission(member_id, document)
        if permission and document.parentId is not None:
            files.append(_file(org, document, permission))
    if with_workspaces:
        for workspace in org.workspaces.values():
            inside = Folder(
                id=workspace.workspaceId,
                urlId=workspace.workspaceUrlId,
                name=workspace.name,
                ownerId=workspace.createdBy,
                parentId=workspace.workspaceId,
                workspaceId=workspace.workspaceId,
                path="",
                **stamps(workspace.createdBy, workspace.createdAt),
            )
            permission = org.permission(member_id, inside)
            if permission:
                files.append({**_file(org, inside, permission), "type": "workspace"})
    return files


def _file(org: Organization, document: StoredWorkbook | Folder, permission: str) -> dict[str, Any]:
    is_workbook = isinstance(document, StoredWorkbook)
    parent = org.folders.get(document.parentId or "")
    workspace = org.workspaces.get(document.parentId or "")
    parent_url_id = parent.urlId if parent else workspace.workspaceUrlId if workspace else ""
    return {
        "id": document.workbookId if isinstance(document, StoredWorkbook) else document.id,
        "urlId": document.workbookUrlId if isinstance(document, StoredWorkbook) else document.urlId,
        "name": document.name,
        "type": "workbook" if is_workbook else "folder",
        "parentId": document.parentId,
        "parentUrlId": parent_url_id,
        "permission": permission,
        "path": document.path,
        "badge": None,
        "isArchived": False,
        "ownerId": document.ownerId,
        **document.model_dump(include=set(stamps("", ""))),
    }
