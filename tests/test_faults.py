"""The fault matrix: every recipe, every fault, and what must happen.

TABLE holds a row for each fault. What an undisturbed run of a recipe asked decides which rows
concern it, and which of its requests are struck, one at a time.
"""

import dataclasses
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import sigma_session
from sandbox import seed
from sandbox.faults import CHANGED, Fault
from tests.conftest import ROOT, environment, fresh
from tests.contract import Contract
from tests.tcp_server import peer, read_request, reset
from tests.test_every_recipe import RECIPES, SHARED, docstring

SLEEP = time.sleep  # the recipes do not sleep here, but a server may

SCRIPTS = [*(recipe.as_posix() for recipe in RECIPES), SHARED[0]]
# One that reads and one that changes run always; all others stand behind the marker
QUICK = ("members/list_all.py", "members/create_workspace.py")
each_script = pytest.mark.parametrize(
    "recipe", [pytest.param(s, marks=[] if s in QUICK else pytest.mark.slow) for s in SCRIPTS]
)

# Every recipe does what it is for, and ends with exit code 0 when nothing disturbs it
SETTINGS = {
    "DRY_RUN": "false",
    "UNIQUE_EMAIL": "false",
    "EXPORT_MAX_WAIT": "0",  # no second look at an export that is not known yet
}
CLOSED = "http://127.0.0.1:9/v2"  # nothing listens there
OWN_SETTINGS = {
    "members/deactivate_existing.py": {"NEW_OWNER_EMAIL": ""},
    "members/bulk_create.py": {"MEMBER_EMAILS": "new.txt"},
    "members/bulk_deactivate.py": {"USER_NAME_PATTERN": "^(hiro|ines|jonas) "},
    "teams/bulk_assign_team.py": {"MEMBER_EMAILS": "known.txt"},
    "teams/bulk_remove_team.py": {
        "MEMBER_EMAILS": "known.txt",
        "TEAMID": seed.make_uuid("team", "Sales"),
    },
    "members/pagination.py": {"LIMIT": "7"},
    "workbooks/pagination.py": {"LIMIT": "7"},
    "workbooks/transfer_all_workbooks.py": {"OLD_OWNER_EMAIL": "ada@example.com"},
    "workbooks/list_workbooks_by_owner.py": {"ALL_WORKBOOKS": "true"},
}
FILES = {
    "new.txt": "anna.one@example.com, ben.two@example.com, cleo.three@example.com",
    "known.txt": "chidi.okafor@example.com, kaja.swiatek@example.com",
}

READS = ("GET",)  # may be sent again
CHANGES = ("POST", "PATCH", "DELETE")
RECOVERED = "recovered"  # the output and the organization are those of the undisturbed run
LATER = ". It may have been carried out: look in Sigma before you run this again"


@dataclass(frozen=True)
class Row:
    """A fault, the requests that it strikes, and what must happen.

    must is RECOVERED, or a regular expression for the line that names the cause: exit code 1.
    strikes is any, token, read (GET), change (POST, PATCH, DELETE), list, next page, or setting:
    what is wrong is in the settings, and no request is struck.
    """

    fault: str
    strikes: str
    must: str
    settings: tuple[tuple[str, str], ...] = ()

    def rules(self, after: int) -> list[Fault]:
        """Return the rule for the sandbox, which lets some requests pass."""
        if self.strikes == "setting":
            return []
        where = "POST /v2/auth/token" if self.strikes == "token" else "* /v2/[!a]*"
        kind, *options = self.fault.split()
        return [Fault.parse(" ".join([kind, where, f"after={after}", *options]))]

    def concerns_one(self, method: str) -> bool:
        """Say whether this is the failure of one item of many: the next may be taken."""
        unusable = ("truncate", "broken-json", "empty", "html", "repeat-page")
        # After a change such an answer leaves open what was done, so that one is not followed
        if method in READS and self.fault in unusable:
            return True
        return bool(re.match("403|404|409|500|502|503", self.must))


