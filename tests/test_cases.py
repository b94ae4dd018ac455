"""Tests of defects that people met: one test per kind of defect, across recipes and formats."""

import contextlib
import copy
import importlib
import itertools
import multiprocessing.synchronize
import os
import pickle
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from types import SimpleNamespace

import pytest

import sigma_client as shared
from get_access_token import get_bearer_token
from members import batch_update, bulk_deactivate, master_script
from sandbox import seed
from sandbox.__main__ import run_script
from sandbox.faults import Fault
from sigma_client import Credentials, SigmaClient, SigmaError
from tests.conftest import BASE_URL, ROOT, environment, fresh
from tests.support.tcp_server import TOKEN_RESPONSE, peer, read_request
from workbooks.copy_workbook_folder import require_free_name

EVIL = "\nForged: line"


def run_main(recipe, monkeypatch, **settings):
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    importlib.import_module(recipe).main()


def page(*entries, following=None, **more):
    return {"entries": list(entries), "nextPage": following, **more}


def answer(sigma, *pairs):
    for path, body in pairs:
        sigma.get(BASE_URL + path, json=body)


# --- Settings and files that people write ---

NAMES = r"""$env:SEND_INVITE='false'  "SEND_INVITE"=false  SEND-INVITE=false  ;SEND_INVITE=false
            SEND_INVITE+=false  SEND_INVITE:=false  SNOWFLAKE_PASSWORD="a\tb"  PATTERN="\bzoe\b" """
# The last ones: an invisible character, two files joined with cat, and a tab
LINES = [*NAMES.split(), "SEND_INVITE\u200b=false", "\ufeffSEND_INVITE=false", 'EMAIL="a\tb"']
EMAILS = ['"anna@x.com",""', '"Anna Lee <anna@x.com>"', "MAILTO:anna@x.com", "'anna@x.com"]
CSV = ["Email,Name\n ,\xa0,\t,\na@x.com,A\n", "\n\nEmail;Name\na@x.com;A\n"]
CSV += ["\r\nEmail\tName\r\n\r\na@x.com\tA", "SEP=;\nEmail;Name\n;\na@x.com;A"]


@pytest.mark.parametrize("line", LINES)
def test_a_setting_that_isnt_understood_isnt_missing(line, env_file, call_recipe, sandbox):
    env_file.write_text(f"LIMIT=5\n{line}\n", encoding="utf-8")
    done = call_recipe("members/create_new.py", UNIQUE_EMAIL="false")
    assert (done.returncode, done.stdout, list(sandbox.state.log.entries)) == (1, "", [])
    assert f"{env_file}, line 2: " in done.stderr


def test_only_the_env_file_next_to_the_shared_files_may_be_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("SIGMA_ENV_FILE", str(tmp_path / "staging" / ".env"))
    with pytest.raises(SigmaError, match=r"staging.\.env"):
        shared.read_env("SEND_INVITE")
    monkeypatch.setattr(shared, "FOLDER", tmp_path)
    monkeypatch.delenv("SIGMA_ENV_FILE")
    assert shared.read_env_file() == {}


@pytest.mark.parametrize("names", [("MEMBERID", "MEMBER_ID"), ("WORKBOOK_ID", "WORKBOOKID")])
def test_the_environment_wins_in_any_spelling(names, env_file, monkeypatch):
    for in_file, in_environment in (names, names[::-1]):
        env_file.write_text(f"{in_file}=file\n", encoding="utf-8")
        with monkeypatch.context() as changed:
            changed.setenv(in_environment, "environment")
            assert shared.require_id(names[0]) == "environment"
        assert shared.require_id(names[0]) == "file"


@pytest.mark.parametrize("text", [*EMAILS, "'Anna Lee' <anna@x.com>", '"Lee, A"<anna@x.com>;'])
def test_emails_as_they_are_copied(text, monkeypatch, tmp_path):
    (tmp_path / "emails").write_text(text, encoding="utf-8")
    monkeypatch.setenv("MEMBER_EMAILS", str(tmp_path / "emails"))
    assert shared.read_emails("MEMBER_EMAILS", "") == ["anna@x.com"]
    monkeypatch.setenv("EMAIL", text)  # a setting or a cell has to be an email and nothing else
    with pytest.raises(SigmaError, match="EMAIL"):
        shared.require_email("EMAIL")
    rows = "Email,First Name,Last Name,New Email,Member Type,isArchived\nada@x.com,,,{},,\n"
    cell = '"' + text.replace('"', '""') + '"'
    (tmp_path / "u.csv").write_text(rows.format(cell), encoding="utf-8")
    with pytest.raises(SigmaError, match=r"u\.csv, line 2"):
        batch_update.read_updates(tmp_path / "u.csv")


