"""List the scheduled exports of the organization: what is sent, when, and who owns the schedule.

Schedules of deactivated members come first, then paused ones. Sigma never returns the recipients of
a schedule, so they aren't in this report. The recipe needs credentials whose owner has the Admin
account type. It sends one request for each workbook and report, five at a time. With OWNER_EMAIL,
it reads only four lists.

Endpoint:  GET /v2/workbooks/{workbookId}/schedules and GET /v2/reports/{reportId}/schedules
           GET /v2/members/{memberId}/schedules instead, with OWNER_EMAIL
           GET /v2/workbooks, GET /v2/reports and GET /v2/members for the names
Docs:      https://help.sigmacomputing.com/reference/listworkbookschedules
.env:      OWNER_EMAIL, the owner of the schedules to list (default: all owners)
           OUTPUT_FORMAT=table (json: every field that Sigma sent; csv: for a spreadsheet)
Run:       python audit/scheduled_exports.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&includeArchived=true&includeInactive=true
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks?limit=1000&skipPermissionCheck=true&excludeTags=true&excludeExplorations=true
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/reports?limit=1000&skipPermissionCheck=true&excludeTags=true
    ...
    Workbook or report       Title                                 When                            Format    Owner                        Status
    -----------------------  ------------------------------------  ------------------------------  --------  ---------------------------  ------------------------------------------
    Headcount Overview 56    Headcount Overview 56, on Fridays     0 17 * * 5 America/Los_Angeles  PDF       gone0@example.com            active, owner deactivated
    Renewals Overview 112    Renewals Overview 112, monthly        0 6 1 * * Etc/UTC               EXCEL     gone1@example.com            active, owner deactivated
    Campaigns Forecast 176   Campaigns Forecast 176, monthly       0 6 1 * * Etc/UTC               PDF       vera.rossi@example.com       paused since 2024-01-09 by ada@example.com
    ...
    Board Pack               Board Pack, on Fridays                0 17 * * 5 America/Los_Angeles  PDF       ada@example.com              active
    ...
    Scheduled exports: 43. Paused: 8. Owned by deactivated members: 2.
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, SigmaError, print_rows, print_summary, read_env, run


# 2: List the documents. skipPermissionCheck adds what members keep in My Documents
def list_documents(client: SigmaClient) -> dict[str, dict[str, Any]]:
    """Return all workbooks and reports of the organization, by the path of their endpoints."""
    query = {"skipPermissionCheck": True, "excludeTags": True}
    workbooks = client.get_all("/workbooks", **query, excludeExplorations=True)
    reports = client.get_all("/reports", **query)
    return {
        **{f"/workbooks/{workbook['workbookId']}": workbook for workbook in workbooks},
        **{f"/reports/{report['reportId']}": report for report in reports},
    }


# 3: List the schedules. Sigma has no list for the whole organization, so get one per document
def list_scheduled_exports(
    client: SigmaClient, documents: dict[str, dict[str, Any]]
) -> list[tuple[str, dict[str, Any]]]:
    """Return the schedules of workbooks and reports, each with the path of its document."""
    found = client.read_each(
        list(documents),
        lambda path: client.get_all(f"{path}/schedules"),
        lambda path: documents[path].get("name") or path,
        "documents",
    )
    return [(path, schedule) for path, schedules in found for schedule in schedules]


# 4: Or list the schedules of one owner. A single list has them all
def list_exports_of_owner(client: SigmaClient, owner_id: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the schedules that a member owns, each with the path of its document."""
    found = []
    for schedule in client.get_all(f"/members/{owner_id}/schedules"):
        if workbook_id := schedule.get("workbookId"):
            found.append((f"/workbooks/{workbook_id}", schedule))
        else:
            found.append((f"/reports/{schedule['reportId']}", schedule))
    return found


