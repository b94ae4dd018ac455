"""/v2/teams: the teams, and who is in them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from sandbox.bodies import Body, CountedPage, Empty, Page, Paging
from sandbox.errors import Refusal
from sandbox.models import Team
from sandbox.organization import StoredTeam
from sandbox.resources.auth import Admin, Caller, Org

router = APIRouter(tags=["teams"])


class TeamWithMembers(Team):
    """A team, and the IDs of its members."""

    members: list[str]


class TeamMember(BaseModel):
    """A member of a team. userId is the member's ID."""

    userId: str
    isTeamAdmin: bool
    addedBy: str


class TeamChange(Body):
    """The body of PATCH /v2/teams/{teamId}/members: member IDs."""

    add: list[str] = []
    remove: list[str] = []


async def chosen(
    org: Org,
    caller: Caller,
    name: str | None = None,
    description: str | None = None,
    visibility: Literal["public", "private"] | None = None,
) -> list[StoredTeam]:
    """Return the teams that a list's filters let pass; two are a part of the text."""
    return [
        team
        for team in org.teams.values()
        if (name is None or name.lower() in team.name.lower())
        and (description is None or description.lower() in (team.description or "").lower())
        and (visibility is None or team.visibility == visibility)
    ]


Chosen = Annotated[list[StoredTeam], Depends(chosen)]


@router.get(
    "/v2/teams",
    operation_id="listTeams",
    summary="List teams",
    response_model=Page[Team] | list[Team],
    response_model_exclude_unset=True,
)
async def list_teams(org: Org, paging: Annotated[Paging, Depends()], teams: Chosen) -> Any:
    """List the teams; name and description are filters on a part of the text."""
    return teams if org.options.bare_lists else paging.cut(teams)


@router.get(
    "/v2.1/teams",
    operation_id="v2_1_listTeams",
    summary="List teams (Paginated)",
    response_model=CountedPage[Team],
    response_model_exclude_unset=True,
)
async def list_teams_in_pages(
    paging: Annotated[Paging, Depends()], teams: Chosen
) -> dict[str, Any]:
    """List the same teams, always in pages."""
    return paging.cut(teams)


@router.get(
    "/v2/teams/{teamId}",
    operation_id="getTeam",
    summary="Get a team",
    response_model=TeamWithMembers,
    response_model_exclude_unset=True,
)
async def get_team(org: Org, caller: Caller, teamId: str) -> dict[str, Any]:
    """Return a team with the IDs of its members."""
    team = org.team(teamId)
    return {**team.model_dump(exclude_unset=True), "members": list(team.members)}


@router.get(
    "/v2/teams/{teamId}/members",
    operation_id="getTeamMembers",
    summary="List team members",
    response_model=CountedPage[TeamMember],
)
async def list_team_members(
    org: Org, caller: Caller, paging: Annotated[Paging, Depends()], teamId: str
) -> dict[str, Any]:
    """List the members of a team, in the order in which they were added."""
    return paging.cut(
        [
            {"userId": member_id, "isTeamAdmin": False, "addedBy": added_by}
            for member_id, added_by in org.team(teamId).members.items()
        ]
    )


@router.patch(
    "/v2/teams/{teamId}/members",
    operation_id="updateTeamMembers",
    summary="Update team members",
)
async def update_team_members(org: Org, admin: Admin, teamId: str, body: TeamChange) -> Empty:
    """Add and remove members: all of them, or none when one is unknown or deactivated."""
    team = org.team(teamId)
    for member_id in body.add:
        if org.member(member_id).isArchived:
            raise Refusal(400, f"add: member {member_id} is deactivated")
    for member_id in body.remove:
        org.member(member_id)
    for member_id in body.add:
        team.members.setdefault(member_id, admin)
    for member_id in body.remove:
        team.members.pop(member_id, None)
    return Empty()
