"""Tests of sandbox/admin.py: reset, request log and faults outside of /v2."""

import asyncio

import pytest
import requests

from sandbox import demo
from sandbox.request_log import RequestLog


@pytest.fixture
def admin(sandbox):
    """Send a request to /sandbox."""

    def send(method, path, status=200, **sent):
        answer = requests.request(method, f"{sandbox.address}/sandbox{path}", timeout=5, **sent)
        assert answer.status_code == status, answer.text
        return answer.json()

    return send


def test_reset_brings_back_the_seed_the_log_and_no_faults(admin, run_recipe, sandbox):
    run_recipe("members/create_new.py")
    admin("POST", "/faults", json={"kind": "503"})
    assert len(sandbox.state.organization.members) == 126
    options = sandbox.state.organization.options
    assert admin("POST", "/reset") == {}
    assert len(sandbox.state.organization.members) == 125
    assert sandbox.state.organization.options is options
    assert admin("GET", "/requests") == admin("GET", "/faults") == []


def test_a_request_that_is_under_way_at_a_reset_is_not_counted_as_less_than_none():
    async def ends_after_the_reset(scope, receive, send):
        log.clear()

    async def receive():
        return {"type": "http.request"}

    log = RequestLog(ends_after_the_reset)
    scope = {"type": "http", "method": "GET", "path": "/v2/x", "query_string": b"", "headers": []}
    asyncio.run(log(scope, receive, None))
    assert log.under_way == 0


def test_shows_the_requests(admin, run_recipe):
    run_recipe("members/create_new.py")
    token, created = admin("GET", "/requests")
    assert (token["path"], created["path"]) == ("/v2/auth/token", "/v2/members")
    assert token["body"]["client_secret"] == "***"
    assert created["body"]["memberType"] == "Build"
    assert admin("GET", "/requests?last=1") == [created]


def test_adds_and_removes_faults(admin, run_recipe):
    rule = {"kind": "403-html", "match": "GET /v2/members", "times": 0}
    assert admin("POST", "/faults", json=rule)["seen"] == 0
    assert run_recipe("members/list_all.py").returncode == 1
    assert [rule["seen"] for rule in admin("GET", "/faults")] == [1]
    admin("DELETE", "/faults")
    assert run_recipe("members/list_all.py").returncode == 0
    refused = admin("POST", "/faults", 400, json={"kind": "explode"})
    assert "kind: Value error, 'explode' is not a fault" in refused["message"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example.com"}, 403),
        ({"Host": "127.0.0.1.evil.example.com"}, 403),
        ({"Origin": "https://evil.example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "localhost:8765", "Origin": "http://localhost:8765"}, 200),
        ({"Host": "[::1]:8765"}, 200),
    ],
)
def test_refuses_what_a_page_elsewhere_makes_a_browser_send(headers, status, admin):
    for method, path in (("POST", "/reset"), ("GET", "/requests"), ("DELETE", "/faults")):
        admin(method, path, status, headers=headers)


def test_listens_on_this_machine_only(sandbox):
    host, _ = sandbox.socket.getsockname()
    assert host == "127.0.0.1"
    assert demo.demo_settings(sandbox.address)["baseURL"].startswith("http://127.0.0.1:")
