"""Tests of connections/create_connection.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from connections.create_connection import main
from sigma_session import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/connections"
SETTINGS = {
    "CONNECTION_NAME": "Snowflake via API",
    "SNOWFLAKE_ACCOUNT": "tester",
    "SNOWFLAKE_HOST": "testing.example.com",
    "SNOWFLAKE_USER": "THE_DEV",
    "SNOWFLAKE_PASSWORD": "a password",
    "SNOWFLAKE_ROLE": "A_ROLE",
    "SNOWFLAKE_WAREHOUSE": "TEST_WAREHOUSE",
}


@pytest.fixture(autouse=True)
def connection(monkeypatch):
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)


def known(sigma, *names):
    entries = [{"name": name, "connectionId": f"c-{n}"} for n, name in enumerate(names)]
    query = query_param_matcher({"limit": 1000, "search": "Snowflake via API"})
    sigma.get(URL, match=[query], json={"entries": entries, "nextPage": None})


def test_creates_the_connection(sigma, capsys):
    known(sigma, "Snowflake via API 2")  # the search finds more than the exact name
    details = {
        "type": "snowflake",
        "account": "tester",
        "host": "testing.example.com",
        "user": "THE_DEV",
        "password": "a password",
        "role": "A_ROLE",
        "warehouse": "TEST_WAREHOUSE",
    }
    body = {"name": "Snowflake via API", "details": details}
    sigma.post(URL, match=[json_params_matcher(body)], status=201, json={"connectionId": "c-9"})
    known(sigma, "Snowflake via API 2")
    main()
    assert capsys.readouterr().out == (
        "New connectionId: c-9\nConnection created successfully: Snowflake via API\n"
    )


def test_makes_none_twice(sigma, capsys):
    known(sigma, "Snowflake via API 2", "SNOWFLAKE via api")
    main()
    assert capsys.readouterr().out == (
        "Connection exists already: Snowflake via API\nconnectionId: c-1\n"
    )


def test_names_all_that_have_the_name(sigma, capsys):
    known(sigma, "Snowflake via API", "Snowflake via API")
    main()
    assert capsys.readouterr().out.endswith("\nconnectionId: c-0, c-1\n")


def test_names_the_connection_that_another_run_made_at_the_same_moment(sigma, capsys):
    known(sigma)
    sigma.post(URL, status=201, json={"connectionId": "c-9"})
    known(sigma, "Snowflake via API")
    with pytest.raises(
        SigmaError,
        match="^Another run created a connection at the same moment, so there are 2 called"
        " Snowflake via API: c-0, c-9. Delete in Sigma what is too many$",
    ):
        main()
    assert capsys.readouterr().out == "New connectionId: c-9\n"


def test_the_password_is_shown_nowhere(sigma, capsys):
    known(sigma)
    echo = {"message": "Wrong password: a password, a+password", "requestId": "r-1"}
    sigma.post(URL, status=400, json=echo)
    with pytest.raises(SigmaError, match=r"Wrong password: \*\*\*, \*\*\* \(requestId r-1\)"):
        main()
    assert "a password" not in "".join(capsys.readouterr())


def test_twice_makes_one_connection_in_the_sandbox(run_recipe, sandbox):
    before = len(sandbox.state.organization.connections)
    first = run_recipe("connections/create_connection.py", **SETTINGS)
    second = run_recipe("connections/create_connection.py", **SETTINGS)
    assert "created successfully" in first.stdout, first.stderr
    assert "exists already" in second.stdout
    assert first.stdout.splitlines()[0] == f"New {second.stdout.splitlines()[1]}"
    assert len(sandbox.state.organization.connections) == before + 1
    assert "a password" not in first.stdout + first.stderr + second.stdout + second.stderr


def test_makes_none_while_an_entry_cannot_be_read(sigma, monkeypatch):
    monkeypatch.setattr("sigma_session._unreadable", [])
    unreadable = {"code": "x", "message": "Not readable", "requestId": "r-1"}
    sigma.get(URL, json={"entries": [unreadable], "nextPage": None})
    with pytest.raises(SigmaError, match="not complete, Sigma could not read this many entries: 1"):
        main()
