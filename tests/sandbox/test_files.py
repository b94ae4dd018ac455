"""Tests of sandbox/resources/files.py: workbooks and folders as files."""

import pytest

from sandbox import seed
from sandbox.organization import make_uuid

FILE = f"/v2/files/{seed.DEMO_WORKBOOK_ID}"
ARCHIVE_ID = make_uuid("folder", 0)


@pytest.fixture
def org(sandbox):
    """The state of the sandbox."""
    return sandbox.state.organization


# --- Lists ---


def test_lists_what_the_caller_can_open(api, viewer):
    for client, member_id in ((api, seed.OWNER_ID), (viewer, seed.VIEWER_ID)):
        for query in (
            {},
            {"typeFilters": "workspace"},
            {"typeFilters": "workbook", "name": "weekly"},
            {"permissionFilter": "explore"},
            {"parentId": seed.DEMO_WORKSPACE_ID},
        ):
            mine = client.whole_list("/v2/files", limit=1000, **query)
            assert mine == client.whole_list(f"/v2/members/{member_id}/files", limit=1000, **query)
    everything = api.whole_list("/v2/files")
    assert {row["type"] for row in everything} == {"folder", "workbook"}
    assert len(viewer.whole_list("/v2/files")) < len(everything) == 272
    assert len(api("GET", "/v2/files?typeFilters=workbook&limit=7")["entries"]) == 7
    assert "typeFilters" in api("GET", "/v2/files?typeFilters=spreadsheet", 400)["message"]


def test_the_parent_by_its_long_or_short_id(api, org):
    workspace = org.workspaces[seed.DEMO_WORKSPACE_ID]
    inside = api.whole_list("/v2/files", parentId=workspace.workspaceId)
    assert inside == api.whole_list("/v2/files", parentId=workspace.workspaceUrlId)
    assert {row["parentId"] for row in inside} == {workspace.workspaceId}


# --- One file ---


def test_a_file_by_its_long_or_short_id(api, org):
    workbook = org.workbooks[seed.DEMO_WORKBOOK_ID]
    file = api("GET", FILE)
    assert file == api("GET", f"/v2/files/{workbook.workbookUrlId}")
    assert file in api.whole_list("/v2/files", limit=1000)
    assert (file["type"], file["name"], file["permission"]) == ("workbook", workbook.name, "edit")
    folder = api("GET", f"/v2/files/{org.folders[ARCHIVE_ID].urlId}")
    assert (folder["id"], folder["type"]) == (ARCHIVE_ID, "folder")
    workspace = api("GET", f"/v2/files/{seed.DEMO_WORKSPACE_ID}")
    assert workspace in api.whole_list("/v2/files", typeFilters="workspace")
    home_id = org.members[seed.DEMO_MEMBER_ID].homeFolderId
    assert api("GET", f"/v2/files/{home_id}")["name"] == "My Documents"
    assert "x not found" in api("GET", "/v2/files/x", 404)["message"]


def test_who_can_open_a_file(api, viewer, org):
    private = next(w for w in org.workbooks.values() if w.workspaceId is None)
    assert api("GET", f"/v2/files/{private.id}")["permission"] == "edit"
    assert viewer("GET", f"/v2/files/{private.id}", 403)["code"] == "forbidden"
    assert viewer("GET", f"/v2/files/{seed.DEMO_WORKSPACE_ID}", 403)
    private.ownerId = seed.VIEWER_ID
    assert viewer("GET", f"/v2/files/{private.id}")["ownerId"] == seed.VIEWER_ID


# --- Changes ---


def test_hands_a_file_over(api, viewer):
    changed = api("PATCH", FILE, json={"ownerId": seed.DEMO_MEMBER_ID})
    assert changed["ownerId"] == seed.DEMO_MEMBER_ID
    assert changed["updatedBy"] == seed.OWNER_ID
    assert changed == api("GET", FILE)
    workbook = api("GET", f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}")
    assert workbook["ownerId"] == seed.DEMO_MEMBER_ID
    assert "description" not in workbook
    mine = api.whole_list(f"/v2/members/{seed.DEMO_MEMBER_ID}/files", permissionFilter="edit")
    assert [row["id"] for row in mine] == [seed.DEMO_WORKBOOK_ID]


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
    changed = api("PATCH", FILE, json={"name": "Plan 50% (new)", "description": "For May"})
    assert (changed["name"], changed["description"]) == ("Plan 50% (new)", "For May")
    workbook = api("GET", f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}")
    assert (workbook["name"], workbook["description"]) == ("Plan 50% (new)", "For May")
    assert workbook["url"].endswith(f"/workbook/Plan-50-new-{workbook['workbookUrlId']}")