IMPATIENT = (("SIGMA_TIMEOUT", "1"),)
TABLE = [
    Row("auth refused", "setting", "nothing listens there. To start", (("authURL", CLOSED),)),
    Row("base refused", "setting", "nothing listens there. To start", (("baseURL", CLOSED),)),
    # The token
    Row("secret", "setting", "401 from POST .* Check CLIENT_ID and SECRET", (("SECRET", "wrong"),)),
    Row("401", "token", "401 from POST .*/auth/token: .* Check CLIENT_ID and SECRET"),
    Row("403", "token", "403 from POST .*/auth/token: Fault on demand"),
    Row("403-html", "token", "403 from POST .*/auth/token: the answer is an HTML page"),
    Row("429 seconds=0", "token", RECOVERED),
    Row("429-html times=0", "token", "429 from POST .*/auth/token: the answer is an HTML page"),
    Row(
        "500",
        "token",
        r"500 from POST .*/auth/token: Fault on demand: 500 \(requestId [\w-]+\)(?!. It may)",
    ),
    Row("502-html", "token", "502 from POST .*/auth/token: the answer is an HTML page"),
    Row("drop", "token", "No answer to POST .*/auth/token: the connection was lost(?!. It may)"),
    Row("truncate", "token", "200 from POST .*/auth/token, but the answer was cut off"),
    Row("broken-json", "token", "The answer from POST .*/auth/token is not the expected JSON"),
    Row("empty", "token", "The answer from POST .*/auth/token is empty"),
    Row("html", "token", "The answer from POST .*/auth/token is an HTML page"),
    Row("missing-field field=access_token", "token", "token has no 'access_token'(?!. It may)"),
    Row("null-field field=access_token", "token", "token has no 'access_token'(?!. It may)"),
    Row("hang", "token", "stayed silent too long", IMPATIENT),
    Row("expired-token", "any", RECOVERED),
    Row("401 times=0", "any", "401 from .* Check CLIENT_ID and SECRET"),
    # Refusals
    Row("403", "any", "403 from .*: Fault on demand: 403"),
    Row("403-html", "any", "403 from .*: the answer is an HTML page .Attention Required! . 403"),
    Row("404", "any", "404 from .*: Fault on demand: 404"),
    Row("409", "any", "409 from .*: Fault on demand: 409"),
    Row("429 seconds=0", "any", RECOVERED),
    Row("429-html times=0", "any", "429 from .*: the answer is an HTML page"),
    # Failures of the server
    Row("500", "read", RECOVERED),
    Row("502-html", "read", RECOVERED),
    Row("503 times=2", "read", RECOVERED),
    Row("500", "change", f"500 from .*{LATER}"),
    Row("502-html", "change", f"502 from .*{LATER}"),
    Row("503", "change", f"503 from .*{LATER}"),
    # Lost on the way
    Row("drop", "read", RECOVERED),
    Row("drop times=0", "read", "the connection was lost"),
    Row("drop", "change", f"the connection was lost{LATER}"),
    Row("truncate", "read", "20[01] from .*, but the answer was cut off in the middle"),
    Row("truncate", "change", f"20[01] from .*, but the answer was cut off in the middle{LATER}"),
    Row("hang", "read", RECOVERED, IMPATIENT),
    Row("hang times=0", "read", "stayed silent too long", IMPATIENT),
    Row("hang", "change", f"stayed silent too long .*{LATER}", IMPATIENT),
    # Answers that are not what they should be
    Row("broken-json", "any", "not the expected JSON"),
    Row("empty", "any", "is empty|is not a (csv|pdf) file"),
    Row("html", "any", "is an HTML page|is not a (csv|pdf) file"),
    Row("repeat-page", "next page", "The list is not whole: .* named the page .* twice"),
    Row("error-row", "list", "is missing: Not readable|The list is not whole: Not readable"),
]

# Where a recipe has good reasons to do something else: by recipe, fault and number of the request
TOLERATED = {  # exit code 0, and what it prints instead
    ("members/bulk_create.py", "409", 3): "Exists already: anna.one@example.com",
    ("members/bulk_create.py", "409", 5): "Exists already: cleo.three@example.com",
    ("workbooks/update_owner.py", "404", 1): r"Old owner: \w+\n",  # who is gone
}
OTHER_END = {  # exit code 1, with another line
    # An account type that is unknown to one is unknown to all, so it stops
    ("members/bulk_create.py", "404", 3): "anna.one@.* 404 .* Created before: 0 of 3",
    ("members/bulk_create.py", "404", 5): "cleo.three@.* 404 .* Created before: 2 of 3",
    # Sigma may not know a new export at first, so it is asked again until EXPORT_MAX_WAIT
    ("workbooks/export_workbook.py", "404", 1): "longer than EXPORT_MAX_WAIT",
    ("workbooks/export_workbook_pdf.py", "404", 1): "longer than EXPORT_MAX_WAIT",
    ("workbooks/export_workbook_element_csv.py", "404", 2): "longer than EXPORT_MAX_WAIT",
}

