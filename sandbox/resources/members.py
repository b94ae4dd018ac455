"""/v2/members and /v2/accountTypes: the members, what they can open, and their account types."""

from datetime import datetime, timedelta, timezone
from typing import Annotated, Any, Literal

from fastapi import Query

from sandbox.api import (
    Admin,
    Body,
    Empty,
    FullPage,
    Org,
    Page,
    Paged,
    TokenPage,
    TokenPaged,
    resource,
)
from sandbox.errors import Refusal
from sandbox.models import Member, Team
from sandbox.organization import ROBOT_ID, Organization, add_member, now, stamps, time_text
from sandbox.resources.files import File, Filters, member_files

router, types_router = resource("members"), resource("accountTypes")

UserKind = Literal["internal", "guest", "embed"]


class NewTeam(Body):
    """A team for a new member."""

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
    """The body of PATCH /v2/members/{memberId}. Only what is sent changes."""

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


@router.get("/v2.1/members", summary="List members (Paginated)", response_model=FullPage[Member])
@router.get("/v2/members", summary="List members")
async def list_members(
    org: Org,
    paging: Paged,
    search: Annotated[str | None, Query(deprecated=True)] = None,
    email: str | None = None,
    includeArchived: bool = False,
    includeInactive: bool = False,
) -> Page[Member] | list[Member]:
    """List the members. Deactivated members are left out by default."""
    if search is not None and email is not None:
        raise Refusal(400, "search: not together with email")
    return paging.cut_unless_bare(
        [
            m
            for m in org.members.values()
            if (includeArchived or not m.isArchived)
            and (includeInactive or not m.isInactive)
            and (email is None or m.email.lower() == email.lower())
            and (search or "").lower() in f"{m.firstName} {m.lastName} {m.email}".lower()
        ]
    )


@router.post("/v2/members", summary="Create a member")
async def create_member(org: Org, admin: Admin, body: NewMember, sendInvite: bool = True) -> Member:
    """Create a member. The sandbox sends no email, whatever sendInvite is."""
    check_email(body.email)
    taken = org.find_email(body.email)
    if taken:
        raise Refusal(409, f"Duplicate member: email is taken, member-id={taken.memberId}")
    account_type = org.account_type(body.memberType)["accountTypeName"]
    teams = [org.team(team.teamId) for team in body.addToTeams]
    names = body.firstName, body.lastName
    stamped = stamps(admin, now())
    member = add_member(
        org, org.next_key(), *names, body.email, account_type, stamped, body.userKind
    )
    for team in teams:
        team.members[member.memberId] = admin
    return member


def check_email(email: str, place: str = "email") -> None:
    """Refuse what is no email with 400. place is its field in the body."""
    local, at, domain = email.partition("@")
    if not (local and at and domain) or "@" in domain or any(c.isspace() for c in email):
        raise Refusal(400, f"Expecting an email at {place} but instead got: {email!r}")


@router.get("/v2/members/{memberId}", summary="Get member")
async def get_member(org: Org, memberId: str) -> Member:
    """Return a member, deactivated or not."""
    return org.member(memberId)


@router.patch("/v2/members/{memberId}", summary="Update member")
async def update_member(org: Org, admin: Admin, memberId: str, body: MemberChange) -> Member:
    """Change a member. Everything is checked first, so a refused request changes nothing."""
    member = org.member(memberId)
    change = body.model_dump(exclude_unset=True)
    new_owner_id = change.pop("newOwnerId", None) or admin
    archives = [change.pop(name, None) for name in ("archiveDocuments", "archiveScheduledExports")]
    if any(archives) and not (body.isArchived or body.isInactive):
        raise Refusal(400, "archiveDocuments and archiveScheduledExports need isArchived")
    if body.memberType is not None:
        change["memberType"] = org.account_type(body.memberType)["accountTypeName"]
    if body.email is not None:
        check_email(body.email)
        taken = org.find_email(body.email)
        if taken and taken.memberId != memberId:
            raise Refusal(409, "Duplicate record")
    if body.isArchived and not member.isArchived:
        _deactivate(org, member, new_owner_id, admin)
    for name, value in change.items():
        if value is not None or name == "profileImgUrl":
            setattr(member, name, value)
    member.updatedBy, member.updatedAt = admin, now()
    return member


