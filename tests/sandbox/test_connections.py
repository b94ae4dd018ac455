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


def test_lists_paths(api):
    rows = api.whole_list(f"{CONNECTIONS}/paths", limit=10)
    assert len(rows) == 4 * 13 - 1  # Snowflake Staging lacks RETURNS
    mine = api.whole_list(f"{CONNECTIONS}/paths", connectionId=seed.DEMO_CONNECTION_ID)
    assert mine == [row for row in rows if row["connectionId"] == seed.DEMO_CONNECTION_ID]
    (found,) = [row for row in mine if row["path"] == TABLE]
    inode_id = api("POST", LOOKUP, json={"path": TABLE})["inodeId"]
    assert api("GET", f"/v2/files/{found['urlId']}")["id"] == inode_id


def test_syncs_paths_and_notes_when(api, sandbox):
    for path in ([], TABLE[:2]):
        assert api("POST", SYNC, json={"path": path}) == {}
    synced = {key: list(c.synced) for key, c in sandbox.state.organization.connections.items()}
    assert synced.pop(seed.DEMO_CONNECTION_ID) == [(), ("RETAIL", "PLUGS_ELECTRONICS")]
    assert not any(synced.values())


def test_a_connection_test_that_fails_is_also_a_200(api):
    made = api("POST", CONNECTIONS, 201, json=new_connection())
    assert [
        api("GET", f"{CONNECTIONS}/{c['connectionId']}/test") for c in api.whole_list(CONNECTIONS)
    ] == [
        {"read": "SUCCESS", "write": "DISABLED"},
        {"read": "SUCCESS", "write": "SUCCESS"},
        {"read": "SUCCESS", "write": "DISABLED"},
        {"read": "SUCCESS", "write": "DISABLED"},
        {"read": "FAILED", "write": "DISABLED"},  # the new one
    ]
    assert "test" not in made
