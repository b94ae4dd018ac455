"""Onboard a member: run all five steps, and hand the IDs from one to the next.

1. create the member                            create_new.py
2. create a workspace for the member            create_workspace.py
3. let the member use the workspace             create_workspace_permission.py
4. add the member to a team                     add_member_to_team.py
5. let the member use a connection              create_connection_permission.py

The permissions are view on the workspace and usage on the connection. MEMBERID, WORKSPACEID,
PERMISSION and CONNECTION_PERMISSION of .env belong to the single steps and are not read here.

When a step fails, the error names the steps that are done and the command that goes on from
there. With UNIQUE_EMAIL=false a member who exists already is used, and a second run for the same
member changes nothing. A grant replaces what a member had before: whoever has more than view on
the workspace or usage on the connection has less afterwards.

Endpoint:  POST /v2/members, POST /v2/workspaces, POST /v2/workspaces/{workspaceId}/grants,
           PATCH /v2/teams/{teamId}/members, POST /v2/connections/{connectionId}/grants;
           GET /v2/members/{memberId} for a member who exists already, and GET /v2/members where
           Sigma does not say who has the address
Docs:      https://help.sigmacomputing.com/reference/createmember
.env:      EMAIL, NEW_MEMBER_FIRST_NAME, NEW_MEMBER_LAST_NAME, NEW_MEMBER_TYPE
           TEAMID, CONNECTIONID, UNIQUE_EMAIL=true, SEND_INVITE=true
Run:       python members/master_script.py
           python members/master_script.py --member-id ID [--workspace-id ID]   for a member who
           exists, or to go on after a failure

Sample output:

    Creating new.member+1714640040000@example.com
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
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

# 1: Import what the recipe needs: the two shared files one folder up, and the five steps beside
#    this file. To use the recipe elsewhere, put all of them into one folder.
import argparse
import contextlib
import os
import shlex
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
sys.path.append(str(Path(__file__).resolve().parent))
from add_member_to_team import add_to_team
from create_connection_permission import grant_connection
from create_new import create_member, find_member_id, read_new_member
from create_workspace import create_workspace
from create_workspace_permission import grant_workspace
from get_access_token import get_bearer_token
from sigma_session import SigmaError, SigmaSession, checked_id, read_flag, require_id, run


# 2: A member who is there already, by --member-id or by an address that is taken
def use_member(session: SigmaSession, member_id: str, email: str = "") -> None:
    """Make sure that a member exists, is active, and has this address if one is given."""
    member = session.get(f"/members/{member_id}").json()
    if email and str(member["email"]).lower() != email.lower():
        raise SigmaError(f"{email} is taken, but not by member {member_id}. Look for it in Sigma")
    if member.get("isArchived") or member.get("isInactive"):
        raise SigmaError(f"Member {member_id} is deactivated. Reactivate the member in Sigma first")
    print(f"Member exists already: {member['email']}")
    print(f"memberId: {member_id}")


def create_or_find(session: SigmaSession, new_member: dict[str, str], send_invite: bool) -> str:
    """Return the ID of a new member, or of the one who has the address already."""
    # The address comes first: should the answer get lost, it tells what to look for
    print(f"Creating {new_member['email']}")
    try:
        member_id = str(create_member(session, new_member, send_invite)["memberId"])
    except SigmaError as error:
        if error.status != 409:
            raise
        member_id = find_member_id(session, new_member["email"], error)
        use_member(session, member_id, new_member["email"])
        return member_id
    print("New member created successfully:")
    print(f"memberId: {member_id}")
    return member_id


# 3: What may stand after the name of this file
def command_line() -> argparse.ArgumentParser:
    """Return the two options that name a member who exists, or go on after a failure."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--member-id", metavar="ID", help="onboard this member")
    parser.add_argument("--workspace-id", metavar="ID", help="use this workspace")
    return parser


def command_to_go_on(member_id: str | None, workspace_id: str | None) -> str:
    """Return the command that runs what is left to do."""
    script = Path(__file__).resolve()
    with contextlib.suppress(OSError, ValueError):  # shorter, if it lies below the current folder
        script = script.relative_to(Path.cwd())
    words = ["python", str(script)]
    words += ["--member-id", member_id] if member_id else []
    words += ["--workspace-id", workspace_id] if workspace_id else []
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def main(arguments: argparse.Namespace) -> None:
    # 4: Read and check all settings before anything is sent: a typing error in TEAMID must not
    #    come to light when the member is made already
    member_id, workspace_id = arguments.member_id, arguments.workspace_id
    if member_id is not None:
        checked_id(member_id, "--member-id")
    else:
        new_member = read_new_member()
        send_invite = read_flag("SEND_INVITE", default=True)
    if workspace_id is not None:
        checked_id(workspace_id, "--workspace-id")
    team_id = require_id("TEAMID")
    connection_id = require_id("CONNECTIONID")

    # 5: Open one session for all steps: they share the token and the connection
    session = SigmaSession(get_bearer_token)

    # 6: Run the steps. Each needs what the one before it made, so the first failure ends the run
    done: list[str] = []
    try:
        if member_id:
            use_member(session, member_id)
        else:
            member_id = create_or_find(session, new_member, send_invite)
        done.append("member")

        if not workspace_id:
            workspace_id, is_new = create_workspace(session, member_id)
            print("Workspace created successfully:" if is_new else "Workspace exists already:")
            print(f"workspaceId: {workspace_id}")
            done.append("workspace")

        answer = grant_workspace(session, workspace_id, member_id, "view")
        print(f"New workspace permission added successfully: {answer}")
        done.append("workspace permission")

        answer = add_to_team(session, team_id, member_id)
        print(f"Member successfully added to team: {answer}")
        done.append("team membership")

        answer = grant_connection(session, connection_id, member_id, "usage")
        print(f"New connection permission added successfully: {answer}")

    # 7: Say what is done and how to go on, also after Ctrl-C. Every step may be repeated without
    #    harm except the first: a member whose creation got no answer may be there
    except (SigmaError, KeyboardInterrupt) as error:
        stopped = isinstance(error, KeyboardInterrupt)
        line = "Stopped" if stopped else str(error)
        line += f". Steps done: {', '.join(done) or 'none'}."
        if not member_id and (stopped or "may have been carried out" in line):
            line += f" If {new_member['email']} is in Sigma, add --member-id with its ID."
        line += f" To go on: {command_to_go_on(member_id, workspace_id)}"
        if isinstance(error, SigmaError):
            raise SigmaError(line, error.status) from error
        print(line, file=sys.stderr)
        raise

    print("Connection permissions granted successfully.")
    print("Onboarding process completed successfully.")


# 8: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main, command_line())
