"""Add the members whose emails are in a file to a team.

Endpoint:  PATCH /v2/teams/{teamId}/members
           GET /v2/teams/{teamId} and GET /v2/members for the plan
Docs:      https://help.sigmacomputing.com/reference/updateteammembers
.env:      TEAMID, the team: its ID or URL (teams/list_all.py prints the IDs)
           MEMBER_EMAILS=.member-emails, a file with emails separated by commas or line breaks
Run:       python teams/bulk_assign_team.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/teams/2d947719-03f1-5d66-92c6-3845f168c6e6
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&includeArchived=true&includeInactive=true
    To add:       chidi.okafor@example.com
    To add:       DANA.VARGA@example.com
    To add:       elif.castillo@example.com
    Plan: add 3 of 3 to the team Onboarding
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/teams/2d947719-03f1-5d66-92c6-3845f168c6e6/members
    Added: 3. Already in the team: 0. Failed: 0.
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, SigmaError, printable, read_emails, require_id, run

MAX_IDS = 1000  # in one request
ROBOT_ID = "SigmaSchedulerRobot"  # Sigma's own member, which sends the scheduled exports


# 2: Get all members in one list, instead of a request for each email
def members_by_email(client: SigmaClient) -> dict[str, list[dict[str, Any]]]:
    """Return the members with each email in lower case."""
    # By default, the list leaves out deactivated members. Include them, to report them as such
    found: dict[str, list[dict[str, Any]]] = {}
    for member in client.get_all("/members", includeArchived=True, includeInactive=True):
        if member["memberId"] != ROBOT_ID:
            found.setdefault(str(member.get("email")).lower(), []).append(member)
    return found


# 3: Compare an email with the members and the team
def state_in_team(matches: list[dict[str, Any]], in_team: set[str]) -> str:
    """Return the state of the members with an email. Only "To add" leads to a change."""
    if len(matches) != 1:  # the emails of two members can differ only in case
        return f"{len(matches)} members" if matches else "Not a member"
    if matches[0].get("isArchived") or matches[0].get("isInactive"):
        return "Deactivated"  # for one of these, Sigma would refuse the whole request
    return "In the team" if matches[0]["memberId"] in in_team else "To add"


# 4: Add the members
def add_to_team(client: SigmaClient, team_id: str, member_ids: list[str]) -> None:
    """Add members to a team in as few requests as possible."""
    for start in range(0, len(member_ids), MAX_IDS):
        body = {"add": member_ids[start : start + MAX_IDS]}
        try:
            client.patch(f"/teams/{team_id}/members", json=body)
        except SigmaError as error:
            done = f"Added: {start} of {len(member_ids)}. Run this recipe again to continue"
            raise SigmaError(f"{error}. {done}", error.status) from error


def main() -> None:
    # 5: Read all settings before anything is sent
    team_id = require_id("TEAMID")
    emails = read_emails("MEMBER_EMAILS", ".member-emails")

    with SigmaClient(get_bearer_token) as client:
        # 6: Print the plan
        team = client.get(f"/teams/{team_id}")
        in_team = set(team["members"])
        known = members_by_email(client)
        states, to_add = [], []
        for email in emails:
            matches = known.get(email.lower(), [])
            states.append(state_in_team(matches, in_team))
            print(f"{states[-1] + ':':13} {email}")
            if states[-1] == "To add":
                to_add.append(matches[0]["memberId"])
        team_name = printable(team.get("name") or "")
        print(f"Plan: add {len(to_add)} of {len(emails)} to the team {team_name}")

        # 7: Add the members. If an email in the file can't be added, that counts as a failure
        add_to_team(client, team_id, to_add)
        present = states.count("In the team")
        failed = len(emails) - len(to_add) - present
        summary = f"Added: {len(to_add)}. Already in the team: {present}. Failed: {failed}."
        if failed:
            raise SigmaError(summary)
        print(summary)


if __name__ == "__main__":
    run(main)
