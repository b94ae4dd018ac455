"""Tests of sandbox/resources/connections.py: new connections, and the paths into them."""

import pytest

from sandbox import seed

CONNECTIONS = "/v2/connections"
SYNC = f"{CONNECTIONS}/{seed.DEMO_CONNECTION_ID}/sync"
LOOKUP = f"/v2/connection/{seed.DEMO_CONNECTION_ID}/lookup"
TABLE = ["RETAIL", "PLUGS_ELECTRONICS", "ORDERS"]


def new_connection(**details):
    snowflake = {"type": "snowflake", "account": "acme", "user": "sigma", "password": "hidden"}
    given = {name: value for name, value in {**snowflake, **details}.items() if value is not ...}
    return {"name": "New", "details": given}


def test_creates_connections(api, sandbox):
    body = new_connection(role="REPORTING", warehouse="WH")
    made = api("POST", CONNECTIONS, 201, json=body)
    assert (made["name"], made["type"], made["isSample"]) == ("New", "snowflake", False)
    shown = {"account": "acme", "user": "sigma", "role": "REPORTING", "warehouse": "WH"}
    assert shown.items() <= made.items()
    assert api("GET", f"{CONNECTIONS}/{made['connectionId']}") == made
    assert api.whole_list(CONNECTIONS)[-1] == made
    again = api("POST", CONNECTIONS, 201, json=body)
    assert again["connectionId"] != made["connectionId"]
    assert api("POST", f"/v2/connection/{again['connectionId']}/lookup", json={"path": TABLE})


@pytest.mark.parametrize(
    "secret",
    [
        {"password": "hidden"},
        {"password": {"type": "plain", "value": "hidden"}},
        {"password": ..., "privateKey": "hidden", "privateKeyPassphrase": "hidden"},
        {"type": "bigQuery", "projectId": "p", "serviceAccount": '{"key": "hidden"}'},
    ],
)
def test_secrets_are_never_kept_answered_or_logged(secret, api, sandbox):
    made = api("POST", CONNECTIONS, 201, json=new_connection(**secret))
    stored = sandbox.state.organization.connections[made["connectionId"]]
    logged = sandbox.state.log.entries[-1]
    assert logged.path == CONNECTIONS
    for kept in (made, stored.model_dump(), logged.model_dump()):
        assert "hidden" not in str(kept)


def test_the_log_masks_a_secret_that_is_refused(api, sandbox):
    refused = api("POST", CONNECTIONS, 400, json=new_connection(password=1234567))
    assert "details.password" in refused["message"]
    assert "1234567" not in str(refused) + str(sandbox.state.log.entries[-1])


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"type": ...}, "details.type: Field required"),
        ({"type": "excel"}, "details.type: Input should be 'snowflake', 'bigQuery',"),
        ({"account": ...}, "details.account: Field required, or details.host"),
        ({"account": ""}, "details.account: Field required, or details.host"),
        ({"user": ...}, "details.user: Field required"),
        ({"password": ...}, "details.password: Field required"),
        ({"password": ""}, "details.password: Field required"),
        ({"user": 1}, "details.user: Input should be a valid string"),
        ({"authType": "basic-auth", "password": ..., "privateKey": "k"}, "details.password: Field"),
        ({"authType": "key-pair"}, "details.privateKey: Field required"),
        ({"authType": "guess"}, "details.authType: Input should be 'basic-auth', 'key-pair' or"),
    ],
)
def test_refuses_connections(details, words, api, sandbox):
    refused = api("POST", CONNECTIONS, 400, json=new_connection(**details))
    assert words in refused["message"]
    assert len(sandbox.state.organization.connections) == 3


def test_a_name_is_required(api):
    body = new_connection()
    for name in ({}, {"name": ""}, {"name": " "}):
        refused = api("POST", CONNECTIONS, 400, json={"details": body["details"], **name})
        assert refused["message"].startswith("name: ")


@pytest.mark.parametrize(
    "details",
    [
        {"account": ..., "host": "acme.example.com"},
        {"user": ..., "password": ..., "useOauth": True},
        {"type": "postgres", "account": ..., "host": "db.example.com", "database": "d"},
    ],
)
def test_other_ways_into_a_warehouse(details, api):
    made = api("POST", CONNECTIONS, 201, json=new_connection(**details))
    assert made["type"] == details.get("type", "snowflake")
    assert made["useOauth"] is details.get("useOauth", False)


def test_looks_paths_up(api):
    found = [api("POST", LOOKUP, json={"path": TABLE[:n]}) for n in range(4)]
    assert [row["kind"] for row in found] == ["scope", "scope", "scope", "table"]
    assert len({row["inodeId"] for row in found}) == 4
    assert found[3]["url"].startswith("https://app.sigmacomputing.com/sandbox/")
    assert api("POST", LOOKUP, json={"path": TABLE}) == found[3]


def test_syncs_paths_and_notes_when(api, sandbox):
    for path in ([], TABLE[:2]):
        assert api("POST", SYNC, json={"path": path}) == {}
    connection = sandbox.state.organization.connections[seed.DEMO_CONNECTION_ID]
    assert list(connection.synced) == [(), ("RETAIL", "PLUGS_ELECTRONICS")]
    assert all(when.endswith("Z") for when in connection.synced.values())
    others = [c for c in sandbox.state.organization.connections.values() if c is not connection]
    assert all(other.synced == {} for other in others)


@pytest.mark.parametrize("address", [SYNC, LOOKUP])
@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (["NO"], 404, "Path NO not found in Snowflake Production"),
        (["RETAIL", "NO"], 404, "Path RETAIL.NO not found"),
        (["retail"], 404, "Path retail not found"),
        (["RETAIL", "PLUGS_ELECTRONICS", "ORDER"], 404, "Path RETAIL.PLUGS_ELECTRONICS.ORDER not"),
        ([*TABLE, "ID"], 400, "path: List should have at most 3 items"),
        ("RETAIL", 400, "path: Input should be a valid list"),
        (None, 400, "path: Input should be a valid list"),
    ],
)
def test_refuses_paths(address, path, status, words, api, sandbox):
    assert words in api("POST", address, status, json={"path": path})["message"]
    connection = sandbox.state.organization.connections[seed.DEMO_CONNECTION_ID]
    assert connection.synced == {}


def test_the_lookup_has_a_singular_path(api):
    assert api("POST", f"{CONNECTIONS}/{seed.DEMO_CONNECTION_ID}/lookup", 404, json={"path": []})
    assert (
        "Connection x not"
        in api("POST", "/v2/connection/x/lookup", 404, json={"path": []})["message"]
    )


def test_a_viewer_may_only_look(viewer):
    assert viewer("POST", CONNECTIONS, 403, json=new_connection())["code"] == "forbidden"
    assert viewer("POST", SYNC, 403, json={"path": []})["code"] == "forbidden"
    assert viewer("POST", LOOKUP, json={"path": TABLE})["kind"] == "table"
