"""List the workbooks that the owner of the credentials can open, grouped by their owners.

Two lists are enough, whatever the number of workbooks: a workbook names its owner by an ID, and
the list of members says who that is.

Endpoint:  GET /v2/workbooks, and GET /v2/members for the names of the owners
Docs:      https://help.sigmacomputing.com/reference/listworkbooks
.env:      OWNER_EMAIL, to list the workbooks of this owner only (default: of all)
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

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaError, SigmaSession, print_rows, read_env, read_flag, run


# 2: Ask Sigma for all members. One who left may still own workbooks, so those who are deactivated
#    (isArchived in Sigma, isInactive by SCIM) must be in the list, too. "true" is a text: requests
#    would send Python's True as "True", which Sigma does not know
def list_owners(session: SigmaSession) -> dict[str, dict[str, Any]]:
    """Return every member, active or not, by the member ID."""
    everybody = {"includeArchived": "true", "includeInactive": "true"}
    return {member["memberId"]: member for member in session.get_entries("/members", **everybody)}


# 3: Ask for the workbooks, and put each beside its owner
def workbooks_by_owner(
    session: SigmaSession, owner_email: str, all_workbooks: bool
) -> list[dict[str, Any]]:
    """Return the workbooks of all owners, or of one, with ownerName and ownerEmail added."""
    owners = list_owners(session)
    emails = {str(member.get("email") or "").lower() for member in owners.values()}
    if owner_email and owner_email.lower() not in emails:
        raise SigmaError(f"OWNER_EMAIL is {owner_email!r}, and no member has this address")

    # Even an administrator's list lacks what others keep in My Documents. skipPermissionCheck
    # brings these, too, and explorations, which nobody saved: excludeExplorations leaves them out
    everything = {"skipPermissionCheck": "true", "excludeExplorations": "true"}
    rows = []
    for workbook in session.get_entries("/workbooks", **(everything if all_workbooks else {})):
        owner = owners.get(workbook["ownerId"], {})
        email = str(owner.get("email") or "")
        if owner_email and email.lower() != owner_email.lower():
            continue
        name = f"{owner.get('firstName') or ''} {owner.get('lastName') or ''}".strip()
        # An owner who is in no list any more is shown by the ID
        known = {"ownerName": name or workbook["ownerId"], "ownerEmail": email}
        rows.append({**workbook, **known})

    return sorted(rows, key=by_owner)


def by_owner(row: dict[str, Any]) -> list[str]:
    """Return what to sort by, so that the workbooks of one owner stand together."""
    # Two owners may have the same name, so the ID stands between the name and the workbook
    fields = ("ownerName", "ownerId", "name")
    return [str(row.get(field) or "").casefold() for field in fields]


def main() -> None:
    # 4: Read from .env whose workbooks to list
    owner_email = read_env("OWNER_EMAIL")
    all_workbooks = read_flag("ALL_WORKBOOKS", default=False)
    if owner_email:  # a forgotten setting must not make others' workbooks vanish silently
        print(f"OWNER_EMAIL is set: only the workbooks of {owner_email}", file=sys.stderr)

    # 5: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 6: Fetch the workbooks, and print them as a table
    rows = workbooks_by_owner(session, owner_email, all_workbooks)
    columns = {"Owner": "ownerName", "Email": "ownerEmail", "Workbook": "name", "Path": "path"}
    print_rows(rows, columns, empty="There are no such workbooks.")


# 7: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