# Recipes that go on after an item that Sigma refuses: the requests for one, and the last line
ITEMS = {
    "members/bulk_create.py": ("POST /members", "Created 2, existed already 0, failed 1"),
    "members/bulk_deactivate.py": ("DELETE /members/.", "Deactivated 2, failed 1"),
    "members/batch_update.py": ("PATCH /members/.", "Changed 2, unchanged 0, failed 1"),
    "workbooks/transfer_all_workbooks.py": (
        "PATCH /files/.",
        "Transferred 5, failed 1. Run this recipe again to go on with those that are left",
    ),
    "workbooks/all_input_tables.py": (
        "GET /workbooks/./(elements|pages.*)",
        "not complete: 1 of 18 workbooks not searched to the end",
    ),
    "workbooks/get_column_names_all_pages.py": (
        "GET /workbooks/./elements/./columns",
        "not complete: the columns of 1 elements are unknown",
    ),
}


@dataclass
class Run:
    """How a recipe ended, what it asked, and what it left behind."""

    code: int
    out: str
    err: str
    asked: list[Any]  # LoggedRequest, but for the token
    tokens: list[Any]  # LoggedRequest, for the token
    organization: Any
    files: dict[str, bytes]

    def told(self) -> list[str]:
        """What stands on stderr besides the addresses and the announcement of a pause."""
        lines = self.err.splitlines()
        return [line for line in lines if not line.startswith(("URL sent", "No success yet"))]

    def changes(self) -> Counter[tuple[str, str, str]]:
        """How often each change was, or may have been, carried out."""
        return Counter(
            (entry.method, entry.path, json.dumps(entry.body))
            for entry in self.asked
            if entry.method in CHANGES
            and (entry.fault in CHANGED or entry.fault[:1] == "5" or entry.status < 400)
        )


def contents(run: Run) -> dict[str, bytes]:
    """Return the files that a run left, without what differs in a PDF: the time, and its ID."""
    differs = rb"D:\d{14}|<[0-9a-f]{32}>"
    return {name: re.sub(differs, b"", data) for name, data in run.files.items()}


def step(entry: Any) -> str:
    """Return what a request is for: its method and path, with * in place of every ID."""
    return f"{entry.method} " + re.sub(r"/(?=[^/]*[A-Z\d])[\w-]{6,}", "/*", entry.path[3:])


def plain(value: Any) -> Any:
    """Return the state of the sandbox in a form to compare: without times and counts of polls."""
    if isinstance(value, BaseModel):
        return plain(dict(value))
    if dataclasses.is_dataclass(value):
        return plain(vars(value))
    if isinstance(value, dict):
        passing = (
            "createdAt",
            "updatedAt",
            "startedAt",
            "readyAt",
            "lastActiveAt",
            "asked",
            "polls",
        )
        passing += ("good_until",)
        passing += ("tokens", "refresh_tokens", "counter", "options", "synced")
        return {str(k): plain(v) for k, v in value.items() if k not in passing}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value


@pytest.fixture
def sandbox(running_sandbox):
    """A small sandbox: so many requests are made of it."""
    return fresh(running_sandbox, members=15, workbooks=18, polls=0)


@pytest.fixture
def attempt(sandbox, call_recipe, tmp_path, monkeypatch):
    """Run a recipe in this process, with a rule, against a new organization."""
    monkeypatch.setattr(sigma_session, "PAGE_SIZE", 7)  # lists of several pages
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    # One request after the other, so that a rule strikes the same one each time
    several = ThreadPoolExecutor.__init__
    monkeypatch.setattr(ThreadPoolExecutor, "__init__", lambda pool, *_, **__: several(pool, 1))

    def run(recipe: str, *rules: Fault, **settings: str) -> Run:
        fresh(sandbox, members=15, workbooks=18, polls=0)
        sandbox.state.rules.extend(rules)
        folder = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        done = call_recipe(recipe, **{**settings_for(recipe, folder), **settings})
        return observed(recipe, sandbox, done, folder)

    return run


def settings_for(recipe: str, folder: Path) -> dict[str, str]:
    """Return the settings with which a recipe does what it is for, and write the files for it."""
    settings = {**SETTINGS, **OWN_SETTINGS.get(recipe, {}), "EXPORT_FOLDER": str(folder)}
    if "MEMBER_EMAILS" in settings:
        name = settings["MEMBER_EMAILS"]
        path = folder.with_name(f"{folder.name}-{name}")
        path.write_text(FILES[name], encoding="utf-8")
        settings["MEMBER_EMAILS"] = str(path)
    return settings


