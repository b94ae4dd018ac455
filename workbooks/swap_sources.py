"""Make a workbook read another connection, such as staging instead of production.

This changes the workbook for all who use it, so try it on a copy first. Each table is swapped for
the one with the same path, and custom SQL runs on the new connection. Data models stay as they are.
What happens to input tables isn't documented. Sigma matches columns by name, and doesn't report
missing ones, so check the workbook afterward. Restoring an older version may not undo the swap. You
need edit access to the workbook, and "Can use" on the new connection.
By default this is a dry run. Set DRY_RUN=false to swap the sources.

Endpoint:  POST /v2/workbooks/{workbookId}/swapSources
           GET /v2/workbooks/{workbookId}, GET /v2/workbooks/{workbookId}/sources,
           GET /v2/connections and GET /v2/dataModels for the plan, and for each table
           GET /v2/connections/paths/{inodeId} and POST /v2/connection/{connectionId}/lookup
Docs:      https://help.sigmacomputing.com/reference/sourceswapworkbook
.env:      WORKBOOK_ID, the workbook: its ID or URL (workbooks/list_all.py prints the URLs)
           SWAP_FROM_CONNECTIONID, the connection that the workbook reads now: its ID or URL
           SWAP_TO_CONNECTIONID, the new one (connections/list_all_connections.py prints the IDs)
           DRY_RUN=true (false: swap the sources)
Run:       python workbooks/swap_sources.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    ...
    Workbook:  Plugs Sales Performance
    Swap:      Snowflake Production -> Snowflake Staging
    ...
    To swap:   table RETAIL.PLUGS_ELECTRONICS.ORDERS
    To swap:   table RETAIL.PLUGS_ELECTRONICS.CUSTOMERS
    To swap:   custom-sql select REGION, sum(SALES_AMOUNT) from RETAIL.PLUGS_ELECTRONICS.ORDERS group by R
    Unchanged: data-model Plugs Orders
    Dry run: nothing was changed. To apply the plan once: DRY_RUN=false python workbooks/swap_sources.py
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
    printable,
    read_dry_run,
    require_all,
    run,
    say,
)


# 2: Get the sources. Only custom SQL has a connectionId, so look up the connection of each table
def list_sources(client: SigmaClient, workbook_id: str) -> list[dict[str, Any]]:
    """Return the sources of a workbook, each once. Tables get a connectionId and a path."""
    # This list has no pages, and Sigma refuses query parameters such as limit
    sources = {str(row): row for row in client.get(f"/workbooks/{workbook_id}/sources")}
    tables = [row for row in sources.values() if row["type"] == "table"]
    places = client.read_each(
        tables, lambda row: client.get(f"/connections/paths/{row['inodeId']}"), source_id, "tables"
    )
    found = [
        {**row, "connectionId": place["connectionId"], "path": place["path"]}
        for row, place in places
    ]
    return found + [row for row in sources.values() if row["type"] != "table"]


def source_id(source: dict[str, Any]) -> str:
    """Return the ID of a source. The name of the field depends on the type."""
    names = ("inodeId", "customSqlId", "dataModelId")
    return next((str(source[name]) for name in names if source.get(name)), "no ID")


def label(source: dict[str, Any]) -> str:
    """Return the type of a source, and its path, SQL, name or ID."""
    path = ".".join(source.get("path") or [])
    name = path or source.get("definition") or source.get("name") or source_id(source)
    return printable(f"{source['type']} {name:.80}")


# 3: Check that the new connection has the tables. Sigma has no dry run, but a lookup only reads
def is_known(client: SigmaClient, connection_id: str, path: list[str]) -> bool:
    """Return True if a connection has this table, and the owner of the credentials can use it."""
    try:
        client.post(f"/connection/{connection_id}/lookup", json={"path": path})
    except SigmaError as error:
        if error.status in (400, 404):
            say(f"Missing: {printable('.'.join(path))}: {error}")
            return False
        raise
    return True


# 4: Swap the sources. Without swapTables, Sigma would only swap custom SQL
def swap_sources(client: SigmaClient, workbook_id: str, from_id: str, to_id: str) -> list[str]:
    """Swap a connection. Return the IDs of the tables and connections that weren't swapped."""
    body = {"connectionMapping": [{"fromId": from_id, "toId": to_id, "swapTables": True}]}
    response = client.post(f"/workbooks/{workbook_id}/swapSources", json=body)
    return [*response["unswappedSources"], *response["unswappedConnections"]]


