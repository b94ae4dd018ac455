"""Print a workbook as a tree: its pages, the elements on each, and the columns of each element.

This is where PAGE_ID and ELEMENT_ID come from.

Endpoint:  GET /v2/workbooks/{workbookId}/elements/{elementId}/columns
           GET /v2/workbooks/{workbookId} for the name, GET /v2/workbooks/{workbookId}/pages
           GET /v2/workbooks/{workbookId}/pages/{pageId}/elements
Docs:      https://help.sigmacomputing.com/reference/getelementcolumns
.env:      WORKBOOK_ID, the workbook (or its URL, copied from the browser)
Run:       python workbooks/get_column_names_all_pages.py

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
from sigma_session import SigmaError, SigmaSession, checked_id, require_id, run


# 2: Ask Sigma for the pages, hidden ones too, and for the elements on each of them
def list_pages(session: SigmaSession, workbook_id: str) -> Iterator[dict[str, Any]]:
    """Yield the pages of a workbook."""
    return session.get_entries(f"/workbooks/{workbook_id}/pages")


def list_elements(
    session: SigmaSession, workbook_id: str, page_id: str
) -> Iterator[dict[str, Any]]:
    """Yield the elements on a page."""
    page_id = checked_id(page_id, "pageId in Sigma's answer")
    return session.get_entries(f"/workbooks/{workbook_id}/pages/{page_id}/elements")


# 3: Ask for the columns of an element
def list_columns(session: SigmaSession, workbook_id: str, element_id: str) -> list[dict[str, Any]]:
    """Return the columns of an element; none if it is of a kind that has no columns."""
    element_id = checked_id(element_id, "elementId in Sigma's answer")
    path = f"/workbooks/{workbook_id}/elements/{element_id}/columns"
    try:
        return list(session.get_entries(path))
    except SigmaError as error:
        # Texts, controls and buttons have no columns, and Sigma may refuse to list them. The
        # element itself exists: the list of elements has just named it
        if error.status in (400, 404):
            return []
        raise


def main() -> None:
    # 4: Read the workbook from .env
    workbook_id = require_id("WORKBOOK_ID")

    # 5: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 6: Find the workbook. Its address in the browser holds a short ID, which this request knows,
    #    too; the answer has the long one
    workbook = session.get(f"/workbooks/{workbook_id}").json()
    workbook_id = checked_id(workbook["workbookId"], "workbookId in Sigma's answer")
    print(f"Workbook: {workbook['name']} ({workbook_id})")

    # 7: Print the tree. Pages and elements may have no name, and charts tell their kind in
    #    vizualizationType (Sigma's spelling)
    for page in list_pages(session, workbook_id):
        hidden = ", hidden" if page.get("hidden") else ""
        print(f"Page: {page.get('name') or 'no name'} ({page['pageId']}{hidden})")
        for element in list_elements(session, workbook_id, page["pageId"]):
            kind = element.get("vizualizationType") or element.get("type") or "unknown type"
            print(f"  {element.get('name') or 'no name'} ({element['elementId']}, {kind})")
            for column in list_columns(session, workbook_id, element["elementId"]):
                print(f"    {column['label']}")


# 8: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
