"""Update many members from a CSV file: names, emails, account types, and who is active.

The columns are Email (the member to update), First Name, Last Name, New Email, Member Type and
isArchived, in any order. A blank cell changes nothing. isArchived=true deactivates the member, and
permanently transfers their documents to the owner of the API credentials. It's safe to run this
again. By default this is a dry run. Set DRY_RUN=false to update the members.

Endpoint:  PATCH /v2/members/{memberId} for each member, GET /v2/members and GET /v2/whoami
Docs:      https://help.sigmacomputing.com/reference/updatemember
.env:      MEMBER_UPDATES, the path of the file (in Excel, save it as "CSV UTF-8")
           DRY_RUN=true (false: update the members)
Run:       python members/batch_update.py

Sample output:

    ...
    To change: line 2, chidi.okafor@example.com
        memberType: Analyze -> Build
    ...
    Plan: change 3 of 3
    Dry run: nothing was changed. To apply the plan once: DRY_RUN=false python members/batch_update.py
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
import unicodedata
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import (
    SigmaClient,
    SigmaError,
    dry_run_note,
    in_parallel,
    is_email,
    printable,
    read_csv,
    read_dry_run,
    read_path,
    run,
    say,
)

FIELDS = {  # the columns, and the member's fields that they change
    "First Name": "firstName",
    "Last Name": "lastName",
    "New Email": "email",
    "Member Type": "memberType",
    "isArchived": "isArchived",
}
Row = tuple[int, str, dict[str, Any]]  # the line, the member's email, and the new values by field
Members = dict[str, list[dict[str, Any]]]  # by email in lower case


# 2: Read the file
def read_updates(path: Path) -> list[Row]:
    """Return the rows of the file. Raises SigmaError that names every line with a bad value."""
    rows, problems, line_of = [], [], dict[str, int]()
    for line, cells in read_csv(path, ["Email", *FIELDS]):
        email, new_email, archived = cells["Email"], cells["New Email"], cells["isArchived"].lower()
        # Updates run in parallel, so no two rows may name the same email
        for name in {email.lower(), (new_email or email).lower()}:
            if not is_email(name):
                problems.append(f"line {line}: {name!r} isn't an email")
            elif line_of.setdefault(name, line) != line:
                problems.append(f"line {line}: {name} is also in line {line_of[name]}")
        wanted: dict[str, Any] = {FIELDS[c]: cells[c] for c in FIELDS if cells[c]}
        wanted |= {"isArchived": archived == "true"} if archived else {}  # Excel writes TRUE
        if archived not in ("true", "false", ""):
            problems.append(f"line {line}: isArchived must be true, false or blank")
        rows.append((line, email, wanted))
    if problems or not rows:
        raise SigmaError(f"{path}, {'; '.join(problems) or 'line 2: there are no rows'}")
    return rows


# 3: Compare a row with the members
def find_changes(member: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the values that a member doesn't have yet. Only names are case-sensitive."""
    changes = {}
    for field, value in wanted.items():
        texts = [str(member.get(field) or type(value)()), str(value)]  # Sigma omits empty fields
        now, new = (unicodedata.normalize("NFC", text) for text in texts)  # one form for accents
        same = now == new if field.endswith("Name") else now.lower() == new.lower()
        changes.update({} if same else {field: value})
    return changes


def find_member(row: Row, known: Members, my_id: str) -> dict[str, Any]:
    """Return the member of a row. Raises SigmaError if the row can't be applied."""
    _, email, wanted = row
    members, holders = (known.get(e.lower(), []) for e in (email, wanted.get("email", "")))
    # If an earlier run applied the row, the member already has the new email and all new values
    if not members and not any(find_changes(holder, wanted) for holder in holders):
        members = holders
    if len(members) != 1:
        raise SigmaError(f"{len(members) or 'No'} members have this email")
    member = members[0]
    if member["memberId"] == "SigmaSchedulerRobot":
        raise SigmaError("This is Sigma's own member, which sends the scheduled exports")
    rights = {"memberType", "isArchived"} & find_changes(member, wanted).keys()
    if rights and member["memberId"] == my_id:
        raise SigmaError("This member owns these credentials. Change this member in Sigma")
    if any(holder["memberId"] != member["memberId"] for holder in holders):
        raise SigmaError(f"Another member already has {wanted['email']}")
    return member


# 4: Update one member. PATCH changes only the fields that you send
def update_member(
    client: SigmaClient, member_id: str, changes: dict[str, Any], new_owner_id: str
) -> None:
    """Update a member. new_owner_id gets the documents of a member who is deactivated."""
    body = {**changes, "newOwnerId": new_owner_id} if changes.get("isArchived") else changes
    member = client.patch(f"/members/{member_id}", json=body)
    # Check that the response has the new values
    told = {field: value for field, value in changes.items() if member.get(field) is not None}
    if wrong := find_changes(member, told):
        raise SigmaError(f"Sigma accepted the update, but didn't change {', '.join(wrong)}")


def main() -> None:
    # 5: Read all settings and the file before anything is sent
    rows = read_updates(read_path("MEMBER_UPDATES"))
    dry_run = read_dry_run()

    # 6: Get all members in one list. By default, it leaves out deactivated members
    with SigmaClient(get_bearer_token) as client:
        my_id = client.get("/whoami")["userId"]
        known: Members = {}
        for member in client.get_all("/members", includeArchived=True, includeInactive=True):
            known.setdefault(member["email"].lower(), []).append(member)

        # 7: Print the plan
        plan, failed = [], 0
        for row in rows:
            line, email, wanted = row
            try:
                member = find_member(row, known, my_id)
            except SigmaError as error:
                failed += 1
                say(f"Failed: line {line}, {email}: {error}")
                continue
            changes = find_changes(member, wanted)
            print(f"{'To change' if changes else 'Unchanged'}: line {line}, {email}")
            for field, value in changes.items():
                print(printable(f"    {field}: {member.get(field) or type(value)()} -> {value}"))
            if changes:
                plan.append((f"line {line}, {email}", member["memberId"], changes))
        print(f"Plan: change {len(plan)} of {len(rows)}")
        if dry_run:
            print(dry_run_note())
            if failed:
                raise SigmaError(f"{failed} of {len(rows)} rows can't be applied")
            return

        # 8: Update the members, five at a time. If one fails, continue with the others
        unchanged, done = len(rows) - len(plan) - failed, 0
        results = in_parallel(plan, lambda s: update_member(client, s[1], s[2], my_id), "members")
        for (label, *_), result in results:
            if isinstance(result, SigmaError):
                failed += 1
                say(f"Failed: {label}: {result}")
            else:
                done += 1
                print(f"Changed: {label}")

    # 9: Print the summary. After an error that affects all members, the rest isn't tried
    left = len(rows) - unchanged - done - failed
    summary = f"Changed: {done}. Unchanged: {unchanged}. Failed: {failed}. Not tried: {left}."
    if failed or left:
        raise SigmaError(f"{summary} Run this recipe again to continue")
    print(summary)


if __name__ == "__main__":
    run(main)
