"""Tests of sigma_client.py: what the client does, not how it puts it."""

import io
import json
import os
import sys
import threading
import time

import pytest

import sigma_client
from get_access_token import get_bearer_token
from sandbox import seed
from sandbox.faults import Fault
from sandbox.server import Server
from sigma_client import (
    Credentials,
    SigmaClient,
    SigmaError,
    dry_run_note,
    in_parallel,
    is_email,
    member_label,
    print_rows,
    printable,
    read_credentials,
    read_csv,
    read_dry_run,
    read_emails,
    read_env,
    read_flag,
    read_number,
    read_path,
    require_all,
    require_email,
    require_id,
    run,
)
from tests.conftest import BASE_URL, TOKEN_URL
from tests.support.tcp_server import OK, TOKEN_RESPONSE, peer, read_request


def use_credentials(monkeypatch, base_url):
    """Set the credentials for a server at base_url. The sandbox accepts them."""
    monkeypatch.setenv("baseURL", base_url)
    monkeypatch.setenv("authURL", f"{base_url}/auth/token")
    monkeypatch.setenv("CLIENT_ID", seed.CLIENT_ID)
    monkeypatch.setenv("SECRET", seed.SECRET)


@pytest.fixture
def sandbox_client(sandbox, monkeypatch):
    """A client of the sandbox."""
    use_credentials(monkeypatch, f"{sandbox.address}/v2")
    with SigmaClient(get_bearer_token) as client:
        yield client


@pytest.fixture
def raw_sigma(monkeypatch):
    """Start a server that sends bytes as they are: a token, then one response per connection.

    A response of b"" closes the connection. The value of the call is the list of requests.
    """
    with pytest.MonkeyPatch.context() as changed:
        servers = []

        def start(*replies):
            left, received = [TOKEN_RESPONSE, *replies], []

            def talk(connection):
                received.append(read_request(connection).partition(b"\r\n")[0].decode())
                reply = left.pop(0) if left else b""
                head = b"\r\nConnection: close\r\n\r\n"
                connection.sendall(reply.replace(b"\r\n\r\n", head, 1))

            server = peer(talk)
            use_credentials(changed, server.__enter__())
            servers.append(server)
            return received

        yield start
        for server in servers:
            server.__exit__(None, None, None)


@pytest.fixture
def pauses(monkeypatch):
    """Sleep no more. The value is the list of the seconds that would have been slept."""
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


# --- Settings ---


def test_the_environment_wins_unless_it_is_empty(env_file, monkeypatch):
    env_file.write_text("LIMIT=5\nEMAIL=a@example.com\nTEAMID='t-$HOME'", encoding="utf-8-sig")
    monkeypatch.setenv("LIMIT", "7")
    monkeypatch.setenv("EMAIL", " ")
    monkeypatch.setenv("MEMBER_ID", '"m1"')  # the other name in the tutorial; docker keeps quotes
    assert (read_env("LIMIT"), read_env("EMAIL")) == ("7", "a@example.com")
    assert (read_env("TEAMID"), read_env("MEMBERID")) == ("t-$HOME", "m1")
    env_file.write_text("EMAIL=edited@example.com\n", encoding="utf-8")
    assert read_env("EMAIL") == "edited@example.com"


@pytest.mark.parametrize("line", ["LIMIT='5", "LIMIT 5", "LIMIT", r'FOLDER="C:\new"'])
def test_a_line_that_cant_be_read_is_an_error(env_file, line):
    env_file.write_text(f"EMAIL=a@example.com\n{line}\n", encoding="utf-8")
    with pytest.raises(SigmaError, match=r"\.env, line 2"):
        read_env("EMAIL")


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_files_in_another_encoding_are_refused(env_file, encoding, monkeypatch, tmp_path):
    env_file.write_bytes("NEW_MEMBER_FIRST_NAME=Zoë\n".encode(encoding))
    with pytest.raises(SigmaError, match=r"\.env.*UTF-8"):
        read_env("EMAIL")
    env_file.write_text("", encoding="utf-8")
    (tmp_path / "emails").write_bytes("zoë@example.com".encode(encoding))
    monkeypatch.setenv("MEMBER_EMAILS", str(tmp_path / "emails"))
    with pytest.raises(SigmaError, match="emails.*UTF-8"):
        read_emails("MEMBER_EMAILS", "")


def test_another_settings_file_is_never_replaced_by_env(monkeypatch, tmp_path):
    monkeypatch.setenv("SIGMA_ENV_FILE", str(tmp_path / "none.env"))
    with pytest.raises(SigmaError, match=r"none\.env"):
        read_env("EMAIL")


