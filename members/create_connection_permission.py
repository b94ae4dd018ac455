"""Let a member use a connection, the way to the data: step 5 of onboarding.

Endpoint:  POST /v2/connections/{connectionId}/grants
Docs:      https://help.sigmacomputing.com/reference/createconnectiongrant
.env:      CONNECTIONID, the connection: its ID (connections/list_all_connections.py prints it)
           or the URL of its page
           MEMBERID, the member who gets the permission
           CONNECTION_PERMISSION=usage (annotate)
Run:       python members/create_connection_permission.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/connections/731b8533-1a07-5071-9103-68a70259b8e2/grants
    Permission: usage
    New connection permission added successfully: {}
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaSession, read_env, require_id, run

# 2: What a member may be granted on a connection. Sigma's own pages say Can Use (usage) and
#    Can Use & Annotate (annotate). The permissions of a workspace are others
PERMISSIONS = ("usage", "annotate")


# 3: Ask Sigma to grant it
def grant_connection(
    session: SigmaSession, connection_id: str, member_id: str, permission: str
) -> dict[str, Any]:
    """Give a member a permission on a connection, and return Sigma's answer: an empty object."""
    # A grant replaces the one that the member had before, so it is safe to send it again
    body = {"grants": [{"grantee": {"memberId": member_id}, "permission": permission}]}
    answer: dict[str, Any] = session.post(f"/connections/{connection_id}/grants", json=body).json()
    return answer


def main() -> None:
    # 4: Read the connection, the member and the permission from .env
    connection_id = require_id("CONNECTIONID")
    member_id = require_id("MEMBERID")
    permission = read_env("CONNECTION_PERMISSION", "usage", choices=PERMISSIONS)

    # 5: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 6: Grant the permission
    answer = grant_connection(session, connection_id, member_id, permission)
    print(f"Permission: {permission}")
    print(f"New connection permission added successfully: {answer}")


# 7: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
