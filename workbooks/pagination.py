"""Show how page and limit work: read the workbooks page by page, with the loop written out.

Every list of Sigma's API comes in pages. limit says how many entries a page may hold (50 unless
you say so, 1000 at most). page says which page to send: leave it out for the first one, then send
back what the last answer holds in nextPage, until that is null. It often looks like a number, but
it is an opaque text: send it as it came, and never compute it.

The other recipes leave this loop to session.get_entries.

Endpoint:  GET /v2/workbooks
Docs:      https://help.sigmacomputing.com/reference/listworkbooks
.env:      LIMIT=50, the workbooks per page (1 to 1000)
           OUTPUT_FORMAT=table (json or csv: all pages as one list, for another program)
Run:       python workbooks/pagination.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks?limit=50
    Page 1
    #    Name                     Path                    LatestVersion
    ---  -----------------------  ----------------------  ---------------
    1    Plugs Sales Performance  Finance                 1
    2    Churn Forecast 1         Marketing               2
    3    Pipeline Weekly 2        Sales                   3
    ...

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks?limit=50&page=L3YyL3dvcmtib29rcyA1MA
    Page 2
    #    Name                    Path                    LatestVersion
    ---  ----------------------  ----------------------  ---------------
    51   Deliveries Forecast 50  Sales                   6
    52   Returns Weekly 51       Support/Archive         7
    53   Revenue Monthly 52      Engineering             8
    ...

    Total workbooks: 260
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaError, SigmaSession, print_rows, read_env, read_number, run


# 2: Ask for one page after the other
def workbook_pages(session: SigmaSession, limit: int) -> Iterator[list[dict[str, Any]]]:
    """Yield the workbooks of one page at a time, at most limit of them."""
    query: dict[str, Any] = {"limit": limit}
    pages_asked_for = set()
    while True:
        answer = session.get("/workbooks", params=query).json()

        # 3: A workbook that Sigma could not read arrives as an error object, without an ID
        for workbook in answer["entries"]:
            if workbook.get("workbookId") is None:
                why = workbook.get("message", "an entry without workbookId")
                raise SigmaError(f"The list is not whole: {why}")
        yield answer["entries"]

        # 4: nextPage leads to the next page. Only null (None) ends the list: a page with fewer
        #    workbooks than limit may be followed by another, and hasMore is deprecated
        next_page = answer.get("nextPage")
        if next_page in (None, ""):
            if "nextPage" not in answer and str(answer.get("hasMore")).lower() == "true":
                raise SigmaError("The list is not whole: Sigma has more, and names no next page")
            return

        # 5: A page that comes twice would turn this loop into an endless one
        if next_page in pages_asked_for:
            raise SigmaError(f"The list is not whole: Sigma named the page {next_page} twice")
        pages_asked_for.add(next_page)
        query["page"] = next_page


def main() -> None:
    # 6: Read the page size from .env, and open a session
    limit = read_number("LIMIT", 50, 1, 1000)
    session = SigmaSession(get_bearer_token)
    columns = {"#": "#", "Name": "name", "Path": "path", "LatestVersion": "latestVersion"}

    # 7: Print a table for each page as it arrives, then the total. Another program that reads
    #    this output (OUTPUT_FORMAT=json or csv) wants one list, so it gets all pages at the end
    as_tables = read_env("OUTPUT_FORMAT", "table") == "table"
    workbooks: list[dict[str, Any]] = []
    for number, page in enumerate(workbook_pages(session, limit), start=1):
        rows = [{"#": n, **workbook} for n, workbook in enumerate(page, start=len(workbooks) + 1)]
        workbooks += rows
        if as_tables:
            print(f"Page {number}")
            print_rows(rows, columns, empty="This page is empty.")
            print()
    if as_tables:
        print(f"Total workbooks: {len(workbooks)}")
    else:
        print_rows(workbooks, columns, empty="")


# 8: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