def test_moves_a_workbook(api, viewer, org):
    spaces = [row["id"] for row in viewer.whole_list("/v2/files", typeFilters="workspace")]
    closed = next(w for w in org.workspaces.values() if w.workspaceId not in spaces)
    home_id = org.members[seed.DEMO_MEMBER_ID].homeFolderId
    for destination, path, status in (
        (spaces[0], org.workspaces[spaces[0]].name, 200),
        (closed.workspaceUrlId, closed.name, 403),
        (ARCHIVE_ID, "Finance/Archive", 200 if org.folders[ARCHIVE_ID].parentId in spaces else 403),
        (home_id, "My Documents", 403),
    ):
        moved = api("PATCH", FILE, json={"parentId": destination})
        assert moved["path"] == path
        assert destination in (moved["parentId"], moved["parentUrlId"])
        assert moved["ownerId"] == seed.OWNER_ID
        viewer("GET", FILE, status)


def test_a_folder_takes_along_what_lies_in_it(api, org):
    folder_id = make_uuid("folder", 3)
    inside = [w for w in org.workbooks.values() if w.parentId == folder_id]
    assert len(inside) > 1
    change = {"parentId": seed.DEMO_WORKSPACE_ID, "name": "Old"}
    moved = api("PATCH", f"/v2/files/{folder_id}", json=change)
    space = org.workspaces[seed.DEMO_WORKSPACE_ID]
    assert (moved["parentId"], moved["path"]) == (space.workspaceId, space.name)
    assert {w.path for w in inside} == {f"{space.name}/Old"}
    assert {w.workspaceId for w in inside} == {space.workspaceId}
    # Nor can it be put into a folder that lies in it
    api("PATCH", f"/v2/files/{ARCHIVE_ID}", json={"parentId": folder_id})
    refused = api("PATCH", f"/v2/files/{folder_id}", 400, json={"parentId": ARCHIVE_ID})
    assert "lies in" in refused["message"]


@pytest.mark.parametrize(
    ("file_id", "change", "status", "words"),
    [
        (seed.DEMO_WORKBOOK_ID, {"ownerId": "x"}, 404, "Member x not found"),
        (seed.DEMO_WORKBOOK_ID, {"ownerId": 1}, 400, "ownerId: Input should be a valid string"),
        (seed.DEMO_WORKBOOK_ID, {"parentId": "x"}, 404, "File or folder x not found"),
        (seed.DEMO_WORKBOOK_ID, {"parentId": seed.PAUSED_WORKBOOK_ID}, 400, "is a workbook"),
        (ARCHIVE_ID, {"parentId": ARCHIVE_ID}, 400, "lies in"),
        (seed.DEMO_WORKSPACE_ID, {}, 400, "cannot be changed"),
        ("x", {}, 404, "File or folder x not found"),
    ],
)
def test_refuses_changes_and_changes_nothing(file_id, change, status, words, api, org):
    before = [document.model_dump() for document in org.documents()]
    body = {"name": "Other", **change}
    assert words in api("PATCH", f"/v2/files/{file_id}", status, json=body)["message"]
    assert [document.model_dump() for document in org.documents()] == before


def test_refuses_an_owner_who_left(api, org):
    gone = next(member for member in org.members.values() if member.isArchived)
    refused = api("PATCH", FILE, 400, json={"ownerId": gone.memberId})
    assert refused["message"] == f"ownerId: member {gone.memberId} is deactivated"
    assert org.workbooks[seed.DEMO_WORKBOOK_ID].ownerId == seed.OWNER_ID


def test_files_are_neither_created_nor_deleted(api):
    assert "does not support POST /v2/files" in api("POST", "/v2/files", 501, json={})["message"]
    assert "does not support DELETE" in api("DELETE", FILE, 501)["message"]
