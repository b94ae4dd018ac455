"""Print a workbook as a tree of its pages, elements and columns.

Use this recipe to find PAGE_ID and ELEMENT_ID.

Endpoint:  GET /v2/workbooks/{workbookId}/columns
           GET /v2/workbooks/{workbookId}/pages
           GET /v2/workbooks/{workbookId}/pages/{pageId}/elements
           GET /v2/workbooks/{workbookId} for the long ID, if WORKBOOK_ID is a URL
Docs:      https://help.sigmacomputing.com/reference/getworkbookcolumns
.env:      WORKBOOK_ID, the workbook: its ID or URL (workbooks/list_all.py prints the URLs)
Run:       python workbooks/get_column_names_all_pages.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/pages?limit=1000
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/pages/ocYEqeblKa/elements?limit=1000
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/pages/dpePyW5ei7/elements?limit=1000
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/pages/9zR63fgWCx/elements?limit=1000
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/columns?limit=1000
    Page: Dashboard (ocYEqeblKa)
      Date Filter (aaAMgzkf3l, control)
      Region (4mtZahnicH, control)
      Sales by Month (uaRqIODPpd, bar)
        Order Date
        Region
        Sales Amount
      Sales by Region (dL8zOMFN1C, pivot-table)
        Order Date
        Region
        Sales Amount
      no name (5bzfaBkYZt, text)
    Page: Data (dpePyW5ei7)
      Orders (IuUabWMwaO, table)
        Order Number
    ...
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, SigmaError, printable, require_id, run


# 2: Get the pages, including hidden ones, and the elements on each page
def pages_with_elements(client: SigmaClient, workbook_id: str) -> list[dict[str, Any]]:
    """Return the pages of a workbook, with their elements added."""
    path = f"/workbooks/{workbook_id}/pages"
    return [
        {**page, "elements": client.get_all(f"{path}/{page['pageId']}/elements")}
        for page in client.get_all(path)
    ]


# 3: Get the columns. One list has the columns of all elements
def columns_by_element(client: SigmaClient, workbook_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return the columns of each element, by element ID."""
    columns: dict[str, list[dict[str, Any]]] = {}
    for column in client.get_all(f"/workbooks/{workbook_id}/columns"):
        columns.setdefault(column["elementId"], []).append(column)
    return columns


# 4: Print the tree. Pages and elements may have no name
def print_tree(pages: list[dict[str, Any]], columns: dict[str, list[dict[str, Any]]]) -> None:
    """Print pages, elements and columns, one per line."""
    for page in pages:
        hidden = ", hidden" if page.get("hidden") else ""
        print(f"Page: {name_of(page)} ({page['pageId']}{hidden})")
        for element in page["elements"]:
            # vizualizationType (Sigma's spelling) is the kind of a chart
            kind = element.get("vizualizationType") or element.get("type") or "unknown type"
            print(f"  {name_of(element)} ({element['elementId']}, {printable(kind)})")
            for column in columns.get(element["elementId"], []):
                print(f"    {name_of(column)}")


def name_of(entry: dict[str, Any]) -> str:
    """Return the name of a page, element or column."""
    return printable(entry.get("name") or "no name")


def main() -> None:
    workbook_id = require_id("WORKBOOK_ID")
    with SigmaClient(get_bearer_token) as client:
        # 5: A pasted URL has a short ID. Look up the long one, which every endpoint accepts
        if len(workbook_id) != 36:
            workbook_id = client.get(f"/workbooks/{workbook_id}")["workbookId"]

        # 6: If the request for the columns fails, print the pages and elements anyway
        pages = pages_with_elements(client, workbook_id)
        try:
            columns = columns_by_element(client, workbook_id)
        except SigmaError as error:
            print_tree(pages, {})
            raise SigmaError(f"Not complete, the columns are missing: {error}") from error
        print_tree(pages, columns)


if __name__ == "__main__":
    run(main)