def observed(recipe: str, sandbox: Any, done: Any, folder: Path) -> Run:
    """Return what a run did, after a look at what must never be."""
    entries = list(sandbox.state.log.entries)
    out, err = (text.replace(str(folder), "FOLDER") for text in (done.stdout, done.stderr))
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    secrets = [*sandbox.state.organization.tokens, seed.SECRET, "sandbox-snowflake-password"]
    assert "Traceback" not in err, err
    assert not [secret for secret in secrets if secret in out + err]
    assert not [name for name in files if name.endswith(".part")]
    return Run(
        done.returncode,
        out,
        err,
        [entry for entry in entries if "/auth/" not in entry.path],
        [entry for entry in entries if "/auth/" in entry.path],
        plain(sandbox.state.organization),
        files,
    )


_undisturbed: dict[str, Run] = {}


@pytest.fixture
def undisturbed(attempt):
    """Return the undisturbed run of a recipe."""

    def run(recipe: str) -> Run:
        if recipe not in _undisturbed:
            _undisturbed[recipe] = attempt(recipe)
            assert (_undisturbed[recipe].code, _undisturbed[recipe].told()) == (0, [])
        return _undisturbed[recipe]

    return run


# Requests on a card that the undisturbed run has no reason to send
NOT_ASKED = {
    "members/create_new.py": {"GET /v2/members"},  # for an address that is taken
    "members/master_script.py": {"GET /v2/members/{memberId}", "GET /v2/members"},
    "members/get_member_details.py": {"GET /v2/members"},  # EMAIL in place of MEMBERID
    "members/update.py": {"GET /v2/accountTypes"},  # for a type that is unknown
    "members/deactivate_existing.py": {  # NEW_OWNER_EMAIL
        "PATCH /v2/members/{memberId}",
        "GET /v2/members",
    },
    "workbooks/export_workbook.py": {  # all elements; a pasted URL
        "GET /v2/workbooks/{workbookId}/elements",
        "GET /v2/workbooks/{workbookId}",
    },
    "workbooks/export_workbook_pdf.py": {"GET /v2/workbooks/{workbookId}"},
    "workbooks/export_workbook_element_csv.py": {"GET /v2/workbooks/{workbookId}"},
    "workbooks/transfer_all_workbooks.py": {"GET /v2/files/{inodeId}"},  # an owner left out
}


@each_script
def test_the_faults_reach_every_request_of_the_card(recipe, undisturbed):
    card = re.search(r"^Endpoint:(.*?)^Docs:", docstring(Path(recipe)), re.DOTALL | re.MULTILINE)[1]
    named = {" ".join(pair) for pair in re.findall(r"\b([A-Z]+)\s+(/v2/[\w/{}-]+)", card)}
    run = undisturbed(recipe)
    asked = {f"{entry.method} {entry.path}" for entry in [*run.tokens, *run.asked]}
    missed = {
        request
        for request in named
        if not any(re.fullmatch(re.sub(r"{\w+}", "[^/]+", request), one) for one in asked)
    }
    assert missed == NOT_ASKED.get(recipe, set()), "give it OWN_SETTINGS that send all requests"


def places(row: Row, run: Run) -> list[int]:
    """Return which requests of an undisturbed run a row strikes: the first and last of each step."""
    fits = {
        "token": lambda entry: False,
        "setting": lambda entry: False,
        "any": lambda entry: True,
        "read": lambda entry: entry.method in READS,
        "change": lambda entry: entry.method in CHANGES,
        "list": lambda entry: re.search("(limit|pageSize)=", entry.query),
        "next page": lambda entry: re.search("(^|&)page=", entry.query),
    }[row.strikes]
    found: dict[str, list[int]] = {}
    for number, entry in enumerate(run.asked):
        # Half of a file with the right length cannot be told from the whole. And what Sigma
        # refuses anyway (the columns of a text) need not be struck
        is_half_file = "broken" in row.fault and "download" in entry.path
        if fits(entry) and entry.status < 400 and not is_half_file:
            found.setdefault(step(entry), []).append(number)
    if row.strikes in ("token", "setting"):
        return [0]
    ends = sorted({n for numbers in found.values() for n in (numbers[0], numbers[-1])})
    return ends[-1:] if "hang" in row.fault else ends  # each costs the time-out


