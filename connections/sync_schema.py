"""Sync a database, schema or table of a connection, so that Sigma finds new tables.

Sigma keeps a list of the tables in a connection. New tables appear in it after a sync. To sync all
tables in a schema at once, sync the schema.

Endpoint:  POST /v2/connections/{connectionId}/sync
           POST /v2/connection/{connectionId}/lookup to check that Sigma knows the path
Docs:      https://help.sigmacomputing.com/reference/syncconnectionpath
.env:      CONNECTIONID, the connection: its ID or URL
           (connections/list_all_connections.py prints the IDs)
           SYNC_PATH, what to sync, as a JSON list of one to three names: ["DATABASE","SCHEMA"]
Run:       python connections/sync_schema.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/connections/731b8533-1a07-5071-9103-68a70259b8e2/sync
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/connection/731b8533-1a07-5071-9103-68a70259b8e2/lookup
    Synced successfully: RETAIL.PLUGS_ELECTRONICS (scope)
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, SigmaError, read_table_path, require_all, run


# 2: Sync a path
def sync_path(client: SigmaClient, connection_id: str, path: list[str]) -> None:
    """Sync a path of a connection."""
    client.post(f"/connections/{connection_id}/sync", json={"path": path})


# 3: Look up a path. In this endpoint, it's "connection" without an s
def look_up(client: SigmaClient, connection_id: str, path: list[str]) -> str:
    """Return the kind of a path: scope (a database or schema), table and so on."""
    found = client.post(f"/connection/{connection_id}/lookup", json={"path": path})
    return str(found.get("kind") or "unknown kind")


def main() -> None:
    # 4: Read all settings before anything is sent
    connection_id, _ = require_all("CONNECTIONID", "SYNC_PATH")
    path = read_table_path("SYNC_PATH")
    if not path:
        raise SigmaError("SYNC_PATH is [], but must name at least the database")

    with SigmaClient(get_bearer_token) as client:
        # 5: Sync the path. Names are case-sensitive. In Snowflake, most are in upper case
        advice = "Check CONNECTIONID, and the names in SYNC_PATH (they're case-sensitive)"
        try:
            sync_path(client, connection_id, path)
        except SigmaError as error:
            if error.status == 404:
                raise SigmaError(f"{error}. {advice}", 404) from error
            raise

        # 6: Check that Sigma knows the path now, because the response to the sync doesn't say so
        try:
            kind = look_up(client, connection_id, path)
        except SigmaError as error:
            done = "Sigma accepted the sync"
            if error.status == 404:
                done += f", but doesn't know the path yet. {advice}, or run this again later"
            raise SigmaError(f"{error}. {done}", error.status) from error
    print(f"Synced successfully: {'.'.join(path)} ({kind})")


if __name__ == "__main__":
    run(main)