@pytest.mark.parametrize("text", CSV)
def test_csv_rows_without_a_value_are_skipped(text, tmp_path):
    (tmp_path / "x.csv").write_bytes(text.encode())
    ((_, row),) = shared.read_csv(tmp_path / "x.csv", ("Email", "Name"))
    assert row == {"Email": "a@x.com", "Name": "A"}


@pytest.mark.skipif(os.name == "nt", reason="PowerShell keeps the variable for the next command")
def test_a_printed_command_uses_the_same_settings(monkeypatch, tmp_path):
    path = tmp_path / "my .env"
    path.write_text("WORKBOOK_ID=w-1\nVERSION_TAG=Staging\n", encoding="utf-8")
    monkeypatch.setenv("SIGMA_ENV_FILE", str(path))
    monkeypatch.setenv("VERSION_TAG", "New tag")  # for one run, instead of the one in the file
    monkeypatch.setenv("SEND_FORMAT", "xlsx")  # not read by this recipe
    monkeypatch.setattr(sys, "argv", ["members/x.py"])
    monkeypatch.setattr(shared, "_names", {})
    for name in ("WORKBOOK_ID", "VERSION_TAG", "SECRET"):
        shared.read_env(name)
    note = shared.dry_run_note().partition("once: ")[2]
    for command in (note, master_script.command_to_continue("m1", None)):
        assert command.startswith(f"SIGMA_ENV_FILE='{path}' VERSION_TAG='New tag' ")
        assert not re.search("WORKBOOK_ID|SEND_FORMAT|SECRET", command)


def test_the_command_of_a_dry_run_in_the_sandbox_stays_in_the_sandbox(sandbox, capfd):
    assert run_script(sandbox, ROOT / "members/bulk_deactivate.py", []) == 0
    command = capfd.readouterr().out.splitlines()[-1].partition("once: ")[2]
    assert re.search("DRY_RUN=.*python -m sandbox run ", command)
    assert "SIGMA_ENV_FILE" not in command


def test_a_good_run_is_quiet_if_a_setting_says_so(env_file, call_recipe):
    env_file.write_bytes((ROOT / ".env.example").read_bytes())
    done = call_recipe("members/list_all.py", SHOW_REQUESTS="false")
    assert (done.returncode, done.stderr) == (0, "")
    done = call_recipe("members/list_all.py", DRY_RUN="false")  # as a dry run advises
    assert "DRY_RUN" not in done.stderr  # .env has no value for it


# --- Responses of Sigma, and of Cloudflare in front of it ---

FAILURES = [  # each with status 200, instead of the file
    *[b'{"code": "y", "message": "z"}', b'{"message": "z"}', b'{"error": "z"}', b" <HTML>"],
    *[b'{"status": "failed", "error": "z"}', b'{"statusCode": 500, "message": "x"}'],
    *[b'{"requestId": "x", "code": "y", "message": "z", "details": {}}', b"<!DOCTYPE html>"],
]
UNSAVED = [
    *itertools.product(("csv",), FAILURES),
    *itertools.product(("json", "jsonl"), FAILURES[:1]),
    *itertools.product(("csv", "json"), [b"{}", b'{"queryId": "q1", "state": "failed"}']),
    *itertools.product(("json", "jsonl"), [b"null", b"17", b"upstream error"]),
]
SAVED = [
    *[("csv", b"2024\n"), ("csv", b"null\n"), ("jsonl", b""), ("json", b' [{"message": "a"}]')],
    ("jsonl", b'{"status": 200, "message": "a"}\n{"status": 200, "message": "b"}\n'),
    ("jsonl", b'{"status": 500, "message": "a", "city": "Oslo"}\n'),
]


