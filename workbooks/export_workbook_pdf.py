"""Export a workbook as PDF.

Endpoint:  POST /v2/workbooks/{workbookId}/export, then GET /v2/query/{queryId}/download
           GET /v2/workbooks/{workbookId} for the ID in a pasted URL
Docs:      https://help.sigmacomputing.com/reference/exportworkbook
.env:      WORKBOOK_ID, the workbook (an ID, or the URL of the workbook)
           PDF_LAYOUT=portrait (landscape)
           EXPORT_FOLDER=. (the current folder), EXPORT_MAX_WAIT=600 (seconds)
Run:       python workbooks/export_workbook_pdf.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/export
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/query/pzw3xaKJDWQtdMZcrHlJX7/download
    Export saved successfully: /home/ada/export-workbook-pdf.pdf
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, read_env, read_number, read_path, require_id, run


# 2: Start the export. Sigma answers at once, with the ID of a query that keeps running
def start_export(client: SigmaClient, workbook_id: str, layout: str) -> str:
    """Start an export of a workbook as PDF, and return its query ID."""
    # Add a pageId or an elementId to export only that part of the workbook
    body = {"format": {"type": "pdf", "layout": layout}}
    return str(client.post(f"/workbooks/{workbook_id}/export", json=body)["queryId"])


def main() -> None:
    # 3: Read all settings before anything is sent
    workbook_id = require_id("WORKBOOK_ID")
    layout = read_env("PDF_LAYOUT", "portrait", choices=("portrait", "landscape"))
    target = read_path("EXPORT_FOLDER", ".", is_folder=True) / "export-workbook-pdf.pdf"
    max_wait = read_number("EXPORT_MAX_WAIT", 600.0, 0.0, 86_400.0)

    with SigmaClient(get_bearer_token) as client:
        # 4: A URL contains a short ID. Exports may not accept it, so look up the long one
        if len(workbook_id) != 36:
            workbook_id = client.get(f"/workbooks/{workbook_id}")["workbookId"]

        # 5: Start the export, wait until the file is ready, and save it. While the export runs,
        #    Sigma answers the request for the file with 204 and no content
        query_id = start_export(client, workbook_id, layout)
        client.save(f"/query/{query_id}/download", target, "pdf", wait=max_wait)
    print(f"Export saved successfully: {target}")


if __name__ == "__main__":
    run(main)