def test_all_missing_settings_are_named(monkeypatch):
    monkeypatch.setenv("CLIENT_ID", "")
    monkeypatch.setenv("authURL", "")
    with pytest.raises(SigmaError, match=r"\.env.* CLIENT_ID, authURL"):
        read_credentials()
    # A recipe that has all its own settings needs the credentials next
    monkeypatch.setattr(sys.modules["__main__"], "get_bearer_token", None, raising=False)
    with pytest.raises(SigmaError, match=r"CLIENT_ID, authURL, MEMBERID .*list_all\.py.*, EMAIL"):
        require_all("MEMBERID", "EMAIL")


def test_missing_settings_point_to_the_sandbox_that_was_started(monkeypatch, tmp_path):
    monkeypatch.setattr(sigma_client, "FOLDER", tmp_path)
    monkeypatch.delenv("SIGMA_ENV_FILE")
    (tmp_path / ".env.sandbox").touch()
    with pytest.raises(SigmaError, match=r"fill in: EMAIL\. .*SIGMA_ENV_FILE.*\.env\.sandbox"):
        require_all("EMAIL")


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: read_flag("SETTING", True), "no"),
        (lambda: read_flag("SETTING", True), "False"),
        (lambda: read_env("SETTING", "view", choices=("view", "edit")), "View"),
        (lambda: read_number("SETTING", 50, 1, 1000), "1001"),
        (lambda: read_number("SETTING", 50, 1, 1000), "5.5"),
        (lambda: read_number("SETTING", 1.0, 0.0, 60.0), "nan"),
        (lambda: read_path("SETTING", ".", is_folder=True), "no/such/folder"),
    ],
)
def test_a_typo_is_an_error_and_never_a_default(read, value, monkeypatch):
    monkeypatch.setenv("SETTING", value)
    with pytest.raises(SigmaError, match=f"SETTING is '.*{value}'"):
        read()


def test_good_settings(monkeypatch, tmp_path):
    (tmp_path / "exports").mkdir()
    monkeypatch.chdir(tmp_path)
    values = {"FLAG": "false", "LIMIT": "7", "FOLDER": "exports", "EMAIL": "o'neil@example.com"}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    assert read_flag("FLAG", default=True) is False
    assert (read_number("LIMIT", 50, 1, 1000), read_number("NONE", 50, 1, 1000)) == (7, 50)
    assert read_path("FOLDER", ".", is_folder=True) == tmp_path / "exports"
    assert require_email("EMAIL") == "o'neil@example.com"
    assert not is_email("a@example.com\n")


ID = "7a4a5b2d-6e01-54d6-85ee-e397762e1cf1"
SIGMA = "https://app.sigmacomputing.com/acme"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("MEMBERID", "BoZP1WBp0e4AfKubatpUfasbLVYr", "BoZP1WBp0e4AfKubatpUfasbLVYr"),
        ("WORKBOOK_ID", f"{SIGMA}/workbook/Q1-Plan-7sYWojYn", "7sYWojYn"),
        ("WORKBOOK_ID", f"{SIGMA}/workbook/7sYW/page/1", "7sYW"),
        ("CONNECTIONID", f"{SIGMA}/s/Demo-{ID}", ID),
        ("WORKSPACEID", f"{SIGMA}/s/Finance-2b1cXyZ", "2b1cXyZ"),
        ("TEAMID", f"{SIGMA}/admin/teams/t-1", "t-1"),
        ("ELEMENT_ID", f"{SIGMA}/workbook/b-c?:nodeId=x_1-2", "x_1-2"),
        ("SWAP_TO_CONNECTIONID", f"{SIGMA}/s/{ID}", ID),
        ("TARGET_WORKBOOK_ID", f"{SIGMA}/workbook/7sYW", "7sYW"),  # of a recipe of your own
        ("GRID", "12 x 4", "12 x 4"),
    ],
)
def test_an_id_may_be_a_url(monkeypatch, name, value, expected):
    monkeypatch.setenv(name, value)
    assert require_id(name) == expected


@pytest.mark.parametrize(
    ("name", "value", "recipe"),
    [
        ("MEMBERID", "ada@example.com", "members/list_all.py"),
        ("MEMBERID", SIGMA, "members/list_all.py"),
        ("SWAP_TO_CONNECTIONID", SIGMA, "connections/list_all_connections.py"),
        *[
            ("WORKBOOK_ID", value, "workbooks/list_all.py")  # the last one is a dataset
            for value in "../x,a/b,a?b,a b,é,{id},undefined,NONE".split(",")
            + [f"{SIGMA}/b/Data-7sYW"]
        ],
    ],
)
def test_what_is_not_an_id_is_refused_and_says_what_prints_the_ids(
    monkeypatch, name, value, recipe
):
    monkeypatch.setenv(name, value)
    with pytest.raises(SigmaError, match=f"{name}.*{recipe}"):
        require_id(name)


