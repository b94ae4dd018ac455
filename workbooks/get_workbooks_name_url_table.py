"""Print the names and URLs of the workbooks as a table for a page or spreadsheet.

The list contains what the owner of the API credentials can open, sorted by name.

Endpoint:  GET /v2/workbooks
Docs:      https://help.sigmacomputing.com/reference/listworkbooks
.env:      OUTPUT_FORMAT=table (csv: for a spreadsheet; json: for another program)
Run:       python workbooks/get_workbooks_name_url_table.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks?limit=1000
    Name                      URL
    ------------------------  -----------------------------------------------------------------------------------------------
    Campaigns Audit 124       https://app.sigmacomputing.com/sandbox/workbook/Campaigns-Audit-124-YkiqgGY0aoK4tB5m6wLOQn
    Campaigns Audit 215       https://app.sigmacomputing.com/sandbox/workbook/Campaigns-Audit-215-QWI1BFUsc5ASheOqz1o19X
    Campaigns Audit 33        https://app.sigmacomputing.com/sandbox/workbook/Campaigns-Audit-33-cMzSjw0Io8MhEASLeKCU3S
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


# 2: Get the workbooks, and keep two fields of each. workbooks/list_all.py keeps the others
def names_and_urls(client: SigmaClient) -> list[dict[str, Any]]:
    """Return the name and url of all workbooks, sorted by name."""
    workbooks = client.get_all("/workbooks")
    rows = [{"name": book.get("name"), "url": book.get("url")} for book in workbooks]
    return sorted(rows, key=lambda row: (row["name"] or "").casefold())


def main() -> None:
    # 3: Get the names and URLs
    with SigmaClient(get_bearer_token) as client:
        rows = names_and_urls(client)

        # 4: Print a table. OUTPUT_FORMAT=csv is easier to open in a spreadsheet
        print_rows(rows, {"Name": "name", "URL": "url"}, empty="There are no workbooks.")


if __name__ == "__main__":
    run(main)
