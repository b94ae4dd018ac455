"""Tests of sigma_session.py: settings, requests, lists, errors, output."""

import csv
import email.utils
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest
import responses
from responses.matchers import header_matcher, query_param_matcher
from urllib3 import HTTPResponse

import sigma_session
from get_access_token import get_bearer_token
from sandbox import demo
from sandbox.faults import Fault
from sigma_session import (
    SigmaError,
    SigmaSession,
    checked_id,
    print_rows,
    read_emails,
    read_env,
    read_flag,
    read_folder,
    read_number,
    require_env,
    require_id,
    run,
)
from tests.conftest import BASE_URL, ROOT, environment
from tests.tcp_server import peer, read_request


@pytest.fixture
def session(sandbox, monkeypatch):
    """A session with the sandbox."""
    monkeypatch.setenv("baseURL", f"{sandbox.address}/v2")
    monkeypatch.setenv("authURL", f"{sandbox.address}/v2/auth/token")
    monkeypatch.setenv("CLIENT_ID", "sandbox-client-id")
    monkeypatch.setenv("SECRET", "sandbox-client-secret")
    return SigmaSession(get_bearer_token)


def asked(sandbox, method="GET"):
    """Return the status of every request but those for a token; 0 where it was withheld."""
    entries = sandbox.state.log.entries
    return [e.status for e in entries if e.method == method and "auth" not in e.path]


# --- Settings ---


@pytest.mark.parametrize("written", ["value", "  value ", '"value"', "' value '"])
def test_takes_blanks_and_quotes_off_a_setting(written, monkeypatch):
    monkeypatch.setenv("MEMBERID", written)
    assert read_env("MEMBERID") == require_env("MEMBERID") == "value"


def test_an_empty_setting_is_the_default(monkeypatch):
    monkeypatch.setenv("PERMISSION", " ")
    assert read_env("PERMISSION", "view", choices=("view", "edit")) == "view"
    assert read_flag("SEND_INVITE", default=True) is True
    assert read_number("LIMIT", 50, 1, 1000) == 50


def test_numbers(monkeypatch):
    monkeypatch.setenv("SIGMA_BACKOFF", "0.5")
    assert read_number("SIGMA_BACKOFF", 1.0, 0.0, 60.0) == 0.5
    for wrong in ("nan", "inf", "-1", "61", "1,5", "one"):
        monkeypatch.setenv("SIGMA_BACKOFF", wrong)
        with pytest.raises(SigmaError, match="SIGMA_BACKOFF is .* must be a number from 0 to 60"):
            SigmaSession()


def test_ids():
    for good in ("4kX2", "SigmaSchedulerRobot", "678ba3ea-00c8-4702-871e-6418279e9796", "a_b"):
        assert checked_id(good, "MEMBERID") == good
    for bad in (
        "",
        ".",
        "..",
        "a/..",
        "a%2Fb",
        "NaN",
        "None",
        "null",
        "{id}",
        "a\n",
        "\0",
        None,
        7,
        "x" * 101,
    ):
        with pytest.raises(SigmaError, match="^MEMBERID is .*, which is not an ID"):
            checked_id(bad, "MEMBERID")


@pytest.fixture
def env_file(tmp_path, monkeypatch):
    """A .env of our own, read as if this were the first setting of a program."""
    path = tmp_path / ".env"
    monkeypatch.delenv("PYTHON_DOTENV_DISABLED")
    monkeypatch.setattr(sigma_session, "FOLDER", tmp_path)
    sigma_session.load_settings.cache_clear()
    yield path
    sigma_session.load_settings.cache_clear()


def test_reads_the_env_file_but_the_environment_wins(env_file, monkeypatch, capsys):
    monkeypatch.delenv("TEAMID")
    monkeypatch.setenv("EMAIL", "from@environment")
    env_file.write_text('TEAMID="t-$HOME"\nEMAIL=a@b\nCLIENT_ID=test-id\n', encoding="utf-8-sig")
    assert read_env("TEAMID") == "t-$HOME"  # as it stands: a secret may hold a $
    assert read_env("EMAIL") == "from@environment"
    told = capsys.readouterr().err
    assert told == "Set in the environment, so not read from .env: EMAIL\n"
    monkeypatch.delenv("TEAMID")


def test_another_file_takes_the_place_of_the_env_file(env_file, monkeypatch):
    monkeypatch.delenv("TEAMID")
    env_file.write_text("TEAMID=real\n", encoding="utf-8")
    monkeypatch.setenv("SIGMA_ENV_FILE", ".env.sandbox")
    with pytest.raises(SigmaError, match="^SIGMA_ENV_FILE: there is no file .*env.sandbox$"):
        read_env("TEAMID")  # never the other one instead
    env_file.with_name(".env.sandbox").write_text("TEAMID=t-1\n", encoding="utf-8")
    assert read_env("TEAMID") == "t-1"
    with pytest.raises(SigmaError, match=r"^MEMBERID is not set. Add it to .*\.env\.sandbox"):
        require_env("MEMBERID")
    monkeypatch.delenv("TEAMID")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])  # as PowerShell's > writes it
def test_an_env_file_in_another_encoding(encoding, env_file):
    env_file.write_text("TEAMID=t-1\n", encoding=encoding)
    with pytest.raises(
        SigmaError, match=r"\.env cannot be read. Save it as UTF-8, with a line NAME=value"
    ):
        read_env("TEAMID")


@pytest.mark.parametrize("line", [b"'A=B'=c", b"NEW=a\0b", b"TEAMID=\xff"])
def test_an_env_file_with_what_no_environment_can_hold(line, env_file):
    env_file.write_bytes(b"EMAIL=a@b\n" + line + b"\n")
    with pytest.raises(SigmaError, match=r"\.env cannot be read.* with a line NAME=value"):
        read_env("TEAMID")


def test_a_folder_that_cannot_be_one(monkeypatch, tmp_path):
    for text in ("~nobody-here/x", "x" * 5000, str(tmp_path / "no")):
        monkeypatch.setenv("EXPORT_FOLDER", text)
        with pytest.raises(SigmaError, match="EXPORT_FOLDER is .*, which is not a folder"):
            read_folder("EXPORT_FOLDER", ".")


