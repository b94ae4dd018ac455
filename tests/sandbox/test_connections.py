"""Connections: new ones, and the paths in them."""

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


def test_creates_connections(api):
    body = new_connection(role="REPORTING", warehouse="WH")
    made = api("POST", CONNECTIONS, 201, json=body)
    assert (made["name"], made["type"], made["isSample"]) == ("New", "snowflake", False)
    shown = {"account": "acme", "user": "sigma", "role": "REPORTING", "warehouse": "WH"}
    assert shown.items() <= made.items()
    assert api("GET", f"{CONNECTIONS}/{made['connectionId']}") == made
    assert api.whole_list(CONNECTIONS)[-1] == made
    again = api("POST", CONNECTIONS, 201, json=body)
    assert again["connectionId"] != made["connectionId"]


@pytest.mark.parametrize(
    "secret",
    [
        {"password": "hidden"},
        {"password": {"type": "plain", "value": "hidden"}},
        {"password": ..., "privateKey": "hidden", "privateKeyPassphrase": "hidden"},
        {"type": "bigQuery", "projectId": "p", "serviceAccount": '{"key": "hidden"}'},
    ],
)
def test_secrets_are_never_kept_sent_or_logged(secret, api, sandbox):
    made = api("POST", CONNECTIONS, 201, json=new_connection(**secret))
    stored = sandbox.state.organization.connections[made["connectionId"]]
    logged = sandbox.state.log.entries[-1]
    assert logged.path == CONNECTIONS
    for kept in (made, stored.model_dump(), logged.model_dump()):
        assert "hidden" not in str(kept)


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"type": ...}, "details.type"),
        ({"type": "excel"}, "details.type"),
        ({"account": ...}, "details.account"),
        ({"account": ""}, "details.account"),
        ({"user": ...}, "details.user"),
        ({"user": 1}, "details.user"),
        ({"password": ...}, "details.password"),
        ({"password": 1234567}, "details.password"),
        ({"authType": "basic-auth", "password": ..., "privateKey": "k"}, "details.password"),
        ({"authType": "key-pair"}, "details.privateKey"),
        ({"authType": "guess"}, "details.authType"),
    ],
)
def test_refuses_connections(details, field, api, sandbox):
    refused = api("POST", CONNECTIONS, 400, json=new_connection(**details))
    assert field in refused["message"]
    assert "1234567" not in str(refused) + str(sandbox.state.log.entries[-1])
    assert len(sandbox.state.organization.connections) == 3


@pytest.mark.parametrize("name", [{}, {"name": ""}, {"name": " "}])
def test_a_name_is_required(name, api):
    body = {"details": new_connection()["details"], **name}
    assert api("POST", CONNECTIONS, 400, json=body)["message"].startswith("name: ")


@pytest.mark.parametrize(
    "details",
    [
        {"account": ..., "host": "acme.example.com"},
        {"user": ..., "password": ..., "useOauth": True},
        {"type": "postgres", "account": ..., "host": "db.example.com", "database": "d"},
    ],
)
def test_other_kinds_of_sign_in_and_warehouse(details, api):
    made = api("POST", CONNECTIONS, 201, json=new_connection(**details))
    assert made["type"] == details.get("type", "snowflake")
    assert made["useOauth"] is details.get("useOauth", False)


def test_looks_paths_up(api):
    found = [api("POST", LOOKUP, json={"path": TABLE[:n]}) for n in range(4)]
    assert [row["kind"] for row in found] == ["scope", "scope", "scope", "table"]
    assert len({row["inodeId"] for row in found}) == 4
    assert found[3]["url"].startswith("https://app.sigmacomputing.com/sandbox/")
    # The path of the operation has connection in the singular
    assert api("POST", f"{CONNECTIONS}/{seed.DEMO_CONNECTION_ID}/lookup", 404, json={"path": []})
    assert api("POST", "/v2/connection/x/lookup", 404, json={"path": []})


def test_syncs_paths_and_notes_when(api, sandbox):
    for path in ([], TABLE[:2]):
        assert api("POST", SYNC, json={"path": path}) == {}
    first, demo, last = sandbox.state.organization.connections.values()
    assert list(demo.synced) == [(), ("RETAIL", "PLUGS_ELECTRONICS")]
    assert first.synced == last.synced == {}


@pytest.mark.parametrize("operation", [SYNC, LOOKUP])
@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (["NO"], 404, "NO not found in Snowflake Production"),
        (["RETAIL", "NO"], 404, "RETAIL.NO"),
        (["retail"], 404, "retail"),
        ([*TABLE[:2], "ORDER"], 404, "RETAIL.PLUGS_ELECTRONICS.ORDER"),
        ([*TABLE, "ID"], 400, "path"),
        ("RETAIL", 400, "path"),
        (None, 400, "path"),
    ],
)
def test_refuses_paths(operation, path, status, words, api, sandbox):
    assert words in api("POST", operation, status, json={"path": path})["message"]
    assert sandbox.state.organization.connections[seed.DEMO_CONNECTION_ID].synced == {}
