"""Grant a member access to the data of a connection: step 5 of onboarding.

Endpoint:  POST /v2/connections/{connectionId}/grants
Docs:      https://help.sigmacomputing.com/reference/createconnectiongrant
.env:      CONNECTIONID, the connection: its ID or URL
           (connections/list_all_connections.py prints the IDs)
           MEMBERID, the member who gets access (members/list_all.py prints the IDs)
           CONNECTION_PERMISSION=usage (or annotate)
Run:       python members/create_connection_permission.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/connections/731b8533-1a07-5071-9103-68a70259b8e2/grants
    Permission: usage
    New connection permission added successfully: {}
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, read_env, require_all, run

# 2: List the possible permissions. In the Sigma UI: Can Use, and Can Use & Annotate
PERMISSIONS = ("usage", "annotate")


# 3: Send the grant
def grant_connection(
    client: SigmaClient, connection_id: str, member_id: str, permission: str
) -> dict[str, Any]:
    """Grant a member a permission on a connection, and return the response: an empty object."""
    # It's safe to send the same grant again
    grant = {"grantee": {"memberId": member_id}, "permission": permission}
    response: dict[str, Any] = client.post(
        f"/connections/{connection_id}/grants", json={"grants": [grant]}
    )
    return response


def main() -> None:
    connection_id, member_id = require_all("CONNECTIONID", "MEMBERID")
    permission = read_env("CONNECTION_PERMISSION", "usage", choices=PERMISSIONS)

    # 4: Grant the permission, and print the response
    with SigmaClient(get_bearer_token) as client:
        response = grant_connection(client, connection_id, member_id, permission)
    print(f"Permission: {permission}")
    print(f"New connection permission added successfully: {response}")


if __name__ == "__main__":
    run(main)
