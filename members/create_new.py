"""Create a member: step 1 of onboarding.

Emails are unique in Sigma. To let you run this as often as you like, the recipe adds the time in
milliseconds: new.member@example.com becomes new.member+1714640040000@example.com. Most mail servers
deliver both to the same mailbox. To use EMAIL as it is, set UNIQUE_EMAIL=false.

Endpoint:  POST /v2/members, and GET /v2/members if the email is taken
Docs:      https://help.sigmacomputing.com/reference/createmember
.env:      EMAIL, NEW_MEMBER_FIRST_NAME, NEW_MEMBER_LAST_NAME
           NEW_MEMBER_TYPE, the name of an account type of your organization
           UNIQUE_EMAIL=true, SEND_INVITE=true (false: send no invitation)
Run:       python members/create_new.py

Sample output:

    Creating new.member+1714640040000@example.com
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?sendInvite=true
    New member created successfully:
    memberId:   tr516mYtNO5BXZKFLw0ZjdnYukat
    memberType: Build
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import contextlib
import sys
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, SigmaError, printable, read_flag, require_all, run


# 2: Describe the new member in the fields that Sigma expects
def read_new_member() -> dict[str, str]:
    """Return the member that .env describes, with a unique email unless UNIQUE_EMAIL=false."""
    email, first_name, last_name, member_type = require_all(
        "EMAIL", "NEW_MEMBER_FIRST_NAME", "NEW_MEMBER_LAST_NAME", "NEW_MEMBER_TYPE"
    )
    if read_flag("UNIQUE_EMAIL", default=True):
        local, domain = email.split("@")
        email = f"{local}+{time.time_ns() // 1_000_000}@{domain}"
    return {
        "email": email,
        "firstName": first_name,
        "lastName": last_name,
        "memberType": member_type,
    }


# 3: Create the member. sendInvite goes into the URL. Without it, Sigma sends an invitation
def create_member(
    client: SigmaClient, new_member: dict[str, str], send_invite: bool
) -> dict[str, Any]:
    """Create a member, and return it. Raises SigmaError with status 409 if the email is taken."""
    member: dict[str, Any] = client.post("/members", json=new_member, sendInvite=send_invite)
    member_id = member["memberId"]
    member_type = member.get("memberType") or new_member["memberType"]
    if member_type.lower() != new_member["memberType"].lower():
        raise SigmaError(f"Sigma created {member_id}, but with the type {member_type}")
    return member


# 4: Find the member who already has the email. A 409 can also have another cause
def find_existing(client: SigmaClient, email: str, refusal: SigmaError) -> dict[str, Any]:
    """Return the member with this email. If there isn't exactly one, raise the refusal again."""
    members: list[dict[str, Any]] = []
    with contextlib.suppress(SigmaError):  # the refusal says more than a failed lookup
        # Deactivated members keep their email, but the list leaves them out by default
        members = client.get_all(
            "/members", email=email, includeArchived=True, includeInactive=True
        )
    # The filter isn't documented as exact, so compare
    found = [member for member in members if str(member.get("email")).lower() == email.lower()]
    if len(found) != 1:
        raise refusal
    return found[0]


def main() -> None:
    # 5: Read all settings before anything is sent
    new_member = read_new_member()
    send_invite = read_flag("SEND_INVITE", default=True)

    # 6: Create the member. Print the email first: if the response is lost, you can look for it
    email = new_member["email"]
    with SigmaClient(get_bearer_token) as client:
        print(f"Creating {email}")
        try:
            member = create_member(client, new_member, send_invite)
        except SigmaError as error:
            if error.status != 409:
                raise
            existing = find_existing(client, email, error)
            is_active = not (existing.get("isArchived") or existing.get("isInactive"))
            who = f"{'a' if is_active else 'a deactivated'} member: {existing['memberId']}"
            fix = "Use another EMAIL, or set UNIQUE_EMAIL=true"
            raise SigmaError(f"{email} already belongs to {who}. {fix}", 409) from error

    # 7: Print the ID. The next steps need it as MEMBERID
    print("New member created successfully:")
    print(f"memberId:   {member['memberId']}")
    print(f"memberType: {printable(member.get('memberType') or '')}")


if __name__ == "__main__":
    run(main)