def test_an_email_is_checked_by_the_name_of_its_setting(monkeypatch):
    monkeypatch.setenv("OLD_OWNER_EMAIL", "Ann <a@example.com>")
    with pytest.raises(SigmaError, match="OLD_OWNER_EMAIL"):
        require_all("OLD_OWNER_EMAIL")


def test_emails_in_many_forms(monkeypatch, tmp_path):
    path = tmp_path / "emails.txt"
    path.write_text(
        '# the team\n"a@x.com","b@x.com"; mailto:c@x.com # c\nD Lee <d@x.com>, "Lee, E" <e@x.com>\n'
        "A@X.com o'neil@x.com f_y.com#EXT#@x.com",
        encoding="utf-8-sig",
    )
    monkeypatch.setenv("MEMBER_EMAILS", str(path))
    emails = "a@x.com b@x.com c@x.com d@x.com e@x.com o'neil@x.com f_y.com#EXT#@x.com"
    assert read_emails("MEMBER_EMAILS", "") == emails.split()
    for text, problem in [("a@x.com\nLee, Ann <b@x.com>", "line 2: 'Lee'"), ("# no", "no email")]:
        path.write_text(text, encoding="utf-8")
        with pytest.raises(SigmaError, match=problem):
            read_emails("MEMBER_EMAILS", "")


CSV = {  # what programs write, and the rows: each with its line, an email and a name
    "\ufeffEmail,Name\r\na@x.com,Zoë\r\n": [(2, "a@x.com", "Zoë")],
    'Name;Email;;\n"Lee;\nAnn";a@x.com\n;;;\nBo;b@x.com;;': [
        (2, "a@x.com", "Lee; Ann"),
        (5, "b@x.com", "Bo"),
    ],
    "sep=|\nEmail|Name\na@x.com": [(3, "a@x.com", "")],
    "Email,Name\na@x.com,A,B": None,  # more values than columns
    'Email,Name\n"a@x.com,A': None,  # no closing quote
    "Email,First name\na@x.com,A": None,
    "Email,Name,Name\na@x.com,A,B": None,
    "": None,
}


@pytest.mark.parametrize("text", CSV)
def test_csv_files_as_programs_write_them(text, tmp_path):
    path = tmp_path / "members.csv"
    path.write_bytes(text.encode())
    if CSV[text] is None:
        with pytest.raises(SigmaError, match=r"members\.csv, line \d"):
            read_csv(path, ("Email", "Name"))
    else:
        rows = read_csv(path, ("Email", "Name"))
        assert [(n, row["Email"], row.get("Name", "")) for n, row in rows] == CSV[text]


def test_the_path_in_a_setting_starts_at_the_current_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SigmaError, match=f"MEMBER_EMAILS is '{tmp_path / 'list.txt'}'"):
        read_emails("MEMBER_EMAILS", "list.txt")


def test_a_dry_run_is_the_default_and_false_in_the_file_is_announced(env_file, monkeypatch, capsys):
    assert read_dry_run() is True
    monkeypatch.setenv("DRY_RUN", "false")
    assert read_dry_run() is False  # for this run only
    assert capsys.readouterr().err == ""
    monkeypatch.delenv("DRY_RUN")
    env_file.write_text("DRY_RUN=false\n", encoding="utf-8")
    assert read_dry_run() is False
    assert str(env_file) in capsys.readouterr().err
    monkeypatch.setenv("DRY_RUN", "no")
    with pytest.raises(SigmaError, match="DRY_RUN"):
        read_dry_run()


def test_a_dry_run_ends_with_the_command_for_one_run(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["my files/create.py"])
    assert dry_run_note().endswith(" DRY_RUN=false python 'my files/create.py'")
    with monkeypatch.context() as windows:
        windows.setattr(os, "name", "nt")
        assert dry_run_note().endswith(
            " $env:DRY_RUN='false'; python 'my files/create.py'; $env:DRY_RUN=''"
        )


# --- Credentials ---


