"""List every team: this is where TEAMID comes from.

Endpoint:  GET /v2/teams
Docs:      https://help.sigmacomputing.com/reference/listteams
.env:      OUTPUT_FORMAT=table (json: every field, as Sigma sent it; csv: for a spreadsheet)
Run:       python teams/list_all.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/teams?limit=1000
    Name         Visibility    Team ID
    -----------  ------------  ------------------------------------
    Finance      private       f519520f-6932-57c7-9382-d38db2baf856
    Marketing    public        2c626192-1038-578b-901e-701cfd2ba26b
    Sales        public        c14a3fee-613e-5a33-ba9f-d5a76d76dda5
    ...
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaSession, checked_id, print_rows, run


# 2: Ask Sigma. get_entries asks for 1000 teams at a time, page after page, until the last
def list_teams(session: SigmaSession) -> Iterator[dict[str, Any]]:
    """Yield every team."""
    for team in session.get_entries("/teams"):
        # The ID is what this list is for: refuse an entry without one
        checked_id(team["teamId"], "teamId in Sigma's answer")
        yield team


def main() -> None:
    # 3: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 4: Fetch the teams, and print them as a table. Everybody sees a public team; a private one is
    #    seen by its members and by administrators
    columns = {"Name": "name", "Visibility": "visibility", "Team ID": "teamId"}
    print_rows(list_teams(session), columns, empty="There are no teams.")


# 5: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
