"""Tell Sigma to look again at a database, schema or table of a connection.

Sigma keeps a list of what a connection holds. A table that is new in the warehouse is in it after
a sync. One sync of a schema finds all its tables, known and new.

Endpoint:  POST /v2/connections/{connectionId}/sync
           POST /v2/connection/{connectionId}/lookup to see whether Sigma knows the path afterwards
Docs:      https://help.sigmacomputing.com/reference/syncconnectionpath
.env:      CONNECTIONID, the connection (an ID or its URL)
           SYNC_PATH, what to sync, as a JSON list of one to three names: ["DATABASE","SCHEMA"]
Run:       python connections/sync_schema.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/connections/731b8533-1a07-5071-9103-68a70259b8e2/sync
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/connection/731b8533-1a07-5071-9103-68a70259b8e2/lookup
    Synced successfully: RETAIL.PLUGS_ELECTRONICS (scope)
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaError, SigmaSession, require_env, require_id, run


# 2: Read the path. JSON, because a name may hold a dot, a comma or a slash
def read_path() -> list[str]:
    """Return SYNC_PATH: a database, or a database and a schema, or these and a table."""
    text = require_env("SYNC_PATH")
    try:
        path = json.loads(text)
    except (ValueError, RecursionError):
        path = None
    names = path if isinstance(path, list) else []
    if not 1 <= len(names) <= 3 or not all(isinstance(name, str) and name for name in names):
        example = '["DATABASE","SCHEMA"]'
        raise SigmaError(f"SYNC_PATH is {text!r}. Write a JSON list of 1 to 3 names: {example}")
    return names


# 3: Ask Sigma to sync it, and what it is for Sigma afterwards
def sync_path(session: SigmaSession, connection_id: str, path: list[str]) -> None:
    """Sync a path."""
    session.post(f"/connections/{connection_id}/sync", json={"path": path}).json()


def look_up(session: SigmaSession, connection_id: str, path: list[str]) -> str:
    """Return what a path is for Sigma: scope (a database or schema) or table."""
    # The address really has "connection" without an s
    answer = session.post(f"/connection/{connection_id}/lookup", json={"path": path}).json()
    return str(answer["kind"])


def main() -> None:
    # 4: Read the connection and the path from .env
    connection_id = require_id("CONNECTIONID")
    path = read_path()

    # 5: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 6: Sync. The names are upper case in most Snowflake databases, and must be written so
    advice = "Check CONNECTIONID, and the names in SYNC_PATH with their upper and lower case"
    try:
        sync_path(session, connection_id, path)
    except SigmaError as error:
        if error.status == 404:
            raise SigmaError(f"{error}. {advice}", 404) from error
        raise

    # 7: See whether Sigma knows the path now
    try:
        kind = look_up(session, connection_id, path)
    except SigmaError as error:
        done = "Sigma took the sync"
        if error.status == 404:
            done += f", but does not know the path yet. {advice}, or wait and run this again"
        raise SigmaError(f"{error}. {done}", error.status) from error
    print(f"Synced successfully: {'.'.join(path)} ({kind})")


# 8: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
