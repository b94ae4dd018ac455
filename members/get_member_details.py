"""Show one member: name, email address, account type, status and teams.

MEMBERID says which member. When it is empty, EMAIL does.

Endpoint:  GET /v2/members/{memberId}, or GET /v2/members where only the address is known;
           GET /v2/members/{memberId}/teams
Docs:      https://help.sigmacomputing.com/reference/getmember
.env:      MEMBERID, the member (members/list_all.py prints every ID)
           EMAIL, the member's address, read only when MEMBERID is empty
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

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import (
    SigmaError,
    SigmaSession,
    checked_id,
    read_env,
    require_email,
    require_id,
    run,
)


# 2: Find the member, by ID or by address
def get_member(session: SigmaSession, member_id: str) -> dict[str, Any]:
    """Return the member with an ID, deactivated or not."""
    member: dict[str, Any] = session.get(f"/members/{member_id}").json()
    return member


def find_member(session: SigmaSession, email: str) -> dict[str, Any]:
    """Return the member with an address, deactivated or not; raise SigmaError if there is none."""
    # Deactivated members are left out unless asked for: isArchived means deactivated in Sigma,
    # isInactive by the identity provider. Nowhere is it promised that the filter is exact, so
    # compare, ignoring the case: the first hit could be somebody else
    hidden = {"includeArchived": "true", "includeInactive": "true"}
    found = {  # by ID: a member may come on two pages
        member["memberId"]: member
        for member in session.get_entries("/members", email=email, **hidden)
        if str(member.get("email")).lower() == email.lower()
    }
    if len(found) != 1:
        raise SigmaError(f"{len(found) or 'No'} members have the address {email}. Check EMAIL")
    (member,) = found.values()
    return member


# 3: Ask for the teams. The credentials must belong to an administrator
def teams_of_member(session: SigmaSession, member_id: str) -> list[dict[str, Any]]:
    """Return the teams that a member is in."""
    return list(session.get_entries(f"/members/{member_id}/teams"))


def status_of(member: dict[str, Any]) -> str:
    """Say whether a member can sign in. Both fields may be missing."""
    if member.get("isArchived"):
        return "deactivated"
    return "deactivated by the identity provider" if member.get("isInactive") else "active"


def main() -> None:
    # 4: Read from .env who is meant. Many a .env holds both, so say which one counts
    setting = "EMAIL" if read_env("EMAIL") and not read_env("MEMBERID") else "MEMBERID"
    wanted = require_id(setting) if setting == "MEMBERID" else require_email(setting)
    print(f"Looking for the member in {setting}")

    # 5: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 6: Fetch the member and the teams
    find = get_member if setting == "MEMBERID" else find_member
    member = find(session, wanted)
    member_id = checked_id(member["memberId"], "memberId in Sigma's answer")
    teams = teams_of_member(session, member_id)

    # 7: Print them. Sigma keeps first and last name apart, and either may be empty
    name = f"{member.get('firstName') or ''} {member.get('lastName') or ''}".strip()
    print(f"Name:    {name}")
    print(f"Email:   {member['email']}")
    print(f"Type:    {member['memberType']}")
    print(f"ID:      {member_id}")
    print(f"Status:  {status_of(member)}")
    print(f"Created: {member['createdAt']}")
    print(f"Teams:   {len(teams) or 'none'}")
    for team in teams:
        print(f"         {team['name']} ({team['teamId']})")


# 8: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