@pytest.mark.parametrize(
    ("file_format", "body", "size"),  # of the body's HTTP chunks
    [*[(*case, 1) for case in [*UNSAVED, *SAVED]], (*UNSAVED[0], 10_000), (*SAVED[-1], 10_000)],
)
def test_only_the_file_replaces_a_file(file_format, body, size, monkeypatch, tmp_path):
    (tmp_path / "export").write_bytes(b"yesterday")
    parts = [*(body[n : n + size] for n in range(0, len(body), size)), b""]
    reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    reply += b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)

    def talk(connection):
        is_token = b"/auth/token" in read_request(connection).partition(b"\r\n")[0]
        connection.sendall(TOKEN_RESPONSE if is_token else reply)

    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    is_file = (file_format, body) in SAVED
    problem = pytest.raises(SigmaError, match="/query/q1/download")
    with peer(talk) as url, contextlib.nullcontext() if is_file else problem:
        credentials = Credentials(url, f"{url}/auth/token", "id", "secret")
        client = SigmaClient(get_bearer_token, credentials)
        client.save("/query/q1/download", tmp_path / "export", file_format)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [body if is_file else b"yesterday"]


def test_a_file_that_cant_be_written_leaves_the_other_exports_alone(call_recipe, tmp_path):
    (tmp_path / f"export-element-{seed.DEMO_ELEMENT_ID}.csv").mkdir()
    done = call_recipe("workbooks/export_all_elements.py", EXPORT_FOLDER=str(tmp_path))
    assert (done.returncode, sum(path.is_file() for path in tmp_path.iterdir())) == (1, 4)
    assert "Exported: 4. Failed: 1. Not tried: 0." in done.stderr


@pytest.mark.parametrize("status", [408, 525, 526, 527])
def test_more_statuses_that_are_repeated_only_if_nothing_changes(status, sigma, client):
    sigma.get(f"{BASE_URL}/members", status=status, body="<html>")
    sigma.get(f"{BASE_URL}/members", json={"memberId": "m1"})
    assert client.get("/members") == {"memberId": "m1"}
    sigma.post(f"{BASE_URL}/members", status=status, body="<html>")
    with pytest.raises(SigmaError, match=str(status)):
        client.post("/members")
    sigma.assert_call_count(f"{BASE_URL}/members", 3)


@pytest.mark.parametrize("kind", ["broken-json", "empty", "html"])
@pytest.mark.parametrize("request_line", ["GET /v2/members", "POST /v2/auth/token"])
def test_a_body_that_isnt_json_is_requested_again(kind, request_line, call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind=kind, match=request_line))
    done = call_recipe("members/list_all.py")
    assert (done.returncode, "ada@example.com" in done.stdout) == (0, True), done.stderr


def test_one_bad_response_ends_no_search(call_recipe, sandbox):
    fresh(sandbox, workbooks=20, input_tables=1)
    bad = list(sandbox.state.organization.workbooks)[3]
    sandbox.state.rules += [Fault.parse(f"html GET /v2/workbooks/{bad}/elements times=0")]
    done = call_recipe("workbooks/all_input_tables.py")
    assert (done.returncode, " 1 of 20 workbooks" in done.stderr) == (1, True)
    assert len(done.stdout.splitlines()) > 15


def test_a_token_that_ends_while_the_token_endpoint_fails(call_recipe, sandbox, tmp_path):
    emails = [f"p{n}.q@example.com" for n in range(8)]
    (path := tmp_path / "emails").write_text("\n".join(emails), "utf-8")
    rules = ["expired-token POST /v2/members after=2", "503 POST /v2/auth/token after=1"]
    sandbox.state.rules += map(Fault.parse, rules)
    done = call_recipe("members/bulk_create.py", DRY_RUN="false", MEMBER_EMAILS=str(path))
    assert done.returncode == 0, done.stderr
    members = sandbox.state.organization.members.values()
    assert sorted(m.email for m in members if ".q@" in m.email) == emails


