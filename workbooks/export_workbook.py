"""Export a workbook, a page or an element as one file, in any format.

Sigma exports a workbook as pdf or xlsx, a page as pdf, png or xlsx, and an element as csv, json,
jsonl, xlsx, pdf or png. One export has at most 1,000,000 rows. For larger elements, use
workbooks/export_all_elements.py.

Endpoint:  POST /v2/workbooks/{workbookId}/export, then GET /v2/query/{queryId}/download
           GET /v2/workbooks/{workbookId} for the long ID, if WORKBOOK_ID is a URL
Docs:      https://help.sigmacomputing.com/reference/exportworkbook
           https://help.sigmacomputing.com/reference/use-oauth-override-tokens
.env:      WORKBOOK_ID, the workbook: its ID or URL (workbooks/list_all.py prints the URLs)
           EXPORT_SCOPE=workbook (or page, element)
           PAGE_ID for a page (its ID), ELEMENT_ID for an element (its ID or URL)
           EXPORT_FORMAT=pdf (or csv, json, jsonl, xlsx, png), PDF_LAYOUT=portrait (or landscape)
           OAUTH_OVERRIDES, warehouse tokens for OAuth connections, as JSON:
           [{"conn_id":"...","token":"..."}]
           OAUTH_REJECT_DEFAULT_TOKENS=false (true: refuse OAuth connections without such a token)
           EXPORT_FOLDER=. (the current folder), EXPORT_MAX_WAIT=600 (seconds)
Run:       python workbooks/export_workbook.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/export
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/query/pzw3xaKJDWQtdMZcrHlJX7/download
    Export saved successfully: /home/ada/export-workbook.pdf
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import (
    SigmaClient,
    SigmaError,
    count_rows,
    keep_secret,
    read_env,
    read_flag,
    read_number,
    read_path,
    require_id,
    run,
)

# 2: List what Sigma can export
FORMATS = {
    "workbook": ("pdf", "xlsx"),
    "page": ("pdf", "png", "xlsx"),
    "element": ("csv", "json", "jsonl", "xlsx", "pdf", "png"),
}
ROWS_PER_EXPORT = 1_000_000  # Sigma leaves out all further rows


# 3: Describe the export. Without a pageId or elementId, Sigma exports the whole workbook
def read_export(scope: str) -> dict[str, Any]:
    """Return the body for the export that the settings describe."""
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
    return body


# 4: Override OAuth tokens. They change what the export can read in the warehouse, not what the API
#    credentials can open in Sigma
def read_oauth_headers() -> dict[str, str]:
    """Return the headers for OAUTH_OVERRIDES and OAUTH_REJECT_DEFAULT_TOKENS."""
    headers = {}
    if text := read_env("OAUTH_OVERRIDES"):
        try:
            overrides = json.loads(text)
            # Hide both, because they are easily swapped
            pairs = [(keep_secret(o["conn_id"]), keep_secret(o["token"])) for o in overrides]
            values = [value for pair in pairs for value in pair]
            if not isinstance(overrides, list) or not all(isinstance(v, str) for v in values):
                raise TypeError
        except (KeyError, RecursionError, TypeError, ValueError):
            example = '[{"conn_id":"...","token":"..."}]'
            # "from None", because the original error can contain tokens
            raise SigmaError(f"OAUTH_OVERRIDES isn't a JSON list like {example}") from None
        headers["x-sigma-oauth-overrides"] = json.dumps(overrides)
    if read_flag("OAUTH_REJECT_DEFAULT_TOKENS", default=False):
        headers["x-sigma-oauth-reject-default-tokens"] = "true"
    return headers


# 5: Start the export. The response has the ID of a query, which keeps running in Sigma
def start_export(
    client: SigmaClient, workbook_id: str, body: dict[str, Any], headers: dict[str, str]
) -> str:
    """Start an export, and return its query ID."""
    path = f"/workbooks/{workbook_id}/export"
    return str(client.post(path, json=body, headers=headers)["queryId"])


# 6: Count the rows of a file, in constant memory
def rows_in_export(path: Path, file_format: str) -> int:
    """Return the number of rows in a file, without headers. For xlsx, use the longest sheet."""
    if file_format in ("pdf", "png"):
        return 0
    counters = {"json": rows_in_json, "xlsx": rows_in_xlsx}
    return counters[file_format](path) if file_format in counters else count_rows(path, file_format)


def rows_in_xlsx(path: Path) -> int:
    """Return the number of rows of the longest sheet."""
    counts = [0]
    with zipfile.ZipFile(path) as book:
        for name in filter(re.compile("xl/worksheets/[^/]*[.]xml").fullmatch, book.namelist()):
            rows, rest = -1, b""  # the first row is the header
            with book.open(name) as sheet:
                while chunk := sheet.read(65536):
                    tags, _, rest = (rest + chunk).rpartition(b">")
                    rows += len(re.findall(rb"<(?:\w+:)?row\b", tags))
            counts.append(rows)
    return max(counts)


def rows_in_json(path: Path) -> int:
    """Return the number of objects in a JSON list, ignoring brackets in strings."""
    rows = depth = quotes = 0
    with path.open("rb") as file:
        while chunk := file.read(65536):
            while chunk.endswith(b"\\") and (more := file.read(1)):  # don't split \" in two
                chunk += more
            parts = re.sub(rb"\\.", b"", chunk, flags=re.DOTALL).split(b'"')
            for mark in re.findall(rb"[][{}]", b" ".join(parts[quotes % 2 :: 2])):
                rows += depth == 1 and mark == b"{"
                depth += 1 if mark in b"[{" else -1
            quotes += len(parts) - 1
    return rows


def main() -> None:
    # 7: Read all settings before anything is sent
    workbook_id = require_id("WORKBOOK_ID")
    scope = read_env("EXPORT_SCOPE", "workbook", choices=tuple(FORMATS))
    body = read_export(scope)
    headers = read_oauth_headers()
    file_format = body["format"]["type"]
    name = "-".join(["export", scope, *filter(None, [body.get("pageId"), body.get("elementId")])])
    target = read_path("EXPORT_FOLDER", ".", is_folder=True) / f"{name}.{file_format}"
    max_wait = read_number("EXPORT_MAX_WAIT", 600.0, 0.0, 86_400.0)

    with SigmaClient(get_bearer_token) as client:
        # 8: A pasted URL has a short ID. Exports may need the long one, so look it up
        if len(workbook_id) != 36:
            workbook_id = client.get(f"/workbooks/{workbook_id}")["workbookId"]

        # 9: Start the export, wait until the file is ready, and save it. Only the start needs the
        #    OAuth headers
        query_id = start_export(client, workbook_id, body, headers)
        client.save(f"/query/{query_id}/download", target, file_format, wait=max_wait)

    # 10: Count the rows, because a file that was cut off looks complete
    if rows_in_export(target, file_format) >= ROWS_PER_EXPORT:
        advice = "workbooks/export_all_elements.py saves all rows, in several files"
        full = f"One export has at most {ROWS_PER_EXPORT:,} rows, so {target} may be cut off"
        raise SigmaError(f"{full}. {advice}")
    print(f"Export saved successfully: {target}")


if __name__ == "__main__":
    run(main)
