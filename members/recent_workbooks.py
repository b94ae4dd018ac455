"""List the workbooks that a member used last, the latest first.

Endpoint:  GET /v2/members/{memberId}/files/recents
Docs:      https://help.sigmacomputing.com/reference/listrecentinodes
.env:      MEMBERID, the member to look up (members/list_all.py prints every ID)
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

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaSession, print_rows, require_id, run


# 2: Ask Sigma. The function takes all it needs as parameters, so your own code can import it
def recent_workbooks(session: SigmaSession, member_id: str) -> list[dict[str, Any]]:
    """Return the recent workbooks of a member, the latest first."""
    entries = session.get_entries(f"/members/{member_id}/files/recents")

    # The list also holds folders and data models
    workbooks = [entry for entry in entries if entry["type"] == "workbook"]

    # Times are ISO 8601 texts in UTC, so sorting the text sorts the time. The field is optional.
    return sorted(workbooks, key=last_used, reverse=True)


def last_used(workbook: dict[str, Any]) -> str:
    """Return when a workbook was last used, or "" when Sigma does not say."""
    return str(workbook.get("lastInteractionAt") or "")


def main() -> None:
    # 3: Read the member from .env
    member_id = require_id("MEMBERID")

    # 4: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 5: Fetch the workbooks, and print them as a table, the times to the minute
    rows = [
        {**book, "lastUsed": last_used(book)[:16].replace("T", " ")}
        for book in recent_workbooks(session, member_id)
    ]
    columns = {"Name": "name", "Permission": "permission", "Last used (UTC)": "lastUsed"}
    print_rows(rows, columns, empty=f"Member {member_id} has no recent workbooks.")


# 6: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
