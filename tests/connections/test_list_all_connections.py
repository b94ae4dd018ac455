"""Tests of connections/list_all_connections.py."""

import json

import pytest

from connections.list_all_connections import main
from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/connections"
RECIPE = "connections/list_all_connections.py"


def connection(name, **more):
    return {"name": name, "connectionId": f"id-{name}", "type": "snowflake", **more}


def test_sorts_by_name_and_ignores_case(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")
    entries = [connection(name) for name in ("warehouse", "Zeta", "Alpha")]
    unnamed = {"connectionId": "id-2", "name": None}
    sigma.get(URL, json={"entries": [*entries, unnamed], "nextPage": None})
    main()
    unnamed_row, *rows = json.loads(capsys.readouterr().out)
    assert unnamed_row == {"connectionId": "id-2", "name": None, "type": None}
    assert rows == [connection(name) for name in ("Alpha", "warehouse", "Zeta")]


@pytest.mark.parametrize("output_format", ["table", "json", "csv"])
def test_host_user_and_role_are_never_printed(output_format, sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", output_format)
    private = {"account": "acc-1", "user": "user-1", "role": "role-1", "warehouse": "wh-1"}
    sigma.get(URL, json={"entries": [connection("Alpha", **private)], "nextPage": None})
    main()
    printed, trace = capsys.readouterr()
    assert "id-Alpha" in printed
    for text in private.values():
        assert text not in printed + trace


def test_a_connection_without_an_id_is_an_error(sigma, capsys):
    sigma.get(URL, json={"entries": [{"name": "Alpha"}], "nextPage": None})
    with pytest.raises(SigmaError, match="connectionId"):
        main()
    assert capsys.readouterr().out == ""


def test_lists_the_connections_of_the_sandbox(call_recipe):
    done = call_recipe(RECIPE, OUTPUT_FORMAT="json")
    rows = json.loads(done.stdout)
    names = [row["name"] for row in rows]
    snowflake = ["Snowflake Production", "Snowflake Staging"]
    assert names == ["BigQuery Marketing", "Sigma Sample Database", *snowflake]
    assert seed.DEMO_CONNECTION_ID in [row["connectionId"] for row in rows]


def test_an_unreadable_entry_is_reported_and_the_others_are_printed(call_recipe, sandbox):
    whole = call_recipe(RECIPE)
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/connections"))
    done = call_recipe(RECIPE)
    assert (done.returncode, done.stdout) == (1, whole.stdout)
    assert "fault-1" in done.stderr
