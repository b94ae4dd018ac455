"""Documents, folders and workspaces as files."""

import pytest

from sandbox import seed
from sandbox.organization import LEVELS, make_uuid, url_id

FILE = f"/v2/files/{seed.DEMO_WORKBOOK_ID}"
ARCHIVE_ID = make_uuid("folder", 0)
BY_DEFAULT = {"folder", "workbook", "data-model", "report"}  # tables and workspaces on request


@pytest.fixture
def org(sandbox):
    """The state of the sandbox."""
    return sandbox.state.organization


def test_lists_what_the_caller_can_open(api, viewer, org):
    for client, member_id in ((api, seed.OWNER_ID), (viewer, seed.VIEWER_ID)):
        for query in (
            {},
            {"typeFilters": "workspace"},
            {"typeFilters": ["workbook", "folder"]},
            {"typeFilters": "workbook", "name": "weekly"},
            {"permissionFilter": "explore"},
            {"parentId": seed.DEMO_WORKSPACE_ID},
        ):
            mine = client.whole_list("/v2/files", limit=1000, **query)
            assert mine == client.whole_list(f"/v2/members/{member_id}/files", limit=1000, **query)
            types = query.get("typeFilters", BY_DEFAULT)
            assert {row["type"] for row in mine} <= {*([types] if types == str(types) else types)}
            assert all("weekly" in row["name"].lower() for row in mine if "name" in query)
    everything = api.whole_list("/v2/files")
    assert {row["type"] for row in everything} == BY_DEFAULT
    expected = 272 + len(org.data_models) + len(org.reports)
    assert len(viewer.whole_list("/v2/files")) < len(everything) == expected


def test_the_permission_filter_is_a_minimum(api, org):
    def seen(**query):
        rows = api.whole_list(f"/v2/members/{seed.DEMO_MEMBER_ID}/files", limit=1000, **query)
        return {row["id"]: row["permission"] for row in rows}

    org.workbooks[seed.DEMO_WORKBOOK_ID].ownerId = seed.DEMO_MEMBER_ID
    everything = seen()
    assert {"view", "edit"} <= set(everything.values())
    for n, level in enumerate(LEVELS):
        wanted = {key: has for key, has in everything.items() if has in LEVELS[n:]}
        assert seen(permissionFilter=level) == wanted


def test_tables_are_files_below_the_scopes_of_a_connection(api, org):
    def lookup(*path):
        lookup = f"/v2/connection/{seed.DEMO_CONNECTION_ID}/lookup"
        return api("POST", lookup, json={"path": path})["inodeId"]

    def tables(**query):
        return api.whole_list("/v2/files", typeFilters="table", **query)

    everything, schema = tables(), lookup("RETAIL", "LOGISTICS")
    assert len(everything) == 4 * 8 - 1  # Snowflake Staging lacks one
    for scope, count in ((lookup(), 8), (lookup("RETAIL"), 6), (schema, 2), (url_id(schema), 2)):
        assert len(tables(parentId=scope)) == count
    deliveries, returns = tables(parentId=schema)
    assert (returns["name"], returns["type"]) == ("RETURNS", "table")
    assert returns["path"] == "Connection Root/RETAIL/LOGISTICS"
    assert (returns["parentId"], returns["parentUrlId"]) == (schema, url_id(schema))
    assert returns["id"] == lookup("RETAIL", "LOGISTICS", "RETURNS")
    for key in (returns["id"], returns["urlId"]):
        assert api("GET", f"/v2/files/{key}") == returns
    # Without the filter there are none
    assert {row["type"] for row in api.whole_list("/v2/files")} == BY_DEFAULT


def test_ids_can_be_long_or_short(api, org):
    workbook, folder = org.workbooks[seed.DEMO_WORKBOOK_ID], org.folders[ARCHIVE_ID]
    workspace = org.workspaces[seed.DEMO_WORKSPACE_ID]
    for kind, long_id, short_id in (
        ("workbook", workbook.workbookId, workbook.workbookUrlId),
        ("folder", folder.id, url_id(folder.id)),
        ("workspace", workspace.workspaceId, workspace.workspaceUrlId),
    ):
        file = api("GET", f"/v2/files/{long_id}")
        assert (file["type"], file["permission"]) == (kind, "edit")
        assert file == api("GET", f"/v2/files/{short_id}")
        assert file in api.whole_list("/v2/files", limit=1000, typeFilters=kind)
    inside = api.whole_list("/v2/files", parentId=workspace.workspaceId)
    assert inside == api.whole_list("/v2/files", parentId=workspace.workspaceUrlId)
    assert {row["parentId"] for row in inside} == {workspace.workspaceId}


def test_who_can_open_a_file(api, viewer, org):
    private = next(w for w in org.workbooks.values() if w.workspaceId is None)
    assert api("GET", f"/v2/files/{private.id}")["permission"] == "edit"
    assert viewer("GET", f"/v2/files/{private.id}", 403)["code"] == "forbidden"
    assert viewer("GET", f"/v2/files/{seed.DEMO_WORKSPACE_ID}", 403)
    private.ownerId = seed.VIEWER_ID
    assert viewer("GET", f"/v2/files/{private.id}")["ownerId"] == seed.VIEWER_ID


