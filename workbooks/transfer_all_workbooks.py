"""Transfer all workbooks of a member to another member.

Run this before you deactivate a member: Sigma transfers the documents of deactivated members to
another owner. Workbooks that others shared with the member aren't transferred. It's safe to run
this again: it continues with the rest.
By default this is a dry run. Set DRY_RUN=false to transfer the workbooks.

Endpoint:  PATCH /v2/files/{inodeId} for each workbook
           GET /v2/members to find both members, GET /v2/members/{memberId}/files for the workbooks
           GET /v2/files/{inodeId} for workbooks without an owner in this list
Docs:      https://help.sigmacomputing.com/reference/filesupdate
.env:      OLD_OWNER_EMAIL, the owner of the workbooks, who can be deactivated
           NEW_OWNER_EMAIL, the new owner, an active member
           DRY_RUN=true (false: transfer the workbooks)
Run:       python workbooks/transfer_all_workbooks.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&email=chidi.okafor%40example.com&includeArchived=true&includeInactive=true
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&email=vic%40example.com&includeArchived=true&includeInactive=true
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/mddXhGl7HbHxKL7wHQ2j5sueuQy5/files?limit=1000&typeFilters=workbook
    To transfer: Churn Forecast 1 (Marketing)
    ...
    Plan: transfer 7 workbooks from chidi.okafor@example.com to vic@example.com
    Dry run: nothing was changed. To apply the plan once: DRY_RUN=false python workbooks/transfer_all_workbooks.py
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import (
    SigmaClient,
    SigmaError,
    dry_run_note,
    in_parallel,
    printable,
    read_dry_run,
    require_all,
    run,
    say,
)


# 2: Find a member. The filter isn't documented as exact, so compare
def find_member(client: SigmaClient, email: str) -> dict[str, Any]:
    """Return the member with this email, even a deactivated one, or raise SigmaError."""
    entries = client.get_all("/members", email=email, includeArchived=True, includeInactive=True)
    found = [member for member in entries if str(member.get("email")).lower() == email.lower()]
    if len(found) != 1:
        raise SigmaError(f"{len(found) or 'No'} members have the email {email}")
    member: dict[str, Any] = found[0]
    if member["memberId"] == "SigmaSchedulerRobot":
        raise SigmaError(f"{email} is Sigma's own member, which sends the scheduled exports")
    return member


# 3: Find the workbooks. The list has everything that the member can open, so check the owners
def workbooks_owned_by(
    client: SigmaClient, member_id: str
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the workbooks that a member owns, and a line for each whose owner is unknown."""
    entries = client.get_all(f"/members/{member_id}/files", typeFilters="workbook")
    files = {file["id"]: file for file in entries if file.get("type") in (None, "workbook")}
    owners = {file_id: file.get("ownerId") for file_id, file in files.items()}
    # ownerId is optional in a list, so get the file. If it's null there, the file has no owner
    unclear = [file_id for file_id in files if not owners[file_id]]
    unknown = dict.fromkeys(unclear, "not checked")
    for file_id, file in in_parallel(unclear, lambda key: client.get(f"/files/{key}"), "owners"):
        if isinstance(file, SigmaError):
            if file.stops_the_run:
                raise file
            unknown[file_id] = str(file)
        elif "ownerId" in file:
            del unknown[file_id]
            owners[file_id] = file.get("ownerId")
        else:
            unknown[file_id] = "Sigma's response has no 'ownerId'"
    owned = [file for file_id, file in files.items() if owners[file_id] == member_id]
    return owned, [f"{describe(files[file_id])}: {why}" for file_id, why in unknown.items()]


def describe(file: dict[str, Any]) -> str:
    """Return the name of a workbook and its folder."""
    return printable(f"{file.get('name') or file['id']} ({file.get('path') or 'no path'})")


# 4: Transfer one workbook
def update_owner(client: SigmaClient, file_id: str, member_id: str) -> dict[str, Any]:
    """Change the owner of a workbook, and return the file."""
    file: dict[str, Any] = client.patch(f"/files/{file_id}", json={"ownerId": member_id})
    # Check that the response has the new owner. Sigma may leave it out
    if (file.get("ownerId") or member_id) != member_id:
        raise SigmaError(f"Sigma accepted the change, but the owner is still {file['ownerId']}")
    return file


def main() -> None:
    # 5: Read all settings before anything is sent
    old_email, new_email = require_all("OLD_OWNER_EMAIL", "NEW_OWNER_EMAIL")
    dry_run = read_dry_run()
    if old_email.lower() == new_email.lower():
        raise SigmaError("OLD_OWNER_EMAIL and NEW_OWNER_EMAIL are the same")

    # 6: Find both members. A deactivated new owner couldn't use the workbooks
    with SigmaClient(get_bearer_token) as client:
        old_owner = find_member(client, old_email)
        new_owner = find_member(client, new_email)
        if new_owner.get("isArchived") or new_owner.get("isInactive"):
            raise SigmaError(f"NEW_OWNER_EMAIL: {new_email} is deactivated")

        # 7: Print the plan
        plan, unknown = workbooks_owned_by(client, old_owner["memberId"])
        for file in plan:
            print(f"To transfer: {describe(file)}")
        for line in unknown:
            say(f"Owner unknown: {line}")
        print(f"Plan: transfer {len(plan)} workbooks from {old_email} to {new_email}")
        if not (plan or unknown) and old_owner.get("isArchived"):
            print(f"{old_email} is deactivated. Deactivation transfers a member's documents.")
        if dry_run:
            print(dry_run_note())
            if unknown:
                raise SigmaError(f"The plan isn't complete. Unknown owners: {len(unknown)}")
            return

        # 8: Transfer the workbooks, five at a time. If one fails, continue with the others
        done, failed = 0, len(unknown)
        new_id = new_owner["memberId"]
        results = in_parallel(
            plan, lambda file: update_owner(client, file["id"], new_id), "workbooks"
        )
        for file, result in results:
            if isinstance(result, SigmaError):
                failed += 1
                say(f"Failed: {describe(file)}: {result}")
            else:
                done += 1
                print(f"Transferred: {describe(file)}")

    # 9: Print the summary. After an error that affects all workbooks, the rest isn't tried
    left = len(plan) + len(unknown) - done - failed
    summary = f"Transferred: {done}. Failed: {failed}. Not tried: {left}."
    if failed or left:
        raise SigmaError(f"{summary} Run this recipe again to continue")
    print(summary)


if __name__ == "__main__":
    run(main)
