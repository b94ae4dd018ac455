"""Change the account type of a member.

An account type (View, Act, Analyze, Build, Admin, or one that your organization made; Viewer,
Explorer, Creator in older ones) decides what a member may do in Sigma, and what a seat costs.

Endpoint:  PATCH /v2/members/{memberId}
           GET /v2/members/{memberId} for the old type, GET /v2/accountTypes when the new is unknown
Docs:      https://help.sigmacomputing.com/reference/updatemember
.env:      MEMBERID, the member to change (members/list_all.py prints every ID)
           NEW_MEMBER_TYPE, the name of an account type of your organization
Run:       python members/update.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr
    Member:   Sales Rep <sales_rep@example.com>
    Old type: View
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr
    New type: Build
    User account type updated successfully: BoZP1WBp0e4AfKubatpUfasbLVYr
    To undo it, set NEW_MEMBER_TYPE=View and run this recipe again.
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaError, SigmaSession, require_env, require_id, run


# 2: Send the new type. PATCH changes the fields that it is given, and leaves all others alone
def update_member_type(session: SigmaSession, member_id: str, new_type: str) -> dict[str, Any]:
    """Give a member another account type, and return the member as it is now."""
    try:
        answer = session.patch(f"/members/{member_id}", json={"memberType": new_type})
    except SigmaError as error:
        # Sigma answers 404 both for a member and for an account type that it does not know. Look
        # which of them it is, and show what NEW_MEMBER_TYPE can be. Upper and lower case are one
        if error.status == 404:
            try:
                known = account_type_names(session)
            except SigmaError:
                raise error from None  # the list is a help only
            if new_type.lower() not in [name.lower() for name in known]:
                raise SigmaError(
                    f"{error}. NEW_MEMBER_TYPE can be {', '.join(known)}", error.status
                ) from error
        raise
    member: dict[str, Any] = answer.json()
    return member


def account_type_names(session: SigmaSession) -> list[str]:
    """Return the names of the organization's account types."""
    # This list pages in the other way of Sigma's API: it takes pageSize and pageToken, and it
    # answers with nextPageToken. get_entries knows both, and takes this one when given pageSize
    entries = session.get_entries("/accountTypes", pageSize=1000)
    return [entry["accountTypeName"] for entry in entries]


def main() -> None:
    # 3: Read the member and the new type from .env
    member_id = require_id("MEMBERID")
    new_type = require_env("NEW_MEMBER_TYPE")

    # 4: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 5: Look at the member first: whoever reads this output later wants to know who it was, and
    #    how to undo the change
    before = session.get(f"/members/{member_id}").json()
    old_type = before["memberType"]
    name = f"{before.get('firstName') or ''} {before.get('lastName') or ''}".strip()
    print(f"Member:   {name} <{before['email']}>")
    print(f"Old type: {old_type}")

    # 6: Change the type. The answer holds the member as Sigma keeps it now, so print that, not
    #    what was asked for: upper and lower case may differ
    after = update_member_type(session, member_id, new_type)
    if after["memberType"].lower() != new_type.lower():
        raise SigmaError(f"Sigma took the request, but the type is still {after['memberType']}")
    print(f"New type: {after['memberType']}")
    print(f"User account type updated successfully: {member_id}")
    print(f"To undo it, set NEW_MEMBER_TYPE={old_type} and run this recipe again.")


# 7: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