# --- Where requests go ---


@pytest.mark.parametrize("end", ["", "/", "/v2", "/v2/", "//"])
def test_base_url_with_or_without_slash_and_v2(end, sigma, monkeypatch):
    monkeypatch.setenv("baseURL", f' "https://sigma.test{end}" ')
    sigma.get(f"{BASE_URL}/whoami", json={"userId": "u"})
    assert SigmaSession(get_bearer_token).get("/whoami").json() == {"userId": "u"}


@pytest.mark.parametrize(
    ("base", "problem"),
    [
        ("http://sigma.test/v2", "does not begin with https://"),
        ("http://127.0.0.1.sigma.test/v2", "does not begin with https://"),
        ("sigma.test/v2", "does not begin with https://"),
        ("YourBaseURL", "does not begin with https://"),
        ("file:///etc/passwd", "does not begin with https://"),
        ("https://user:password@sigma.test/v2", "must not hold a password"),
        ("https://user:password@#1@sigma.test/v2", "must not hold a password"),
        ("https://user:password@[sigma.test/v2", "must not hold a password"),
        ("https://sigma.test/v2?a=b", "not an address to add a path to"),
        ("https://[sigma.test/v2", "is not an address"),
        ("https:///v2", "No host supplied"),
    ],
)
def test_refuses_a_base_url_that_would_give_the_secret_away(base, problem, monkeypatch, capsys):
    monkeypatch.setenv("baseURL", base)
    monkeypatch.setenv("authURL", base)
    with responses.RequestsMock(), pytest.raises(SigmaError, match=re.escape(problem)) as refused:
        SigmaSession(get_bearer_token).get("/whoami")
    assert "password@" not in str(refused.value) + capsys.readouterr().err


def test_the_secret_goes_to_an_address_of_its_own(monkeypatch):
    monkeypatch.setenv("authURL", "/v2/auth/token")
    with responses.RequestsMock(), pytest.raises(SigmaError, match="authURL is '/v2/auth/token'"):
        get_bearer_token()


@pytest.mark.parametrize("location", ["http://[::/", "http://a:999999/", "//", "\\x"])
def test_a_redirect_to_nowhere(location, sigma):
    sigma.get(f"{BASE_URL}/whoami", status=302, headers={"Location": location})
    with pytest.raises(SigmaError):
        SigmaSession(get_bearer_token).get("/whoami")


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_a_list_where_an_object_is_due(method, sigma):
    sigma.add(method, f"{BASE_URL}/members/m-1", json=[])
    answer = SigmaSession(get_bearer_token).request(method, "/members/m-1")
    with pytest.raises(SigmaError, match=f"The answer from {method} .* not the expected JSON"):
        answer.json()


def test_the_token_goes_to_no_other_host():
    with responses.RequestsMock(), pytest.raises(SigmaError, match="not below baseURL"):
        SigmaSession(get_bearer_token).get("https://elsewhere.example.com/v2/whoami")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_follows_no_redirect(status, sigma):
    sigma.get(f"{BASE_URL}/whoami", status=status, headers={"Location": "https://elsewhere.test"})
    with pytest.raises(SigmaError, match=f"{status} from .*the token does not follow") as refused:
        SigmaSession(get_bearer_token).get("/whoami")
    assert refused.value.status == status


