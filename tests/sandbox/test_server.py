"""Who may talk to the sandbox, what is outside of /v2, and the OpenAPI description."""

import asyncio
import contextlib
import re
import socket

import pytest
import requests

from sandbox import seed
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


# --- Only this machine, and no page of another site ---


FOREIGN = """
Host: evil.example.com
Host: 127.0.0.1.evil.example.com
Host: 127.0.0.1@evil.example.com
Host: localhost.evil.example.com:8765
Host: [
Host: 0.0.0.0:8765
Origin: https://evil.example.com
Origin: null
Origin: http://127.0.0.1.evil.example.com
Origin: http://localhost:3000
Host: localhost:8765, Origin: http://127.0.0.1:8765
Host: localhost:8765, Origin: https://localhost:8765
"""


@pytest.mark.parametrize("line", ["Host: ", "Origin: ", *FOREIGN.strip().splitlines()])
def test_foreign_hosts_and_origins_are_refused_everywhere(line, sandbox):
    headers = dict(header.split(": ") for header in line.split(", "))
    sandbox.state.rules.append(Fault(kind="503", match="GET /v2/members"))
    refused = 400 if set(headers) == {"Host"} else 403
    everything = "GET / GET /v2/members POST /v2/auth/token POST /sandbox/reset POST /faults/remove"
    everything += " DELETE /sandbox/faults OPTIONS /sandbox/faults GET /exports/x/file"
    for method, path in re.findall(r"(\S+) (\S+)", f"{everything} GET /openapi.json"):
        url = f"{sandbox.address}{path}"
        answer = requests.request(method, url, headers=headers, timeout=5)
        assert answer.status_code == refused, path
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    # What is refused meets no fault, and is not logged
    assert [rule.seen for rule in sandbox.state.rules] == [0]
    assert not sandbox.state.log.entries


@pytest.mark.parametrize("host", ["localhost", "localhost:8765", "127.0.0.1"])
def test_this_machine_and_the_own_pages_are_welcome(host, admin):
    admin("POST", "/reset", headers={"Host": host, "Origin": f"http://{host}"})


@pytest.mark.parametrize("host_lines", ["", "Host: 127.0.0.1\r\nHost: evil.example.com\r\n"])
def test_a_request_needs_one_host(host_lines, sandbox):
    with socket.create_connection(sandbox.socket.getsockname(), timeout=5) as client:
        head = f"POST /sandbox/reset HTTP/1.0\r\n{host_lines}Content-Length: 0\r\n\r\n"
        client.sendall(head.encode())
        assert client.recv(100).split()[1] == b"400"


def test_listens_on_this_machine_only(sandbox):
    host, port = sandbox.socket.getsockname()
    assert host == "127.0.0.1"
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside:
        outside.connect(("192.0.2.1", 9))  # sends nothing, but shows this machine's own IP
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((outside.getsockname()[0], port), timeout=5)
    options = command_line().format_help().lower()
    assert "host" not in options and "bind" not in options


# --- Reset, log, faults ---


def test_reset_restores_everything(admin, api, sandbox):
    api("DELETE", f"/v2/members/{seed.DEMO_MEMBER_ID}")
    api("POST", "/v2/workspaces", json={"name": "New"})
    admin("POST", "/faults", json={"kind": "503"})
    options = sandbox.state.organization.options
    admin("POST", "/reset")
    assert not sandbox.state.organization.members[seed.DEMO_MEMBER_ID].isArchived
    assert len(sandbox.state.organization.workspaces) == 12
    assert sandbox.state.organization.options is options
    assert admin("GET", "/requests") == admin("GET", "/faults") == []


def test_a_reset_during_a_request_leaves_none_under_way():
    async def ends_after_the_reset(scope, receive, send):
        log.clear()

    async def receive():
        return {"type": "http.request"}

    log = RequestLog(ends_after_the_reset)
    scope = {"type": "http", "method": "GET", "path": "/v2/x", "query_string": b"", "headers": []}
    asyncio.run(log(scope, receive, None))
    assert log.under_way == 0


def test_the_request_log(admin, api):
    api("POST", "/v2/workspaces", json={"name": "New"})
    token, created = admin("GET", "/requests")
    assert (token["path"], created["path"]) == ("/v2/auth/token", "/v2/workspaces")
    assert token["body"]["client_secret"] == "***"
    assert created["body"] == {"name": "New"}
    assert admin("GET", "/requests?last=1") == [created]


def test_faults_are_added_and_removed(admin, api):
    rule = {"kind": "503", "match": "GET /v2/whoami", "times": 0}
    assert admin("POST", "/faults", json=rule)["seen"] == 0
    api("GET", "/v2/whoami", 503)
    assert [rule["seen"] for rule in admin("GET", "/faults")] == [1]
    admin("DELETE", "/faults")
    api("GET", "/v2/whoami")
    assert "explode" in admin("POST", "/faults", 400, json={"kind": "explode"})["message"]


def test_no_response_outside_of_the_console_is_html(api, sandbox):
    bad = "<script>alert(1)</script>"
    member = {"email": "x@example.com", "firstName": bad, "lastName": bad, "memberType": "View"}
    api("POST", "/v2/members", json=member)
    for path in ("/sandbox/requests", "/openapi.json", f"/v2/{bad}", f"/{bad}", "/docs", "/redoc"):
        answer = requests.get(f"{sandbox.address}{path}", timeout=5)
        assert answer.headers["content-type"] == "application/json"


# --- GET /openapi.json, as Postman imports it ---


def test_the_description(sandbox):
    description = requests.get(f"{sandbox.address}/openapi.json", timeout=5).json()
    assert [server["url"] for server in description["servers"]] == [sandbox.address]
    flow = description["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == f"{sandbox.address}/v2/auth/token"
    assert all(path.startswith(("/v2", "/sandbox/")) for path in description["paths"])
    operations = {
        f"{method} {path}": operation
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
        if path.startswith("/v2")
    }
    assert len({operation["operationId"] for operation in operations.values()}) == len(operations)
    for name, operation in operations.items():
        assert operation["summary"] and operation["description"] and operation["tags"], name
        wanted = "HTTPBasic" if name == "post /v2/auth/token" else "oauth2"
        assert [list(need) for need in operation["security"]] == [[wanted]], name
        responses = operation["responses"]
        (content,) = (responses.get("200") or responses["201"])["content"].values()
        assert content["schema"], name
        refusal = responses["default"]["content"]["application/json"]["schema"]
        assert refusal["$ref"].endswith("/ApiError")
        assert "422" not in responses
    schemas = description["components"]["schemas"]
    assert schemas["NewMember"]["required"] == ["email", "firstName", "lastName"]
    parameters = {p["name"] for p in operations["get /v2/members"]["parameters"]}
    assert {"limit", "page", "email", "includeArchived"} <= parameters
