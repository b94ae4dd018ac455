"""Remove the members whose emails are in a file from a team.

Members who leave a team lose the access that only the team gave them.
By default this is a dry run. Set DRY_RUN=false to remove the members.

Endpoint:  PATCH /v2/teams/{teamId}/members
           GET /v2/teams/{teamId} and GET /v2/members for the plan
Docs:      https://help.sigmacomputing.com/reference/updateteammembers
.env:      TEAMID, the team: its ID or URL (teams/list_all.py prints the IDs)
           MEMBER_EMAILS=.member-emails, a file with emails separated by commas or line breaks
           DRY_RUN=true (false: remove the members)
Run:       python teams/bulk_remove_team.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/teams/2d947719-03f1-5d66-92c6-3845f168c6e6
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&includeArchived=true&includeInactive=true
    Not in the team: chidi.okafor@example.com
    Not in the team: DANA.VARGA@example.com
    Not in the team: elif.castillo@example.com
    Plan: remove 0 of 3 from the team Onboarding
    Dry run: nothing was changed. To apply the plan once: DRY_RUN=false python teams/bulk_remove_team.py
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import (
    SigmaClient,
    SigmaError,
    dry_run_note,
    printable,
    read_dry_run,
    read_emails,
    require_id,
    run,
)

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
    """Return the state of the members with an email. Only "To remove" leads to a change."""
    if len(matches) != 1:  # the emails of two members can differ only in case
        return f"{len(matches)} members" if matches else "Not a member"
    if matches[0]["memberId"] not in in_team:
        return "Not in the team"
    # For a deactivated member, Sigma would refuse the whole request
    deactivated = matches[0].get("isArchived") or matches[0].get("isInactive")
    return "Deactivated" if deactivated else "To remove"


# 4: Remove the members
def remove_from_team(client: SigmaClient, team_id: str, member_ids: list[str]) -> None:
    """Remove members from a team in as few requests as possible."""
    for start in range(0, len(member_ids), MAX_IDS):
        body = {"remove": member_ids[start : start + MAX_IDS]}
        try:
            client.patch(f"/teams/{team_id}/members", json=body)
        except SigmaError as error:
            done = f"Removed: {start} of {len(member_ids)}. Run this recipe again to continue"
            raise SigmaError(f"{error}. {done}", error.status) from error


def main() -> None:
    # 5: Read all settings before anything is sent
    team_id = require_id("TEAMID")
    emails = read_emails("MEMBER_EMAILS", ".member-emails")
    dry_run = read_dry_run()

    with SigmaClient(get_bearer_token) as client:
        # 6: Print the plan
        team = client.get(f"/teams/{team_id}")
        in_team = set(team["members"])
        known = members_by_email(client)
        states, to_remove = [], []
        for email in emails:
            matches = known.get(email.lower(), [])
            states.append(state_in_team(matches, in_team))
            print(f"{states[-1] + ':':16} {email}")
            if states[-1] == "To remove":
                to_remove.append(matches[0]["memberId"])
        team_name = printable(team.get("name") or "")
        print(f"Plan: remove {len(to_remove)} of {len(emails)} from the team {team_name}")
        if dry_run:
            print(dry_run_note())
            return

        # 7: Remove the members. If an email in the file can't be removed, that counts as a failure
        remove_from_team(client, team_id, to_remove)
        absent = states.count("Not in the team")
        failed = len(emails) - len(to_remove) - absent
        summary = f"Removed: {len(to_remove)}. Not in the team: {absent}. Failed: {failed}."
        if failed:
            raise SigmaError(summary)
        print(summary)


if __name__ == "__main__":
    run(main)
