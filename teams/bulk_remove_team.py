"""Remove everybody whose address is in a file from a team.

Whoever leaves a team may lose access to much. So this recipe shows first what it would do:
DRY_RUN=false does it.

Endpoint:  PATCH /v2/teams/{teamId}/members, GET /v2/teams/{teamId} and GET /v2/members before it
Docs:      https://help.sigmacomputing.com/reference/updateteammembers
.env:      TEAMID, the team (teams/list_all.py prints every ID)
           MEMBER_EMAILS=.member-emails, a file beside sigma_session.py with the addresses,
           separated by commas or lines
           DRY_RUN=true (false: remove them)
Run:       python teams/bulk_remove_team.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/teams/2d947719-03f1-5d66-92c6-3845f168c6e6
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&includeArchived=true&includeInactive=true
    Not in the team: chidi.okafor@example.com
    Not in the team: DANA.VARGA@example.com
    Not in the team: elif.castillo@example.com
    Not a member:    nobody.here@example.com
    Plan: remove 0 of 4 from the team Onboarding
    Nothing was changed. To remove them, set DRY_RUN=false and run it again.
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import (
    SigmaError,
    SigmaSession,
    checked_id,
    read_emails,
    read_flag,
    require_id,
    run,
)

MOST_IDS = 1000  # in one request
ROBOT_ID = "SigmaSchedulerRobot"  # Sigma's own member, which stays where it is


# 2: Find the members: one list of all of them instead of a request for each address
def members_by_email(session: SigmaSession) -> dict[str, list[dict[str, Any]]]:
    """Return all members by their address in lower case, also the deactivated ones."""
    # Deactivated members are left out unless asked for, and may still be in a team
    hidden = {"includeArchived": "true", "includeInactive": "true"}
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for member in session.get_entries("/members", **hidden):
        if member["memberId"] != ROBOT_ID:  # by ID: a member may come on two pages
            found.setdefault(str(member.get("email")).lower(), {})[member["memberId"]] = member
    return {email: list(members.values()) for email, members in found.items()}


# 3: Ask Sigma to remove them
def remove_from_team(session: SigmaSession, team_id: str, member_ids: list[str]) -> None:
    """Remove members from a team in as few requests as possible."""
    for start in range(0, len(member_ids), MOST_IDS):
        some = member_ids[start : start + MOST_IDS]
        try:
            # json() refuses what is not JSON, such as a proxy's page: nothing was changed then
            session.patch(f"/teams/{team_id}/members", json={"remove": some}).json()
        except SigmaError as error:
            counts = f"Removed before: {start} of {len(member_ids)}"
            raise SigmaError(f"{error}. {counts}", error.status) from error


def main() -> None:
    # 4: Read the settings from .env, all of them before anything is sent
    team_id = require_id("TEAMID")
    emails = read_emails("MEMBER_EMAILS", ".member-emails")
    dry_run = read_flag("DRY_RUN", default=True)

    # 5: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 6: Compare every address with those of the members and with the team, and show the plan
    team = session.get(f"/teams/{team_id}").json()
    known = members_by_email(session)
    to_remove, outside, nobody = [], 0, 0
    for email in emails:
        members = known.get(email.lower(), [])
        if len(members) != 1:  # two addresses may differ in upper and lower case only
            nobody += 1
            print(f"{'Not one member:' if members else 'Not a member:  '}  {email}")
            continue
        (member,) = members
        member_id = checked_id(member["memberId"], "memberId in Sigma's answer")
        if member_id not in team["members"]:
            outside += 1
            print(f"Not in the team: {email}")
        else:
            to_remove.append(member_id)
            print(f"To remove:       {email}")
    print(f"Plan: remove {len(to_remove)} of {len(emails)} from the team {team['name']}")
    if dry_run:
        print("Nothing was changed. To remove them, set DRY_RUN=false and run it again.")
        return

    # 7: Remove them, and sum up. An address that nobody has is a failure, after the others are gone
    remove_from_team(session, team_id, to_remove)
    summary = f"Removed {len(to_remove)}, not in the team {outside}, not a member {nobody}"
    if nobody:
        raise SigmaError(summary)
    print(summary)


# 8: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
