"""Find the workbooks, reports and data models that read a table, a schema or a connection.

Run this before you drop or move a table. The report also lists documents that read a data model
with this table, even if they only use its other tables. Uncertain dependents are marked "maybe":
datasets, which are deprecated, names that differ in case, and custom SQL, which isn't parsed.
Archived documents, explorations and tagged versions aren't searched. The recipe needs credentials
whose owner has the Admin account type. It sends one request for each document and table.

Endpoint:  GET /v2/workbooks/{workbookId}/sources, GET /v2/reports/{reportId}/sources,
           GET /v2/dataModels/{dataModelId}/sources and GET /v2/connections/paths/{inodeId}
           GET /v2/workbooks, GET /v2/reports, GET /v2/dataModels and GET /v2/members for the names
           GET /v2/connections/{connectionId}, POST /v2/connection/{connectionId}/lookup for checks
Docs:      https://help.sigmacomputing.com/reference/getworkbooksources
.env:      CONNECTIONID, the connection (connections/list_all_connections.py prints the IDs)
           TABLE_PATH=[] (the whole connection; for a table: ["DATABASE","SCHEMA","TABLE"])
Run:       python audit/find_dependents.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    ...
    Type       Name                     Path                    Owner                         Reads
    ---------  -----------------------  ----------------------  ----------------------------  ---------------------------------------------------
    dataModel  Customers                Marketing               ada@example.com               data model Plugs Orders
    ...
    Dependents of Snowflake Production.RETAIL.PLUGS_ELECTRONICS.ORDERS: 68
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
    print_rows,
    print_summary,
    read_table_path,
    require_id,
    run,
)

ID_NAMES = ("tableId", "inodeId", "datasetId", "dataModelId", "connectionId")  # last: custom SQL
Source = tuple[str, str, str]  # type, ID, and the text of custom SQL


# 2: Check that the connection and the path exist. Otherwise, a typo would look like an unused table
def find_connection(client: SigmaClient, connection_id: str, path: list[str]) -> dict[str, Any]:
    """Return the connection, or raise SigmaError if it or the path is unknown."""
    try:
        connection: dict[str, Any] = client.get(f"/connections/{connection_id}")
        if path:  # in this endpoint, it's "connection" without an s
            kind = client.post(f"/connection/{connection_id}/lookup", json={"path": path})["kind"]
            if kind not in ("table", "scope"):  # lists of sources have no others
                raise SigmaError(f"TABLE_PATH is a {kind}, not a table, schema or database")
    except SigmaError as error:
        if error.status not in (400, 404):
            raise
        raise SigmaError(f"{error}. Check CONNECTIONID and TABLE_PATH", error.status) from error
    return connection


# 3: List the documents. skipPermissionCheck adds what members keep in My Documents
def list_documents(client: SigmaClient) -> dict[str, dict[str, Any]]:
    """Return all documents of the organization. The keys are their API paths."""
    documents: dict[str, dict[str, Any]] = {}
    for kind in ("workbook", "report", "dataModel"):
        query = {"excludeExplorations": True} if kind == "workbook" else {}
        found = client.get_all(f"/{kind}s", skipPermissionCheck=True, excludeTags=True, **query)
        documents |= {f"/{kind}s/{doc[f'{kind}Id']}": {**doc, "type": kind} for doc in found}
    return documents


# 4: List the sources of a document. For workbooks, Sigma refuses query parameters here
def list_sources(client: SigmaClient, path: str) -> list[Source]:
    """Return the sources of a document."""
    found = None if path.startswith("/dataModels/") else client.get(f"{path}/sources")
    if not isinstance(found, list):  # data models have pages, and reports may
        found = client.get_all(f"{path}/sources", pageSize=1000)
    sources = []
    for source in found:
        source_id = next((str(source[name]) for name in ID_NAMES if source.get(name)), "")
        sources.append((source["type"], source_id, source.get("definition") or ""))
    return sources


# 5: Compare a source with the target. The ID of a table has two forms, so compare the path
def compare(
    client: SigmaClient, source: Source, connection_id: str, path: list[str]
) -> tuple[str, bool] | None:
    """Return what is read, and True if that's certain. None: the target isn't read."""
    kind, source_id, sql = source
    if kind == "table":
        table = client.get(f"/connections/paths/{source_id}")
        above, target = [table["connectionId"], *table["path"][: len(path)]], [connection_id, *path]
        is_below = str(above).lower() == str(target).lower()  # maybe, if only the case differs
        return (f"table {'.'.join(table['path'])}", above == target) if is_below else None
    if kind == "custom-sql" and source_id:
        contains = f" that contains {path[-1]}" if path and path[-1].lower() in sql.lower() else ""
        return (f"custom SQL{contains}", not path) if source_id == connection_id else None
    return f"{kind.replace('-', ' ')} {source_id}".strip(), False  # such as a dataset


# 6: Find the dependents. If a data model is one, so are the documents that read it
def find_dependents(
    sources: dict[str, list[Source]], matches: dict[Source, Any], names: dict[str, str]
) -> set[tuple[str, str, bool]]:
    """Return each dependent, what it reads, and True if that's certain."""
    while True:
        reads = {
            (key, *match)
            for key, found in sources.items()
            for s in found
            if (match := matches.get(s))
        }
        certain = {key for key, _, is_certain in reads if is_certain}
        models = {
            ("data-model", key.rpartition("/")[2], ""): (f"data model {names[key]}", key in certain)
            for key, _, _ in reads
            if key.startswith("/dataModels/")
        }
        if models.items() <= matches.items():  # also ends if data models read each other
            return reads
        matches = {**matches, **models}


