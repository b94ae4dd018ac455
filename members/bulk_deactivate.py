"""Deactivate every member whose name matches a pattern.

Nobody can be deleted from Sigma. Deactivated members cannot sign in, and their documents go to the
owner of the credentials, for good (members/deactivate_existing.py can choose somebody else). So
this recipe shows first what it would do: DRY_RUN=false does it. Do not use it for members whom an
identity provider manages (SCIM): deactivate them there.

USER_NAME_PATTERN is a regular expression, searched for in "First Last", in upper or lower case:
^zoe finds every Zoe, zeller$ everybody called Zeller, and zoe also Zoey. One that matches
everybody is refused.

Endpoint:  DELETE /v2/members/{memberId} for each member, GET /v2/members and GET /v2/whoami
Docs:      https://help.sigmacomputing.com/reference/deletemember
.env:      USER_NAME_PATTERN, whom to deactivate
           DRY_RUN=true (false: deactivate them)
Run:       python members/bulk_deactivate.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/whoami
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000
    To deactivate: Zoe Tanaka <zoe.tanaka@example.com>
    To deactivate: Zoe Tanaka <zoe.tanaka1@example.com>
    To deactivate: Zoe Tanaka <zoe.tanaka2@example.com>
    To deactivate: Zoe Tanaka <zoe.tanaka3@example.com>
    Plan: deactivate 4, whose names match '^zoe'
    Nothing was changed. To deactivate them, set DRY_RUN=false and run it again.
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import re
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import (
    SigmaError,
    SigmaSession,
    checked_id,
    one_line,
    read_flag,
    require_env,
    run,
)

ROBOT_ID = "SigmaSchedulerRobot"  # Sigma's own member, which sends the scheduled exports


# 2: Read the pattern, and refuse one that would match every name
def read_pattern() -> re.Pattern[str]:
    """Return USER_NAME_PATTERN; raise SigmaError if it is no pattern or matches the empty text."""
    text = require_env("USER_NAME_PATTERN")
    try:
        pattern = re.compile(text, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise SigmaError(
            f"USER_NAME_PATTERN is {text!r}, which is not a regular expression: {error}"
        ) from error
    if pattern.search(""):
        raise SigmaError(f"USER_NAME_PATTERN is {text!r}, which matches every name")
    return pattern


# 3: Find the members
def full_name(member: dict[str, Any]) -> str:
    """Return first and last name. Sigma keeps them apart, and either may be empty."""
    # One line: a name with a line break in it must not add a line to the plan
    return one_line(f"{member.get('firstName') or ''} {member.get('lastName') or ''}")


def find_members(
    session: SigmaSession, pattern: re.Pattern[str], my_id: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the active members whose name matches, and those of them who must stay.

    Raises SigmaError if nobody would be left.
    """
    # By ID: a member may come on two pages when the list changes meanwhile
    entries = session.get_entries("/members")
    source = "memberId in Sigma's answer"
    everybody = list({checked_id(m["memberId"], source): m for m in entries}.values())
    # Without the robot no scheduled export leaves Sigma, and without their owner these
    # credentials stop working
    must_stay = [member for member in everybody if member["memberId"] in (ROBOT_ID, my_id)]
    others = [member for member in everybody if member["memberId"] not in (ROBOT_ID, my_id)]
    found = [member for member in others if pattern.search(full_name(member))]
    # No pattern finds a member without a name, as some are whom an identity provider made
    if found and len(found) == sum(bool(full_name(member)) for member in others):
        raise SigmaError(
            f"USER_NAME_PATTERN is {pattern.pattern!r}, which matches all {len(found)} members"
        )
    return found, [member for member in must_stay if pattern.search(full_name(member))]


# 4: Deactivate one member
def deactivate_member(session: SigmaSession, member_id: str) -> None:
    """Deactivate a member. The owner of the credentials gets the documents."""
    # json() refuses what is not JSON, such as a proxy's page: nothing was changed then
    session.delete(f"/members/{checked_id(member_id, 'memberId')}").json()


def main() -> None:
    # 5: Read the settings from .env, all of them before anything is sent
    pattern = read_pattern()
    dry_run = read_flag("DRY_RUN", default=True)

    # 6: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 7: Show the plan. The list of members holds no deactivated ones, so a second run continues
    #    where the first one stopped
    my_id = checked_id(session.get("/whoami").json()["userId"], "userId in Sigma's answer")
    plan, must_stay = find_members(session, pattern, my_id)
    for member in must_stay:
        why = "Sigma's own" if member["memberId"] == ROBOT_ID else "owns these credentials"
        print(f"Stays: {full_name(member)} <{member['email']}> ({why})")
    for member in plan:
        print(f"To deactivate: {full_name(member)} <{member['email']}>")
    print(f"Plan: deactivate {len(plan)}, whose names match {pattern.pattern!r}")
    if dry_run:
        print("Nothing was changed. To deactivate them, set DRY_RUN=false and run it again.")
        return

    # 8: Deactivate them, one after the other. A failure that would be that of all others, too,
    #    stops the run: no answer, credentials that are refused (401), too many requests (429).
    #    After any other the next member has its turn
    done, failed = 0, 0
    for member in plan:
        name = f"{full_name(member)} <{member['email']}>"
        try:
            deactivate_member(session, member["memberId"])
        except SigmaError as error:
            if error.concerns_all:
                counts = f"Deactivated before: {done} of {len(plan)}"
                raise SigmaError(f"{name}: {error}. {counts}", error.status) from error
            failed += 1
            print(f"Failed: {name}: {error}", file=sys.stderr)
            continue
        done += 1
        print(f"Deactivated: {name}")

    # 9: Sum up
    summary = f"Deactivated {done}, failed {failed}"
    if failed:
        raise SigmaError(summary)
    print(summary)


# 10: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
