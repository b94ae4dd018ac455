"""/v2/members: the people of the organization, and the documents that each of them sees."""

from datetime import datetime, timedelta, timezone
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from sandbox.bodies import Body, CountedPage, Empty, Page, Paging
from sandbox.errors import Refusal
from sandbox.models import File, Member, RecentFile, Team
from sandbox.organization import ROBOT_ID, Organization, add_member, now, stamps
from sandbox.resources.auth import Admin, Caller, Org
from sandbox.resources.files import FileFilters, member_files

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


async def chosen(
    org: Org,
    caller: Caller,
    search: Annotated[str | None, Query(deprecated=True)] = None,
    email: str | None = None,
    includeArchived: bool = False,
    includeInactive: bool = False,
) -> list[Member]:
    """Return the members that a list's filters let pass, deactivated ones only if asked for."""
    if search is not None and email is not None:
        raise Refusal(400, "search: not together with email")
    return [
        member
        for member in org.members.values()
        if (includeArchived or not member.isArchived)
        and (includeInactive or not member.isInactive)
        and (email is None or member.email.lower() == email.lower())
        and (search is None or search.lower() in _searched(member))
    ]


Chosen = Annotated[list[Member], Depends(chosen)]


@router.get(
    "/v2/members",
    operation_id="listMembers",
    summary="List members",
    response_model=Page[Member] | list[Member],
    response_model_exclude_unset=True,
)
async def list_members(org: Org, paging: Annotated[Paging, Depends()], members: Chosen) -> Any:
    """List the members, without the deactivated ones unless asked for."""
    return members if org.options.bare_lists else paging.cut(members)


@router.get(
    "/v2.1/members",
    operation_id="v2_1_listMembers",
    summary="List members (Paginated)",
    response_model=CountedPage[Member],
    response_model_exclude_unset=True,
)
async def list_members_in_pages(
    paging: Annotated[Paging, Depends()], members: Chosen
) -> dict[str, Any]:
    """List the same members, always in pages."""
    return paging.cut(members)


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
    filters: Annotated[FileFilters, Depends()],
    memberId: str,
) -> dict[str, Any]:
    """List the folders and workbooks that a member can open; workspaces only when asked for."""
    return paging.cut(filters.files(org, memberId))


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
    return paging.cut(recent_files(org, memberId))


def recent_files(org: Organization, member_id: str) -> list[dict[str, Any]]:
    """Return a dozen of a member's folders and workbooks, in the fields of RecentFile."""
    files = member_files(org, member_id)
    files = files[:: max(1, len(files) // 12)][:12]
    day = datetime(2024, 5, 2, 9, 14, tzinfo=timezone.utc)
    for n, file in enumerate(files[1:]):
        used = day - timedelta(hours=37 * ((n * 5) % 11))
        file["lastInteractionAt"] = used.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return files