def item(recipe: str, entry: Any) -> tuple[str, str] | None:
    """Return which item of many a request is about: its address, and what tells it from others."""
    pattern, _ = ITEMS.get(recipe, ("none", ""))
    if not re.fullmatch(pattern, step(entry).replace("*", ".")):
        return None
    return "/".join(entry.path.split("/")[:4]), json.dumps(entry.body)


@each_script
def test_every_fault(recipe, attempt, undisturbed):
    whole = undisturbed(recipe)
    wrong = []
    for row in TABLE:
        for place in places(row, whole):
            run = attempt(recipe, *row.rules(place), **dict(row.settings))
            try:
                check(recipe, row, place, whole, run)
            except AssertionError as error:
                what = f"{row.fault} ({row.strikes}), {step(whole.asked[place])}, after={place}"
                wrong.append(f"{what}: {error}\n{run.out}{run.err}")
    assert not wrong, "\n\n".join(wrong)


def check(recipe: str, row: Row, place: int, whole: Run, run: Run) -> None:
    """Assert that what must happen has happened."""
    assert not run.changes() - whole.changes(), "sent again what must not be"
    case, struck = (recipe, row.fault, place), item(recipe, whole.asked[place])
    if row.strikes in ("token", "setting"):
        case, struck = ("", "", 0), None
    if case in TOLERATED:
        assert (run.code, run.told()) == (0, [])
        assert re.search(TOLERATED[case], run.out)
        return
    if row.must == RECOVERED:
        assert (run.code, run.out, run.told()) == (0, whole.out, [])
        assert run.organization == whole.organization
        assert contents(run) == contents(whole)
        renewed = row.fault == "expired-token" or row.strikes == "token"
        assert len(run.tokens) == 1 + renewed
        return

    assert run.code == 1
    *told, error = run.told() or [""]
    assert error.startswith("Error: ")
    if case in OTHER_END:
        assert re.search(OTHER_END[case], error)
    elif struck and row.concerns_one(whole.asked[place].method):
        assert error == f"Error: {ITEMS[recipe][1]}"
        assert len(told) == 1
        assert re.search(row.must, told[0])
        done = {item(recipe, entry) for entry in run.asked if entry.status == 200}
        others = {item(recipe, entry) for entry in whole.asked} - {struck}
        assert others <= done | {None}, "the others were not done"
    elif row.strikes == "list" or (struck and row.must.startswith("429")):
        assert re.search(row.must, "\n".join([*told, error]))
    else:  # no answer to one item is none to the others: it stops there
        assert re.search(row.must, error)
        assert not told
        if struck and whole.asked[place].method in CHANGES:
            assert re.search(r" before: \d of \d$", error)
    # Where an entry of a list is missing, the recipe does what it can, and says so
    succeeded, expected = (text.count("successfully") for text in (run.out, whole.out))
    assert succeeded < expected or not expected or row.strikes == "list", "success after a failure"


# --- Fields that are missing or null ---


@pytest.fixture(scope="session")
def contract(running_sandbox):
    """The contract that SIGMA_OPENAPI names, or else what the sandbox says about itself."""
    file = os.environ.get("SIGMA_OPENAPI")
    return Contract.load(file) if file else Contract(json.dumps(running_sandbox.app.openapi()))


def field_rules(kind: str, paths: list[tuple[str, str]], field: str) -> list[Fault]:
    return [
        Fault(kind=kind, match=f"{method} {path}", field=field, times=0) for method, path in paths
    ]


@each_script
def test_every_field(recipe, attempt, undisturbed, contract):
    whole = undisturbed(recipe)
    read = source_of(recipe)
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
            for kind in ("missing-field", "null-field"):
                run = attempt(recipe, *field_rules(kind, sorted(set(asked)), case))
                try:
                    check_field((recipe, where, case), fields.get(case, False), whole, run)
                except AssertionError as error:
                    wrong.append(
                        f"{kind} {case} (-), {where}, after=: {error}\n{run.out[-300:]}{run.err}"
                    )
    assert not wrong, "\n\n".join(wrong)


# How a recipe may say that a required field is missing, besides by its name
OTHER_WORDS = {
    "email": "the address|this address|cannot be added 2|not a member 2|failed 3",
}