def test_two_organizations_never_mix(running_sandbox, sandbox, monkeypatch, tmp_path):
    with Server() as other:
        path = tmp_path / ".env.staging"
        path.write_text(
            f"CLIENT_ID={seed.VIEWER_CLIENT_ID}\nSECRET={seed.VIEWER_SECRET}\n"
            f"baseURL={other.address}\nauthURL={other.address}/v2/auth/token\n",
            "utf-8",
        )
        use_credentials(monkeypatch, f"{sandbox.address}/v2")
        first = SigmaClient(get_bearer_token)
        second = SigmaClient(get_bearer_token, read_credentials(str(path)))
        for name in ("CLIENT_ID", "SECRET", "baseURL", "authURL"):
            monkeypatch.setenv(name, "changed")  # a client keeps what it was opened with
        owners = [client.get("/whoami")["userId"] for client in (first, second, first)]
        sent = [len(server.state.log.entries) for server in (sandbox, other)]
    assert owners == [seed.OWNER_ID, seed.VIEWER_ID, seed.OWNER_ID]
    assert sent == [3, 2]  # a token for each


APP = "https://app.sigmacomputing.com"


@pytest.mark.parametrize(
    ("name", "url"),
    [("baseURL", url) for url in ("http://sigma.test/v2", "https://a:b@sigma.test/v2", APP, "a.b")]
    + [("baseURL", url) for url in (TOKEN_URL, f"{BASE_URL}/members")]
    + [("authURL", url) for url in (BASE_URL, "https://sigma.test", "https://o/v2/auth/token")],
)
def test_urls_that_would_leak_the_secret_or_dont_work(monkeypatch, name, url):
    monkeypatch.setenv(name, url)
    with pytest.raises(SigmaError, match=rf"^{name}.*/v2\b"):
        SigmaClient(get_bearer_token)


@pytest.mark.parametrize("base_url", [BASE_URL, f"{BASE_URL}/", BASE_URL.removesuffix("/v2")])
def test_base_url_with_or_without_v2(monkeypatch, sigma, base_url):
    monkeypatch.setenv("baseURL", base_url)
    sigma.get(f"{BASE_URL}/whoami", json={"userId": "1"})
    assert SigmaClient(get_bearer_token).get("/whoami") == {"userId": "1"}


def test_a_gateway_may_have_a_path():
    url = "https://gateway.example.com/sigma/v2"
    assert Credentials(url, f"{url}/auth/token", "id", "secret").base_url == url
    with pytest.raises(SigmaError, match="baseURL"):
        Credentials(f"{url}/auth/token/v2", f"{url}/auth/token", "id", "secret")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_sandbox_that_isnt_running_can_be_started(host, monkeypatch):
    use_credentials(monkeypatch, f"http://{host}:9/v2")
    with pytest.raises(SigmaError, match="python -m sandbox"):
        SigmaClient(get_bearer_token).get("/whoami")


def test_a_rejected_token_is_renewed_once(sandbox, sandbox_client):
    sandbox_client.get("/whoami")
    sandbox.state.rules.append(Fault(kind="expired-token", match="POST *"))
    assert sandbox_client.post("/workspaces", json={"name": "Once"})["workspaceId"]
    assert [entry.status for entry in sandbox.state.log.entries] == [200, 200, 401, 200, 200]
    sandbox.state.rules.append(Fault(kind="401", match="GET *", times=0))
    with pytest.raises(SigmaError, match="CLIENT_ID|baseURL") as raised:
        sandbox_client.get("/whoami")
    assert (raised.value.status, raised.value.stops_the_run) == (401, True)
    assert [entry.status for entry in sandbox.state.log.entries][5:] == [401, 200, 401]


# --- Requests ---


def test_data_comes_back(sigma, client):
    sigma.post(f"{BASE_URL}/members?sendInvite=false", json={"memberId": "m1", "email": None})
    sigma.delete(f"{BASE_URL}/members/m1", status=204)
    member = client.post("/members", json={"email": "a@example.com"}, sendInvite=False)
    assert member == {"memberId": "m1", "email": None}
    for field in ("email", "missing"):
        with pytest.raises(SigmaError, match=f"{field}.*may have been carried out") as raised:
            member[field]
        assert raised.value.stops_the_run
    assert client.delete("/members/m1") == {}


def test_urls_are_printed_on_stderr_unless_a_setting_turns_that_off(sigma, monkeypatch, capsys):
    sigma.get(f"{BASE_URL}/members", json={"entries": []})
    for show in ("true", "false"):
        monkeypatch.setenv("SHOW_REQUESTS", show)
        SigmaClient(get_bearer_token).get("/members", email="a+b@example.com")
    printed = capsys.readouterr()
    urls = [TOKEN_URL, f"{BASE_URL}/members?email=a%2Bb%40example.com"]
    assert printed.err.splitlines() == [f"URL sent to Sigma: {url}" for url in urls]
    assert printed.out == ""


@pytest.mark.parametrize("path", ["/members/None", "/members/", "/members/a b", "/teams/../x", "x"])
def test_a_path_without_a_real_id_is_never_sent(client, path):
    with pytest.raises(SigmaError):
        client.delete(path)


