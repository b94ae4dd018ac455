"""The fault matrix: every recipe, every fault, and what must happen.

TABLE has a row for each fault. An undisturbed run of a recipe shows which requests it sends; each
row then strikes these requests, one at a time.
"""

import dataclasses
import functools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import sigma_client
from sandbox import seed
from sandbox.faults import CHANGED, Fault
from tests.conftest import ROOT, SLEEP, environment, fresh
from tests.support.contract import Contract
from tests.support.recipes import SENDERS, SHARED, endpoints, files_of, source
from tests.support.tcp_server import OK, TOKEN_RESPONSE, peer, read_request, reset

# With these settings a recipe does what it is for, and ends with exit code 0 if nothing disturbs it
SETTINGS = {
    "DRY_RUN": "false",
    "UNIQUE_EMAIL": "false",
    "ALL_WORKBOOKS": "true",
    "LIMIT": "6",
    "EXPORT_MAX_WAIT": "0",  # no second look at an export that isn't ready
}
# A recipe for many items needs several here. And one of two ways may need other requests
NEW, KNOWN = "anna.one@x.com ben.two@x.com cleo.three@x.com", "chidi.okafor@example.com " * 2
SALES = seed.make_uuid("team", "Sales")
ATTRIBUTES = """\
Email,Region,Department
chidi.okafor@example.com,West,Sales
dana.varga@example.com,East,Legal
"""
WAYS: dict[str, list[dict[str, str]]] = {
    "audit/access_review.py": [{"REVIEW_OF": "workbook"}],  # with fewer requests than the others
    "members/bulk_create.py": [{"MEMBER_EMAILS": NEW}],
    "members/bulk_deactivate.py": [{"USER_NAME_PATTERN": "^(hiro|ines|jonas) "}],
    "members/bulk_set_user_attributes.py": [{"USER_ATTRIBUTES": ATTRIBUTES}],
    "members/deactivate_existing.py": [{}, {"NEW_OWNER_EMAIL": ""}],
    "teams/bulk_assign_team.py": [{"MEMBER_EMAILS": f"{KNOWN} kaja.swiatek@example.com"}],
    "teams/sync_team.py": [{"TEAM_EMAILS": KNOWN, "TEAMID": SALES, "ALLOW_LARGE_CHANGE": "true"}],
    "teams/bulk_remove_team.py": [
        {"MEMBER_EMAILS": f"{KNOWN} kaja.swiatek@example.com", "TEAMID": SALES}
    ],
    "workbooks/transfer_all_workbooks.py": [{"OLD_OWNER_EMAIL": "ada@example.com"}],
    "workbooks/restore_version.py": [{"RESTORE_VERSION": "4"}],
    "workbooks/tag_workbook.py": [
        {},
        {"TAG_SWAP": "true", "SWAP_FROM_PATH": '["RETAIL"]', "SWAP_TO_PATH": '["RETAIL"]'},
    ],
}
# One that reads, and one that changes. Only these two meet the faults that no recipe can tell apart
# from another: the client handles them
QUICK = ("members/list_all.py", "members/create_workspace.py")
each_script = pytest.mark.parametrize("recipe", SENDERS)
pytestmark = pytest.mark.slow

CHANGES = ("POST", "PATCH", "DELETE")
RECOVERED = "recovered"  # the output and the organization are those of the undisturbed run
FAILS = "fails"  # exit code 1, and a line that names the request
CLOSED = (("baseURL", "http://127.0.0.1:9/v2"), ("authURL", "http://127.0.0.1:9/v2/auth/token"))
IMPATIENT = (("SIGMA_TIMEOUT", "0.5"),)
# After these, what changes nothing is sent again. The client treats most of them alike, so only some
# of them strike every recipe
AGAIN = ("500", "502-html", "520-html", "drop", "truncate", "broken-json", "empty", "html")
READS_FOR_ALL = ("500", "503 times=0")
CHANGES_FOR_ALL = ("500", "broken-json")


