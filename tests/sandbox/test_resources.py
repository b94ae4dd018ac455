"""Tests of sandbox/resources: what Sigma refuses, the sandbox refuses in the same form."""

import time

import pytest
import requests

from sandbox import seed
from tests.conftest import fresh
from tests.sandbox_client import Client

ME = f"/v2/members/{seed.DEMO_MEMBER_ID}"
WORKSPACE = f"/v2/workspaces/{seed.DEMO_WORKSPACE_ID}"
WORKBOOK = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}"


# --- Tokens ---


def test_a_token_by_form_or_basic(api):
    answer = api.token(client_id=seed.CLIENT_ID, client_secret=seed.SECRET)
    assert answer.json().keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("bearer", 3599)
    url, form = f"{api.address}/v2/auth/token", {"grant_type": "client_credentials"}
    basic = requests.post(url, data=form, auth=(seed.CLIENT_ID, seed.SECRET), timeout=5)
    assert basic.status_code == 200


def test_a_refresh_token_works_once(api):
    first = api.token(client_id=seed.CLIENT_ID, client_secret=seed.SECRET).json()
    second = api.token("refresh_token", refresh_token=first["refresh_token"])
    assert second.json()["refresh_token"] != first["refresh_token"]
    assert api.token("refresh_token", refresh_token=first["refresh_token"]).status_code == 401


def test_wrong_credentials(api):
    for form in ({}, {"client_id": seed.CLIENT_ID, "client_secret": "wrong"}):
        answer = api.token(**form)
        assert answer.status_code == 401
        assert answer.json()["message"] == (
            "We cannot verify your identity. Please try again later."
        )
    assert api.token("password").status_code == 400


def test_what_401_says(api, sandbox):
    for header in ("", "Bearer ", "Bearer wrong", "Basic YTpi"):
        api.session.headers["Authorization"] = header
        refusal = api("GET", "/v2/whoami", 401)
        assert (refusal["message"], refusal["code"]) == (
            "Token missing or malformed",
            "unauthorized",
        )


def test_tokens_expire(sandbox):
    sandbox.state.organization.options.token_seconds = 1
    api = Client(sandbox.address)
    api("GET", "/v2/whoami")
    (token,) = sandbox.state.organization.tokens.values()
    token.good_until = time.monotonic()
    assert api("GET", "/v2/whoami", 401)["message"] == "jwt expired"


# --- Addresses ---


def test_unknown_and_unsupported_operations(api):
    assert "/v2/no/such/path" in api("GET", "/v2/no/such/path", 404)["message"]
    assert api("PUT", ME, 405)["code"] == "method_not_allowed"
    assert "does not support POST /v2/teams" in api("POST", "/v2/teams", 501)["message"]
    assert "does not support" in api("GET", "/v2/connections/paths", 501)["message"]
    assert api("GET", "/v2/members/", 404)


# --- Lists ---


@pytest.mark.parametrize(
    ("path", "total", "key"),
    [
        ("/v2/members", 120, "memberId"),
        ("/v2/teams", 8, "teamId"),
        ("/v2/workspaces", 12, "workspaceId"),
        ("/v2/connections", 3, "connectionId"),
        ("/v2/workbooks", 260, "workbookId"),
    ],
)
def test_lists_come_in_pages(path, total, key, api):
    assert len(api("GET", path)["entries"]) == min(total, 50)
    for limit in (1, 7, 1000, 5000):
        if limit > 1 or total < 50:
            ids = [row[key] for row in api.whole_list(path, limit=limit)]
            assert len(ids) == len(set(ids)) == total
    first = api("GET", path, params={"limit": 2})
    assert isinstance(first["nextPage"], str)
    assert len(api("GET", path, params={"limit": 2, "page": first["nextPage"]})["entries"]) in (
        1,
        2,
    )


@pytest.mark.parametrize(
    "query", ["limit=undefined", "limit=0", "limit=-1", "page=50", "page=", "page=ä"]
)
def test_refuses_pages_that_nobody_handed_out(query, api):
    name = query.split("=")[0]
    assert api("GET", f"/v2/members?{query}", 400)["message"].find(name) >= 0


def test_a_page_of_one_list_is_none_of_another(api):
    page = api("GET", "/v2/members?limit=1")["nextPage"]
    assert "is not a page of this list" in api("GET", f"/v2/teams?page={page}", 400)["message"]


