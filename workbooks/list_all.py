"""List the workbooks that your API credentials can open, with their URLs.

Endpoint:  GET /v2/workbooks
Docs:      https://help.sigmacomputing.com/reference/listworkbooks
.env:      ALL_WORKBOOKS=false (true: all workbooks of the organization, for administrators)
           OUTPUT_FORMAT=table (json: every field that Sigma sent; csv: for a spreadsheet)
Run:       python workbooks/list_all.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks?limit=1000
    Name                      Version    URL
    ------------------------  ---------  ----------------------------------------------------------------------
    Plugs Sales Performance   6          https://app.sigmacomputing.com/sandbox/workbook/3IL2M1YGTmw7N3gaLlhK3n
    Churn Forecast 1          2          https://app.sigmacomputing.com/sandbox/workbook/POURKBzoZDTt0YARctis8
    Pipeline Weekly 2         3          https://app.sigmacomputing.com/sandbox/workbook/7iQwFBTDnFQlphNt3TbFdm
    ...
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, print_rows, read_flag, run


# 2: Get the workbooks
def list_workbooks(client: SigmaClient, all_workbooks: bool) -> list[dict[str, Any]]:
    """Return the workbooks that the credentials can open, or all of the organization."""
    if not all_workbooks:
        return client.get_all("/workbooks")
    # Without skipPermissionCheck, even an administrator's list lacks what others keep in My
    # Documents. With it, the list would also have explorations, which aren't saved workbooks
    return client.get_all("/workbooks", skipPermissionCheck=True, excludeExplorations=True)


def main() -> None:
    # 3: Read the setting before anything is sent. A typo is an error, not false
    all_workbooks = read_flag("ALL_WORKBOOKS", default=False)

    # 4: Get the workbooks, and print a table
    with SigmaClient(get_bearer_token) as client:
        workbooks = list_workbooks(client, all_workbooks)
        columns = {"Name": "name", "Version": "latestVersion", "URL": "url"}
        print_rows(workbooks, columns, empty="There are no workbooks.")


if __name__ == "__main__":
    run(main)
