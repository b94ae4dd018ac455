"""List every workbook that the owner of the credentials can open, with its address.

Endpoint:  GET /v2/workbooks
Docs:      https://help.sigmacomputing.com/reference/listworkbooks
.env:      ALL_WORKBOOKS=false (true: every workbook of the organization, for administrators)
           OUTPUT_FORMAT=table (json: every field, as Sigma sent it; csv: for a spreadsheet)
Run:       python workbooks/list_all.py

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
from sigma_session import SigmaSession, print_rows, read_flag, run


# 2: Ask Sigma. get_entries asks for 1000 workbooks at a time, page after page, until the last
def list_workbooks(session: SigmaSession, all_workbooks: bool) -> Iterator[dict[str, Any]]:
    """Yield the workbooks that the credentials can open, or all of the organization."""
    # Even an administrator's list lacks what others keep in My Documents. skipPermissionCheck
    # brings these, too, and explorations, which nobody saved: excludeExplorations leaves them out
    everything = {"skipPermissionCheck": "true", "excludeExplorations": "true"}
    return session.get_entries("/workbooks", **(everything if all_workbooks else {}))


def main() -> None:
    # 3: Read from .env whether to list all, and open a session
    all_workbooks = read_flag("ALL_WORKBOOKS", default=False)
    session = SigmaSession(get_bearer_token)

    # 4: Fetch the workbooks, and print them as a table
    workbooks = list_workbooks(session, all_workbooks)
    columns = {"Name": "name", "Version": "latestVersion", "URL": "url"}
    print_rows(workbooks, columns, empty="There are no workbooks.")


# 5: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