def _deactivate(org: Organization, member: Member, new_owner_id: str, admin: str) -> None:
    """Deactivate a member, end credentials and tokens, and transfer what the member owns."""
    if member.memberId in (admin, ROBOT_ID):
        raise Refusal(400, f"Member {member.memberId} cannot be deactivated")
    if org.member(new_owner_id).isArchived:
        raise Refusal(400, f"newOwnerId: member {new_owner_id} is deactivated")
    member.isArchived = True
    owned = [document for document in org.documents() if document.parentId is not None]
    for one in (*owned, *org.scheduled_exports.values()):
        if one.ownerId == member.memberId:
            one.ownerId = new_owner_id
    for client_id, client in [*org.clients.items()]:
        if client.owner_id == member.memberId:
            del org.clients[client_id]
    for text, token in [*org.tokens.items()]:
        if token.member_id == member.memberId:
            del org.tokens[text]


@router.delete("/v2/members/{memberId}", summary="Deactivate member")
async def delete_member(org: Org, admin: Admin, memberId: str) -> Empty:
    """Deactivate a member. Their documents go to the owner of the credentials."""
    _deactivate(org, org.member(memberId), admin, admin)
    return Empty()


@router.post("/v2/members/{memberId}/revoke", summary="Revoke a user's OAuth tokens")
async def revoke_member_tokens(
    org: Org, admin: Admin, memberId: str, body: Body | None = None
) -> dict[str, Any]:
    """Revoke the OAuth refresh tokens of a member. Access tokens stay valid."""
    member_id = org.member(memberId).memberId
    revoked = org.sign_ins.pop(member_id, 0)
    return {"memberId": member_id, "results": {"oauth": {"tokensRevoked": revoked}}}


@router.get("/v2/members/{memberId}/teams", summary="List teams for a member")
async def list_member_teams(org: Org, admin: Admin, paging: Paged, memberId: str) -> FullPage[Team]:
    """List the teams of a member."""
    return paging.cut(org.teams_of(org.member(memberId).memberId))


@router.get("/v2/members/{memberId}/files", summary="List member files")
async def list_accessible_inodes(
    org: Org, paging: Paged, filters: Filters, memberId: str
) -> FullPage[File]:
    """List what a member can open; workspaces and tables only on request."""
    return paging.cut(filters.files(org, memberId))


@router.get("/v2/members/{memberId}/files/recents", summary="List recent files for a member")
async def list_recent_inodes(
    org: Org, paging: Paged, memberId: str, includeExplorations: Literal["true", "false"] = "false"
) -> FullPage[File]:
    """List a dozen of a member's folders and workbooks, in no order. One was never used."""
    return paging.cut(recent_files(org, memberId))


def recent_files(org: Organization, member_id: str) -> list[File]:
    """Return a dozen of a member's folders and workbooks as files."""
    files = member_files(org, member_id, [*org.folders.values(), *org.workbooks.values()])
    files = files[:: max(1, len(files) // 12)][:12]
    day = datetime(2024, 5, 2, 9, 14, tzinfo=timezone.utc)
    if org.member(member_id).createdAt > time_text(day):
        return []  # a new member has used nothing
    for n, file in enumerate(files[1:]):
        file["lastInteractionAt"] = time_text(day - timedelta(hours=37 * ((n * 5) % 11)))
    return files


@types_router.get("/v2/accountTypes", summary="List account types")
async def list_account_types(org: Org, paging: TokenPaged) -> TokenPage[dict[str, Any]]:
    """List the account types, built-in ones first."""
    return paging.cut(org.account_types)
