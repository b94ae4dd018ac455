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
    Support         86d3cd2f-9426-59b0-ba55-62beeeca9b32
    Engineering     d2ddd5c6-af67-5978-a45b-24584112b4d2
    Operations      696b3f72-dbce-58de-bb45-c8e17ec40981
    Legal           bd2c1c24-8506-5de6-8e67-31c40b216308
    People          eb258ebb-bc43-5f2e-891b-98000070cc74
    Executive       b4873105-ce9a-5745-a8f0-679d70bc2420
    Sandbox         f0d4e9e1-05ec-5b69-8520-95ad6eb2a83f
    Shared Reports  4c74d926-5f5e-5c78-b2e9-f03512510355
    Shared Reports  acb85836-f6a8-538c-bc7f-920fb32cd000
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


# 2: Ask Sigma. get_entries asks for 1000 workspaces at a time, page after page, until the last
def list_workspaces(session: SigmaSession) -> Iterator[dict[str, Any]]:
    """Yield every workspace. Names are not unique; IDs are."""
    return session.get_entries("/workspaces")


def main() -> None:
    # 3: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 4: Fetch the workspaces, and print them as a table
    columns = {"Name": "name", "Workspace ID": "workspaceId"}
    print_rows(list_workspaces(session), columns, empty="There are no workspaces.")


# 5: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