ERRORS = [{"code": "x", "message": "no", "service": "s"}, {"message": "no", "requestId": "r-1"}]
ERRORS += [{"error": "no"}, {"status": 500, "message": "no"}]
PEOPLE = page(*[{"memberId": f"m{n}", "firstName": f"Ann {n}"} for n in (1, 2)])
CHANGES = {  # recipe: the request that changes something, and the responses to others
    "add_member_to_team": ("PATCH", "/teams/t1/members", {}),
    "create_connection_permission": ("POST", "/connections/c1/grants", {}),
    "bulk_deactivate": ("DELETE", "/members/m1", {"/whoami": {"userId": "m0"}, "/members": PEOPLE}),
}
IDS = {"TEAMID": "t1", "MEMBERID": "m1", "CONNECTIONID": "c1", "WORKBOOK_ID": "w1"}


@pytest.mark.parametrize("body", ERRORS, ids=str)
@pytest.mark.parametrize("recipe", CHANGES)
def test_an_error_with_status_200_is_no_success(recipe, body, sigma, monkeypatch, capsys):
    method, path, others = CHANGES[recipe]
    answer(sigma, *others.items())
    sigma.add(method, BASE_URL + path, json=body)
    with pytest.raises(SigmaError):
        run_main(f"members.{recipe}", monkeypatch, **IDS, USER_NAME_PATTERN="1", DRY_RUN="false")
    assert not re.search("successfully|Deactivated: Ann", capsys.readouterr().out)


@pytest.mark.parametrize("state", ["SUCCEEDED", "Completed"])
@pytest.mark.parametrize("waiting", ["in_progress", "IN PROGRESS", "created", "processing"])
def test_the_states_of_a_job(waiting, state, sigma, monkeypatch):
    schedules, jobs = "/workbooks/w1/materialization-schedules", "/workbooks/w1/materializations"
    answer(sigma, ("/workbooks/w1", {"workbookId": "w1"}), (schedules, page({"sheetId": "s1"})))
    sigma.post(BASE_URL + jobs, json={"materializationId": "j1"})
    answer(sigma, *[(f"{jobs}/j1", {"status": status}) for status in (waiting, state)])
    run_main("workbooks.initiate_materialization", monkeypatch, WORKBOOK_ID="w1")


