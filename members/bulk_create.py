"""Create a member for every email in a file.

The names come from the email: anna.lee@example.com becomes Anna Lee. For emails without two names,
the recipe uses NEW_MEMBER_FIRST_NAME and NEW_MEMBER_LAST_NAME. It's safe to run this again: members
who already exist are skipped, even deactivated ones (members/batch_update.py can reactivate them).
By default this is a dry run. Set DRY_RUN=false to create the members.

Endpoint:  POST /v2/members for each new member, GET /v2/members to find the existing ones
Docs:      https://help.sigmacomputing.com/reference/createmember
.env:      MEMBER_EMAILS=.member-emails, a file with emails separated by commas or line breaks
           NEW_MEMBER_TYPE, the name of an account type of your organization
           NEW_MEMBER_FIRST_NAME, NEW_MEMBER_LAST_NAME (see above)
           SEND_INVITE=true (false: send no invitations)
           DRY_RUN=true (false: create the members)
Run:       python members/bulk_create.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&includeArchived=true&includeInactive=true
    Exists:      chidi.okafor@example.com
    Exists:      DANA.VARGA@example.com
    Exists:      elif.castillo@example.com
    To create:   new.colleague@example.com as New Colleague
    Plan: create 1 of 4 as Build, with an invitation
    Dry run: nothing was changed. To apply the plan once: DRY_RUN=false python members/bulk_create.py
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import (
    SigmaClient,
    SigmaError,
    dry_run_note,
    in_parallel,
    read_dry_run,
    read_emails,
    read_env,
    read_flag,
    require_env,
    run,
    say,
)


# 2: Describe a new member in the fields that Sigma expects
def describe_member(email: str, member_type: str, default: tuple[str, str]) -> dict[str, str]:
    """Return a new member. default has the names to use if the email doesn't contain two."""
    local = re.split("[+@]", email)[0]  # without a tag, as in anna.lee+sigma@example.com
    words = [word.capitalize() for word in re.split("[._-]+", local) if word]
    first, last = (words[0], " ".join(words[1:])) if len(words) > 1 else default
    if not (first and last):
        names = "NEW_MEMBER_FIRST_NAME and NEW_MEMBER_LAST_NAME"
        raise SigmaError(f"{email} doesn't contain two names. Set {names} for such emails")
    return {"email": email, "firstName": first, "lastName": last, "memberType": member_type}


# 3: Get all members in one list, instead of a request for each email
def members_by_email(client: SigmaClient, **filters: str) -> dict[str, dict[str, Any]]:
    """Return all members, or those that the filters find, by email in lower case."""
    # Deactivated members keep their email, but the list leaves them out by default
    members = client.get_all("/members", includeArchived=True, includeInactive=True, **filters)
    return {member["email"].lower(): member for member in members}


def state_of(member: dict[str, Any]) -> str:
    """Return the state of an existing member. Deactivated members can't sign in."""
    return "Deactivated" if member.get("isArchived") or member.get("isInactive") else "Exists"


# 4: Create one member. sendInvite goes into the URL. Without it, Sigma sends an invitation
def create_member(
    client: SigmaClient, new_member: dict[str, str], send_invite: bool
) -> tuple[str, str]:
    """Create a member. Return "Created", or the state of the existing member, and the ID."""
    email, member_type = new_member["email"], new_member["memberType"]
    try:
        member = client.post("/members", json=new_member, sendInvite=send_invite)
    except SigmaError as error:
        if error.status == 404:  # the account type is unknown, so all others would fail
            error.stops_the_run = True
        if error.status != 409:
            raise
        # A 409 has several meanings. It's harmless if the member was created in the meantime
        try:
            existing = members_by_email(client, email=email).get(email.lower())
        except SigmaError as problem:
            raise SigmaError(f"{error}. The lookup failed: {problem}", 409) from problem
        if existing:
            return state_of(existing), existing["memberId"]
        if named := re.search(r"member-id=([\w-]+)", str(error)):
            return "Exists", named[1]
        raise
    # Check that the response has the new type
    if (member.get("memberType") or member_type).lower() != member_type.lower():
        wrong = f"with the type {member['memberType']}"
        raise SigmaError(f"Sigma created {member['memberId']}, but {wrong}")
    return "Created", member["memberId"]


def main() -> None:
    # 5: Read all settings before anything is sent
    member_type = require_env("NEW_MEMBER_TYPE")
    emails = read_emails("MEMBER_EMAILS", ".member-emails")
    default = (read_env("NEW_MEMBER_FIRST_NAME"), read_env("NEW_MEMBER_LAST_NAME"))
    send_invite = read_flag("SEND_INVITE", default=True)
    dry_run = read_dry_run()

    # 6: Print the plan
    with SigmaClient(get_bearer_token) as client:
        known = members_by_email(client)
        client.require_complete_lists()  # a missing entry may be a member in the file
        plan = []
        for email in emails:
            if member := known.get(email.lower()):
                print(f"{state_of(member) + ':':12} {email}")
            else:
                plan.append(describe_member(email, member_type, default))
        for member in plan:
            print(f"To create:   {member['email']} as {member['firstName']} {member['lastName']}")
        invite = "with an invitation" if send_invite else "without an invitation"
        print(f"Plan: create {len(plan)} of {len(emails)} as {member_type}, {invite}")
        if dry_run:
            print(dry_run_note())
            return

        # 7: Create the members, five at a time. If one fails, continue with the others
        done: Counter[str] = Counter()
        results = in_parallel(plan, lambda new: create_member(client, new, send_invite), "members")
        for new_member, result in results:
            if isinstance(result, SigmaError):
                done["Failed"] += 1
                say(f"Failed: {new_member['email']}: {result}")
            else:
                state, member_id = result
                done[state] += 1
                print(f"{state}: {new_member['email']}, memberId {member_id}")

    # 8: Print the summary. After an error that affects all members, the rest isn't tried
    left = len(plan) - done.total()
    summary = f"Created: {done['Created']}. Failed: {done['Failed']}. Not tried: {left}."
    if done["Failed"] or left:
        raise SigmaError(f"{summary} Run this recipe again to continue")
    print(summary)


if __name__ == "__main__":
    run(main)
