"""Sync all connections of all tenant organizations, so that Sigma finds new tables.

This recipe exchanges your token for a token of each tenant, and syncs the tenant's connections. If
a tenant fails, it continues with the others. It leaves out samples, audit logs and deleted
connections. Sigma accepts a sync without saying what it found.
It needs credentials whose owner has the Admin account type, and PyJWT: python -m pip install PyJWT
By default this is a dry run. Set DRY_RUN=false to sync the connections.

Endpoint:  POST /v2/connections/{connectionId}/sync for each connection
           GET /v2/tenants for the tenants, POST /v2/auth/token for a token of each
           GET /v2/connections for the connections of each tenant
Docs:      https://help.sigmacomputing.com/reference/syncconnectionpath
.env:      TENANT_SYNC_PATH=[] (the whole connection), what to sync in each connection, as a JSON
           list of up to three names: ["DATABASE","SCHEMA"]
           DRY_RUN=true (false: sync the connections)
Run:       python connections/sync_all_tenants.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/tenants?pageSize=1000
    Warning: /tenants has entries without data
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/connections?limit=1000
    To sync: Plugs Europe: BigQuery Europe
    To sync: Plugs Europe: Snowflake Europe
    ...
    Plan: sync 4 connections. Path: []
    Dry run: nothing was changed. To apply the plan once: DRY_RUN=false python connections/sync_all_tenants.py
"""

# 1: Import PyJWT and the two shared files. They are one folder up, and the sys.path line lets
#    Python find them there. To use this recipe elsewhere, put all three files into one folder.
import json
import sys
import threading
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

try:
    from jwt import encode
except ImportError:  # also if another package provides jwt
    sys.exit(f"Error: PyJWT is missing. Run: {sys.executable} -m pip install PyJWT")

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import SECONDS_BETWEEN_REQUESTS, get_bearer_token
from sigma_client import (
    Credentials,
    SigmaClient,
    SigmaError,
    dry_run_note,
    in_parallel,
    keep_secret,
    printable,
    read_dry_run,
    read_table_path,
    run,
    say,
)


# 2: Exchange your token for a token of a tenant
def exchange_token(credentials: Credentials, tenant_id: str) -> str:
    """Return a token for a tenant. Sigma issues no refresh token with it: exchange again."""
    actor_token = get_bearer_token(credentials)
    now = int(time.time())
    claims = {"tenant": tenant_id, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4())}
    claims |= {"aud": "sigmacomputing", "ver": "1.1"}
    headers = {"kid": credentials.client_id}  # by which Sigma finds the secret
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": keep_secret(encode(claims, credentials.secret, "HS256", headers)),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "actor_token": actor_token,
        "actor_token_type": "urn:ietf:params:oauth:token-type:access_token",
    }
    time.sleep(SECONDS_BETWEEN_REQUESTS)  # Sigma issues at most one token a second
    bearer = {"Authorization": f"Bearer {actor_token}"}  # must be the same token as in the form
    with SigmaClient(credentials=credentials) as client:
        response = client.post(credentials.auth_url, data=form, headers=bearer)
    return keep_secret(str(response["access_token"]))


# 3: Make a client for a tenant, which can be in another region and have its own URL
def tenant_client(credentials: Credentials, tenant: dict[str, Any]) -> SigmaClient:
    """Return a client that sends requests to a tenant. credentials are those of the parent."""
    tenant_id = tenant["tenantOrganizationId"]
    token, lock = "", threading.Lock()

    def get_token(_: Credentials, rejected: str | None = None) -> str:
        nonlocal token
        with lock:  # when the token expires, only one thread exchanges it
            if token in ("", rejected):
                token = exchange_token(credentials, tenant_id)
            return token

    url = str(tenant.get("tenantApiUrl") or credentials.base_url)
    url = url.rstrip("/").removesuffix("/v2") + "/v2"
    try:
        theirs = replace(credentials, base_url=url, auth_url=f"{url}/auth/token")
    except SigmaError:
        raise SigmaError(f"tenantApiUrl is {url!r}, which isn't an https URL") from None
    return SigmaClient(get_token, theirs)


# 4: List the connections to sync
def list_connections(client: SigmaClient) -> list[dict[str, Any]]:
    """Return the connections of a tenant, without samples, audit logs and deleted connections."""
    entries = client.get_all("/connections")
    in_use = [one for one in entries if not one.get("isArchived")]
    found = [one for one in in_use if not (one["isSample"] or one["isAuditLog"])]
    for connection in found:
        connection["name"] = printable(connection.get("name") or connection["connectionId"])
    return sorted(found, key=lambda one: (one["name"].casefold(), one["connectionId"]))


# 5: Sync the connections of a tenant, five at a time. If one fails, continue with the others
def sync_tenant(client: SigmaClient, tenant: str, connections: list[Any], path: list[str]) -> int:
    """Return for how many connections Sigma accepted the sync."""

    def sync(connection: dict[str, Any]) -> None:
        # With OAuth, members have tokens of their own for the warehouse. Use the service account's
        query = {"useServiceAccount": True} if connection["useOauth"] else {}
        client.post(f"/connections/{connection['connectionId']}/sync", json={"path": path}, **query)

    accepted = 0
    for connection, problem in in_parallel(connections, sync):
        if problem:
            say(f"Failed: {tenant}: {connection['name']}: {problem}")
        else:
            accepted += 1
            print(f"Sync accepted: {tenant}: {connection['name']}")
    return accepted


def main() -> None:
    # 6: Read all settings before anything is sent
    path = read_table_path("TENANT_SYNC_PATH")
    dry_run = read_dry_run()

    planned, accepted, failed = 0, 0, 0
    with SigmaClient(get_bearer_token) as parent:
        # 7: Sync one tenant after the other. If one fails, continue with the others
        for tenant in parent.get_all("/tenants", pageSize=1000):
            name = tenant.get("tenantOrganizationName") or tenant.get("tenantOrganizationId")
            name = printable(name or "a tenant without an ID")
            try:
                with tenant_client(parent.credentials, tenant) as client:
                    connections = list_connections(client)
                    planned += len(connections)
                    for connection in connections:
                        print(f"To sync: {name}: {connection['name']}")
                    if not dry_run:
                        accepted += sync_tenant(client, name, connections, path)
            except SigmaError as error:
                failed += 1
                say(f"Failed: {name}: {error}")

        # 8: Print the summary
        if dry_run:
            print(f"Plan: sync {planned} connections. Path: {json.dumps(path)}")
            print(dry_run_note())
        else:
            print(f"Accepted: {accepted}. Failed or not tried: {planned - accepted}.")
        if failed or (accepted < planned and not dry_run):
            summary = f"Not complete. Tenants that failed: {failed}"
            raise SigmaError(f"{summary}. TENANT_SYNC_PATH is {json.dumps(path)}")


if __name__ == "__main__":
    run(main)
