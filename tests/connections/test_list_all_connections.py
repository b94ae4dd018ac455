"""Tests of connections/list_all_connections.py."""

import json

import pytest
from responses.matchers import query_param_matcher

from connections.list_all_connections import main
from sandbox import seed
from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/connections"


def connection(name, **more):
    return {"name": name, "connectionId": f"id-{name}", "type": "snowflake", **more}


def test_prints_the_connections_of_all_pages_in_the_order_of_the_alphabet(sigma, capsys):
    sigma.get(
        URL,
        match=[query_param_matcher({"limit": 1000})],
        json={"entries": [connection("warehouse"), connection("Zeta")], "nextPage": "p2"},
    )
    sigma.get(
        URL,
        match=[query_param_matcher({"limit": 1000, "page": "p2"})],
        json={"entries": [connection("Ägypten"), connection("Alpha")], "nextPage": None},
    )
    main()
    heading, line, *rows = capsys.readouterr().out.splitlines()
    assert heading.split("  ")[0] == "Name"
    assert [row.split() for row in rows] == [
        ["Alpha", "snowflake", "id-Alpha"],
        ["warehouse", "snowflake", "id-warehouse"],
        ["Zeta", "snowflake", "id-Zeta"],
        ["Ägypten", "snowflake", "id-Ägypten"],
    ]


@pytest.mark.parametrize("output_format", ["table", "json", "csv"])
def test_host_user_and_role_are_never_printed(output_format, sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", output_format)
    private = {"account": "acc-1", "user": "user-1", "role": "role-1", "warehouse": "wh-1"}
    sigma.get(URL, json={"entries": [connection("Alpha", **private)], "nextPage": None})
    main()
    printed, trace = capsys.readouterr()
    assert "Alpha" in printed
    for text in private.values():
        assert text not in printed + trace


def test_a_connection_without_a_name_comes_first(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")
    entries = [connection("Alpha"), {"connectionId": "id-2", "name": None}]
    sigma.get(URL, json={"entries": entries, "nextPage": None})
    main()
    rows = json.loads(capsys.readouterr().out)
    assert rows[0] == {"name": None, "connectionId": "id-2", "type": None}


def test_says_so_when_there_are_none(sigma, capsys):
    sigma.get(URL, json={"entries": [], "nextPage": None})
    main()
    assert capsys.readouterr().out == "There are no connections.\n"


def test_a_refusal_is_passed_on(sigma, capsys):
    sigma.get(URL, status=403, json={"message": "No rights", "requestId": "r-1"})
    with pytest.raises(SigmaError, match=r"403 from GET .*No rights \(requestId r-1\)"):
        main()
    assert capsys.readouterr().out == ""


def test_finds_the_connection_of_the_demo_settings(run_recipe):
    done = run_recipe("connections/list_all_connections.py", OUTPUT_FORMAT="json")
    rows = json.loads(done.stdout)
    names = [row["name"] for row in rows]
    assert names == ["BigQuery Marketing", "Sigma Sample Database", "Snowflake Production"]
    assert seed.DEMO_CONNECTION_ID in [row["connectionId"] for row in rows]


def test_an_unreadable_connection_is_named_and_the_exit_code_is_1(run_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/connections"))
    done = run_recipe("connections/list_all_connections.py")
    assert done.returncode == 1
    assert "An entry of /connections is missing: Not readable (requestId fault-1)" in done.stderr
    assert "Snowflake Production" in done.stdout
