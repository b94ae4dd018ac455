"""Schedule an export of a workbook by email.

The owner of your API credentials will own the schedule. The owner needs the permission Schedule
exports, and Can explore or Can edit on the workbook. All recipients get the data that the owner can
see, so the plan lists external recipients (who aren't members) first.
If there's a schedule with the same title, time and time zone, no second one is created. Recipients
aren't compared, because the API never returns them. In Sigma, Administration > Exports shows them.
To pause a schedule, send {"suspensionAction": "pause"} in a PATCH request to
/v2/workbooks/{workbookId}/schedules/{scheduledNotificationId}.
By default this is a dry run. Set DRY_RUN=false to create the schedule.

Endpoint:  POST /v2/workbooks/{workbookId}/schedules
           GET /v2/workbooks/{workbookId} for the name, and the long ID if WORKBOOK_ID is a URL
           GET /v2/workbooks/{workbookId}/schedules to look for the same schedule
           GET /v2/members to find out which recipients are members
Docs:      https://help.sigmacomputing.com/reference/postworkbookschedule
.env:      WORKBOOK_ID, the workbook: its ID or URL (workbooks/list_all.py prints the URLs)
           SEND_TO, the emails of the recipients, separated by commas
           SCHEDULE_CRON, when to send it, such as 0 8 * * 1 for Mondays at 8:00
           SCHEDULE_TIMEZONE, such as America/New_York
           SCHEDULE_TITLE, the title and email subject (default: the name of the workbook)
           SEND_FORMAT=pdf (or xlsx)
           DRY_RUN=true (false: create the schedule)
Run:       python workbooks/create_schedule.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/schedules?limit=1000
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&includeArchived=true&includeInactive=true
    External recipient: partner@example.org
    Member: sales_rep@example.com
    Title: Plugs Sales Performance
    Plan: schedule Plugs Sales Performance as pdf, 0 6 * * 1-5 (Europe/Berlin)
    Dry run: nothing was changed. To apply the plan once: DRY_RUN=false python workbooks/create_schedule.py
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import re
import sys
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

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
    require_env,
    run,
)

MESSAGE = "The latest version of this workbook is attached."  # the text of the email
# Sigma sends whole workbooks as PDF or Excel. In responses and in /send, XLSX is named EXCEL
FORMATS = {"pdf": {"type": "PDF", "layout": "portrait"}, "xlsx": {"type": "XLSX"}}


# 2: Check the time. Cron fields aren't only numbers: 1#1, for example, is the first Monday
def read_time() -> dict[str, str]:
    """Return SCHEDULE_CRON and SCHEDULE_TIMEZONE in the fields that Sigma expects."""
    cron = " ".join(require_env("SCHEDULE_CRON").split())
    if not re.fullmatch(r"[\w*,/#-]+( [\w*,/#-]+){4}", cron, re.ASCII):
        fields = "minute, hour, day, month and weekday, such as 0 8 * * 1"
        raise SigmaError(f"SCHEDULE_CRON is {cron!r}, but must have five fields: {fields}")
    timezone = require_env("SCHEDULE_TIMEZONE")
    known = available_timezones()  # empty on Windows without the package tzdata
    is_name = re.fullmatch(r"UTC|\w+(/[\w+-]+)+", timezone, re.ASCII)
    if not is_name or (known and timezone not in known):
        raise SigmaError(f"SCHEDULE_TIMEZONE is {timezone!r}. Use a name such as America/New_York")
    return {"cronSpec": cron, "timezone": timezone}


# 3: Look for the same schedule. Sigma would create a second one, and send every export twice
def find_schedules(
    client: SigmaClient, workbook_id: str, title: str, time: dict[str, str]
) -> list[dict[str, Any]]:
    """Return the workbook's schedules with this title and time, including paused ones."""
    found = []
    for schedule in client.get_all(f"/workbooks/{workbook_id}/schedules"):
        # The name of a schedule can differ from its title, which is the subject of the email
        config = schedule.get("configV2") or schedule.get("config") or {}  # in older schedules
        texts = [config.get(field) for field in ("title", "notificationName", "exportName")]
        when = schedule.get("schedule") or {}
        if title in texts and all(when.get(key) == time[key] for key in time):
            found.append(schedule)
    return found


# 4: Find out which recipients are members. Deactivated members keep their email
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


# 5: Create the schedule. If all recipients are members, you can send each of them the data that
#    they can see: add "runAsRecipient": True to configV2
def create_schedule(
    client: SigmaClient,
    workbook_id: str,
    emails: list[str],
    time: dict[str, str],
    title: str,
    file_format: str,
) -> dict[str, Any]:
    """Create a schedule, and return it."""
    attachment = {"formatOptions": FORMATS[file_format], "workbookExportSource": {"type": "all"}}
    body = {
        "target": [{"email": email} for email in emails],  # there's no field for a member's ID
        "schedule": time,
        "configV2": {"title": title, "messageBody": MESSAGE, "exportAttachments": [attachment]},
    }
    created: dict[str, Any] = client.post(f"/workbooks/{workbook_id}/schedules", json=body)
    # Check the time in the response. Sigma may leave it out
    now = created.get("schedule") or {}
    if any((now.get(field) or value) != value for field, value in time.items()):
        raise SigmaError(f"Created {created['scheduledNotificationId']}, but the time is {now}")
    return created


def main() -> None:
    # 6: Read all settings before anything is sent
    workbook_id, send_to, *_ = require_all(
        "WORKBOOK_ID", "SEND_TO", "SCHEDULE_CRON", "SCHEDULE_TIMEZONE"
    )
    emails = parse_emails(send_to, "SEND_TO")
    if not emails:
        raise SigmaError("SEND_TO has no emails")
    time = read_time()
    title = read_env("SCHEDULE_TITLE")
    file_format = read_env("SEND_FORMAT", "pdf", choices=FORMATS)
    dry_run = read_dry_run()

    with SigmaClient(get_bearer_token) as client:
        # 7: Find the workbook, and stop if the schedule already exists
        workbook = client.get(f"/workbooks/{workbook_id}")
        workbook_id = workbook["workbookId"]  # the long ID, if you pasted a URL
        title = title or workbook["name"].strip()
        if known := find_schedules(client, workbook_id, title, time):
            for schedule in known:
                paused = " (paused)" if schedule.get("isSuspended") else ""
                print(f"Schedule already exists: {schedule['scheduledNotificationId']}{paused}")
            print("Nothing was changed. The API doesn't return recipients: check them in Sigma.")
            return
        recipients = describe_recipients(client, emails)
        client.require_complete_lists()  # a missing entry may be this schedule, or a recipient

        # 8: Print the plan
        print(*recipients, sep="\n")
        print(f"Title: {printable(title)}")
        when = f"{time['cronSpec']} ({time['timezone']})"
        print(f"Plan: schedule {printable(workbook['name'])} as {file_format}, {when}")
        if dry_run:
            print(dry_run_note())
            return

        # 9: Create the schedule
        created = create_schedule(client, workbook_id, emails, time, title, file_format)
    print(f"scheduledNotificationId: {created['scheduledNotificationId']}")
    print(f"Schedule created successfully: {printable(title)}")


if __name__ == "__main__":
    run(main)
