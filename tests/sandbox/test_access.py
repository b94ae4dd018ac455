"""Who can reach what: reports, data models and grants."""

import pytest

from sandbox import seed
from sandbox.organization import ALL_MEMBERS_TEAM_ID, Options, long_id, make_uuid

DEMO = seed.DEMO_MEMBER_ID
MODEL_ID, REPORT_ID = make_uuid("data model", 0), make_uuid("report", 0)
SHARED_ID = make_uuid("workbook", 19)  # in a folder, in a workspace; both have grants


@pytest.fixture
def org(sandbox):
    """The state of the sandbox."""
    return sandbox.state.organization


# --- Reports ---


def test_reports_by_their_long_or_short_id(api):
    reports = api.whole_list("/v2/reports", limit=2)
    assert len({report["reportId"] for report in reports}) == 5
    assert len({report["path"] for report in reports}) == 5
    for report in reports:
        for key in ("reportId", "reportUrlId"):
            assert api("GET", f"/v2/reports/{report[key]}") == report


def test_a_report_is_listed_for_those_who_can_open_it(api, viewer, org):
    everything = api.whole_list("/v2/reports", skipPermissionCheck="true")
    mine = viewer.whole_list("/v2/reports")
    assert 0 < len(mine) < len(everything) == 5
    closed = next(report for report in everything if report not in mine)
    viewer("GET", f"/v2/reports/{closed['reportId']}", 403)
    org.report(closed["reportId"]).ownerId = seed.VIEWER_ID
    assert viewer("GET", f"/v2/reports/{closed['reportId']}")["ownerId"] == seed.VIEWER_ID
    assert len(viewer.whole_list("/v2/reports")) == len(mine) + 1


def test_archived_reports_are_a_list_of_their_own(api, org):
    first, *others = api.whole_list("/v2/reports")
    org.report(first["reportId"]).isArchived = True
    assert api.whole_list("/v2/reports") == others
    assert api.whole_list("/v2/reports", isArchived="true") == [{**first, "isArchived": True}]


def test_a_report_belongs_to_a_deactivated_member(api):
    owners = [report["ownerId"] for report in api.whole_list("/v2/reports")]
    assert any(api("GET", f"/v2/members/{owner}").get("isArchived") for owner in owners)


# --- Data models and reports as documents ---


@pytest.mark.parametrize(
    ("key", "kind", "path"),
    [(MODEL_ID, "data-model", "/v2/dataModels"), (REPORT_ID, "report", "/v2/reports")],
)
def test_a_data_model_or_report_is_a_file(key, kind, path, api, viewer):
    file = api("GET", f"/v2/files/{key}")
    assert (file["type"], file["permission"]) == (kind, "edit")
    assert file == api("GET", f"/v2/files/{file['urlId']}")
    files = f"/v2/members/{DEMO}/files"
    shared = api.whole_list(files, typeFilters=kind, parentId=file["parentId"])
    assert [row["id"] for row in shared] == [key]
    # It can be moved, and go to another owner, who can then open it
    viewer("GET", f"{path}/{key}", 403)
    change = {"parentId": seed.DEMO_WORKSPACE_ID, "ownerId": seed.VIEWER_ID, "name": "Plan"}
    api("PATCH", f"/v2/files/{key}", json={**change, "description": "For May"})
    moved = viewer("GET", f"{path}/{key}")
    assert (moved["name"], moved["path"]) == ("Plan", "Sandbox")
    assert moved["ownerId"] == seed.VIEWER_ID
    assert moved in viewer.whole_list(path)
    assert key not in [row["id"] for row in api.whole_list(files)]
    # After a deactivation it belongs to the new owner
    leave = {"isArchived": True, "newOwnerId": DEMO}
    api("PATCH", f"/v2/members/{seed.VIEWER_ID}", json=leave)
    assert api("GET", f"{path}/{key}")["ownerId"] == DEMO


def test_data_models_are_listed_for_those_who_can_open_them(api, viewer):
    everything = api.whole_list("/v2/dataModels", skipPermissionCheck="true")
    mine = viewer.whole_list("/v2/dataModels")
    assert 0 < len(mine) < len(everything)
    assert all(model in everything for model in mine)


def test_files_other_than_folders_are_no_destination(api):
    for key in (MODEL_ID, REPORT_ID):
        path = f"/v2/files/{seed.DEMO_WORKBOOK_ID}"
        assert key in api("PATCH", path, 400, json={"parentId": key})["message"]


# --- What grants open ---


