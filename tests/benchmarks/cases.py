"""What the benchmark measures: recipes, the organizations they run on, and their settings."""

import csv
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import demo
from tests.support.sandbox_client import Client

OLD_OWNER, NEW_OWNER = "chidi.okafor@example.com", "vic@example.com"
Settings = dict[str, str]


@dataclass
class Case:
    """A recipe and its organization. options are those of the sandbox, without the latency.

    prepare changes the organization before each run, and returns more settings.
    """

    name: str
    size: str
    recipe: str
    options: list[str]
    settings: Settings = field(default_factory=dict)
    prepare: Callable[[Client, Path], Settings] = lambda client, folder: {}


def all_cases(scale: float) -> list[Case]:
    """Return all cases but the start-up. Their sizes are multiplied by scale."""

    def scaled(size: int, lowest: int = 1) -> int:
        return max(lowest, round(size * scale))

    bulk = scaled(200, 5)
    apply = {"DRY_RUN": "false"}
    members = ["--members", str(scaled(2000, 50))]
    # Small: with each change, the sandbox compares the whole organization, for its console
    small = ["--members", str(scaled(400, 50)), "--workbooks", str(scaled(400, 50))]
    owners = {**apply, "OLD_OWNER_EMAIL": OLD_OWNER, "NEW_OWNER_EMAIL": NEW_OWNER}
    return [
        *(
            Case(
                name=f"all_input_tables_{kind}{suffix}",
                size=f"{scaled(workbooks, 10)} workbooks",
                recipe="workbooks/all_input_tables.py",
                options=["--workbooks", str(scaled(workbooks, 10)), "--input-tables", every],
            )
            for kind, every in (("dense", "1"), ("sparse", "10"))
            for suffix, workbooks in (("_small", 40), ("", 200))
        ),
        Case("get_column_names", "1 workbook", "workbooks/get_column_names_all_pages.py", []),
        Case(
            name="list_all_members",
            size=f"{scaled(10_000, 10)} members",
            recipe="members/list_all.py",
            options=["--members", str(scaled(10_000, 10))],
        ),
        Case(
            name="list_all_workbooks",
            size=f"{scaled(2500)} workbooks",
            recipe="workbooks/list_all.py",
            options=["--workbooks", str(scaled(2500))],
        ),
        *(
            Case(
                name=name,
                size=f"{scaled(2500)} workbooks",
                recipe=f"audit/{name}.py",
                options=["--workbooks", str(scaled(2500))],
            )
            for name in ("access_review", "scheduled_exports")
        ),
        Case(
            name="bulk_assign_team",
            size=f"{scaled(1000)} members",
            recipe="teams/bulk_assign_team.py",
            options=members,
            prepare=lambda client, folder: write_emails(client, folder, scaled(1000)),
        ),
        Case(
            name="bulk_create",
            size=f"{bulk} members",
            recipe="members/bulk_create.py",
            options=small,
            settings=apply,
            prepare=lambda client, folder: write_new_emails(folder, bulk),
        ),
        Case(
            name="batch_update",
            size=f"{bulk} members",
            recipe="members/batch_update.py",
            options=small,
            settings=apply,
            prepare=lambda client, folder: write_updates(client, folder, bulk),
        ),
        Case(
            name="bulk_deactivate",
            size=f"{bulk} members",
            recipe="members/bulk_deactivate.py",
            options=small,
            settings={**apply, "USER_NAME_PATTERN": "^leaver"},
            prepare=lambda client, folder: rename_members(client, bulk),
        ),
        Case(
            name="bulk_set_user_attributes",
            size=f"{scaled(1000)} members",
            recipe="members/bulk_set_user_attributes.py",
            options=members,
            settings=apply,
            prepare=lambda client, folder: write_attributes(client, folder, scaled(1000)),
        ),
        Case(
            name="offboard_member",
            size=f"{scaled(350, 10)} documents",
            recipe="members/offboard_member.py",
            options=small,
            settings={**apply, "NEW_OWNER_EMAIL": NEW_OWNER},
            prepare=lambda client, folder: give_workbooks(
                client, scaled(350, 10), demo.demo_settings("")["LEAVER_EMAIL"]
            ),
        ),
        Case(
            name="transfer_all_workbooks",
            size=f"{bulk} workbooks",
            recipe="workbooks/transfer_all_workbooks.py",
            options=small,
            settings=owners,
            prepare=lambda client, folder: give_workbooks(client, bulk, OLD_OWNER),
        ),
        *(
            Case(
                name=f"export_{name}",
                size=f"{scaled(megabytes)} MB",
                recipe="workbooks/export_workbook_element_csv.py",
                options=["--export-mb", str(scaled(megabytes)), "--polls", "0"],
                prepare=lambda client, folder: {"EXPORT_FOLDER": str(folder)},
            )
            # 1,000 MB would reach the number of rows that one export can hold
            for name, megabytes in (("1_mb", 1), ("1_gb", 999))
        ),
    ]


