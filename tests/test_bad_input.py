"""Whatever stands in a setting or a file, a recipe does its work, or refuses it in one line.

hypothesis makes the values up, the same ones on every run. Every example ends in check_end and
check_requests, which hold what a user may rely on.
"""

import csv
import io
import json
import os
import re
import socket
import time
from unittest import mock
from urllib.parse import urlsplit

import hypothesis
import pytest
from hypothesis import strategies as st

import sigma_session
from sandbox import demo, seed
from sandbox.organization import Options
from tests.changed_answers import changing_sandbox
from tests.conftest import fresh
from tests.test_every_recipe import RECIPES, SHARED, each_recipe, source

MARKER = "s3cr3t-marker"  # begins every SECRET here, so no part of one may be printed
PLACEHOLDERS = {"", "undefined", "null", "none", "nan", "true", "false"}
# The warnings of re about patterns that Python will read in another way one day
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


def examples(count):
    """Return the settings of a property test: no clock, no chance, no files left behind."""
    return hypothesis.settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        print_blob=False,
        # play() starts anew for every example, so what the fixtures keep does no harm
        suppress_health_check=list(hypothesis.HealthCheck),
    )


@pytest.fixture(autouse=True)
def nothing_leaves_this_machine(monkeypatch, tmp_path):
    """Look up no name but this machine, sleep never, and write into a folder of its own."""
    look_up = socket.getaddrinfo

    def only_here(host, *args, **kwargs):
        if host != "127.0.0.1":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", only_here)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def play(call_recipe, sandbox):
    """Start a recipe in a new, small organization, and check what holds for every run."""

    def play(recipe, *arguments, **settings):
        fresh(sandbox, workbooks=10, polls=0)
        sandbox.state.organization.clients[seed.CLIENT_ID].secret = MARKER
        done = call_recipe(recipe, *arguments, **{"SECRET": MARKER, **settings})
        entries = list(sandbox.state.log.entries)
        check_end(done, list(sandbox.state.organization.tokens))
        check_requests(done, entries)
        return done, [e for e in entries if e.method != "GET" and "auth" not in e.path]

    return play


def check_end(done, tokens):
    """No traceback, exit code 0 without an error, or 1 with one line as the last; no secret."""
    lines = done.stderr.rstrip("\n").split("\n")
    errors = [line for line in lines if line.startswith("Error: ")]
    assert errors == ([lines[-1]] if done.returncode else []), done.stderr
    assert done.returncode in (0, 1)
    assert not any(line.startswith("Error: unexpected ") for line in errors), errors
    for unwanted in ("Traceback", MARKER, *tokens):
        assert unwanted not in done.stdout + done.stderr


def check_requests(done, entries):
    """No address or body with an empty or a made-up ID; nothing changed before a refusal of ours."""
    check_ids(done, entries)
    # Refused by Sigma, or said after the work: some addresses in a file belong to nobody
    late = r"(from|to) (POST|PATCH|DELETE) http|^Failed: |^Error: (Added|Removed) "
    if done.returncode == 1 and not re.search(late, done.stderr, re.MULTILINE):
        assert {e.method for e in entries if "auth" not in e.path} <= {"GET"}


def check_ids(done, entries):
    """No address or body holds an empty or a made-up ID."""
    shape = re.compile(r"/v2(/[\w-]{1,100})+", re.ASCII)
    for entry in entries:
        assert shape.fullmatch(entry.path), entry.path
        words = [*entry.path.split("/")[2:], *ids_in(entry.body)]
        assert not PLACEHOLDERS & {word.lower() for word in words}, entry
    # Port 1 stands for an authURL or baseURL that is wrong itself
    for url in re.findall(r"^URL sent to Sigma: (\S+:\d\d+/\S*)", done.stderr, re.MULTILINE):
        assert "%" not in urlsplit(url).path


def ids_in(body, name=""):
    """Yield every ID in the body of a request."""
    if isinstance(body, dict):
        for key, inner in body.items():
            yield from ids_in(inner, key)
    elif isinstance(body, list):
        for inner in body:
            yield from ids_in(inner, name)
    elif name.endswith("Id") or name in ("add", "remove"):
        yield str(body)


