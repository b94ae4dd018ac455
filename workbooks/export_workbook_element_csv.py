"""Export the data of a workbook element as CSV, for a date range.

Endpoint:  POST /v2/workbooks/{workbookId}/export, then GET /v2/query/{queryId}/download
           GET /v2/workbooks/{workbookId}/controls to check the date control
           GET /v2/workbooks/{workbookId} for the long ID, if WORKBOOK_ID is a URL
Docs:      https://help.sigmacomputing.com/reference/exportworkbook
.env:      WORKBOOK_ID, the workbook: its ID or URL (workbooks/list_all.py prints the URLs)
           ELEMENT_ID, a table or chart in it: its ID or URL
           DATE_FILTER_CONTROL=DateFilter, the control ID of a date range in the workbook
           DATE_FROM, DATE_TO, such as 2024-04-16 (default: the last 30 days)
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

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import datetime
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import (
    SigmaClient,
    SigmaError,
    count_rows,
    printable,
    read_env,
    read_number,
    read_path,
    require_all,
    run,
    say,
)

ROWS_PER_EXPORT = 1_000_000  # Sigma leaves out all further rows


# 2: Read a date
def read_date(name: str, default: datetime.date) -> datetime.date:
    """Return a setting that is a date such as 2024-04-16."""
    text = read_env(name, default.isoformat())
    try:
        # Since Python 3.11, fromisoformat also accepts 20240416 and 2024-W16-2
        return datetime.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise SigmaError(f"{name} is {text!r}. Write a date like 2024-04-16") from error


# 3: Check the control: Sigma ignores parameters for controls that don't exist
def check_control(client: SigmaClient, workbook_id: str, control: str) -> None:
    """Raise SigmaError if a control isn't for dates. If it isn't in the list, print a warning."""
    entries = client.get_all(f"/workbooks/{workbook_id}/controls")
    kinds = {entry["name"]: entry.get("valueType") or "date" for entry in entries}
    if control not in kinds:
        # Only a warning, because the list has names. Exports take control IDs, which can differ
        names = printable(", ".join(sorted(kinds)) or "none")
        warning = f"Warning: found no control named {control!r}, so the dates may have no effect"
        say(f"{warning}. Its controls: {names}")
    elif not kinds[control].startswith("date"):
        raise SigmaError(f"DATE_FILTER_CONTROL is {control!r}, a control for {kinds[control]}")


# 4: Start the export. The response has the ID of a query, which keeps running in Sigma
def start_export(
    client: SigmaClient, workbook_id: str, element_id: str, parameters: dict[str, str]
) -> str:
    """Start an export of an element as CSV, and return its query ID."""
    # parameters sets the values of controls, for this export only
    body = {"elementId": element_id, "format": {"type": "csv"}, "parameters": parameters}
    return str(client.post(f"/workbooks/{workbook_id}/export", json=body)["queryId"])


def main() -> None:
    # 5: Read all settings before anything is sent
    workbook_id, element_id = require_all("WORKBOOK_ID", "ELEMENT_ID")
    control = read_env("DATE_FILTER_CONTROL", "DateFilter")
    date_to = read_date("DATE_TO", datetime.date.today())
    date_from = read_date("DATE_FROM", date_to - datetime.timedelta(days=30))
    if date_from > date_to:
        raise SigmaError(f"DATE_FROM ({date_from}) is later than DATE_TO ({date_to})")
    target = read_path("EXPORT_FOLDER", ".", is_folder=True) / "export.csv"
    max_wait = read_number("EXPORT_MAX_WAIT", 600.0, 0.0, 86_400.0)

    with SigmaClient(get_bearer_token) as client:
        # 6: A pasted URL has a short ID. Exports may need the long one, so look it up
        if len(workbook_id) != 36:
            workbook_id = client.get(f"/workbooks/{workbook_id}")["workbookId"]

        # 7: Start the export. The value of a date range is a string with the first and last day
        check_control(client, workbook_id, control)
        parameters = {control: f"min:{date_from},max:{date_to}"}
        print(f"Date range: {control} = {parameters[control]}")
        query_id = start_export(client, workbook_id, element_id, parameters)

        # 8: Wait until the file is ready, and save it
        client.save(f"/query/{query_id}/download", target, "csv", wait=max_wait)

    # 9: Count the rows, because a file that was cut off looks complete
    if count_rows(target, "csv") >= ROWS_PER_EXPORT:
        advice = "Choose a shorter date range, or use workbooks/export_all_elements.py"
        full = f"One export has at most {ROWS_PER_EXPORT:,} rows, so {target} may be cut off"
        raise SigmaError(f"{full}. {advice}")
    print(f"Export saved successfully: {target}")


if __name__ == "__main__":
    run(main)
