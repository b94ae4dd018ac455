"""Show how page and limit work: read the members page by page, with the loop written out.

Every list of Sigma's API comes in pages. limit says how many entries a page may hold (50 unless
you say so, 1000 at most). page says which page to send: leave it out for the first one, then send
back what the last answer holds in nextPage, until that is null. It often looks like a number, but
it is an opaque text: send it as it came, and never compute it.

The other recipes leave this loop to session.get_entries.

Endpoint:  GET /v2/members
Docs:      https://help.sigmacomputing.com/reference/listmembers
.env:      LIMIT=50, the members per page (1 to 1000)
           OUTPUT_FORMAT=table (json or csv: all pages as one list, for another program)
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

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=50&page=L3YyL21lbWJlcnMgNTA
    Page 2
    First name    Last name    Email                         Type     Member ID
    ------------  -----------  ----------------------------  -------  ----------------------------
    Yusuf         Moreau       yusuf.moreau1@example.com     View     5UoNRho7OUjAEP3bKWwSsdbAxoKJ
    Zoe           Tanaka       zoe.tanaka1@example.com       build    ljmBNeBXBaIfFij8RJl5qe81WhWZ
    Amara         Abbott       amara.abbott2@example.com     Analyze  aWr25ra4u0OvaPF2HgaDYVPLAYyt
    ...

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=50&page=L3YyL21lbWJlcnMgMTAw
    Page 3
    First name    Last name    Email                         Type     Member ID
    ------------  -----------  ----------------------------  -------  ----------------------------
    Wanda         Young        wanda.young3@example.com      View     YaxPbkWoHnOLBJrnwsi7L1OJ3UqE
    Xenia         Fontaine     xenia.fontaine3@example.com   build    LZKNPdrHy8VNEwkRlj8tvoQRAGXX
    Yusuf         Moreau       yusuf.moreau3@example.com     Analyze  8enPka29OXbgTMjhFyKtjgjfARsx
    ...

    Total members: 120
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaError, SigmaSession, print_rows, read_env, read_number, run


# 2: Ask for one page after the other
def member_pages(session: SigmaSession, limit: int) -> Iterator[list[dict[str, Any]]]:
    """Yield the members of one page at a time, at most limit of them."""
    query: dict[str, Any] = {"limit": limit}
    pages_asked_for = set()
    while True:
        answer = session.get("/members", params=query).json()

        # 3: Until June 2026 some organizations got a bare list with everybody in it, and no pages
        members = answer if isinstance(answer, list) else answer["entries"]

        # 4: A member that Sigma could not read arrives as an error object, without an ID
        for member in members:
            if member.get("memberId") is None:
                why = member.get("message", "an entry without memberId")
                raise SigmaError(f"The list is not whole: {why}")
        yield members
        if isinstance(answer, list):
            return

        # 5: nextPage leads to the next page. Only null (None) ends the list: a page with fewer
        #    members than limit may be followed by another, and hasMore is deprecated
        next_page = answer.get("nextPage")
        if next_page in (None, ""):
            if "nextPage" not in answer and str(answer.get("hasMore")).lower() == "true":
                raise SigmaError("The list is not whole: Sigma has more, and names no next page")
            return

        # 6: A page that comes twice would turn this loop into an endless one
        if next_page in pages_asked_for:
            raise SigmaError(f"The list is not whole: Sigma named the page {next_page} twice")
        pages_asked_for.add(next_page)
        query["page"] = next_page


def main() -> None:
    # 7: Read the page size from .env, and open a session
    limit = read_number("LIMIT", 50, 1, 1000)
    session = SigmaSession(get_bearer_token)
    columns = {
        "First name": "firstName",
        "Last name": "lastName",
        "Email": "email",
        "Type": "memberType",
        "Member ID": "memberId",
    }

    # 8: Print a table for each page as it arrives, then the total. Another program that reads
    #    this output (OUTPUT_FORMAT=json or csv) wants one list, so it gets all pages at the end
    as_tables = read_env("OUTPUT_FORMAT", "table") == "table"
    members: list[dict[str, Any]] = []
    for number, page in enumerate(member_pages(session, limit), start=1):
        members += page
        if as_tables:
            print(f"Page {number}")
            print_rows(page, columns, empty="This page is empty.")
            print()
    if as_tables:
        print(f"Total members: {len(members)}")
    else:
        print_rows(members, columns, empty="")


# 9: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
