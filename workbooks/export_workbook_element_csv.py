"""Export the data of a workbook element as CSV, with a date range applied.

Endpoint:  POST /v2/workbooks/{workbookId}/export, then GET /v2/query/{queryId}/download
           GET /v2/workbooks/{workbookId}/controls to check the name of the date control
           GET /v2/workbooks/{workbookId} for the ID in a pasted URL
Docs:      https://help.sigmacomputing.com/reference/exportworkbook
.env:      WORKBOOK_ID and ELEMENT_ID, the workbook and the table or chart in it (IDs or URLs)
           DATE_FILTER_CONTROL=DateFilter, the control ID of the workbook's date range
           DATE_FROM and DATE_TO, such as 2024-04-16 (the last 30 days)
           EXPORT_FOLDER=. (the current folder), EXPORT_MAX_WAIT=600 (seconds)
Run:       python workbooks/export_workbook_element_csv.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/controls?limit=1000
    Date range: DateFilter = min:2024-04-16,max:2024-04-17
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/export
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/query/pzw3xaKJDWQtdMZcrHlJX7/download
    Export saved successfully: /home/ada/export.csv
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import datetime
import sys
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import (
    SigmaError,
    SigmaSession,
    checked_id,
    read_env,
    read_folder,
    read_number,
    require_id,
    run,
)


# 2: Read the date range
def read_date(name: str, default: datetime.date) -> datetime.date:
    """Return a date setting such as 2024-04-16."""
    text = read_env(name, default.isoformat())
    try:
        # Some versions of Python take other forms, too
        return datetime.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise SigmaError(f"{name} is {text!r}. Write a date like 2024-04-16") from error


def check_control(session: SigmaSession, workbook_id: str, control: str) -> None:
    """Refuse a control that holds no dates, and warn about one that the workbook does not list."""
    # The list holds names, and the export takes control IDs. They are the same until somebody
    # renames one of them, so a control that is not listed may still exist
    entries = session.get_entries(f"/workbooks/{workbook_id}/controls")
    controls = {entry["name"]: entry for entry in entries}
    similar = [name for name in controls if name.lower() == control.lower()]
    if control not in controls and similar:
        raise SigmaError(f"DATE_FILTER_CONTROL is {control!r}. Is it {similar[0]!r}?")
    if control not in controls:
        known = ", ".join(sorted(controls)) or "none"
        what = f"The workbook lists no control {control!r}, so its dates may not be applied"
        print(f"{what}. Controls of the workbook: {known}", file=sys.stderr)
        return
    kind = controls[control]["valueType"]
    if not kind.startswith("date"):
        raise SigmaError(f"DATE_FILTER_CONTROL is {control!r}, a control for {kind}")


ROWS_PER_EXPORT = 1_000_000  # what Sigma puts into one file at most


# 3: Ask Sigma to start the export. It answers at once, with the ID of a query that runs on
def start_export(
    session: SigmaSession, workbook_id: str, element_id: str, parameters: dict[str, str]
) -> str:
    """Start the export of an element as CSV, and return its query ID."""
    body: dict[str, Any] = {
        "elementId": element_id,
        "format": {"type": "csv"},
        "parameters": parameters,
    }
    answer = session.post(f"/workbooks/{workbook_id}/export", json=body).json()
    return checked_id(answer["queryId"], "queryId in Sigma's answer")


# 4: Wait for the file, and save it. Sigma is asked after 1 second, then after pauses that grow to
#    10 seconds, until EXPORT_MAX_WAIT is over
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0  # seconds
UNKNOWN_AT_FIRST = 30.0  # seconds in which Sigma may not know a new export yet


def save_export(
    session: SigmaSession, query_id: str, target: Path, file_format: str, max_wait: float
) -> None:
    """Wait until an export is ready, and save it as target; raise SigmaError after max_wait s."""
    begin, pause = time.monotonic(), FIRST_PAUSE
    while True:
        time.sleep(pause)
        waited = time.monotonic() - begin
        try:
            # While the export runs, Sigma answers 204 without a body, and save returns False
            if session.save(f"/query/{query_id}/download", target, file_format):
                return
        except SigmaError as error:
            is_unknown = error.status == 404 and "expired" not in str(error).lower()
            if error.status == 500:
                advice = "Sigma could not render this export: try it in Sigma, or another format"
                raise SigmaError(f"{error}. {advice}", 500) from error
            if not is_unknown or waited > UNKNOWN_AT_FIRST:
                raise
        if waited > max_wait:
            what = f"The export took longer than EXPORT_MAX_WAIT, {max_wait:g} seconds"
            raise SigmaError(what, 204)
        pause = min(pause * 1.5, LONGEST_PAUSE)


def count_rows(path: Path) -> int:
    """Return how many rows a CSV file holds, without its heading.

    An empty line counts: it may be a row whose only cell is empty.
    """
    rows, quotes = -1, 0
    with path.open("rb") as file:
        for line in file:
            quotes += line.count(b'"')
            # Within quotes a row goes on in the next line
            rows += quotes % 2 == 0
    return max(0, rows)


def main() -> None:
    # 5: Read and check all settings before anything is sent
    workbook_id = require_id("WORKBOOK_ID")
    element_id = require_id("ELEMENT_ID")
    control = read_env("DATE_FILTER_CONTROL", "DateFilter")
    date_to = read_date("DATE_TO", datetime.date.today())
    one_month = min(datetime.timedelta(days=30), date_to - datetime.date.min)
    date_from = read_date("DATE_FROM", date_to - one_month)
    if date_from > date_to:
        raise SigmaError(f"DATE_FROM ({date_from}) is later than DATE_TO ({date_to})")
    target = read_folder("EXPORT_FOLDER", ".") / "export.csv"
    max_wait = read_number("EXPORT_MAX_WAIT", 600.0, 0.0, 86_400.0)

    # 6: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 7: A pasted URL holds the short ID of a workbook. Nobody says whether an export takes it, so
    #    ask for the long one
    if len(workbook_id) != 36:
        workbook = session.get(f"/workbooks/{workbook_id}").json()
        workbook_id = checked_id(workbook["workbookId"], "workbookId in Sigma's answer")

    # 8: Start the export. A date range is a text with its first and last day
    check_control(session, workbook_id, control)
    parameters = {control: f"min:{date_from},max:{date_to}"}
    print(f"Date range: {control} = {parameters[control]}")
    query_id = start_export(session, workbook_id, element_id, parameters)

    # 9: Wait for the file, and say where it is. Sigma leaves out what one export cannot hold
    save_export(session, query_id, target, "csv", max_wait)
    if count_rows(target) >= ROWS_PER_EXPORT:
        advice = "Choose a shorter date range, or export_workbook.py with EXPORT_FORMAT=csv"
        raise SigmaError(
            f"{target} may not be complete: one export holds {ROWS_PER_EXPORT} rows. {advice}"
        )
    print(f"Export saved successfully: {target}")


# 10: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