def test_sends_the_token_whatever_netrc_says(sigma, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login nobody password wrong\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    with_token = header_matcher({"Authorization": "Bearer token-1"})
    sigma.get(f"{BASE_URL}/whoami", match=[with_token], json={})
    SigmaSession(get_bearer_token).get("/whoami")
    assert "Authorization" not in sigma.calls[0].request.headers  # the request for the token


def test_goes_past_a_proxy_to_this_machine(session, sandbox, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert session.get("/whoami").json()["userId"]


def test_shows_each_address_before_it_is_sent(session, sandbox, capsys):
    session.get("/members", params={"email": "a@example.com"})
    printed, trace = capsys.readouterr()
    assert printed == ""
    assert trace.splitlines() == [
        f"URL sent to Sigma: {sandbox.address}/v2/auth/token",
        f"URL sent to Sigma: {sandbox.address}/v2/members?email=a%40example.com",
    ]


# --- 401 ---


def test_renews_an_expired_token_once_and_asks_again(session, sandbox):
    session.get("/whoami")
    sandbox.state.rules.append(Fault(kind="expired-token", match="GET *"))
    assert session.get("/whoami").json()["userId"]
    assert [e.status for e in sandbox.state.log.entries] == [200, 200, 401, 200, 200]


def test_a_refused_token_is_no_answer_to_the_request(session, sandbox):
    """A 409 from there must not be taken for a member who exists already."""
    sandbox.state.rules.append(Fault(kind="expired-token", match="POST /v2/members*"))
    sandbox.state.rules.append(Fault(kind="409", match="POST /v2/auth/token", after=1))
    session.get("/whoami")
    with pytest.raises(SigmaError, match="409 from POST .*/auth/token") as failed:
        session.post("/members", json={})
    assert failed.value.status is None


def test_a_token_that_is_refused_again_is_an_error(session, sandbox):
    sandbox.state.rules.append(Fault(kind="401", match="GET *", times=0))
    with pytest.raises(SigmaError, match="401 from GET .* Check CLIENT_ID and SECRET") as refused:
        session.get("/whoami")
    assert refused.value.status == 401
    assert asked(sandbox) == [401, 401]


# --- Repeating ---


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_429_is_sent_again_for_every_method(method, session, sandbox):
    sandbox.state.rules.append(Fault(kind="429", match=f"{method} /v2/m*", times=4, seconds=0))
    with pytest.raises(SigmaError, match="40[05]"):  # the answer to the fifth
        session.request(method, "/members" if method != "GET" else "/members?limit=x")
    assert asked(sandbox, method)[:4] == [429] * 4
    assert len(asked(sandbox, method)) == 5


@pytest.mark.parametrize("status", ["429", "503", "500", "502-html", "504"])
def test_gives_up_after_four_repeats(status, session, sandbox):
    sandbox.state.rules.append(Fault(kind=status, match="GET *", times=0, seconds=0))
    with pytest.raises(SigmaError, match=f"^{status[:3]} from GET "):
        session.get("/whoami")
    assert asked(sandbox) == [int(status[:3])] * 5


@pytest.mark.parametrize("kind", ["500", "502-html", "503", "504", "drop"])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_may_have_been_done_is_not_sent_again(kind, method, session, sandbox):
    sandbox.state.rules.append(Fault(kind=kind, match=f"{method} /v2/w*", times=0))
    with pytest.raises(SigmaError) as failed:
        session.request(method, "/workspaces", json={"name": "Once"})
    assert len(asked(sandbox, method)) == 1
    if kind == "drop":
        assert "It may have been carried out: look in Sigma before you" in str(failed.value)


def test_a_lost_connection_is_made_again_for_a_get(session, sandbox):
    sandbox.state.rules.append(Fault(kind="drop", match="GET *", times=2))
    assert session.get("/whoami").json()["userId"]
    assert asked(sandbox) == [0, 0, 200]


def test_a_silent_server_costs_one_repeat(session, sandbox, monkeypatch):
    monkeypatch.setenv("SIGMA_TIMEOUT", "0.2")
    impatient = SigmaSession(get_bearer_token)
    sandbox.state.rules.append(Fault(kind="hang", times=0, match="* /v2/w*"))
    with pytest.raises(SigmaError, match=r"stayed silent too long \(SIGMA_TIMEOUT seconds\)$"):
        impatient.get("/whoami")
    assert asked(sandbox) == [0, 0]
    with pytest.raises(SigmaError, match="stayed silent .* It may have been carried out"):
        impatient.post("/workspaces", json={"name": "Once"})
    assert asked(sandbox, "POST") == [0]


@pytest.fixture
def pauses(monkeypatch):
    """The seconds that would have been slept."""
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


@pytest.mark.parametrize(
    ("header", "lowest", "highest"),
    [
        ("7", 7, 7),
        ("3600", 60, 60),
        (30, 28, 30),  # a number stands for the date so many seconds from now
        (3600, 60, 60),
        (-30, 1, 1.5),  # the past: as if there were none
        ("soon", 1, 1.5),
        ("", 1, 1.5),
        ("9" * 5000, 1, 1.5),
        ("1.5", 1, 1.5),
    ],
)
def test_waits_as_long_as_retry_after_says(header, lowest, highest, pauses, monkeypatch):
    monkeypatch.setenv("SIGMA_BACKOFF", "1")
    if isinstance(header, int):
        header = email.utils.formatdate(time.time() + header, usegmt=True)
    refusal = HTTPResponse(status=429, headers={"Retry-After": header})
    patience = SigmaSession().get_adapter(BASE_URL).max_retries
    patience.increment("GET", "/", response=refusal).sleep(refusal)
    (pause,) = pauses
    assert lowest <= pause <= highest


def test_pauses_grow_and_differ_and_are_announced(pauses, monkeypatch, capsys):
    monkeypatch.setenv("SIGMA_BACKOFF", "2")
    refusal = HTTPResponse(status=503)
    patience = SigmaSession().get_adapter(BASE_URL).max_retries
    for _ in range(4):
        patience = patience.increment("GET", "/", response=refusal)
        patience.sleep(refusal)
    for pause, shortest in zip(pauses, (2, 4, 8, 16), strict=True):
        assert shortest <= pause <= shortest * 1.5
    assert len({pause % 1 for pause in pauses}) == 4
    assert len(re.findall("the next try is in .* seconds", capsys.readouterr().err)) >= 2


def test_a_setting_scales_the_pauses_to_nothing(pauses):
    refusal = HTTPResponse(status=503)
    patience = SigmaSession().get_adapter(BASE_URL).max_retries
    patience.increment("GET", "/", response=refusal).sleep(refusal)
    assert not any(pauses)


# --- Errors ---


@pytest.mark.parametrize("status", [200, 400, 403, 404, 501])
@pytest.mark.parametrize(
    ("kind", "body", "problem"),
    [
        (
            "text/html",
            "<html><title> Just a\nmoment... </title>",
            "an HTML page (Just a moment...)",
        ),
        ("text/html", "<!DOCTYPE html><HTML>", "an HTML page"),
        ("application/json", "", "empty"),
        ("application/json", '{"entries": [', "not the expected JSON but '{\"entries\": ['"),
        ("text/plain", "error code: 1015", "not the expected JSON but 'error code: 1015'"),
        ("application/json", "[" * 100_000, "not the expected JSON"),
        ("application/json", "null", "not the expected JSON but 'null'"),
        ("application/json", b"\xff\xfe\xfa", "not the expected JSON"),
    ],
)
def test_names_a_body_for_what_it_is(kind, body, problem, status, sigma):
    sigma.get(f"{BASE_URL}/whoami", status=status, body=body, content_type=kind)
    with pytest.raises(SigmaError, match=re.escape(problem)) as failed:
        SigmaSession(get_bearer_token).get("/whoami").json()
    assert failed.value.status == status
    assert len(str(failed.value).splitlines()) == 1


def test_204_is_a_success_without_a_body_and_no_list(sigma):
    sigma.delete(f"{BASE_URL}/members/m-1", status=204)
    sigma.get(f"{BASE_URL}/members", status=204)
    session = SigmaSession(get_bearer_token)
    assert session.delete("/members/m-1").json() == {}
    with pytest.raises(SigmaError, match="has no 'entries'"):
        list(session.get_entries("/members"))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "No\nrights", "requestId": "r-1"}, "No rights (requestId r-1)"),
        ({"error": "invalid_client", "error_description": "Wrong"}, "Wrong (requestId none)"),
        ({"error": "invalid_client"}, "invalid_client (requestId none)"),
        ({"message": {"a": 1}, "requestId": 7}, "{'a': 1} (requestId 7)"),
        ({"message": "\x1b[31m" + "long " * 1000}, "long l (requestId none)"),
        ({}, "not the expected JSON but '{}' (requestId none)"),
    ],
)
def test_takes_sigmas_words_and_the_request_id(body, words, sigma):
    sigma.get(f"{BASE_URL}/whoami", status=403, json=body)
    with pytest.raises(SigmaError, match=re.escape(words)) as failed:
        SigmaSession(get_bearer_token).get("/whoami")
    assert str(failed.value).startswith(f"403 from GET {BASE_URL}/whoami: ")
    assert len(str(failed.value)) < 700
    assert "\x1b" not in str(failed.value)


