"""Copy a workbook into a member's My Documents folder, and make the member its owner.

If the folder already has a workbook with this name, nothing is copied. To copy it under another
name, set NEW_WORKBOOK_NAME.

Endpoint:  POST /v2/workbooks/{workbookId}/copy, then PATCH /v2/files/{inodeId} for the owner
           GET /v2/workbooks/{workbookId} and GET /v2/members/{memberId} for names and IDs
           GET /v2/files and GET /v2/members/{memberId}/files to see if the name is taken
Docs:      https://help.sigmacomputing.com/reference/copyworkbook
.env:      WORKBOOK_ID, the workbook: its ID or URL (workbooks/list_all.py prints the URLs)
           MEMBERID, the owner of the copy (members/list_all.py prints the IDs)
           NEW_WORKBOOK_NAME, the name of the copy (default: the name of the workbook)
Run:       python workbooks/copy_workbook_folder.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/files?limit=1000&name=Plugs+Sales+Performance&typeFilters=workbook
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr/files?limit=1000&name=Plugs+Sales+Performance&typeFilters=workbook
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/copy
    Copied:   Plugs Sales Performance
    New name: Plugs Sales Performance
    New ID:   5d1a7d09-6f10-5e26-a5f4-59662fed36d2
    URL:      https://app.sigmacomputing.com/sandbox/workbook/2PGohw5LuuqGIRQJH6Owj8
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/files/5d1a7d09-6f10-5e26-a5f4-59662fed36d2
    Owner:    Sales Rep <sales_rep@example.com>
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any
from unicodedata import normalize

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import (
    SigmaClient,
    SigmaError,
    member_label,
    printable,
    read_env,
    require_all,
    run,
)


# 2: Check the name: Sigma would create a second workbook with the same name
def require_free_name(client: SigmaClient, member_id: str, folder_id: str, name: str) -> None:
    """Raise SigmaError if a member's My Documents folder has a workbook with this name."""
    # The first list has what the credentials can open, the second what the member can open. If an
    # earlier copy still has the wrong owner, it may be in only one of them
    for path in ("/files", f"/members/{member_id}/files"):
        for file in client.get_all(path, name=name, typeFilters="workbook"):
            # The filter also finds longer names, so compare. NFC is one form for accents
            in_folder = file["parentId"] == folder_id and not file.get("isArchived")
            if in_folder and normalize("NFC", file["name"]) == normalize("NFC", name):
                error = f"My Documents already has a workbook named {name!r} (ID {file['id']})"
                raise SigmaError(f"{error}. Set NEW_WORKBOOK_NAME to another name")
    client.require_complete_lists()  # the workbook may be an entry that Sigma couldn't read


# 3: Copy the workbook. The owner of the credentials owns the copy, even if you send an ownerId
def copy_workbook(
    client: SigmaClient, workbook_id: str, folder_id: str, name: str
) -> dict[str, Any]:
    """Copy a workbook into a folder, and return the copy."""
    body = {"destinationFolderId": folder_id, "name": name}
    copy: dict[str, Any] = client.post(f"/workbooks/{workbook_id}/copy", json=body)
    return copy


# 4: Change the owner. For Sigma, a workbook is a file
def update_owner(client: SigmaClient, workbook_id: str, member_id: str) -> None:
    """Make a member the owner of a workbook."""
    file = client.patch(f"/files/{workbook_id}", json={"ownerId": member_id})
    owner_id = file.get("ownerId") or member_id  # Sigma may leave it out
    if owner_id != member_id:
        raise SigmaError(f"Sigma accepted the change, but {owner_id} still owns {workbook_id}")


def main() -> None:
    workbook_id, member_id = require_all("WORKBOOK_ID", "MEMBERID")
    new_name = read_env("NEW_WORKBOOK_NAME")

    with SigmaClient(get_bearer_token) as client:
        # 5: Get the workbook and the member. homeFolderId is the My Documents folder
        workbook = client.get(f"/workbooks/{workbook_id}")
        name = new_name or workbook["name"]
        member = client.get(f"/members/{member_id}")
        if member.get("isArchived") or member.get("isInactive"):
            raise SigmaError(f"{member_label(member)} is deactivated. Nothing was copied")
        folder_id = member["homeFolderId"]

        # 6: Copy the workbook
        require_free_name(client, member_id, folder_id, name)
        copy = copy_workbook(client, workbook["workbookId"], folder_id, name)
        copy_id = copy["workbookId"]
        print(f"Copied:   {printable(workbook.get('name') or '')}")
        print(f"New name: {printable(copy.get('name') or '')}")
        print(f"New ID:   {copy_id}")
        print(f"URL:      {printable(copy.get('url') or '')}")

        # 7: Make the member the owner. If this fails, print how to continue: the copy exists
        try:
            update_owner(client, copy_id, member_id)
        except SigmaError as error:
            settings = f"set WORKBOOK_ID={copy_id} and MEMBERID={member_id}"
            todo = f"{settings}, and run: python workbooks/update_owner.py"
            raise SigmaError(f"{error}. The copy exists. To change its owner, {todo}") from error
    print(f"Owner:    {member_label(member)}")


if __name__ == "__main__":
    run(main)