# --- Settings ---

# What an environment can hold: no NUL, but bytes that are no UTF-8 (Python makes surrogates of them)
LONG = 30_000 if os.name == "nt" else 100_000
UNREADABLE = "" if os.name == "nt" else "\udc80\udcff"
LETTERS = st.characters(exclude_characters="\0", exclude_categories=("Cs",))
TEXT = st.text(LETTERS | st.sampled_from(UNREADABLE or "x"), max_size=30)
ODD = st.sampled_from(
    [
        *("", " ", '"', "''", "undefined", "null", "None", "NaN", "<YOUR ID>", "YourBaseURL", "{}"),
        *("..", ".", "../..", "/", "//", "a/../b", "a//b", "%2e%2e", "%2F", "?a=b", "#", "a\\b"),
        *("\x1b[2J", "\r\nX-Header: y", "\t", "\x7f", "\u202e", "\u2028", "é", "＜", "Zoë\ufeff"),
        *(
            "x" * LONG,
            "[" * LONG,
            UNREADABLE,
            "$HOME",
            "`id`",
            "'; --",
            "Error: ",
            "a" + UNREADABLE,
        ),
    ]
)
KINDS = {
    "require_id": st.sampled_from(["UNDEFINED", "-", "_", "é", "４kX2", "a b", "a\n", "x" * 101]),
    "read_flag": st.sampled_from(["TRUE", "yes", "1", "0", "on", "'true'", '"false"', "ｔｒｕｅ"]),
    "read_number": st.sampled_from(
        [
            "nan",
            "inf",
            "-inf",
            "1e309",
            "1e-400",
            "0x10",
            "１２",
            "1_0",
            "+5",
            "-0",
            "1,5",
            "9" * 5000,
        ]
    )
    | st.floats().map(str)
    | st.integers().map(str),
    "require_email": st.sampled_from(
        ["@", "a@", "a@b@c", "a@b,c@d", "<a@b>", "a\u200b@b", "a@" * 200]
    )
    | st.emails(),
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["conn_id", "token", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
).map(json.dumps)
ADDRESSES = st.sampled_from(
    [
        *("ftp://127.0.0.1/v2", "file:///etc/passwd", "127.0.0.1:8765/v2", "//127.0.0.1/v2"),
        *(
            "http://127.0.0.1:1/v2",
            "http://127.0.0.1:99999/v2",
            "http://127.0.0.1:x/v2",
            "http://[",
        ),
        *("https://user:password@sigma.test/v2", "https://sigma.test/v2?a=b", "https://", "http:"),
        *(
            "https://sigma.test/\x01/v2",
            "https://é.test/v2",
            f"https://{'a' * 300}.test/v2",
            "https://a..b",
        ),
        *(
            "http://localhost.example.com",
            "http://0x7f.1/v2",
            "https://[::1%25x]/v2",
            "https://*/v2",
        ),
    ]
)
NAMED = {
    "OAUTH_OVERRIDES": JSON,
    "SYNC_PATH": JSON,
    "DATE_FROM": st.dates().map(str),
    "DATE_TO": st.dates().map(str) | st.sampled_from(["0001-01-01", "9999-12-31", "2024-W16-2"]),
    "USER_NAME_PATTERN": st.sampled_from(
        [
            "(",
            "(" * 20_000 + ")" * 20_000,
            "[z-a]",
            "a{99999999999}",
            "(?i)",
            "(?P<a>",
            "[[a]",
            "\\",
        ]
    )
    | st.sampled_from(["", "^", "a|", ".*", "(?=Zoe)", "(a|a)*b", r"\1", "^zoe .*", "(?<=z+)"]),
    "baseURL": ADDRESSES,
    "authURL": ADDRESSES,
}
# A folder that is there would be written to, so there is none of these but the last
FOLDERS = st.sampled_from(["~nobody-here/x", "~", "/dev/null", "x" * 300, "x" * LONG, "."])


def pasted(identifier):
    """Return a strategy: an address of the Sigma UI, or something like it."""
    part = st.sampled_from(
        ["", "a", "-", "null", "undefined", "..", "é", "%20", identifier, "-" * 5000]
    )
    page = st.sampled_from(["workbook", "s", "b", "admin/teams", "admin/people", "", "WORKBOOK"])
    rest = st.sampled_from(
        ["", "/", "?", "?:nodeId=", "?%3AnodeId=", "#", "/page/", "?:nodeId=null"]
    )
    start = st.sampled_from(
        ["https://app.sigmacomputing.com/org", "x://", "https://[", "://", "http:///a"]
    )
    return st.builds(
        lambda start, page, slug, dash, one, rest, two: (
            f"{start}/{page}/{slug}{dash}{one}{rest}{two}"
        ),
        *(start, page, part, st.sampled_from(["", "-"]), part, rest, part),
    )


def settings_of(recipe):
    """Return the settings that a recipe reads, with the name of the function that reads each."""
    files = [recipe, *SHARED]
    if recipe.stem == "master_script":
        files.append(recipe.with_name("create_new.py"))
    found = [
        match
        for path in files
        for match in re.findall(r'((?:require|read)_\w+)\(\s*"([\w]+)"', source(path))
    ]
    if recipe.stem == "get_member_details":
        found += [("require_id", "MEMBERID"), ("require_email", "EMAIL")]
    return [
        (function, name) for function, name in found if name not in ("MEMBER_EMAILS", "CLIENT_ID")
    ]


def values_of(function, name):
    """Return a strategy for the values of a setting, most of them wrong."""
    if function == "read_folder":
        return FOLDERS
    good = demo.demo_settings("http://127.0.0.1:1").get(name, "")
    broken = st.builds(
        lambda at, new: good[:at] + new + good[at:], st.integers(0, max(1, len(good))), TEXT | ODD
    )
    usual = NAMED.get(name, KINDS.get(function, TEXT))
    values = usual | ODD | TEXT | broken
    if function == "require_id":
        values |= pasted(good)
    return values.map(lambda value: MARKER + value) if name == "SECRET" else values


def try_settings(data, recipe, play):
    """Start a recipe with one or two settings that hold what nobody expects."""
    known = settings_of(recipe)
    chosen = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=2), label="settings")
    values = {name: data.draw(values_of(function, name), label=name) for function, name in chosen}
    play(recipe, **values)