def test_an_answer_that_echoes_a_secret_is_masked(sigma, capsys):
    echo = {"message": "Bad: Bearer token-1, secret test-secret", "requestId": "token-1"}
    sigma.get(f"{BASE_URL}/whoami", status=400, json=echo)
    with pytest.raises(SigmaError, match=r"Bearer \*\*\*, secret \*\*\* \(requestId \*\*\*\)"):
        SigmaSession(get_bearer_token).get("/whoami")
    sigma.replace("GET", f"{BASE_URL}/whoami", body="token-1 test-secret")
    with pytest.raises(SigmaError, match=r"JSON but '\*\*\* \*\*\*'"):
        SigmaSession(get_bearer_token).get("/whoami").json()


@pytest.mark.parametrize(("path", "status"), [("/whoami", 200), ("/members/nobody", 404)])
def test_an_answer_that_is_cut_off(path, status, session, sandbox):
    sandbox.state.rules.append(Fault(kind="truncate", match="GET *"))
    problem = f"^{status} from GET .*{path}, but the answer was cut off in the middle$"
    with pytest.raises(SigmaError, match=problem):
        session.get(path)


def test_an_answer_that_cannot_be_unpacked(monkeypatch):
    def talk(client):
        client.recv(65536)
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n"
        client.sendall(head + b"junk")

    with peer(talk) as address:
        monkeypatch.setenv("baseURL", address)
        with pytest.raises(SigmaError, match="200 from GET .* compressed in a way that cannot"):
            SigmaSession().get("/whoami")


def test_an_answer_that_stops_in_the_middle(monkeypatch, capsys):
    def talk(client):
        client.recv(65536)
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        time.sleep(1)

    with peer(talk) as address:
        monkeypatch.setenv("baseURL", address)
        monkeypatch.setenv("SIGMA_TIMEOUT", "0.2")
        with pytest.raises(SigmaError, match="200 from GET .* the answer stopped in the middle"):
            SigmaSession().get("/whoami")


@pytest.mark.parametrize("status", [b"503 Busy", b"429 Slow Down"])
def test_a_refusal_without_an_end_keeps_nobody_from_asking_again(status, monkeypatch):
    connections = []

    def talk(client):
        connections.append(client)
        read_request(client)
        if len(connections) == 1:
            client.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 100000\r\n\r\n")
            for _ in range(50):  # each byte within the time-out
                client.sendall(b" ")
                time.sleep(0.1)
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with peer(talk) as address:
        monkeypatch.setenv("baseURL", address)
        begin = time.monotonic()
        assert SigmaSession().get("/whoami").json() == {}
        assert time.monotonic() - begin < 4  # the first answer takes 5 seconds


def test_an_answer_that_is_not_http(monkeypatch):
    def talk(client):
        client.recv(65536)
        client.sendall(b"220 mail.example.com ESMTP\r\n")

    with peer(talk) as address:
        monkeypatch.setenv("baseURL", address)
        with pytest.raises(SigmaError, match="the connection was lost"):
            SigmaSession().get("/whoami")


