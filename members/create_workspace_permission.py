"""Let a member use a workspace: step 3 of onboarding.

Endpoint:  POST /v2/workspaces/{workspaceId}/grants
Docs:      https://help.sigmacomputing.com/reference/createworkspacegrant
.env:      WORKSPACEID, the workspace (members/create_workspace.py prints it)
           MEMBERID, the member who gets the permission
           PERMISSION=view (explore, organize, edit)
Run:       python members/create_workspace_permission.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workspaces/f0d4e9e1-05ec-5b69-8520-95ad6eb2a83f/grants
    Permission: view
    New workspace permission added successfully: {}
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaSession, read_env, require_id, run

# 2: What a member may be granted on a workspace. Sigma's own pages say Can View, Can Explore,
#    Can Contribute (organize) and Can Manage (edit)
PERMISSIONS = ("view", "explore", "organize", "edit")


# 3: Ask Sigma to grant it
def grant_workspace(
    session: SigmaSession, workspace_id: str, member_id: str, permission: str
) -> dict[str, Any]:
    """Give a member a permission on a workspace, and return Sigma's answer: an empty object."""
    # A grant replaces the one that the member had before, so it is safe to send it again. A team
    # is granted in the same way, with teamId in place of memberId
    body = {"grants": [{"grantee": {"memberId": member_id}, "permission": permission}]}
    answer: dict[str, Any] = session.post(f"/workspaces/{workspace_id}/grants", json=body).json()
    return answer


def main() -> None:
    # 4: Read the workspace, the member and the permission from .env
    workspace_id = require_id("WORKSPACEID")
    member_id = require_id("MEMBERID")
    permission = read_env("PERMISSION", "view", choices=PERMISSIONS)

    # 5: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 6: Grant the permission
    answer = grant_workspace(session, workspace_id, member_id, permission)
    print(f"Permission: {permission}")
    print(f"New workspace permission added successfully: {answer}")


# 7: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
