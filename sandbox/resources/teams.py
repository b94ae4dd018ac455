"""/v2/teams: the teams and their members."""

from typing import Any, Literal

from sandbox.api import Admin, Body, Empty, FullPage, Org, Page, Paged, resource
from sandbox.errors import Refusal
from sandbox.models import Team
from sandbox.organization import make_uuid, now, stamps

router = resource("teams")


class NewTeam(Body):
    """The body of POST /v2/teams. members are IDs. createTeamFolder has no effect."""

    name: str
    description: str | None = None
    visibility: Literal["public", "private"] = "private"
    members: list[str] = []
    createTeamFolder: bool = False


class TeamChange(Body):
    """The body of PATCH /v2/teams/{teamId}. Only what is sent changes."""

    name: str | None = None
    description: str | None = None
    visibility: Literal["public", "private"] | None = None


class TeamMembersChange(Body):
    """The body of PATCH /v2/teams/{teamId}/members: member IDs."""

    add: list[str] = []
    remove: list[str] = []


@router.get("/v2.1/teams", summary="List teams (Paginated)", response_model=FullPage[Team])
@router.get("/v2/teams", summary="List teams")
async def list_teams(
    org: Org,
    paging: Paged,
    name: str | None = None,
    description: str | None = None,
    visibility: Literal["public", "private"] | None = None,
) -> Page[Team] | list[Team]:
    """List the teams. name and description match a part of the text."""
    return paging.cut_unless_bare(
        [
            team
            for team in org.teams.values()
            if (name is None or name.lower() in team.name.lower())
            and (description is None or description.lower() in (team.description or "").lower())
            and (visibility is None or team.visibility == visibility)
        ]
    )


@router.post("/v2/teams", summary="Create a team")
async def create_team(org: Org, admin: Admin, body: NewTeam) -> dict[str, Any]:
    """Create a team with members. There is no team folder, so workspaceId is null."""
    members = {org.member(member_id).memberId: admin for member_id in body.members}
    fields = body.model_dump(include={"name", "description", "visibility"})
    team_id = make_uuid("team", org.next_key())
    team = Team(teamId=team_id, members=members, **fields, **stamps(admin, now()))
    org.teams[team_id] = team
    return {**team.model_dump(exclude_unset=True), "members": [*members], "workspaceId": None}


@router.patch("/v2/teams/{teamId}", summary="Update a team")
async def update_team(org: Org, admin: Admin, teamId: str, body: TeamChange) -> Team:
    """Change the name, the description or the visibility of a team."""
    team = org.team(teamId)
    for name, value in body.model_dump(exclude_none=True).items():
        setattr(team, name, value)
    team.updatedBy, team.updatedAt = admin, now()
    return team


@router.delete("/v2/teams/{teamId}", summary="Delete a team")
async def delete_team(org: Org, admin: Admin, teamId: str) -> Empty:
    """Delete a team and its grants."""
    team_id = org.team(teamId).teamId
    del org.teams[team_id]
    for on, grants in org.grants.items():
        org.grants[on] = [grant for grant in grants if grant.teamId != team_id]
    return Empty()


@router.get("/v2/teams/{teamId}", summary="Get a team")
async def get_team(org: Org, teamId: str) -> dict[str, Any]:
    """Return a team with the IDs of its members."""
    team = org.team(teamId)
    return {**team.model_dump(exclude_unset=True), "members": [*team.members]}


@router.get("/v2/teams/{teamId}/members", summary="List team members")
async def get_team_members(org: Org, paging: Paged, teamId: str) -> FullPage[dict[str, Any]]:
    """List the members of a team, in the order in which they were added."""
    return paging.cut(
        [
            {"userId": member_id, "isTeamAdmin": False, "addedBy": added_by}
            for member_id, added_by in org.team(teamId).members.items()
        ]
    )


@router.patch("/v2/teams/{teamId}/members", summary="Update team members")
async def update_team_members(
    org: Org, admin: Admin, teamId: str, body: TeamMembersChange
) -> Empty:
    """Add and remove members. Changes nothing if one of them is unknown or deactivated."""
    team = org.team(teamId)
    for member_id in (*body.add, *body.remove):
        if org.member(member_id).isArchived:
            raise Refusal(400, f"Member {member_id} is deactivated")
    for member_id in body.add:
        team.members.setdefault(member_id, admin)
    for member_id in body.remove:
        team.members.pop(member_id, None)
    return Empty()
