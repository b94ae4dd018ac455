"""Offboard a member: take back access, then deactivate the member and transfer the documents.

1. revoke the member's OAuth tokens (single sign-on, and connections)
2. delete the member's own grants, also those on connections
3. remove the member from all teams
4. deactivate the member, and transfer documents and schedules    deactivate_existing.py
5. check what was transferred

Step 4 also stops the member's API and embed credentials, and all embeds signed with them. This
recipe doesn't know them, so replace them first, in Administration > Developer Access. The new owner
must be allowed to create workbooks. Materialization schedules are transferred, but no response
shows them. Grants on a schema or table are deleted only if Sigma lists them with the member's other
grants. For a deactivated member, only grants are deleted. If an identity provider manages your
members (SCIM), deactivate them there instead. The credentials' owner needs the Admin account type.
By default this is a dry run. Set DRY_RUN=false to offboard the member. Keep the plan, in case you
have to grant access again. If a step fails, the error says how to continue. MEMBERID isn't read.

Endpoint:  PATCH /v2/members/{memberId}, POST /v2/members/{memberId}/revoke,
           DELETE /v2/grants/{grantId}, DELETE /v2/connections/{connectionId}/grants/{grantId},
           PATCH /v2/teams/{teamId}/members; GET /v2/members, GET /v2/whoami,
           GET /v2/members/{memberId}/files, GET /v2/members/{memberId}/schedules,
           GET /v2/members/{memberId}/teams, GET /v2/teams, GET /v2/teams/{teamId}/members,
           GET /v2/grants, GET /v2/workspaces, GET /v2/connections and
           GET /v2/connections/{connectionId}/grants for plan and check
Docs:      https://help.sigmacomputing.com/reference/updatemember
.env:      LEAVER_EMAIL, the member to offboard
           NEW_OWNER_EMAIL, the new owner of the documents and schedules
           DRY_RUN=true (false: offboard the member)
Run:       python members/offboard_member.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    ...
    To offboard: Dana Varga <dana.varga@example.com>
    New owner:   Vic Viewer <vic@example.com>
    Documents:   7, schedules: 1
    Access:      team Support
    ...
    Warning:     this member's API and embed credentials stop, and embeds signed with them. See Administration > Developer Access
    Dry run: nothing was changed. To apply the plan once: DRY_RUN=false python members/offboard_member.py
"""

# 1: Import the two shared files, which are one folder up, and the recipe for step 4, which is next
#    to this file. To use this recipe elsewhere, put all four files into one folder.
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
sys.path.append(str(Path(__file__).resolve().parent))
from deactivate_existing import ROBOT_ID, deactivate_member, find_active_member
from get_access_token import get_bearer_token
from sigma_client import (
    SigmaClient,
    SigmaError,
    dry_run_note,
    in_parallel,
    member_label,
    printable,
    read_dry_run,
    require_all,
    run,
    say,
    this_command,
)

Row = dict[str, Any]
DOCUMENTS = ("workbook", "report", "data-model", "template")  # folders may keep their owner


# 2: Find the member. If the owner of these credentials is deactivated, they stop working
def find_leaver(client: SigmaClient, email: str) -> Row:
    """Return the member with this email, even a deactivated one, or raise SigmaError."""
    members = client.get_all("/members", email=email, includeArchived=True, includeInactive=True)
    # The filter isn't documented as exact, so compare
    found: list[Row] = [m for m in members if str(m.get("email")).lower() == email.lower()]
    if len(found) != 1:
        raise SigmaError(f"LEAVER_EMAIL: {len(found) or 'No'} members have the email {email}")
    if found[0]["memberId"] in (ROBOT_ID, client.get("/whoami")["userId"]):
        raise SigmaError(f"LEAVER_EMAIL: {email} is Sigma's own member, or owns these credentials")
    return found[0]


# 3: Find the teams. GET /teams leaves out Sigma's own teams, such as the one of all members
def list_teams(client: SigmaClient, leaver_id: str, is_active: bool) -> list[Row]:
    """Return the teams of the leaver. "stays" is True if Sigma can't remove the leaver."""
    listed = {team["teamId"] for team in client.get_all("/teams")}
    teams = client.get_all(f"/members/{leaver_id}/teams")
    for team in teams:
        team["stays"] = not is_active or team["teamId"] not in listed
        note = " (can't be removed)" if team["stays"] else ""
        team["label"] = printable(f"team {team.get('name') or team['teamId']}{note}")
    for team, members in client.read_each(
        [team for team in teams if not team["stays"]],
        lambda team: client.get_all(f"/teams/{team['teamId']}/members"),
        lambda team: team["label"],
        "teams",
    ):
        if [member["userId"] for member in members if member.get("isTeamAdmin")] == [leaver_id]:
            team["label"] += " (its only admin)"
    return teams


# 4: Find the grants. Connections have lists of their own
def list_grants(client: SigmaClient, leaver_id: str, files: list[Row]) -> list[Row]:
    """Return the leaver's own grants, each with a label and the path that deletes it."""
    names = {file.get("urlId"): f"{file.get('type')} {file.get('name') or '?'}" for file in files}
    for row in client.get_all("/workspaces"):  # in grants, they have the type "folder"
        names[row.get("workspaceUrlId")] = f"workspace {row.get('name') or '?'}"
    rows = client.get_all("/connections")
    connections = {f"/connections/{row['connectionId']}/grants": row.get("name") for row in rows}

    def read(path: str) -> list[Row]:
        query = {"userId": leaver_id, "directGrantsOnly": True} if path == "/grants" else {}
        return client.get_all(path, **query)

    found = {}  # by ID, because a grant can be in two lists
    for path, grants in client.read_each(["/grants", *connections], read, str, "lists of grants"):
        for grant in grants:
            # A grant is a team's or a member's: the other ID is null. Delete only the leaver's own
            if not grant.get("teamId") and grant["memberId"] == leaver_id:
                on, kind = grant["inodeId"], grant.get("inodeType") or "connection"
                name = names.get(on) or f"{kind} {connections.get(path) or '?'}"
                label = printable(f"{grant['permission']} on {name} ({on})")
                found[grant["grantId"]] = {"label": label, "path": f"{path}/{grant['grantId']}"}
    return list(found.values())


