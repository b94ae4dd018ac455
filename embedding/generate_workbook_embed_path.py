"""Print the embed paths of the workbooks that a member can open.

The URL of an embed that is signed with a JWT begins with this path. Your server appends
?:embed=true&:jwt=<token>, and the page shows the workbook with the member's permissions. To embed
only a page or an element, add /page/{pageId} or /element/{elementId} to the path.

Endpoint:  GET /v2/members/{memberId}/files, and GET /v2/workbooks for the URLs
Docs:      https://help.sigmacomputing.com/reference/listaccessibleinodes
.env:      MEMBERID, the member (members/list_all.py prints the IDs)
Run:       python embedding/generate_workbook_embed_path.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr/files?limit=1000&typeFilters=workbook
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks?limit=1000
    #1: Plugs Sales Performance: https://app.sigmacomputing.com/sandbox/workbook/3IL2M1YGTmw7N3gaLlhK3n
    #2: Churn Forecast 1: https://app.sigmacomputing.com/sandbox/workbook/POURKBzoZDTt0YARctis8
    #3: Pipeline Weekly 2: https://app.sigmacomputing.com/sandbox/workbook/7iQwFBTDnFQlphNt3TbFdm
    ...
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, SigmaError, printable, require_id, run


# 2: Get the workbooks that the member can open, and the URLs of those that the credentials can open
def embed_paths(client: SigmaClient, member_id: str) -> list[tuple[str, str]]:
    """Return the name and embed path of every workbook that a member can open."""
    files = client.get_all(f"/members/{member_id}/files", typeFilters="workbook")
    if not files:
        return []
    workbooks = client.get_all("/workbooks")
    urls = {book["workbookId"]: book["url"] for book in workbooks if book.get("url")}
    if not urls:
        raise SigmaError("The owner of the credentials can't open any workbook with a URL")

    # 3: If the credentials can't open a workbook, build its URL. All URLs begin with
    #    https://app.sigmacomputing.com/{organization}/workbook/
    start = next(iter(urls.values())).partition("/workbook/")[0]
    return [
        (file["name"], urls.get(file["id"]) or f"{start}/workbook/{file['urlId']}")
        for file in files
    ]


def main() -> None:
    member_id = require_id("MEMBERID")
    with SigmaClient(get_bearer_token) as client:
        paths = embed_paths(client, member_id)

        # 4: Print the paths
        if not paths:
            print(f"Member {member_id} can't open any workbooks.")
        for number, (name, path) in enumerate(paths, start=1):
            print(f"#{number}: {printable(name)}: {path}")


if __name__ == "__main__":
    run(main)
