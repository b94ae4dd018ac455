"""List the members of the organization.

Endpoint:  GET /v2/members
Docs:      https://help.sigmacomputing.com/reference/listmembers
.env:      OUTPUT_FORMAT=table (json: every field that Sigma sent; csv: for a spreadsheet)
Run:       python members/list_all.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000
    Name             Email                         Type     Member ID
    ---------------  ----------------------------  -------  ----------------------------
    Ada Admin        ada@example.com               admin    lvnNwtHRO64x1CvbzHy4CaFCRA5P
    Vic Viewer       vic@example.com               View     OClrMgNg0Q5GIAHTWAgp0y54bP9q
    Chidi Okafor     chidi.okafor@example.com      Analyze  mddXhGl7HbHxKL7wHQ2j5sueuQy5
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


# 2: Get the members. Sigma sends a list in pages, and get_all reads them all
def list_members(client: SigmaClient) -> list[dict[str, Any]]:
    """Return all active members, including Sigma's own SigmaSchedulerRobot."""
    # Deactivated members are left out. To include them, add includeArchived=True
    return client.get_all("/members")


def main() -> None:
    # 3: Open a client. It gets a token from get_bearer_token, and sends it with every request
    with SigmaClient(get_bearer_token) as client:
        # 4: Print a table. member["memberId"] raises an error if the field is missing. Use get()
        #    for fields that may be missing, as either part of a name
        rows = []
        for member in list_members(client):
            name = " ".join(filter(None, (member.get("firstName"), member.get("lastName"))))
            rows.append({**member, "memberId": member["memberId"], "name": name})
        columns = {"Name": "name", "Email": "email", "Type": "memberType", "Member ID": "memberId"}
        print_rows(rows, columns, empty="There are no members.")


if __name__ == "__main__":
    run(main)
