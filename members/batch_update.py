"""Change many members at once, from a CSV file: names, addresses, account types, who is active.

The first line of the file names the columns: Email, First Name, Last Name, New Email, Member Type,
isArchived. Email says which member a row is about. What is blank in a row stays as it is.
isArchived=true deactivates the member, and the owner of the credentials gets the documents;
isArchived=false activates the member again. A comma or a semicolon separates the columns, as Excel
writes them ("CSV UTF-8").

The recipe shows first what it would do: DRY_RUN=false does it. Running it again continues: what is
done already is skipped.

Endpoint:  PATCH /v2/members/{memberId} for each member, GET /v2/members and GET /v2/whoami
Docs:      https://help.sigmacomputing.com/reference/updatemember
.env:      MEMBER_UPDATES, the path of the file, from the current folder
           DRY_RUN=true (false: change the members)
Run:       python members/batch_update.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/whoami
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&includeArchived=true&includeInactive=true
    To change: line 2, chidi.okafor@example.com
        Member Type: Analyze -> Build
    To change: line 3, dana.varga@example.com
        Last Name: Varga -> Varga-Lindqvist
        New Email: dana.varga@example.com -> dana.lindqvist@example.com
    To change: line 4, elif.castillo@example.com
        isArchived: False -> True
    Plan: change 3 of 3
    Nothing was changed. To change the members, set DRY_RUN=false and run it again
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import csv
import io
import sys
from pathlib import Path
from typing import Any, NamedTuple

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import (
    SigmaError,
    SigmaSession,
    checked_id,
    home_path,
    is_email,
    read_flag,
    require_env,
    run,
)

ROBOT_ID = "SigmaSchedulerRobot"  # Sigma's own member, which sends the scheduled exports
FIELDS = {  # the columns, and the fields of a member that they change
    "First Name": "firstName",
    "Last Name": "lastName",
    "New Email": "email",
    "Member Type": "memberType",
    "isArchived": "isArchived",
}
COLUMNS = ("Email", *FIELDS)


# 2: Read the file, and name every mistake in it before anything is sent
class Row(NamedTuple):
    """A row of the file: its line, the member's address, and the values that are not blank."""

    line: int
    email: str
    wanted: dict[str, Any]


def read_rows(path: Path) -> list[Row]:
    """Return the rows of the file; raise SigmaError with the line numbers of all bad rows."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # Excel begins a file with a byte order mark
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "save it as CSV UTF-8"
        raise SigmaError(f"MEMBER_UPDATES: {path.absolute()} cannot be read: {why}") from error
    # Where a comma is the decimal sign, Excel separates by semicolons
    first_line = text.partition("\n")[0]
    separator = ";" if first_line.count(";") > first_line.count(",") else ","
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    rows: dict[str, Row] = {}
    problems = []
    try:
        header = [cell.strip() for cell in next(reader, [])]
        check_header(header, path.name)
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):  # Excel keeps rows that were emptied
                continue
            values = dict(zip(header, cells, strict=False))
            email = values.get("Email", "").lower()
            if len(cells) != len(header):
                problem = f"{len(cells)} values for {len(header)} columns"
            elif email in rows:
                problem = f"{values['Email']} is also in line {rows[email].line}"
            else:
                problem = problem_of(values)
            if problem:
                problems.append(f"line {reader.line_num}: {problem}")
            else:
                rows[email] = Row(reader.line_num, values["Email"], wanted_fields(values))
    except csv.Error as error:
        raise SigmaError(f"{path.name}, line {reader.line_num}: {error}") from error
    taken: dict[str, Row] = {}
    for row in rows.values():
        new_email = row.wanted.get("email", "")
        first = taken.setdefault(new_email.lower(), row)
        if new_email and first is not row:
            problems.append(f"line {row.line}: New Email {new_email} is also in line {first.line}")
        other = rows.get(new_email.lower(), row)
        if other is not row:  # that address belongs to another member before and after the run
            problems.append(
                f"line {row.line}: New Email {new_email} is the Email of line {other.line},"
                " so a second run could take one for the other"
            )
    if problems:
        raise SigmaError(f"{path.name}, {'; '.join(problems)}. Nothing was changed")
    if not rows:
        raise SigmaError(f"{path.name} holds no row below the names of the columns")
    return list(rows.values())


def check_header(header: list[str], file_name: str) -> None:
    """Raise SigmaError unless every column is there once, in any order, and no other."""
    missing = [column for column in COLUMNS if column not in header]
    surplus = [cell for n, cell in enumerate(header) if cell not in COLUMNS or cell in header[:n]]
    if missing or surplus:
        what = f"missing columns: {missing or 'none'}, unknown or repeated: {surplus or 'none'}"
        raise SigmaError(f"{file_name}, line 1: {what}. The columns are {', '.join(COLUMNS)}")


def problem_of(values: dict[str, str]) -> str:
    """Say what is wrong with a row, or return an empty text."""
    for column in ("Email", "New Email"):
        if not is_email(values[column]) and (values[column] or column == "Email"):
            return f"{column} is {values[column]!r}, which is not an email address"
    if values["isArchived"].lower() not in ("", "true", "false"):  # Excel writes TRUE
        return f"isArchived is {values['isArchived']!r}. It can be true, false or blank"
    return ""


def wanted_fields(values: dict[str, str]) -> dict[str, Any]:
    """Return the values of a row that are not blank, by the name of their field in Sigma."""
    wanted: dict[str, Any] = {
        field: values[column] for column, field in FIELDS.items() if values[column]
    }
    if "isArchived" in wanted:
        wanted["isArchived"] = wanted["isArchived"].lower() == "true"
    return wanted


# 3: Compare a row with the member as it is now
def value_now(member: dict[str, Any], field: str) -> Any:
    """Return what a field of a member holds. isArchived may be missing, and a name be empty."""
    if field == "isArchived":
        return bool(member.get(field))
    if field in ("firstName", "lastName"):
        return member.get(field) or ""
    return member[field]


def changes_for(member: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the wanted values that a member does not have yet."""
    changes = {}
    for field, value in wanted.items():
        now = value_now(member, field)
        if field in ("email", "memberType"):  # upper and lower case are one
            same = str(now).lower() == value.lower()
        else:
            same = now == value
        if not same:
            changes[field] = value
    return changes


