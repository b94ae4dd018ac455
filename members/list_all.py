"""List every member of the organization, without those who are deactivated.

Endpoint:  GET /v2/members
Docs:      https://help.sigmacomputing.com/reference/listmembers
.env:      OUTPUT_FORMAT=table (json: every field that Sigma sent; csv: for a spreadsheet)
Run:       python members/list_all.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000
    Name             Email                         Type     Member ID
    ---------------  ----------------------------  -------  ----------------------------
    Ada Admin        ada@example.com               admin    lvnNwtHRO64x1CvbzHy4CaFCRA5P
    Vic Viewer       vic@example.com               View     OClrMgNg0Q5GIAHTWAgp0y54bP9q
    Chidi Okafor     chidi.okafor@example.com      Analyze  mddXhGl7HbHxKL7wHQ2j5sueuQy5
    ...
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaSession, checked_id, print_rows, run


# 2: Ask Sigma. get_entries asks for 1000 members at a time, page after page, until the last
def list_members(session: SigmaSession) -> Iterator[dict[str, Any]]:
    """Yield every active member, and Sigma's own SigmaSchedulerRobot."""
    # Deactivated members are left out. To have them too, add includeArchived="true" (a text:
    # requests would send Python's True as "True", which Sigma does not know).
    for member in session.get_entries("/members"):
        # The ID is what this list is for: refuse an entry without one
        checked_id(member["memberId"], "memberId in Sigma's answer")
        yield member


def main() -> None:
    # 3: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 4: Fetch the members, and print them as a table. Sigma keeps first and last name apart, and
    #    either may be empty
    rows = []
    for member in list_members(session):
        name = f"{member.get('firstName') or ''} {member.get('lastName') or ''}".strip()
        rows.append({**member, "name": name})
    columns = {"Name": "name", "Email": "email", "Type": "memberType", "Member ID": "memberId"}
    print_rows(rows, columns, empty="There are no members.")


# 5: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
