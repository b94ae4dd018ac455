"""Print a workbook as a tree: its pages, the elements on each, and the columns of each element.

This is where PAGE_ID and ELEMENT_ID come from.

Endpoint:  GET /v2/workbooks/{workbookId}/elements/{elementId}/columns
           GET /v2/workbooks/{workbookId} for the name, GET /v2/workbooks/{workbookId}/pages
           GET /v2/workbooks/{workbookId}/pages/{pageId}/elements
Docs:      https://help.sigmacomputing.com/reference/getelementcolumns
.env:      WORKBOOK_ID, the workbook (or its URL, copied from the browser)
Run:       python workbooks/get_column_names_all_pages.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/pages?limit=1000
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/pages/ocYEqeblKa/elements?limit=1000
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/elements/aaAMgzkf3l/columns?limit=1000
    ...
    Workbook: Plugs Sales Performance (7a4a5b2d-6e01-54d6-85ee-e397762e1cf1)
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

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaError, SigmaSession, checked_id, require_id, run


# 2: Ask Sigma for the pages, for the elements on each page, and for the columns of each element
def columns_of_workbook(
    session: SigmaSession, workbook_id: str
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the pages of a workbook, each with its elements, and each of those with its columns.

    The fields are those that Sigma sent, with elements and columns added. The second value has a
    line for each element whose columns Sigma did not tell.
    """
    start = f"/workbooks/{workbook_id}"
    pages, failures = [], []
    for page in session.get_entries(f"{start}/pages"):  # hidden pages are in this list, too
        page_id = checked_id(page["pageId"], "pageId in Sigma's answer")
        elements = []
        for element in session.get_entries(f"{start}/pages/{page_id}/elements"):
            element_id = checked_id(element["elementId"], "elementId in Sigma's answer")
            has_columns = bool(element.get("columns"))  # optional, and without labels
            path = f"{start}/elements/{element_id}/columns"
            try:
                columns = list_columns(session, path, has_columns)
            except SigmaError as error:  # one element must not stop the others
                if error.concerns_all:
                    raise
                failures.append(f"Columns unknown: {element_id}: {error}")
                columns = []
            elements.append({**element, "columns": columns})
        pages.append({**page, "elements": elements})
    return pages, failures


# 3: Not every element has columns
def list_columns(session: SigmaSession, path: str, has_columns: bool) -> list[dict[str, Any]]:
    """Return the columns of an element; none if it is of a kind that has no columns."""
    try:
        return list(session.get_entries(path))
    except SigmaError as error:
        # Texts, controls and buttons have no columns, and Sigma may refuse to list them. The
        # element itself exists: the list of elements has just named it. One that is known to have
        # columns must not be shown without them
        if error.status in (400, 404) and not has_columns:
            return []
        raise


def main() -> None:
    # 4: Read the workbook from .env
    workbook_id = require_id("WORKBOOK_ID")

    # 5: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 6: Find the workbook, then all that is in it. Its address in the browser holds a short ID,
    #    which the first request knows, too; the answer has the long one
    workbook = session.get(f"/workbooks/{workbook_id}").json()
    workbook_id = checked_id(workbook["workbookId"], "workbookId in Sigma's answer")
    pages, failures = columns_of_workbook(session, workbook_id)

    # 7: Print the tree. Pages and elements may have no name, and charts tell their kind in
    #    vizualizationType (Sigma's spelling)
    print(f"Workbook: {workbook['name']} ({workbook_id})")
    for page in pages:
        hidden = ", hidden" if page.get("hidden") else ""
        print(f"Page: {page.get('name') or 'no name'} ({page['pageId']}{hidden})")
        for element in page["elements"]:
            kind = element.get("vizualizationType") or element.get("type") or "unknown type"
            print(f"  {element.get('name') or 'no name'} ({element['elementId']}, {kind})")
            for column in element["columns"]:
                print(f"    {column['label']}")
    for line in failures:
        print(line, file=sys.stderr)
    if failures:
        raise SigmaError(f"not complete: the columns of {len(failures)} elements are unknown")


# 8: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
