"""Workbooks: their content, copies and grants."""

from datetime import date

import pytest

from sandbox import content, seed
from sandbox.organization import Options, url_id

WORKBOOK = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}"


@pytest.fixture
def org(sandbox):
    """The state of the sandbox."""
    return sandbox.state.organization


@pytest.fixture
def private(org):
    """A workbook that only its owner can open."""
    return next(w for w in org.workbooks.values() if w.workspaceId is None)


# --- One workbook ---


def test_a_workbook_by_its_long_or_short_id(api, org, private):
    assert api("GET", WORKBOOK) == api("GET", "/v2/workbooks")["entries"][0]
    assert api("GET", WORKBOOK)["isArchived"] is False
    short_id = org.workbooks[seed.DEMO_WORKBOOK_ID].workbookUrlId
    lists = ("pages", "elements", "columns", "controls", "materialization-schedules")
    for tail in ("", *(f"/{name}" for name in lists)):
        assert api("GET", f"/v2/workbooks/{short_id}{tail}") == api("GET", f"{WORKBOOK}{tail}")
        assert api("GET", f"/v2/workbooks/{private.workbookId}{tail}")  # an administrator can


def test_private_workbooks_are_listed_for_their_owners_only(api, viewer, private):
    assert len(api.whole_list("/v2/workbooks", limit=1000)) == 260
    everything = api.whole_list("/v2/workbooks", limit=1000, skipPermissionCheck="true")
    assert len(everything) == 264
    assert 0 < len(viewer.whole_list("/v2/workbooks", limit=1000)) < 260
    private.ownerId = seed.VIEWER_ID
    assert viewer("GET", f"/v2/workbooks/{private.workbookId}")["ownerId"] == seed.VIEWER_ID


# --- Content ---


def test_pages_and_elements(api):
    pages = api.whole_list(f"{WORKBOOK}/pages", limit=2)
    assert [page["name"] for page in pages] == ["Dashboard", "Data", "Notes"]
    assert [page["hidden"] for page in pages] == [False, False, True]
    assert pages[0]["pageId"] == seed.DEMO_PAGE_ID
    each = [api.whole_list(f"{WORKBOOK}/pages/{p['pageId']}/elements", limit=2) for p in pages]
    together = api.whole_list(f"{WORKBOOK}/elements", limit=4)
    assert together == [element for page in each for element in page]
    ids = [element["elementId"] for element in together]
    assert len(ids) == len(set(ids))
    assert all(text.isalnum() and len(text) == 10 for text in ids)
    assert seed.DEMO_ELEMENT_ID in [element["elementId"] for element in each[1]]
    types = {element["type"] for element in together}
    assert types == {"table", "visualization", "pivot-table", "control", "text"}
    for element in together:
        assert ("vizualizationType" in element) == (element["type"] == "visualization")
        assert ("columns" in element) == (element["type"] not in ("control", "text"))
    assert {e["type"] for e in together if "name" not in e} == {"text", "visualization"}


def test_some_workbooks_have_an_input_table(api, org):
    with_one = [
        n
        for n, workbook in enumerate(api("GET", "/v2/workbooks?limit=20")["entries"])
        if "input-table"
        in [
            element["type"]
            for element in api("GET", f"/v2/workbooks/{workbook['workbookId']}/elements")["entries"]
        ]
    ]
    assert with_one == [7, 17]
    assert sum(w.has_input_table for w in org.workbooks.values()) == 26
    for every, expected in ((1, 20), (2, 10), (100, 1)):
        workbooks = seed.seed(Options(workbooks=16, input_tables=every)).workbooks  # and 4
        assert sum(w.has_input_table for w in workbooks.values()) == expected


def test_columns_of_an_element_and_of_all(api):
    elements = {e["elementId"]: e for e in api.whole_list(f"{WORKBOOK}/elements")}
    together = api.whole_list(f"{WORKBOOK}/columns", limit=4)
    for element_id, element in elements.items():
        path = f"{WORKBOOK}/elements/{element_id}/columns"
        mine = [column for column in together if column["elementId"] == element_id]
        if "columns" not in element:
            assert api.whole_list(path) == mine == []
            continue
        columns = api.whole_list(path, limit=4)
        assert [column["label"] for column in columns] == element["columns"]
        for one, other in zip(columns, mine, strict=True):
            assert (one["columnId"], one["label"]) == (other["columnId"], other["name"])
            assert one["formula"] == other["formula"] and "type" in other
    assert len({column["columnId"] for column in together}) == len(together)
    assert "[ORDERS/Order Date]" in [column["formula"] for column in together]


def test_lineage_of_an_element_leads_to_the_file_of_its_table(api):
    lineage = api("GET", f"{WORKBOOK}/lineage/elements/{seed.DEMO_ELEMENT_ID}")
    (source,) = lineage["dependencies"].keys() - {seed.DEMO_ELEMENT_ID}
    tables = {f"inode-{f['urlId']}": f for f in api.whole_list("/v2/files", typeFilters="table")}
    assert tables[source]["name"] == lineage["dependencies"][source]["name"] == "ORDERS"
    edge = {"source": source, "target": seed.DEMO_ELEMENT_ID, "type": "source"}
    assert lineage["edges"] == [edge]


