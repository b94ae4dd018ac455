"""Onboard a member: run all five steps, and pass the IDs from one to the next.

1. create the member                            create_new.py
2. create a workspace for the member            create_workspace.py
3. grant access to the workspace (view)         create_workspace_permission.py
4. add the member to a team                     add_member_to_team.py
5. grant access to the connection (usage)       create_connection_permission.py

If a step fails, the error lists the completed steps, and the command that continues from there.
With UNIQUE_EMAIL=false, it's safe to run this again: if a member has this email, that member is
onboarded. But a grant may replace a higher permission that the member already has. MEMBERID,
WORKSPACEID, PERMISSION and CONNECTION_PERMISSION aren't read: they're for the single steps.

Endpoint:  POST /v2/members, POST /v2/workspaces, POST /v2/workspaces/{workspaceId}/grants,
           PATCH /v2/teams/{teamId}/members, POST /v2/connections/{connectionId}/grants;
           GET /v2/members or GET /v2/members/{memberId} for an existing member
Docs:      https://help.sigmacomputing.com/reference/createmember
.env:      EMAIL, NEW_MEMBER_FIRST_NAME, NEW_MEMBER_LAST_NAME, NEW_MEMBER_TYPE
           TEAMID, CONNECTIONID, UNIQUE_EMAIL=true, SEND_INVITE=true
Run:       python members/master_script.py
           python members/master_script.py --member-id ID [--workspace-id ID]   for an existing
           member, or to continue after a failure

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    Creating new.member+1714640040000@example.com
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?sendInvite=true
    New member created successfully:
    memberId: tr516mYtNO5BXZKFLw0ZjdnYukat
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workspaces
    Workspace created successfully:
    workspaceId: 27523937-f418-57d8-bc21-9271a729d5e3
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workspaces/27523937-f418-57d8-bc21-9271a729d5e3/grants
    New workspace permission added successfully: {}
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/teams/2d947719-03f1-5d66-92c6-3845f168c6e6/members
    Member successfully added to team: {}
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/connections/731b8533-1a07-5071-9103-68a70259b8e2/grants
    New connection permission added successfully: {}
    Connection permissions granted successfully.
    Onboarding process completed successfully.
"""

# 1: Import the two shared files, which are one folder up, and the five steps, which are next to
#    this file. To use this recipe elsewhere, put all eight files into one folder.
import argparse
import re
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
sys.path.append(str(Path(__file__).resolve().parent))
from add_member_to_team import add_to_team
from create_connection_permission import grant_connection
from create_new import create_member, find_existing, read_new_member
from create_workspace import create_workspace
from create_workspace_permission import grant_workspace
from get_access_token import get_bearer_token
from sigma_client import (
    SAFE_ID,
    SigmaClient,
    SigmaError,
    member_label,
    read_flag,
    require_all,
    run,
    say,
    this_command,
)


# 2: Create the member, or find the one who already has the email
def create_or_find(client: SigmaClient, new_member: dict[str, str], send_invite: bool) -> str:
    """Return the ID of the member with this email."""
    email = new_member["email"]
    print(f"Creating {email}")  # if the response is lost, look for it in Sigma
    try:
        member = create_member(client, new_member, send_invite)
    except SigmaError as error:
        if error.status != 409:
            raise
        return use_existing(find_existing(client, email, error))
    print("New member created successfully:")
    print(f"memberId: {member['memberId']}")
    return str(member["memberId"])


def use_existing(member: dict[str, Any]) -> str:
    """Return the ID of an existing member. A deactivated one can't be added to a team."""
    if member.get("isArchived") or member.get("isInactive"):
        raise SigmaError(f"{member_label(member)} is deactivated. Reactivate the member first")
    print(f"Member already exists: {member_label(member)}")
    print(f"memberId: {member['memberId']}")
    return str(member["memberId"])


# 3: Define the two options on the command line
def id_option(text: str) -> str:
    """Return an ID. If it isn't one, argparse prints an error and exits with code 2."""
    if not re.fullmatch(SAFE_ID, text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} isn't an ID")
    return text


def command_line() -> argparse.ArgumentParser:
    """Return the parser for --member-id and --workspace-id."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("--member-id", type=id_option, metavar="ID", help="onboard this member")
    parser.add_argument("--workspace-id", type=id_option, metavar="ID", help="use this workspace")
    return parser


def command_to_continue(member_id: str | None, workspace_id: str | None) -> str:
    """Return the command that runs the remaining steps."""
    options = ["--member-id", member_id] if member_id else []
    options += ["--workspace-id", workspace_id] if workspace_id else []
    return this_command(*options)


def main(arguments: argparse.Namespace) -> None:
    # 4: Read all settings before anything is sent: a typo in TEAMID must not show up only after
    #    the member was created
    member_id, workspace_id = arguments.member_id, arguments.workspace_id
    needed = ["EMAIL", "NEW_MEMBER_FIRST_NAME", "NEW_MEMBER_LAST_NAME", "NEW_MEMBER_TYPE"]
    needed = [] if member_id else needed  # when you continue, the member exists
    team_id, connection_id, *_ = require_all("TEAMID", "CONNECTIONID", *needed)
    new_member = {} if member_id else read_new_member()
    send_invite = read_flag("SEND_INVITE", default=True)

    # 5: Use one client for all steps. Get the token first: if that fails, no step was tried
    done: list[str] = []
    with SigmaClient(get_bearer_token) as client:
        get_bearer_token(client.credentials)
        # 6: Run the steps. Each needs the results of the previous ones, so stop if one fails
        try:
            if member_id:
                use_existing(client.get(f"/members/{member_id}"))
            else:
                member_id = create_or_find(client, new_member, send_invite)
            done.append("member")

            if not workspace_id:
                workspace_id, is_new = create_workspace(client, member_id)
                print(f"Workspace {'created successfully' if is_new else 'already exists'}:")
                print(f"workspaceId: {workspace_id}")
            done.append("workspace")

            response = grant_workspace(client, workspace_id, member_id, "view")
            print(f"New workspace permission added successfully: {response}")
            done.append("workspace permission")

            response = add_to_team(client, team_id, member_id)
            print(f"Member successfully added to team: {response}")
            done.append("team membership")

            response = grant_connection(client, connection_id, member_id, "usage")
            print(f"New connection permission added successfully: {response}")

        # 7: Print how to continue, even after Ctrl-C. All steps but the first are safe to repeat:
        #    unless Sigma refused it (4xx), the member may already exist
        except (Exception, KeyboardInterrupt) as error:
            status = getattr(error, "status", None)
            line = "Stopped" if isinstance(error, KeyboardInterrupt) else str(error)
            line += f". Steps done: {', '.join(done) or 'none'}."
            if not (member_id or 400 <= (status or 0) < 500):
                line += f" If {new_member['email']} is in Sigma, add --member-id and its ID."
            line += f" To continue: {command_to_continue(member_id, workspace_id)}"
            if isinstance(error, KeyboardInterrupt):
                say(line)
                raise
            raise SigmaError(line, status) from error

    print("Connection permissions granted successfully.")
    print("Onboarding process completed successfully.")


if __name__ == "__main__":
    run(main, command_line())
