"""Find every input table in the workbooks of the organization.

Input tables are where people write data into the warehouse by hand. The search costs one request
per workbook, five at a time, and a few more for each workbook that has one.

Endpoint:  GET /v2/workbooks/{workbookId}/elements
           GET /v2/workbooks before it
           GET /v2/workbooks/{workbookId}/pages and
           GET /v2/workbooks/{workbookId}/pages/{pageId}/elements for the names of the pages
Docs:      https://help.sigmacomputing.com/reference/listworkbookelements
.env:      ELEMENT_TYPE=input-table (another one: table, visualization, control, text ...)
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

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import contextlib
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, TypeVar

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaError, SigmaSession, checked_id, print_rows, read_env, read_flag, run

# 2: Sigma's edge answers 429 to a program that has more requests than this under way at a time
REQUESTS_IN_FLIGHT = 5
Result = TypeVar("Result")


# 3: Ask Sigma for the workbooks to search
def list_workbooks(session: SigmaSession, all_workbooks: bool) -> list[dict[str, Any]]:
    """Return the workbooks that the credentials can open, or all of the organization."""
    # Even an administrator's list lacks what others keep in My Documents. skipPermissionCheck
    # brings these, too, and explorations, which nobody saved: excludeExplorations leaves them out
    everything = {"skipPermissionCheck": "true", "excludeExplorations": "true"}
    return list(session.get_entries("/workbooks", **(everything if all_workbooks else {})))


# 4: Search one workbook
def find_elements(
    session: SigmaSession, workbook: dict[str, Any], element_type: str
) -> list[dict[str, Any]]:
    """Return the elements of one type in a workbook."""
    # One list holds the elements of all pages. The type is compared exactly, and it may be missing:
    # where no element has one, nobody can tell what is there
    elements = list(session.get_entries(f"{path_of(workbook)}/elements"))
    if elements and not any(element.get("type") for element in elements):
        raise SigmaError("no element has a type", 200)
    return [element for element in elements if element.get("type") == element_type]


def path_of(workbook: dict[str, Any]) -> str:
    """Return what the addresses of a workbook begin with."""
    return f"/workbooks/{checked_id(workbook['workbookId'], 'workbookId')}"


# 5: That list does not say on which page an element is, so ask for the pages: only here, where
#    something was found, and only until every element has its page
def page_names(
    session: SigmaSession, workbook: dict[str, Any], elements: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the name of the page of each element, by element ID."""
    source = "elementId in Sigma's answer"
    element_ids = {checked_id(element["elementId"], source) for element in elements}
    names: dict[str, Any] = {}
    for page in list(session.get_entries(f"{path_of(workbook)}/pages")):
        if names.keys() == element_ids:
            break
        page_id = checked_id(page["pageId"], "pageId in Sigma's answer")
        on_page = list(session.get_entries(f"{path_of(workbook)}/pages/{page_id}/elements"))
        ids = {element["elementId"] for element in on_page}
        names.update(dict.fromkeys(ids & element_ids, page.get("name")))
    return names


# 6: Do the same for many workbooks at a time. The results come in the order of the workbooks,
#    whichever answer arrives first
def for_each(
    workbooks: list[dict[str, Any]], work: Callable[[dict[str, Any]], Result]
) -> list[Result | SigmaError]:
    """Return the result of each workbook, or what went wrong with it."""
    pool = ThreadPoolExecutor(max_workers=REQUESTS_IN_FLIGHT)
    patient = True
    with progress(len(workbooks)) as advance:
        futures = [pool.submit(attempt, work, workbook) for workbook in workbooks]
        try:
            for future in as_completed(futures):
                future.result()
                advance()
        except KeyboardInterrupt:
            patient = False  # not even for the answers that are on their way
            raise
        finally:  # after a failure, begin none of those that are still waiting
            pool.shutdown(wait=patient, cancel_futures=True)
    return [future.result() for future in futures]


def attempt(
    work: Callable[[dict[str, Any]], Result], workbook: dict[str, Any]
) -> Result | SigmaError:
    """Return the result of one workbook, or what went wrong if that need not stop the others."""
    try:
        return work(workbook)
    except SigmaError as error:
        if error.concerns_all:
            raise
        return error


# 7: Search all workbooks first, and then ask for the pages. A hit costs several requests, one after
#    the other: if it came last in one go with the search, four of the five would be idle meanwhile
def search(
    session: SigmaSession, workbooks: list[dict[str, Any]], element_type: str
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the elements of one type in all workbooks, and a line for each that failed."""
    failures = []
    hits: dict[str, list[dict[str, Any]]] = {}
    searched = for_each(workbooks, lambda w: find_elements(session, w, element_type))
    for workbook, elements in zip(workbooks, searched, strict=True):
        if isinstance(elements, SigmaError):
            failures.append(f"Not searched: {workbook.get('name')}: {elements}")
        elif elements:
            hits[workbook["workbookId"]] = elements

    rows = []
    found = [workbook for workbook in workbooks if workbook["workbookId"] in hits]
    pages = for_each(found, lambda w: page_names(session, w, hits[w["workbookId"]]))
    for workbook, names in zip(found, pages, strict=True):
        if isinstance(names, SigmaError):  # what was found is shown nevertheless
            failures.append(f"Page unknown: {workbook.get('name')}: {names}")
            names = {}
        for element in hits[workbook["workbookId"]]:
            row = {
                "workbook": workbook.get("name"),
                "path": workbook.get("path"),
                "page": names.get(element["elementId"]),
                "element": element.get("name"),
                "elementId": element["elementId"],
                "version": workbook.get("latestVersion"),
            }
            rows.append(row)
    return rows, failures


# 8: Show how far the search is, but only to a person: a log file has no use for a moving bar
@contextlib.contextmanager
def progress(total: int) -> Iterator[Callable[[], object]]:
    """Keep a bar on a terminal below the lines that are printed. The value moves the bar."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from tqdm import tqdm  # late: where there is no terminal it is not needed
    from tqdm.contrib import DummyTqdmFile

    above: Any = DummyTqdmFile(sys.stderr)  # prints lines above the bar
    bar = tqdm(total=total, unit=" workbooks", leave=False, file=sys.stderr)
    with bar, contextlib.redirect_stderr(above):
        yield bar.update


def main() -> None:
    # 9: Read from .env what to search for and where, and open a session for all requests
    element_type = read_env("ELEMENT_TYPE", "input-table")
    all_workbooks = read_flag("ALL_WORKBOOKS", default=False)
    if element_type != "input-table":  # a forgotten setting must not hide what this is about
        print(f"ELEMENT_TYPE is set: searching for {element_type}", file=sys.stderr)
    session = SigmaSession(get_bearer_token)

    # 10: Search, and print what was found as a table
    workbooks = list_workbooks(session, all_workbooks)
    rows, failures = search(session, workbooks, element_type)
    columns = {
        "Workbook": "workbook",
        "Path": "path",
        "Page": "page",
        "Element": "element",
        "Element ID": "elementId",
        "Version": "version",
    }
    where = f"{len(workbooks) - len(failures)} workbooks"
    print_rows(rows, columns, empty=f"No element of the type {element_type} in {where}.")

    # 11: Name the workbooks whose search failed. The list is not whole then, so the recipe
    #    must not end as if it were
    for failure in failures:
        print(failure, file=sys.stderr)
    if failures:
        raise SigmaError(
            f"not complete: {len(failures)} of {len(workbooks)} workbooks not searched to the end"
        )


# 12: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