def test_the_form_before_june_2026(api, running_sandbox):
    running_sandbox.state.organization.options.bare_lists = True
    for path in ("/v2/members", "/v2/teams", "/v2/workspaces"):
        assert isinstance(api("GET", f"{path}?limit=1"), list)
    assert "entries" in api("GET", "/v2/workbooks")


@pytest.mark.parametrize(
    ("path", "total", "query"),
    [
        ("members", 120, {"email": "ADA@example.com"}),
        ("teams", 8, {"name": "finance"}),
        ("workspaces", 12, {"exactName": "finance"}),
    ],
)
@pytest.mark.parametrize("bare_lists", [False, True])
def test_lists_that_always_come_in_pages(bare_lists, path, total, query, running_sandbox):
    api = Client(fresh(running_sandbox, bare_lists=bare_lists).address)
    first = api("GET", f"/v2.1/{path}?limit=5")
    assert (len(first["entries"]), first["total"]) == (5, total)
    assert len(api.whole_list(f"/v2.1/{path}", limit=5)) == total
    assert len(api.whole_list(f"/v2.1/{path}", **query)) == 1
    # The cursor of a list's older address is none of the newer one
    assert api("GET", f"/v2/{path}?page={first['nextPage']}", 400)


def test_account_types_page_in_the_other_way(api):
    first = api("GET", "/v2/accountTypes?pageSize=8")
    assert len(first["entries"]) == 8
    last = api("GET", f"/v2/accountTypes?pageSize=8&pageToken={first['nextPageToken']}")
    assert [row["accountTypeName"] for row in last["entries"]] == ["Finance Auditor"]
    assert "nextPageToken" not in last
    assert "not a page" in api("GET", "/v2/accountTypes?pageToken=x", 400)["message"]


# --- Members ---


def test_filters_members(api):
    assert len(api.whole_list("/v2/members", includeArchived="true")) == 125
    (found,) = api.whole_list("/v2/members", email="SALES_rep@example.com")
    assert found["memberId"] == seed.DEMO_MEMBER_ID
    assert api.whole_list("/v2/members", email="sales_rep") == []
    assert len(api.whole_list("/v2/members", search="sales_r")) == 1
    assert "not together" in api("GET", "/v2/members?search=a&email=b", 400)["message"]


def new_member(**changes):
    return {"email": "n@example.com", "firstName": "N", "lastName": "M", **changes}


def test_creates_members(api):
    made = api("POST", "/v2/members", json=new_member(memberType="bUiLd"))
    assert made["memberType"] == "Build"
    assert api("GET", f"/v2/members/{made['memberId']}") == made
    taken = api("POST", "/v2/members", 409, json=new_member(email="N@example.com"))
    assert f"member-id={made['memberId']}" in taken["message"]


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"memberType": "Emperor"}, 404, "Member type name is not found"),
        ({"firstName": None}, 400, "firstName: Input should be a valid string"),
        ({"email": 1}, 400, "email: Input should be a valid string"),
        ({"email": "nobody"}, 400, "email: 'nobody' is no email address"),
        ({"userKind": "boss"}, 400, "userKind: Input should be 'internal', 'guest' or 'embed'"),
        ({"isGuest": "true"}, 400, "isGuest: Input should be a valid boolean"),
        ({"addToTeams": [{}]}, 400, "addToTeams.0.teamId: Field required"),
        ({"addToTeams": [{"teamId": "x"}]}, 404, "Team x not found"),
    ],
)
def test_refuses_members(changes, status, words, api, sandbox):
    assert words in api("POST", "/v2/members", status, json=new_member(**changes))["message"]
    assert sandbox.state.organization.find_email("n@example.com") is None


def test_refuses_a_body_that_is_none(api):
    for body in ("", "{", "[]", "null", '"text"'):
        headers = {"Content-Type": "application/json"}
        assert api("POST", "/v2/members", 400, data=body, headers=headers)["code"]


def test_updates_members(api):
    assert api("PATCH", ME, json={"firstName": "Other"})["lastName"] == "Rep"
    assert "Duplicate record" in api("PATCH", ME, 409, json={"email": "ADA@example.com"})["message"]
    assert api("PATCH", ME, json={"email": "SALES_REP@example.com"})["email"].startswith("SALES")
    assert api("PATCH", ME, 404, json={"memberType": "Emperor"})
    assert api("PATCH", "/v2/members/x", 404, json={})


