"""Create a member for every address in a file.

The name comes from the address: anna.lee@example.com becomes Anna Lee. Where the address has no two
names, NEW_MEMBER_FIRST_NAME and NEW_MEMBER_LAST_NAME are taken. Sigma mails each new member an
invitation, and a mail cannot be taken back, so this recipe shows first what it would do:
DRY_RUN=false does it. Running it again creates nobody twice.

Endpoint:  POST /v2/members for each new member, GET /v2/members to see who exists
Docs:      https://help.sigmacomputing.com/reference/createmember
.env:      MEMBER_EMAILS=.member-emails, a file beside sigma_session.py with the addresses,
           separated by commas or lines
           NEW_MEMBER_TYPE, the name of an account type of your organization
           NEW_MEMBER_FIRST_NAME, NEW_MEMBER_LAST_NAME (see above)
           SEND_INVITE=true (false: no mails), DRY_RUN=true (false: create the members)
Run:       python members/bulk_create.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&includeArchived=true&includeInactive=true
    Exists already: chidi.okafor@example.com
    Exists already: DANA.VARGA@example.com
    Exists already: elif.castillo@example.com
    To create:      nobody.here@example.com as Nobody Here
    Plan: create 1 of 4 as Build, with an invitation by mail
    Nothing was changed. To create the members, set DRY_RUN=false and run it again.
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import re
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import (
    SigmaError,
    SigmaSession,
    checked_id,
    read_emails,
    read_env,
    read_flag,
    require_env,
    run,
)


# 2: Find the name in an address
def name_in_address(email: str) -> tuple[str, str] | None:
    """Return the first and last name in an address, or None if it does not hold two names."""
    # What follows a plus is a tag for sorting mail: anna.lee+sigma@example.com
    local = email.partition("@")[0].partition("+")[0]
    names = [name.capitalize() for name in re.split(r"[._-]+", local) if name]
    return (names[0], " ".join(names[1:])) if len(names) > 1 else None


def describe_member(email: str, member_type: str, otherwise: tuple[str, str]) -> dict[str, str]:
    """Return a new member in the fields that Sigma expects; otherwise is the name to fall back on.

    Raises SigmaError if that is needed and empty.
    """
    first_name, last_name = name_in_address(email) or otherwise
    if not (first_name and last_name):
        raise SigmaError(
            f"{email} does not hold a first and a last name."
            " Set NEW_MEMBER_FIRST_NAME and NEW_MEMBER_LAST_NAME for such addresses"
        )
    return {
        "email": email,
        "firstName": first_name,
        "lastName": last_name,
        "memberType": member_type,
    }


# 3: Find out who exists: one list of all members instead of a request for each address
def list_addresses(session: SigmaSession) -> set[str]:
    """Return the addresses of all members in lower case, also of the deactivated ones."""
    # Deactivated members keep their address but are left out unless asked for
    hidden = {"includeArchived": "true", "includeInactive": "true"}
    members = session.get_entries("/members", **hidden)
    return {str(member.get("email")).lower() for member in members}


# 4: Create one member
def create_member(
    session: SigmaSession, new_member: dict[str, str], send_invite: bool
) -> str | None:
    """Create a member, and return the member's ID, or None if the address is taken."""
    # sendInvite is part of the address, not of the body, and Sigma sends the invitation when
    # it is missing. It is a text: requests would send Python's False as "False"
    query = {"sendInvite": "true" if send_invite else "false"}
    try:
        member = session.post("/members", params=query, json=new_member).json()
    except SigmaError as error:
        if error.status == 409:
            return None
        raise
    return checked_id(member["memberId"], "memberId in Sigma's answer")


def main() -> None:
    # 5: Read the settings from .env, all of them before anything is sent
    emails = read_emails("MEMBER_EMAILS", ".member-emails")
    member_type = require_env("NEW_MEMBER_TYPE")
    otherwise = (read_env("NEW_MEMBER_FIRST_NAME"), read_env("NEW_MEMBER_LAST_NAME"))
    send_invite = read_flag("SEND_INVITE", default=True)
    dry_run = read_flag("DRY_RUN", default=True)

    # 6: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 7: Show the plan
    known = list_addresses(session)
    plan = [
        describe_member(email, member_type, otherwise)
        for email in emails
        if email.lower() not in known
    ]
    exist = [email for email in emails if email.lower() in known]
    for email in exist:
        print(f"Exists already: {email}")
    for new in plan:
        print(f"To create:      {new['email']} as {new['firstName']} {new['lastName']}")
    print(
        f"Plan: create {len(plan)} of {len(emails)} as {member_type},"
        f" {'with' if send_invite else 'without'} an invitation by mail"
    )
    if dry_run:
        print("Nothing was changed. To create the members, set DRY_RUN=false and run it again.")
        return

    # 8: Create them, one after the other. A failure that would be that of all others, too, stops
    #    the run: no answer, credentials that are refused (401), an unknown account type (404), too
    #    many requests (429). After any other the next member has its turn
    created, failed = 0, 0
    for new in plan:
        try:
            member_id = create_member(session, new, send_invite)
        except SigmaError as error:
            if error.concerns_all or error.status == 404:
                counts = f"Created before: {created} of {len(plan)}"
                raise SigmaError(f"{new['email']}: {error}. {counts}", error.status) from error
            failed += 1
            print(f"Failed: {new['email']}: {error}", file=sys.stderr)
            continue
        if member_id is None:
            exist.append(new["email"])
            print(f"Exists already: {new['email']}")
        else:
            created += 1
            print(f"Created: {new['email']}, memberId {member_id}")

    # 9: Sum up. Whoever could not be created is tried again by the next run
    summary = f"Created {created}, existed already {len(exist)}, failed {failed}"
    if failed:
        raise SigmaError(summary)
    print(summary)


# 10: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