@dataclass(frozen=True)
class Row:
    """A fault, the requests that it strikes, and what must happen.

    strikes is any, token, read (GET), change (POST, PATCH, DELETE), list, next page, or setting:
    then the settings are wrong, and no request is struck. must is RECOVERED, FAILS, or the setting
    or URL that the error names. Only the recipes in QUICK meet a row of the client's own.
    """

    fault: str
    strikes: str
    must: str = FAILS
    settings: tuple[tuple[str, str], ...] = ()
    of_client: bool = False

    def rules(self, after: int) -> list[Fault]:
        """Return the rule for the sandbox, which lets some requests pass."""
        if self.strikes == "setting":
            return []
        where = "POST /v2/auth/token" if self.strikes == "token" else "* /v2/[!a]*"
        kind, *options = self.fault.split()
        return [Fault.parse(" ".join([kind, where, f"after={after}", *options]))]

    @property
    def leaves_open(self) -> bool:
        """Return True if a change may have been carried out. A refusal leaves nothing open."""
        return not re.match("4|setting|expired", self.fault)


TABLE = [
    Row("no server", "setting", "127.0.0.1:9", CLOSED, of_client=True),
    Row("another host", "setting", "baseURL", CLOSED[:1], of_client=True),
    Row("secret", "setting", "SECRET", (("SECRET", "wrong"),), of_client=True),
    # The token
    Row("401", "token", "SECRET", of_client=True),
    Row("403-html", "token", "SECRET", of_client=True),
    Row("429 seconds=0", "token", RECOVERED, of_client=True),
    *[Row(fault, "token", RECOVERED, of_client=True) for fault in AGAIN],
    Row("hang", "token", RECOVERED, IMPATIENT, of_client=True),
    *[
        Row(f"{fault} times=0", "token", of_client=True)
        for fault in ("429-html", "503", "drop", "html", "missing-field field=access_token")
    ],
    Row("expired-token", "any", RECOVERED, of_client=True),
    Row("401 times=0", "any", "baseURL|SECRET", of_client=True),
    # Refusals
    *[Row(fault, "any") for fault in ("403", "404")],
    Row("429-html times=0", "any", of_client=True),
    Row("409", "change"),
    Row("403-html", "any", of_client=True),
    Row("429 seconds=0", "any", RECOVERED, of_client=True),
    # Failures of the server, lost connections, and responses that aren't what they should be
    *[Row(fault, "read", RECOVERED, of_client=fault not in READS_FOR_ALL) for fault in AGAIN],
    *[
        Row(fault, "read", of_client=fault not in READS_FOR_ALL)
        for fault in (f"{f} times=0" for f in ("503", "drop", "broken-json", "empty", "html"))
    ],
    Row("hang", "read", RECOVERED, IMPATIENT, of_client=True),
    Row("hang times=0", "read", FAILS, IMPATIENT, of_client=True),
    *[Row(fault, "change", of_client=fault not in CHANGES_FOR_ALL) for fault in AGAIN],
    Row("hang", "change", FAILS, IMPATIENT, of_client=True),
    Row("repeat-page", "next page"),
    Row("error-row", "list"),
]

# Where a recipe has a good reason to end with exit code 0
TOLERATED = {
    ("workbooks/update_owner.py", "404", "GET /members/*"),  # the old owner is gone
    # A new job may be unknown for some seconds
    ("workbooks/initiate_materialization.py", "404", "GET /workbooks/*/materializations/*"),
    ("workbooks/materialize_all.py", "404", "GET /workbooks/*/materializations/*"),
    ("workbooks/materialize_all.py", "404", "GET /*/*/materializations/*"),
    # The grant is gone, as it should be
    ("members/offboard_member.py", "404", "DELETE /grants/*"),
    ("members/offboard_member.py", "404", "DELETE /connections/*/grants/*"),
    # The version was published, and a look at the workbook shows it
    ("workbooks/restore_version.py", "broken-json", "POST /workbooks/*/*"),
}
# Where a recipe for many items stops, although Sigma refused only one
STOPS = {("members/bulk_create.py", "404")}  # an unknown account type is unknown for all
CHAINS = {"members/offboard_member.py"}  # a step that failed stops those after it


