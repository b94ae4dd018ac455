"""What the benchmark measures: recipes, the organizations they run on, and their settings."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import demo
from tests.sandbox_client import Client

OLD_OWNER, NEW_OWNER = "chidi.okafor@example.com", "vic@example.com"
Settings = dict[str, str]


@dataclass
class Case:
    """A job for a recipe. options are those of the sandbox, without the latency.

    prepare changes the organization before each run, and returns more settings.
    """

    name: str
    size: str
    recipe: str
    options: list[str]
    settings: Settings = field(default_factory=dict)
    prepare: Callable[[Client, Path], Settings] = lambda client, folder: {}


def all_cases(scale: float) -> list[Case]:
    """Return every case but the start-up, with sizes that are scale times the real ones."""

    def scaled(size: int, lowest: int = 1) -> int:
        return max(lowest, round(size * scale))

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
        Case(
            name="bulk_assign_team",
            size=f"{scaled(1000)} of {scaled(2000, 50)} members",
            recipe="teams/bulk_assign_team.py",
            options=["--members", str(scaled(2000, 50))],
            prepare=lambda client, folder: write_addresses(client, folder, scaled(1000)),
        ),
        Case(
            name="transfer_all_workbooks",
            size=f"{scaled(350, 2)} of {scaled(2500, 50)} workbooks",
            recipe="workbooks/transfer_all_workbooks.py",
            options=["--workbooks", str(scaled(2500, 50))],
            settings={
                "OLD_OWNER_EMAIL": OLD_OWNER,
                "NEW_OWNER_EMAIL": NEW_OWNER,
                "DRY_RUN": "false",
            },
            prepare=lambda client, folder: give_workbooks(client, scaled(350, 2)),
        ),
        *(
            Case(
                name=f"export_{name}",
                size=f"{scaled(megabytes)} MB",
                recipe="workbooks/export_workbook_element_csv.py",
                options=["--export-mb", str(scaled(megabytes)), "--polls", "0"],
                prepare=lambda client, folder: {"EXPORT_FOLDER": str(folder)},
            )
            # 1,000 MB would be as many rows as one export holds
            for name, megabytes in (("1_mb", 1), ("10_mb", 10), ("1_gb", 999))
        ),
    ]


def write_addresses(client: Client, folder: Path, count: int) -> Settings:
    """Write a file with the addresses of some members who are not in the team yet."""
    team = client("GET", f"/v2/teams/{demo.demo_settings('')['TEAMID']}")
    emails = [
        member["email"]
        for member in client.whole_list("/v2/members", limit=1000)
        if member["memberId"] not in team["members"] and member["memberId"] != "SigmaSchedulerRobot"
    ]
    path = folder / "member-emails.txt"
    path.write_text("\n".join(emails[:count]), encoding="utf-8")
    return {"MEMBER_EMAILS": str(path)}


def give_workbooks(client: Client, count: int) -> Settings:
    """Let the old owner own so many workbooks."""
    (owner,) = client.whole_list("/v2/members", email=OLD_OWNER)
    workbooks = client.whole_list("/v2/workbooks", limit=1000)
    others = [w for w in workbooks if w["ownerId"] != owner["memberId"]]
    missing = count - (len(workbooks) - len(others))

    def give(workbook: dict[str, str]) -> None:
        path = f"/v2/files/{workbook['workbookId']}"
        client("PATCH", path, json={"ownerId": owner["memberId"]})

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(give, others[: max(0, missing)]))
    return {}