@pytest.mark.parametrize(
    ("method", "status", "repeated"),
    [
        *[(method, 429, True) for method in ("get", "post", "patch", "delete")],
        *[("get", status, True) for status in (500, 502, 503, 504, *range(520, 525), 530)],
        *[(method, 503, False) for method in ("post", "patch", "delete")],
        *[("get", status, False) for status in (400, 403, 404, 409)],
    ],
)
def test_what_is_repeated(sigma, client, method, status, repeated):
    getattr(sigma, method)(f"{BASE_URL}/members", status=status, json={"message": "busy"})
    if repeated:
        getattr(sigma, method)(f"{BASE_URL}/members", json={"memberId": "m1"})
        assert getattr(client, method)("/members")["memberId"] == "m1"
    else:
        with pytest.raises(SigmaError, match="busy") as raised:
            getattr(client, method)("/members")
        assert ("may have been carried out" in str(raised.value)) == (status == 503)


@pytest.mark.parametrize("fault", ["429 seconds=0", "503", "530-html", "drop", "truncate"])
def test_the_request_for_a_token_is_repeated(fault, sandbox, sandbox_client):
    kind, *options = fault.split()
    rule = " ".join([kind, "POST /v2/auth/token", *options])
    sandbox.state.rules.append(Fault.parse(rule))
    assert sandbox_client.get("/whoami")["userId"] == seed.OWNER_ID
    assert len(sandbox.state.log.entries) == 3


def test_pauses_grow_and_long_ones_are_announced(sandbox, monkeypatch, pauses, capsys):
    use_credentials(monkeypatch, f"{sandbox.address}/v2")
    monkeypatch.setenv("SIGMA_BACKOFF", "1")
    sandbox.state.rules.append(Fault(kind="503", match="GET *", times=0))
    with pytest.raises(SigmaError, match="503"):
        SigmaClient(get_bearer_token).get("/whoami")
    waited = [pause for pause in pauses if pause]
    assert all(2**n <= pause <= 1.5 * 2**n for n, pause in enumerate(waited))
    assert len(waited) == 4
    assert "retrying in" in capsys.readouterr().err
    sandbox.state.rules[:] = [Fault(kind="429", match="GET *", seconds=30)]
    SigmaClient(get_bearer_token).get("/whoami")
    assert pauses[-1] == 30  # Retry-After


CUT = OK + b"Content-Length: 100\r\n\r\n{"
GOOD = OK + b'Content-Length: 12\r\n\r\n{"id": "m1"}'


@pytest.mark.parametrize("broken", [CUT, b""])
def test_a_get_that_breaks_off_is_repeated(raw_sigma, broken):
    received = raw_sigma(broken, GOOD)
    assert SigmaClient(get_bearer_token).get("/members/m1") == {"id": "m1"}
    assert len(received) == 3


@pytest.mark.parametrize("broken", [CUT, b""])
@pytest.mark.parametrize("method", ["post", "patch", "delete"])
def test_a_change_that_breaks_off_is_sent_once(raw_sigma, broken, method):
    received = raw_sigma(broken, GOOD)
    with pytest.raises(SigmaError, match="may have been carried out") as raised:
        getattr(SigmaClient(get_bearer_token), method)("/members")
    assert raised.value.stops_the_run
    assert len(received) == 2


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ('{"message": "no\\nluck", "requestId": "r-1"}', "no luck .*r-1"),
        ('{"error": "invalid", "error_description": "no luck"}', "no luck"),
        ("<!DOCTYPE html><html>" + "x" * 9000, "HTML"),
        ("", ""),
        ("[]", ""),
    ],
)
def test_a_refusal_is_one_line(body, named, sigma, client):
    sigma.get(f"{BASE_URL}/members", status=403, body=body)
    with pytest.raises(SigmaError, match=f"403 from GET {BASE_URL}/members.*{named}") as raised:
        client.get("/members")
    assert raised.value.status == 403
    assert len(str(raised.value)) < 300
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("body", ["<html>", "", '"text"', "null", "{"])
def test_what_is_not_json_is_an_error(body, sigma, client):
    sigma.get(f"{BASE_URL}/members", body=body)
    with pytest.raises(SigmaError, match=f"{BASE_URL}/members"):
        client.get("/members")


# --- Lists ---


def pages(sigma, *pages, path="/members"):
    for page in pages:
        sigma.get(f"{BASE_URL}{path}", json=page)


def page(ids, following=None, field="memberId", **more):
    return {"entries": [{field: n} for n in ids], "nextPage": following, **more}