SOME = [path for path in RECIPES if path.stem in ("update", "sync_schema", "export_workbook_pdf")]


@pytest.mark.parametrize("recipe", SOME, ids=str)
@examples(25)
@hypothesis.given(data=st.data())
def test_any_setting(recipe, data, play):
    try_settings(data, recipe, play)


@pytest.mark.slow
@each_recipe
@examples(30)
@hypothesis.given(data=st.data())
def test_any_setting_of_every_recipe(recipe, data, play):
    try_settings(data, recipe, play)


@pytest.mark.parametrize(
    ("recipe", "name", "value", "refusal"),
    [
        ("connections/sync_schema.py", "SYNC_PATH", "[" * LONG, "SYNC_PATH is "),
        ("workbooks/export_workbook.py", "OAUTH_OVERRIDES", "[" * LONG, "OAUTH_OVERRIDES is not"),
        ("members/bulk_deactivate.py", "USER_NAME_PATTERN", "(" * LONG, "USER_NAME_PATTERN is "),
        ("members/batch_update.py", "MEMBER_UPDATES", "~nobody-here/x", "MEMBER_UPDATES: "),
        ("members/bulk_create.py", "MEMBER_EMAILS", "~nobody-here/x", "MEMBER_EMAILS: "),
        ("workbooks/export_workbook_pdf.py", "EXPORT_FOLDER", "~nobody-here", "EXPORT_FOLDER is "),
    ],
    ids=lambda value: value if len(value) < 40 else "long",
)
def test_what_was_once_unexpected(recipe, name, value, refusal, play, sandbox):
    done, _ = play(recipe, **{name: value})
    assert done.stderr.startswith(f"Error: {refusal}")
    assert not sandbox.state.log.entries


