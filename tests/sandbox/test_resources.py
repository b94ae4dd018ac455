"""Tokens, lists, members, teams, workspaces, grants, user attributes, rights, and the seed."""

import time

import pytest
import requests

from sandbox import seed
from tests.conftest import fresh
from tests.sandbox_client import Client

ME = f"/v2/members/{seed.DEMO_MEMBER_ID}"
WORKSPACE = f"/v2/workspaces/{seed.DEMO_WORKSPACE_ID}"
WORKBOOK = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}"
ATTRIBUTES = "/v2/user-attributes"
USERS = f"{ATTRIBUTES}/{seed.DEMO_USER_ATTRIBUTE_ID}/users"


# --- Tokens ---


def test_a_token_by_form_or_basic(api):
    answer = api.token(client_id=seed.CLIENT_ID, client_secret=seed.SECRET).json()
    assert answer.keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 3599)
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
        # Sigma's own words
        assert answer.json()["message"] == "We cannot verify your identity. Please try again later."
    assert api.token("password").status_code == 400
    assert api.token("").status_code == 400


def test_tokens_that_are_wrong_or_expired(api, sandbox):
    for header in ("", "Bearer ", "Bearer wrong", "Basic YTpi"):
        client = Client(sandbox.address)
        client.session.headers["Authorization"] = header
        refusal = client("GET", "/v2/whoami", 401)
        assert (refusal["message"], refusal["code"]) == (
            "Token missing or malformed",
            "unauthorized",
        )
    for token in sandbox.state.organization.tokens.values():
        token.good_until = time.monotonic()
    assert api("GET", "/v2/whoami", 401)["message"] == "jwt expired"


# --- Paths ---


def test_unknown_and_unsupported_operations(api):
    assert "/v2/no/such/path" in api("GET", "/v2/no/such/path", 404)["message"]
    assert api("PUT", ME, 405)["code"] == "method_not_allowed"
    for method, path in (
        ("POST", "/v2/teams"),
        ("GET", "/v2/connections/paths"),
        ("POST", "/v2/files"),
        ("POST", ATTRIBUTES),
    ):
        refused = api(method, path, 501)["message"]
        assert f"does not support {method} {path}" in refused
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
    for limit in (2, 1000, 5000):
        ids = [row[key] for row in api.whole_list(path, limit=limit)]
        assert len(ids) == len(set(ids)) == total


@pytest.mark.parametrize(
    "query", ["limit=undefined", "limit=0", "limit=-1", "page=50", "page=", "page=ä"]
)
def test_refuses_made_up_pages(query, api):
    assert query.split("=")[0] in api("GET", f"/v2/members?{query}", 400)["message"]


def test_a_page_of_one_list_is_none_of_another(api):
    page = api("GET", "/v2/members?limit=1")["nextPage"]
    for path in ("/v2/teams", "/v2.1/members"):
        assert api("GET", f"{path}?page={page}", 400)


@pytest.mark.parametrize(
    ("path", "total", "query"),
    [
        ("members", 120, {"email": "ADA@example.com"}),
        ("teams", 8, {"name": "finance"}),
        ("workspaces", 12, {"exactName": "finance"}),
    ],
)
def test_the_older_and_the_newer_form_of_lists(path, total, query, running_sandbox):
    for bare_lists in (False, True):
        api = Client(fresh(running_sandbox, bare_lists=bare_lists).address)
        older, newer = api("GET", f"/v2/{path}?limit=5"), api("GET", f"/v2.1/{path}?limit=5")
        assert isinstance(older, list) is bare_lists
        assert len(older) == total if bare_lists else older["entries"] == newer["entries"]
        assert (len(newer["entries"]), newer["total"]) == (5, total)
        assert len(api.whole_list(f"/v2.1/{path}", limit=5)) == total
        assert len(api.whole_list(f"/v2.1/{path}", **query)) == 1


