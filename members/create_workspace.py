"""Create a workspace for a member: step 2 of onboarding.

A workspace is a shared folder at the top level of the organization. The member can't open it until
step 3 grants access. It's safe to run this again: an existing workspace is reused.

Endpoint:  POST /v2/workspaces
Docs:      https://help.sigmacomputing.com/reference/createworkspace
.env:      MEMBERID, the member who gets the workspace (members/list_all.py prints the IDs)
Run:       python members/create_workspace.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workspaces
    Workspace created successfully:
    name:        Workspace for Member BoZP1WBp0e4AfKubatpUfasbLVYr
    workspaceId: bf903932-47b7-5426-bd01-eb2f3f200b49
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, SigmaError, require_id, run


# 2: Create the workspace, unless it already exists
def create_workspace(client: SigmaClient, member_id: str) -> tuple[str, bool]:
    """Return the ID of the member's workspace, and True if it's new."""
    # noDuplicates tells Sigma not to create a second workspace with the same name
    name = f"Workspace for Member {member_id}"
    response = client.post("/workspaces", json={"name": name, "noDuplicates": True})

    # 3: If the workspace already exists, the response lists the IDs of all workspaces with its name
    if response.get("workspaceIds"):
        return response["workspaceIds"][0], False
    if (response.get("name") or name) != name:
        raise SigmaError(f"Sigma created the workspace, but named it {response['name']!r}")
    return response["workspaceId"], True


def main() -> None:
    member_id = require_id("MEMBERID")
    with SigmaClient(get_bearer_token) as client:
        workspace_id, is_new = create_workspace(client, member_id)

    # 4: Print the ID. The next step needs it as WORKSPACEID
    print(f"Workspace {'created successfully' if is_new else 'already exists'}:")
    print(f"name:        Workspace for Member {member_id}")
    print(f"workspaceId: {workspace_id}")


if __name__ == "__main__":
    run(main)
