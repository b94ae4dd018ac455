"""/v2/workspaces: the workspaces, and who may use them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from sandbox.bodies import Body, CountedPage, Empty, Page, Paging
from sandbox.models import Grant, Workspace, WorkspacePermission
from sandbox.organization import make_short_id, make_uuid, now, stamps
from sandbox.resources.auth import Admin, Caller, Org
from sandbox.resources.grants import Grantee

router = APIRouter(tags=["workspaces"])


class NewWorkspace(Body):
    """The body of POST /v2/workspaces."""

    name: str
    noDuplicates: bool = False


class KnownWorkspaces(BaseModel):
    """The answer when noDuplicates is true and workspaces of that name exist."""

    workspaceIds: list[str]
    workspaceUrlIds: list[str]


class NewGrant(Body):
    """A permission for a member or a team."""

    grantee: Grantee
    permission: WorkspacePermission


class NewGrants(Body):
    """The body of POST /v2/workspaces/{workspaceId}/grants."""

    grants: list[NewGrant]


async def chosen(
    org: Org, caller: Caller, name: str | None = None, exactName: str | None = None
) -> list[Workspace]:
    """Return the workspaces that a list's filters let pass."""
    workspaces = list(org.workspaces.values())
    if exactName is not None:
        return [w for w in workspaces if w.name.lower() == exactName.lower()]
    if name is not None:
        return [w for w in workspaces if name.lower() in w.name.lower()]
    return workspaces


Chosen = Annotated[list[Workspace], Depends(chosen)]


@router.get(
    "/v2/workspaces",
    operation_id="listWorkspaces",
    summary="List workspaces",
    response_model=Page[Workspace] | list[Workspace],
)
async def list_workspaces(
    org: Org, paging: Annotated[Paging, Depends()], workspaces: Chosen
) -> Any:
    """List the workspaces; exactName wins over name, a part of the text."""
    return workspaces if org.options.bare_lists else paging.cut(workspaces)


@router.get(
    "/v2.1/workspaces",
    operation_id="v2_1_listWorkspaces",
    summary="List workspaces (Paginated)",
    response_model=CountedPage[Workspace],
)
async def list_workspaces_in_pages(
    paging: Annotated[Paging, Depends()], workspaces: Chosen
) -> dict[str, Any]:
    """List the same workspaces, always in pages."""
    return paging.cut(workspaces)


@router.post("/v2/workspaces", operation_id="createWorkspace", summary="Create a workspace")
async def create_workspace(
    org: Org, admin: Admin, body: NewWorkspace
) -> Workspace | KnownWorkspaces:
    """Create a workspace; with noDuplicates name those that have the name already."""
    known = [w for w in org.workspaces.values() if w.name.lower() == body.name.lower()]
    if known and body.noDuplicates:
        return KnownWorkspaces(
            workspaceIds=[w.workspaceId for w in known],
            workspaceUrlIds=[w.workspaceUrlId for w in known],
        )
    key = org.next_key()
    workspace = Workspace(
        workspaceId=make_uuid("workspace", key),
        workspaceUrlId=make_short_id("workspace", key, 22),
        name=body.name,
        **stamps(admin, now()),
    )
    org.workspaces[workspace.workspaceId] = workspace
    org.grant(workspace.workspaceId, admin, None, "edit", admin)
    return workspace


@router.get("/v2/workspaces/{workspaceId}", operation_id="getWorkspace", summary="Get a workspace")
async def get_workspace(org: Org, caller: Caller, workspaceId: str) -> Workspace:
    """Return a workspace."""
    return org.workspace(workspaceId)


@router.get(
    "/v2/workspaces/{workspaceId}/grants",
    operation_id="listWorkspaceGrants",
    summary="List grants for a workspace",
    response_model=CountedPage[Grant],
)
async def list_workspace_grants(
    org: Org, caller: Caller, paging: Annotated[Paging, Depends()], workspaceId: str
) -> dict[str, Any]:
    """List who may use a workspace."""
    return paging.cut(org.grants.get(org.workspace(workspaceId).workspaceId, []))


@router.post(
    "/v2/workspaces/{workspaceId}/grants",
    operation_id="createWorkspaceGrant",
    summary="Grant permissions to the workspace for users or teams",
)
async def create_workspace_grants(
    org: Org, admin: Admin, workspaceId: str, body: NewGrants
) -> Empty:
    """Create grants, or update those that exist."""
    workspace_id = org.workspace(workspaceId).workspaceId
    for grant in body.grants:
        grantee = grant.grantee
        org.grant(workspace_id, grantee.memberId, grantee.teamId, grant.permission, admin)
    return Empty()
