"""List the workbooks that a member used recently, the latest first.

Endpoint:  GET /v2/members/{memberId}/files/recents
Docs:      https://help.sigmacomputing.com/reference/listrecentinodes
.env:      MEMBERID, the member (members/list_all.py prints the IDs)
           OUTPUT_FORMAT=table (json: every field that Sigma sent; csv: for a spreadsheet)
Run:       python members/recent_workbooks.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr/files/recents?limit=1000
    Name                     Permission    Last used (UTC)
    -----------------------  ------------  -----------------
    Orders Monthly 10        view          2024-05-02 09:14
    Deliveries Monthly 206   view          2024-04-30 20:14
    Uptime Forecast 162      view          2024-04-29 07:14
    ...
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import re
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, print_rows, require_id, run

NEVER = datetime.min.replace(tzinfo=timezone.utc)


# 2: Read the time of the last use. It's missing if Sigma doesn't know it
def last_used(workbook: dict[str, Any]) -> datetime:
    """Return when a workbook was last used, in UTC, or NEVER."""
    # Python 3.10 can't parse a Z at the end, and needs exactly six decimals
    text = str(workbook.get("lastInteractionAt") or "").upper().removesuffix("Z")
    text = re.sub(r"\.(\d+)", lambda decimals: f".{decimals[1][:6]:0<6}", text)
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(timezone.utc) if time.tzinfo else time.replace(tzinfo=timezone.utc)
    except (OverflowError, ValueError):
        return NEVER


# 3: Get the workbooks. The list also contains folders and data models
def recent_workbooks(client: SigmaClient, member_id: str) -> list[dict[str, Any]]:
    """Return the workbooks that a member used recently, the latest first."""
    files = client.get_all(f"/members/{member_id}/files/recents")
    workbooks = [file for file in files if file["type"] == "workbook"]
    return sorted(workbooks, key=last_used, reverse=True)


def main() -> None:
    member_id = require_id("MEMBERID")

    # 4: Print a table, with times to the minute
    with SigmaClient(get_bearer_token) as client:
        rows = []
        for workbook in recent_workbooks(client, member_id):
            time = last_used(workbook)
            used = "" if time == NEVER else f"{time:%Y-%m-%d %H:%M}"
            rows.append({**workbook, "lastUsed": used})
        columns = {"Name": "name", "Permission": "permission", "Last used (UTC)": "lastUsed"}
        print_rows(rows, columns, empty=f"Member {member_id} has no recent workbooks.")


if __name__ == "__main__":
    run(main)
