"""Sync a team with a file of emails: add the members it names, and remove all others.

Run it as often as the file changes: a run sends only the differences. If an email in the file isn't
a member's, nothing is changed: otherwise, a typo would remove a member. Sigma can't add or remove
deactivated members, so they stay as they are. Members who leave a team lose the access that only
the team gave them. If an identity provider manages the team (SCIM), change it there instead.
By default this is a dry run. Set DRY_RUN=false to apply the changes.

Endpoint:  PATCH /v2/teams/{teamId}/members
           GET /v2/teams/{teamId}/members, GET /v2/members and GET /v2/teams/{teamId} for the plan
Docs:      https://help.sigmacomputing.com/reference/updateteammembers
.env:      TEAMID, the team: its ID or URL (teams/list_all.py prints the IDs)
           TEAM_EMAILS, a file with the emails of all members of the team
           ALLOW_LARGE_CHANGE=false (true: remove more than half of the team's active members)
           DRY_RUN=true (false: apply the changes)
Run:       python teams/sync_team.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/teams/2d947719-03f1-5d66-92c6-3845f168c6e6
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/teams/2d947719-03f1-5d66-92c6-3845f168c6e6/members?limit=1000
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&includeArchived=true&includeInactive=true
    To add: chidi.okafor@example.com
    To add: dana.varga@example.com
    To add: elif.castillo@example.com
    Plan: add 3, remove 0, keep 0 in the team Onboarding
    Dry run: nothing was changed. To apply the plan once: DRY_RUN=false python teams/sync_team.py
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
    read_flag,
    require_all,
    run,
    say,
)

MAX_IDS = 1000  # in one request
ROBOT_ID = "SigmaSchedulerRobot"  # Sigma's own member, which sends the scheduled exports


# 2: Get the members of the team. Here, Sigma calls a memberId userId
def list_team(client: SigmaClient, team_id: str) -> list[str]:
    """Return the IDs of the members of a team."""
    rows = client.get_all(f"/teams/{team_id}/members")
    return [row["userId"] for row in rows if row["userId"] != ROBOT_ID]


# 3: Get all members in one list, instead of a request for each email
def list_members(client: SigmaClient) -> dict[str, dict[str, Any]]:
    """Return all members by ID, including deactivated ones."""
    members = client.get_all("/members", includeArchived=True, includeInactive=True)
    return {m["memberId"]: m for m in members if m["memberId"] != ROBOT_ID}


# 4: Find the members in the file
def find_members(members: dict[str, dict[str, Any]], emails: list[str]) -> list[str]:
    """Return the IDs of the members with these emails. Raises SigmaError if one isn't clear."""
    ids: dict[str, list[str]] = {}
    for member_id, member in members.items():
        ids.setdefault(str(member.get("email")).lower(), []).append(member_id)
    found = [ids.get(email.lower(), []) for email in emails]
    unclear = [email for email, matches in zip(emails, found, strict=True) if len(matches) != 1]
    if unclear:  # the emails of two members can differ only in case
        error = f"not the email of exactly one member: {', '.join(unclear)}"
        raise SigmaError(f"TEAM_EMAILS: {error}. Nothing was changed")
    return [matches[0] for matches in found]


# 5: Update the team. One request can add and remove
def update_team(client: SigmaClient, team_id: str, add: list[str], remove: list[str]) -> None:
    """Add members to a team and remove others, in as few requests as possible."""
    changes = [("add", member_id) for member_id in add]
    changes += [("remove", member_id) for member_id in remove]
    for start in range(0, len(changes), MAX_IDS):
        body: dict[str, list[str]] = {}
        for action, member_id in changes[start : start + MAX_IDS]:
            body.setdefault(action, []).append(member_id)
        try:
            client.patch(f"/teams/{team_id}/members", json=body)
        except SigmaError as error:
            done = f"Changed: {start} of {len(changes)}. Run this recipe again to continue"
            raise SigmaError(f"{error}. {done}", error.status) from error


def main() -> None:
    # 6: Read all settings before anything is sent
    team_id, _ = require_all("TEAMID", "TEAM_EMAILS")
    emails = read_emails("TEAM_EMAILS", "")
    allow_large_change = read_flag("ALLOW_LARGE_CHANGE", default=False)
    dry_run = read_dry_run()

    with SigmaClient(get_bearer_token) as client:
        # 7: Compare the team with the file. For one deactivated member, Sigma would refuse the
        #    whole request
        team_name = printable(client.get(f"/teams/{team_id}").get("name") or team_id)
        team = list_team(client, team_id)
        members = list_members(client)
        client.require_complete_lists()
        wanted = find_members(members, emails)
        known = members.items()
        deactivated = {key for key, m in known if m.get("isArchived") or m.get("isInactive")}
        label = {key: printable(members.get(key, {}).get("email") or key) for key in team + wanted}
        in_team, in_file = set(team), set(wanted)
        missing = [member_id for member_id in wanted if member_id not in in_team]
        extra = [member_id for member_id in team if member_id not in in_file]
        to_add = [member_id for member_id in missing if member_id not in deactivated]
        to_remove = [member_id for member_id in extra if member_id not in deactivated]

        # 8: Print the plan
        for member_id in missing:
            action = "Deactivated, not added" if member_id in deactivated else "To add"
            print(f"{action}: {label[member_id]}")
        for member_id in extra:
            action = "Deactivated, not removed" if member_id in deactivated else "To remove"
            print(f"{action}: {label[member_id]}")
        kept = len(team) - len(to_remove)
        counts = f"add {len(to_add)}, remove {len(to_remove)}, keep {kept}"
        print(f"Plan: {counts} in the team {team_name}")
        active = [member_id for member_id in team if member_id not in deactivated]
        if len(to_remove) * 2 > len(active) and not allow_large_change:
            fix = "If TEAM_EMAILS has all members of the team, set ALLOW_LARGE_CHANGE=true"
            error = f"This would remove {len(to_remove)} of {len(active)} active members"
            raise SigmaError(f"Nothing was changed. {error}. {fix}")
        if dry_run:
            print(dry_run_note())
            return

        # 9: Update the team. The response is an empty object, so read the team again
        update_team(client, team_id, to_add, to_remove)
        now = set(list_team(client, team_id))
        wrong = [member_id for member_id in to_add if member_id not in now]
        wrong += [member_id for member_id in to_remove if member_id in now]
        for member_id in wrong:
            say(f"Failed: {label[member_id]}: Sigma accepted the change, but didn't apply it")
        if wrong:
            raise SigmaError(f"Changes that Sigma didn't apply: {len(wrong)}")
    print(f"Added: {len(to_add)}. Removed: {len(to_remove)}.")


if __name__ == "__main__":
    run(main)
