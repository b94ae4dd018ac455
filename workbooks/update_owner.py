"""Change the owner of a workbook.

Endpoint:  PATCH /v2/files/{inodeId}
           GET /v2/workbooks/{workbookId} and GET /v2/members/{memberId} to show the change
Docs:      https://help.sigmacomputing.com/reference/filesupdate
.env:      WORKBOOK_ID, the workbook: its ID or URL (workbooks/list_all.py prints the URLs)
           MEMBERID, the new owner (members/list_all.py prints the IDs)
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
    To undo this, set MEMBERID=lvnNwtHRO64x1CvbzHy4CaFCRA5P and run this recipe again.
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, SigmaError, member_label, printable, require_all, run


# 2: Send the update. For Sigma, a workbook is a file: PATCH /files can change its owner, name and
#    folder
def update_owner(client: SigmaClient, workbook_id: str, member_id: str) -> None:
    """Make a member the owner of a workbook."""
    file = client.patch(f"/files/{workbook_id}", json={"ownerId": member_id})
    owner_id = file.get("ownerId") or member_id  # Sigma may leave it out
    if owner_id != member_id:
        raise SigmaError(f"Sigma accepted the change, but {owner_id} still owns {workbook_id}")


# 3: Get the name of the old owner, who may not exist anymore
def describe_member(client: SigmaClient, member_id: str) -> str:
    """Return the name and email of a member, or just the ID if Sigma doesn't know the member."""
    try:
        return member_label(client.get(f"/members/{member_id}"))
    except SigmaError as error:
        if error.status == 404:
            return member_id
        raise


def main() -> None:
    workbook_id, member_id = require_all("WORKBOOK_ID", "MEMBERID")

    with SigmaClient(get_bearer_token) as client:
        # 4: Show the old owner first, so that you can undo the change. This also gets the long ID
        #    of the workbook, if WORKBOOK_ID is a URL
        workbook = client.get(f"/workbooks/{workbook_id}")
        old_id = workbook["ownerId"]
        print(f"Workbook:  {printable(workbook.get('name') or '')}")
        print(f"Old owner: {describe_member(client, old_id)}")

        # 5: Change the owner. A deactivated member couldn't use the workbook
        member = client.get(f"/members/{member_id}")
        if member.get("isArchived") or member.get("isInactive"):
            raise SigmaError(f"{member_label(member)} is deactivated. Nothing was changed")
        update_owner(client, workbook["workbookId"], member_id)
    print(f"New owner: {member_label(member)}")
    if old_id != member_id:
        print(f"To undo this, set MEMBERID={old_id} and run this recipe again.")


if __name__ == "__main__":
    run(main)