# 5: Define the steps that no other recipe has
def revoke_tokens(client: SigmaClient, member_id: str) -> Any:
    """Revoke OAuth tokens, and return how many. Open sessions and API tokens continue to work."""
    response = client.post(f"/members/{member_id}/revoke", json={})
    return response["results"]["oauth"]["tokensRevoked"]


def delete_grant(client: SigmaClient, grant: Row) -> None:
    """Delete a grant. 404 means that it's already gone."""
    try:
        client.delete(grant["path"])
    except SigmaError as error:
        if error.status != 404:
            raise


def leave_team(client: SigmaClient, team: Row, member_id: str) -> None:
    """Remove a member from a team."""
    client.patch(f"/teams/{team['teamId']}/members", json={"remove": [member_id]})


def change_each(what: str, items: list[Row], change: Callable[[Row], None]) -> None:
    """Change all items, and print the results. Raises SigmaError if a change failed."""
    done = 0
    for item, result in in_parallel(items, change):
        if isinstance(result, SigmaError):
            say(f"Failed: {item['label']}: {result}")
        else:
            done += 1
            print(f"{what}: {item['label']}")
    if done < len(items):
        raise SigmaError(f"{what}: {done} of {len(items)}")


# 6: Check the transfer
def check_transfer(client: SigmaClient, new_owner_id: str, planned: dict[str, str]) -> None:
    """Raise SigmaError if the new owner doesn't have all documents and schedules in the plan."""
    files = client.get_all(f"/members/{new_owner_id}/files")
    # ownerId is optional in this list. What the new owner can't even open wasn't transferred
    done = {file["id"] for file in files if file.get("ownerId") in (None, new_owner_id)}
    schedules = client.get_all(f"/members/{new_owner_id}/schedules")
    done |= {schedule["scheduledNotificationId"] for schedule in schedules}
    client.require_complete_lists()
    left = [label for key, label in planned.items() if key not in done]
    if left:
        fix = "Check again later, or use workbooks/transfer_all_workbooks.py"
        raise SigmaError(f"Not transferred: {len(left)}, such as {left[0]}. {fix}")


def main() -> None:
    # 7: Read all settings before anything is sent
    leaver_email, new_owner_email = require_all("LEAVER_EMAIL", "NEW_OWNER_EMAIL")
    dry_run = read_dry_run()
    if leaver_email.lower() == new_owner_email.lower():
        raise SigmaError("LEAVER_EMAIL and NEW_OWNER_EMAIL are the same")

    with SigmaClient(get_bearer_token) as client:
        # 8: Read what the member has. The list of files has all that the member can open
        leaver = find_leaver(client, leaver_email)
        leaver_id = leaver["memberId"]
        # isArchived means deactivated in Sigma, isInactive by the identity provider
        is_active = not (leaver.get("isArchived") or leaver.get("isInactive"))
        new_owner = find_active_member(client, new_owner_email)
        files = client.get_all(f"/members/{leaver_id}/files")
        schedules = client.get_all(f"/members/{leaver_id}/schedules")
        teams = list_teams(client, leaver_id, is_active)
        grants = list_grants(client, leaver_id, files)

        # 9: Print the plan
        own = [f for f in files if f.get("ownerId") == leaver_id and f.get("type") in DOCUMENTS]
        planned = {f["id"]: printable(f"{f['type']} {f.get('name') or f['id']}") for f in own}
        unknown = sum(not f.get("ownerId") and f.get("type") in DOCUMENTS for f in files)
        more = f" (Sigma doesn't name the owner of {unknown} more)" if unknown else ""
        print(f"To offboard: {member_label(leaver)}{'' if is_active else ' (already deactivated)'}")
        print(f"New owner:   {member_label(new_owner)}")
        print(f"Documents:   {len(planned)}{more}, schedules: {len(schedules)}")
        for access in [*teams, *grants]:
            print(f"Access:      {access['label']}")
        if is_active:
            warning = "this member's API and embed credentials stop, and embeds signed with them"
            print(f"Warning:     {warning}. See Administration > Developer Access")
        if dry_run:
            print(dry_run_note())
            return
        client.require_complete_lists()
        planned |= {row["scheduledNotificationId"]: "a schedule" for row in schedules}

        # 10: Run the steps. Sigma can't remove deactivated members from teams, so deactivate last
        done: list[str] = []
        try:
            if is_active:
                print(f"Tokens revoked: {revoke_tokens(client, leaver_id)}")
                done.append("tokens")
            change_each("Deleted", grants, lambda grant: delete_grant(client, grant))
            done.append("grants")
            leaving = [team for team in teams if not team["stays"]]
            change_each("Left", leaving, lambda team: leave_team(client, team, leaver_id))
            done.append("teams")
            if is_active:
                deactivate_member(client, leaver_id, new_owner["memberId"])
                done.append("deactivation")
            check_transfer(client, new_owner["memberId"], planned)
        except SigmaError as error:
            progress = f"Steps done: {', '.join(done) or 'none'}. To continue with DRY_RUN=false"
            raise SigmaError(f"{error}. {progress}: {this_command()}", error.status) from error
    print(f"Member offboarded successfully: {member_label(leaver)}")


if __name__ == "__main__":
    run(main)