def active_members(client: Client, count: int) -> list[dict[str, str]]:
    """Return some members whom a recipe may change, who aren't in the demo team."""
    team = client("GET", f"/v2/teams/{demo.demo_settings('')['TEAMID']}")
    kept = {*team["members"], "SigmaSchedulerRobot", client("GET", "/v2/whoami")["userId"]}
    members = client.whole_list("/v2/members", limit=1000)
    return [member for member in members if member["memberId"] not in kept][:count]


def write_emails(client: Client, folder: Path, count: int) -> Settings:
    """Write a file with the emails of some members."""
    path = folder / "member-emails.txt"
    emails = [member["email"] for member in active_members(client, count)]
    path.write_text("\n".join(emails), encoding="utf-8")
    return {"MEMBER_EMAILS": str(path)}


def write_new_emails(folder: Path, count: int) -> Settings:
    """Write a file with emails that no member has."""
    path = folder / "new-emails.txt"
    emails = [f"new.member{number}@example.com" for number in range(count)]
    path.write_text("\n".join(emails), encoding="utf-8")
    return {"MEMBER_EMAILS": str(path)}


def write_updates(client: Client, folder: Path, count: int) -> Settings:
    """Write a CSV file that changes the last name of some members."""
    path = folder / "updates.csv"
    header = ["Email", "First Name", "Last Name", "New Email", "Member Type", "isArchived"]
    rows = [[m["email"], "", "Updated", "", "", ""] for m in active_members(client, count)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return {"MEMBER_UPDATES": str(path)}


def write_attributes(client: Client, folder: Path, count: int) -> Settings:
    """Write a CSV file with the values of two user attributes for some members."""
    path = folder / "attributes.csv"
    rows = [[member["email"], "West", "Sales"] for member in active_members(client, count)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["Email", "Region", "Department"], *rows])
    return {"USER_ATTRIBUTES": str(path)}


def rename_members(client: Client, count: int) -> Settings:
    """Change the first name of some members to one that bulk_deactivate.py looks for."""
    send_all(
        (client, "PATCH", f"/v2/members/{member['memberId']}", {"firstName": "Leaver"})
        for member in active_members(client, count)
    )
    return {}


def give_workbooks(client: Client, count: int, email: str) -> Settings:
    """Make the member with this email the owner of this many workbooks."""
    (owner,) = client.whole_list("/v2/members", email=email)
    workbooks = client.whole_list("/v2/workbooks", limit=1000)
    others = [w for w in workbooks if w["ownerId"] != owner["memberId"]]
    missing = count - (len(workbooks) - len(others))
    send_all(
        (client, "PATCH", f"/v2/files/{w['workbookId']}", {"ownerId": owner["memberId"]})
        for w in others[: max(0, missing)]
    )
    return {}


def send_all(changes) -> None:  # type: ignore[no-untyped-def]
    """Send many changes, ten at a time."""
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda c: c[0](c[1], c[2], json=c[3]), changes))
