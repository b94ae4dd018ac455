"""Read the workbooks page by page, with the loop written out.

Sigma's API sends lists in pages. limit is the number of entries per page: 50 by default, at most
1000. page selects the page: leave it out for the first one, then send the nextPage of the previous
response, until nextPage is null. It often looks like a number, but don't compute it.

In the other recipes, client.get_all does all this.

Endpoint:  GET /v2/workbooks
Docs:      https://help.sigmacomputing.com/reference/listworkbooks
.env:      LIMIT=50, the number of workbooks per page (1 to 1000)
           OUTPUT_FORMAT=table (json or csv: all pages as one list)
Run:       python workbooks/pagination.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks?limit=50
    Page 1
    #    Name                     Path                    LatestVersion
    ---  -----------------------  ----------------------  ---------------
    1    Plugs Sales Performance  Finance                 6
    2    Churn Forecast 1         Marketing               2
    3    Pipeline Weekly 2        Sales                   3
    ...

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks?limit=50&page=50
    Page 2
    #    Name                    Path                    LatestVersion
    ---  ----------------------  ----------------------  ---------------
    51   Deliveries Forecast 50  Sales                   6
    ...

    Total workbooks: 260
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, SigmaError, print_rows, read_env, read_number, run


# 2: Get one page after another
def workbook_pages(client: SigmaClient, limit: int) -> Iterator[list[dict[str, Any]]]:
    """Yield the workbooks on each page. Raise SigmaError if the list can't be complete."""
    query: dict[str, Any] = {"limit": limit}
    seen: set[str] = set()
    while True:
        page = client.get("/workbooks", **query)

        # 3: A workbook that Sigma couldn't read is an error object, without an ID
        for book in page["entries"]:
            if not book.get("workbookId"):
                raise SigmaError(f"Not complete: an entry has no workbookId: {book}")

        # 4: If a workbook is on two pages, the list changed while it was read, and another workbook
        #    may be missing
        ids = {book["workbookId"] for book in page["entries"]}
        if ids & seen or len(ids) < len(page["entries"]):
            raise SigmaError("Not complete: the list changed while it was read. Try again")
        seen |= ids
        yield page["entries"]

        # 5: Only nextPage shows if there is another page. A page with fewer workbooks than limit
        #    isn't necessarily the last one
        if not page.get("nextPage"):
            return
        query["page"] = page["nextPage"]


def main() -> None:
    limit = read_number("LIMIT", 50, 1, 1000)
    as_tables = read_env("OUTPUT_FORMAT", "table") == "table"
    columns = {"#": "#", "Name": "name", "Path": "path", "LatestVersion": "latestVersion"}

    # 6: Print each page as it arrives, then the total
    workbooks: list[dict[str, Any]] = []
    with SigmaClient(get_bearer_token) as client:
        for number, page in enumerate(workbook_pages(client, limit), start=1):
            rows = [{"#": n, **book} for n, book in enumerate(page, start=len(workbooks) + 1)]
            workbooks += rows
            if as_tables:
                print(f"Page {number}")
                print_rows(rows, columns, empty="This page is empty.")
                print()
    if as_tables:
        print(f"Total workbooks: {len(workbooks)}")
    else:  # a program that reads this needs one list
        print_rows(workbooks, columns, empty="")


if __name__ == "__main__":
    run(main)