@dataclass
class Run:
    """How a recipe ended, what it requested, and what it left behind."""

    code: int
    out: str
    err: str
    asked: list[Any]  # LoggedRequest, without those for a token
    tokens: list[Any]  # LoggedRequest, for a token
    state: Any
    files: dict[str, bytes]

    @functools.cached_property
    def organization(self) -> Any:
        """What the organization holds, in a form to compare."""
        return plain(self.state)

    def told(self) -> list[str]:
        """Return the lines on stderr, without those of every run."""
        usual = ("URL sent", "Warning: /tenants has entries without data")
        return [line for line in self.err.splitlines() if not line.startswith(usual)]

    def changes(self) -> Counter[tuple[str, str, str]]:
        """Return how often each change was, or may have been, carried out."""
        return Counter(
            (entry.method, entry.path, json.dumps(entry.body))
            for entry in self.asked
            if is_change(entry)
            and (entry.fault in CHANGED or entry.fault[:1] == "5" or entry.status < 400)
        )


def contents(run: Run) -> dict[str, bytes]:
    """Return the files that a run left, without what differs in a PDF: the time, and its ID."""
    differs = rb"D:\d{14}|<[0-9a-f]{32}>"
    return {name: re.sub(differs, b"", data) for name, data in run.files.items()}


def is_change(entry: Any) -> bool:
    """Return True if a request changes something. The lookup of a path is a POST that only reads."""
    return entry.method in CHANGES and not entry.path.endswith("/lookup")


def step(entry: Any) -> str:
    """Return what a request is for: its method and path, with * instead of every ID."""
    return f"{entry.method} " + re.sub(r"/(?=[^/]*[A-Z\d])[\w-]{6,}", "/*", entry.path[3:])


PASSING = "createdAt updatedAt startedAt requestedAt readyAt lastActiveAt asked polls".split()
PASSING += "good_until tokens refresh_tokens counter options synced sentAt".split()
PASSING += "workbookTaggedAt published".split()


def plain(value: Any) -> Any:
    """Return the state of the sandbox in a form to compare: without times and counts of polls."""
    if isinstance(value, BaseModel):
        return plain(dict(value))
    if dataclasses.is_dataclass(value):
        return plain(vars(value))
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items() if k not in PASSING}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value


@pytest.fixture
def sandbox(running_sandbox):
    """A small sandbox: so many requests are sent to it."""
    return fresh(running_sandbox, members=15, workbooks=7, polls=0)


@pytest.fixture
def attempt(sandbox, call_recipe, tmp_path, monkeypatch):
    """Run a recipe in this process, with a rule, against a new organization."""
    monkeypatch.setattr(sigma_client, "PAGE_SIZE", 6)  # lists of several pages
    # One request after the other, so that a rule strikes the same one each time
    monkeypatch.setattr(sigma_client, "REQUESTS_AT_ONCE", 1)

    def run(recipe: str, *rules: Fault, way: int = 0, **settings: str) -> Run:
        fresh(sandbox, members=15, workbooks=7, polls=0)
        sandbox.state.rules.extend(rules)
        folder = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        done = call_recipe(recipe, **{**settings_for(recipe, folder, way), **settings})
        return observed(sandbox, done, folder)

    return run


def settings_for(recipe: str, folder: Path, way: int = 0) -> dict[str, str]:
    """Return the settings with which a recipe does what it is for, and write the files for it."""
    settings = {**SETTINGS, **WAYS.get(recipe, [{}])[way]}
    settings |= dict.fromkeys(("EXPORT_FOLDER", "INVENTORY_FOLDER"), str(folder))
    for name in ("MEMBER_EMAILS", "TEAM_EMAILS", "USER_ATTRIBUTES"):
        if name in settings:
            path = folder.with_name(f"{folder.name}-{name}")
            path.write_text(settings[name], encoding="utf-8")
            settings[name] = str(path)
    return settings


