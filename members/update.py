"""Change the account type of a member.

An account type (View, Act, Analyze, Build, Admin, or a custom one of your organization) determines
what a member can do in Sigma.

Endpoint:  PATCH /v2/members/{memberId}
           GET /v2/members/{memberId} for the old type, GET /v2/whoami for the owner of the
           credentials, and GET /v2/accountTypes if the new type is unknown
Docs:      https://help.sigmacomputing.com/reference/updatemember
.env:      MEMBERID, the member to change (members/list_all.py prints the IDs)
           NEW_MEMBER_TYPE, the name of an account type of your organization
Run:       python members/update.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/whoami
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr
    Member:   Sales Rep <sales_rep@example.com>
    Old type: View
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr
    New type: Build
    User account type updated successfully: BoZP1WBp0e4AfKubatpUfasbLVYr
    To undo this, set NEW_MEMBER_TYPE=View and run this recipe again.
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, SigmaError, member_label, printable, require_all, run


# 2: Send the new type. PATCH changes only the fields that you send
def update_member_type(client: SigmaClient, member_id: str, new_type: str) -> dict[str, Any]:
    """Change a member's account type, and return the member."""
    member: dict[str, Any] = client.patch(f"/members/{member_id}", json={"memberType": new_type})
    return member


# 3: List the account types. This is one of the few lists that take pageSize instead of limit
def account_type_names(client: SigmaClient) -> list[str]:
    """Return the names of the organization's account types."""
    return [entry["accountTypeName"] for entry in client.get_all("/accountTypes", pageSize=1000)]


def main() -> None:
    member_id, new_type = require_all("MEMBERID", "NEW_MEMBER_TYPE")

    with SigmaClient(get_bearer_token) as client:
        # 4: Don't change the owner of the credentials. Only administrators can change account
        #    types, so this recipe might not be able to undo it
        if client.get("/whoami")["userId"] == member_id:
            raise SigmaError("MEMBERID owns these credentials. Change this member in Sigma")

        # 5: Show the old type first, so that you can undo the change
        before = client.get(f"/members/{member_id}")
        print(f"Member:   {member_label(before)}")
        print(f"Old type: {printable(before['memberType'])}")

        # 6: Change the type. The member exists, so a 404 means that the type doesn't
        try:
            after = update_member_type(client, member_id, new_type)
        except SigmaError as error:
            if error.status == 404:
                names = ", ".join(account_type_names(client))
                raise SigmaError(f"{error}. NEW_MEMBER_TYPE can be: {names}", 404) from error
            raise

    # 7: Check that the response has the new type
    type_now = after.get("memberType") or new_type
    if type_now.lower() != new_type.lower():
        raise SigmaError(f"Sigma accepted the change, but the type is still {type_now}")
    print(f"New type: {printable(type_now)}")
    print(f"User account type updated successfully: {member_id}")
    old_type = printable(before["memberType"])
    print(f"To undo this, set NEW_MEMBER_TYPE={old_type} and run this recipe again.")


if __name__ == "__main__":
    run(main)