def test_account_types_have_the_other_form_of_pages(api):
    first = api("GET", "/v2/accountTypes?pageSize=8")
    assert len(first["entries"]) == 8
    last = api("GET", f"/v2/accountTypes?pageSize=8&pageToken={first['nextPageToken']}")
    assert [row["accountTypeName"] for row in last["entries"]] == ["Finance Auditor"]
    assert "nextPageToken" not in last
    assert api("GET", "/v2/accountTypes?pageToken=x", 400)


# --- Members ---


def new_member(**changes):
    return {"email": "n@example.com", "firstName": "N", "lastName": "M", **changes}


def test_filters_members(api):
    assert len(api.whole_list("/v2/members", includeArchived="true")) == 125
    (found,) = api.whole_list("/v2/members", email="SALES_rep@example.com")
    assert found["memberId"] == seed.DEMO_MEMBER_ID
    assert api.whole_list("/v2/members", email="sales_rep") == []
    assert len(api.whole_list("/v2/members", search="sales_r")) == 1
    assert api("GET", "/v2/members?search=a&email=b", 400)


def test_creates_members(api):
    teams = [{"teamId": seed.DEMO_TEAM_ID}]
    made = api("POST", "/v2/members", json=new_member(memberType="bUiLd", addToTeams=teams))
    assert made["memberType"] == "Build"
    assert api("GET", f"/v2/members/{made['memberId']}") == made
    assert api("GET", f"/v2/teams/{seed.DEMO_TEAM_ID}")["members"] == [made["memberId"]]
    taken = api("POST", "/v2/members", 409, json=new_member(email="N@example.com"))
    assert f"member-id={made['memberId']}" in taken["message"]


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"memberType": "Emperor"}, 404, "Member type name is not found"),
        ({"firstName": None}, 400, "firstName"),
        ({"email": 1}, 400, "email"),
        ({"email": "nobody"}, 400, "email"),
        ({"userKind": "boss"}, 400, "userKind: Input should be 'internal', 'guest' or 'embed'"),
        ({"isGuest": "true"}, 400, "isGuest"),
        ({"addToTeams": [{}]}, 400, "addToTeams.0.teamId"),
        ({"addToTeams": [{"teamId": "x"}]}, 404, "Team x"),
    ],
)
def test_refuses_members(changes, status, words, api, sandbox):
    assert words in api("POST", "/v2/members", status, json=new_member(**changes))["message"]
    assert sandbox.state.organization.find_email("n@example.com") is None


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"text"', '{"email": "\\ud800"}'])
def test_refuses_a_body_that_is_none(body, api):
    headers = {"Content-Type": "application/json"}
    assert api("POST", "/v2/members", 400, data=body, headers=headers)


def test_updates_members(api):
    assert api("PATCH", ME, json={"firstName": "Other"})["lastName"] == "Rep"
    assert "Duplicate record" in api("PATCH", ME, 409, json={"email": "ADA@example.com"})["message"]
    assert api("PATCH", ME, json={"email": "SALES_REP@example.com"})["email"].startswith("SALES")
    assert api("PATCH", ME, 404, json={"memberType": "Emperor"})
    assert api("PATCH", "/v2/members/x", 404, json={})


def test_deactivates_members_and_transfers_their_documents(api, sandbox):
    workbooks = sandbox.state.organization.workbooks.values()
    owner = next(w.ownerId for w in workbooks if w.ownerId not in (seed.OWNER_ID, seed.VIEWER_ID))
    mine = [w for w in workbooks if w.ownerId == owner]
    change = {"isArchived": True, "newOwnerId": seed.VIEWER_ID}
    assert api("PATCH", f"/v2/members/{owner}", json=change)["isArchived"] is True
    assert mine and {w.ownerId for w in mine} == {seed.VIEWER_ID}
    assert owner not in [row["memberId"] for row in api.whole_list("/v2/members")]
    assert api("DELETE", f"/v2/members/{seed.VIEWER_ID}") == {}
    assert {w.ownerId for w in mine} == {seed.OWNER_ID}
    assert api("PATCH", f"/v2/members/{owner}", json={"isArchived": False})["isArchived"] is False
    for member_id in (seed.OWNER_ID, "SigmaSchedulerRobot"):
        assert api("DELETE", f"/v2/members/{member_id}", 400)


