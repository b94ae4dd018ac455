"""Print name and address of every workbook as one table, to paste into a page or a spreadsheet.

The list holds what the owner of the credentials can open, in the order of the alphabet.

Endpoint:  GET /v2/workbooks
Docs:      https://help.sigmacomputing.com/reference/listworkbooks
.env:      OUTPUT_FORMAT=table (csv: for a spreadsheet; json: for another program)
Run:       python workbooks/get_workbooks_name_url_table.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks?limit=1000
    Name                      URL
    ------------------------  -----------------------------------------------------------------------------------------------
    Campaigns Audit 124       https://app.sigmacomputing.com/sandbox/workbook/Campaigns-Audit-124-YkiqgGY0aoK4tB5m6wLOQn
    Campaigns Audit 215       https://app.sigmacomputing.com/sandbox/workbook/Campaigns-Audit-215-QWI1BFUsc5ASheOqz1o19X
    Campaigns Audit 33        https://app.sigmacomputing.com/sandbox/workbook/Campaigns-Audit-33-cMzSjw0Io8MhEASLeKCU3S
    ...
"""  # noqa: E501

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaSession, print_rows, run


# 2: Ask Sigma. get_entries asks for 1000 workbooks at a time, page after page, until the last
def names_and_urls(session: SigmaSession) -> list[dict[str, Any]]:
    """Return name and url of every workbook, in the order of the names."""
    # Sigma sends much more about each workbook: workbooks/list_all.py keeps all of it
    entries = session.get_entries("/workbooks")
    rows = [{"name": entry.get("name"), "url": entry.get("url")} for entry in entries]
    return sorted(rows, key=lambda row: str(row["name"] or "").casefold())


def main() -> None:
    # 3: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 4: Fetch the workbooks, and print them as a table
    columns = {"Name": "name", "URL": "url"}
    print_rows(names_and_urls(session), columns, empty="There are no workbooks.")


# 5: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
