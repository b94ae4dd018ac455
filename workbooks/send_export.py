"""Send an export of a workbook by email now.

All recipients get the data that the owner of your API credentials can see, so the plan lists
external recipients (who aren't members) first.
Each run sends the emails again. Sigma's response only confirms that the export was accepted. The
API doesn't show if it was delivered. If a run fails, ask a recipient before you run it again.
By default this is a dry run. Set DRY_RUN=false to send the export.

Endpoint:  POST /v2/workbooks/{workbookId}/send
           GET /v2/workbooks/{workbookId} for the name, and the long ID if WORKBOOK_ID is a URL
           GET /v2/members to find out which recipients are members
Docs:      https://help.sigmacomputing.com/reference/sendworkbook
.env:      WORKBOOK_ID, the workbook: its ID or URL (workbooks/list_all.py prints the URLs)
           SEND_TO, the emails of the recipients, separated by commas
           SEND_FORMAT=pdf (or xlsx)
           SEND_TITLE, the subject of the email (default: the name of the workbook)
           SEND_MESSAGE, the text of the email (default: The workbook is attached.)
           DRY_RUN=true (false: send the export)
Run:       python workbooks/send_export.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&includeArchived=true&includeInactive=true
    External recipient: partner@example.org
    Member: sales_rep@example.com
    Title: Plugs Sales Performance
    Message: The workbook is attached.
    Plan: send Plugs Sales Performance as pdf now
    Dry run: nothing was changed. To apply the plan once: DRY_RUN=false python workbooks/send_export.py
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
    dry_run_note,
    parse_emails,
    printable,
    read_dry_run,
    read_env,
    require_all,
    run,
)

# Sigma sends whole workbooks as PDF or Excel. A schedule calls the same format XLSX, not EXCEL
FORMATS = {"pdf": {"type": "PDF", "layout": "portrait"}, "xlsx": {"type": "EXCEL"}}


# 2: Find out which recipients are members. Deactivated members keep their email
def describe_recipients(client: SigmaClient, emails: list[str]) -> list[str]:
    """Return a line for each recipient: external ones first, then deactivated members."""
    members = client.get_all("/members", includeArchived=True, includeInactive=True)
    gone, active = set[str](), set[str]()  # an email can be in both
    for member in members:
        is_gone = member.get("isArchived") or member.get("isInactive")
        (gone if is_gone else active).add(str(member.get("email")).lower())
    lines = [f"External recipient: {e}" for e in emails if e.lower() not in gone | active]
    lines += [f"Deactivated member: {e}" for e in emails if e.lower() in gone - active]
    return lines + [f"Member: {e}" for e in emails if e.lower() in active]


# 3: Send the export. If all recipients are members, you can send each of them the data that they
#    can see: add "runAsRecipient": True to config
def send_export(
    client: SigmaClient,
    workbook_id: str,
    emails: list[str],
    title: str,
    message: str,
    file_format: str,
) -> None:
    """Send an export of a workbook by email. The response is empty."""
    body: dict[str, Any] = {
        "targets": [{"type": "email", "email": email} for email in emails],
        "config": {"title": title, "messageBody": message},
        "attachments": [{"formatOptions": FORMATS[file_format], "source": {"type": "all"}}],
    }
    client.post(f"/workbooks/{workbook_id}/send", json=body)


def main() -> None:
    # 4: Read all settings before anything is sent
    workbook_id, send_to = require_all("WORKBOOK_ID", "SEND_TO")
    emails = parse_emails(send_to, "SEND_TO")
    if not emails:
        raise SigmaError("SEND_TO has no emails")
    title = read_env("SEND_TITLE")
    message = read_env("SEND_MESSAGE", "The workbook is attached.")
    file_format = read_env("SEND_FORMAT", "pdf", choices=FORMATS)
    dry_run = read_dry_run()

    with SigmaClient(get_bearer_token) as client:
        # 5: Find the workbook and the recipients
        workbook = client.get(f"/workbooks/{workbook_id}")
        workbook_id = workbook["workbookId"]  # the long ID, if you pasted a URL
        title = title or workbook["name"]
        recipients = describe_recipients(client, emails)
        client.require_complete_lists()  # a missing member would be listed as external

        # 6: Print the plan
        print(*recipients, sep="\n")
        print(f"Title: {printable(title)}")
        print(f"Message: {printable(message)}")
        print(f"Plan: send {printable(workbook['name'])} as {file_format} now")
        if dry_run:
            print(dry_run_note())
            return

        # 7: Send the export. Sigma only confirms that it was accepted: there's no job to check
        send_export(client, workbook_id, emails, title, message, file_format)
    print("Sigma accepted the export. The API doesn't show whether the emails were delivered.")


if __name__ == "__main__":
    run(main)