def test_lineage_and_queries(api):
    elements = api.whole_list(f"{WORKBOOK}/elements")
    with_rows = [element for element in elements if "columns" in element]
    lineage = api.whole_list(f"{WORKBOOK}/lineage", limit=2)
    sources, readers = lineage[:4], lineage[4:]
    assert [row["type"] for row in sources] == ["table", "table", "customSQL", "data-model"]
    for table in sources[:2]:
        file = api("GET", f"/v2/files/{table['inodeId']}")
        assert (file["type"], file["name"]) == ("table", table["name"])
        assert [f"inode-{file['urlId']}"] in [row["sourceIds"] for row in readers]
    assert {row["elementId"] for row in readers} == {e["elementId"] for e in with_rows}
    assert len({row["sourceIds"][0] for row in readers}) == len(sources)
    queries = api.whole_list(f"{WORKBOOK}/queries", limit=2)
    assert [row["elementId"] for row in queries] == [e["elementId"] for e in with_rows]
    for element in elements:  # a connector asks for every element
        query = api("GET", f"{WORKBOOK}/elements/{element['elementId']}/query")
        assert query in queries if "columns" in element else element["type"] in query["error"]


def test_controls(api):
    assert api.whole_list(f"{WORKBOOK}/controls") == [
        {"name": "DateFilter", "valueType": "date-range"},
        {"name": "Region", "valueType": "text"},
    ]


def test_rows_fit_their_columns(org):
    workbook = next(w for w in org.workbooks.values() if w.number == 7)
    for element in [e for page in content.pages_of(workbook) for e in page.elements]:
        rows = content.rows_of(workbook, element)
        assert len(rows) == (100 if element.columns else 0)
        for row in rows:
            assert list(row) == element.columns
            for label, value in row.items():
                kind = content.TYPES.get(label, "text")
                assert isinstance(value, (int, float)) == (kind == "number")
        days = [date.fromisoformat(row["Order Date"]) for row in rows]
        assert days == sorted(days)
        assert not days or (days[0], days[-1]) == (date(2024, 1, 1), date(2024, 12, 31))


# --- Copies ---


def copied(api, destination, status=200, workbook=WORKBOOK, **body):
    body = {"destinationFolderId": destination, "name": "The Copy", **body}
    return api("POST", f"{workbook}/copy", status, json=body)


def test_copies_into_workspaces_and_folders(api, org):
    workspace = org.workspaces[seed.DEMO_WORKSPACE_ID]
    archive = next(f for f in org.folders.values() if f.workspaceId == seed.DEMO_WORKSPACE_ID)
    home = org.folders[org.members[seed.DEMO_MEMBER_ID].homeFolderId]
    for destinations, path in (
        ((workspace.workspaceId, workspace.workspaceUrlId), workspace.name),
        ((archive.id, url_id(archive.id)), f"{workspace.name}/Archive"),
        ((home.id, url_id(home.id)), "My Documents"),
    ):
        for destination in destinations:
            copy = copied(api, destination)
            assert copy["path"] == path
            assert copy["workbookId"] != seed.DEMO_WORKBOOK_ID
            assert (copy["latestVersion"], copy["ownerId"]) == (1, seed.OWNER_ID)
            assert copy["url"].endswith(f"/sandbox/workbook/{copy['workbookUrlId']}")
            assert "description" not in copy
            assert api("GET", f"/v2/workbooks/{copy['workbookUrlId']}") == copy
            schedules = f"/v2/workbooks/{copy['workbookId']}/materialization-schedules"
            assert api.whole_list(schedules) == []


def test_a_copy_shows_what_its_source_shows(api, org):
    source = next(w for w in org.workbooks.values() if w.number == 7)
    source_path = f"/v2/workbooks/{source.workbookId}"
    first = copied(api, seed.DEMO_WORKSPACE_ID, workbook=source_path)
    first_path = f"/v2/workbooks/{first['workbookId']}"
    second = copied(api, seed.DEMO_WORKSPACE_ID, workbook=first_path, description="Once more")
    assert second["description"] == "Once more"
    for tail in ("pages", "elements", "controls"):
        rows = api.whole_list(f"/v2/workbooks/{second['workbookId']}/{tail}")
        assert rows == api.whole_list(f"{source_path}/{tail}")


# --- Embeds ---


def test_grants_open_a_workbook_to_members_and_teams(api, viewer, private):
    def grant(permission, **grantee):
        body = {"grants": [{"grantee": grantee, "permission": permission}]}
        api("POST", f"{path}/grants", json=body)

    def seen():
        rows = viewer("GET", "/v2/files?typeFilters=workbook&limit=1000")["entries"]
        return [row["permission"] for row in rows if row["id"] == private.workbookId]

    path = f"/v2/workbooks/{private.workbookUrlId}"
    assert seen() == []
    grant("view", memberId=seed.VIEWER_ID)
    assert seen() == ["view"]
    grant("explore", teamId=seed.DEMO_TEAM_ID)
    assert seen() == ["view"]
    change = {"add": [seed.VIEWER_ID]}
    api("PATCH", f"/v2/teams/{seed.DEMO_TEAM_ID}/members", json=change)
    assert seen() == ["explore"]
    assert viewer("GET", path)["name"] == private.name
    workbooks = viewer.whole_list("/v2/workbooks", limit=1000)
    assert private.workbookId in [row["workbookId"] for row in workbooks]