def observed(sandbox: Any, done: Any, folder: Path) -> Run:
    """Return what a run did, and check what must always hold."""
    entries = list(sandbox.state.log.entries)
    out, err = (text.replace(str(folder), "FOLDER") for text in (done.stdout, done.stderr))
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    secrets = [*sandbox.state.organization.tokens, seed.SECRET, "sandbox-snowflake-password"]
    assert "Traceback" not in err, err
    assert "Error in " not in err, err  # run()'s line for a bug
    assert not [secret for secret in secrets if secret in out + err]
    assert not [name for name in files if name.endswith(".part")]
    return Run(
        done.returncode,
        out,
        err,
        [entry for entry in entries if "/auth/" not in entry.path],
        [entry for entry in entries if "/auth/" in entry.path],
        sandbox.state.organization,
        files,
    )


_undisturbed: dict[tuple[str, int], Run] = {}


@pytest.fixture
def undisturbed(attempt):
    """Return the undisturbed run of a recipe."""

    def run(recipe: str, way: int = 0) -> Run:
        if (recipe, way) not in _undisturbed:
            _undisturbed[recipe, way] = run = attempt(recipe, way=way)
            assert (run.code, run.told()) == (0, []), "give it WAYS that end with exit code 0"
        return _undisturbed[recipe, way]

    return run


def ways(recipe: str) -> range:
    return range(len(WAYS.get(recipe, [{}])))


@each_script
def test_the_faults_reach_every_change_of_the_card(recipe, undisturbed):
    runs = [undisturbed(recipe, way) for way in ways(recipe)]
    asked = {f"{e.method} {e.path}" for run in runs for e in [*run.tokens, *run.asked]}
    for method, path in endpoints(recipe):
        pattern = f"{method} " + re.sub(r"{\w+}", "[^/]+", path)
        reached = any(re.fullmatch(pattern, one) for one in asked)
        assert reached or method == "GET", f"give it WAYS with {method} {path}"


def places(recipe: str, row: Row, run: Run) -> list[int]:
    """Return which requests of an undisturbed run a row strikes: the last of each step.

    Of changes, and in the two quick recipes, also the first.
    """
    if row.of_client and recipe not in QUICK:
        return []
    if row.strikes in ("token", "setting"):
        return [0]
    fits = {
        "any": lambda entry: True,
        "read": lambda entry: entry.method == "GET",
        "change": is_change,
        "list": lambda entry: re.search("(limit|pageSize)=", entry.query),
        "next page": lambda entry: re.search("(^|&)page=", entry.query),
    }[row.strikes]
    found: dict[str, list[int]] = {}
    for number, entry in enumerate(run.asked):
        # Half of a file with the right length can't be told from the whole, and an empty one isn't
        # ready. A page is never the file
        spoiled = row.fault in ("broken-json", "broken-json times=0", "empty", "html")
        is_spoiled_file = spoiled and "download" in entry.path
        if fits(entry) and entry.status < 400 and not is_spoiled_file:
            found.setdefault(step(entry), []).append(number)
    first = 0 if recipe in QUICK or row.strikes == "change" else -1
    ends = sorted({n for numbers in found.values() for n in (numbers[first], numbers[-1])})
    return ends[-1:] if "hang" in row.fault else ends  # each costs the time-out


@each_script
def test_every_fault(recipe, attempt, undisturbed):
    wrong = []
    for way in ways(recipe):
        whole = undisturbed(recipe, way)
        for row in TABLE:
            for place in places(recipe, row, whole):
                run = attempt(recipe, *row.rules(place), way=way, **dict(row.settings))
                try:
                    check(recipe, row, place, whole, run)
                except AssertionError as error:
                    what = f"{row.fault} ({row.strikes}), {step(whole.asked[place])}, after={place}"
                    wrong.append(f"{what}: {error}\n{run.out}{run.err}")
    assert not wrong, "\n\n".join(wrong)


