"""Grant a member or a team access to a workbook.

In the Sigma UI, the permissions are Can View, Can Explore and Can Edit.

Endpoint:  POST /v2/workbooks/{workbookId}/grants, and GET /v2/workbooks/{workbookId} for its name
Docs:      https://help.sigmacomputing.com/reference/createworkbookgrant
.env:      WORKBOOK_ID, the workbook: its ID or URL (workbooks/list_all.py prints the URLs)
           GRANT_TO=member (or team)
           MEMBERID, the member who gets access (members/list_all.py prints the IDs)
           TEAMID, the team, if GRANT_TO=team: its ID or URL (teams/list_all.py prints the IDs)
           WORKBOOK_PERMISSION=view (or explore, edit)
Run:       python workbooks/grant_workbook_permission.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1
    Workbook:   Plugs Sales Performance
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/grants
    Granted to: member BoZP1WBp0e4AfKubatpUfasbLVYr
    Permission: view
    New workbook permission added successfully: {}
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, printable, read_env, require_all, run


# 2: Send the grant. It replaces an earlier one for the same member or team, so it's safe to repeat
def grant_workbook(
    client: SigmaClient, workbook_id: str, grantee: dict[str, str], permission: str
) -> dict[str, Any]:
    """Grant a permission on a workbook, and return the response: an empty object."""
    # grantee is {"memberId": ...} or {"teamId": ...}
    body = {"grants": [{"grantee": grantee, "permission": permission}]}
    response: dict[str, Any] = client.post(f"/workbooks/{workbook_id}/grants", json=body)
    return response


def main() -> None:
    # 3: Read all settings. MEMBERID and TEAMID may both be set, so GRANT_TO selects one
    grant_to = read_env("GRANT_TO", "member", choices=("member", "team"))
    if grant_to == "member":
        workbook_id, grantee_id = require_all("WORKBOOK_ID", "MEMBERID")
    else:
        workbook_id, grantee_id = require_all("WORKBOOK_ID", "TEAMID")
    permission = read_env("WORKBOOK_PERMISSION", "view", choices=("view", "explore", "edit"))

    with SigmaClient(get_bearer_token) as client:
        # 4: Show the workbook. This also gets the long ID, if WORKBOOK_ID is a URL
        workbook = client.get(f"/workbooks/{workbook_id}")
        print(f"Workbook:   {printable(workbook.get('name') or '')}")

        # 5: Grant the permission
        grantee = {f"{grant_to}Id": grantee_id}
        response = grant_workbook(client, workbook["workbookId"], grantee, permission)
    print(f"Granted to: {grant_to} {grantee_id}")
    print(f"Permission: {permission}")
    print(f"New workbook permission added successfully: {response}")


if __name__ == "__main__":
    run(main)
