"""Find all input tables in the workbooks that your API credentials can open.

Members use input tables to enter data in Sigma, which writes it to the warehouse. The search sends
one request for each workbook, five at a time, and a few more for each workbook with input tables.

Endpoint:  GET /v2/workbooks/{workbookId}/elements
           GET /v2/workbooks for the workbooks to search
           GET /v2/workbooks/{workbookId}/pages and
           GET /v2/workbooks/{workbookId}/pages/{pageId}/elements for the names of the pages
Docs:      https://help.sigmacomputing.com/reference/listworkbookelements
.env:      ELEMENT_TYPE=input-table (or table, visualization, control, text ...)
           ALL_WORKBOOKS=false (true: all workbooks of the organization, for administrators)
           OUTPUT_FORMAT=table (json: for another program; csv: for a spreadsheet)
Run:       python workbooks/all_input_tables.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks?limit=1000
    ...
    Workbook                 Path                    Page    Element    Element ID    Version
    -----------------------  ----------------------  ------  ---------  ------------  ---------
    Campaigns Overview 7     People/Archive          Data    Targets    N9w7zV9ibV    8
    Headcount Monthly 17     Operations              Data    Targets    sjrET2M7ju    9
    Churn Tracker 27         Support/Archive         Data    Targets    7ui2BwUlNY    1
    ...
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import (
    SigmaClient,
    SigmaError,
    in_parallel,
    print_rows,
    printable,
    read_env,
    read_flag,
    run,
    say,
)


# 2: Get the workbooks to search
def list_workbooks(client: SigmaClient, all_workbooks: bool) -> list[dict[str, Any]]:
    """Return the workbooks that the credentials can open, or all of the organization."""
    # Without skipPermissionCheck, even an administrator's list lacks what others keep in My
    # Documents. With it, the list would also have explorations, which aren't saved workbooks
    everything = {"skipPermissionCheck": True, "excludeExplorations": True}
    return client.get_all("/workbooks", **(everything if all_workbooks else {}))


# 3: Search one workbook. One list has the elements of all its pages
def find_elements(
    client: SigmaClient, workbook: dict[str, Any], element_type: str
) -> tuple[list[dict[str, Any]], SigmaError | None]:
    """Return a workbook's elements of a type, and the error if their pages can't be found."""
    path = f"/workbooks/{workbook['workbookId']}"
    elements = client.get_all(f"{path}/elements")
    # The type is optional. If no element has one, any of them may be an input table
    if elements and not any(element.get("type") for element in elements):
        raise SigmaError("Sigma didn't send the type of any element")
    found = [element for element in elements if element.get("type") == element_type]

    pages: dict[str, Any] = {}
    problem = None
    try:
        pages = page_names(client, path, {element["elementId"] for element in found})
    except SigmaError as error:  # the elements are worth printing anyway
        problem = error
    rows = [
        {
            "workbook": workbook.get("name"),
            "path": workbook.get("path"),
            "page": pages.get(element["elementId"]),
            "element": element.get("name"),
            "elementId": element["elementId"],
            "version": workbook.get("latestVersion"),
        }
        for element in found
    ]
    return rows, problem


# 4: Find the pages, which the list of elements doesn't have: search them one by one
def page_names(client: SigmaClient, path: str, element_ids: set[str]) -> dict[str, Any]:
    """Return the name of the page of each element, by element ID."""
    names: dict[str, Any] = {}
    pages = client.get_all(f"{path}/pages") if element_ids else []
    for number, page in enumerate(pages, start=1):
        on_page = element_ids - names.keys()
        if on_page and number < len(pages):  # the rest must be on the last page
            elements = client.get_all(f"{path}/pages/{page['pageId']}/elements")
            on_page &= {element["elementId"] for element in elements}
        names.update(dict.fromkeys(on_page, page.get("name")))
    return names


def main() -> None:
    # 5: Read all settings. A leftover ELEMENT_TYPE would hide the input tables, so print it
    element_type = read_env("ELEMENT_TYPE", "input-table")
    all_workbooks = read_flag("ALL_WORKBOOKS", default=False)
    if element_type != "input-table":
        say(f"ELEMENT_TYPE is set: searching for {element_type}")

    # 6: Search the workbooks, five at a time. If one fails, continue with the others
    rows: list[dict[str, Any]] = []
    searched = 0
    with SigmaClient(get_bearer_token) as client:
        workbooks = list_workbooks(client, all_workbooks)
        results = in_parallel(
            workbooks, lambda workbook: find_elements(client, workbook, element_type), "workbooks"
        )
        for workbook, result in results:
            found, problem = ([], result) if isinstance(result, SigmaError) else result
            rows += found
            if problem:
                name = printable(workbook.get("name") or workbook["workbookId"])
                say(f"Failed: {name}: {problem}")
            else:
                searched += 1

        # 7: Print what was found. If a workbook wasn't searched completely, end with an error
        columns = {
            "Workbook": "workbook",
            "Path": "path",
            "Page": "page",
            "Element": "element",
            "Element ID": "elementId",
            "Version": "version",
        }
        print_rows(rows, columns, empty=f"No {element_type} elements in {searched} workbooks.")
        if missing := len(workbooks) - searched:
            error = f"{missing} of {len(workbooks)} workbooks weren't searched completely"
            raise SigmaError(f"Not complete: {error}")


if __name__ == "__main__":
    run(main)