def check(recipe: str, row: Row, place: int, whole: Run, run: Run) -> None:
    """Assert that what must happen has happened."""
    struck = whole.asked[place] if row.strikes not in ("token", "setting") else whole.tokens[0]
    assert not run.changes() - whole.changes(), "sent again what must not be"
    if row.must == RECOVERED:
        assert (run.code, run.out, run.told()) == (0, whole.out, [])
        assert run.organization == whole.organization
        assert contents(run) == contents(whole)
        renewed = row.fault == "expired-token" or row.strikes == "token"
        assert len(run.tokens) == len(whole.tokens) + renewed
        return
    if run.code == 0 and (recipe, row.fault, step(struck)) in TOLERATED:
        assert run.told() == []
        return

    assert run.code == 1
    *told, error = run.told()
    why = "\n".join([*told, error])
    assert error.startswith("Error: ")
    if row.must != FAILS:
        assert re.search(row.must, why)
    # An export that isn't known yet is waited for. The lessons on pages have a sentence for a list
    elif "EXPORT_MAX_WAIT" not in why and row.strikes not in ("list", "next page"):
        assert struck.path.removeprefix("/v2") in why
        assert row.fault[0] not in "45" or row.fault[:3] in why
    may_be_done = is_change(struck) and row.leaves_open and row.strikes in ("any", "change")
    if "times=0" not in row.fault:  # or it struck later requests as well
        assert (sigma_client.MAY_BE_DONE in why) == may_be_done
    # Where an entry of a list is missing, the recipe does what it can, and says so
    succeeded, expected = (text.count("successfully") for text in (run.out, whole.out))
    assert succeeded < expected or not expected or row.strikes == "list", "success after a failure"
    if not re.search("in_parallel|read_each", source(recipe)):
        assert len(told) <= 1 or row.strikes == "list"  # a job may be running still
    elif is_change(struck) and re.match("403|404|409|50|52", row.fault):
        # One item failed, and the others are done
        left = sum((whole.changes() - run.changes()).values())
        assert left <= 1 or (recipe, row.fault) in STOPS or recipe in CHAINS, f"{left} left"


# --- Fields that are missing or null ---


@pytest.fixture(scope="session")
def contract(running_sandbox):
    """The contract that SIGMA_OPENAPI names, or else what the sandbox says about itself."""
    file = os.environ.get("SIGMA_OPENAPI")
    return Contract.load(file) if file else Contract(json.dumps(running_sandbox.app.openapi()))


@each_script
def test_every_field(recipe, attempt, undisturbed, contract):
    whole = undisturbed(recipe)
    read = "".join(source(path) for path in files_of(recipe))
    paths: dict[str, list[tuple[str, str]]] = {}
    for entry in whole.asked:
        paths.setdefault(step(entry), []).append((entry.method, entry.path))
    wrong = []
    for where, asked in paths.items():
        fields = contract.fields(*asked[0])
        optional = sorted(name for name in fields if not fields[name])
        # One by one what the recipe reads, and all at once what is optional
        cases = [name for name in fields if re.search(f"[\"']{name}[\"']", read)]
        cases += [",".join(optional)] if optional else []
        for case in cases:
            # To the client, both are the same
            for kind in ("missing-field", "null-field") if recipe in QUICK else ("null-field",):
                rules = [
                    Fault(kind=kind, match=f"{method} {path}", field=case, times=0)
                    for method, path in sorted(set(asked))
                ]
                run = attempt(recipe, *rules)
                try:
                    check_field(recipe, where, case, fields.get(case, False), whole, run)
                except AssertionError as error:
                    wrong.append(f"{kind} {case}, {where}: {error}\n{run.out[-300:]}{run.err}")
    assert not wrong, "\n\n".join(wrong)


