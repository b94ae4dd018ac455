"""Copy a workbook into a member's folder My Documents, and make the member its owner.

It takes two changes: a copy belongs to the owner of the credentials, whatever folder it lies in.

Endpoint:  POST /v2/workbooks/{workbookId}/copy
           GET /v2/workbooks/{workbookId} and GET /v2/members/{memberId} before it
           PATCH /v2/files/{inodeId} for the owner
Docs:      https://help.sigmacomputing.com/reference/copyworkbook
.env:      WORKBOOK_ID, the workbook (or its URL, copied from the browser)
           MEMBERID, who gets the copy (members/list_all.py prints every ID)
           NEW_WORKBOOK_NAME, the name of the copy (default: that of the workbook)
Run:       python workbooks/copy_workbook_folder.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/copy
    Copied:   Plugs Sales Performance
    New name: Plugs Sales Performance
    New ID:   5d1a7d09-6f10-5e26-a5f4-59662fed36d2
    URL:      https://app.sigmacomputing.com/sandbox/workbook/Plugs-Sales-Performance-rQEaqiSjBobShavzf68HYp
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/files/5d1a7d09-6f10-5e26-a5f4-59662fed36d2
    Owner:    Sales Rep <sales_rep@example.com>
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaError, SigmaSession, checked_id, read_env, require_id, run


# 2: Ask Sigma for the copy
def copy_workbook(
    session: SigmaSession, workbook_id: str, folder_id: str, name: str
) -> dict[str, Any]:
    """Copy a workbook into a folder, and return the copy."""
    # An ownerId would be ignored here. A name that the folder has already is taken once more:
    # each run makes another copy
    body = {"destinationFolderId": folder_id, "name": name}
    copy: dict[str, Any] = session.post(f"/workbooks/{workbook_id}/copy", json=body).json()
    checked_id(copy["workbookId"], "workbookId in Sigma's answer")
    return copy


# 3: Ask Sigma to change the owner. A workbook is a file among others here
def update_owner(session: SigmaSession, workbook_id: str, member_id: str) -> dict[str, Any]:
    """Give a workbook another owner, and return the file as it is now."""
    body = {"ownerId": member_id}
    file: dict[str, Any] = session.patch(f"/files/{workbook_id}", json=body).json()
    # ownerId is optional in the answer. Where it is there, it must be the new one
    if (file.get("ownerId") or member_id) != member_id:
        raise SigmaError(f"Sigma took the request, but {file['ownerId']} still owns {workbook_id}")
    return file


def main() -> None:
    # 4: Read the workbook and the member from .env
    workbook_id = require_id("WORKBOOK_ID")
    member_id = require_id("MEMBERID")
    new_name = read_env("NEW_WORKBOOK_NAME")

    # 5: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 6: Look at the workbook. Its address in the browser holds a short ID, which this request
    #    knows, too; the answer has the long one, which the copy needs
    workbook = session.get(f"/workbooks/{workbook_id}").json()
    workbook_id = checked_id(workbook["workbookId"], "workbookId in Sigma's answer")

    # 7: Look at the member. homeFolderId is the folder My Documents
    member = session.get(f"/members/{member_id}").json()
    if member.get("isArchived") or member.get("isInactive"):  # nobody could open the copy
        raise SigmaError(f"{member.get('email')} is deactivated, so nothing was copied")
    folder_id = checked_id(member["homeFolderId"], "homeFolderId in Sigma's answer")

    # 8: Copy the workbook
    copy = copy_workbook(session, workbook_id, folder_id, new_name or workbook["name"])
    print(f"Copied:   {workbook['name']}")
    print(f"New name: {copy['name']}")
    print(f"New ID:   {copy['workbookId']}")
    print(f"URL:      {copy['url']}")

    # 9: Make the member the owner. When this fails, the copy is there already, and running the
    #    recipe again would make a second one: so say how to go on
    try:
        update_owner(session, copy["workbookId"], member_id)
    except SigmaError as error:
        raise SigmaError(
            f"{error}. The copy exists, but may not be the member's yet. To go on, set"
            f" WORKBOOK_ID={copy['workbookId']} and MEMBERID={member_id}, and run"
            " workbooks/update_owner.py",
            error.status,
        ) from error
    print(f"Owner:    {member.get('firstName')} {member.get('lastName')} <{member.get('email')}>")


# 10: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
