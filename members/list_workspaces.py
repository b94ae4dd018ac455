"""List every workspace: this is where WORKSPACEID comes from.

Endpoint:  GET /v2/workspaces
Docs:      https://help.sigmacomputing.com/reference/listworkspaces
.env:      OUTPUT_FORMAT=table (json: every field, as Sigma sent it; csv: for a spreadsheet)
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

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaSession, checked_id, print_rows, run


# 2: Ask Sigma. get_entries asks for 1000 workspaces at a time, page after page, until the last
def list_workspaces(session: SigmaSession) -> Iterator[dict[str, Any]]:
    """Yield every workspace. Names are not unique; IDs are."""
    for workspace in session.get_entries("/workspaces"):
        # The ID is what this list is for: refuse an entry without one
        checked_id(workspace["workspaceId"], "workspaceId in Sigma's answer")
        yield workspace


def main() -> None:
    # 3: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 4: Fetch the workspaces, and print them as a table
    columns = {"Name": "name", "Workspace ID": "workspaceId"}
    print_rows(list_workspaces(session), columns, empty="There are no workspaces.")


# 5: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
