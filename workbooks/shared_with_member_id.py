"""List every workbook that a member can open, with its address.

Endpoint:  GET /v2/members/{memberId}/files, and GET /v2/workbooks for addresses and versions
Docs:      https://help.sigmacomputing.com/reference/listaccessibleinodes
.env:      MEMBERID, the member (members/list_all.py prints every ID)
           OUTPUT_FORMAT=table (json or csv, for another program)
Run:       python workbooks/shared_with_member_id.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr/files?limit=1000&typeFilters=workbook
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks?limit=1000
    Name                      Version    URL
    ------------------------  ---------  -----------------------------------------------------------------------------------------------
    Plugs Sales Performance   1          https://app.sigmacomputing.com/sandbox/workbook/Plugs-Sales-Performance-wSLnTON7AyhhBt4LscXed3
    Churn Forecast 1          2          https://app.sigmacomputing.com/sandbox/workbook/Churn-Forecast-1-Nj3YO6izwUaIVNIgPzIS7O
    Pipeline Weekly 2         3          https://app.sigmacomputing.com/sandbox/workbook/Pipeline-Weekly-2-hWFNh2c3Fkgum89xqThKjq
    ...
"""  # noqa: E501

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaSession, checked_id, print_rows, require_id, run


# 2: Ask Sigma for the member's workbooks, and for what the credentials can open
def workbooks_of_member(session: SigmaSession, member_id: str) -> list[dict[str, Any]]:
    """Return name, url and version of every workbook that a member can open."""
    # The list holds folders, too, unless the type is named. It knows who may open what, but
    # neither addresses nor versions: these come from the list of workbooks
    path = f"/members/{member_id}/files"
    files = list(session.get_entries(path, typeFilters="workbook"))
    known = {workbook["workbookId"]: workbook for workbook in session.get_entries("/workbooks")}

    # 3: A workbook that the owner of the credentials cannot open is not in the second list. Its
    #    address can be built: it begins like those of all others of the organization
    start = address_of_organization(list(known.values()))
    rows = []
    for file in files:
        workbook = known.get(file["id"], {})
        url_id = checked_id(file["urlId"], "urlId in Sigma's answer")
        url = workbook.get("url") or (start and f"{start}/workbook/{url_id}")
        rows.append(
            {"name": file.get("name"), "url": url, "version": workbook.get("latestVersion")}
        )
    return rows


def address_of_organization(workbooks: list[dict[str, Any]]) -> str:
    """Return the part that every address of the organization begins with, or "" if unknown."""
    # https://app.sigmacomputing.com/{organization}/workbook/{name}-{ID}
    urls = [workbook["url"] for workbook in workbooks if workbook.get("url")]
    return str(urls[0]).partition("/workbook/")[0] if urls else ""


def main() -> None:
    # 4: Read the member from .env, and open a session
    member_id = require_id("MEMBERID")
    session = SigmaSession(get_bearer_token)

    # 5: Fetch the workbooks, and print them as a table. A version that is missing belongs to a
    #    workbook that the owner of the credentials cannot open
    rows = workbooks_of_member(session, member_id)
    columns = {"Name": "name", "Version": "version", "URL": "url"}
    print_rows(rows, columns, empty=f"Member {member_id} can open no workbooks.")


# 6: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
