"""Deactivate every member whose name matches a pattern.

Sigma deactivates members; it never deletes them. A deactivated member can't sign in, and their
documents are permanently transferred to the owner of the API credentials (to choose another owner,
use members/deactivate_existing.py). If an identity provider manages your members (SCIM),
deactivate them there instead.

USER_NAME_PATTERN is a regular expression. It can match any part of "First Last", in upper or lower
case: ^zoe matches all names that begin with Zoe, and zeller$ all names that end with Zeller. A
pattern that matches all members is refused.
By default this is a dry run. Set DRY_RUN=false to deactivate the members.

Endpoint:  DELETE /v2/members/{memberId} for each member, GET /v2/members and GET /v2/whoami
Docs:      https://help.sigmacomputing.com/reference/deletemember
.env:      USER_NAME_PATTERN, the names of the members to deactivate
           DRY_RUN=true (false: deactivate the members)
Run:       python members/bulk_deactivate.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/whoami
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000
    To deactivate: Zoe Tanaka <zoe.tanaka@example.com>
    To deactivate: Zoe Tanaka <zoe.tanaka1@example.com>
    To deactivate: Zoe Tanaka <zoe.tanaka2@example.com>
    To deactivate: Zoe Tanaka <zoe.tanaka3@example.com>
    Plan: deactivate 4 members whose names match '^zoe'
    Dry run: nothing was changed. To apply the plan once: DRY_RUN=false python members/bulk_deactivate.py
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import (
    SigmaClient,
    SigmaError,
    dry_run_note,
    in_parallel,
    member_label,
    read_dry_run,
    require_env,
    run,
    say,
)

ROBOT_ID = "SigmaSchedulerRobot"  # Sigma's own member, which sends the scheduled exports


# 2: Read the pattern, and refuse one that matches every name
def read_pattern() -> re.Pattern[str]:
    """Return USER_NAME_PATTERN. Raises SigmaError if it would match every name."""
    text = same_form(require_env("USER_NAME_PATTERN"))
    try:
        pattern = re.compile(text, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        message = f"USER_NAME_PATTERN is {text!r}, which isn't a regular expression: {error}"
        raise SigmaError(message) from error
    if pattern.search(""):
        raise SigmaError(f"USER_NAME_PATTERN is {text!r}, which matches every name")
    return pattern


# 3: Find the members
def full_name(member: dict[str, Any]) -> str:
    """Return "First Last". Either part may be missing."""
    return " ".join(f"{member.get('firstName') or ''} {member.get('lastName') or ''}".split())


def same_form(text: str) -> str:
    """Return a text in a form in which names that look the same are the same."""
    # An accent can be a character of its own, and some characters are invisible
    return re.sub("[\u200b-\u200d\ufeff]", "", unicodedata.normalize("NFC", text))


def find_members(
    client: SigmaClient, pattern: re.Pattern[str], my_id: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the active members whose names match: those to deactivate, and those to keep.

    Raises SigmaError if no other member with a name would stay active.
    """
    members = client.get_all("/members")
    # Without the robot, Sigma can't send scheduled exports. If their owner is deactivated, the
    # credentials stop working
    keep = (ROBOT_ID, my_id)
    matches = [member for member in members if pattern.search(same_form(full_name(member)))]
    plan = [member for member in matches if member["memberId"] not in keep]
    # Identity providers can create members without a name. No pattern matches them
    named = [m for m in members if full_name(m) and m["memberId"] not in keep]
    if plan and len(plan) == len(named):
        text = pattern.pattern
        raise SigmaError(f"USER_NAME_PATTERN is {text!r}, which matches all {len(plan)} members")
    return plan, [member for member in matches if member["memberId"] in keep]


# 4: Deactivate one member
def deactivate_member(client: SigmaClient, member_id: str) -> None:
    """Deactivate a member. The owner of the credentials gets the member's documents."""
    # The response is an empty object. If it ever describes the member, check the status
    if client.delete(f"/members/{member_id}").get("isArchived") is False:
        raise SigmaError("Sigma accepted the change, but the member is still active")


def main() -> None:
    # 5: Read all settings before anything is sent
    pattern = read_pattern()
    dry_run = read_dry_run()

    # 6: Print the plan. The list leaves out deactivated members, so a second run continues
    with SigmaClient(get_bearer_token) as client:
        my_id = client.get("/whoami")["userId"]
        plan, kept = find_members(client, pattern, my_id)
        for member in kept:
            why = "Sigma's own" if member["memberId"] == ROBOT_ID else "owns these credentials"
            print(f"Skipped: {member_label(member)} ({why})")
        for member in plan:
            print(f"To deactivate: {member_label(member)}")
        print(f"Plan: deactivate {len(plan)} members whose names match {pattern.pattern!r}")
        if dry_run:
            print(dry_run_note())
            return

        # 7: Deactivate the members, five at a time. If one fails, continue with the others
        done = failed = 0
        results = in_parallel(
            plan, lambda member: deactivate_member(client, member["memberId"]), "members"
        )
        for member, result in results:
            if isinstance(result, SigmaError):
                failed += 1
                say(f"Failed: {member_label(member)}: {result}")
            else:
                done += 1
                print(f"Deactivated: {member_label(member)}")

    # 8: Print the summary. After an error that affects all members, the rest isn't tried
    summary = f"Deactivated: {done}. Failed: {failed}. Not tried: {len(plan) - done - failed}."
    if done < len(plan):
        raise SigmaError(f"{summary} Run this recipe again to continue")
    print(summary)


if __name__ == "__main__":
    run(main)
