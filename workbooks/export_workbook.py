"""Export a workbook, a page, an element, or each element of a workbook, in any format.

What Sigma can export: an element as csv, json, jsonl, xlsx, pdf or png; a page as pdf, png or
xlsx; a workbook as pdf or xlsx. One export holds at most 1,000,000 rows. As csv and jsonl, an
element with more rows is saved in several files: export-element-ID.csv, export-element-ID-2.csv.

Endpoint:  POST /v2/workbooks/{workbookId}/export, then GET /v2/query/{queryId}/download
           GET /v2/workbooks/{workbookId}/elements for all elements
           GET /v2/workbooks/{workbookId} for the ID in a pasted URL
Docs:      https://help.sigmacomputing.com/reference/exportworkbook
           https://help.sigmacomputing.com/reference/use-oauth-override-tokens
.env:      WORKBOOK_ID, the workbook (an ID or its URL)
           EXPORT_SCOPE=workbook (page, element, all-elements)
           EXPORT_FORMAT=pdf (csv, json, jsonl, xlsx, png), PDF_LAYOUT=portrait (landscape)
           PAGE_ID for a page, ELEMENT_ID for an element (an ID or its URL)
           OAUTH_OVERRIDES, tokens of your warehouse for OAuth connections, as JSON:
           [{"conn_id":"...","token":"..."}]
           OAUTH_REJECT_DEFAULT_TOKENS=false (true: an OAuth connection without a token fails)
           EXPORT_FOLDER=. (the current folder), EXPORT_MAX_WAIT=600 (seconds for each file)
Run:       python workbooks/export_workbook.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/export
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/query/pzw3xaKJDWQtdMZcrHlJX7/download
    Export saved successfully: /home/ada/export-workbook.pdf
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import itertools
import json
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
    keep_secret,
    read_env,
    read_flag,
    read_folder,
    read_number,
    require_id,
    run,
)

# 2: What Sigma can export
FORMATS = {
    "workbook": ("pdf", "xlsx"),
    "page": ("pdf", "png", "xlsx"),
    "element": ("csv", "json", "jsonl", "xlsx", "pdf", "png"),
}
FORMATS["all-elements"] = FORMATS["element"]
ROWS_PER_EXPORT = 1_000_000
SMALLEST_ROW = {"json": 8, "xlsx": 5}  # bytes: {"A":1}, and a compressed row of one cell
WITHOUT_DATA = ("control", "text", "image", "button", "divider")  # types of elements


# 3: Tokens of other people for the warehouse. They change what an export may read there, not what
#    the credentials may do in Sigma
def read_overrides() -> dict[str, str]:
    """Return the headers that OAUTH_OVERRIDES and OAUTH_REJECT_DEFAULT_TOKENS ask for."""
    headers = {}
    text = read_env("OAUTH_OVERRIDES")
    if text:
        try:
            overrides = json.loads(text)
            tokens = [keep_secret(override["token"]) for override in overrides]
            if not isinstance(overrides, list) or not all(isinstance(t, str) for t in tokens):
                raise TypeError
            for override in overrides:
                checked_id(override["conn_id"], "conn_id in OAUTH_OVERRIDES")
        except (KeyError, RecursionError, SigmaError, TypeError, ValueError):
            example = '[{"conn_id":"...","token":"..."}]'
            # from None: the text holds tokens
            raise SigmaError(f"OAUTH_OVERRIDES is not a JSON list like {example}") from None
        headers["x-sigma-oauth-overrides"] = json.dumps(overrides)
    if read_flag("OAUTH_REJECT_DEFAULT_TOKENS", default=False):
        headers["x-sigma-oauth-reject-default-tokens"] = "true"
    return headers


# 4: Ask Sigma to start the export. It answers at once, with the ID of a query that runs on
def start_export(
    session: SigmaSession, workbook_id: str, body: dict[str, Any], overrides: dict[str, str]
) -> str:
    """Start an export, and return its query ID."""
    # The tokens go with this request only: the download needs none
    path = f"/workbooks/{workbook_id}/export"
    answer = session.post(path, json=body, headers=overrides).json()
    return checked_id(answer["queryId"], "queryId in Sigma's answer")


# 5: Wait for the file, and save it. Sigma is asked after 1 second, then after pauses that grow to
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


# 6: More rows than one export holds: ask for the next ones until a file is not full
def export_in_chunks(
    session: SigmaSession,
    workbook_id: str,
    body: dict[str, Any],
    overrides: dict[str, str],
    target: Path,
    max_wait: float,
) -> None:
    """Export into target, and into target-2, target-3, ... while the last file was full."""
    file_format = body["format"]["type"]
    countable = file_format in ("csv", "jsonl")
    if countable:
        body = {**body, "rowLimit": ROWS_PER_EXPORT}
    rows, part = 0, target
    for number in itertools.count(2):
        try:
            query_id = start_export(session, workbook_id, body, overrides)
            save_export(session, query_id, part, file_format, max_wait)
        except SigmaError as error:
            if part is target:
                raise
            what = f"What is saved of {target.name} holds the first {rows} rows only"
            raise SigmaError(f"{error}. {what}", error.status) from error
        print(f"Export saved successfully: {part}")
        least_size = ROWS_PER_EXPORT * SMALLEST_ROW.get(file_format, 0)  # of a file that is full
        if least_size and part.stat().st_size > least_size:
            what = f"may lack what follows the first {ROWS_PER_EXPORT} rows: csv and jsonl have all"
            print(f"{part.name} {what}", file=sys.stderr)
        part_after = target.with_name(f"{target.stem}-{number}{target.suffix}")
        if not countable or count_rows(part, file_format) < ROWS_PER_EXPORT:
            if part_after.exists():
                print(f"{part_after.name} is of an earlier export, not of this", file=sys.stderr)
            return
        # offset counts from 1. Sigma does not promise the same order twice, so rows at the border
        # of two files may come twice or not at all, unless the element is sorted
        rows += ROWS_PER_EXPORT
        body = {**body, "offset": rows + 1}
        part = part_after


def count_rows(path: Path, file_format: str) -> int:
    """Return how many rows a file of the format csv or jsonl holds, without its heading.

    An empty line counts: it may be a row whose only cell is empty.
    """
    rows, quotes = (-1 if file_format == "csv" else 0), 0
    with path.open("rb") as file:
        for line in file:
            if file_format == "csv":
                quotes += line.count(b'"')
            # Within quotes a row of CSV goes on in the next line
            rows += quotes % 2 == 0
    return max(0, rows)


def main() -> None:
    # 7: Read and check all settings before anything is sent
    workbook_id = require_id("WORKBOOK_ID")
    scope = read_env("EXPORT_SCOPE", "workbook", choices=tuple(FORMATS))
    file_format = read_env("EXPORT_FORMAT", "pdf")
    if file_format not in FORMATS[scope]:
        allowed = ", ".join(FORMATS[scope])
        raise SigmaError(f"EXPORT_FORMAT is {file_format!r}. For EXPORT_SCOPE={scope}: {allowed}")
    body: dict[str, Any] = {"format": {"type": file_format}}
    if file_format == "pdf":
        layouts = ("portrait", "landscape")
        body["format"]["layout"] = read_env("PDF_LAYOUT", "portrait", choices=layouts)
    if scope == "page":
        body["pageId"] = require_id("PAGE_ID")
    if scope == "element":
        body["elementId"] = require_id("ELEMENT_ID")
    overrides = read_overrides()
    folder = read_folder("EXPORT_FOLDER", ".")
    max_wait = read_number("EXPORT_MAX_WAIT", 600.0, 0.0, 86_400.0)

    # 8: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 9: A pasted URL holds the short ID of a workbook. Nobody says whether an export takes it, so
    #    ask for the long one
    if len(workbook_id) != 36:
        workbook = session.get(f"/workbooks/{workbook_id}").json()
        workbook_id = checked_id(workbook["workbookId"], "workbookId in Sigma's answer")

    # 10: One file for the workbook, the page or the element
    if scope != "all-elements":
        part_id = body.get("pageId") or body.get("elementId")
        name = f"export-{scope}-{part_id}" if part_id else "export-workbook"
        target = folder / f"{name}.{file_format}"
        export_in_chunks(session, workbook_id, body, overrides, target, max_wait)
        return

    # 11: Or a file for each element. One that fails does not keep the others from being exported
    exported, failed = 0, []
    for element in list(session.get_entries(f"/workbooks/{workbook_id}/elements")):
        if element.get("type") in WITHOUT_DATA:
            continue
        element_id = checked_id(element["elementId"], "elementId in Sigma's answer")
        target = folder / f"export-element-{element_id}.{file_format}"
        try:
            one = {**body, "elementId": element_id}
            export_in_chunks(session, workbook_id, one, overrides, target, max_wait)
            exported += 1
        except SigmaError as error:
            if error.concerns_all:
                raise
            failed.append(element_id)
            print(f"Not exported: {element_id} ({element.get('name')}): {error}", file=sys.stderr)
    if failed:
        raise SigmaError(f"{len(failed)} elements were not exported: {', '.join(failed)}")
    if not exported:
        print("This workbook has no element with data.")


# 12: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
