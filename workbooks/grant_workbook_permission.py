"""Let a member or a team use a workbook.

Sigma's own pages say Can View, Can Explore and Can Edit.

Endpoint:  POST /v2/workbooks/{workbookId}/grants, and GET /v2/workbooks/{workbookId} for its name
Docs:      https://help.sigmacomputing.com/reference/createworkbookgrant
.env:      WORKBOOK_ID, the workbook (or its URL, copied from the browser)
           GRANT_TO=member (team), who gets the permission
           MEMBERID, the member (members/list_all.py prints every ID), or
           TEAMID, the team (teams/list_all.py prints every ID) when GRANT_TO=team
           WORKBOOK_PERMISSION=view (explore, edit)
Run:       python workbooks/grant_workbook_permission.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/grants
    Workbook:   Plugs Sales Performance
    Granted to: member BoZP1WBp0e4AfKubatpUfasbLVYr
    Permission: view
    New workbook permission added successfully: {}
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaSession, checked_id, read_env, require_id, run

# 2: What may be granted on a workbook, and how Sigma and .env call the ID of who gets it
PERMISSIONS = ("view", "explore", "edit")
GRANTEES = {"member": ("memberId", "MEMBERID"), "team": ("teamId", "TEAMID")}


# 3: Ask Sigma to grant it
def grant_workbook(
    session: SigmaSession, workbook_id: str, grantee: dict[str, str], permission: str
) -> dict[str, Any]:
    """Grant a permission on a workbook, and return Sigma's answer: an empty object."""
    # The grantee is {"memberId": ...} or {"teamId": ...}, never both. A grant replaces the one
    # that the grantee had before, so it is safe to send it again
    body = {"grants": [{"grantee": grantee, "permission": permission}]}
    answer: dict[str, Any] = session.post(f"/workbooks/{workbook_id}/grants", json=body).json()
    return answer


def main() -> None:
    # 4: Read the settings from .env. It may hold both a member and a team, from other recipes, so
    #    GRANT_TO says which of them is meant
    workbook_id = require_id("WORKBOOK_ID")
    grant_to = read_env("GRANT_TO", "member", choices=tuple(GRANTEES))
    field, setting = GRANTEES[grant_to]
    grantee_id = require_id(setting)
    permission = read_env("WORKBOOK_PERMISSION", "view", choices=PERMISSIONS)

    # 5: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 6: Find the workbook. Its address in the browser holds a short ID, which this request knows,
    #    too; the answer has the long one
    workbook = session.get(f"/workbooks/{workbook_id}").json()
    workbook_id = checked_id(workbook["workbookId"], "workbookId in Sigma's answer")

    # 7: Grant the permission
    answer = grant_workbook(session, workbook_id, {field: grantee_id}, permission)
    print(f"Workbook:   {workbook['name']}")
    print(f"Granted to: {grant_to} {grantee_id}")
    print(f"Permission: {permission}")
    print(f"New workbook permission added successfully: {answer}")


# 8: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
