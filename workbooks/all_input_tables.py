"""Find every input table in your workbooks.

People use input tables to write data into the warehouse. The search takes one request for each
workbook, five at a time, and a few more for a workbook with input tables.

Endpoint:  GET /v2/workbooks/{workbookId}/elements
           GET /v2/workbooks for the workbooks to search
           GET /v2/workbooks/{workbookId}/pages and
           GET /v2/workbooks/{workbookId}/pages/{pageId}/elements for the names of the pages
Docs:      https://help.sigmacomputing.com/reference/listworkbookelements
.env:      ELEMENT_TYPE=input-table (or table, visualization, control, text ...)
           ALL_WORKBOOKS=false (true: every workbook of the organization, for administrators)
           OUTPUT_FORMAT=table (json or csv, for another program)
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
)


# 2: Get the workbooks to search
def list_workbooks(client: SigmaClient, all_workbooks: bool) -> list[dict[str, Any]]:
    """Return the workbooks that you can open, or all workbooks of the organization."""
    # Even administrators don't get what others keep in My Documents, unless they skip the check.
    # Then the list also has explorations, which were never saved as workbooks
    everything = {"skipPermissionCheck": True, "excludeExplorations": True}
    return client.get_all("/workbooks", **(everything if all_workbooks else {}))


# 3: Search one workbook. A single list has the elements of all its pages
def find_elements(
    client: SigmaClient, workbook: dict[str, Any], element_type: str
) -> tuple[list[dict[str, Any]], SigmaError | None]:
    """Return the elements of one type in a workbook, and the error if their pages are unknown."""
    path = f"/workbooks/{workbook['workbookId']}"
    elements = client.get_all(f"{path}/elements")
    # The type is optional. If no element has one, there may be input tables
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


# 4: The list of elements doesn't have their pages. Look on each page until all are found
def page_names(client: SigmaClient, path: str, element_ids: set[str]) -> dict[str, Any]:
    """Return the name of the page of each element, by element ID."""
    names: dict[str, Any] = {}
    pages = client.get_all(f"{path}/pages") if element_ids else []
    for number, page in enumerate(pages, start=1):
        on_page = element_ids - names.keys()
        if on_page and number < len(pages):  # the last page has what isn't on the others
            elements = client.get_all(f"{path}/pages/{page['pageId']}/elements")
            on_page &= {element["elementId"] for element in elements}
        names.update(dict.fromkeys(on_page, page.get("name")))
    return names


def main() -> None:
    # 5: A forgotten ELEMENT_TYPE hides the input tables, so say that it's set
    element_type = read_env("ELEMENT_TYPE", "input-table")
    all_workbooks = read_flag("ALL_WORKBOOKS", default=False)
    if element_type != "input-table":
        print(f"ELEMENT_TYPE is set: searching for {element_type}", file=sys.stderr)

    # 6: Search the workbooks, five at a time. If one can't be searched, go on with the others
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
                print(f"Not searched to the end: {name}: {problem}", file=sys.stderr)
            else:
                searched += 1

        # 7: Print what was found. If some workbooks are missing, end with an error
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
            error = f"{missing} of {len(workbooks)} workbooks weren't searched to the end"
            raise SigmaError(f"Not complete: {error}")


if __name__ == "__main__":
    run(main)
