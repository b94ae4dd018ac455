"""Tests of connections/create_connection.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from connections.create_connection import main
from sigma_client import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/connections"
NAME = "Snowflake via API"
SETTINGS = {
    "CONNECTION_NAME": NAME,
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
    query = query_param_matcher({"limit": 1000, "search": NAME})
    sigma.get(URL, match=[query], json={"entries": entries, "nextPage": None})


def test_creates_the_connection(sigma, capsys):
    known(sigma, f"{NAME} 2")  # the search finds more than the exact name
    details = {
        "type": "snowflake",
        "account": "tester",
        "host": "testing.example.com",
        "user": "THE_DEV",
        "password": "a password",
        "role": "A_ROLE",
        "warehouse": "TEST_WAREHOUSE",
    }
    body = {"name": NAME, "details": details}
    sigma.post(URL, match=[json_params_matcher(body)], status=201, json={"connectionId": "c-9"})
    main()
    assert capsys.readouterr().out == (
        f"New connectionId: c-9\nConnection created successfully: {NAME}\n"
    )


def test_an_existing_name_is_not_created_again(sigma, capsys):
    known(sigma, f"{NAME} 2", NAME, NAME.upper())
    main()
    out = capsys.readouterr().out
    assert "connectionId: c-1, c-2\n" in out
    assert "successfully" not in out


def test_nothing_is_created_while_an_entry_cannot_be_read(sigma):
    unreadable = {"code": "x", "message": "Not readable", "requestId": "r-1"}
    sigma.get(URL, json={"entries": [unreadable], "nextPage": None})
    with pytest.raises(SigmaError, match="Not complete"):
        main()


def test_a_response_with_another_name_is_a_failure(sigma, capsys):
    known(sigma)
    sigma.post(URL, status=201, json={"connectionId": "c-9", "name": "Other"})
    with pytest.raises(SigmaError, match="Other"):
        main()
    out = capsys.readouterr().out
    assert "c-9" in out
    assert "successfully" not in out


def test_the_password_stays_hidden(sigma, capsys):
    known(sigma)
    sigma.post(URL, status=400, json={"message": "Wrong password: a password"})
    with pytest.raises(SigmaError, match=r"Wrong password: \*\*\*"):
        main()
    assert "a password" not in "".join(capsys.readouterr())


def test_twice_makes_one_connection_in_the_sandbox(call_recipe, sandbox):
    before = len(sandbox.state.organization.connections)
    first = call_recipe("connections/create_connection.py", **SETTINGS)
    second = call_recipe("connections/create_connection.py", **SETTINGS)
    assert "created successfully" in first.stdout, first.stderr
    assert second.returncode == 0
    assert first.stdout.splitlines()[0] == f"New {second.stdout.splitlines()[1]}"
    assert len(sandbox.state.organization.connections) == before + 1