# What a recipe does without a field, besides leaving a blank in its place
OTHER_ROWS = {  # exit code 0, and other lines than usual
    # A name that Sigma does not show is set once more, so the plan has a line for it
    ("members/batch_update.py", "GET /members", "firstName"),
    # No pattern finds a member without a name, as some are whom an identity provider made
    ("members/bulk_deactivate.py", "GET /members", "firstName"),
}
NOT_WITHOUT = {  # exit code 1, although the field is optional
    # Nobody can tell then whether there is an input table
    ("workbooks/all_input_tables.py", "GET /workbooks/*/elements", "type"): "18 of 18 workbooks",
}
NO_VALUE = r"\b(None|False|null)\b|<>"  # in place of a value


def check_field(case: tuple[str, str, str], is_required: bool, whole: Run, run: Run) -> None:
    """Assert that a recipe does without an optional field, and explains a required one.

    case is the recipe, the step whose answers lack the field, and the field.
    """
    recipe, where, field = case
    cases = {(recipe, where, name) for name in field.split(",")}
    # A name that Sigma does not show may be set once more, but nothing else may be changed
    sent, expected = (Counter(change[:2] for change in r.changes()) for r in (run, whole))
    assert not sent - expected, "sent what it must not"
    assert not re.search(r'Id": null|\[null', json.dumps([e.body for e in run.asked if e.body]))
    if ends := [NOT_WITHOUT[case] for case in cases if case in NOT_WITHOUT]:
        assert run.code == 1
        assert run.told()[-1].startswith(f"Error: not complete: {ends[0]}")
        return
    if run.code == 0 or not is_required:
        assert (run.code, run.told()) == (0, [])
        assert contents(run) == contents(whole)
        # A case that a table names must be so: what is mended leaves the table
        other_rows = bool(cases & OTHER_ROWS)
        lines, usual = (len(r.out.splitlines()) for r in (run, whole))
        assert (lines != usual) == other_rows, f"{lines} lines, not {usual}"
        if not other_rows:
            assert run.organization == whole.organization
        shown, usual = (len(re.findall(NO_VALUE, r.out)) for r in (run, whole))
        assert shown <= usual, "None, or nothing in brackets"
        if is_required and re.search("(^i|I)d$", field):
            assert run.out == whole.out, "an ID is left blank"
        return
    assert run.code == 1
    *told, error = run.told()
    assert all(re.match(r"Failed|(Columns|Owner|Page) unknown|Not searched", line) for line in told)
    why = "\n".join([*told, error])
    named = re.search(f"{field}|{OTHER_WORDS.get(field, field)}", why, re.IGNORECASE)
    assert named, why
    if "get_access_token" not in recipe:  # what it gets first is a token, whatever comes after
        succeeded, usual = (text.count("successfully") for text in (run.out, whole.out))
        assert succeeded < usual or not usual, "success after a failure"


def source_of(recipe: str) -> str:
    """Return the text of a recipe, with that of the steps that it imports."""
    paths = [ROOT / recipe]
    if "master_script" in recipe:
        paths += (ROOT / "members").glob("*.py")
    return "".join(path.read_text(encoding="utf-8") for path in paths)


# --- What no HTTP server says ---

JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LOST = "the connection was lost"
NOISES = {  # what the server sends before it closes the connection, and the cause that is named
    "nothing": (b"", LOST),
    "half-a-status-line": (b"HTTP/1.1 20", LOST),
    "no-http": (b"220 mail.example.com ESMTP\r\n", LOST),
    "tls": (b"\x15\x03\x03\x00\x02\x02\x28", LOST),
    "header-of-100-KB": (JSON + b"X-Long: " + b"x" * 100_000, LOST),
    "headers-without-end": (JSON + b"X-Many: 1\r\n" * 1000, LOST),
    "no-end-of-headers": (JSON + b"Content-Len", "is empty|is not a"),
    "two-lengths": (JSON + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "No answer to"),
    "short-body": (JSON + b"Content-Length: 100\r\n\r\n{", "was cut off in the middle"),
    "broken-chunk": (
        JSON + b"Transfer-Encoding: chunked\r\n\r\n9\r\n{",
        "was cut off in the middle",
    ),
    "no-last-chunk": (
        JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        "was cut off in the middle",
    ),
    "chunk-without-size": (
        JSON + b"Transfer-Encoding: chunked\r\n\r\nmany\r\n{}\r\n",
        "was cut off in the middle",
    ),
    "no-gzip": (
        JSON + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\njunk",
        "is compressed in a way that cannot be read",
    ),
    "reset": (b"HTTP/1.1 2", LOST),
    "drip": (JSON + b"\r\n", "did not end in 2 seconds"),
}