def test_deactivates_members_and_moves_their_documents(api, sandbox):
    workbooks = sandbox.state.organization.workbooks.values()
    owner = next(w.ownerId for w in workbooks if w.ownerId not in (seed.OWNER_ID, seed.VIEWER_ID))
    mine = [w for w in workbooks if w.ownerId == owner]
    assert mine
    change = {"isArchived": True, "newOwnerId": seed.VIEWER_ID}
    assert api("PATCH", f"/v2/members/{owner}", json=change)["isArchived"] is True
    assert {w.ownerId for w in mine} == {seed.VIEWER_ID}
    assert owner not in [row["memberId"] for row in api.whole_list("/v2/members")]
    assert api("DELETE", f"/v2/members/{seed.VIEWER_ID}") == {}
    assert {w.ownerId for w in mine} == {seed.OWNER_ID}
    assert api("PATCH", f"/v2/members/{owner}", json={"isArchived": False})["isArchived"] is False
    for nobody_else in (seed.OWNER_ID, "SigmaSchedulerRobot"):
        assert api("DELETE", f"/v2/members/{nobody_else}", 400)


def test_files_of_a_member(api):
    files = api.whole_list(f"{ME}/files", limit=100)
    assert {row["type"] for row in files} == {"folder", "workbook"}
    workbooks = api.whole_list(f"{ME}/files", typeFilters="workbook", limit=1000)
    assert {row["type"] for row in workbooks} == {"workbook"}
    both = api("GET", f"{ME}/files?typeFilters=workbook&typeFilters=folder&limit=1000")
    assert len(both["entries"]) == len(files) > len(workbooks) > 50
    spaces = api.whole_list(f"{ME}/files", typeFilters="workspace")
    assert {row["type"] for row in spaces} == {"workspace"}
    assert api("GET", f"{ME}/files?typeFilters=spreadsheet", 400)
    recents = api.whole_list(f"{ME}/files/recents")
    assert len([row for row in recents if "lastInteractionAt" not in row]) == 1


# --- Teams ---


def test_changes_teams_wholly_or_not_at_all(api, sandbox):
    path = f"/v2/teams/{seed.DEMO_TEAM_ID}"
    api("PATCH", f"{path}/members", json={"add": [seed.DEMO_MEMBER_ID, seed.VIEWER_ID]})
    gone = next(m for m in sandbox.state.organization.members.values() if m.isArchived)
    for add, status in (("nobody", 404), (gone.memberId, 400)):
        change = {"add": [seed.OWNER_ID, add], "remove": [seed.VIEWER_ID]}
        api("PATCH", f"{path}/members", status, json=change)
    assert api("GET", path)["members"] == [seed.DEMO_MEMBER_ID, seed.VIEWER_ID]
    api("PATCH", f"{path}/members", json={"remove": [seed.VIEWER_ID]})
    members = api.whole_list(f"{path}/members")
    assert [row["userId"] for row in members] == [seed.DEMO_MEMBER_ID]
    assert [row["teamId"] for row in api.whole_list(f"{ME}/teams")].count(seed.DEMO_TEAM_ID) == 1


# --- Workspaces and connections ---


def test_workspaces_of_one_name(api):
    known = api("POST", "/v2/workspaces", json={"name": "shared reports", "noDuplicates": True})
    assert len(known["workspaceIds"]) == len(known["workspaceUrlIds"]) == 2
    made = api("POST", "/v2/workspaces", json={"name": "Shared Reports"})
    assert made["workspaceId"] not in known["workspaceIds"]
    assert len(api.whole_list("/v2/workspaces", exactName="SHARED reports", name="x")) == 3
    assert len(api.whole_list("/v2/workspaces", name="port")) == 4
    short = api("GET", f"/v2/workspaces/{made['workspaceUrlId']}")
    assert short == made