NO_VALUE = r"\b(None|False|null)\b|<>"  # instead of a value
# Fields that the contract calls optional, but without which a recipe can't do its work
NOT_WITHOUT = {
    ("workbooks/all_input_tables.py", "type"),
    ("workbooks/export_all_elements.py", "type"),
}
# A name that Sigma doesn't show is set once more, and no pattern finds it. Without the ID of a team,
# its members aren't listed, and without that of a data model, it may read the table
OTHER_PLAN = {
    ("members/batch_update.py", "firstName"),
    ("members/bulk_deactivate.py", "firstName"),
    ("audit/access_review.py", "teamId"),
    ("audit/find_dependents.py", "dataModelId"),
}


def check_field(
    recipe: str, where: str, case: str, is_required: bool, whole: Run, run: Run
) -> None:
    """Assert that a recipe works without an optional field, and explains a required one."""
    names = set(case.split(","))
    if run.code and any((recipe, name) in NOT_WITHOUT for name in names):
        return
    sent, expected = (Counter(change[:2] for change in r.changes()) for r in (run, whole))
    assert not sent - expected, "sent what it must not"
    assert not re.search(r'Id": null|\[null', json.dumps([e.body for e in run.asked if e.body]))
    shown, usual = (len(re.findall(NO_VALUE, r.out)) for r in (run, whole))
    assert shown <= usual, "None, or nothing in brackets"
    if run.code == 0:
        assert run.told() == []
        assert contents(run) == contents(whole)
        if not any((recipe, name) in OTHER_PLAN for name in names):
            assert len(run.out.splitlines()) == len(whole.out.splitlines())
            assert run.organization == whole.organization
        return
    *told, error = run.told()
    why = "\n".join([*told, error])
    assert is_required, "it is optional"
    # Members without an email aren't found: nothing is changed then
    assert case.lower() in why.lower() or where.split("*")[-1] in why or not run.changes(), why
    if "get_access_token" not in recipe:  # it gets a token first, whatever comes after
        succeeded, usual = (text.count("successfully") for text in (run.out, whole.out))
        assert succeeded < usual or not usual, "success after a failure"


# --- What no HTTP server sends ---

NOISES = {  # what the server sends before it closes the connection
    "nothing": b"",
    "half-a-status-line": b"HTTP/1.1 20",
    "no-http": b"220 mail.example.com ESMTP\r\n",
    "headers-without-end": OK + b"X-Many: 1\r\n" * 1000,
    "two-lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "short-body": OK + b"Content-Length: 100\r\n\r\n{",
    "broken-chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\n{",
    "no-last-chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "no-gzip": OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\njunk",
    "reset": b"HTTP/1.1 2",
}


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("recipe", QUICK)
def test_what_is_not_http(recipe, noise, attempt):
    connections: list[int] = []

    def talk(client: socket.socket) -> None:
        if b"/auth/token " in read_request(client):
            client.sendall(TOKEN_RESPONSE)
            return
        connections.append(1)
        client.sendall(NOISES[noise])
        if noise == "reset":
            reset(client)

    with peer(talk) as url:
        run = attempt(recipe, baseURL=url, authURL=f"{url}/auth/token")
    (error,) = run.told()
    assert run.code == 1
    is_change = recipe == QUICK[1]
    assert (sigma_client.MAY_BE_DONE in error) == is_change
    assert len(connections) == 1 if is_change else len(connections) <= 9
    assert not run.asked


# --- In a process of its own ---


@pytest.fixture
def start(sandbox, tmp_path):
    """Start a recipe in a process of its own, and return it with the folder for its files."""
    started: list[subprocess.Popen[str]] = []

    def run(recipe: str, *rules: Fault, **options: Any) -> tuple[subprocess.Popen[str], Path]:
        fresh(sandbox, members=15, workbooks=7, polls=0)
        sandbox.state.rules.extend(rules)
        folder = tmp_path / "exports"
        folder.mkdir(exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, ROOT / recipe],
            env=environment(sandbox.address, settings_for(recipe, folder)),
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=subprocess.PIPE,
            encoding="utf-8",
            **options,
        )
        started.append(process)
        return process, folder

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def ended(sandbox):
    """Wait for a process, and return what it did."""

    def wait(process: subprocess.Popen[str], folder: Path) -> Run:
        out, err = process.communicate(timeout=30)
        done = subprocess.CompletedProcess([], process.returncode, out or "", err)
        return observed(sandbox, done, folder)

    return wait


