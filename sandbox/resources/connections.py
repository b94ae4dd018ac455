"""/v2/connections: the ways to the data, and who may use them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from sandbox.bodies import Body, CountedPage, Empty, Paging
from sandbox.models import Connection, ConnectionPermission, Grant
from sandbox.resources.auth import Admin, Caller, Org
from sandbox.resources.grants import Grantee

router = APIRouter(tags=["connections"])


class NewGrant(Body):
    """A permission for a member or a team."""

    grantee: Grantee
    permission: ConnectionPermission


class NewGrants(Body):
    """The body of POST /v2/connections/{connectionId}/grants."""

    grants: list[NewGrant]


@router.get(
    "/v2/connections",
    operation_id="listConnections",
    summary="List connections",
    response_model=CountedPage[Connection],
    response_model_exclude_unset=True,
)
async def list_connections(
    org: Org,
    caller: Caller,
    paging: Annotated[Paging, Depends()],
    includeArchived: bool = False,
    search: str | None = None,
) -> dict[str, Any]:
    """List the connections; search is a part of the name."""
    return paging.cut(
        [
            connection
            for connection in org.connections.values()
            if (includeArchived or not connection.isArchived)
            and (search is None or search.lower() in connection.name.lower())
        ]
    )


@router.get(
    "/v2/connections/{connectionId}",
    operation_id="getConnection",
    summary="Get connection details",
    response_model=Connection,
    response_model_exclude_unset=True,
)
async def get_connection(org: Org, caller: Caller, connectionId: str) -> Connection:
    """Return a connection."""
    return org.connection(connectionId)


@router.get(
    "/v2/connections/{connectionId}/grants",
    operation_id="listConnectionGrants",
    summary="List grants for a connection",
    response_model=CountedPage[Grant],
)
async def list_connection_grants(
    org: Org, caller: Caller, paging: Annotated[Paging, Depends()], connectionId: str
) -> dict[str, Any]:
    """List who may use a connection."""
    return paging.cut(org.grants.get(org.connection(connectionId).connectionId, []))


@router.post(
    "/v2/connections/{connectionId}/grants",
    operation_id="createConnectionGrant",
    summary="Add grants to a connection",
)
async def create_connection_grants(
    org: Org, admin: Admin, connectionId: str, body: NewGrants
) -> Empty:
    """Create grants, or update those that exist."""
    connection_id = org.connection(connectionId).connectionId
    for grant in body.grants:
        grantee = grant.grantee
        org.grant(connection_id, grantee.memberId, grantee.teamId, grant.permission, admin)
    return Empty()