def test_a_host_that_nobody_knows(monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(SigmaError, match="the host sigma.test is not known. Check baseURL"):
        SigmaSession().get("/whoami")


def test_a_host_that_cannot_be_one(monkeypatch):
    monkeypatch.setenv("baseURL", "https://a..b/v2")
    with pytest.raises(SigmaError, match=r"No answer to GET https://a\.\.b/v2/whoami: .*a\.\.b"):
        SigmaSession().get("/whoami")


def test_a_refused_connection(monkeypatch):
    monkeypatch.setenv("baseURL", "http://127.0.0.1:9")
    with pytest.raises(SigmaError, match="nothing listens there. To start the sandbox: python -m"):
        SigmaSession().get("/whoami")
    # Elsewhere the sandbox is no help
    monkeypatch.setattr(sigma_session, "is_loopback", lambda host: False)
    monkeypatch.setenv("baseURL", "https://127.0.0.1:9")
    with pytest.raises(SigmaError, match="the connection was refused. Check baseURL"):
        SigmaSession().get("/whoami")


def test_a_server_without_tls(sandbox, monkeypatch):
    monkeypatch.setenv("baseURL", sandbox.address.replace("http:", "https:"))
    with pytest.raises(SigmaError, match="no trusted connection .*REQUESTS_CA_BUNDLE can name"):
        SigmaSession().get("/whoami")


def test_a_field_that_is_missing_is_an_error_and_no_keyerror(sigma):
    sigma.get(f"{BASE_URL}/members/m-1", json={"rows": [{"name": "x"}]})
    answer = SigmaSession(get_bearer_token).get("/members/m-1").json()
    problem = f"The answer from GET {BASE_URL}/members/m-1 has no 'email'"
    for row in (answer, answer["rows"][0]):
        with pytest.raises(SigmaError, match=problem):
            row["email"]
        assert row.get("email") is None


# --- Lists ---

LIST = f"{BASE_URL}/members"


def page(sigma, query, names, **rest):
    entries = [{"name": name} for name in names]
    sigma.get(LIST, match=[query_param_matcher(query)], json={"entries": entries, **rest})


def names(**params):
    entries = SigmaSession(get_bearer_token).get_entries("/members", **params)
    return [entry["name"] for entry in entries]


@pytest.mark.parametrize("cursors", [("50", "100"), (2, 3), ("a&b=c/ü?", "+ %20"), (1, "1a")])
def test_reads_all_pages_whatever_the_cursor_looks_like(cursors, sigma):
    page(sigma, {"limit": 1000}, "ab", nextPage=cursors[0], hasMore=False)
    page(sigma, {"limit": 1000, "page": cursors[0]}, "", nextPage=cursors[1], total=2)
    page(sigma, {"limit": 1000, "page": cursors[1]}, "c", nextPage=None, hasMore="true")
    assert names() == ["a", "b", "c"]


@pytest.mark.parametrize("end", [{}, {"nextPage": None}, {"nextPage": ""}, {"nextPageToken": ""}])
def test_ends_where_no_page_follows(end, sigma):
    page(sigma, {"limit": 1000}, "ab", **end)
    assert names() == ["a", "b"]


@pytest.mark.parametrize("more", [True, "true"])
def test_a_page_that_has_more_and_names_no_next_one_is_not_the_end(more, sigma):
    page(sigma, {"limit": 1000}, "ab", hasMore=more)
    with pytest.raises(SigmaError, match="The list is not whole: .* has more, and names no next"):
        names()


def test_reads_all_pages_of_the_second_idiom(sigma):
    page(sigma, {"pageSize": 2}, "ab", nextPageToken="t")
    page(sigma, {"pageSize": 2, "pageToken": "t"}, "c")
    assert names(pageSize=2) == ["a", "b", "c"]


def test_keeps_the_other_parameters_on_every_page(sigma):
    page(sigma, {"limit": 10, "email": "a@b"}, "a", nextPage="p")
    page(sigma, {"limit": 10, "email": "a@b", "page": "p"}, "b", nextPage=None)
    assert names(limit=10, email="a@b") == ["a", "b"]


def test_takes_a_bare_list(sigma):
    sigma.get(LIST, json=[{"name": "a"}, {"name": "b"}])
    assert names() == ["a", "b"]


@pytest.mark.parametrize("later", ["p1", 7])
def test_a_repeated_cursor_is_an_error(later, sigma):
    page(sigma, {"limit": 1000}, "a", nextPage=later)
    page(sigma, {"limit": 1000, "page": later}, "b", nextPage=str(later))
    with pytest.raises(SigmaError, match=f"not whole: GET /members named the page {later} twice"):
        names()


@pytest.mark.parametrize("answer", [{}, {"entries": None}, {"entries": "x"}, {"entries": [1]}, [1]])
def test_an_answer_that_is_no_list(answer, sigma):
    sigma.get(LIST, json=answer)
    with pytest.raises(SigmaError, match="is not a list|has no 'entries'"):
        names()


@pytest.mark.parametrize(
    "row",
    [
        {"code": "x", "message": "Bad\nrow", "requestId": "r-1"},
        {"code": "x", "message": "Bad row", "requestId": "r-1", "status": 500},
        {"message": "Bad row", "requestId": "r-1"},
    ],
)
def test_an_entry_that_sigma_could_not_read_is_named_and_left_out(row, sigma, capsys):
    sigma.get(LIST, json={"entries": [{"name": "a"}, row, {"name": "b"}], "nextPage": None})
    assert names() == ["a", "b"]
    told = "An entry of /members is missing: Bad row (requestId r-1)\n"
    assert capsys.readouterr().err.endswith(told)
    assert (
        exit_code(lambda: None) == "Error: not complete, Sigma could not read this many entries: 1"
    )


def test_finds_the_members_of_the_sandbox_in_both_list_forms(session, sandbox):
    everybody = [row["memberId"] for row in session.get_entries("/members", limit=7)]
    assert len(everybody) == len(set(everybody)) == 120
    assert len(asked(sandbox)) == 18
    sandbox.state.organization.options.bare_lists = True
    assert [row["memberId"] for row in session.get_entries("/members", limit=7)] == everybody


# --- Output ---

ROWS = [{"name": "Zoë\n\x1b[1m", "n": 1, "extra": True}, {"name": None, "n": 0.5}]
COLUMNS = {"Name": "name", "Number": "n"}


def test_a_table_has_one_line_for_each_row(capsys):
    print_rows(ROWS, COLUMNS, empty="None.")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["Name", "Number"],
        ["-" * 7, "-" * 8],
        ["Zoë", "[1m", "1"],
        ["0.5"],
    ]


