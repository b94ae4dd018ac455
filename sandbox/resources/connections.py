"""/v2/connections: the ways to the data, and who may use them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from sandbox.bodies import Body, CountedPage, Empty, Paging
from sandbox.errors import Refusal
from sandbox.models import Connection, ConnectionPermission, Grant
from sandbox.organization import (
    ORGANIZATION_ID,
    SLUG,
    StoredConnection,
    make_short_id,
    make_uuid,
    now,
    stamps,
)
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


class PlainSecret(Body):
    """A password as an object."""

    type: Literal["plain"]
    value: str


class ManagedSecret(Body):
    """The name of a password that a secret manager keeps."""

    secretManagerId: str
    secretId: str


Secret = str | PlainSecret | ManagedSecret


class ConnectionDetails(Body):
    """How to reach a warehouse. The fields are those of Snowflake; of others only type counts."""

    type: Literal[
        "snowflake",
        "bigQuery",
        "databricks",
        "postgres",
        "redshift",
        "alloydb",
        "mysql",
        "azuresql",
        "sqlserver",
        "starburst",
    ]
    account: str | None = None
    host: str | None = None
    warehouse: str | None = None
    role: str | None = None
    user: str | None = None
    authType: Literal["basic-auth", "key-pair", "oauth"] | None = None
    password: Secret | None = None
    privateKey: Secret | None = None
    privateKeyPassphrase: Secret | None = None
    useOauth: bool = False


class NewConnection(Body):
    """The body of POST /v2/connections."""

    name: str
    details: ConnectionDetails


class ConnectionPath(Body):
    """A way into a connection: [], [DATABASE], [DATABASE, SCHEMA] or with a TABLE at the end."""

    path: Annotated[list[str], Field(max_length=3)]


class PathInfo(BaseModel):
    """What lies at the end of a path."""

    inodeId: str
    kind: Literal["scope", "table"]
    url: str


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


@router.post(
    "/v2/connections",
    operation_id="createConnection",
    summary="Create a connection",
    status_code=201,
    response_model=Connection,
    response_model_exclude_unset=True,
)
async def create_connection(org: Org, admin: Admin, body: NewConnection) -> Connection:
    """Create a connection. Its warehouse is never asked, and no secret is kept."""
    details = body.details
    if details.type == "snowflake":
        _check_snowflake(details)
    if not body.name.strip():
        raise Refusal(400, "name: Input should not be empty")
    shown = {"account", "warehouse", "user", "role"}
    connection = StoredConnection(
        organizationId=ORGANIZATION_ID,
        connectionId=make_uuid("connection", org.next_key()),
        isSample=False,
        isAuditLog=False,
        lastActiveAt=now(),
        name=body.name,
        type=details.type,
        useOauth=details.useOauth,
        **details.model_dump(include=shown, exclude_none=True),
        **stamps(admin, now()),
    )
    org.connections[connection.connectionId] = connection
    return connection


def _check_snowflake(details: ConnectionDetails) -> None:
    """Refuse when something is missing that the way to sign in needs."""
    if not (details.account or details.host):
        raise Refusal(400, "details.account: Field required, or details.host")
    if details.useOauth:
        return
    by_key = details.authType == "key-pair" or (not details.authType and details.privateKey)
    for name in ("user", "privateKey" if by_key else "password"):
        if not getattr(details, name):
            raise Refusal(400, f"details.{name}: Field required")


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


@router.post(
    "/v2/connection/{connectionId}/lookup",  # singular: so it is at Sigma
    operation_id="lookupConnection",
    summary="Look up connections by path",
)
async def look_up_path(
    org: Org, caller: Caller, connectionId: str, body: ConnectionPath
) -> PathInfo:
    """Return what a path leads to: a table, or a database or schema, which is a scope."""
    connection = org.connection(connectionId)
    _check_path(connection, body.path)
    key = (connection.connectionId, *body.path)
    url_id = make_short_id("inode", key, 22)
    return PathInfo(
        inodeId=make_uuid("inode", key) if body.path else connection.connectionId,
        kind="table" if len(body.path) == 3 else "scope",
        url=f"https://app.sigmacomputing.com/{SLUG}/b/{url_id}",
    )


@router.post(
    "/v2/connections/{connectionId}/sync",
    operation_id="syncConnectionPath",
    summary="Sync a connection by path",
)
async def sync_path(
    org: Org,
    admin: Admin,
    connectionId: str,
    body: ConnectionPath,
    useServiceAccount: bool = False,
) -> Empty:
    """Note the time. There is no warehouse that could hold anything new."""
    connection = org.connection(connectionId)
    _check_path(connection, body.path)
    connection.synced[tuple(body.path)] = now()
    return Empty()


def _check_path(connection: StoredConnection, path: list[str]) -> None:
    """Refuse a path that leads nowhere."""
    level: Any = connection.catalog
    for part in path:
        if part not in level:
            raise Refusal(404, f"Path {'.'.join(path)} not found in {connection.name}")
        level = level[part] if isinstance(level, dict) else ()
