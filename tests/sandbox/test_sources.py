"""What workbooks and data models read."""

import pytest

from sandbox import seed
from sandbox.organization import make_uuid, url_id

WORKBOOK = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}"
PLUGS = ["RETAIL", "PLUGS_ELECTRONICS"]


def sources(api, workbook=WORKBOOK):
    return api("GET", f"{workbook}/sources")


def tables(api, workbook=WORKBOOK):
    """Return the connection and path of each table that a workbook reads."""
    ids = [row["inodeId"] for row in sources(api, workbook) if row["type"] == "table"]
    rows = [api("GET", f"/v2/connections/paths/{inode_id}") for inode_id in ids]
    return [(row["connectionId"], row["path"]) for row in rows]


def test_the_demo_workbook_reads_tables_sql_and_a_data_model(api):
    demo = seed.DEMO_CONNECTION_ID
    assert tables(api) == [(demo, [*PLUGS, "ORDERS"]), (demo, [*PLUGS, "CUSTOMERS"])]
    sql, model = sources(api)[2:]
    assert (sql["type"], sql["connectionId"]) == ("custom-sql", demo)
    assert (model["type"], model["dataModelId"]) == ("data-model", make_uuid("data model", 0))
    for query in ("limit=1", "x"):
        api("GET", f"{WORKBOOK}/sources?{query}", 400)


def test_workbooks_read_many_things_but_not_departments(api):
    kinds, paths, connections = set(), set(), set()
    for row in api.whole_list("/v2/workbooks", limit=1000):
        workbook = f"/v2/workbooks/{row['workbookId']}"
        found = sources(api, workbook)
        assert found == [one for n, one in enumerate(found) if one not in found[:n]] != []
        kinds |= {one["type"] for one in found}
        for connection_id, path in tables(api, workbook) if row["latestVersion"] < 3 else ():
            connections.add(connection_id)
            paths.add(path[2])
    assert kinds == {"table", "custom-sql", "data-model", "dataset"}
    assert len(connections) == 2
    assert "RETURNS" in paths and "DEPARTMENTS" not in paths


def test_data_models_read_each_other(api):
    names = {row["dataModelId"]: row["name"] for row in api.whole_list("/v2/dataModels")}
    assert len(names) == 6
    reads, kinds = {}, {}
    for key, name in names.items():
        path = f"/v2/dataModels/{key}/sources"
        rows = api("GET", path)["entries"]
        kinds[name] = [row["type"] for row in rows]
        reads[name] = [names[row["dataModelId"]] for row in rows if row["type"] == "data-model"]
        assert all("tableId" in row for row in rows if row["type"] == "table")
        first = api("GET", f"{path}?pageSize=1")
        last = first
        if len(rows) > 1:
            last = api("GET", f"{path}?pageSize=1&pageToken={first['nextPageToken']}")
            assert first["entries"] + last["entries"] == rows
        assert "nextPageToken" not in last
    assert reads["Customers"] == ["Plugs Orders"]
    assert reads["Store Performance"] == ["Store Targets"]
    assert reads["Store Targets"] == ["Store Performance"]
    assert [name for name, types in kinds.items() if "custom-sql" in types] == ["Returns by Region"]


@pytest.mark.parametrize("form", [str, url_id])
def test_the_path_of_a_table(form, api):
    inode_id = make_uuid("inode", (seed.STAGING_CONNECTION_ID, *PLUGS, "STORES"))
    found = api("GET", f"/v2/connections/paths/{form(inode_id)}")
    assert found == {"connectionId": seed.STAGING_CONNECTION_ID, "path": [*PLUGS, "STORES"]}
    schema_id = make_uuid("inode", (seed.STAGING_CONNECTION_ID, *PLUGS))
    for other in (schema_id, seed.STAGING_CONNECTION_ID, seed.DEMO_WORKBOOK_ID):
        assert "table" in api("GET", f"/v2/connections/paths/{form(other)}", 400)["message"]
    api("GET", f"/v2/connections/paths/{form(make_uuid('inode', 'none'))}", 404)