@pytest.mark.parametrize(
    "replies",
    [
        [page("ab", "2"), page("c")],
        [page("ab", 2), page("c")],
        [page("abc")["entries"]],
        [page("ab", nextPageToken="2"), page("c", nextPageToken=None)],
        [page("ab", "2"), page("bc"), page("ab", "2"), page("c")],  # moved once
        [page("ab", total=3), page("abc", total=3)],
    ],
)
def test_a_list_is_complete(sigma, client, replies, capsys):
    pages(sigma, *replies)
    members = client.get_all("/members", includeArchived=True)
    assert [member["memberId"] for member in members] == ["a", "b", "c"]
    assert all("limit=1000&includeArchived=true" in call.request.url for call in sigma.calls[1:])
    assert "Warning" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "replies",
    [
        [page("ab", "2"), page("c", "2")],
        [page("ab", "2"), page("bc")] * 2,
        [page("ab", "2", field="email"), page("bc", field="email")] * 2,  # no ID field
        [page("ab", hasMore="true") | {"nextPage": "2"}, {"entries": [], "hasMore": "true"}],
        [{"entries": ["a"]}],
        [{"members": []}],
    ],
)
def test_a_list_that_is_not_complete_is_an_error(sigma, client, replies):
    pages(sigma, *replies)
    with pytest.raises(SigmaError, match="/members"):
        client.get_all("/members")


def test_a_list_shorter_than_its_total_is_a_warning(sigma, client, capsys):
    pages(sigma, *[page("ab", total=3)] * 2)
    assert len(client.get_all("/members")) == 2
    (warning,) = [line for line in capsys.readouterr().err.splitlines() if "URL" not in line]
    assert all(part in warning for part in ("/members", "2", "3"))


def test_the_same_column_in_two_elements_has_not_moved(sigma, client):
    columns = [{"columnId": "c1", "elementId": element} for element in "ab"]
    bodies = [
        {"entries": [column], "nextPage": following}
        for column, following in zip(columns, ("2", None), strict=True)
    ]
    pages(sigma, *bodies, path="/workbooks/w1/columns")
    assert client.get_all("/workbooks/w1/columns") == columns


def test_an_unreadable_entry_ends_in_an_error(sigma, capsys):
    broken = {"code": "internal", "message": "no luck", "requestId": "r1"}
    pages(sigma, {"entries": [{"memberId": "a"}, broken], "nextPage": None})
    with pytest.raises(SigmaError), SigmaClient(get_bearer_token) as client:
        assert client.get_all("/members") == [{"memberId": "a"}]
        with pytest.raises(SigmaError):  # before something is created
            client.require_complete_lists()
    assert "no luck" in capsys.readouterr().err


# --- Files ---


def test_an_export_is_saved_when_it_is_ready(sigma, client, tmp_path, pauses):
    for status in (404, 202, 204):
        sigma.get(f"{BASE_URL}/query/q1/download", status=status)
    sigma.get(f"{BASE_URL}/query/q1/download", json={"status": 204})
    sigma.get(f"{BASE_URL}/query/q1/download", body=b'{"a": 1}\n')
    client.save("/query/q1/download", tmp_path / "x.jsonl", "jsonl", wait=60)
    assert (tmp_path / "x.jsonl").read_bytes() == b'{"a": 1}\n'
    assert sigma.calls[-1].request.headers["Accept-Encoding"] == "identity"
    assert len(pauses) == 5 + 1  # one of 0 seconds before the token


@pytest.mark.parametrize(
    ("file_format", "body", "status"),
    [
        ("csv", b"<!DOCTYPE html><html>", 200),
        ("pdf", b"Internal Server Error", 200),
        ("xlsx", b"%PDF", 200),
        ("jsonl", b'{"status": 500, "message": "no"}', 200),
        ("json", b'{"requestId": "r", "code": "x", "message": "no"}', 200),
        ("csv", b"a,b\n", 206),
        ("csv", b'{"message": "expired"}', 404),
    ],
)
def test_what_is_not_the_file_is_not_saved(
    sigma, client, tmp_path, pauses, file_format, body, status
):
    sigma.get(f"{BASE_URL}/query/q1/download", body=body, status=status)
    target = tmp_path / "old"
    target.write_text("old", encoding="utf-8")
    with pytest.raises(SigmaError):
        client.save("/query/q1/download", target, file_format)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert target.read_text("utf-8") == "old"


@pytest.mark.parametrize(
    ("file_format", "body"), [("json", b'[{"a": 1}]'), ("csv", b"name,html\nA,<html>\n")]
)
def test_rows_are_saved_whatever_is_in_them(sigma, client, tmp_path, pauses, file_format, body):
    sigma.get(f"{BASE_URL}/query/q1/download", body=body)
    client.save("/query/q1/download", tmp_path / "x", file_format)
    assert (tmp_path / "x").read_bytes() == body


