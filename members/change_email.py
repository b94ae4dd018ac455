"""Change the email of a member.

Endpoint:  PATCH /v2/members/{memberId}, and GET /v2/members/{memberId} for the old email
Docs:      https://help.sigmacomputing.com/reference/updatemember
.env:      MEMBERID, the member to change (members/list_all.py prints the IDs)
           EMAIL, the new email
Run:       python members/change_email.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr
    Old email: sales_rep@example.com
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr
    New email: new.member@example.com
    Email changed successfully.
    To undo this, set EMAIL=sales_rep@example.com and run this recipe again.
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, SigmaError, printable, require_all, run


# 2: Send the new email. PATCH changes only the fields that you send
def change_email(client: SigmaClient, member_id: str, email: str) -> dict[str, Any]:
    """Change a member's email, and return the member."""
    try:
        member: dict[str, Any] = client.patch(f"/members/{member_id}", json={"email": email})
        return member
    except SigmaError as error:
        if error.status == 409:  # emails are unique, and deactivated members keep theirs
            hint = f"Another member may already have {email}, maybe a deactivated one"
            raise SigmaError(f"{error}. {hint}", 409) from error
        raise


def main() -> None:
    member_id, email = require_all("MEMBERID", "EMAIL")

    # 3: Show the old email first, so that you can undo the change
    with SigmaClient(get_bearer_token) as client:
        old_email = client.get(f"/members/{member_id}")["email"]
        print(f"Old email: {printable(old_email)}")
        if old_email == email:
            print("The member already has this email. Nothing was changed.")
            return

        # 4: Change the email. If members sign in through an identity provider, it must be the email
        #    that the provider sends to Sigma
        member = change_email(client, member_id, email)

    # 5: Check that the response has the new email. Sigma may change it to lower case
    email_now = member.get("email") or email
    if email_now == old_email or email_now.lower() != email.lower():
        raise SigmaError(f"Sigma accepted the change, but the email is still {email_now}")
    print(f"New email: {email_now}")
    print("Email changed successfully.")
    print(f"To undo this, set EMAIL={printable(old_email)} and run this recipe again.")


if __name__ == "__main__":
    run(main)
