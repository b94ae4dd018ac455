"""Add a member to a team: step 4 of onboarding.

Endpoint:  PATCH /v2/teams/{teamId}/members
Docs:      https://help.sigmacomputing.com/reference/updateteammembers
.env:      TEAMID, the team: its ID (teams/list_all.py prints it) or the URL of its page
           MEMBERID, the member to add
Run:       python members/add_member_to_team.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/teams/2d947719-03f1-5d66-92c6-3845f168c6e6/members
    Member successfully added to team: {}
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaSession, require_id, run


# 2: Ask Sigma to add the member
def add_to_team(session: SigmaSession, team_id: str, member_id: str) -> dict[str, Any]:
    """Add a member to a team, and return Sigma's answer: an empty object."""
    # The body takes two lists, add and remove, so one request can change many members. Whoever is
    # in the team already stays in it; a deactivated member is refused
    body = {"add": [member_id]}
    answer: dict[str, Any] = session.patch(f"/teams/{team_id}/members", json=body).json()
    return answer


def main() -> None:
    # 3: Read the team and the member from .env
    team_id = require_id("TEAMID")
    member_id = require_id("MEMBERID")

    # 4: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 5: Add the member
    answer = add_to_team(session, team_id, member_id)
    print(f"Member successfully added to team: {answer}")


# 6: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