def test_recent_files(api):
    recents = api.whole_list(f"{ME}/files/recents")
    assert len(recents) == 12
    assert len([row for row in recents if "lastInteractionAt" not in row]) == 1


# --- Teams and workspaces ---


def test_changes_teams_completely_or_not_at_all(api, sandbox):
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


def test_workspaces_with_the_same_name(api):
    known = api("POST", "/v2/workspaces", json={"name": "shared reports", "noDuplicates": True})
    assert len(known["workspaceIds"]) == len(known["workspaceUrlIds"]) == 2
    made = api("POST", "/v2/workspaces", json={"name": "Shared Reports"})
    assert made["workspaceId"] not in known["workspaceIds"]
    assert len(api.whole_list("/v2/workspaces", exactName="SHARED reports", name="x")) == 3
    assert len(api.whole_list("/v2/workspaces", name="port")) == 4
    assert api("GET", f"/v2/workspaces/{made['workspaceUrlId']}") == made


# --- Grants ---


@pytest.mark.parametrize(
    ("path", "good", "bad"),
    [
        (WORKSPACE, "organize", "usage"),
        (f"/v2/connections/{seed.DEMO_CONNECTION_ID}", "annotate", "view"),
        (WORKBOOK, "explore", "organize"),
    ],
)
def test_grants(path, good, bad, api, sandbox):
    def send(grantee, permission=good, status=200):
        body = {"grants": [{"grantee": grantee, "permission": permission}]}
        return api("POST", f"{path}/grants", status, json=body)

    grants = sandbox.state.organization.grants.setdefault(path.split("/")[-1], [])
    before = len(grants)
    member = {"memberId": seed.DEMO_MEMBER_ID}
    for grantee in (member, {"teamId": seed.DEMO_TEAM_ID}):
        assert send(grantee) == send(grantee) == {}  # the second one updates
    assert [grant.permission for grant in grants[before:]] == [good, good]
    if path != WORKBOOK:
        assert len(api.whole_list(f"{path}/grants")) == before + 2
    assert "grants.0.permission" in send(member, bad, 400)["message"]
    for grantee in ({}, {**member, "teamId": seed.DEMO_TEAM_ID}):
        assert "exactly one" in send(grantee, status=400)["message"]
    assert "Member x not found" in send({"memberId": "x"}, status=404)["message"]
    assert "Team x not found" in send({"teamId": "x"}, status=404)["message"]
    assert len(grants) == before + 2


# --- User attributes ---


def assignments(*user_ids, value="East"):
    rows = [{"userId": user_id, "value": {"val": value, "type": "string"}} for user_id in user_ids]
    return {"assignments": rows}


def test_lists_user_attributes(api):
    names = [row["name"] for row in api.whole_list(ATTRIBUTES, limit=2)]
    assert names == ["Sales Region", "Department", "Region"]
    # A search for a part of the name finds another one first
    found = api.whole_list(ATTRIBUTES, name="REGION")
    assert [row["name"] for row in found] == ["Sales Region", "Region"]
    assert found[1]["userAttributeId"] == seed.DEMO_USER_ATTRIBUTE_ID
    assert "assignments" not in found[0]
    assert len(api.whole_list(f"{ATTRIBUTES}/{found[0]['userAttributeId']}/users")) == 60


