"""/v2/grants, and what the grants of workspaces, workbooks and connections share."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from pydantic import model_validator

from sandbox.api import Admin, Body, Empty, FullPage, Org, Paged, resource
from sandbox.errors import Refusal
from sandbox.models import Grant, WorkspacePermission
from sandbox.organization import LEVELS, Organization, now, stamps, url_id

router = resource("grants")

Permission = TypeVar("Permission", bound=str)


class Grantee(Body):
    """The member or team that gets a permission."""

    memberId: str | None = None
    teamId: str | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Any:
        if (self.memberId is None) == (self.teamId is None):
            raise ValueError("exactly one of memberId and teamId")
        return self


class NewGrant(Body, Generic[Permission]):
    """A permission for a member or a team. With tagId it also counts for the whole workbook."""

    grantee: Grantee
    permission: Permission
    tagId: str | None = None


class NewGrants(Body, Generic[Permission]):
    """The body of POST .../grants. Which permissions there are depends on the resource."""

    grants: list[NewGrant[Permission]]


class NewInodeGrant(NewGrant[WorkspacePermission]):
    """The body of POST /v2/grants."""

    inodeId: str


def create_grants(org: Organization, on: str, grants: Sequence[NewGrant[Any]], by: str) -> Empty:
    """Create grants on something by its ID, or update those that exist."""
    for new in grants:
        org.grant(on, new.grantee.memberId, new.grantee.teamId, new.permission, stamps(by, now()))
    return Empty()


def as_row(org: Organization, grant: Grant) -> dict[str, Any]:
    """Return a grant as /v2/grants shows it: with the short ID and the type of what it is on.

    Workspaces count as folders, and data models as workbooks.
    """
    on, kind = grant.inodeId, "folder"
    if on in org.workbooks or on in org.data_models:
        kind = "workbook"
    elif on in org.reports:
        kind = "report"
    elif on in org.connections:
        kind = "scope"
    return {**grant.model_dump(), "inodeId": url_id(on), "inodeType": kind}


@router.get("/v2/grants", summary="List grants")
async def list_grants(
    org: Org,
    admin: Admin,
    paging: Paged,
    inodeId: str | None = None,
    teamId: str | None = None,
    userId: str | None = None,
    directGrantsOnly: bool = False,
) -> FullPage[dict[str, Any]]:
    """List the grants on a document, with those that it inherits, or those of a member or team.

    Grants on connections have a list of their own.
    """
    if [inodeId, teamId, userId].count(None) != 2:
        raise Refusal(400, "Expecting exactly one of inodeId, teamId and userId")
    if inodeId is not None:
        document = org.document(inodeId)
        ids = [document.id] if directGrantsOnly else org.with_parents(document)
        grants = [grant for on in ids for grant in org.grants.get(on, [])]
    else:
        org.check_grantee(userId, teamId)
        grants = [
            grant
            for on, granted in org.grants.items()
            if on not in org.connections
            for grant in granted
            if (grant.memberId if userId else grant.teamId) == (userId or teamId)
        ]
    return paging.cut([as_row(org, grant) for grant in grants])


@router.post("/v2/grants", summary="Create or update a grant")
async def create_grant(org: Org, admin: Admin, body: NewInodeGrant) -> dict[str, Any]:
    """Create a grant on a document, folder or workspace, or raise the one that exists."""
    document, grantee = org.document(body.inodeId), body.grantee
    held = [
        grant.permission
        for grant in org.grants.get(document.id, [])
        if (grant.memberId, grant.teamId) == (grantee.memberId, grantee.teamId)
    ]
    what = max([body.permission, *held], key=LEVELS.index)
    stamped = stamps(admin, now())
    return as_row(org, org.grant(document.id, grantee.memberId, grantee.teamId, what, stamped))


@router.delete("/v2/grants/{grantId}", summary="Delete a grant")
async def delete_grant(org: Org, admin: Admin, grantId: str) -> dict[str, Any]:
    """Delete a grant, also one on a connection, and return it."""
    grant = org.find_grant(grantId)
    org.grants[grant.inodeId].remove(grant)
    return as_row(org, grant)