def test_a_file_that_breaks_off_leaves_nothing(raw_sigma, tmp_path, pauses):
    raw_sigma(*[OK + b"Content-Length: 100\r\n\r\na,b"] * 3)
    with pytest.raises(SigmaError):
        SigmaClient(get_bearer_token).save("/query/q1/download", tmp_path / "x.csv", "csv")
    assert list(tmp_path.iterdir()) == []


# --- Many items ---


def test_results_come_in_order():
    def work(number):
        if number == 3:
            raise SigmaError("three")
        threading.Event().wait(0.02 if number == 0 else 0)
        return number * 10

    done = list(in_parallel(range(6), work))
    assert [item for item, _ in done] == list(range(6))
    assert [str(result) for _, result in done] == ["0", "10", "20", "three", "40", "50"]


@pytest.mark.parametrize(
    ("error", "at_most"),
    [
        (SigmaError("401", 401, stops_the_run=True), 5),
        (SigmaError("503", 503), 5 + 4),  # those that had begun
        (SigmaError("404", 404), 100),
    ],
)
def test_which_error_stops_a_bulk_run(error, at_most):
    tried = []

    def work(number):
        tried.append(number)
        time.sleep(0.001)  # as long as the other threads need to begin
        raise error

    done = list(in_parallel(range(100), work))
    assert len(done) == len(tried) <= at_most
    assert (len(tried) == 100) == (error.status == 404)


def test_server_errors_now_and_then_stop_nothing():
    def work(number):
        if number % 5:
            raise SigmaError("503", 503)

    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(sigma_client, "REQUESTS_AT_ONCE", 1)
        assert len(list(in_parallel(range(50), work))) == 50


def test_threads_share_a_client(sandbox, sandbox_client):
    members = sandbox_client.get_all("/members")[:20]
    work = in_parallel(members, lambda member: sandbox_client.get(f"/members/{member['memberId']}"))
    assert all(member["email"] == found["email"] for member, found in work)
    assert len(sandbox.state.log.entries) == 2 + 20  # one token for all


@pytest.mark.parametrize(("status", "missing"), [(404, 1), (401, 3)])
def test_what_cannot_be_read_is_named_and_the_block_ends_with_an_error(
    capsys, monkeypatch, status, missing
):
    monkeypatch.setattr(sigma_client, "REQUESTS_AT_ONCE", 1)

    def read(number):
        if number == 1:
            raise SigmaError("refused", status, stops_the_run=status == 401)
        return number * 10

    found = []
    error = pytest.raises(SigmaError, match=f"Couldn't be read: {missing}")
    with error, SigmaClient(get_bearer_token) as client:
        found = list(client.read_each([0, 1, 2, 3], read, lambda n: f"item\n{n}", "items"))
    assert found == [(0, 0), (2, 20), (3, 30)][: 4 - missing]
    assert "Failed: item 1: refused\n" in capsys.readouterr().err


# --- Printing ---


def test_cells_are_whole_and_on_one_line(capsys):
    print_rows([{"a": "x" * 400 + "\n\x1b[2J", "b": None}], {"A": "a", "B": "b"}, "")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "x" * 400 in lines[2]
    assert "\x1b" not in lines[2]
    print_rows([], {"A": "a"}, "None.")
    assert capsys.readouterr().out == "None.\n"


def test_wide_characters_keep_the_columns_aligned(capsys):
    if not os.environ.get("CI"):
        pytest.importorskip("wcwidth")  # part of tabulate[widechars]
    names = ["李小龍", "Vic", "Jose\u0301"]
    print_rows([{"n": name, "e": "@"} for name in names], {"Name": "n", "Email": "e"}, "")
    first, second, third = (line.index("@") for line in capsys.readouterr().out.splitlines()[2:])
    assert first + 3 == second == third - 1


ROWS = [{"n": "Zoë, \u202e1", "id": "07", "x": None}, {"n": "B", "id": "1e3", "x": 1}]


