"""Change the email address of a member.

Endpoint:  PATCH /v2/members/{memberId}, and GET /v2/members/{memberId} for the old address
Docs:      https://help.sigmacomputing.com/reference/updatemember
.env:      MEMBERID, the member to change (members/list_all.py prints every ID)
           EMAIL, the new address
Run:       python members/change_email.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr
    Old address: sales_rep@example.com
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr
    New address: new.member@example.com
    Email address changed successfully.
    To revert it, set EMAIL=sales_rep@example.com and run this recipe again.
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaError, SigmaSession, require_email, require_id, run


# 2: Send the new address. PATCH changes the fields that it is given, and leaves all others alone
def change_email(session: SigmaSession, member_id: str, email: str) -> dict[str, Any]:
    """Give a member another email address, and return the member as it is now."""
    try:
        answer = session.patch(f"/members/{member_id}", json={"email": email})
    except SigmaError as error:
        if error.status == 409:  # no two members share an address, and deactivated ones keep theirs
            raise SigmaError(
                f"{error}. {email} belongs to another member, perhaps a deactivated one:"
                " set EMAIL to an address that is free",
                error.status,
            ) from error
        raise
    member: dict[str, Any] = answer.json()
    return member


def main() -> None:
    # 3: Read the member and the new address from .env
    member_id = require_id("MEMBERID")
    email = require_email("EMAIL")

    # 4: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 5: Look at the member first: the old address is needed to undo the change
    old_email = session.get(f"/members/{member_id}").json()["email"]
    print(f"Old address: {old_email}")
    if old_email == email:
        print("That is the address in EMAIL already, so nothing was changed.")
        return

    # 6: Change the address. Where members sign in by single sign-on, the new address must be the
    #    one that your identity provider knows them by
    member = change_email(session, member_id, email)
    if member["email"].lower() != email.lower():
        raise SigmaError(f"Sigma took the request, but the address is still {member['email']}")
    print(f"New address: {member['email']}")
    print("Email address changed successfully.")
    print(f"To revert it, set EMAIL={old_email} and run this recipe again.")


# 7: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
