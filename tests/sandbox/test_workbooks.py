"""Tests of sandbox/resources/workbooks.py, and of sandbox/content.py, what workbooks show."""

import time
from datetime import date

import pytest

from sandbox import content, seed
from sandbox.organization import Options
from tests.conftest import fresh
from tests.sandbox_client import Client

WORKBOOK = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}"


@pytest.fixture
def org(sandbox):
    """The state of the sandbox."""
    return sandbox.state.organization


@pytest.fixture
def demo(org):
    """The first workbook."""
    return org.workbooks[seed.DEMO_WORKBOOK_ID]


@pytest.fixture
def private(org):
    """A workbook that only its owner can open."""
    return next(w for w in org.workbooks.values() if w.workspaceId is None)


# --- One workbook ---


def test_a_workbook_by_its_long_or_short_id(api, demo):
    workbook = api("GET", WORKBOOK)
    assert workbook == api("GET", "/v2/workbooks")["entries"][0]
    assert (workbook["workbookId"], workbook["name"]) == (
        seed.DEMO_WORKBOOK_ID,
        "Plugs Sales Performance",
    )
    for tail in ("", "/pages", "/elements", "/controls", "/embeds", "/materialization-schedules"):
        short = api("GET", f"/v2/workbooks/{demo.workbookUrlId}{tail}")
        assert short == api("GET", f"{WORKBOOK}{tail}")
        assert "Workbook x not found" in api("GET", f"/v2/workbooks/x{tail}", 404)["message"]


def test_who_can_open_a_workbook(api, viewer, private):
    for tail in ("", "/pages", "/elements", "/controls", "/embeds", "/materialization-schedules"):
        path = f"/v2/workbooks/{private.workbookId}{tail}"
        assert api("GET", path)
        assert viewer("GET", path, 403)["code"] == "forbidden"
    private.ownerId = seed.VIEWER_ID
    assert viewer("GET", f"/v2/workbooks/{private.workbookId}")["ownerId"] == seed.VIEWER_ID


# --- Content ---


def test_pages(api):
    pages = api.whole_list(f"{WORKBOOK}/pages", limit=2)
    assert [page["name"] for page in pages] == ["Dashboard", "Data", "Notes"]
    assert [page["hidden"] for page in pages] == [False, False, True]
    assert pages[0]["pageId"] == seed.DEMO_PAGE_ID
    for problem, query in (("Tag v1 not found", "tag=v1"), ("Bookmark b", "bookmarkId=b")):
        assert problem in api("GET", f"{WORKBOOK}/pages?{query}", 404)["message"]


def test_elements_of_a_page_and_of_all_pages(api):
    pages = api.whole_list(f"{WORKBOOK}/pages")
    each = [api.whole_list(f"{WORKBOOK}/pages/{p['pageId']}/elements", limit=2) for p in pages]
    together = api.whole_list(f"{WORKBOOK}/elements", limit=4)
    assert together == [element for page in each for element in page]
    assert all(page for page in each)
    ids = [element["elementId"] for element in together]
    assert len(ids) == len(set(ids))
    assert all(text.isalnum() and len(text) == 10 for text in ids)
    assert seed.DEMO_ELEMENT_ID in [element["elementId"] for element in each[1]]
    assert "Page x not found" in api("GET", f"{WORKBOOK}/pages/x/elements", 404)["message"]
    assert "Tag v1" in api("GET", f"{WORKBOOK}/elements?tagName=v1", 404)["message"]


def test_what_elements_have(api):
    elements = api.whole_list(f"{WORKBOOK}/elements")
    types = {element["type"] for element in elements}
    assert types == {"table", "visualization", "pivot-table", "control", "text"}
    for element in elements:
        # Charts alone have a sort, and what shows no data has no columns
        assert ("vizualizationType" in element) == (element["type"] == "visualization")
        assert ("columns" in element) == (element["type"] not in ("control", "text"))
    nameless = {element["type"] for element in elements if "name" not in element}
    assert nameless == {"text", "visualization"}


@pytest.mark.parametrize(("every", "expected"), [(1, 20), (2, 10), (10, 2), (100, 1)])
def test_the_share_of_workbooks_with_an_input_table_can_be_chosen(every, expected):
    workbooks = seed.seed(Options(workbooks=16, input_tables=every)).workbooks.values()  # and four
    shown = [{e.type for page in content.pages_of(w) for e in page.elements} for w in workbooks]
    assert sum("input-table" in types for types in shown) == expected


def test_every_tenth_workbook_has_an_input_table(api, org):
    with_one = [
        n
        for n, workbook in enumerate(api.whole_list("/v2/workbooks", limit=1000))
        if "input-table"
        in [
            element["type"]
            for element in api("GET", f"/v2/workbooks/{workbook['workbookId']}/elements")["entries"]
        ]
    ]
    assert len(with_one) == 26
    assert 0 not in with_one
    assert [n for n in with_one if n < 50] and [n for n in with_one if n >= 50]


