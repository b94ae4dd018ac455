"""Create a member: step 1 of onboarding.

To let you try this as often as you like, the recipe makes the address in EMAIL unique: from
ada@example.com it makes ada+1714640040000@example.com (the time in milliseconds). Most mail
servers deliver both to the same mailbox. UNIQUE_EMAIL=false takes the address as it is.

Endpoint:  POST /v2/members, and GET /v2/members when the address is taken
Docs:      https://help.sigmacomputing.com/reference/createmember
.env:      EMAIL, NEW_MEMBER_FIRST_NAME, NEW_MEMBER_LAST_NAME
           NEW_MEMBER_TYPE, the name of an account type of your organization
           UNIQUE_EMAIL=true, SEND_INVITE=true (Sigma mails an invitation to the new member)
Run:       python members/create_new.py

Sample output:

    Creating new.member+1714640040000@example.com
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?sendInvite=true
    New member created successfully:
    memberId:   tr516mYtNO5BXZKFLw0ZjdnYukat
    memberType: Build
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import re
import sys
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import (
    SigmaError,
    SigmaSession,
    checked_id,
    read_flag,
    require_email,
    require_env,
    run,
)


# 2: Describe the new member in the fields that Sigma expects
def read_new_member() -> dict[str, str]:
    """Return the member that .env describes, with a unique address unless UNIQUE_EMAIL=false."""
    email = require_email("EMAIL")
    if read_flag("UNIQUE_EMAIL", default=True):
        local, domain = email.split("@")
        email = f"{local}+{time.time_ns() // 1_000_000}@{domain}"
    return {
        "email": email,
        "firstName": require_env("NEW_MEMBER_FIRST_NAME"),
        "lastName": require_env("NEW_MEMBER_LAST_NAME"),
        "memberType": require_env("NEW_MEMBER_TYPE"),
    }


# 3: Ask Sigma to create it
def create_member(
    session: SigmaSession, new_member: dict[str, str], send_invite: bool
) -> dict[str, Any]:
    """Create a member, and return it; raise SigmaError with status 409 if the address is taken."""
    # sendInvite is part of the address, not of the body, and Sigma sends the invitation when
    # it is missing. It is a text: requests would send Python's False as "False"
    query = {"sendInvite": "true" if send_invite else "false"}
    member: dict[str, Any] = session.post("/members", params=query, json=new_member).json()
    checked_id(member["memberId"], "memberId in Sigma's answer")
    return member


# 4: An address that is taken: find out whose it is
def find_member_id(session: SigmaSession, email: str, refusal: SigmaError) -> str:
    """Return the ID of the member who has an address already, or raise the refusal again."""
    # Sigma's message usually holds it: "... member-id=4kX2..."
    named = re.search(r"member-id=([\w-]+)", str(refusal), re.ASCII)
    if named:
        return named[1]
    # Otherwise ask. Deactivated members keep their address but are left out of the list unless
    # asked for. Nowhere is it promised that the filter is exact, so compare, ignoring the case
    hidden = {"includeArchived": "true", "includeInactive": "true"}
    try:
        for member in session.get_entries("/members", email=email, **hidden):
            if str(member.get("email")).lower() == email.lower():
                return checked_id(member["memberId"], "memberId in Sigma's answer")
    except SigmaError as error:
        raise SigmaError(f"{refusal}. Whose it is could not be asked: {error}", 409) from error
    raise refusal


def main() -> None:
    # 5: Read the settings from .env, all of them before anything is sent
    new_member = read_new_member()
    send_invite = read_flag("SEND_INVITE", default=True)

    # 6: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 7: Create the member, and print what the next steps need. The address comes first: should the
    #    answer get lost, it tells what to look for
    print(f"Creating {new_member['email']}")
    try:
        member = create_member(session, new_member, send_invite)
    except SigmaError as error:
        if error.status == 409:
            member_id = find_member_id(session, new_member["email"], error)
            raise SigmaError(
                f"{new_member['email']} belongs to the member with memberId {member_id} already."
                " Set EMAIL to another address, or UNIQUE_EMAIL=true",
                error.status,
            ) from error
        raise
    print("New member created successfully:")
    print(f"memberId:   {member['memberId']}")
    # The member is made, so what is missing here is no error
    print(f"memberType: {member.get('memberType') or ''}")


# 8: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
