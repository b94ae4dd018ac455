"""/v2/connections: the connections to data warehouses, and their grants."""

from typing import Annotated, Any, Literal

from pydantic import Field

from sandbox.api import Admin, Body, Empty, FullPage, Org, Paged, resource
from sandbox.errors import Refusal
from sandbox.models import Connection, ConnectionPermission, Grant
from sandbox.organization import APP_URL, StoredConnection, add_connection, now, stamps, url_id
from sandbox.resources.grants import NewGrants, create_grants

router = resource("connections")


Secret = str | dict[str, str]  # an object has a "plain" value, or names a managed secret


class ConnectionDetails(Body):
    """How to reach a warehouse. The fields are those of Snowflake."""

    type: Literal[
        "snowflake", "bigQuery", "databricks", "postgres", "redshift", "alloydb", "mysql",
        "azuresql", "sqlserver", "starburst"
    ]  # fmt: skip
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
    """A path in a connection: [], [DATABASE], [DATABASE, SCHEMA] or [DATABASE, SCHEMA, TABLE]."""

    path: Annotated[list[str], Field(max_length=3)]


@router.get("/v2/connections", summary="List connections")
async def list_connections(
    org: Org, paging: Paged, includeArchived: bool = False, search: str | None = None
) -> FullPage[Connection]:
    """List the connections. search matches a part of the name."""
    wanted = (search or "").lower()
    return paging.cut(
        [
            connection
            for connection in org.connections.values()
            if (includeArchived or not connection.isArchived) and wanted in connection.name.lower()
        ]
    )


@router.post("/v2/connections", summary="Create a connection", status_code=201)
async def create_connection(org: Org, admin: Admin, body: NewConnection) -> Connection:
    """Create a connection. The details aren't checked, and no secret is kept."""
    shown = {"type", "useOauth", "account", "warehouse", "user", "role"}
    fields = body.details.model_dump(include=shown, exclude_none=True)
    fields |= {"name": body.name, "isSample": False, "lastActiveAt": now()}
    return add_connection(org, org.next_key(), stamps(admin, now()), **fields)


# Before the next operation, whose path fits as well
@router.get("/v2/connections/paths", summary="List connection paths")
async def list_connection_paths(
    org: Org, paging: Paged, connectionId: str | None = None
) -> FullPage[dict[str, Any]]:
    """List the databases, schemas and tables of all connections, or of one."""
    return paging.cut(
        [
            {"connectionId": one.connectionId, "urlId": url_id(one.inode_id(path)), "path": path}
            for one in org.connections.values()
            if connectionId in (None, one.connectionId)
            for path in one.paths()
        ]
    )


@router.get("/v2/connections/paths/{inodeId}", summary="Get connection path for a table")
async def get_inode_connection_path(org: Org, inodeId: str) -> dict[str, Any]:
    """Return the connection and path of a table by its long or short ID."""
    connection, path = org.table(inodeId)
    return {"connectionId": connection.connectionId, "path": path}


@router.get("/v2/connections/{connectionId}", summary="Get connection details")
async def get_connection(org: Org, connectionId: str) -> Connection:
    """Return a connection."""
    return org.connection(connectionId)


@router.get("/v2/connections/{connectionId}/test", summary="Test a connection")
async def test_connection(org: Org, connectionId: str) -> dict[str, str]:
    """Return SUCCESS for the connections of the seed only. A failure also has the status 200."""
    return org.connection(connectionId).test


@router.get("/v2/connections/{connectionId}/grants", summary="List grants for a connection")
async def list_connection_grants(org: Org, paging: Paged, connectionId: str) -> FullPage[Grant]:
    """List the members and teams that have access to a connection."""
    return paging.cut(org.grants.get(org.connection(connectionId).connectionId, []))


@router.post("/v2/connections/{connectionId}/grants", summary="Add grants to a connection")
async def create_connection_grant(
    org: Org, admin: Admin, connectionId: str, body: NewGrants[ConnectionPermission]
) -> Empty:
    """Create grants, or update those that exist."""
    return create_grants(org, org.connection(connectionId).connectionId, body.grants, admin)


@router.delete(
    "/v2/connections/{connectionId}/grants/{grantId}", summary="Delete a grant for a connection"
)
async def delete_connection_grant(org: Org, admin: Admin, connectionId: str, grantId: str) -> Empty:
    """Delete a grant on a connection."""
    grant = org.find_grant(grantId, org.connection(connectionId).connectionId)
    org.grants[grant.inodeId].remove(grant)
    return Empty()


# Sigma has this one on the singular path
@router.post("/v2/connection/{connectionId}/lookup", summary="Look up connections by path")
async def lookup_connection(org: Org, connectionId: str, body: ConnectionPath) -> dict[str, str]:
    """Return what a path leads to: a table, or a scope (a database or schema)."""
    connection = org.connection(connectionId)
    _check_path(connection, body.path)
    inode_id = connection.inode_id(body.path)
    kind = "table" if len(body.path) == 3 else "scope"
    return {"inodeId": inode_id, "kind": kind, "url": f"{APP_URL}/b/{url_id(inode_id)}"}


@router.post("/v2/connections/{connectionId}/sync", summary="Sync a connection by path")
async def sync_connection_path(
    org: Org, admin: Admin, connectionId: str, body: ConnectionPath, useServiceAccount: bool = False
) -> Empty:
    """Note the time of the sync. There is no warehouse with anything new."""
    connection = org.connection(connectionId)
    _check_path(connection, body.path)
    connection.synced[tuple(body.path)] = now()
    return Empty()


def _check_path(connection: StoredConnection, path: list[str]) -> None:
    if path and tuple(path) not in connection.paths():
        raise Refusal(404, f"Path {'.'.join(path)} not found in {connection.name}")
