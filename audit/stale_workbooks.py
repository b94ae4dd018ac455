"""List the workbooks that haven't been changed for a long time, with their owners.

Sigma's API shows when a workbook was last changed, but not when it was last viewed. A workbook in
this list may be in daily use, so ask its owner before you delete it.
The recipe checks all workbooks of the organization, so it needs credentials whose owner has the
Admin account type. It sends one request for each 1,000 workbooks and each 1,000 members.

Endpoint:  GET /v2/workbooks, and GET /v2/members for the owners
Docs:      https://help.sigmacomputing.com/reference/listworkbooks
.env:      UNCHANGED_DAYS=180 (days without a change)
           OWNER_EMAIL, the owner whose workbooks to list (default: all owners)
           OUTPUT_FORMAT=table (json: every field that Sigma sent; csv: for a spreadsheet)
Run:       python audit/stale_workbooks.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&includeArchived=true&includeInactive=true
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks?limit=1000&skipPermissionCheck=true&excludeExplorations=true&excludeTags=true
    Last change    Workbook                  Path                    Owner                         Owner status
    -------------  ------------------------  ----------------------  ----------------------------  --------------
    2024-01-02     Campaigns Overview 7      People/Archive          ines.eriksen@example.com      active
    2024-01-02     Churn Forecast 1          Marketing               chidi.okafor@example.com      active
    ...
    Not changed for 180 days (UNCHANGED_DAYS): 264 of 264 workbooks
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import (
    SigmaClient,
    SigmaError,
    print_rows,
    print_summary,
    read_env,
    read_number,
    run,
)


# 2: Get all members. Deactivated members may still own workbooks, so include them: isArchived means
#    deactivated in Sigma, isInactive by the identity provider
def list_owners(client: SigmaClient) -> dict[str, dict[str, Any]]:
    """Return all members, active or not, by their member ID."""
    members = client.get_all("/members", includeArchived=True, includeInactive=True)
    return {member["memberId"]: member for member in members}


# 3: Get the date of the last change. updatedAt is a time such as 2026-01-31T08:00:00.000Z
def changed_on(workbook: dict[str, Any]) -> date | None:
    """Return the date (UTC) of a workbook's last change, or None if it isn't known."""
    try:
        return date.fromisoformat(str(workbook.get("updatedAt"))[:10])
    except ValueError:
        return None


# 4: Get the workbooks
def list_workbooks(client: SigmaClient) -> list[dict[str, Any]]:
    """Return all workbooks of the organization."""
    # skipPermissionCheck adds what others keep in My Documents. It also adds explorations, which
    # aren't saved workbooks. Without the tags, Sigma responds faster
    return client.get_all(
        "/workbooks", skipPermissionCheck=True, excludeExplorations=True, excludeTags=True
    )


# 5: Keep those without a recent change, and add the owners
def stale_workbooks(
    workbooks: list[dict[str, Any]], owners: dict[str, dict[str, Any]], last_day: date
) -> list[dict[str, Any]]:
    """Return the workbooks that weren't changed after last_day, with the oldest changes first.

    Workbooks whose last change isn't known come last: they may be stale.
    """
    rows = []
    for workbook in workbooks:
        changed = changed_on(workbook)
        if changed and changed > last_day:
            continue
        owner = owners.get(workbook.get("ownerId") or "", {})
        status = "deactivated" if owner.get("isArchived") or owner.get("isInactive") else "active"
        known = {
            "lastChange": str(changed or "unknown"),
            "owner": owner.get("email") or workbook.get("ownerId"),
            "ownerStatus": status if owner else "unknown",
        }
        rows.append({**workbook, **known})
    # "unknown" sorts after all dates
    fields = ("lastChange", "name", "workbookId")
    return sorted(rows, key=lambda row: [str(row.get(field) or "").casefold() for field in fields])


def main() -> None:
    # 6: Read all settings before anything is sent
    days = read_number("UNCHANGED_DAYS", 180, 1, 36_500)
    owner_email = read_env("OWNER_EMAIL")
    last_day = datetime.now(timezone.utc).date() - timedelta(days=days)

    with SigmaClient(get_bearer_token) as client:
        # 7: Refuse an unknown email. Otherwise, a typo would look like an owner without workbooks
        owners = list_owners(client)
        emails = {key: str(member.get("email") or "").lower() for key, member in owners.items()}
        if owner_email and owner_email.lower() not in emails.values():
            raise SigmaError(f"OWNER_EMAIL is {owner_email!r}, but no member has this email")

        # 8: Print the table
        workbooks = [
            workbook
            for workbook in list_workbooks(client)
            if not owner_email or emails.get(workbook.get("ownerId") or "") == owner_email.lower()
        ]
        rows = stale_workbooks(workbooks, owners, last_day)
        columns = {
            "Last change": "lastChange",
            "Workbook": "name",
            "Path": "path",
            "Owner": "owner",
            "Owner status": "ownerStatus",
        }
        print_rows(rows, columns, empty="There are no stale workbooks.")
        client.require_complete_lists()  # no totals of an incomplete list

        # 9: Print the summary. For another program, only the rows go to stdout
        whose = f" of {owner_email} (OWNER_EMAIL)" if owner_email else ""
        summary = f"Not changed for {days} days (UNCHANGED_DAYS): "
        summary += f"{len(rows)} of {len(workbooks)} workbooks{whose}"
        print_summary(summary)


if __name__ == "__main__":
    run(main)