def test_columns(api):
    columns = api.whole_list(f"{WORKBOOK}/elements/{seed.DEMO_ELEMENT_ID}/columns", limit=4)
    (element,) = [
        e for e in api.whole_list(f"{WORKBOOK}/elements") if e["elementId"] == seed.DEMO_ELEMENT_ID
    ]
    assert [column["label"] for column in columns] == element["columns"]
    assert columns[1]["type"] == {"type": "datetime"}
    assert columns[1]["formula"] == "[PLUGS_ORDERS/Order Date]"
    assert len({column["columnId"] for column in columns}) == len(columns)
    assert api("GET", f"{WORKBOOK}/elements/x/columns", 404)["message"] == "Element x not found"


def test_texts_and_controls_have_no_columns(api):
    elements = api.whole_list(f"{WORKBOOK}/elements")
    for element in elements:
        has_none = element["type"] in ("text", "control")
        path = f"{WORKBOOK}/elements/{element['elementId']}/columns"
        answer = api("GET", path, 400 if has_none else 200)
        assert not has_none or element["type"] in answer["message"]


def test_controls(api):
    assert api.whole_list(f"{WORKBOOK}/controls") == [
        {"name": "DateFilter", "valueType": "date-range"},
        {"name": "Region", "valueType": "text"},
    ]


def test_rows_fit_their_columns(org, demo):
    workbook = next(w for w in org.workbooks.values() if w.number == 7)
    for element in [e for page in content.pages_of(workbook) for e in page.elements]:
        rows = content.rows_of(workbook, element)
        assert len(rows) == (100 if element.columns else 0)
        assert rows == content.rows_of(workbook, element)
        for row in rows:
            assert list(row) == element.columns
            for label, value in row.items():
                kind = content.TYPES.get(label, "text")
                assert isinstance(value, (int, float)) == (kind == "number")
        if rows:
            days = [date.fromisoformat(row["Order Date"]) for row in rows]
            assert days == sorted(days)
            assert (days[0], days[-1]) == (date(2024, 1, 1), date(2024, 12, 31))
    (table,) = [
        e
        for page in content.pages_of(demo)
        for e in page.elements
        if e.elementId == seed.DEMO_ELEMENT_ID
    ]
    assert table.type == "table"
    customers = {row["Customer"] for row in content.rows_of(demo, table)}
    assert any("," in name for name in customers)
    assert any('"' in name for name in customers)
    assert any(not name.isascii() for name in customers)


def test_a_large_organization_starts_at_once():
    begin = time.monotonic()
    seed.seed(Options(workbooks=2500))
    assert time.monotonic() - begin < 1  # it takes 50 ms


# --- Copies ---


def copied(api, destination, status=200, workbook=WORKBOOK, **body):
    return api(
        "POST",
        f"{workbook}/copy",
        status,
        json={"destinationFolderId": destination, "name": "The Copy", **body},
    )


def test_copies_into_all_sorts_of_folders(api, org):
    workspace = org.workspaces[seed.DEMO_WORKSPACE_ID]
    archive = next(f for f in org.folders.values() if f.workspaceId == seed.DEMO_WORKSPACE_ID)
    home = org.folders[org.members[seed.DEMO_MEMBER_ID].homeFolderId]
    for destinations, path in (
        ((workspace.workspaceId, workspace.workspaceUrlId), workspace.name),
        ((archive.id, archive.urlId), f"{workspace.name}/Archive"),
        ((home.id, home.urlId), "My Documents"),
    ):
        for destination in destinations:
            copy = copied(api, destination)
            assert copy["path"] == path
            assert copy["workbookId"] != seed.DEMO_WORKBOOK_ID
            assert (copy["latestVersion"], copy["ownerId"]) == (1, seed.OWNER_ID)
            assert copy["createdBy"] == seed.OWNER_ID
            assert copy["url"].endswith(f"/sandbox/workbook/The-Copy-{copy['workbookUrlId']}")
            assert "description" not in copy
            assert api("GET", f"/v2/workbooks/{copy['workbookUrlId']}") == copy


def test_a_copy_shows_what_its_source_shows(api, org):
    source = next(w for w in org.workbooks.values() if w.number == 7)
    first = copied(api, seed.DEMO_WORKSPACE_ID, workbook=f"/v2/workbooks/{source.workbookId}")
    second = copied(
        api,
        seed.DEMO_WORKSPACE_ID,
        workbook=f"/v2/workbooks/{first['workbookId']}",
        description="Once more",
    )
    assert second["description"] == "Once more"
    for tail in ("pages", "elements", "controls"):
        rows = api.whole_list(f"/v2/workbooks/{source.workbookId}/{tail}")
        assert rows == api.whole_list(f"/v2/workbooks/{second['workbookId']}/{tail}")
    assert "input-table" in [
        element["type"]
        for element in api.whole_list(f"/v2/workbooks/{second['workbookId']}/elements")
    ]