def test_other_programs_get_rows_only(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")
    print_rows(ROWS, {"Name": "n"}, "")
    assert json.loads(capsys.readouterr().out) == ROWS
    monkeypatch.setenv("OUTPUT_FORMAT", "csv")
    print_rows(ROWS, {"Name": "n", "ID": "id"}, "")
    csv = 'Name,ID\n"Zoë, \u202e1",07\nB,1e3\n'
    assert capsys.readouterr().out == csv
    with (tmp_path / "x.csv").open("w", encoding="utf-8") as file:
        monkeypatch.setattr(sys, "stdout", file)
        print_rows(ROWS, {"Name": "n", "ID": "id"}, "")
    assert (tmp_path / "x.csv").read_text("utf-8") == "\ufeff" + csv  # for Excel


def test_names_stay_on_one_line():
    member = {"firstName": "Zoë", "lastName": "O\nTo delete: x", "email": "z@example.com"}
    assert member_label(member) == "Zoë O To delete: x <z@example.com>"
    assert member_label({"firstName": None, "email": "z@example.com"}) == "<z@example.com>"
    assert printable("a\r\x1b\u2028\u202eb👩\u200d💻") == "a    b👩\u200d💻"


# --- The end of a recipe ---


def end_of(main, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["recipe.py"])
    try:
        run(main)
    except SystemExit as end:
        return end.code
    return 0


def fail(error):
    raise error


@pytest.mark.parametrize(
    ("main", "code"),
    [
        (lambda: print("test-secret"), 0),
        (lambda: fail(SigmaError("the test-secret")), 1),
        (lambda: fail(OSError("disk")), 1),
        (lambda: fail(KeyError("test-secret")), 1),
        (lambda: fail(KeyboardInterrupt()), 130),
    ],
)
def test_how_a_recipe_ends(main, code, monkeypatch, capsys):
    read_credentials()  # from here on the secret is known
    for _ in range(2):  # a notebook or a scheduler runs it again
        assert end_of(main, monkeypatch) == code
        out, err = capsys.readouterr()
        assert out == ("" if code else "test-secret\n")  # data is never changed
        assert err.count("\n") == (code == 1)
        assert "test-secret" not in err


def test_a_run_leaves_nothing_behind_for_the_next_one(sandbox, monkeypatch):
    use_credentials(monkeypatch, f"{sandbox.address}/v2")
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/members*"))

    def main():
        with SigmaClient(get_bearer_token) as client:
            client.get_all("/members")

    assert [end_of(main, monkeypatch) for _ in range(3)] == [1, 0, 0]


class Broken(io.StringIO):
    """A stream that fails."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, text):
        raise self.error


class OnlyWrite:
    """The least that can be sys.stdout."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text


FULL = OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("name", "stream", "code", "errors"),
    [
        ("stdout", Broken(BrokenPipeError()), 1, 0),  # "| head"
        ("stdout", Broken(FULL), 1, 1),
        ("stderr", Broken(FULL), 0, 0),
        ("stdout", OnlyWrite(), 0, 0),
        ("stdout", None, 0, 0),  # pythonw
        ("stderr", None, 0, 0),
    ],
)
def test_streams_that_fail_stop_no_recipe_between_two_changes(
    name, stream, code, errors, monkeypatch, capsys
):
    done = []

    def main():
        print("one")
        print("one", file=sys.stderr)
        done.append("change")
        print("two")

    with monkeypatch.context() as changed:
        changed.setattr(sys, name, stream)
        assert end_of(main, changed) == code
    assert done
    assert capsys.readouterr().err.count("Error") == errors
    assert getattr(stream, "text", "one\ntwo\n") == "one\ntwo\n"


def test_the_output_format_is_checked_before_anything_is_done(monkeypatch, capsys):
    monkeypatch.setenv("OUTPUT_FORMAT", "JSON")
    done = []
    assert end_of(lambda: done.append("change"), monkeypatch) == 1
    assert "OUTPUT_FORMAT" in capsys.readouterr().err
    assert not done


def test_what_the_environment_hides_is_named_once(env_file, monkeypatch, capsys):
    env_file.write_text("LIMIT=5\nEMAIL=a@example.com\nTEAMID=t-1\n", encoding="utf-8")
    for name, value in {"LIMIT": "7", "EMAIL": "", "TEAMID": "t-1"}.items():
        monkeypatch.setenv(name, value)
    assert end_of(lambda: (read_env("LIMIT"), read_env("LIMIT")), monkeypatch) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(": LIMIT")


def test_the_arguments_of_a_notebook_are_not_the_recipes(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel", io)
    monkeypatch.setattr(sys, "argv", ["ipykernel_launcher.py", "-f", "kernel.json"])
    run(lambda: None)


def test_a_pipe_takes_every_name(run_recipe):
    done = run_recipe("members/list_all.py", PYTHONIOENCODING="cp1252")
    assert (done.returncode, "Świątek" in done.stdout) == (0, True)


@pytest.mark.parametrize("package", ["requests", "dotenv", "tabulate"])
def test_a_missing_package_is_one_line(package, run_recipe, tmp_path):
    (tmp_path / f"{package}.py").write_text("raise ImportError('not here')", encoding="utf-8")
    done = run_recipe("members/list_all.py", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "pip install" in done.stderr