def speak(client: socket.socket, noise: str) -> None:
    """Answer the request on a connection."""
    read_request(client)
    client.sendall(NOISES[noise][0])
    if noise == "reset":
        reset(client)
    while noise == "drip":  # each byte within the time-out, and no end
        client.sendall(b" ")
        SLEEP(0.05)


@pytest.mark.parametrize(
    ("recipe", "of"),
    [pytest.param(s, "sigma", marks=[] if s == QUICK[0] else pytest.mark.slow) for s in SCRIPTS]
    + [pytest.param(s, "token", marks=pytest.mark.slow) for s in QUICK],
)
def test_what_is_not_http(recipe, of, attempt, undisturbed):
    whole = undisturbed(recipe)
    may_have_worked = of == "sigma" and whole.asked[0].method in CHANGES
    for noise in NOISES:
        connections: list[int] = []

        def talk(client: socket.socket, noise: str = noise, asked: list[int] = connections) -> None:
            asked.append(1)
            speak(client, noise)

        with peer(talk) as address:
            settings = {"baseURL": address} if of == "sigma" else {"authURL": f"{address}/token"}
            settings["SIGMA_TIMEOUT"] = "1" if noise == "drip" else "10"
            run = attempt(recipe, **settings)
        assert run.code == 1
        check_noise(noise, run, may_have_worked)
        changes = of == "token" or whole.asked[0].method in CHANGES
        assert len(connections) in ([1] if changes else [1, 3, 5]), noise


def check_noise(noise: str, run: Run, may_have_worked: bool) -> None:
    """Assert that one line names the cause, and whether a change may have been carried out."""
    (error,) = run.told()
    assert re.search(NOISES[noise][1], error), (noise, error)
    assert ("may have been carried out" in error) == may_have_worked, (noise, error)
    assert not run.asked


# --- As a process of its own ---


@pytest.fixture
def start(sandbox, tmp_path):
    """Start a recipe as a process of its own, and return it with the folder for its files."""
    started: list[subprocess.Popen[str]] = []

    def run(recipe: str, *rules: Fault, **options: Any) -> tuple[subprocess.Popen[str], Path]:
        fresh(sandbox, members=15, workbooks=18, polls=0)
        sandbox.state.rules.extend(rules)
        folder = tmp_path / "exports"
        folder.mkdir(exist_ok=True)
        settings = {**settings_for(recipe, folder), **options.pop("settings", {})}
        process = subprocess.Popen(
            [sys.executable, ROOT / recipe],
            env=environment(sandbox.address, settings),
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

    def wait(recipe: str, process: subprocess.Popen[str], folder: Path) -> Run:
        out, err = process.communicate(timeout=30)
        done = subprocess.CompletedProcess([recipe], process.returncode, out or "", err)
        return observed(recipe, sandbox, done, folder)

    return wait


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(
            row,
            id=f"{row.strikes}-{row.fault}".replace(" ", "-"),
            marks=[] if row.fault in ("expired-token", "drop") else pytest.mark.slow,
        )
        for row in TABLE
    ],
)
def test_every_fault_in_a_process_of_its_own(row, start, ended, undisturbed):
    recipe, place, settings = "members/list_all.py", 0, dict(row.settings)
    if row.strikes == "change":
        recipe = "members/create_workspace.py"
    if row.strikes == "next page":
        recipe, place = "members/pagination.py", 1
    whole = undisturbed(recipe)
    run = ended(recipe, *start(recipe, *row.rules(place), settings=settings))
    check(recipe, row, 0, whole, run)


def test_a_missing_field_in_a_process_of_its_own(start, ended, undisturbed):
    recipe, whole = "members/list_all.py", undisturbed("members/list_all.py")
    for field in ("memberId", "firstName"):
        rules = field_rules("missing-field", [("GET", "/v2/members")], field)
        run = ended(recipe, *start(recipe, *rules))
        assert run.code == (field == "memberId")
        check_field((recipe, "GET /members", field), field == "memberId", whole, run)


@pytest.mark.parametrize("recipe", QUICK)
def test_what_is_not_http_in_a_process_of_its_own(recipe, start, ended, undisturbed):
    with peer(lambda client: speak(client, "short-body")) as address:
        run = ended(recipe, *start(recipe, settings={"baseURL": address}))
    assert run.code == 1
    check_noise("short-body", run, may_have_worked=undisturbed(recipe).asked[0].method in CHANGES)


