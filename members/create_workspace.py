"""Create a workspace for a member: step 2 of onboarding.

A workspace is a shared folder at the top level of the organization. The member cannot use it yet:
that is step 3. Running the recipe again finds the workspace that it made before, and makes no
second one.

Endpoint:  POST /v2/workspaces
Docs:      https://help.sigmacomputing.com/reference/createworkspace
.env:      MEMBERID, the member that the workspace is for (members/create_new.py prints it)
Run:       python members/create_workspace.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workspaces
    Workspace created successfully:
    name:        Workspace for Member BoZP1WBp0e4AfKubatpUfasbLVYr
    workspaceId: bf903932-47b7-5426-bd01-eb2f3f200b49
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaError, SigmaSession, checked_id, require_id, run


# 2: Ask Sigma to create the workspace, unless there is one of that name
def create_workspace(session: SigmaSession, member_id: str) -> tuple[str, bool]:
    """Return the ID of the member's workspace, and whether it was created just now."""
    # Two workspaces may have the same name. noDuplicates keeps Sigma from making a second one
    body = {"name": f"Workspace for Member {member_id}", "noDuplicates": True}
    answer = session.post("/workspaces", json=body).json()

    # 3: For a name that exists Sigma answers with success, too, but in another form: a list of
    #    the IDs of all workspaces of that name
    source = "workspaceId in Sigma's answer"
    known = answer.get("workspaceIds")
    if known is None:
        return checked_id(answer["workspaceId"], source), True
    if not isinstance(known, list) or not known:
        raise SigmaError(f"Sigma says that {body['name']!r} exists, but not which one it is")
    return checked_id(known[0], source), False


def main() -> None:
    # 4: Read the member from .env
    member_id = require_id("MEMBERID")

    # 5: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 6: Create the workspace, and print its ID: the next step needs it as WORKSPACEID
    workspace_id, is_new = create_workspace(session, member_id)
    print(f"Workspace {'created successfully' if is_new else 'exists already'}:")
    print(f"name:        Workspace for Member {member_id}")
    print(f"workspaceId: {workspace_id}")


# 7: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
