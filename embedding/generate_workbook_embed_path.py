"""Print the embed path of every workbook that a member can open.

The path is what a JWT-signed embed begins with. Your server adds ?:embed=true&:jwt=<token>, and
the page shows the workbook with the member's rights. /page/{pageId} or /element/{elementId}
behind the path embeds a part of it.

Endpoint:  GET /v2/members/{memberId}/files, and GET /v2/workbooks for the addresses
Docs:      https://help.sigmacomputing.com/reference/listaccessibleinodes
.env:      MEMBERID, the member (members/list_all.py prints every ID)
Run:       python embedding/generate_workbook_embed_path.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr/files?limit=1000&typeFilters=workbook
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks?limit=1000
    #1: Plugs Sales Performance: https://app.sigmacomputing.com/sandbox/workbook/Plugs-Sales-Performance-wSLnTON7AyhhBt4LscXed3
    #2: Churn Forecast 1: https://app.sigmacomputing.com/sandbox/workbook/Churn-Forecast-1-Nj3YO6izwUaIVNIgPzIS7O
    #3: Pipeline Weekly 2: https://app.sigmacomputing.com/sandbox/workbook/Pipeline-Weekly-2-hWFNh2c3Fkgum89xqThKjq
    ...
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaError, SigmaSession, checked_id, one_line, require_id, run


# 2: Ask Sigma for the member's workbooks, and for the addresses
def embed_paths(session: SigmaSession, member_id: str) -> list[tuple[str, str]]:
    """Return name and embed path of every workbook that a member can open."""
    path = f"/members/{member_id}/files"
    files = list(session.get_entries(path, typeFilters="workbook"))
    if not files:
        return []
    books = session.get_entries("/workbooks")
    urls = {book["workbookId"]: book["url"] for book in books if book.get("url")}
    if not urls:
        raise SigmaError("The owner of the credentials can open no workbook, so Sigma says no URL")

    # 3: A workbook that the owner of the credentials cannot open is not in the second list. Its
    #    address begins like all others: https://app.sigmacomputing.com/{organization}/workbook/...
    start = next(iter(urls.values())).partition("/workbook/")[0]
    paths = []
    for file in files:
        url_id = checked_id(file["urlId"], "urlId in Sigma's answer")
        url = urls.get(file["id"]) or f"{start}/workbook/{url_id}"
        paths.append((one_line(file["name"]), url))  # a line for each, whatever the name holds
    return paths


def main() -> None:
    # 4: Read the member from .env, and open a session
    member_id = require_id("MEMBERID")
    session = SigmaSession(get_bearer_token)

    # 5: Print the paths
    paths = embed_paths(session, member_id)
    if not paths:
        print(f"Member {member_id} can open no workbooks.")
    for number, (name, url) in enumerate(paths, start=1):
        print(f"#{number}: {name}: {url}")


# 6: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
