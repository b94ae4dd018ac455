"""Add a member to a team: step 4 of onboarding.

Endpoint:  PATCH /v2/teams/{teamId}/members
Docs:      https://help.sigmacomputing.com/reference/updateteammembers
.env:      TEAMID, the team: its ID or URL (teams/list_all.py prints the IDs)
           MEMBERID, the member to add (members/list_all.py prints the IDs)
Run:       python members/add_member_to_team.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/teams/2d947719-03f1-5d66-92c6-3845f168c6e6/members
    Member successfully added to team: {}
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, require_all, run


# 2: Add the member. The body can have two lists, add and remove, so one request can change many
#    members. Members who are already in the team stay in it. Deactivated members are refused
def add_to_team(client: SigmaClient, team_id: str, member_id: str) -> dict[str, Any]:
    """Add a member to a team, and return the response: an empty object."""
    response: dict[str, Any] = client.patch(f"/teams/{team_id}/members", json={"add": [member_id]})
    return response


def main() -> None:
    # 3: Read all settings before anything is sent
    team_id, member_id = require_all("TEAMID", "MEMBERID")

    # 4: Add the member, and print the response
    with SigmaClient(get_bearer_token) as client:
        response = add_to_team(client, team_id, member_id)
    print(f"Member successfully added to team: {response}")


if __name__ == "__main__":
    run(main)
