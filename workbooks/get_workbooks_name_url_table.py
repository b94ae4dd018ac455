"""Print the names and URLs of workbooks, to paste into a page or a spreadsheet.

The list has the workbooks that your API credentials can open, sorted by name.

Endpoint:  GET /v2/workbooks
Docs:      https://help.sigmacomputing.com/reference/listworkbooks
.env:      OUTPUT_FORMAT=table (json: for another program; csv: for a spreadsheet)
Run:       python workbooks/get_workbooks_name_url_table.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks?limit=1000
    Name                      URL
    ------------------------  ----------------------------------------------------------------------
    Campaigns Audit 124       https://app.sigmacomputing.com/sandbox/workbook/2LugWE5uiGRi5donYgkYSQ
    Campaigns Audit 215       https://app.sigmacomputing.com/sandbox/workbook/2n1IvrS5PXhL6r4CBnBTRu
    Campaigns Audit 33        https://app.sigmacomputing.com/sandbox/workbook/5esuBx4LKSj7PxU2CtqZV0
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


# 2: Get the workbooks, and keep two fields of each. To keep all fields, use workbooks/list_all.py
def names_and_urls(client: SigmaClient) -> list[dict[str, Any]]:
    """Return the name and url of all workbooks, sorted by name."""
    workbooks = client.get_all("/workbooks")
    rows = [{"name": book.get("name"), "url": book.get("url")} for book in workbooks]
    return sorted(rows, key=lambda row: (row["name"] or "").casefold())


def main() -> None:
    # 3: Get the names and URLs
    with SigmaClient(get_bearer_token) as client:
        rows = names_and_urls(client)

        # 4: Print a table. For a spreadsheet, use OUTPUT_FORMAT=csv
        print_rows(rows, {"Name": "name", "URL": "url"}, empty="There are no workbooks.")


if __name__ == "__main__":
    run(main)
