"""Set user attributes of many members from a CSV file: row-level security uses their values.

The columns are Email and the exact names of user attributes. A blank cell changes nothing, and
several spaces count as one. If an email or an attribute is unknown, nothing is changed. Deactivated
members and values that are already set are skipped, so it's safe to run this again. It sends one
request per attribute and 100 members. The owner of the credentials needs the Admin account type.
By default this is a dry run. Set DRY_RUN=false to set the values.

Endpoint:  POST /v2/user-attributes/{userAttributeId}/users
           GET /v2/user-attributes, GET /v2/user-attributes/{userAttributeId}/users and
           GET /v2/members for the plan
Docs:      https://help.sigmacomputing.com/reference/setuserattributeforusers
.env:      USER_ATTRIBUTES, the path of the file (in Excel, save it as "CSV UTF-8")
           DRY_RUN=true (false: set the values)
Run:       python members/bulk_set_user_attributes.py

Sample output:

    ...
    To set: line 2, chidi.okafor@example.com, Region: not set -> 'West'
    To set: line 3, DANA.VARGA@example.com, Region: not set -> 'East'
    To set: line 3, DANA.VARGA@example.com, Department: 'Support' -> 'Sales'
    ...
    Dry run: nothing was changed. To apply the plan once: DRY_RUN=false python members/bulk_set_user_attributes.py
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

MAX_MEMBERS = 100  # in one request. Sigma documents this maximum for the attributes of a team
ROBOT_ID = "SigmaSchedulerRobot"  # Sigma's own member, which sends the scheduled exports
Row = tuple[int, str, dict[str, str]]  # the line, the member's email, and the values by attribute
Change = tuple[dict[str, Any], str]  # a member, and the new value


# 2: Read the file
def read_values(path: Path) -> list[Row]:
    """Return the rows of the file. Raises SigmaError that names every line to correct."""
    rows, problems, line_of = [], [], dict[str, int]()
    for line, cells in read_csv(path, ["Email"], more=True):
        email = cells.pop("Email")
        if not is_email(email):
            problems.append(f"line {line}: {email!r} isn't an email")
        elif line_of.setdefault(email.lower(), line) != line:
            problems.append(f"line {line}: {email} is also in line {line_of[email.lower()]}")
        rows.append((line, email, {name: value for name, value in cells.items() if value}))
    if problems or not any(values for _, _, values in rows):
        raise SigmaError(f"{path}, {'; '.join(problems) or 'line 2: there are no values'}")
    return rows


# 3: Find an attribute. A wrong one could show data to the wrong people, so the name must match
#    exactly, including upper and lower case
def find_attribute_id(client: SigmaClient, name: str) -> str:
    """Return the ID of a user attribute. Raises SigmaError unless there is exactly one."""
    similar = client.get_all("/user-attributes", name=name)  # also finds longer names
    ids = [entry["userAttributeId"] for entry in similar if entry.get("name") == name]
    if len(ids) != 1:
        error = f"{len(ids) or 'no'} user attributes have this name"
        raise SigmaError(f"USER_ATTRIBUTES, column {name!r}: {error}")
    return str(ids[0])


# 4: Get the values of an attribute. The list lacks values that members get from their team, and the
#    default value. Here, Sigma calls a memberId userId
def list_values(client: SigmaClient, attribute_id: str) -> dict[str, str]:
    """Return the value of each member that has one, by member ID."""
    entries = client.get_all(f"/user-attributes/{attribute_id}/users")
    return {entry["userId"]: entry["value"]["val"] for entry in entries}


# 5: Find the members in one list, instead of with a request for each email
def find_members(client: SigmaClient, rows: list[Row]) -> dict[str, dict[str, Any]]:
    """Return the members by the emails in the rows. Raises SigmaError that names every typo."""
    known: dict[str, list[dict[str, Any]]] = {}
    for member in client.get_all("/members", includeArchived=True, includeInactive=True):
        if member["memberId"] != ROBOT_ID:
            known.setdefault(str(member.get("email")).lower(), []).append(member)
    problems = []
    for line, email, _ in rows:
        count = len(known.get(email.lower(), []))
        if count != 1:  # the emails of two members can differ only in case
            problems.append(f"line {line}: {count or 'no'} members have the email {email}")
    if problems:
        raise SigmaError(f"USER_ATTRIBUTES, {'; '.join(problems)}")
    return {email: known[email.lower()][0] for _, email, _ in rows}


# 6: Set the values of up to 100 members. They replace the old ones
def set_values(client: SigmaClient, attribute_id: str, changes: list[Change]) -> None:
    """Set a user attribute. The response is an empty object."""
    assignments = [
        {"userId": member["memberId"], "value": {"val": value, "type": "string"}}
        for member, value in changes
    ]
    client.post(f"/user-attributes/{attribute_id}/users", json={"assignments": assignments})


def main() -> None:
    # 7: Read all settings and the file before anything is sent
    rows = read_values(read_path("USER_ATTRIBUTES"))
    dry_run = read_dry_run()

    with SigmaClient(get_bearer_token) as client:
        # 8: Print the plan. Deactivated members can't sign in, so a value would have no effect
        names = dict.fromkeys(name for _, _, values in rows for name in values)
        ids = {name: find_attribute_id(client, name) for name in names}
        members = find_members(client, rows)
        now = {name: list_values(client, ids[name]) for name in names}
        client.require_complete_lists()
        plan: dict[str, list[Change]] = {name: [] for name in names}
        for line, email, values in rows:
            member, where = members[email], f"line {line}, {email}"
            old = {name: now[name].get(member["memberId"]) for name in values}
            new = {name: value for name, value in values.items() if value != old[name]}
            is_deactivated = member.get("isArchived") or member.get("isInactive")
            if is_deactivated or not new:
                print(f"{'Deactivated' if is_deactivated else 'Unchanged'}: {where}")
                continue
            for name, value in new.items():
                before = "not set" if old[name] is None else repr(old[name])
                print(f"To set: {where}, {printable(name)}: {before} -> {value!r}")
                plan[name].append((member, value))
        total = sum(map(len, plan.values()))
        print(f"Plan: set {total} values")
        if dry_run:
            print(dry_run_note())
            return

        # 9: Set the values, five requests at a time. If one fails, continue with the others
        blocks = [
            (name, changes[start : start + MAX_MEMBERS])
            for name, changes in plan.items()
            for start in range(0, len(changes), MAX_MEMBERS)
        ]
        sent = []
        results = in_parallel(blocks, lambda b: set_values(client, ids[b[0]], b[1]), "requests")
        for (name, changes), result in results:
            if isinstance(result, SigmaError):
                emails = ", ".join(member["email"] for member, _ in changes)
                say(f"Failed: {printable(name)} of {emails}: {result}")
            else:
                sent.append((name, changes))

        # 10: Read the values again: an empty response doesn't prove that they are set
        after = {name: list_values(client, ids[name]) for name in dict(sent)}
        done = 0
        for name, changes in sent:
            for member, value in changes:
                if after[name].get(member["memberId"]) == value:
                    done += 1
                else:
                    say(f"Failed: {printable(name)} of {member['email']}: Sigma didn't set it")
        summary = f"Set: {done} of {total}."
        if done < total:
            raise SigmaError(f"{summary} Run this recipe again to continue")
    print(summary)


if __name__ == "__main__":
    run(main)
