"""Tokens, lists, members, teams, workspaces, grants, user attributes, and the seed."""

import time

import pytest
import requests

from sandbox import seed
from sandbox.organization import long_id, url_id
from tests.conftest import fresh
from tests.support.sandbox_client import Client

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


# --- Lists ---


@pytest.mark.parametrize(
    ("path", "total", "key"),
    [
        ("/v2/members", 120, "memberId"),
        ("/v2/teams", 8, "teamId"),
        ("/v2/workspaces", 12, "workspaceId"),
        ("/v2/connections", 4, "connectionId"),
        ("/v2/workbooks", 260, "workbookId"),
    ],
)
def test_lists_come_in_pages(path, total, key, api):
    assert len(api("GET", path)["entries"]) == min(total, 50)
    for limit in (total // 3, 1000, 5000):
        ids = [row[key] for row in api.whole_list(path, limit=limit)]
        assert len(ids) == len(set(ids)) == total


def test_a_page_is_an_offset(running_sandbox):
    api = Client(fresh(running_sandbox, cursors="offset").address)
    rows = api.whole_list("/v2/members", limit=1000)
    assert api("GET", "/v2/members")["nextPage"] == "50"
    for page, start in (("0", 0), ("50", 50), ("7", 7), ("120", 120), ("9" * 30, 120)):
        got = api("GET", f"/v2/members?limit=10&page={page}")
        assert got["entries"] == rows[start : start + 10]
        assert got["nextPage"] == (str(start + 10) if start < 110 else None)


def test_opaque_pages(running_sandbox):
    api = Client(fresh(running_sandbox, cursors="opaque").address)
    page = api("GET", "/v2/members?limit=1")["nextPage"]
    assert not page.isdigit()
    assert len(api.whole_list("/v2/members")) == 120
    for refused in ("0", "50", "x", "ä"):
        api("GET", f"/v2/members?page={refused}", 400)
    for path in ("/v2/teams", "/v2.1/members"):  # a page of one list is none of another
        api("GET", f"{path}?page={page}", 400)


def test_pages_say_if_there_are_more(api):
    page = f"&page={api('GET', '/v2.1/members?limit=60')['nextPage']}"
    for query, more in (("", True), (page, False)):
        assert api("GET", f"/v2.1/members?limit=60{query}")["hasMore"] is more
    # Some lists have no such field
    assert "hasMore" not in {**api("GET", "/v2/user-attributes"), **api("GET", f"{WORKBOOK}/pages")}


def test_unknown_query_parameters_are_logged(api, sandbox):
    api("GET", "/v2/members?limt=5&limit=5&pagesize=1")
    assert sandbox.state.log.entries[-1].ignored == ["limt", "pagesize"]


def test_data_models_datasets_and_templates(api):
    models = api.whole_list("/v2/dataModels", limit=1)
    assert [model["name"] for model in models][:2] == ["Plugs Orders", "Customers"]
    for key in ("dataModelId", "dataModelUrlId"):
        assert api("GET", f"/v2/dataModels/{models[1][key]}") == models[1]
    assert api.whole_list("/v2/datasets") == api.whole_list("/v2/templates") == []


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


# --- Members ---


def test_filters_members(api):
    assert len(api.whole_list("/v2/members", includeArchived="true")) == 125
    (found,) = api.whole_list("/v2/members", email="SALES_rep@example.com")
    assert found["memberId"] == seed.DEMO_MEMBER_ID
    assert api.whole_list("/v2/members", email="sales_rep") == []
    assert len(api.whole_list("/v2/members", search="sales_r")) == 1


def test_creates_members(api):
    body = {"email": "n@example.com", "firstName": "N", "lastName": "M", "memberType": "bUiLd"}
    body["addToTeams"] = [{"teamId": seed.DEMO_TEAM_ID}]
    made = api("POST", "/v2/members", json=body)
    assert made["memberType"] == "Build"
    assert api("GET", f"/v2/members/{made['memberId']}") == made
    assert api("GET", f"/v2/teams/{seed.DEMO_TEAM_ID}")["members"] == [made["memberId"]]


def test_updates_members(api):
    assert api("PATCH", ME, json={"firstName": "Other"})["lastName"] == "Rep"
    assert api("PATCH", ME, json={"email": "SALES_REP@example.com"})["email"].startswith("SALES")


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


def test_recent_files(api):
    recents = api.whole_list(f"{ME}/files/recents")
    assert len(recents) == 12
    assert len([row for row in recents if "lastInteractionAt" not in row]) == 1


# --- Teams and workspaces ---


def test_changes_teams(api):
    path = f"/v2/teams/{seed.DEMO_TEAM_ID}"
    api("PATCH", f"{path}/members", json={"add": [seed.DEMO_MEMBER_ID, seed.VIEWER_ID]})
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
    ("path", "permission"),
    [
        (WORKSPACE, "organize"),
        (f"/v2/connections/{seed.DEMO_CONNECTION_ID}", "annotate"),
        (WORKBOOK, "explore"),
    ],
)
def test_grants(path, permission, api, sandbox):
    grants = sandbox.state.organization.grants.setdefault(path.split("/")[-1], [])
    before = len(grants)
    for grantee in ({"memberId": seed.DEMO_MEMBER_ID}, {"teamId": seed.DEMO_TEAM_ID}):
        body = {"grants": [{"grantee": grantee, "permission": permission}]}
        for _ in range(2):  # the second one updates
            assert api("POST", f"{path}/grants", json=body) == {}
    assert [grant.permission for grant in grants[before:]] == [permission] * 2
    if path != WORKBOOK:
        assert len(api.whole_list(f"{path}/grants")) == before + 2


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


