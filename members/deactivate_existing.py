"""Deactivate a member, and transfer the member's documents to a new owner.

Sigma deactivates members; it never deletes them. A deactivated member can't sign in, but keeps the
email. The documents are transferred permanently. If an identity provider manages your members
(SCIM), deactivate them there instead.
By default this is a dry run. Set DRY_RUN=false to deactivate the member.

Endpoint:  PATCH /v2/members/{memberId} with a new owner, or DELETE /v2/members/{memberId}
           GET /v2/members/{memberId}, GET /v2/whoami, GET /v2/members and
           GET /v2/members/{memberId}/files for the plan
Docs:      https://help.sigmacomputing.com/reference/deletemember
.env:      MEMBERID, the member to deactivate (members/list_all.py prints the IDs)
           NEW_OWNER_EMAIL, the new owner of the documents (default: the owner of the credentials)
           DRY_RUN=true (false: deactivate the member)
Run:       python members/deactivate_existing.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/whoami
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&email=vic%40example.com
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr/files?limit=1000
    To deactivate: Sales Rep <sales_rep@example.com>
    New owner:     Vic Viewer <vic@example.com> (NEW_OWNER_EMAIL)
    Documents:     1 to transfer
    Dry run: nothing was changed. To apply the plan once: DRY_RUN=false python members/deactivate_existing.py
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
    is_email,
    member_label,
    read_dry_run,
    read_env,
    require_id,
    run,
)

ROBOT_ID = "SigmaSchedulerRobot"  # Sigma's own member, which sends the scheduled exports


# 2: Deactivate the member. PATCH names the new owner of the documents. With DELETE, it's the owner
#    of the credentials
def deactivate_member(client: SigmaClient, member_id: str, new_owner_id: str = "") -> None:
    """Deactivate a member. Raises SigmaError if the response says that the member is active."""
    if new_owner_id:
        body = {"isArchived": True, "newOwnerId": new_owner_id}
        response = client.patch(f"/members/{member_id}", json=body)
    else:
        response = client.delete(f"/members/{member_id}")
    # The response to DELETE is an empty object
    if response.get("isArchived") is False:
        raise SigmaError(f"Sigma accepted the change, but member {member_id} is still active")


# 3: Find the new owner
def find_active_member(client: SigmaClient, email: str) -> dict[str, Any]:
    """Return the active member with this email. Raises SigmaError unless there is exactly one."""
    # The list leaves out deactivated members. The filter isn't documented as exact, so compare
    members = client.get_all("/members", email=email)
    same = [member for member in members if str(member.get("email")).lower() == email.lower()]
    found: list[dict[str, Any]] = [member for member in same if member["memberId"] != ROBOT_ID]
    if len(found) != 1:
        count = len(found) or "No"
        raise SigmaError(f"NEW_OWNER_EMAIL: {count} active members have the email {email}")
    return found[0]


# 4: Count the documents
def count_documents(client: SigmaClient, member_id: str) -> str:
    """Return how many documents and folders a member owns, as text."""
    # The list has everything that the member can open, but only what they own is transferred
    owners = [file.get("ownerId") for file in client.get_all(f"/members/{member_id}/files")]
    unknown = owners.count(None)
    more = f" (Sigma doesn't name the owner of {unknown} more)" if unknown else ""
    return f"{owners.count(member_id)} to transfer{more}"


def main() -> None:
    # 5: Read all settings before anything is sent
    member_id = require_id("MEMBERID")
    new_owner_email = read_env("NEW_OWNER_EMAIL")
    dry_run = read_dry_run()
    if member_id == ROBOT_ID:
        raise SigmaError(f"MEMBERID is {ROBOT_ID}, which sends the scheduled exports")
    if new_owner_email and not is_email(new_owner_email):
        raise SigmaError(f"NEW_OWNER_EMAIL is {new_owner_email!r}, which isn't an email")

    with SigmaClient(get_bearer_token) as client:
        # 6: Look up the member. If their owner is deactivated, these credentials stop working
        member = client.get(f"/members/{member_id}")
        my_id = client.get("/whoami")["userId"]
        if member_id == my_id:
            raise SigmaError(f"MEMBERID: {member_label(member)} owns these credentials")
        if member.get("isArchived"):
            print(f"Already deactivated: {member_label(member)}. Nothing was changed.")
            return

        # 7: Print the plan
        if new_owner_email:
            new_owner, why = find_active_member(client, new_owner_email), "NEW_OWNER_EMAIL"
        else:
            new_owner, why = client.get(f"/members/{my_id}"), "the owner of the credentials"
        if new_owner["memberId"] == member_id:
            raise SigmaError("NEW_OWNER_EMAIL is the email of the member to deactivate")
        documents = count_documents(client, member_id)
        client.require_complete_lists()  # the transfer can't be undone
        print(f"To deactivate: {member_label(member)}")
        print(f"New owner:     {member_label(new_owner)} ({why})")
        print(f"Documents:     {documents}")
        if dry_run:
            print(dry_run_note())
            return

        # 8: Deactivate the member
        deactivate_member(client, member_id, new_owner["memberId"] if new_owner_email else "")
    print(f"Member deactivated successfully: {member_id}")


if __name__ == "__main__":
    run(main)
