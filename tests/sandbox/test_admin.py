"""Tests of sandbox/admin.py: reset, request log and faults outside of /v2."""

import asyncio
import contextlib
import socket

import pytest
import requests

from sandbox import demo, seed
from sandbox.__main__ import command_line
from sandbox.faults import Fault
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
        ({"Host": "127.0.0.1@evil.example.com"}, 403),
        ({"Host": "localhost.evil.example.com:8765"}, 403),
        ({"Host": "["}, 403),
        ({"Host": ""}, 403),
        ({"Host": "0.0.0.0:8765"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "https://["}, 403),
        ({"Origin": "http://127.0.0.1.evil.example.com"}, 403),
        ({"Origin": "https://evil.example.com", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://localhost:3000"}, 403),  # a page of another program on this machine
        ({"Origin": "http://localhost"}, 403),
        ({"Host": "localhost:8765", "Origin": "http://127.0.0.1:8765"}, 403),
        ({"Host": "localhost:8765", "Origin": "https://localhost:8765"}, 403),
        ({}, 200),
        ({"Host": "localhost:8765", "Origin": "http://localhost:8765"}, 200),
        ({"Host": "localhost", "Origin": "http://localhost"}, 200),
        ({"Host": "[::1]:8765", "Origin": "http://[::1]:8765"}, 200),
        ({"Host": "[::1]:8765"}, 200),
    ],
)
def test_refuses_what_a_page_elsewhere_makes_a_browser_send(headers, status, admin, sandbox):
    sandbox.state.rules.append(Fault(kind="slow", match="GET /v2/nothing"))
    for method, path in (("GET", "/requests"), ("POST", "/reset"), ("DELETE", "/faults")):
        admin(method, path, status, headers=headers)
    assert bool(sandbox.state.rules) == (status == 403)
    # A page whose name leads to this machine could read what somebody tries out: all is closed
    form = {"grant_type": "client_credentials"}
    basic = (seed.CLIENT_ID, seed.SECRET)
    token = requests.post(
        f"{sandbox.address}/v2/auth/token", data=form, auth=basic, headers=headers, timeout=5
    )
    assert token.status_code == status
    for path in ("/openapi.json", "/v2/members", "/v2/no/such/path", "/nothing"):
        answer = requests.get(f"{sandbox.address}{path}", headers=headers, timeout=5)
        assert (answer.status_code == 403) == (status == 403)
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("name", ["Host", "Origin"])
def test_what_is_refused_meets_no_fault_and_is_not_logged(name, sandbox):
    sandbox.state.rules.append(Fault(kind="503", match="GET /v2/members"))
    headers = {name: "http://evil.example.com"}
    answer = requests.get(f"{sandbox.address}/v2/members", headers=headers, timeout=5)
    assert answer.status_code == 403
    assert sandbox.state.rules[0].seen == 0
    assert list(sandbox.state.log.entries) == []


@pytest.mark.parametrize("host_lines", ["", "Host: 127.0.0.1\r\nHost: evil.example.com\r\n"])
def test_a_request_needs_one_host(host_lines, sandbox):
    with socket.create_connection(sandbox.socket.getsockname(), timeout=5) as client:
        head = f"POST /sandbox/reset HTTP/1.0\r\n{host_lines}Content-Length: 0\r\n\r\n"
        client.sendall(head.encode())
        assert client.recv(100).split()[1] in (b"400", b"403")


def test_a_page_may_not_ask_for_permission_either(sandbox):
    headers = {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "DELETE"}
    answer = requests.options(f"{sandbox.address}/sandbox/faults", headers=headers, timeout=5)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_no_page_is_made_of_what_somebody_wrote(api, sandbox):
    bad = "<script>alert(1)</script>"
    member = {"email": "x@example.com", "firstName": bad, "lastName": bad, "memberType": "View"}
    api("POST", "/v2/members", json=member)
    for path in ("/sandbox/requests", "/openapi.json", f"/v2/{bad}", f"/{bad}", "/docs", "/redoc"):
        answer = requests.get(f"{sandbox.address}{path}", timeout=5)
        assert answer.headers["content-type"] == "application/json"


def test_no_option_opens_the_sandbox():
    options = command_line().format_help().lower()
    assert "host" not in options
    assert "bind" not in options


def test_listens_on_this_machine_only(sandbox):
    host, port = sandbox.socket.getsockname()
    assert host == "127.0.0.1"
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside:
        outside.connect(("192.0.2.1", 9))  # sends nothing, but tells this machine's own address
        address = outside.getsockname()[0]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((address, port), timeout=5)
    assert demo.demo_settings(sandbox.address)["baseURL"].startswith("http://127.0.0.1:")
