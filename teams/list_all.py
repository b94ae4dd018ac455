"""List the teams, with the ID that you need for TEAMID.

Endpoint:  GET /v2/teams
Docs:      https://help.sigmacomputing.com/reference/listteams
.env:      OUTPUT_FORMAT=table (json: every field that Sigma sent; csv: for a spreadsheet)
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

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, print_rows, run


# 2: Get the teams. All members see a public team, but only its own members and administrators see
#    a private one
def list_teams(client: SigmaClient) -> list[dict[str, Any]]:
    """Return all teams."""
    return client.get_all("/teams")


def main() -> None:
    # 3: Get all pages, and print them as one table
    with SigmaClient(get_bearer_token) as client:
        # 4: A team without an ID is an error, because the ID is what other recipes need
        rows = [{**team, "teamId": team["teamId"]} for team in list_teams(client)]
        columns = {"Name": "name", "Visibility": "visibility", "Team ID": "teamId"}
        print_rows(rows, columns, empty="There are no teams.")


if __name__ == "__main__":
    run(main)
