"""Copy a workbook into a member's folder My Documents, and make the member its owner.

It takes two changes: a copy belongs to the owner of the credentials, whatever folder it lies in.
Running it again makes no second copy of the same name: it says that the copy is there, and makes
the member its owner if that is still to do. For another copy set NEW_WORKBOOK_NAME. Two runs within
the seconds that Sigma needs to list a new file may still make two: the error names both, if Sigma
lists them by then.

Endpoint:  POST /v2/workbooks/{workbookId}/copy, and PATCH /v2/files/{inodeId} for the owner
           GET /v2/workbooks/{workbookId}, GET /v2/members/{memberId} and GET /v2/whoami before it
           GET /v2/files and GET /v2/members/{memberId}/files to look for copies
Docs:      https://help.sigmacomputing.com/reference/copyworkbook
.env:      WORKBOOK_ID, the workbook (or its URL, copied from the browser)
           MEMBERID, who gets the copy (members/list_all.py prints every ID)
           NEW_WORKBOOK_NAME, the name of the copy (default: that of the workbook)
Run:       python workbooks/copy_workbook_folder.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/whoami
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/files?limit=1000&name=Plugs+Sales+Performance&typeFilters=workbook
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr/files?limit=1000&name=Plugs+Sales+Performance&typeFilters=workbook
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/copy
    Copied:   Plugs Sales Performance
    New name: Plugs Sales Performance
    New ID:   5d1a7d09-6f10-5e26-a5f4-59662fed36d2
    URL:      https://app.sigmacomputing.com/sandbox/workbook/Plugs-Sales-Performance-rQEaqiSjBobShavzf68HYp
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/files/5d1a7d09-6f10-5e26-a5f4-59662fed36d2
    Owner:    Sales Rep <sales_rep@example.com>
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/files?limit=1000&name=Plugs+Sales+Performance&typeFilters=workbook
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr/files?limit=1000&name=Plugs+Sales+Performance&typeFilters=workbook
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import (
    SigmaError,
    SigmaSession,
    checked_id,
    read_env,
    require_id,
    require_whole_lists,
    run,
)


# 2: Look for copies that are there: Sigma itself would make another one at each run
def find_copies(
    session: SigmaSession, workbook_id: str, folder_id: str, name: str, my_id: str, member_id: str
) -> dict[str, str | None]:
    """Return the IDs of the copies in a member's folder, and who owns each, None if not told.

    my_id is the owner of the credentials, who makes the copies.
    """
    copies = {}
    # Each list holds what one of the two can open. A copy that is not the member's yet may be
    # missing from the second one, and one that is may be missing from the first
    for path in ("/files", f"/members/{member_id}/files"):
        for file in session.get_entries(path, name=name, typeFilters="workbook"):
            # name finds parts of names, too, and in every folder, so compare. What another member
            # made is no copy, nor is the workbook itself, which may lie in that folder
            in_place = file["name"] == name and file["parentId"] == folder_id
            made_by_me = file["createdBy"] == my_id and file["id"] != workbook_id
            still_ours = file.get("ownerId") in (None, my_id, member_id)
            if in_place and made_by_me and still_ours and not file["isArchived"]:
                copies[checked_id(file["id"], "id in Sigma's answer")] = file.get("ownerId")
    return copies


# 3: Ask Sigma for the copy
def copy_workbook(
    session: SigmaSession, workbook_id: str, folder_id: str, name: str
) -> dict[str, Any]:
    """Copy a workbook into a folder, and return the copy."""
    body = {"destinationFolderId": folder_id, "name": name}  # an ownerId would be ignored here
    copy: dict[str, Any] = session.post(f"/workbooks/{workbook_id}/copy", json=body).json()
    checked_id(copy["workbookId"], "workbookId in Sigma's answer")
    return copy


# 4: Ask Sigma to change the owner. A workbook is a file among others here
def update_owner(session: SigmaSession, workbook_id: str, member_id: str) -> dict[str, Any]:
    """Give a workbook another owner, and return the file as it is now."""
    body = {"ownerId": member_id}
    file: dict[str, Any] = session.patch(f"/files/{workbook_id}", json=body).json()
    # ownerId is optional in the answer. Where it is there, it must be the new one
    if (file.get("ownerId") or member_id) != member_id:
        owner_id = file["ownerId"]
        raise SigmaError(f"Sigma took the request, but {owner_id} still owns {workbook_id}", 200)
    return file


def main() -> None:
    # 5: Read the workbook and the member from .env
    workbook_id = require_id("WORKBOOK_ID")
    member_id = require_id("MEMBERID")
    new_name = read_env("NEW_WORKBOOK_NAME")

    # 6: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 7: Look at the workbook. Its address in the browser holds a short ID, which this request
    #    knows, too; the answer has the long one, which the copy needs
    workbook = session.get(f"/workbooks/{workbook_id}").json()
    workbook_id = checked_id(workbook["workbookId"], "workbookId in Sigma's answer")
    name = new_name or workbook["name"]

    # 8: Look at the member. homeFolderId is the folder My Documents
    member = session.get(f"/members/{member_id}").json()
    if member.get("isArchived") or member.get("isInactive"):  # nobody could open the copy
        raise SigmaError(f"{member['email']} is deactivated, so nothing was copied")
    member_name = f"{member.get('firstName') or ''} {member.get('lastName') or ''}".strip()
    new_owner = f"{member_name} <{member['email']}>"
    folder_id = checked_id(member["homeFolderId"], "homeFolderId in Sigma's answer")

    # 9: Copy the workbook, unless an earlier run did
    my_id = checked_id(session.get("/whoami").json()["userId"], "userId in Sigma's answer")
    copies = find_copies(session, workbook_id, folder_id, name, my_id, member_id)
    for copy_id in copies:
        print(f"Exists already: {name}, ID {copy_id}. For another copy set NEW_WORKBOOK_NAME")
    is_new = not copies
    if is_new:
        require_whole_lists()  # the copy may be an entry that Sigma could not read
        copy = copy_workbook(session, workbook_id, folder_id, name)
        copies = {copy["workbookId"]: copy.get("ownerId")}
        print(f"Copied:   {workbook['name']}")
        print(f"New name: {copy['name']}")
        print(f"New ID:   {copy['workbookId']}")
        print(f"URL:      {copy['url']}")

    # 10: Make the member the owner. When this fails, the copy is there already: so say how to go on
    for copy_id, owner_id in copies.items():
        if owner_id == member_id:
            continue
        try:
            update_owner(session, copy_id, member_id)
        except SigmaError as error:
            raise SigmaError(
                f"{error}. The copy exists, but may not be the member's yet. To go on, set"
                f" WORKBOOK_ID={copy_id} and MEMBERID={member_id}, and run"
                " workbooks/update_owner.py",
                error.status,
            ) from error
    print(f"Owner:    {new_owner}")

    # 11: Another run may have copied since step 9, and nothing in Sigma keeps two from doing so.
    #     Look again, and leave it to a person which one is to go
    if is_new:
        copies |= find_copies(session, workbook_id, folder_id, name, my_id, member_id)
        if len(copies) > 1:
            raise SigmaError(
                f"Another run copied at the same moment, so there are {len(copies)} copies called"
                f" {name}: {', '.join(sorted(copies))}. Delete in Sigma what is too many"
            )


# 12: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