def main() -> None:
    # 7: Read all settings before anything is sent
    connection_id = require_id("CONNECTIONID")
    path = read_table_path("TABLE_PATH")

    with SigmaClient(get_bearer_token) as client:
        connection = find_connection(client, connection_id, path)
        connection_id = connection["connectionId"]

        # 8: Get the sources of each document
        documents = list_documents(client)
        names = {key: doc.get("name") or key.split("/")[2] for key, doc in documents.items()}
        listed = client.read_each(
            list(names), lambda key: list_sources(client, key), lambda key: names[key], "documents"
        )
        sources = dict(listed)

        # 9: Compare each source once, even if many documents read it. If that fails, it may match
        every = {source for found in sources.values() for source in found}
        to_compare = sorted(s for s in every if f"/dataModels/{s[1]}" not in sources)
        matches: dict[Source, Any] = {s: (f"{s[0]} {s[1]}", False) for s in to_compare}
        matches |= client.read_each(
            to_compare,
            lambda source: compare(client, source, connection_id, path),
            lambda source: f"{source[0]} {source[1]}",
            "sources",
        )
        dependents = find_dependents(sources, matches, names)

        # 10: Print the dependents with their owners
        members = client.get_all("/members", includeArchived=True, includeInactive=True)
        emails = {member["memberId"]: member.get("email") for member in members}
        rows = []
        for key, reads, is_certain in sorted(dependents):
            owner_id = documents[key].get("ownerId")
            added = {"name": names[key], "owner": emails.get(owner_id) or owner_id}
            added["reads"] = reads if is_certain else f"{reads}: maybe"
            rows.append({**documents[key], **added})
        rows.sort(key=lambda row: [row["type"], row["name"].casefold(), row["reads"]])
        columns = {name.capitalize(): name for name in ("type", "name", "path", "owner", "reads")}
        print_rows(rows, columns, empty=f"Documents searched: {len(sources)}")

        # 11: Print the total, unless something couldn't be read: it may be a dependent
        client.require_complete_lists()
        target = ".".join([connection.get("name") or connection_id, *path])
        print_summary(f"Dependents of {target}: {len({key for key, _, _ in dependents})}")


if __name__ == "__main__":
    run(main)
