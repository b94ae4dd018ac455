"""Read the members page by page, with the loop written out.

Sigma's API sends lists in pages. limit is the number of entries per page: 50 by default, at most
1000. page selects the page: leave it out for the first one, then send the nextPage of the previous
response, until nextPage is null. It often looks like a number, but don't compute it.

In the other recipes, client.get_all does all this.

Endpoint:  GET /v2/members
Docs:      https://help.sigmacomputing.com/reference/listmembers
.env:      LIMIT=50, the number of members per page (1 to 1000)
           OUTPUT_FORMAT=table (json or csv: all pages as one list)
Run:       python members/pagination.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=50
    Page 1
    First name    Last name    Email                         Type     Member ID
    ------------  -----------  ----------------------------  -------  ----------------------------
    Ada           Admin        ada@example.com               admin    lvnNwtHRO64x1CvbzHy4CaFCRA5P
    Vic           Viewer       vic@example.com               View     OClrMgNg0Q5GIAHTWAgp0y54bP9q
    Chidi         Okafor       chidi.okafor@example.com      Analyze  mddXhGl7HbHxKL7wHQ2j5sueuQy5
    ...

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=50&page=50
    Page 2
    First name    Last name    Email                         Type     Member ID
    ------------  -----------  ----------------------------  -------  ----------------------------
    Yusuf         Moreau       yusuf.moreau1@example.com     View     5UoNRho7OUjAEP3bKWwSsdbAxoKJ
    ...

    Total members: 120
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, SigmaError, print_rows, read_env, read_number, run


# 2: Get one page after another
def member_pages(client: SigmaClient, limit: int) -> Iterator[list[dict[str, Any]]]:
    """Yield the members on each page. Raise SigmaError if the list can't be complete."""
    query: dict[str, Any] = {"limit": limit}
    seen: set[str] = set()
    while True:
        page = client.get("/members", **query)
        if isinstance(page, list):  # until June 2026 some organizations got a list without pages
            page = {"entries": page, "nextPage": None}

        # 3: A member that Sigma couldn't read is an error object, without an ID
        for member in page["entries"]:
            if not member.get("memberId"):
                raise SigmaError(f"Not complete: an entry has no memberId: {member}")

        # 4: If a member is on two pages, the list changed while it was read, and another member may
        #    be missing
        ids = {member["memberId"] for member in page["entries"]}
        if ids & seen or len(ids) < len(page["entries"]):
            raise SigmaError("Not complete: the list changed while it was read. Try again")
        seen |= ids
        yield page["entries"]

        # 5: Only nextPage shows if there is another page. A page with fewer members than limit
        #    isn't necessarily the last one
        if not page.get("nextPage"):
            return
        query["page"] = page["nextPage"]


def main() -> None:
    limit = read_number("LIMIT", 50, 1, 1000)
    as_tables = read_env("OUTPUT_FORMAT", "table") == "table"
    columns = {
        "First name": "firstName",
        "Last name": "lastName",
        "Email": "email",
        "Type": "memberType",
        "Member ID": "memberId",
    }

    # 6: Print each page as it arrives, then the total
    members: list[dict[str, Any]] = []
    with SigmaClient(get_bearer_token) as client:
        for number, page in enumerate(member_pages(client, limit), start=1):
            members += page
            if as_tables:
                print(f"Page {number}")
                print_rows(page, columns, empty="This page is empty.")
                print()
    if as_tables:
        print(f"Total members: {len(members)}")
    else:  # a program that reads this needs one list
        print_rows(members, columns, empty="")


if __name__ == "__main__":
    run(main)
