"""Grant a member access to a workspace: step 3 of onboarding.

Endpoint:  POST /v2/workspaces/{workspaceId}/grants
Docs:      https://help.sigmacomputing.com/reference/createworkspacegrant
.env:      WORKSPACEID, the workspace: its ID or URL (members/list_workspaces.py prints the IDs)
           MEMBERID, the member who gets access (members/list_all.py prints the IDs)
           PERMISSION=view (or explore, organize, edit)
Run:       python members/create_workspace_permission.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workspaces/f0d4e9e1-05ec-5b69-8520-95ad6eb2a83f/grants
    Permission: view
    New workspace permission added successfully: {}
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, read_env, require_all, run

# 2: List the possible permissions. In the Sigma UI: Can View, Can Explore,
#    Can Contribute (organize) and Can Manage (edit)
PERMISSIONS = ("view", "explore", "organize", "edit")


# 3: Send the grant
def grant_workspace(
    client: SigmaClient, workspace_id: str, member_id: str, permission: str
) -> dict[str, Any]:
    """Grant a member a permission on a workspace, and return the response: an empty object."""
    # It's safe to send the same grant again. For a team, send teamId instead of memberId
    grant = {"grantee": {"memberId": member_id}, "permission": permission}
    response: dict[str, Any] = client.post(
        f"/workspaces/{workspace_id}/grants", json={"grants": [grant]}
    )
    return response


def main() -> None:
    workspace_id, member_id = require_all("WORKSPACEID", "MEMBERID")
    permission = read_env("PERMISSION", "view", choices=PERMISSIONS)

    # 4: Grant the permission, and print the response
    with SigmaClient(get_bearer_token) as client:
        response = grant_workspace(client, workspace_id, member_id, permission)
    print(f"Permission: {permission}")
    print(f"New workspace permission added successfully: {response}")


if __name__ == "__main__":
    run(main)
