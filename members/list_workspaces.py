"""List the workspaces, with the ID that you need for WORKSPACEID.

Endpoint:  GET /v2/workspaces
Docs:      https://help.sigmacomputing.com/reference/listworkspaces
.env:      OUTPUT_FORMAT=table (json: every field that Sigma sent; csv: for a spreadsheet)
Run:       python members/list_workspaces.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workspaces?limit=1000
    Name            Workspace ID
    --------------  ------------------------------------
    Finance         702a792b-b2f7-521d-9bdd-41605796a9fe
    Marketing       754c184e-ea0f-5dd5-ab40-84c0a1e7fadc
    Sales           c9b1b354-15b5-5fee-88ea-c99704ad2c99
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


# 2: Get the workspaces. Several can have the same name, so recipes take the ID
def list_workspaces(client: SigmaClient) -> list[dict[str, Any]]:
    """Return all workspaces."""
    return client.get_all("/workspaces")


def main() -> None:
    # 3: Open a client. If Sigma couldn't read a workspace, the end of its block raises an error,
    #    after the others are printed
    with SigmaClient(get_bearer_token) as client:
        # 4: Print a table. A workspace without an ID is an error, because the ID is what you need
        workspaces = list_workspaces(client)
        rows = [{**entry, "workspaceId": entry["workspaceId"]} for entry in workspaces]
        columns = {"Name": "name", "Workspace ID": "workspaceId"}
        print_rows(rows, columns, empty="There are no workspaces.")


if __name__ == "__main__":
    run(main)