def test_refuses_copies(api, org):
    before = len(org.workbooks)
    assert "File or folder x not found" in copied(api, "x", 404)["message"]
    for workbook_id in (seed.DEMO_WORKBOOK_ID, org.workbooks[seed.DEMO_WORKBOOK_ID].urlId):
        assert "is a workbook, not a folder" in copied(api, workbook_id, 400)["message"]
    assert copied(api, seed.DEMO_WORKSPACE_ID, 404, "/v2/workbooks/x")
    assert "name: Input should be" in copied(api, seed.DEMO_WORKSPACE_ID, 400, name=1)["message"]
    refused = copied(api, seed.DEMO_WORKSPACE_ID, 400, copyBookmarks="some")
    assert "copyBookmarks: Input should be 'all' or 'accessible'" in refused["message"]
    assert len(org.workbooks) == before


# --- Embeds ---


def test_embeds(api):
    assert api.whole_list(f"{WORKBOOK}/embeds") == []
    made = []
    for source_type, source_id in (
        ("workbook", None),
        ("page", seed.DEMO_PAGE_ID),
        ("element", seed.DEMO_ELEMENT_ID),
    ):
        body = {"embedType": "public", "sourceType": source_type}
        if source_id:
            body["sourceId"] = source_id
        made.append(api("POST", f"{WORKBOOK}/embeds", json=body))
        assert made[-1].keys() == {"embedId", "embedUrl"}
        assert made[-1]["embedId"] in made[-1]["embedUrl"]
    listed = api.whole_list(f"{WORKBOOK}/embeds", limit=2)
    assert [row["embedId"] for row in listed] == [row["embedId"] for row in made]
    assert [(row["sourceType"], row["sourceId"], row["sourceName"]) for row in listed] == [
        ("workbook", seed.DEMO_WORKBOOK_ID, "Plugs Sales Performance"),
        ("page", seed.DEMO_PAGE_ID, "Dashboard"),
        ("element", seed.DEMO_ELEMENT_ID, "Orders"),
    ]
    assert all(row["public"] for row in listed)


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"embedType": "secure"}, 400, "embedType: Input should be 'public'"),
        ({"sourceType": "sheet"}, 400, "sourceType: Input should be 'workbook', 'page' or"),
        ({"sourceType": "page"}, 400, "sourceId: needed for a page"),
        ({"sourceType": "page", "sourceId": seed.DEMO_ELEMENT_ID}, 404, "Page"),
        ({"sourceType": "element", "sourceId": "x"}, 404, "Element x not found"),
    ],
)
def test_refuses_embeds(changes, status, words, api):
    body = {"embedType": "public", "sourceType": "workbook", **changes}
    assert words in api("POST", f"{WORKBOOK}/embeds", status, json=body)["message"]
    assert api.whole_list(f"{WORKBOOK}/embeds") == []


# --- Grants ---


def grant(api, workbook, permission, status=200, **grantee):
    body = {"grants": [{"grantee": grantee, "permission": permission}]}
    return api("POST", f"/v2/workbooks/{workbook.workbookUrlId}/grants", status, json=body)


def test_grants_let_members_open_a_workbook(api, viewer, private):
    files = "/v2/files?typeFilters=workbook&limit=1000"

    def seen():
        rows = viewer("GET", files)["entries"]
        return [row["permission"] for row in rows if row["id"] == private.workbookId]

    assert seen() == []
    assert grant(api, private, "view", memberId=seed.VIEWER_ID) == {}
    assert seen() == ["view"]
    grant(api, private, "edit", memberId=seed.VIEWER_ID)
    assert seen() == ["edit"]
    assert viewer("GET", f"/v2/workbooks/{private.workbookId}")["name"] == private.name
    assert private.workbookId in [
        row["workbookId"] for row in viewer.whole_list("/v2/workbooks", limit=1000)
    ]


def test_grants_reach_the_members_of_a_team(api, viewer, private):
    grant(api, private, "explore", teamId=seed.DEMO_TEAM_ID)
    path = f"/v2/workbooks/{private.workbookId}"
    assert viewer("GET", path, 403)
    change = {"add": [seed.VIEWER_ID]}
    api("PATCH", f"/v2/teams/{seed.DEMO_TEAM_ID}/members", json=change)
    assert viewer("GET", path)


def test_refuses_grants(api, private, org):
    for permission, status, grantee, words in (
        ("organize", 400, {"memberId": seed.VIEWER_ID}, "Input should be 'view', 'explore' or"),
        ("view", 400, {}, "exactly one of memberId and teamId"),
        ("view", 404, {"memberId": "x"}, "Member x not found"),
        ("view", 404, {"teamId": "x"}, "Team x not found"),
    ):
        assert words in grant(api, private, permission, status, **grantee)["message"]
    assert org.grants.get(private.workbookId, []) == []


def test_content_of_every_size(running_sandbox):
    api = Client(fresh(running_sandbox, workbooks=1).address)
    (only,) = api.whole_list("/v2/workbooks")
    assert only["workbookId"] == seed.DEMO_WORKBOOK_ID
    assert len(api.whole_list(f"{WORKBOOK}/materialization-schedules")) == 1
