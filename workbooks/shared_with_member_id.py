"""List the workbooks that a member can open, with their URLs.

Endpoint:  GET /v2/members/{memberId}/files, and GET /v2/workbooks for URLs and versions
Docs:      https://help.sigmacomputing.com/reference/listaccessibleinodes
.env:      MEMBERID, the member (members/list_all.py prints the IDs)
           OUTPUT_FORMAT=table (json: for another program; csv: for a spreadsheet)
Run:       python workbooks/shared_with_member_id.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr/files?limit=1000&typeFilters=workbook
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks?limit=1000
    Name                      Version    URL
    ------------------------  ---------  ----------------------------------------------------------------------
    Plugs Sales Performance   6          https://app.sigmacomputing.com/sandbox/workbook/3IL2M1YGTmw7N3gaLlhK3n
    Churn Forecast 1          2          https://app.sigmacomputing.com/sandbox/workbook/POURKBzoZDTt0YARctis8
    Pipeline Weekly 2         3          https://app.sigmacomputing.com/sandbox/workbook/7iQwFBTDnFQlphNt3TbFdm
    ...
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, print_rows, require_id, run


# 2: Get the workbooks that the member can open, and those that the credentials can open. The first
#    list has no URLs and no versions
def workbooks_of_member(client: SigmaClient, member_id: str) -> list[dict[str, Any]]:
    """Return the name, url and version of every workbook that a member can open."""
    files = client.get_all(f"/members/{member_id}/files", typeFilters="workbook")
    workbooks = {workbook["workbookId"]: workbook for workbook in client.get_all("/workbooks")}

    # 3: Join the lists. If the credentials can't open a workbook, it's only in the first one, so
    #    build its URL. All URLs begin with https://app.sigmacomputing.com/{organization}/workbook/
    urls = [workbook["url"] for workbook in workbooks.values() if workbook.get("url")]
    start = urls[0].partition("/workbook/")[0] if urls else ""
    rows = []
    for file in files:
        workbook = workbooks.get(file["id"], {})
        url = workbook.get("url") or (start and f"{start}/workbook/{file['urlId']}")
        version = workbook.get("latestVersion")
        rows.append({"name": file.get("name"), "url": url, "version": version})
    return rows


def main() -> None:
    member_id = require_id("MEMBERID")
    with SigmaClient(get_bearer_token) as client:
        rows = workbooks_of_member(client, member_id)

        # 4: Print a table. If the credentials can't open a workbook, its version is unknown
        columns = {"Name": "name", "Version": "version", "URL": "url"}
        print_rows(rows, columns, empty=f"Member {member_id} can't open any workbooks.")


if __name__ == "__main__":
    run(main)