def permission(api, key, member_id=DEMO):
    files = api.whole_list(f"/v2/members/{member_id}/files", limit=1000)
    return {file["id"]: file["permission"] for file in files}.get(key)


def test_a_grant_on_a_folder_holds_for_what_is_inside(api, org):
    folder = org.folders[org.workbooks[SHARED_ID].parentId]
    assert permission(api, SHARED_ID) == "explore"
    org.grants[folder.id].clear()
    assert permission(api, SHARED_ID) == "view"  # that of the workspace
    # Also in a folder in a folder
    outer = make_uuid("folder", 9)
    assert permission(api, outer) is None
    api("PATCH", f"/v2/files/{folder.id}", json={"parentId": outer})
    org.grant(outer, DEMO, None, "organize", seed.stamps(seed.OWNER_ID, ""))
    assert {permission(api, key) for key in (outer, folder.id, SHARED_ID)} == {"organize"}


def test_a_grant_to_all_members_holds_for_active_ones_but_not_for_guests(api, org):
    key = next(key for key, on in org.grants.items() if ALL_MEMBERS_TEAM_ID in teams(on))
    org.grants[org.workbooks[key].workspaceId].clear()
    member = org.members[DEMO]
    assert permission(api, key) == "explore"
    member.userKind = "guest"
    assert permission(api, key) is None
    member.userKind, member.isArchived = "internal", True
    assert permission(api, key) is None


def teams(grants):
    return [grant.teamId for grant in grants]


# --- Grants ---


def grants(api, **query):
    return api.whole_list("/v2/grants", limit=2, **query)


def test_grants_on_a_document_include_what_it_inherits(api, org):
    workbook = org.workbooks[SHARED_ID]
    org.grant(SHARED_ID, None, seed.DEMO_TEAM_ID, "view", seed.stamps(seed.OWNER_ID, ""))
    rows = grants(api, inodeId=SHARED_ID)
    assert rows == grants(api, inodeId=workbook.workbookUrlId)
    on = [long_id(row["inodeId"]) for row in rows]
    assert list(dict.fromkeys(on)) == [SHARED_ID, workbook.parentId, workbook.workspaceId]
    assert [row["inodeType"] for row in rows] == ["workbook"] + ["folder"] * (len(rows) - 1)
    for key in dict.fromkeys(on):
        direct = grants(api, inodeId=key, directGrantsOnly="true")
        assert direct == [row for row in rows if long_id(row["inodeId"]) == key]
        for row, grant in zip(direct, org.grants[key], strict=True):
            assert (row["memberId"], row["teamId"]) == (grant.memberId, grant.teamId)
            assert (row["grantId"], row["permission"]) == (grant.grantId, grant.permission)


def test_grants_on_every_kind_of_document(api, org):
    folder_id = make_uuid("folder", 7)
    kinds = [(MODEL_ID, "workbook"), (REPORT_ID, "report"), (folder_id, "folder")]
    for key, kind in (*kinds, (seed.DEMO_WORKSPACE_ID, "folder")):
        rows = grants(api, inodeId=key, directGrantsOnly="true")
        assert rows and {row["inodeType"] for row in rows} == {kind}
    assert rows == grants(api, inodeId=seed.DEMO_WORKSPACE_ID)  # it inherits none


def test_grants_of_a_member_or_team_are_those_with_their_id(api, org):
    team_id = next(team.teamId for team in org.teams_of(DEMO))
    for query, field, key in (
        ({"userId": DEMO}, "memberId", DEMO),
        ({"teamId": team_id}, "teamId", team_id),
        ({"teamId": ALL_MEMBERS_TEAM_ID}, "teamId", ALL_MEMBERS_TEAM_ID),
    ):
        expected = {
            grant.grantId
            for on, held in org.grants.items()
            for grant in held
            if key in (grant.memberId, grant.teamId) and on not in org.connections
        }
        rows = grants(api, **query)
        assert expected and {row["grantId"] for row in rows} == expected
        assert {row[field] for row in rows} == {key}


def test_grants_need_exactly_one_filter_that_exists(api):
    for query in ("", f"?userId={DEMO}&teamId={seed.DEMO_TEAM_ID}", "?directGrantsOnly=true"):
        assert "exactly one" in api("GET", f"/v2/grants{query}", 400)["message"]
    for query in ("userId=nobody", f"teamId={MODEL_ID}", f"inodeId={seed.TENANT_ID}"):
        api("GET", f"/v2/grants?{query}", 404)
    api("GET", "/v2/grants?inodeId=x", 400)