def test_a_month_before_the_first_month_of_all(play):
    settings = {"DATE_FROM": "", "DATE_TO": "0001-01-05"}
    done, _ = play("workbooks/export_workbook_element_csv.py", **settings)
    assert done.returncode == 0
    assert "min:0001-01-01,max:0001-01-05" in done.stdout


def test_every_setting_is_tried():
    tried = {name for recipe in RECIPES for _, name in settings_of(recipe)}
    # The first is no secret and no ID; the other is tried with the files that it names
    assert set(demo.names()) - tried == {"CLIENT_ID", "MEMBER_EMAILS"}


WITH_ID = [(r, n) for r in RECIPES for n in re.findall(r'require_id\(\s*"(\w+)"', source(r))]


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "name"), WITH_ID, ids=str)
@examples(15)
@hypothesis.given(data=st.data())
def test_an_id_is_an_id_or_nothing_is_sent(recipe, name, data, play, sandbox):
    value = data.draw(values_of("require_id", name))
    more = {"PAGE_ID": {"EXPORT_SCOPE": "page"}, "ELEMENT_ID": {"EXPORT_SCOPE": "element"}}
    done, _ = play(recipe, **{name: value}, **more.get(name, {}))
    asked = sandbox.state.log.entries
    if done.returncode and re.search(f"^Error: {name} is", done.stderr, re.MULTILINE):
        assert not asked


@pytest.mark.parametrize("option", ["--member-id", "--workspace-id"])
@examples(20)
@hypothesis.given(value=values_of("require_id", "MEMBERID").filter(lambda value: value[:1] != "-"))
def test_an_id_on_the_command_line(option, value, play):
    play("members/master_script.py", option, value)


# --- The .env file ---

ENV_LINE = st.one_of(
    st.builds(
        lambda name, between, value: f"{name}{between}{value}".encode("utf-8", "surrogatepass"),
        st.sampled_from([*demo.names(), "", "export X", "'A=B'", "''", "A B", "é", "A\0B", "[x]"]),
        st.sampled_from(["=", " = ", "", ":", "==", '="', "='", '="\\', "=\0"]),
        TEXT | ODD | st.sampled_from(["\0", "a\0b", '"', "'\n'", '"a\nb"', "\ud800"]),
    ),
    st.binary(max_size=20),
)


def try_env_file(recipe, before, line, after, end, encoding, sandbox, call_recipe, tmp_path):
    """Start a recipe that reads a real .env with one line that nobody expects."""
    fresh(sandbox, workbooks=10)
    good = [f"{k}='{v}'".encode() for k, v in demo.demo_settings(sandbox.address).items()]
    text = end.join([*good[:before], line, *good[before:], after])
    if encoding != "utf-8":
        text = text.decode("utf-8", "replace").encode(encoding)
    path = tmp_path / ".env"
    path.write_bytes(text)
    sigma_session.load_settings.cache_clear()
    try:
        with mock.patch.dict(os.environ, {"SIGMA_ENV_FILE": str(path)}):
            for name in [*demo.names(), "PYTHON_DOTENV_DISABLED"]:
                os.environ.pop(name, None)
            done = call_recipe(recipe, **dict.fromkeys(demo.names()))
    finally:
        sigma_session.load_settings.cache_clear()
    check_end(done, list(sandbox.state.organization.tokens))
    check_requests(done, list(sandbox.state.log.entries))


IN_ENV_FILE = {
    "recipe": st.sampled_from([path for path in RECIPES if path.stem in ("update", "create_new")]),
    "before": st.integers(0, 30),
    "line": ENV_LINE,
    "after": ENV_LINE,
    "end": st.sampled_from([b"\n", b"\r\n", b"\r"]),
    "encoding": st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le"]),
}


@examples(40)
@hypothesis.given(**IN_ENV_FILE)
def test_any_env_file(recipe, before, line, after, end, encoding, sandbox, call_recipe, tmp_path):
    try_env_file(recipe, before, line, after, end, encoding, sandbox, call_recipe, tmp_path)


@pytest.mark.slow
@examples(300)
@hypothesis.given(**IN_ENV_FILE)
def test_many_env_files(recipe, before, line, after, end, encoding, sandbox, call_recipe, tmp_path):
    try_env_file(recipe, before, line, after, end, encoding, sandbox, call_recipe, tmp_path)


