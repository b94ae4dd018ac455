"""/v2/workspaces: the workspaces and their grants."""

from sandbox.api import Admin, Body, Empty, FullPage, Org, Page, Paged, resource
from sandbox.models import Grant, Workspace, WorkspacePermission
from sandbox.organization import add_workspace, now, stamps
from sandbox.resources.grants import NewGrants, create_grants

router = resource("workspaces")


class NewWorkspace(Body):
    """The body of POST /v2/workspaces."""

    name: str
    noDuplicates: bool = False


@router.get(
    "/v2.1/workspaces", summary="List workspaces (Paginated)", response_model=FullPage[Workspace]
)
@router.get("/v2/workspaces", summary="List workspaces")
async def list_workspaces(
    org: Org, paging: Paged, name: str | None = None, exactName: str | None = None
) -> Page[Workspace] | list[Workspace]:
    """List the workspaces. name matches a part of the name; exactName takes precedence."""
    workspaces = list(org.workspaces.values())
    if exactName is not None:
        workspaces = [w for w in workspaces if w.name.lower() == exactName.lower()]
    elif name is not None:
        workspaces = [w for w in workspaces if name.lower() in w.name.lower()]
    return paging.cut_unless_bare(workspaces)


@router.post("/v2/workspaces", summary="Create a workspace")
async def create_workspace(
    org: Org, admin: Admin, body: NewWorkspace
) -> Workspace | dict[str, list[str]]:
    """Create a workspace. With noDuplicates return the workspaces that have the name, if any."""
    known = [w for w in org.workspaces.values() if w.name.lower() == body.name.lower()]
    if known and body.noDuplicates:
        return {
            "workspaceIds": [w.workspaceId for w in known],
            "workspaceUrlIds": [w.workspaceUrlId for w in known],
        }
    return add_workspace(org, org.next_key(), body.name, stamps(admin, now()))


@router.get("/v2/workspaces/{workspaceId}", summary="Get a workspace")
async def get_workspace(org: Org, workspaceId: str) -> Workspace:
    """Return a workspace."""
    return org.workspace(workspaceId)


@router.get("/v2/workspaces/{workspaceId}/grants", summary="List grants for a workspace")
async def list_workspace_grants(org: Org, paging: Paged, workspaceId: str) -> FullPage[Grant]:
    """List the members and teams that have access to a workspace."""
    return paging.cut(org.grants.get(org.workspace(workspaceId).workspaceId, []))


@router.post(
    "/v2/workspaces/{workspaceId}/grants",
    summary="Grant permissions to the workspace for users or teams",
)
async def create_workspace_grant(
    org: Org, admin: Admin, workspaceId: str, body: NewGrants[WorkspacePermission]
) -> Empty:
    """Create grants, or update those that exist."""
    return create_grants(org, org.workspace(workspaceId).workspaceId, body.grants, admin)