def find_member(known: dict[str, dict[str, Any]], row: Row) -> dict[str, Any] | None:
    """Return the member whom a row is about, or None."""
    member = known.get(row.email.lower())
    if member is None and "email" in row.wanted:
        # Was the address changed by an earlier run? Only if all else in the row is done, too:
        # otherwise the new address belongs to somebody whom the row does not mean
        renamed = known.get(row.wanted["email"].lower())
        if renamed and not changes_for(renamed, row.wanted):
            member = renamed
    return member


def reason_to_refuse(
    member: dict[str, Any] | None,
    changes: dict[str, Any],
    my_id: str,
    known: dict[str, dict[str, Any]],
) -> str:
    """Say why a row cannot be applied, or return an empty text."""
    if member is None:
        return "not a member"
    if member["memberId"] == ROBOT_ID:
        return "Sigma's own member, which must stay as it is"
    if member["memberId"] == my_id and changes.get("isArchived"):
        return "owns these credentials, which would stop working"
    holder = known.get(changes.get("email", "").lower(), member)
    if holder["memberId"] != member["memberId"]:  # also a deactivated member keeps the address
        return f"another member has the address {changes['email']}"
    return ""


# 4: Send the changes of one member. PATCH leaves alone what it is not given
def update_member(
    session: SigmaSession, member_id: str, changes: dict[str, Any], new_owner_id: str
) -> None:
    """Change a member. new_owner_id gets the documents of a member who is deactivated."""
    body = {**changes, "newOwnerId": new_owner_id} if changes.get("isArchived") else changes
    # json() refuses what is not JSON, such as a proxy's page: nothing was changed then
    session.patch(f"/members/{member_id}", json=body).json()


def main() -> None:
    # 5: Read the settings and the file
    rows = read_rows(home_path(require_env("MEMBER_UPDATES")))
    dry_run = read_flag("DRY_RUN", default=True)

    # 6: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 7: Fetch all members in one list. Deactivated ones are left out unless asked for
    my_id = checked_id(session.get("/whoami").json()["userId"], "userId in Sigma's answer")
    hidden = {"includeArchived": "true", "includeInactive": "true"}
    known: dict[str, dict[str, Any]] = {}
    shared = set()  # two addresses may differ in upper and lower case only
    for entry in session.get_entries("/members", **hidden):
        email = str(entry.get("email")).lower()
        if known.setdefault(email, entry)["memberId"] != entry["memberId"]:
            shared.add(email)

    # 8: Show the plan
    plan = []
    unchanged, failed = 0, 0
    for row in rows:
        member = find_member(known, row)
        changes = changes_for(member, row.wanted) if member else {}
        problem = reason_to_refuse(member, changes, my_id, known)
        if row.email.lower() in shared:
            problem = "several members have this address"
        if member is None or problem:
            failed += 1
            print(f"Failed: line {row.line}, {row.email}: {problem}", file=sys.stderr)
        elif not changes:
            unchanged += 1
            print(f"Unchanged: line {row.line}, {row.email}")
        else:
            plan.append((row, checked_id(member["memberId"], "memberId"), changes))
            print(f"To change: line {row.line}, {row.email}")
            for column, field in FIELDS.items():
                if field in changes:
                    print(f"    {column}: {value_now(member, field)} -> {changes[field]}")
    print(f"Plan: change {len(plan)} of {len(rows)}")

    # 9: Change them, one after the other. A failure that would be that of all others, too, stops
    #    the run: no answer, credentials that are refused (401), too many requests (429). After any
    #    other the next member has its turn
    changed = 0
    for row, member_id, changes in [] if dry_run else plan:
        try:
            update_member(session, member_id, changes, my_id)
        except SigmaError as error:
            if error.concerns_all:
                counts = f"Changed before: {changed} of {len(plan)}"
                raise SigmaError(
                    f"Line {row.line}, {row.email}: {error}. {counts}", error.status
                ) from error
            failed += 1
            print(f"Failed: line {row.line}, {row.email}: {error}", file=sys.stderr)
            continue
        changed += 1
        print(f"Changed: line {row.line}, {row.email}")

    # 10: Sum up
    summary = f"Changed {changed}, unchanged {unchanged}, failed {failed}"
    if dry_run:
        summary = "Nothing was changed. To change the members, set DRY_RUN=false and run it again"
    if failed:
        raise SigmaError(f"{failed} rows cannot be applied. {summary}" if dry_run else summary)
    print(summary)


# 11: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
