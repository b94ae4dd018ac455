"""Export a whole workbook as PDF.

Endpoint:  POST /v2/workbooks/{workbookId}/export, then GET /v2/query/{queryId}/download
           GET /v2/workbooks/{workbookId} for the ID in a pasted URL
Docs:      https://help.sigmacomputing.com/reference/exportworkbook
.env:      WORKBOOK_ID, the workbook (an ID or its URL)
           PDF_LAYOUT=portrait (landscape)
           EXPORT_FOLDER=. (the current folder), EXPORT_MAX_WAIT=600 (seconds)
Run:       python workbooks/export_workbook_pdf.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/export
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/query/pzw3xaKJDWQtdMZcrHlJX7/download
    Export saved successfully: /home/ada/export-workbook-pdf.pdf
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
import time
from pathlib import Path

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


# 2: Ask Sigma to start the export. It answers at once, with the ID of a query that runs on
def start_export(session: SigmaSession, workbook_id: str, layout: str) -> str:
    """Start the export of a workbook as PDF, and return its query ID."""
    # With a pageId or an elementId beside the format, Sigma exports only that part
    body = {"format": {"type": "pdf", "layout": layout}}
    answer = session.post(f"/workbooks/{workbook_id}/export", json=body).json()
    return checked_id(answer["queryId"], "queryId in Sigma's answer")


# 3: Wait for the file, and save it. Sigma is asked after 1 second, then after pauses that grow to
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


def main() -> None:
    # 4: Read and check all settings before anything is sent
    workbook_id = require_id("WORKBOOK_ID")
    layout = read_env("PDF_LAYOUT", "portrait", choices=("portrait", "landscape"))
    target = read_folder("EXPORT_FOLDER", ".") / "export-workbook-pdf.pdf"
    max_wait = read_number("EXPORT_MAX_WAIT", 600.0, 0.0, 86_400.0)

    # 5: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 6: A pasted URL holds the short ID of a workbook. Nobody says whether an export takes it, so
    #    ask for the long one
    if len(workbook_id) != 36:
        workbook = session.get(f"/workbooks/{workbook_id}").json()
        workbook_id = checked_id(workbook["workbookId"], "workbookId in Sigma's answer")

    # 7: Start the export, wait for the file, and say where it is
    query_id = start_export(session, workbook_id, layout)
    save_export(session, query_id, target, "pdf", max_wait)
    print(f"Export saved successfully: {target}")


# 8: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