def test_a_field_that_is_only_printed_may_be_missing(call_recipe, sandbox):
    sandbox.state.rules += [Fault.parse("null-field POST /v2/connection/*/lookup field=kind")]
    done = call_recipe("connections/sync_schema.py")
    assert (done.returncode, "Synced successfully" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize("used", ["never", 17, "2024-05-02T08:00:00z", "0001-01-01T00:00+14:00"])
def test_a_time_that_cant_be_read_costs_no_row(used, sigma, monkeypatch, capsys):
    times = {"odd": used, "known": "2024-05-03T08:00:00Z"}
    files = [{"id": n, "name": n, "type": "workbook", "lastInteractionAt": times[n]} for n in times]
    answer(sigma, ("/members/m1/files/recents", page(*files)))
    run_main("members.recent_workbooks", monkeypatch, MEMBERID="m1")
    assert re.findall("^known|^odd", capsys.readouterr().out, re.MULTILINE) == ["known", "odd"]


# --- Lists ---

LISTS = {"/members": "memberId", "/files": "id", "/user-attributes": "userAttributeId"}
LISTS |= {"/workbooks/w/elements": "elementId", "/workbooks/w/materialization-schedules": "sheetId"}


@pytest.mark.parametrize("path", LISTS)
def test_an_entry_is_its_id(path, sigma, client):
    a, b, c = ({LISTS[path]: n, "updatedAt": 1} for n in "abc")
    answer(sigma, (path, page(a, {**a, "updatedAt": 2}, b, total="4")))  # twice on one page
    assert [entry[LISTS[path]] for entry in client.get_all(path)] == ["a", "b"]
    first, moved = page(a, b, following="2"), page({**b, "updatedAt": 2}, c)  # on two pages
    answer(sigma, *[(path, response) for response in (first, moved, first, page(c))])
    assert client.get_all(path) == [a, b, c]


@pytest.mark.parametrize("more", [{}, {"details": {}}, {"memberId": "m2"}], ids=str)
def test_an_entry_with_an_error_is_never_a_row(more, sigma):
    broken = {"code": "inode_unreadable", "message": "no", **more}
    answer(sigma, ("/members", page({"memberId": "m1"}, broken)))
    with pytest.raises(SigmaError, match="read: 1"), SigmaClient(get_bearer_token) as client:
        assert client.get_all("/members") == [{"memberId": "m1"}]


# --- Names, other text, and other programs ---

DATA = {"userId": "m0", "memberId": "m1", "workbookId": "w1", "parentId": "x", "homeFolderId": "h"}
DATA |= {name: f"{name}{EVIL}" for name in "email memberType firstName name url teamId".split()}
PRINTERS = ["members.update", "members.change_email", "members.create_new"]
PRINTERS += ["members.get_member_details", "workbooks.copy_workbook_folder"]


@pytest.mark.parametrize(("stored", "typed"), [("José", "Jose\u0301"), ("Jose\u0301", "José")])
def test_names_that_look_the_same_are_the_same(stored, typed, monkeypatch):
    monkeypatch.setenv("USER_NAME_PATTERN", f"^{typed}$")
    same = {"lastName": "", "parentId": "h"}
    rows = [{"memberId": n, "id": n, "firstName": n, "name": n, **same} for n in (stored, "Ann")]
    client = SimpleNamespace(get_all=lambda *_, **__: rows)
    plan, _ = bulk_deactivate.find_members(client, bulk_deactivate.read_pattern(), "m0")
    assert plan == rows[:1]
    assert batch_update.find_changes(rows[0], {"firstName": typed}) == {}
    with pytest.raises(SigmaError, match="NEW_WORKBOOK_NAME"):
        require_free_name(client, "m1", "h", typed)


@pytest.mark.parametrize("recipe", PRINTERS)
def test_text_of_others_adds_no_line(recipe, sigma, monkeypatch, capsys):
    sigma.assert_all_requests_are_fired = False
    for method, body in {"GET": page(DATA, **DATA), "POST": DATA, "PATCH": {}}.items():
        sigma.add(method, re.compile(f"{BASE_URL}/(?!auth)"), json=body)
    account_type = DATA["memberType"] if "create" in recipe else "Act"
    names = {"NEW_MEMBER_FIRST_NAME": "A", "NEW_MEMBER_LAST_NAME": "B", "EMAIL": "new@x.com"}
    run_main(recipe, monkeypatch, **IDS, **names, NEW_MEMBER_TYPE=account_type)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "Forged" in line]
    assert not [line for line in lines if line.startswith("Forged")]


def test_many_items_need_no_semaphore(monkeypatch):
    """AWS Lambda has none."""

    def refuse(*arguments, **options):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(multiprocessing.synchronize.SemLock, "__init__", refuse)
    assert list(shared.in_parallel([1, 2], str)) == [(1, "1"), (2, "2")]


def test_ctrl_c_first_tells_what_is_done(monkeypatch):
    slow, get, done, told = threading.Event(), Future.result, [], []

    def interrupted(job, timeout=None):  # Ctrl-C, when only the first item isn't done
        if slow.is_set():
            return get(job, timeout)
        while len(done) < 9:
            time.sleep(0.001)
        time.sleep(0.1)  # until the results are set
        slow.set()
        raise KeyboardInterrupt

    def work(number):
        slow.wait() if number == 0 else done.append(number)

    monkeypatch.setattr(Future, "result", interrupted)
    with pytest.raises(KeyboardInterrupt):
        for item, _ in shared.in_parallel(range(100), work):
            told.append(item)
    assert {*range(1, 10)} <= {*told}


def test_a_copy_of_a_client_works(sigma, client):
    answer(sigma, ("/whoami", {"userId": "m0"}))
    for made in (copy.copy(client), copy.deepcopy(client), pickle.loads(pickle.dumps(client))):
        assert made.get("/whoami")["userId"] == "m0"


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.26.20", "2.5.0"])
def test_older_urllib3(version, sandbox, tmp_path):
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(tmp_path)]
    subprocess.run([*install, f"urllib3=={version}"], check=True)
    sandbox.state.rules.append(Fault.parse("429 GET /v2/members seconds=0"))
    done = subprocess.run(
        [sys.executable, ROOT / "members/list_all.py"],
        env=environment(sandbox.address, {"PYTHONPATH": str(tmp_path)}),
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