# --- Files of addresses ---

WORD = st.sampled_from(
    [
        *("a@example.com", "A@EXAMPLE.COM", "chidi.okafor@example.com", "dana.varga@example.com"),
        *("anna.lee+x@example.com", "ü@exämple.test", '"Anna Lee" <a@b.c>', "mailto:a@b.c", "@"),
        *("a@b@c", "a@", "#", "# a@b", "a\0@b.c", "\ufeffa@b.c", "a\u200b@b.c", "a\x1b[2J@b.c"),
        *(
            "a@b.c\u202e",
            "a@b.c\x85",
            "x" * 300 + "@b.c",
            "<a@b.c>",
            "'a@b.c'",
            "..@..",
            "null@null",
        ),
        *("._-@b.c", "nobody", "Email", "a@b/../c", "%00@b", "a@b.c," * 20_000, "a" * 100_000),
    ]
)
SEPARATOR = st.sampled_from(
    [",", ";", " ", "\n", "\r\n", "\r", "\t", "\n\n", ", ", "\x0b", "\u2028"]
)
WRITTEN = st.lists(st.tuples(WORD | TEXT, SEPARATOR), max_size=6).map(
    lambda parts: "".join(word + separator for word, separator in parts)
)
BYTES = st.one_of(
    st.binary(max_size=100),
    st.builds(
        lambda text, encoding: text.encode(encoding, "replace"),
        WRITTEN,
        st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252", "utf-7"]),
    ),
)
FOR_MANY = ("members/bulk_create.py", "teams/bulk_assign_team.py", "teams/bulk_remove_team.py")


def try_addresses(recipe, content, play, sandbox, tmp_path):
    """Start a recipe with a file of addresses, for good: no dry run."""
    path = tmp_path / "addresses"
    path.write_bytes(content)
    done, writes = play(recipe, MEMBER_EMAILS=str(path), DRY_RUN="false")
    if re.search(r"^Error: .*(MEMBER_EMAILS: |, line \d+: )", done.stderr, re.MULTILINE):
        assert not sandbox.state.log.entries
    # Invisible characters, such as those that come along when an address is copied, make another
    # address of it: the mail would go nowhere, or elsewhere
    for write in writes:
        assert re.fullmatch(r"[^@\s]+@[^@\s]+", write.body.get("email", "a@b"))
        assert write.body.get("email", "").isprintable()


@pytest.mark.parametrize("recipe", FOR_MANY)
@examples(35)
@hypothesis.given(content=BYTES)
def test_any_file_of_addresses(recipe, content, play, sandbox, tmp_path):
    try_addresses(recipe, content, play, sandbox, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", FOR_MANY)
@examples(150)
@hypothesis.given(content=BYTES)
def test_many_files_of_addresses(recipe, content, play, sandbox, tmp_path):
    try_addresses(recipe, content, play, sandbox, tmp_path)


# --- The CSV file of batch_update ---

HEADER = ["Email", "First Name", "Last Name", "New Email", "Member Type", "isArchived"]
CELL = st.sampled_from(
    [
        *(
            "",
            " ",
            "chidi.okafor@example.com",
            "DANA.VARGA@example.com",
            "new@example.com",
            "Build",
        ),
        *(
            "TRUE",
            "false",
            "WAHR",
            "=1+1",
            "a@b\u200b.c",
            "\ufeff",
            "null",
            "sales_rep@example.com",
        ),
        *('"', "'", ";", ",", "\n", "a\0b", "\x1b[2J", "ada@example.com", "SigmaSchedulerRobot"),
        "x" * 140_000,  # more than csv.field_size_limit()
    ]
)


@st.composite
def csv_files(draw):
    """Make a file that is almost, or not at all, what batch_update reads."""
    header = draw(
        st.permutations(HEADER)
        | st.just(HEADER)
        | st.just(HEADER)
        | st.lists(st.sampled_from([*HEADER, "email", "", " Email "]), max_size=8)
    )
    width = draw(st.sampled_from([len(header)] * 5 + [0, 1, len(header) + 1]))
    rows = draw(st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=4))
    file = io.StringIO()
    writer = csv.writer(
        file,
        delimiter=draw(st.sampled_from(",;,;\t|")),
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        lineterminator=draw(st.sampled_from(["\r\n", "\n", "\r"])),
        escapechar="\\",  # Python 3.10 writes no NUL without one
    )
    writer.writerows([header, *rows])
    text = file.getvalue() + draw(st.sampled_from(["", "", "", '"', '"a"b', "\0", "\n\n", ",,,,,"]))
    return text.encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])), "replace")


