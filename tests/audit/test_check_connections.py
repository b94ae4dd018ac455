"""Tests of audit/check_connections.py."""

import json

import pytest

from audit.check_connections import main
from sigma_client import SigmaError
from tests.conftest import BASE_URL

RECIPE = "audit/check_connections.py"
URL = f"{BASE_URL}/connections"
REFUSED = {"status": 403, "json": {"message": "No rights", "requestId": "r-1"}}


@pytest.fixture(autouse=True)
def as_json(monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")


def connections(sigma, *names):
    """Answer the request for the list, in two pages."""
    details = {"type": "snowflake", "host": "secret-host", "user": "secret", "role": "secret"}
    rows = [{"connectionId": f"c-{name}", "name": name, **details} for name in names]
    sigma.get(URL, json={"entries": rows[:1], "nextPage": "2" if rows else None})
    if rows:
        sigma.get(URL, json={"entries": rows[1:], "nextPage": None})


def result(sigma, name, read, write):
    sigma.get(f"{URL}/c-{name}/test", json={"read": read, "write": write})


def printed(capsys):
    out, trace = capsys.readouterr()
    assert "secret" not in out
    return [(row["name"], row["read"], row["write"]) for row in json.loads(out)], trace


def test_succeeds_if_no_test_failed(sigma, capsys):
    connections(sigma, "b", "A")
    result(sigma, "b", "SUCCESS", "DISABLED")  # write access is off
    result(sigma, "A", "SUCCESS", "SUCCESS")
    main()
    assert printed(capsys)[0] == [("A", "SUCCESS", "SUCCESS"), ("b", "SUCCESS", "DISABLED")]


@pytest.mark.parametrize(
    ("read", "write"),
    [("FAILED", "DISABLED"), ("SUCCESS", "FAILED"), ("SUCCESS", "PENDING"), ("success", "SUCCESS")],
)
def test_fails_if_one_fails_or_the_result_is_an_unknown_word(read, write, sigma, capsys):
    connections(sigma, "a", "z")
    result(sigma, "a", "SUCCESS", "SUCCESS")
    result(sigma, "z", read, write)  # with status 200
    with pytest.raises(SigmaError, match=r"Passed: 1\. Failed: 1\. Not tested: 0\."):
        main()
    rows, _ = printed(capsys)
    assert rows == [("z", read, write), ("a", "SUCCESS", "SUCCESS")]


def test_names_the_connections_that_it_cannot_test(sigma, capsys):
    connections(sigma, "a", "b", "c")
    sigma.get(f"{URL}/c-a/test", **REFUSED)
    sigma.get(f"{URL}/c-b/test", json={"read": "SUCCESS"})
    result(sigma, "c", "SUCCESS", "SUCCESS")
    with pytest.raises(SigmaError, match=r"Passed: 1\. Failed: 0\. Not tested: 2\."):
        main()
    rows, trace = printed(capsys)
    assert rows == [("c", "SUCCESS", "SUCCESS")]
    first, second = [line for line in trace.splitlines() if not line.startswith("URL")]
    assert first.startswith("Failed: a: 403 from GET")
    assert second.startswith("Failed: b: ")
    assert "'write'" in second


def test_works_without_a_connection(sigma, capsys):
    connections(sigma)
    main()
    assert printed(capsys)[0] == []


def test_tests_every_connection_of_the_sandbox(call_recipe, sandbox):
    known = sandbox.state.organization.connections.values()
    for connection in known:
        connection.test = {"read": "SUCCESS", "write": "DISABLED"}
    done = call_recipe(RECIPE)
    assert done.returncode == 0, done.stderr
    names = sorted((connection.name for connection in known), key=str.casefold)
    assert [row["name"] for row in json.loads(done.stdout)] == names
    assert f"Passed: {len(names)}. Failed: 0." in done.stderr.splitlines()[-1]
    tests = [entry for entry in sandbox.state.log.entries if entry.path.endswith("/test")]
    assert len(tests) == len(names)
    done = call_recipe(RECIPE, OUTPUT_FORMAT="table")
    assert f"Passed: {len(names)}. Failed: 0." in done.stdout.splitlines()[-1]

    connection.test = {"read": "SUCCESS", "write": "FAILED"}
    done = call_recipe(RECIPE, OUTPUT_FORMAT="table")
    assert done.returncode == 1
    assert done.stdout.splitlines()[2].split()[-2:] == ["SUCCESS", "FAILED"]
    assert "Failed: 1." in done.stderr.splitlines()[-1]