@pytest.mark.parametrize(
    ("path", "good", "bad"),
    [
        (f"{WORKSPACE}/grants", "organize", "usage"),
        (f"/v2/connections/{seed.DEMO_CONNECTION_ID}/grants", "annotate", "view"),
    ],
)
def test_grants(path, good, bad, api):
    before = len(api.whole_list(path))
    for grantee in ({"memberId": seed.DEMO_MEMBER_ID}, {"teamId": seed.DEMO_TEAM_ID}):
        body = {"grants": [{"grantee": grantee, "permission": good}]}
        assert api("POST", path, json=body) == {}
        assert api("POST", path, json=body) == {}
    assert len(api.whole_list(path)) == before + 2
    both = {"memberId": seed.DEMO_MEMBER_ID, "teamId": seed.DEMO_TEAM_ID}
    for grantee, permission, words in (
        ({"memberId": seed.DEMO_MEMBER_ID}, bad, "grants.0.permission: Input should be '"),
        (both, good, "exactly one of memberId and teamId"),
        ({}, good, "exactly one of memberId and teamId"),
    ):
        body = {"grants": [{"grantee": grantee, "permission": permission}]}
        assert words in api("POST", path, 400, json=body)["message"]
    nobody = {"grants": [{"grantee": {"memberId": "x"}, "permission": good}]}
    assert api("POST", path, 404, json=nobody)


# --- Rights ---


def test_a_viewer_may_not_administrate(viewer, sandbox):
    for method, path, body in (
        ("POST", "/v2/members", new_member()),
        ("PATCH", ME, {"firstName": "X"}),
        ("DELETE", ME, None),
        ("PATCH", f"/v2/teams/{seed.DEMO_TEAM_ID}/members", {"add": []}),
        ("POST", "/v2/workspaces", {"name": "X"}),
        ("POST", f"{WORKSPACE}/grants", {"grants": []}),
        ("GET", "/v2/workbooks?skipPermissionCheck=true", None),
        ("POST", f"{WORKBOOK}/copy", {"destinationFolderId": "x", "name": "X"}),
        ("POST", f"{WORKBOOK}/embeds", {"embedType": "public", "sourceType": "workbook"}),
        ("POST", f"{WORKBOOK}/grants", {"grants": []}),
        ("POST", f"{WORKBOOK}/materializations", {"sheetId": seed.DEMO_SHEET_ID}),
        ("PATCH", f"/v2/files/{seed.DEMO_WORKBOOK_ID}", {"ownerId": seed.VIEWER_ID}),
    ):
        assert viewer(method, path, 403, json=body)["code"] == "forbidden"
    assert viewer("GET", "/v2/whoami")["userId"] == seed.VIEWER_ID
    assert sandbox.state.organization.members[seed.DEMO_MEMBER_ID].firstName == "Sales"


def test_workbooks_that_only_their_owners_can_open(api, viewer):
    assert len(api.whole_list("/v2/workbooks", limit=1000)) == 260
    everything = api.whole_list("/v2/workbooks", limit=1000, skipPermissionCheck="true")
    assert len(everything) == 264
    assert everything[0]["name"] == "Plugs Sales Performance"
    assert 0 < len(viewer.whole_list("/v2/workbooks", limit=1000)) < 260


# --- Seed ---


def test_the_seed_is_the_same_on_every_start(running_sandbox):
    def everything():
        organization = fresh(running_sandbox).state.organization
        return [
            [thing.model_dump() for thing in things.values()]
            for things in (
                organization.members,
                organization.teams,
                organization.workspaces,
                organization.connections,
                organization.folders,
                organization.workbooks,
            )
        ] + [
            [schedule.model_dump() for schedule in schedules]
            for schedules in organization.schedules.values()
        ]

    assert everything() == everything()
    emails = [row["email"] for row in everything()[0]]
    assert len(emails) == len({email.lower() for email in emails})
    assert all(email.isascii() and email.endswith("@example.com") for email in emails)


def test_the_size_of_the_organization(running_sandbox):
    api = Client(fresh(running_sandbox, members=1000, workbooks=2500).address)
    assert len(api.whole_list("/v2/members", limit=1000)) == 1000
    assert len(api.whole_list("/v2/workbooks", limit=1000)) == 2500


def test_half_a_character_is_refused_and_the_log_stays_readable(api, sandbox):
    headers = {"Content-Type": "application/json"}
    half, nan = b'{"firstName": "\\ud800"}', b'{"lastName": "R", "limit": NaN}'
    api("PATCH", ME, status=400, data=half, headers=headers)
    api("PATCH", ME, data=nan, headers=headers)
    log = requests.get(f"{sandbox.address}/sandbox/requests", timeout=5).json()
    assert [entry["body"] for entry in log[-2:]] == [f"{len(half)} bytes", f"{len(nan)} bytes"]
