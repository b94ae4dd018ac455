"""List every team: this is where TEAMID comes from.

Endpoint:  GET /v2/teams
Docs:      https://help.sigmacomputing.com/reference/listteams
.env:      OUTPUT_FORMAT=table (json: every field, as Sigma sent it; csv: for a spreadsheet)
Run:       python teams/list_all.py

Sample output:

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
from sigma_session import SigmaSession, print_rows, run


# 2: Ask Sigma. get_entries asks for 1000 teams at a time, page after page, until the last
def list_teams(session: SigmaSession) -> Iterator[dict[str, Any]]:
    """Yield every team."""
    return session.get_entries("/teams")


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
