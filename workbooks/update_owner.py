"""Give a workbook another owner.

Endpoint:  PATCH /v2/files/{inodeId}
           GET /v2/workbooks/{workbookId} and GET /v2/members/{memberId} to show who it is about
Docs:      https://help.sigmacomputing.com/reference/filesupdate
.env:      WORKBOOK_ID, the workbook (or its URL, copied from the browser)
           MEMBERID, the new owner (members/list_all.py prints every ID)
Run:       python workbooks/update_owner.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1
    Workbook:  Plugs Sales Performance
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/lvnNwtHRO64x1CvbzHy4CaFCRA5P
    Old owner: Ada Admin <ada@example.com>
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/files/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1
    New owner: Sales Rep <sales_rep@example.com>
    To undo it, set MEMBERID=lvnNwtHRO64x1CvbzHy4CaFCRA5P and run this recipe again.
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaError, SigmaSession, checked_id, require_id, run


# 2: Ask Sigma for the change. A workbook is a file among others to Sigma, and /files is where the
#    owner, the name and the folder of a file can be changed
def update_owner(session: SigmaSession, workbook_id: str, member_id: str) -> dict[str, Any]:
    """Give a workbook another owner, and return the file as it is now."""
    body = {"ownerId": member_id}
    file: dict[str, Any] = session.patch(f"/files/{workbook_id}", json=body).json()
    # ownerId is optional in the answer. Where it is there, it must be the new one
    if (file.get("ownerId") or member_id) != member_id:
        owner_id = file["ownerId"]
        raise SigmaError(f"Sigma took the request, but {owner_id} still owns {workbook_id}", 200)
    return file


# 3: Say who a member is
def label(member: dict[str, Any]) -> str:
    """Return name and address of a member. Either name may be empty."""
    name = f"{member.get('firstName') or ''} {member.get('lastName') or ''}".strip()
    return f"{name} <{member['email']}>"


def describe_member(session: SigmaSession, member_id: str) -> str:
    """Return name and address of a member, or only the ID of one whom Sigma does not know."""
    try:
        member = session.get(f"/members/{checked_id(member_id, 'ownerId')}").json()
    except SigmaError as error:
        if error.status == 404:
            return member_id
        raise
    return label(member)


def main() -> None:
    # 4: Read the workbook and the new owner from .env
    workbook_id = require_id("WORKBOOK_ID")
    member_id = require_id("MEMBERID")

    # 5: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 6: Look at the workbook first. Its address in the browser holds a short ID, which this
    #    request knows, too; the answer has the long one, which PATCH needs
    workbook = session.get(f"/workbooks/{workbook_id}").json()
    print(f"Workbook:  {workbook['name']}")
    print(f"Old owner: {describe_member(session, workbook['ownerId'])}")

    # 7: The new owner must exist, and not be deactivated: nobody could use the workbook then
    member = session.get(f"/members/{member_id}").json()
    if member.get("isArchived") or member.get("isInactive"):
        raise SigmaError(f"{member['email']} is deactivated, so the workbook stays as it is")
    new_owner = label(member)

    # 8: Change the owner
    update_owner(session, checked_id(workbook["workbookId"], "workbookId"), member_id)
    print(f"New owner: {new_owner}")
    print(f"To undo it, set MEMBERID={workbook['ownerId']} and run this recipe again.")


# 9: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