def test_changes_the_owner(api):
    changed = api("PATCH", FILE, json={"ownerId": seed.DEMO_MEMBER_ID})
    assert (changed["ownerId"], changed["updatedBy"]) == (seed.DEMO_MEMBER_ID, seed.OWNER_ID)
    assert changed == api("GET", FILE)
    workbook = api("GET", f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}")
    assert workbook["ownerId"] == seed.DEMO_MEMBER_ID
    assert "description" not in workbook
    mine = api.whole_list(f"/v2/members/{seed.DEMO_MEMBER_ID}/files", permissionFilter="edit")
    assert seed.DEMO_WORKBOOK_ID in [row["id"] for row in mine]


def test_a_copy_in_my_documents_becomes_the_members(api, org):
    home_id = org.members[seed.VIEWER_ID].homeFolderId
    body = {"destinationFolderId": home_id, "name": "Yours"}
    copy = api("POST", f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}/copy", json=body)
    files = f"/v2/members/{seed.VIEWER_ID}/files"
    assert api.whole_list(files, name="Yours") == []
    api("PATCH", f"/v2/files/{copy['workbookId']}", json={"ownerId": seed.VIEWER_ID})
    (file,) = api.whole_list(files, name="Yours")
    assert (file["parentId"], file["path"], file["permission"]) == (home_id, "My Documents", "edit")


def test_renames_a_workbook(api):
    api("PATCH", FILE, json={"name": "Plan 50% (new)", "description": "For May"})
    workbook = api("GET", f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}")
    assert (workbook["name"], workbook["description"]) == ("Plan 50% (new)", "For May")


def test_moves_a_workbook(api, viewer, org):
    spaces = [row["id"] for row in viewer.whole_list("/v2/files", typeFilters="workspace")]
    closed = next(w for w in org.workspaces.values() if w.workspaceId not in spaces)
    home_id = org.members[seed.DEMO_MEMBER_ID].homeFolderId
    for destination, path, status in (
        (spaces[0], org.workspaces[spaces[0]].name, 200),
        (closed.workspaceUrlId, closed.name, 403),
        (home_id, "My Documents", 403),
    ):
        moved = api("PATCH", FILE, json={"parentId": destination})
        assert moved["path"] == path
        assert destination in (moved["parentId"], moved["parentUrlId"])
        viewer("GET", FILE, status)


def test_a_folder_moves_with_its_content(api, org):
    folder_id = make_uuid("folder", 3)
    inside = [w for w in org.workbooks.values() if w.parentId == folder_id]
    change = {"parentId": seed.DEMO_WORKSPACE_ID, "name": "Old"}
    api("PATCH", f"/v2/files/{folder_id}", json=change)
    space = org.workspaces[seed.DEMO_WORKSPACE_ID]
    assert inside and {w.path for w in inside} == {f"{space.name}/Old"}
    assert {w.workspaceId for w in inside} == {space.workspaceId}
    # It can't be moved into a folder that it contains
    api("PATCH", f"/v2/files/{ARCHIVE_ID}", json={"parentId": folder_id})
    api("PATCH", f"/v2/files/{folder_id}", 400, json={"parentId": ARCHIVE_ID})


def test_creates_folders(api, org):
    made = api("POST", "/v2/files", json={"type": "folder", "name": "New", "description": "D"})
    assert (made["type"], made["ownerId"]) == ("folder", seed.OWNER_ID)
    assert (made["path"], made["description"]) == ("My Documents", "D")
    assert made["parentId"] == org.members[seed.OWNER_ID].homeFolderId
    assert api("GET", f"/v2/files/{made['urlId']}") == made
    body = {"type": "folder", "name": "Inner", "parentId": make_uuid("folder", 0)}
    inner = api("POST", "/v2/files", json={**body, "ownerId": seed.VIEWER_ID})
    assert (inner["path"], inner["ownerId"]) == ("Finance/Archive", seed.VIEWER_ID)


def test_deleted_files_are_in_the_trash_until_they_are_restored(api):
    def lists():
        files = api.whole_list("/v2/files", limit=1000)
        workbooks = api.whole_list("/v2/workbooks", limit=1000)
        return [row["id"] for row in files] + [row["workbookId"] for row in workbooks]

    folder_id, before = make_uuid("folder", 3), lists()
    folder = api("GET", f"/v2/files/{folder_id}")
    inside = [r["id"] for r in api.whole_list("/v2/files", parentId=folder_id)]
    assert inside
    for key in (folder_id, seed.DEMO_WORKBOOK_ID):
        assert api("DELETE", f"/v2/files/{key}") == {}
        assert api("GET", f"/v2/files/{key}")["isArchived"] is True
    gone = {folder_id, seed.DEMO_WORKBOOK_ID, *inside}
    assert set(before) - set(lists()) == gone
    archived = api.whole_list("/v2/workbooks", isArchived=True)
    assert {row["workbookId"] for row in archived} == gone - {folder_id}
    for key in (folder_id, seed.DEMO_WORKBOOK_ID):
        restored = api("PATCH", f"/v2/files/{key}", json={"restore": True})
        assert restored["isArchived"] is False
    assert lists() == before
    for kind in ("reports", "dataModels"):
        row = api.whole_list(f"/v2/{kind}")[0]
        api("DELETE", f"/v2/files/{row[f'{kind[:-1]}Id']}")
        assert row not in api.whole_list(f"/v2/{kind}")
    assert api("GET", f"/v2/files/{folder_id}")["path"] == folder["path"]