def test_other_programs_get_rows_only(capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")
    print_rows(iter(ROWS), COLUMNS, empty="None.")
    assert json.loads(capsys.readouterr().out) == ROWS
    print_rows([], COLUMNS, empty="None.")
    assert capsys.readouterr().out == "[]\n"
    monkeypatch.setenv("OUTPUT_FORMAT", "csv")
    print_rows(ROWS, COLUMNS, empty="None.")
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows == [["Name", "Number"], ["Zoë\n\x1b[1m", "1"], ["", "0.5"]]
    print_rows([], COLUMNS, empty="None.")
    assert capsys.readouterr().out == "Name,Number\n"


def test_an_unknown_output_format(monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "xml")
    with pytest.raises(SigmaError, match="OUTPUT_FORMAT is 'xml'. It can be table, json, csv"):
        print_rows([], COLUMNS, empty="None.")


# --- The end of a recipe ---


def exit_code(main, monkeypatch=None):
    argv, sys.argv = sys.argv, ["recipe.py"]
    try:
        run(main)
    except SystemExit as end:
        return end.code
    finally:
        sys.argv = argv
    return 0


def raises(error):
    def main():
        raise error

    return main


def test_how_a_recipe_ends(capsys):
    assert exit_code(lambda: None) == 0
    assert exit_code(raises(SigmaError("404 from\nSigma"))) == "Error: 404 from Sigma"
    assert exit_code(raises(PermissionError(13, "Denied", "a.csv"))) == (
        "Error: [Errno 13] Denied: 'a.csv'"
    )
    assert exit_code(raises(KeyboardInterrupt())) == 130
    unexpected = exit_code(raises(TypeError("no such thing")))
    assert re.fullmatch(
        r"Error: unexpected TypeError in test_sigma_session.py line \d+: no such thing", unexpected
    )


def test_what_an_answer_echoes_is_masked_wherever_it_is_printed(sigma, monkeypatch, capsys):
    # Every way to print: a text, a table, JSON, an address
    monkeypatch.setenv("SECRET", 'test "secret"')
    row = {"name": "token-1\x1b[2J", "note": 'test "secret"'}
    sigma.get(LIST, json={"entries": [row], "nextPage": "token-1"})
    sigma.get(LIST, json={"entries": [], "nextPage": None})

    def main():
        rows = list(SigmaSession(get_bearer_token).get_entries("/members"))
        print(rows)
        for output_format in ("table", "json", "csv"):
            monkeypatch.setenv("OUTPUT_FORMAT", output_format)
            print_rows(rows, {"Name": "name", "Note": "note"}, empty="None.")

    assert exit_code(main) == 0
    printed = "".join(capsys.readouterr())
    assert printed.count("***") == 9
    assert "page=***" in printed
    for secret in ("token-1", "test \\", 'test "', "\x1b"):
        assert secret not in printed


@pytest.mark.parametrize("option", ["--show-token", "--s"])
def test_only_the_whole_option_shows_the_token(option, run_recipe):
    done = run_recipe("get_access_token.py", option)
    assert done.returncode == (0 if option == "--show-token" else 2)


class Full(io.StringIO):
    """A disk that is full."""

    def write(self, text):
        raise OSError(28, "No space left on device")


def test_a_full_disk_is_said_when_the_work_is_done(monkeypatch):
    done = []
    monkeypatch.setattr(sys, "stdout", Full())
    code = exit_code(lambda: (print("one"), done.append("work"), print("two")))
    assert (code, done) == ("Error: [Errno 28] No space left on device", ["work"])


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_closed_stream_stops_nothing_and_mixes_nothing(closed, monkeypatch, capsys):
    monkeypatch.setattr(sys, closed, None)
    assert exit_code(lambda: (print("out"), print("err", file=sys.stderr))) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == (("", "err\n") if closed == "stdout" else ("out\n", ""))


def test_a_reader_who_has_enough_is_no_traceback(sandbox, tmp_path):
    settings = {**os.environ, **demo.demo_settings(sandbox.address), "LIMIT": "1"}
    recipe = [sys.executable, ROOT / "members" / "pagination.py"]
    with subprocess.Popen(
        recipe, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as running:
        assert running.stdout.readline() == "Page 1\n"
        running.stdout.close()
        trace = running.stderr.read()
        assert all(line.startswith("URL sent to Sigma: ") for line in trace.splitlines())
    assert running.returncode == 1


def test_a_pipe_takes_every_name(run_recipe, sandbox):
    done = run_recipe("members/list_all.py", PYTHONIOENCODING="cp1252")
    assert done.returncode == 0
    assert "Świątek" in done.stdout


def test_repr_of_a_session_holds_no_secret(session):
    session.get("/whoami")
    shown = f"{session!r} {vars(session)!r}"
    assert "sandbox-client-secret" not in shown
    assert get_bearer_token() not in shown


@pytest.mark.parametrize("package", ["requests", "dotenv", "urllib3", "tabulate"])
def test_a_missing_package_is_one_line_with_the_command_that_installs_it(
    package, run_recipe, tmp_path
):
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    text = f"raise ModuleNotFoundError(name={package!r})"
    (hidden / f"{package}.py").write_text(text, encoding="utf-8")
    done = run_recipe("members/list_all.py", PYTHONPATH=str(hidden))
    assert done.returncode == 1
    error = done.stderr.splitlines()[-1]
    assert error.startswith("Error: ")
    assert f" lacks the package {package}. Install it: python -m pip install requests " in error


def test_ctrl_c_at_the_start_is_no_traceback(run_recipe, tmp_path):
    (tmp_path / "requests.py").write_text("raise KeyboardInterrupt", encoding="utf-8")
    done = run_recipe("members/list_all.py", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
    assert "Traceback" not in done.stderr


def test_checks_the_output_format_before_anything_is_sent(run_recipe, sandbox):
    done = run_recipe("members/create_new.py", OUTPUT_FORMAT="JSON")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: OUTPUT_FORMAT is 'JSON'. It can be table, json, csv\n"
    assert not sandbox.state.log.entries


# --- Files ---

FILE = f"{BASE_URL}/query/q-1/download"
GOOD = {
    "csv": b"a,b\n1,2\n",
    "json": b'[{"a": 1}]',
    "jsonl": b'{"a": 1}\n',
    "xlsx": b"PK\x03\x04rest",
    "pdf": b"%PDF-1.7 rest",
    "png": b"\x89PNG\r\n\x1a\nrest",
}


def save(tmp_path, file_format, name="export.dat"):
    target = tmp_path / name
    answer = SigmaSession(get_bearer_token).save("/query/q-1/download", target, file_format)
    return answer, target


@pytest.mark.parametrize("file_format", GOOD)
def test_saves_a_file(file_format, sigma, tmp_path):
    sigma.get(FILE, body=GOOD[file_format], content_type="application/octet-stream")
    saved, target = save(tmp_path, file_format)
    assert (saved, target.read_bytes()) == (True, GOOD[file_format])
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_is_not_ready_leaves_the_old_one(sigma, tmp_path):
    (tmp_path / "export.dat").write_text("old", encoding="utf-8")
    sigma.get(FILE, status=204)
    saved, target = save(tmp_path, "csv")
    assert (saved, target.read_text(encoding="utf-8")) == (False, "old")


PAGE = b"<!DOCTYPE html><html><title>Sign in</title></html>"


@pytest.mark.parametrize(
    ("file_format", "kind", "body"),
    [
        *[(file_format, "text/html", PAGE) for file_format in GOOD],
        *[(file_format, "text/csv", b"\n " + PAGE) for file_format in GOOD],
        *[
            (file_format, "application/octet-stream", b"")
            for file_format in GOOD
            if file_format != "jsonl"
        ],
        ("csv", "application/json", b'{"message": "No"}'),
        ("pdf", "application/pdf", b"PK\x03\x04"),
        ("png", "image/png", b"%PDF"),
        ("xlsx", "application/zip", b"a,b\n"),
        ("json", "application/json", b"error"),
    ],
)
def test_what_is_not_the_file_is_an_error_and_leaves_nothing(
    file_format, kind, body, sigma, tmp_path
):
    sigma.get(FILE, body=body, content_type=kind)
    with pytest.raises(SigmaError, match=f"is not a {file_format} file but {kind}"):
        save(tmp_path, file_format)
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_is_cut_off_leaves_the_old_file(monkeypatch, tmp_path):
    def talk(client):
        client.recv(65536)
        client.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\na,b\n" + b"1,2\n" * 900_000
        )

    (tmp_path / "export.dat").write_text("old", encoding="utf-8")
    with peer(talk) as address:
        monkeypatch.setenv("baseURL", address)
        with pytest.raises(
            SigmaError, match="200 from GET .* the answer was cut off in the middle"
        ):
            SigmaSession().save("/query/q-1/download", tmp_path / "export.dat", "csv")
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["old"]


def test_ctrl_c_in_a_download_leaves_nothing(sigma, tmp_path, monkeypatch):
    def interrupted(answer):
        yield b"a,b\n"
        raise KeyboardInterrupt

    monkeypatch.setattr(sigma_session, "body_chunks", interrupted)
    sigma.get(FILE, body=b"a,b\n")
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path, "csv")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_an_oserror(sigma, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    sigma.get(FILE, body=b"a,b\n", content_type="text/csv")
    with pytest.raises(OSError, match="Not a directory|No such file"):
        save(tmp_path / "file", "csv")


# --- Pasted URLs: the examples of the guide, and what is near them ---

HERE = "https://app.sigmacomputing.com/my-company"
LONG = "1f8e9847-c7o5-41Te-93b0-b80bPyyf9730"
TEAM = "87659652-5289-4225-95cQ-4b75T3268bEn"


@pytest.mark.parametrize(
    ("name", "path", "found"),
    [
        ("CONNECTIONID", f"/s/Connection-Root-{LONG}", LONG),
        ("WORKSPACEID", "/s/eng-team-1mS1ndDmvcE7MivbcCVbhv", "1mS1ndDmvcE7MivbcCVbhv"),
        ("WORKSPACEID", f"/s/eng-team-{LONG}?x=1", LONG),
        ("WORKSPACEID", f"/s/{LONG}", LONG),
        ("WORKBOOK_ID", f"/workbook/{LONG}", LONG),
        (
            "WORKBOOK_ID",
            "/workbook/My-Workbook-7sYWojYnccxJqdqkNKAw6S?:draftId=72c0acd6-4803-4766-b322-7dd05c4a445d",
            "7sYWojYnccxJqdqkNKAw6S",
        ),
        ("WORKBOOK_ID", "/workbook/7sYWojYnccxJqdqkNKAw6S/page/x", "7sYWojYnccxJqdqkNKAw6S"),
        (
            "ELEMENT_ID",
            "/workbook/My-Workbook-7sYWojYnccxJqdqkNKAw6S?:nodeId=Mkaex5leIGcjlkQa5PqEw",
            "Mkaex5leIGcjlkQa5PqEw",
        ),
        ("ELEMENT_ID", "/workbook/W-7sYW?:draftId=7&:nodeId=Mkaex5le#top", "Mkaex5le"),
        ("ELEMENT_ID", "/workbook/W-7sYW?%3AnodeId=Mkaex5le", "Mkaex5le"),
        ("TEAMID", f"/admin/teams/{TEAM}", TEAM),
    ],
)
def test_takes_the_id_out_of_a_pasted_url(name, path, found, monkeypatch):
    monkeypatch.setenv(name, HERE + path)
    assert require_id(name) == found


@pytest.mark.parametrize(
    ("name", "path", "problem"),
    [
        (
            "WORKBOOK_ID",
            "/b/Salesforce-Campaigns-23PiCBrgchwHc3g323Ai",
            "Sigma retired datasets on",
        ),
        ("CONNECTIONID", "/s/eng-team-1mS1ndDmvcE7MivbcCVbhv", "not the URL of a connection"),
        ("WORKSPACEID", "/workbook/W-7sYW", "not the URL of a workspace"),
        ("WORKBOOK_ID", "/s/eng-team-1mS1ndDmvcE7MivbcCVbhv", "not the URL of a workbook"),
        ("ELEMENT_ID", "/workbook/W-7sYW", "not the URL of a workbook with an element selected"),
        ("TEAMID", "/admin/people/x", "not the URL of a team"),
        ("MEMBERID", "/admin/people/4kX2", "a URL, but this ID is in none"),
    ],
)
def test_another_url_is_refused(name, path, problem, monkeypatch):
    monkeypatch.setenv(name, HERE + path)
    with pytest.raises(SigmaError, match=f"{name} is .*{problem}"):
        require_id(name)


@pytest.mark.parametrize("url", ["https://", "x://", "https://[", "://app/workbook"])
def test_a_url_without_a_path_is_refused(url, monkeypatch):
    monkeypatch.setenv("MEMBERID", url)
    with pytest.raises(SigmaError, match="MEMBERID is .*a URL, but this ID is in none"):
        require_id("MEMBERID")


# --- Files of addresses ---


@pytest.fixture
def address_file(tmp_path, monkeypatch):
    """Write a file of addresses, and read it."""

    def write_and_read(text, encoding="utf-8"):
        path = tmp_path / "addresses"
        path.write_text(text, encoding=encoding)
        monkeypatch.setenv("MEMBER_EMAILS", str(path))
        return read_emails("MEMBER_EMAILS", ".member-emails")

    return write_and_read


def test_reads_addresses_however_they_are_separated(address_file):
    text = "a@x.y, b@x.y;c@x.y  d@x.y\n\n# e@x.y\n  A@X.Y ,, f@x.y # g@x.y\r\nh@x.y"
    wanted = ["a@x.y", "b@x.y", "c@x.y", "d@x.y", "f@x.y", "h@x.y"]
    assert address_file(text) == address_file(text, "utf-8-sig") == wanted


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a@x.y\nb@x.y, nobody\n", "line 2: 'nobody' is not an email address"),
        ("a@b@c", "line 1: 'a@b@c' is not an email address"),
        ("a@x.y\n\ufeffb@x.y", r"line 2: '\\ufeffb@x.y' is not an email address"),
        ("a\u200b@x.y", r"line 1: 'a\\u200b@x.y' is not an email address"),
        ("# nothing\n\n", "there is no email address in"),
    ],
)
def test_names_the_line_of_a_malformed_address(text, problem, address_file):
    with pytest.raises(SigmaError, match=problem):
        address_file(text)


