"""List the workbooks that you can open, grouped by owner.

Endpoint:  GET /v2/workbooks, and GET /v2/members for the names of the owners
Docs:      https://help.sigmacomputing.com/reference/listworkbooks
.env:      OWNER_EMAIL, to list the workbooks of one owner (default: of all owners)
           ALL_WORKBOOKS=false (true: every workbook of the organization, for administrators)
           OUTPUT_FORMAT=table (json: every field that Sigma sent; csv: for a spreadsheet)
Run:       python workbooks/list_workbooks_by_owner.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&includeArchived=true&includeInactive=true
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks?limit=1000
    Owner            Email                         Workbook                  Path
    ---------------  ----------------------------  ------------------------  ----------------------
    Ada Admin        ada@example.com               Campaigns Audit 33        Sandbox
    Ada Admin        ada@example.com               Campaigns Deep-Dive 228   Finance
    Ada Admin        ada@example.com               Campaigns Monthly 150     Legal
    ...
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, SigmaError, print_rows, read_env, read_flag, run


# 2: Get all members. Former members may still own workbooks, so include those who are deactivated
#    in Sigma (isArchived) or by an identity provider (isInactive)
def list_owners(client: SigmaClient) -> dict[str, dict[str, Any]]:
    """Return all members, active or not, by their member ID."""
    members = client.get_all("/members", includeArchived=True, includeInactive=True)
    return {member["memberId"]: member for member in members}


# 3: Get the workbooks, and add the owner to each. Two lists are enough, however many there are
def workbooks_by_owner(
    client: SigmaClient, owner_email: str, all_workbooks: bool
) -> list[dict[str, Any]]:
    """Return the workbooks of one or all owners, with ownerName and ownerEmail added."""
    owners = list_owners(client)
    emails = {str(owner.get("email") or "").lower() for owner in owners.values()}
    if owner_email and owner_email.lower() not in emails:
        raise SigmaError(f"OWNER_EMAIL is {owner_email!r}, but no member has this email")

    # Even administrators don't get what others keep in My Documents, unless they skip the check.
    # Then the list also has explorations, which were never saved as workbooks
    everything = {"skipPermissionCheck": True, "excludeExplorations": True}
    rows = []
    for workbook in client.get_all("/workbooks", **(everything if all_workbooks else {})):
        owner = owners.get(workbook["ownerId"], {})
        email = str(owner.get("email") or "")
        if owner_email and email.lower() != owner_email.lower():
            continue
        name = f"{owner.get('firstName') or ''} {owner.get('lastName') or ''}".strip()
        known = {"ownerName": name or workbook["ownerId"], "ownerEmail": email}
        rows.append({**workbook, **known})

    # ownerId keeps two owners of the same name apart
    fields = ("ownerName", "ownerId", "name")
    return sorted(rows, key=lambda row: [str(row.get(field) or "").casefold() for field in fields])


def main() -> None:
    # 4: A forgotten OWNER_EMAIL hides all other workbooks, so say that it's set
    owner_email = read_env("OWNER_EMAIL")
    all_workbooks = read_flag("ALL_WORKBOOKS", default=False)
    if owner_email:
        print(f"OWNER_EMAIL is set: only the workbooks of {owner_email}", file=sys.stderr)

    with SigmaClient(get_bearer_token) as client:
        rows = workbooks_by_owner(client, owner_email, all_workbooks)
        columns = {"Owner": "ownerName", "Email": "ownerEmail", "Workbook": "name", "Path": "path"}
        print_rows(rows, columns, empty="There are no such workbooks.")


if __name__ == "__main__":
    run(main)