def test_sets_and_deletes_user_attributes(api):
    assert api.whole_list(USERS) == []
    assert api("POST", USERS, json=assignments(seed.DEMO_MEMBER_ID, seed.VIEWER_ID)) == {}
    first = api.whole_list(USERS)
    assert [row["userId"] for row in first] == [seed.DEMO_MEMBER_ID, seed.VIEWER_ID]
    assert api("POST", USERS, json=assignments(seed.VIEWER_ID, value="West")) == {}
    assert [row["value"]["val"] for row in api.whole_list(USERS)] == ["East", "West"]
    assert api.whole_list(USERS)[1]["createdAt"] == first[1]["createdAt"]
    gone = {"delete": [{"userId": seed.DEMO_MEMBER_ID}]}
    for _ in range(2):  # the second time there is nothing to delete
        assert api("PATCH", USERS, json=gone) == {}
        assert [row["userId"] for row in api.whole_list(USERS)] == [seed.VIEWER_ID]
    # With an unknown member nothing changes
    api("POST", USERS, 404, json=assignments(seed.DEMO_MEMBER_ID, "nobody"))
    api("PATCH", USERS, 404, json={"delete": [{"userId": seed.VIEWER_ID}, {"userId": "nobody"}]})
    assert len(api.whole_list(USERS)) == 1
    assert "x not found" in api("PATCH", f"{ATTRIBUTES}/x/users", 404, json=gone)["message"]


@pytest.mark.parametrize(
    ("method", "body", "words"),
    [
        ("POST", {}, "assignments"),
        ("POST", {"assignments": [{"userId": "x"}]}, "assignments.0.value"),
        ("POST", assignments("x", value=1), "assignments.0.value.val"),
        ("PATCH", {"delete": ["x"]}, "delete.0"),
    ],
)
def test_refuses_user_attributes(method, body, words, api):
    assert words in api(method, USERS, 400, json=body)["message"]


# --- Rights ---


def test_a_viewer_may_only_look(viewer, sandbox):
    connection = f"/v2/connections/{seed.DEMO_CONNECTION_ID}"
    for method, path, body in (
        ("POST", "/v2/members", new_member()),
        ("PATCH", ME, {"firstName": "X"}),
        ("DELETE", ME, None),
        ("GET", f"{ME}/teams", None),
        ("PATCH", f"/v2/teams/{seed.DEMO_TEAM_ID}/members", {"add": []}),
        ("POST", "/v2/workspaces", {"name": "X"}),
        ("POST", f"{WORKSPACE}/grants", {"grants": []}),
        ("GET", "/v2/workbooks?skipPermissionCheck=true", None),
        ("POST", f"{WORKBOOK}/copy", {"destinationFolderId": "x", "name": "X"}),
        ("POST", f"{WORKBOOK}/embeds", {"embedType": "public", "sourceType": "workbook"}),
        ("POST", f"{WORKBOOK}/grants", {"grants": []}),
        ("POST", f"{WORKBOOK}/materializations", {"sheetId": seed.DEMO_SHEET_ID}),
        ("PATCH", f"/v2/files/{seed.DEMO_WORKBOOK_ID}", {"ownerId": seed.VIEWER_ID}),
        ("POST", "/v2/connections", {"name": "X", "details": {"type": "mysql"}}),
        ("POST", f"{connection}/grants", {"grants": []}),
        ("POST", f"{connection}/sync", {"path": []}),
        ("POST", USERS, assignments(seed.VIEWER_ID)),
        ("PATCH", USERS, {"delete": []}),
    ):
        assert viewer(method, path, 403, json=body)["code"] == "forbidden", path
    assert viewer("GET", "/v2/whoami")["userId"] == seed.VIEWER_ID
    assert sandbox.state.organization.members[seed.DEMO_MEMBER_ID].firstName == "Sales"


# --- Seed ---


def test_the_seed_is_the_same_on_every_start(running_sandbox):
    def everything():
        org = fresh(running_sandbox).state.organization
        kinds = (org.members, org.teams, org.workspaces, org.connections, org.folders)
        rows = [
            thing.model_dump() for things in (*kinds, org.workbooks) for thing in things.values()
        ]
        return rows + [one.model_dump() for some in org.schedules.values() for one in some]

    rows = everything()
    assert rows == everything()
    emails = [row["email"] for row in rows if "email" in row]
    assert len(emails) == len({email.lower() for email in emails}) == 125
    assert all(email.isascii() and email.endswith("@example.com") for email in emails)


def test_a_large_organization_starts_at_once():
    begin = time.monotonic()
    seed.seed(seed.Options(workbooks=2500))
    assert time.monotonic() - begin < 1  # it takes 50 ms