def test_a_file_of_addresses_that_cannot_be_read(address_file, monkeypatch, tmp_path):
    with pytest.raises(SigmaError, match="MEMBER_EMAILS: .* cannot be read: it is not UTF-8"):
        address_file("a@x.y", "utf-16")
    monkeypatch.setenv("MEMBER_EMAILS", "no/such/file")
    missing = re.escape(str(ROOT / "no/such/file"))  # the path counts from the shared file
    with pytest.raises(SigmaError, match=f"MEMBER_EMAILS: {missing} cannot be read: No such"):
        read_emails("MEMBER_EMAILS", ".member-emails")


def test_a_stream_that_somebody_closed_is_left_alone():
    stream = io.StringIO()
    output = sigma_session.Output(stream)
    output.write("before")
    stream.close()
    output.write("after")
    output.flush()  # Python 3.13 says on stderr when this fails as the object goes
    assert output.failure is None


def test_nothing_printed_moves_the_cursor_or_turns_the_direction(capsys):
    forged = "Ada\rStays: \u202ebob\x1b[2J"
    out, err = io.StringIO(), io.StringIO()
    sigma_session.Output(out).write(f"{forged}\tend\n")
    sigma_session.Output(err, kept="\t\n\r").write(f"{forged}\n")
    assert out.getvalue() == "Ada Stays:  bob [2J\tend\n"
    assert err.getvalue() == "Ada\rStays:  bob [2J\n"