def last_steps(run: Run) -> list[Fault]:
    """Return a rule for the first and last change, or for the last request if there is none."""

    def hang(entry: Any, before: int = 0) -> Fault:
        return Fault(kind="hang", match=f"{entry.method} {entry.path}", after=before)

    changes = [entry for entry in run.asked if entry.method in CHANGES]
    if not changes:  # a process asks for larger pages, so only once for a list
        return [hang(run.asked[-1])]
    last = changes[-1]
    before = sum((e.method, e.path) == (last.method, last.path) for e in changes[:-1])
    return [hang(changes[0]), hang(last, before)][: len(changes)]


@each_script
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_ctrl_c_while_an_answer_is_awaited(recipe, start, undisturbed, sandbox, ended):
    for rule in last_steps(undisturbed(recipe)):
        stop_while_it_waits(recipe, rule, start, undisturbed(recipe), sandbox, ended)


def stop_while_it_waits(recipe, rule, start, whole, sandbox, ended):
    process, folder = start(recipe, rule)
    give_up = time.monotonic() + 30
    while not any(entry.fault for entry in sandbox.state.log.entries):
        assert time.monotonic() < give_up
        SLEEP(0.01)
    process.send_signal(signal.SIGINT)
    run = ended(recipe, process, folder)
    assert run.code == 130
    if "master_script" in recipe:
        (line,) = run.told()
        done = re.match("Stopped. Steps done: (.*?)[.] .*To go on: python", line)[1]
        steps = [] if done == "none" else done.split(", ")
        assert len(steps) == sum(run.changes().values()) - 1  # the last one got no answer
    else:
        assert run.told() == []
    assert not run.files
    assert not run.changes() - whole.changes(), "sent again what must not be"
    assert whole.out.startswith(run.out)
    succeeded, usual = (text.count("successfully") for text in (run.out, whole.out))
    assert succeeded < usual or not usual, "success without an answer"
    assert run.out != whole.out


# --- The disk, and who reads the output ---

WRITERS = [recipe for recipe in SCRIPTS if "export_workbook" in recipe]


def test_the_writers_are_those_that_leave_a_file(undisturbed):
    assert WRITERS
    for recipe in WRITERS:
        assert undisturbed(recipe).files


@pytest.mark.parametrize("recipe", WRITERS)
def test_a_file_where_the_folder_should_be(recipe, attempt, tmp_path):
    blocked = tmp_path / "exports"
    blocked.write_text("a file", encoding="utf-8")
    run = attempt(recipe, EXPORT_FOLDER=str(blocked))
    assert run.code == 1
    assert run.told() == [f"Error: EXPORT_FOLDER is {blocked}, which is not a folder"]
    assert not run.tokens


@pytest.mark.parametrize("recipe", WRITERS)
def test_a_folder_where_the_file_should_be(recipe, attempt, undisturbed, tmp_path):
    (name,) = undisturbed(recipe).files
    target = tmp_path / "exports" / name
    target.mkdir(parents=True)
    run = attempt(recipe, EXPORT_FOLDER=str(target.parent))
    assert run.code == 1
    (error,) = run.told()
    assert re.match(f"Error: .*(Is a directory|denied).*{re.escape(name)}", error)
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("recipe", WRITERS)
@pytest.mark.skipif(os.name == "nt", reason="Windows has no RLIMIT_FSIZE")
def test_a_full_disk(recipe, start, ended):
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    run = ended(recipe, *start(recipe, preexec_fn=limit))
    assert run.code == 1
    (error,) = run.told()
    assert re.match("Error: .*File too large", error)
    assert not run.files
    assert "successfully" not in run.out


@each_script
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_to_a_full_disk(recipe, start, ended, undisturbed):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        run = ended(recipe, *start(recipe, stdout=full))
    assert run.code == 1
    assert run.told() == ["Error: [Errno 28] No space left on device"]
    # What was asked for is done all the same
    assert run.organization == undisturbed(recipe).organization
    assert run.files.keys() == undisturbed(recipe).files.keys()


@each_script
@pytest.mark.skipif(os.name == "nt", reason="Windows has no EPIPE")
def test_a_reader_who_goes_away(recipe, start, ended, undisturbed):
    process, folder = start(recipe)
    process.stdout.close()  # before the first line: "| head -0"
    process.stdout = None
    run = ended(recipe, process, folder)
    assert (run.code, run.told()) == (1, [])
    assert run.organization == undisturbed(recipe).organization
    assert run.files.keys() == undisturbed(recipe).files.keys()