@pytest.mark.parametrize("recipe", QUICK)
def test_some_faults_in_a_process_of_its_own(recipe, start, ended, undisturbed):
    whole = undisturbed(recipe)
    rows = [row for row in TABLE if row.fault in ("expired-token", "drop")]
    for row in rows:
        if places(recipe, row, whole):
            run = ended(*start(recipe, *row.rules(0)))
            check(recipe, row, 0, whole, run)


@pytest.mark.parametrize("recipe", [*QUICK, "members/master_script.py"])
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_ctrl_c_while_it_waits_for_a_response(recipe, start, undisturbed, sandbox, ended):
    whole = undisturbed(recipe)
    changes = [entry for entry in whole.asked if is_change(entry)]
    last = (changes or whole.asked)[-1]
    before = sum((e.method, e.path) == (last.method, last.path) for e in changes[:-1])
    rule = Fault(kind="hang", match=f"{last.method} {last.path}", after=before)
    process, folder = start(recipe, rule)
    give_up = time.monotonic() + 30
    while rule.seen <= rule.after:
        assert time.monotonic() < give_up
        SLEEP(0.01)
    process.send_signal(signal.SIGINT)
    run = ended(process, folder)
    assert run.code == 130
    assert not run.files
    assert not run.changes() - whole.changes(), "sent again what must not be"
    assert len(run.told()) == ("master_script" in recipe)  # which names the steps that are done
    succeeded, usual = (text.count("successfully") for text in (run.out, whole.out))
    assert succeeded < usual or not usual, "success without a response"


# --- The disk, and a reader of the output that goes away ---

WRITERS = [recipe for recipe in SENDERS if "EXPORT_FOLDER" in source(recipe)]
PRINTERS = ("members/bulk_create.py", SHARED[0])


@pytest.mark.parametrize("recipe", WRITERS)
def test_a_folder_where_the_file_should_be(recipe, attempt, undisturbed, tmp_path):
    for name in undisturbed(recipe).files:
        (tmp_path / "exports" / name).mkdir(parents=True)
    run = attempt(recipe, EXPORT_FOLDER=str(tmp_path / "exports"))
    assert run.code == 1
    assert run.told()[-1].startswith("Error: ")
    assert all(path.is_dir() for path in (tmp_path / "exports").iterdir())


@pytest.mark.parametrize("recipe", WRITERS)
@pytest.mark.skipif(os.name == "nt", reason="Windows has no RLIMIT_FSIZE")
def test_a_full_disk(recipe, start, ended):
    import resource

    run = ended(
        *start(recipe, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))
    )
    assert run.code == 1
    assert "File too large" in run.err
    assert all(len(content) <= 100 for content in run.files.values())
    assert "successfully" not in run.out


@pytest.mark.parametrize("recipe", PRINTERS)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_to_a_full_disk(recipe, start, ended, undisturbed):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        run = ended(*start(recipe, stdout=full))
    assert run.code == 1
    (error,) = run.told()
    assert "No space left on device" in error
    assert run.changes() == undisturbed(recipe).changes()  # the work is done all the same


@pytest.mark.parametrize("recipe", PRINTERS)
@pytest.mark.skipif(os.name == "nt", reason="Windows has no EPIPE")
def test_a_reader_that_goes_away(recipe, start, ended, undisturbed):
    process, folder = start(recipe)
    process.stdout.close()  # before the first line: "| head -0"
    process.stdout = None
    run = ended(process, folder)
    assert (run.code, run.told()) == (1, [])
    assert run.changes() == undisturbed(recipe).changes()
