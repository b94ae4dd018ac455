"""Show the name, email, account type, status and teams of a member.

Endpoint:  GET /v2/members/{memberId}, or GET /v2/members to find an email
           GET /v2/members/{memberId}/teams
Docs:      https://help.sigmacomputing.com/reference/getmember
.env:      MEMBERID, the member (members/list_all.py prints the IDs)
           EMAIL, the member's email, if MEMBERID is empty
Run:       python members/get_member_details.py

Sample output:

    Looking for the member in MEMBERID
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members/BoZP1WBp0e4AfKubatpUfasbLVYr/teams?limit=1000
    Name:    Sales Rep
    Email:   sales_rep@example.com
    Type:    View
    ID:      BoZP1WBp0e4AfKubatpUfasbLVYr
    Status:  active
    Created: 2024-01-05T11:00:00.000Z
    Teams:   1
             Support (60f76a92-c956-5eeb-9256-d869b3badd86)
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import (
    SigmaClient,
    SigmaError,
    printable,
    read_env,
    require_email,
    require_id,
    run,
)


# 2: Find the member, by ID or by email
def get_member(client: SigmaClient, member_id: str) -> dict[str, Any]:
    """Return a member, even a deactivated one."""
    member: dict[str, Any] = client.get(f"/members/{member_id}")
    return member


def find_member(client: SigmaClient, email: str) -> dict[str, Any]:
    """Return the member with this email, even a deactivated one, or raise SigmaError."""
    # By default, the list leaves out deactivated members. isArchived means deactivated in Sigma,
    # isInactive by the identity provider
    similar = client.get_all("/members", email=email, includeArchived=True, includeInactive=True)
    # The filter isn't documented as exact, so compare, ignoring case
    found = [m for m in similar if str(m.get("email")).lower() == email.lower()]
    if len(found) != 1:
        raise SigmaError(f"{len(found) or 'No'} members have the email {email}. Check EMAIL")
    return found[0]


# 3: Get the teams. The owner of the credentials must be an administrator
def teams_of_member(client: SigmaClient, member_id: str) -> list[dict[str, Any]]:
    """Return the teams of a member."""
    return client.get_all(f"/members/{member_id}/teams")


def status_of(member: dict[str, Any]) -> str:
    """Return the status of a member. Both fields may be missing."""
    if member.get("isArchived"):
        return "deactivated"
    return "deactivated by the identity provider" if member.get("isInactive") else "active"


def main() -> None:
    # 4: Many .env files have both settings, so print which one is used
    by_email = bool(read_env("EMAIL") and not read_env("MEMBERID"))
    wanted = require_email("EMAIL") if by_email else require_id("MEMBERID")
    print(f"Looking for the member in {'EMAIL' if by_email else 'MEMBERID'}")

    # 5: Get the member and the teams
    with SigmaClient(get_bearer_token) as client:
        member = find_member(client, wanted) if by_email else get_member(client, wanted)
        teams = teams_of_member(client, member["memberId"])

        # 6: Print them. printable() keeps each value on one line
        details = {
            "Name": " ".join(filter(None, (member.get("firstName"), member.get("lastName")))),
            "Email": member.get("email"),
            "Type": member.get("memberType"),
            "ID": member["memberId"],
            "Status": status_of(member),
            "Created": member.get("createdAt"),
            "Teams": len(teams) or "none",
        }
        for heading, value in details.items():
            print(f"{heading + ':':8} {printable(str(value or ''))}")
        for team in teams:
            print(f"         {printable(team.get('name') or '')} ({printable(team['teamId'])})")


if __name__ == "__main__":
    run(main)