# 5: Describe a schedule
def describe(
    schedule: dict[str, Any], document: dict[str, Any], members: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Return a schedule with the fields of the report added."""
    # Older schedules have config instead of configV2. title is the subject of the email
    config = schedule.get("configV2") or schedule.get("config") or {}
    attachments = config.get("notificationAttachments") or []
    formats = {(attachment.get("formatOptions") or {}).get("type") for attachment in attachments}
    when = schedule.get("schedule") or {}
    owner_id = schedule.get("ownerId") or "unknown"
    owner = members.get(owner_id, {})
    is_deactivated = bool(owner.get("isArchived") or owner.get("isInactive"))
    is_paused = bool(schedule.get("isSuspended") or schedule.get("disabledAt"))

    status = "paused" if is_paused else "active"
    if is_paused and schedule.get("disabledAt"):
        status += f" since {str(schedule['disabledAt'])[:10]}"
    if is_paused and schedule.get("disabledBy"):  # Sigma pauses schedules that keep failing
        paused_by = str(schedule["disabledBy"])
        status += f" by {members.get(paused_by, {}).get('email') or paused_by}"
    return {
        **schedule,
        "documentName": document.get("name"),
        "documentPath": document.get("path"),
        "title": config.get("notificationName") or config.get("exportName") or config.get("title"),
        "when": " ".join(filter(None, (when.get("cronSpec"), when.get("timezone")))),
        "formats": ", ".join(sorted(filter(None, formats))),
        "ownerEmail": owner.get("email") or owner_id,
        "ownerIsDeactivated": is_deactivated,
        "isPaused": is_paused,
        "status": status + ", owner deactivated" * is_deactivated,
    }


def sort_key(row: dict[str, Any]) -> list[Any]:
    """Return the sort key of a row: first what needs attention, then by name."""
    attention = [not row["ownerIsDeactivated"], not row["isPaused"]]
    names = (row["documentName"], row["title"], row.get("scheduledNotificationId"))
    return attention + [str(name or "").casefold() for name in names]


def main() -> None:
    # 6: Read all settings
    owner_email = read_env("OWNER_EMAIL")

    with SigmaClient(get_bearer_token) as client:
        # 7: Get all members. isArchived means deactivated in Sigma, isInactive by the identity
        #    provider
        entries = client.get_all("/members", includeArchived=True, includeInactive=True)
        members = {member["memberId"]: member for member in entries}
        owners = [m for m in entries if str(m.get("email") or "").lower() == owner_email.lower()]
        if owner_email and not owners:
            raise SigmaError(f"OWNER_EMAIL is {owner_email!r}, but no member has this email")

        # 8: Get the documents and their schedules
        documents = list_documents(client)
        if owner_email:
            lists = [list_exports_of_owner(client, owner["memberId"]) for owner in owners]
            found = [pair for pairs in lists for pair in pairs]
        else:
            found = list_scheduled_exports(client, documents)

        # 9: Print the report. If a document isn't in the lists, show its ID instead of its name
        rows = []
        for path, schedule in found:
            document = documents.get(path) or {}
            name = document.get("name") or path.rpartition("/")[2]
            rows.append(describe(schedule, {**document, "name": name}, members))
        columns = {
            "Workbook or report": "documentName",
            "Title": "title",
            "When": "when",
            "Format": "formats",
            "Owner": "ownerEmail",
            "Status": "status",
        }
        print_rows(sorted(rows, key=sort_key), columns, empty="No scheduled exports were found.")

        # 10: Print the totals, unless something is missing. For another program, only the rows go
        #     to stdout
        client.require_complete_lists()
        whose = f" of {owner_email} (OWNER_EMAIL)" if owner_email else ""
        paused = sum(row["isPaused"] for row in rows)
        deactivated = sum(row["ownerIsDeactivated"] for row in rows)
        summary = f"Scheduled exports{whose}: {len(rows)}. Paused: {paused}. "
        summary += f"Owned by deactivated members: {deactivated}."
        print_summary(summary)


if __name__ == "__main__":
    run(main)