def test_json_keeps_what_a_terminal_must_not_get(monkeypatch, capsys):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")
    rows = [{"name": "Ada\r\u202ebob\x85\x1b ü"}]
    print_rows(rows, {}, empty="")
    printed = capsys.readouterr().out
    assert not set(printed) & set(sigma_session.CONTROLS.replace("\n", ""))
    assert "ü" in printed
    assert json.loads(printed) == rows


# --- What other servers send ---


@pytest.mark.parametrize(("method", "warned"), [("GET", False), ("POST", True), ("DELETE", True)])
def test_an_early_hint_is_no_answer(method, warned, sigma):
    sigma.add(method, f"{BASE_URL}/members", status=103)
    with pytest.raises(SigmaError, match="^No answer to .* only a status 103 before it") as failed:
        SigmaSession(get_bearer_token).request(method, "/members")
    assert failed.value.status is None
    assert ("may have been carried out" in str(failed.value)) == warned


def test_a_page_may_be_a_number_and_the_first_is_0(sigma):
    sigma.get(f"{BASE_URL}/members", json={"entries": [], "nextPage": 0})
    sigma.get(f"{BASE_URL}/members", json={"entries": [{"memberId": "m-1"}], "nextPage": None})
    assert len(list(SigmaSession(get_bearer_token).get_entries("/members"))) == 1


@pytest.mark.parametrize("cursor", [False, {"a": "b"}, ["p2"]])
def test_what_names_no_page_does_not_end_a_list(cursor, sigma):
    sigma.get(f"{BASE_URL}/members", json={"entries": [], "nextPage": cursor})
    with pytest.raises(SigmaError, match="The list is not whole: .* named no page but"):
        list(SigmaSession(get_bearer_token).get_entries("/members"))


def test_json_is_utf_8_whatever_the_header_says(sigma):
    body = '\ufeff{"name": "Zo\u00eb"}'.encode()
    sigma.get(f"{BASE_URL}/whoami", body=body, content_type="text/plain; charset=iso-8859-1")
    assert SigmaSession(get_bearer_token).get("/whoami").json() == {"name": "Zo\u00eb"}


def test_a_field_that_the_answer_to_a_change_lacks_comes_with_the_warning(sigma):
    sigma.post(f"{BASE_URL}/members", json={})
    answer = SigmaSession(get_bearer_token).post("/members").json()
    with pytest.raises(SigmaError, match="has no 'memberId'. It may have been carried out"):
        answer["memberId"]


@pytest.mark.parametrize("status", [201, 206])
def test_part_of_a_file_is_not_saved(status, sigma, tmp_path):
    sigma.get(f"{BASE_URL}/query/q/download", status=status, body=b"a,b\n1,2\n")
    with pytest.raises(SigmaError, match=f"{status} from GET .* not the whole file"):
        SigmaSession(get_bearer_token).save("/query/q/download", tmp_path / "a.csv", "csv")
    assert sigma.calls[-1].request.headers["Accept-Encoding"] == "identity"
    assert list(tmp_path.iterdir()) == []


def test_a_table_of_pages_may_be_exported(sigma, tmp_path):
    sigma.get(f"{BASE_URL}/query/q/download", body=b"name,html\nA,<html>\n")
    session = SigmaSession(get_bearer_token)
    assert session.save("/query/q/download", tmp_path / "a.csv", "csv")


def test_the_password_of_a_proxy_is_a_secret(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://user:pr0xy-pass@127.0.0.1:99999")
    with pytest.raises(SigmaError) as failed:
        SigmaSession().get("https://sigma.test/v2/whoami")
    assert "pr0xy-pass" not in str(failed.value)


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send these signals")
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130), ("SIGHUP", 129)])
def test_a_signal_ends_a_recipe_and_leaves_nothing(name, code, sandbox, tmp_path):
    sandbox.state.organization.options.polls = 0
    sandbox.state.rules.append(Fault(kind="hang", match="GET /v2/query/*"))
    with subprocess.Popen(
        [sys.executable, str(ROOT / "workbooks" / "export_workbook_pdf.py")],
        env=environment(sandbox.address, {}),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as recipe:
        while not sandbox.state.rules[0].seen:
            time.sleep(0.01)
        recipe.send_signal(getattr(signal, name))
        trace = recipe.communicate(timeout=20)[1]
    assert recipe.returncode == code
    assert all(line.startswith("URL sent to Sigma: ") for line in trace.splitlines())
    assert list(tmp_path.iterdir()) == []
