"""Deactivate a member, and move the member's documents to somebody else.

Nobody can be deleted from Sigma. A deactivated member cannot sign in, and keeps the address. The
documents get a new owner, for good, so this recipe shows first what it would do: DRY_RUN=false does
it. Do not use it for members whom an identity provider manages (SCIM): deactivate them there.

Endpoint:  DELETE /v2/members/{memberId}, or PATCH /v2/members/{memberId} with a new owner;
           GET /v2/members/{memberId}, GET /v2/whoami, GET /v2/members and
           GET /v2/members/{memberId}/files for what is shown
Docs:      https://help.sigmacomputing.com/reference/deletemember
.env:      MEMBERID, the member to deactivate (members/list_all.py prints every ID)
           NEW_OWNER_EMAIL, who gets the documents (when empty: the owner of the credentials)
           DRY_RUN=true (false: deactivate the member)
Run:       python members/deactivate_existing.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/whoami
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&email=vic%40example.com
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr/files?limit=1000
    To deactivate: Sales Rep <sales_rep@example.com>
    Documents:     owns 0 of the 250 that the member can open
    New owner:     Vic Viewer <vic@example.com> (NEW_OWNER_EMAIL)
    Nothing was changed. To deactivate the member, set DRY_RUN=false and run it again.
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaError, SigmaSession, checked_id, read_env, read_flag, require_id, run

ROBOT_ID = "SigmaSchedulerRobot"  # Sigma's own member, which sends the scheduled exports


# 2: Ask Sigma to deactivate the member
def deactivate_member(session: SigmaSession, member_id: str, new_owner_id: str = "") -> None:
    """Deactivate a member. Without a new owner the owner of the credentials gets the documents."""
    if new_owner_id:
        body = {"isArchived": True, "newOwnerId": new_owner_id}
        answer = session.patch(f"/members/{member_id}", json=body)
    else:
        answer = session.delete(f"/members/{member_id}")
    answer.json()  # refuses what is not JSON, such as a proxy's page: nothing was changed then


# 3: Find out who gets the documents
def find_new_owner(session: SigmaSession, email: str) -> dict[str, Any]:
    """Return the active member with an address; raise SigmaError if there is none."""
    # Nowhere is it promised that the filter is exact, so compare, ignoring the case: the documents
    # must not go to the first hit
    found = {  # by ID: a member may come on two pages
        member["memberId"]: member
        for member in session.get_entries("/members", email=email)
        if str(member.get("email")).lower() == email.lower() and member["memberId"] != ROBOT_ID
    }
    if len(found) != 1:
        count = len(found) or "no"
        raise SigmaError(
            f"NEW_OWNER_EMAIL is {email}, but {count} active members have this address"
        )
    (member,) = found.values()
    return member


# 4: Find out how much there is to move
def count_documents(session: SigmaSession, member_id: str) -> str:
    """Say how many documents and folders a member owns, of how many that the member can open."""
    # The list holds what the member can open, so also what belongs to others and stays with them.
    # ownerId may be missing
    files = list(session.get_entries(f"/members/{member_id}/files"))
    owned = sum(file.get("ownerId") == member_id for file in files)
    unknown = sum(not file.get("ownerId") for file in files)
    of_whom = f", and for {unknown} Sigma does not say whose they are" if unknown else ""
    return f"owns {owned} of the {len(files)} that the member can open{of_whom}"


def label(member: dict[str, Any]) -> str:
    """Return name and address of a member."""
    # Sigma keeps first and last name apart, and either may be empty
    name = f"{member.get('firstName') or ''} {member.get('lastName') or ''}".strip()
    return f"{name} <{member['email']}>"


def main() -> None:
    # 5: Read the settings from .env, all of them before anything is sent
    member_id = require_id("MEMBERID")
    new_owner_email = read_env("NEW_OWNER_EMAIL")
    dry_run = read_flag("DRY_RUN", default=True)
    if member_id == ROBOT_ID:
        raise SigmaError(f"MEMBERID is {ROBOT_ID}, which Sigma needs for scheduled exports")

    # 6: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 7: Look at the member, and at whom these credentials belong to: their owner must stay
    member = session.get(f"/members/{member_id}").json()
    my_id = checked_id(session.get("/whoami").json()["userId"], "userId in Sigma's answer")
    if member_id == my_id:
        raise SigmaError(f"{label(member)} owns these credentials, which would stop working")
    if member.get("isArchived"):
        print(f"{label(member)} is deactivated already, so nothing was changed.")
        return

    # 8: Show the plan
    if new_owner_email:
        new_owner = find_new_owner(session, new_owner_email)
        why = "NEW_OWNER_EMAIL"
    else:
        new_owner = session.get(f"/members/{my_id}").json()
        why = "the owner of the credentials"
    new_owner_id = checked_id(new_owner["memberId"], "memberId in Sigma's answer")
    if new_owner_id == member_id:
        raise SigmaError("NEW_OWNER_EMAIL is the address of the member to deactivate")
    documents = count_documents(session, member_id)
    print(f"To deactivate: {label(member)}")
    print(f"Documents:     {documents}")
    print(f"New owner:     {label(new_owner)} ({why})")
    if dry_run:
        print("Nothing was changed. To deactivate the member, set DRY_RUN=false and run it again.")
        return

    # 9: Deactivate the member
    deactivate_member(session, member_id, new_owner_id if new_owner_email else "")
    print(f"Member deactivated successfully: {member_id}")


# 10: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