def test_there_is_no_list_of_the_grants_under_a_workbook(api):
    api("GET", f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}/grants", 405)


def test_a_grant_can_only_be_raised(api):
    def post(what, **grantee):
        body = {"inodeId": REPORT_ID, "permission": what, "grantee": grantee}
        return api("POST", "/v2/grants", json=body)

    for grantee in ({"memberId": DEMO}, {"teamId": ALL_MEMBERS_TEAM_ID}):
        before = grants(api, inodeId=REPORT_ID, directGrantsOnly="true")
        first = post("view", **grantee)
        for what, expected in (("edit", "edit"), ("view", "edit")):
            row = post(what, **grantee)
            assert (row["grantId"], row["permission"]) == (first["grantId"], expected)
        assert grants(api, inodeId=REPORT_ID, directGrantsOnly="true") == [*before, row]
    # To lower it, delete it first
    assert api("DELETE", f"/v2/grants/{row['grantId']}") == row
    api("DELETE", f"/v2/grants/{row['grantId']}", 404)
    assert grants(api, inodeId=REPORT_ID, directGrantsOnly="true") == before
    assert post("view", **grantee)["permission"] == "view"


def test_a_grant_on_every_kind_of_inode(api):
    for key in (seed.DEMO_WORKBOOK_ID, MODEL_ID, make_uuid("folder", 9), seed.DEMO_WORKSPACE_ID):
        body = {"inodeId": key, "permission": "edit", "grantee": {"memberId": seed.VIEWER_ID}}
        row = api("POST", "/v2/grants", json=body)
        assert long_id(row["inodeId"]) == key
        assert row in grants(api, inodeId=key, directGrantsOnly="true")
        assert permission(api, key, seed.VIEWER_ID) == "edit" or key == seed.DEMO_WORKSPACE_ID


def test_a_grant_on_a_connection_is_deleted_there(api, org):
    key = make_uuid("connection", 0)
    first, *others = [grant.grantId for grant in org.grants[key]]
    path = f"/v2/connections/{key}/grants/{first}"
    assert api("DELETE", path) == {}
    assert [grant.grantId for grant in org.grants[key]] == others
    api("DELETE", path, 404)


# --- The seed ---


def test_the_demo_member_has_documents_for_every_reason(api, org):
    (team_id,) = [team.teamId for team in org.teams_of(DEMO)]
    grantees = {DEMO, team_id, ALL_MEMBERS_TEAM_ID}
    reasons = set()
    for file in api.whole_list(f"/v2/members/{DEMO}/files", limit=1000):
        if file["ownerId"] == DEMO:
            reasons.add("owner")
        for on in org.with_parents(org.document(file["id"])):
            for grant in org.grants.get(on, []):
                grantee = grant.memberId or grant.teamId
                if grantee in grantees and grant.permission == file["permission"]:
                    reasons.add((grantee, org.document(on).type))
    single = {(grantee, "workbook") for grantee in grantees}
    assert {"owner", *single, (DEMO, "folder"), (DEMO, "workspace")} <= reasons


def test_deactivated_members_still_hold_grants(api, org):
    workbooks = [row["workbookId"] for row in api.whole_list("/v2/workbooks", limit=1000)]
    on = set()
    for key in seed.GONE_IDS:
        for row in grants(api, userId=key):
            document = org.document(row["inodeId"])
            on.add(document.type)
            assert document.type != "workbook" or workbooks.index(document.id) >= 50
    assert on == {"workbook", "workspace"}
    connections = [c["connectionId"] for c in api.whole_list("/v2/connections")]
    rows = [row for c in connections for row in api.whole_list(f"/v2/connections/{c}/grants")]
    assert {row["memberId"] for row in rows} & set(seed.GONE_IDS)


def test_all_members_is_in_grants_but_in_no_list_of_teams(api):
    assert ALL_MEMBERS_TEAM_ID not in [row["teamId"] for row in api.whole_list("/v2/teams")]
    api("GET", f"/v2/teams/{ALL_MEMBERS_TEAM_ID}", 404)
    workbooks = [row["workbookId"] for row in api.whole_list("/v2/workbooks", limit=1000)]
    (row,) = grants(api, teamId=ALL_MEMBERS_TEAM_ID)
    assert workbooks.index(long_id(row["inodeId"])) >= 50


@pytest.mark.parametrize("size", [0, 12, 63, 70])
def test_no_grant_is_on_something_that_does_not_exist(size):
    org = seed.seed(Options(members=10, workbooks=size))
    for key in org.grants:
        assert key in org.connections or org.document(key).id == key
