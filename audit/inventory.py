"""Save an inventory of the organization as CSV files, and list the changes since an earlier day.

Each run saves members.csv, teams.csv, workspaces.csv, connections.csv, workbooks.csv and
data-models.csv in a folder named after the day, such as inventory/2026-01-31. A second run on the
same day replaces the files. If a list can't be read completely, nothing is saved. Then the recipe
compares the files with those of the latest earlier day, and prints what is new, gone or changed.
It saves the workspaces and connections that the owner of the credentials can see, so the owner
needs the Admin account type. It sends one request for each 1,000 entries of a list. The exit code is
0 even if something changed, but 1 if an earlier file can't be compared. Cron can email the output.

Endpoint:  GET /v2/workbooks, GET /v2/members, GET /v2/teams, GET /v2/workspaces,
           GET /v2/connections and GET /v2/dataModels
Docs:      https://help.sigmacomputing.com/reference/listworkbooks
.env:      INVENTORY_FOLDER=inventory (in the current folder; it's created if it's missing)
           OUTPUT_FORMAT=table (json or csv: the changes for another program)
Run:       python audit/inventory.py
           cron: 0 6 * * * cd /my/project && SHOW_REQUESTS=false .venv/bin/python audit/inventory.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/members?limit=1000&includeArchived=true&includeInactive=true
    ...
    There are no changes to list.
    There is no earlier inventory to compare with.
    Saved in /home/ada/inventory/2026-01-31: members 125, teams 8, workspaces 12, connections 4, workbooks 264, data-models 6
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import csv
import os
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import (
    SigmaClient,
    SigmaError,
    print_rows,
    print_summary,
    read_csv,
    read_env,
    run,
)

# 2: The columns of each file, with the ID first. Leave out the host, user and role of a warehouse,
#    and fields that change all the time, such as lastActiveAt
COLUMNS = {
    "members": "memberId name email memberType status".split(),
    "teams": "teamId name visibility".split(),
    "workspaces": "workspaceId name".split(),
    "connections": "connectionId name type".split(),
    "workbooks": "workbookId name path owner latestVersion updatedAt".split(),
    "data-models": "dataModelId name path owner latestVersion updatedAt".split(),
}
Rows = list[dict[str, Any]]


# 3: Read all lists
def take_inventory(client: SigmaClient) -> dict[str, Rows]:
    """Return the rows of each file, sorted by name."""
    # Add what members keep in My Documents, but not explorations, which aren't saved workbooks
    everything = {"skipPermissionCheck": True, "excludeTags": True}
    lists = {
        "members": client.get_all("/members", includeArchived=True, includeInactive=True),
        "teams": client.get_all("/teams"),
        "workspaces": client.get_all("/workspaces"),
        "connections": client.get_all("/connections"),
        "workbooks": client.get_all("/workbooks", excludeExplorations=True, **everything),
        "data-models": client.get_all("/dataModels", **everything),
    }
    emails = {member["memberId"]: member.get("email") for member in lists["members"]}
    for member in lists["members"]:
        names = filter(None, (member.get("firstName"), member.get("lastName")))
        # isArchived means deactivated in Sigma, isInactive by the identity provider
        deactivated = member.get("isArchived") or member.get("isInactive")
        member.update(name=" ".join(names), status="deactivated" if deactivated else "active")
    for document in lists["workbooks"] + lists["data-models"]:
        document["owner"] = emails.get(document.get("ownerId")) or document.get("ownerId")
    inventory = {}
    for kind, entries in lists.items():
        first, *others = COLUMNS[kind]  # without its ID, an entry couldn't be compared
        rows = [{first: e[first]} | {name: e.get(name) for name in others} for e in entries]
        inventory[kind] = sorted(rows, key=lambda row: [str(row["name"]).casefold(), *row.values()])
    return inventory


# 4: Save the files in a new folder, and only then replace the folder of an earlier run on that day.
#    If this run is interrupted, the earlier files stay as they are
def save_inventory(inventory: dict[str, Rows], target: Path) -> None:
    """Save the files of an inventory in the folder target."""
    new, old = (target.with_name(f".{target.name}.{os.getpid()}.{end}") for end in ("new", "old"))
    for leftover in (new, old):  # from a killed run with the same process ID
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        new.mkdir()
        for kind, rows in inventory.items():
            # Without the byte order mark of utf-8-sig, Excel misreads letters such as é
            with (new / f"{kind}.csv").open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS[kind])
                writer.writeheader()
                writer.writerows(rows)
        if target.is_dir():  # if it's a file, new.rename() fails
            target.rename(old)
        new.rename(target)
    finally:
        if old.exists() and not target.exists():
            old.rename(target)
        shutil.rmtree(new, ignore_errors=True)
    for other in old.glob("*"):  # keep other files that were saved there
        if not (target / other.name).exists():
            other.rename(target / other.name)
    shutil.rmtree(old, ignore_errors=True)


# 5: Compare two files. Read the new one back as well: in CSV, the number 3 becomes the text "3"
def compare(kind: str, before: Path, after: Path) -> Rows:
    """Return a row for each entry that is new or gone, and for each changed column."""
    columns, rows = COLUMNS[kind], []
    old, new = (
        {row[columns[0]]: row for _, row in read_csv(folder / f"{kind}.csv", columns)}
        for folder in (before, after)
    )
    for key, entry in (old | new).items():
        row = {"kind": kind, "id": key, "name": entry.get("email") or entry["name"] or key}
        if key not in old or key not in new:
            change = "new" if key in new else "gone"
            rows.append({**row, "change": change, "before": None, "after": None})
            continue
        for column in columns:
            was, now = old[key][column], new[key][column]
            if was != now and column != "updatedAt":  # a new version would be listed twice
                rows.append({**row, "change": column, "before": was, "after": now})
    return rows


def main() -> None:
    # 6: Read all settings before anything is sent
    folder = Path(read_env("INVENTORY_FOLDER", "inventory")).expanduser().resolve()
    target = folder / date.today().isoformat()

    # 7: Read the lists, and save them. If one isn't complete, the end of the "with" block raises
    with SigmaClient(get_bearer_token) as client:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SigmaError(f"INVENTORY_FOLDER: {error}") from error
        inventory = take_inventory(client)
    save_inventory(inventory, target)

    # 8: Compare them with the latest earlier day. If one of its files was edited or deleted,
    #    continue with the others
    rows, problems = Rows(), ""
    summary = "There is no earlier inventory to compare with."
    days = folder.glob("20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]")
    if earlier := max((d for d in days if d.is_dir() and d.name < target.name), default=None):
        for kind in COLUMNS:
            try:
                rows += compare(kind, earlier, target)
            except (SigmaError, OSError) as error:
                problems += f" {kind}: {error}."
        summary = f"Changes since {earlier.name}: {len(rows)}"

    # 9: Print the changes. For another program, only the rows go to stdout
    columns = {name.capitalize(): name for name in ("kind", "name", "change", "before", "after")}
    print_rows(rows, columns, empty="There are no changes to list.")
    sizes = ", ".join(f"{kind} {len(entries)}" for kind, entries in inventory.items())
    print_summary(summary)
    print_summary(f"Saved in {target}: {sizes}")
    if problems:
        raise SigmaError(f"Not compared:{problems}")


if __name__ == "__main__":
    run(main)