def test_sets_user_attributes(api):
    assert api.whole_list(USERS) == []
    assert api("POST", USERS, json=assignments(seed.DEMO_MEMBER_ID, seed.VIEWER_ID)) == {}
    first = api.whole_list(USERS)
    assert [row["userId"] for row in first] == [seed.DEMO_MEMBER_ID, seed.VIEWER_ID]
    assert api("POST", USERS, json=assignments(seed.VIEWER_ID, value="West")) == {}
    assert [row["value"]["val"] for row in api.whole_list(USERS)] == ["East", "West"]
    assert api.whole_list(USERS)[1]["createdAt"] == first[1]["createdAt"]


# --- Seed ---


def test_short_ids_are_uuids_in_base_62(api):
    # A pair of a real organization
    assert url_id("0b5f9dde-4da3-47c8-95b6-41ae373c8738") == "lsBYB7zlPQKdPBOpnv0og"
    for path, name in (("workbooks", "workbook"), ("workspaces", "workspace")):
        for row in api.whole_list(f"/v2/{path}"):
            assert row[f"{name}UrlId"] == url_id(row[f"{name}Id"])
            assert long_id(row[f"{name}UrlId"]) == row[f"{name}Id"]
    for key in (seed.DEMO_MEMBER_ID, seed.DEMO_WORKBOOK_ID, "nobody"):
        assert long_id(key) == key


def test_the_seed_is_the_same_on_every_start(running_sandbox):
    def everything():
        org = fresh(running_sandbox).state.organization
        kinds = (org.members, org.teams, org.workspaces, org.connections, org.folders)
        rows = [
            thing.model_dump() for things in (*kinds, org.workbooks) for thing in things.values()
        ]
        lists = (*org.schedules.values(), *org.grants.values())
        return rows + [one.model_dump() for some in lists for one in some]

    rows = everything()
    assert rows == everything()
    emails = [row["email"] for row in rows if "email" in row]
    assert len(emails) == len({email.lower() for email in emails}) == 125
    assert all(row["updatedAt"] < "2025" for row in rows if "updatedAt" in row)
    assert all(email.isascii() and email.endswith("@example.com") for email in emails)


def test_a_large_organization_starts_at_once():
    begin = time.process_time()
    seed.seed(seed.Options(workbooks=2500))
    assert time.process_time() - begin < 1  # it takes a quarter of that


def test_creates_changes_and_deletes_teams(api):
    made = api("POST", "/v2/teams", json={"name": "New", "members": [seed.VIEWER_ID]})
    assert (made["members"], made["workspaceId"]) == ([seed.VIEWER_ID], None)
    path = f"/v2/teams/{made['teamId']}"
    changed = api("PATCH", path, json={"description": "D", "visibility": "public"})
    assert (changed["name"], changed["description"], changed["visibility"]) == (
        "New",
        "D",
        "public",
    )
    assert api("GET", path)["members"] == [seed.VIEWER_ID]
    grant = {"grantee": {"teamId": made["teamId"]}, "permission": "view"}
    grants = f"/v2/workspaces/{seed.DEMO_WORKSPACE_ID}/grants"
    before = api.whole_list(grants)
    api("POST", grants, json={"grants": [grant]})
    assert api("DELETE", path) == {}
    api("GET", path, 404)
    assert api.whole_list(grants) == before
    assert api.whole_list(f"/v2/members/{seed.VIEWER_ID}/teams", limit=1000).count(changed) == 0


def test_creates_and_deletes_user_attributes(api):
    default = {"val": "East", "type": "string"}
    made = api("POST", "/v2/user-attributes", json={"name": "Area", "defaultValue": default})
    path = f"/v2/user-attributes/{made['userAttributeId']}"
    assert api("GET", path) == made == api.whole_list("/v2/user-attributes")[-1]
    assert (made["name"], made["defaultValue"]) == ("Area", default)
    assignment = {"userId": seed.VIEWER_ID, "value": default}
    api("POST", f"{path}/users", json={"assignments": [assignment]})
    assert api("DELETE", path) == {}
    api("GET", path, 404)