def try_csv(content, play, sandbox, tmp_path):
    """Start batch_update with a file, for good: no dry run."""
    path = tmp_path / "updates.csv"
    path.write_bytes(content)
    done, writes = play("members/batch_update.py", MEMBER_UPDATES=str(path), DRY_RUN="false")
    if re.search(r"^Error: (updates.csv|MEMBER_UPDATES)", done.stderr, re.MULTILINE):
        assert not sandbox.state.log.entries
    for write in writes:
        assert write.body.get("email", "").isprintable()
        assert write.body.get("isArchived") in (None, True, False)


CSV = csv_files() | st.binary(max_size=60)


@examples(50)
@hypothesis.given(content=CSV)
def test_any_csv_file(content, play, sandbox, tmp_path):
    try_csv(content, play, sandbox, tmp_path)


@pytest.mark.slow
@examples(500)
@hypothesis.given(content=CSV)
def test_many_csv_files(content, play, sandbox, tmp_path):
    try_csv(content, play, sandbox, tmp_path)


# --- IDs in Sigma's answers ---


@pytest.fixture(scope="module")
def changing():
    """A sandbox whose answers can be changed."""
    with changing_sandbox() as server:
        yield server


ID_FIELD = re.compile("(^i|I)ds?$")


def with_other_ids(exchange, field, new, seen):
    """Put something else in place of an ID wherever it is in an answer; "" means all IDs."""
    if "json" not in exchange.answer_headers.get("content-type", "") or "auth" in exchange.path:
        return None

    def changed(value, name=""):
        if isinstance(value, dict):
            return {key: changed(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [changed(inner, name) for inner in value]
        if ID_FIELD.search(name):
            seen.add(name)
        return new if name == field or not field and ID_FIELD.search(name) else value

    body = json.dumps(changed(json.loads(exchange.body))).encode()
    return exchange.status, {"content-type": "application/json"}, body


def try_answers(recipe, new, call_recipe, changing):
    """Start a recipe with an odd value in all IDs of the answers, and then in one after the other."""
    # The short ID of a pasted URL makes the exports ask for the long one
    seeded = seed.seed(Options(workbooks=10)).workbook(seed.DEMO_WORKBOOK_ID)
    settings = {
        **demo.demo_settings(changing.address),
        "WORKBOOK_ID": f"https://app.sigmacomputing.com/o/workbook/W-{seeded.workbookUrlId}",
        "EXPORT_FORMAT": "xlsx",
        "DRY_RUN": "false",
    }
    fields, tried = {""}, set()
    while fields - tried:
        field = min(fields - tried)
        tried.add(field)
        for scope in ("workbook", "all-elements")[: 1 + (recipe.stem == "export_workbook")]:
            fresh(changing, workbooks=10, polls=0)
            changing.changing.change = lambda e, f=field: with_other_ids(e, f, new, fields)
            done = call_recipe(recipe, **settings, EXPORT_SCOPE=scope)
            check_end(done, [])
            check_ids(done, list(changing.state.log.entries))


ONE = [path for path in RECIPES if path.stem in ("bulk_assign_team", "export_workbook_pdf")]


@pytest.mark.parametrize("recipe", ONE, ids=str)
def test_an_id_that_sigma_sends_is_checked(recipe, call_recipe, changing):
    try_answers(recipe, "", call_recipe, changing)


@pytest.mark.slow
@each_recipe
@pytest.mark.parametrize("new", ["null", None, "../whoami", ""], ids=repr)
def test_any_id_that_sigma_sends_is_checked(new, recipe, call_recipe, changing):
    try_answers(recipe, new, call_recipe, changing)
