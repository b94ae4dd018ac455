"""Transfer all workbooks of a member to another member.

Use it when somebody leaves, before you deactivate the member: with that Sigma gives the documents
to somebody else, and this recipe finds only what is left. Only what the old owner owns changes
hands, never what others have shared. It goes on after a workbook that Sigma refuses, and running it
again continues with those that are left.

Endpoint:  PATCH /v2/files/{inodeId}, once for each workbook
           GET /v2/members for the IDs of both, GET /v2/members/{memberId}/files for the workbooks
           GET /v2/files/{inodeId} for a workbook whose owner that list leaves out
Docs:      https://help.sigmacomputing.com/reference/filesupdate
.env:      OLD_OWNER_EMAIL, whose workbooks move (the member may be deactivated)
           NEW_OWNER_EMAIL, an active member
           DRY_RUN=true (only show what would be done; false: do it)
Run:       python workbooks/transfer_all_workbooks.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&email=chidi.okafor%40example.com&includeArchived=true&includeInactive=true
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&email=vic%40example.com&includeArchived=true&includeInactive=true
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/mddXhGl7HbHxKL7wHQ2j5sueuQy5/files?limit=1000&typeFilters=workbook
    Workbooks to transfer from chidi.okafor@example.com to vic@example.com: 7
    - Churn Forecast 1 (Marketing)
    - Churn Audit 40 (Engineering)
    - Churn Weekly 79 (People/Archive)
    - Churn Tracker 118 (Shared Reports)
    - Churn Monthly 157 (Marketing)
    - Churn Overview 196 (Engineering)
    - Churn Deep-Dive 235 (People/Archive)
    DRY_RUN is true, so nothing was changed. Set DRY_RUN=false to transfer them.
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
    one_line,
    read_flag,
    require_email,
    run,
)


# 2: Find both members. Nowhere is it promised that the filter is exact, so compare, ignoring the
#    case. Those who are deactivated (isArchived in Sigma, isInactive by SCIM) are left out of the
#    list unless asked for. "true" is a text: requests would send Python's True as "True"
def find_member(session: SigmaSession, email: str) -> dict[str, Any]:
    """Return the member with an address, active or not."""
    everybody = {"includeArchived": "true", "includeInactive": "true"}
    entries = session.get_entries("/members", email=email, **everybody)
    found = {m["memberId"]: m for m in entries if str(m.get("email")).lower() == email.lower()}
    if len(found) != 1:
        raise SigmaError(f"{len(found) or 'No'} members have the address {email}")
    (member,) = found.values()
    if member["memberId"] == "SigmaSchedulerRobot":
        raise SigmaError(f"{email} is Sigma's own scheduler, which is not to be changed")
    checked_id(member["memberId"], "memberId in Sigma's answer")
    return member


# 3: Ask Sigma for the workbooks of the old owner
def workbooks_owned_by(
    session: SigmaSession, member_id: str
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the workbooks that a member owns, and a line for each whose owner cannot be told."""
    owned = {}  # by ID: a file may come on two pages when the list changes meanwhile
    unknown = []
    # The list holds everything that the member can open, so also what others own
    for file in session.get_entries(f"/members/{member_id}/files", typeFilters="workbook"):
        file_id = checked_id(file["id"], "id in Sigma's answer")
        try:
            # ownerId is optional in a list. Ask about the file itself rather than guess
            owner_id = file.get("ownerId") or session.get(f"/files/{file_id}").json()["ownerId"]
        except SigmaError as error:
            if error.concerns_all:
                raise
            unknown.append(f"Owner unknown: {file['name']}: {error}")
            continue
        if owner_id == member_id and (file.get("type") or "workbook") == "workbook":
            owned[file_id] = file
    return list(owned.values()), unknown


# 4: Ask Sigma to change one owner
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
    # 5: Read the settings from .env, all of them before anything is sent
    old_email = require_email("OLD_OWNER_EMAIL")
    new_email = require_email("NEW_OWNER_EMAIL")
    dry_run = read_flag("DRY_RUN", default=True)
    if old_email.lower() == new_email.lower():
        raise SigmaError("OLD_OWNER_EMAIL and NEW_OWNER_EMAIL are the same address")

    # 6: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 7: Find both members. The new owner must be active: nobody could use the workbooks otherwise
    old_owner = find_member(session, old_email)
    new_owner = find_member(session, new_email)
    if new_owner.get("isArchived") or new_owner.get("isInactive"):
        raise SigmaError(f"NEW_OWNER_EMAIL: {new_email} is deactivated")

    # 8: Print the plan
    workbooks, unknown = workbooks_owned_by(session, old_owner["memberId"])
    if not workbooks and not unknown:
        print(f"{old_email} owns no workbooks.")
        if old_owner.get("isArchived"):
            print("The member is deactivated: with that, Sigma gives the documents a new owner.")
        return
    print(f"Workbooks to transfer from {old_email} to {new_email}: {len(workbooks)}")
    for workbook in workbooks:
        # A name with a line break in it must not add a line to the plan
        print(f"- {one_line(workbook['name'])} ({one_line(workbook['path'])})")
    for line in unknown:
        print(line, file=sys.stderr)
    if dry_run:
        print("DRY_RUN is true, so nothing was changed. Set DRY_RUN=false to transfer them.")
        if unknown:
            raise SigmaError(f"the plan is not complete: {len(unknown)} owners are unknown")
        return

    # 9: Transfer one after the other. A refused one is named, and the others follow
    transferred, failed = 0, len(unknown)
    for workbook in workbooks:
        try:
            update_owner(session, workbook["id"], new_owner["memberId"])
        except SigmaError as error:
            if error.concerns_all:
                counts = f"Transferred before: {transferred} of {len(workbooks)}"
                raise SigmaError(f"{workbook['name']}: {error}. {counts}", error.status) from error
            failed += 1
            print(f"Not transferred: {workbook['name']}: {error}", file=sys.stderr)
            continue
        transferred += 1
        print(f"Transferred: {workbook['name']}")

    # 10: Sum up
    summary = f"Transferred {transferred}, failed {failed}"
    if failed:
        raise SigmaError(f"{summary}. Run this recipe again to go on with those that are left")
    print(summary)


# 11: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
