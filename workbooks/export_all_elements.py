"""Export the data of every element in a workbook, whatever its number of rows.

One export has at most 1,000,000 rows. An element with more rows is saved in several files:
export-element-ID.csv, export-element-ID-2.csv and so on. Sort such elements in the workbook: Sigma
doesn't promise to send rows in the same order twice, so at the border of two files, rows could be
missing or repeated.

Endpoint:  POST /v2/workbooks/{workbookId}/export, then GET /v2/query/{queryId}/download
           GET /v2/workbooks/{workbookId}/elements for the elements
           GET /v2/workbooks/{workbookId} for the ID in a pasted URL
Docs:      https://help.sigmacomputing.com/reference/exportworkbook
.env:      WORKBOOK_ID, the workbook (an ID, or the URL of the workbook)
           ELEMENTS_FORMAT=csv (jsonl)
           EXPORT_FOLDER=. (the current folder), EXPORT_MAX_WAIT=600 (seconds for each file)
Run:       python workbooks/export_all_elements.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/elements?limit=1000
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/export
    ...
    Export saved successfully: /home/ada/export-element-uaRqIODPpd.csv
    ...
    Export saved successfully: /home/ada/export-element-CdgtAe4qhz.csv
    Exported: 5. Failed: 0. Not tried: 0.
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
    count_rows,
    in_parallel,
    printable,
    read_env,
    read_number,
    read_path,
    require_id,
    run,
)

ROWS_PER_EXPORT = 1_000_000
WITHOUT_DATA = ("control", "text", "image", "button", "divider")  # types of elements


# 2: Export one file. Sigma answers the POST at once, with the ID of a query that keeps running
def export_rows(
    client: SigmaClient, workbook_id: str, element_id: str, offset: int, target: Path, wait: float
) -> int:
    """Save the next rows of an element as target, and return their number."""
    file_format = target.suffix[1:]
    body: dict[str, Any] = {"elementId": element_id, "format": {"type": file_format}}
    body["rowLimit"] = ROWS_PER_EXPORT
    if offset:
        body["offset"] = offset
    query_id = client.post(f"/workbooks/{workbook_id}/export", json=body)["queryId"]
    client.save(f"/query/{query_id}/download", target, file_format, wait=wait)
    return count_rows(target, file_format)


# 3: Export all rows of an element. While a file is full, there may be more rows
def export_element(
    client: SigmaClient, workbook_id: str, element_id: str, first: Path, wait: float
) -> list[Path]:
    """Save an element as first, and as first-2, first-3 and so on. Return the paths."""
    rows, saved = 0, [first]
    count = export_rows(client, workbook_id, element_id, 0, first, wait)
    while count >= ROWS_PER_EXPORT:
        rows += count
        target = numbered(first, len(saved) + 1)
        try:
            # The first row has the number 1, so the next ones begin at rows + 1
            count = export_rows(client, workbook_id, element_id, rows + 1, target, wait)
        except SigmaError as error:
            why = f"{error}. Only the first {rows:,} rows are saved"
            raise SigmaError(why, error.status, error.stops_the_run) from error
        saved.append(target)
    return saved


def numbered(first: Path, number: int) -> Path:
    """Return the path of a later file of an element."""
    return first.with_name(f"{first.stem}-{number}{first.suffix}")


def main() -> None:
    # 4: Read all settings before anything is sent
    workbook_id = require_id("WORKBOOK_ID")
    file_format = read_env("ELEMENTS_FORMAT", "csv", choices=("csv", "jsonl"))
    folder = read_path("EXPORT_FOLDER", ".", is_folder=True)
    max_wait = read_number("EXPORT_MAX_WAIT", 600.0, 0.0, 86_400.0)

    with SigmaClient(get_bearer_token) as client:
        # 5: A URL contains a short ID. Exports may not accept it, so look up the long one
        if len(workbook_id) != 36:
            workbook_id = client.get(f"/workbooks/{workbook_id}")["workbookId"]

        # 6: Find the elements with data
        elements = client.get_all(f"/workbooks/{workbook_id}/elements")
        elements = [element for element in elements if element.get("type") not in WITHOUT_DATA]
        if not elements:
            print("This workbook has no element with data.")
            return

        # 7: Export them, five at a time. If one fails, go on with the others
        def export(element: dict[str, Any]) -> list[Path]:
            first = folder / f"export-element-{element['elementId']}.{file_format}"
            return export_element(client, workbook_id, element["elementId"], first, max_wait)

        exported = failed = 0
        for element, result in in_parallel(elements, export, unit="elements"):
            if isinstance(result, SigmaError):
                failed += 1
                name = printable(f"{element['elementId']} ({element.get('name') or 'no name'})")
                print(f"Failed: {name}: {result}", file=sys.stderr)
                continue
            exported += 1
            for path in result:
                print(f"Export saved successfully: {path}")
            # The element had more rows at an earlier export
            if (leftover := numbered(result[0], len(result) + 1)).exists():
                print(f"Warning: {leftover} is from an earlier export", file=sys.stderr)

    # 8: After an error such as a bad token, the rest isn't even tried
    not_tried = len(elements) - exported - failed
    summary = f"Exported: {exported}. Failed: {failed}. Not tried: {not_tried}."
    if exported < len(elements):
        raise SigmaError(summary)
    print(summary)


if __name__ == "__main__":
    run(main)