# 5: Compare the result with the plan, because Sigma sends 200 even if it swapped nothing. Its
#    response can also list sources that aren't in the plan
def list_unswapped(
    plan: list[dict[str, Any]], after: list[dict[str, Any]], refused: list[str], to_id: str
) -> list[str]:
    """Return the sources that should read the new connection, but don't."""
    now = [(row["type"], row.get("path")) for row in after if row.get("connectionId") == to_id]
    left = [row for row in after if row.get("connectionId") == plan[0]["connectionId"]]
    for row in plan:
        key = source_id(row) if row["type"] == "table" else row["connectionId"]
        if key in refused or (row["type"], row.get("path")) not in now:
            left.append(row)
    return sorted({label(row) for row in left})


def main() -> None:
    # 6: Read all settings before anything is sent
    workbook_id, from_id, to_id = require_all(
        "WORKBOOK_ID", "SWAP_FROM_CONNECTIONID", "SWAP_TO_CONNECTIONID"
    )
    dry_run = read_dry_run()
    if from_id == to_id:
        raise SigmaError("SWAP_FROM_CONNECTIONID and SWAP_TO_CONNECTIONID are the same")

    with SigmaClient(get_bearer_token) as client:
        # 7: Check the connections. A typo would look like a connection that nothing reads
        workbook = client.get(f"/workbooks/{workbook_id}")
        workbook_id, before = workbook["workbookId"], workbook["latestVersion"]  # the long ID
        names = {row["connectionId"]: row.get("name") for row in client.get_all("/connections")}
        for setting, value in (("SWAP_FROM", from_id), ("SWAP_TO", to_id)):
            if value not in names:
                raise SigmaError(f"{setting}_CONNECTIONID is {value}. No connection has this ID")
        print(f"Workbook:  {printable(workbook.get('name') or workbook_id)}")
        print(f"Swap:      {printable(f'{names[from_id] or from_id} -> {names[to_id] or to_id}')}")

        # 8: Print the plan
        sources = list_sources(client, workbook_id)
        if any(row["type"] == "data-model" for row in sources):
            titles = {row["dataModelId"]: row.get("name") for row in client.get_all("/dataModels")}
            sources = [{**row, "name": titles.get(source_id(row))} for row in sources]
        plan = [row for row in sources if row.get("connectionId") == from_id]
        tables = [row for row in plan if row["type"] == "table"]
        found = client.read_each(
            tables, lambda row: is_known(client, to_id, row["path"]), label, "tables"
        )
        missing = [row for row, known in found if not known]
        for row in sources:
            what = "Missing" if row in missing else "To swap" if row in plan else "Unchanged"
            print(f"{what + ':':10} {label(row)}")
        if missing:
            fix = "Nothing was changed. Run connections/sync_schema.py, or check the grants"
            raise SigmaError(f"Missing tables: {len(missing)}. {fix}")
        client.require_complete_lists()
        if not plan:
            print("The workbook doesn't read the old connection. Nothing was changed.")
            return
        if dry_run:
            print(dry_run_note())
            return

        # 9: Swap the sources, and read them again
        refused = swap_sources(client, workbook_id, from_id, to_id)
        after = list_sources(client, workbook_id)
        client.require_complete_lists()
        left = list_unswapped(plan, after, refused, to_id)
        now = client.get(f"/workbooks/{workbook_id}")["latestVersion"]
        print(f"Latest version: {before} before, {now} now")
        for line in left:
            say(f"Not swapped: {line}")
        if left:
            raise SigmaError(f"Sources that weren't swapped: {len(left)} of {len(plan)}")
    print(f"Swapped successfully: {len(plan)} sources")


if __name__ == "__main__":
    run(main)
