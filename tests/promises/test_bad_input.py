"""Whatever is in a setting or a file, a recipe does its work, or refuses it in one line.

hypothesis makes the values up, the same ones on every run. Every example ends in check(), which
holds what a user may rely on.
"""

import csv
import io
import os
import re
import socket

import hypothesis
import pytest
from hypothesis import strategies as st

from sandbox import demo, seed
from tests.conftest import fresh
from tests.support.recipes import SHARED, each_recipe, settings_of

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
    """Look up no host but this machine, and write into a folder of its own."""
    look_up = socket.getaddrinfo

    def only_here(host, *args, **kwargs):
        if host != "127.0.0.1":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", only_here)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def play(call_recipe, sandbox):
    """Start a recipe in a new, small organization, and return the changes that it sent."""

    def play(recipe, **settings):
        fresh(sandbox, members=30, workbooks=10, polls=0)
        sandbox.state.organization.clients[seed.CLIENT_ID].secret = MARKER
        done = call_recipe(recipe, **{"SECRET": MARKER, **settings})
        entries = [e for e in sandbox.state.log.entries if "auth" not in e.path]
        check(done, entries, sandbox.state.organization.tokens)
        return done, [e for e in entries if e.method != "GET"]

    return play


def check(done, entries, tokens):
    """Assert what holds for every run: how it ends, no secret, and no made-up ID."""
    lines = done.stderr.rstrip("\n").split("\n")
    errors = [line for line in lines if line.startswith("Error: ")]
    assert done.returncode in (0, 1)
    assert errors == ([lines[-1]] if done.returncode else []), done.stderr
    for unwanted in ("Traceback", "Error in ", MARKER, *tokens):
        assert unwanted not in done.stdout + done.stderr
    for entry in entries:
        assert re.fullmatch(r"/v2(/[\w:-]{1,100})+", entry.path, re.ASCII), entry.path
        words = [*entry.path.split("/")[2:], *ids_in(entry.body)]
        assert not PLACEHOLDERS & {word.lower() for word in words}, entry
    # Refused by Sigma, or after the work: some emails in a file aren't members
    late = r" (POST|PATCH|DELETE) http|^Failed: |^Error: (Added|Removed|Not)\b"
    if done.returncode and not re.search(late, done.stderr, re.MULTILINE):
        assert {e.method for e in entries} <= {"GET"}, "changed something before it refused"


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

# What an environment can hold: no NUL, but bytes that aren't UTF-8 (Python makes surrogates)
LONG = 30_000 if os.name == "nt" else 100_000
NOT_UTF8 = "" if os.name == "nt" else "\udc80\udcff"
LETTERS = st.characters(exclude_characters="\0", exclude_categories=("Cs",))
TEXT = st.text(LETTERS | st.sampled_from(NOT_UTF8 or "x"), max_size=30)
ODD = st.sampled_from(
    ["", " ", "''", "undefined", "null", "None", "NaN", "<YOUR ID>", "{}", "..", "../..", "//"]
    + ["a/../b", "%2e%2e", "?a=b", "#", "a\\b", "\x1b[2J", "\r\nX-Header: y", "\u202e", "é", "４"]
    + ["x" * LONG, "[" * LONG, NOT_UTF8, "$HOME", "`id`", "'; --", "Error: ", "TRUE", "yes", "0"]
    + ["1e309", "-1", "9" * 5000, "@", "a@b@c", "a\u200b@b", "~nobody-here/x", "/dev/null"]
    + ["0001-01-01", "9999-12-31", '[{"conn_id": 1}]', '["a", 1]', "[NaN]", "127.0.0.1:8765/v2"]
    + ["ftp://127.0.0.1/v2", "http://127.0.0.1:99999/v2", "http://[", "https://a..b", "//a/v2"]
    + ["(" * 20_000 + ")" * 20_000, "[z-a]", "a{99999999999}", ".*", "(a|a)*b", "(?<=z+)", "^$"]
    + [f"https://app.sigmacomputing.com/o/{x}" for x in ("workbook/", "s/a-null", "workbook/-?")]
)


def try_settings(data, recipe, play):
    """Start a recipe with one or two settings that hold something unexpected."""
    names = {name for _, name in settings_of(recipe, SHARED)} | {"SECRET", "authURL", "baseURL"}
    names = sorted(names - {"CLIENT_ID", "EXPORT_FOLDER"})
    values = {}
    for name in data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2)):
        good = demo.demo_settings("http://127.0.0.1:1").get(name, "")
        broken = st.builds(lambda at, new, g=good: g[:at] + new + g[at:], st.integers(0, 9), ODD)
        values[name] = data.draw(ODD | TEXT | broken, label=name)
        if name == "SECRET":
            values[name] = MARKER + values[name]
    play(recipe, **values)


@examples(8)
@hypothesis.given(data=st.data())
def test_any_setting(data, play):
    try_settings(data, "members/update.py", play)


@pytest.mark.slow
@each_recipe
@examples(3)
@hypothesis.given(data=st.data())
def test_any_setting_of_every_recipe(recipe, data, play):
    try_settings(data, recipe, play)


# --- The .env file ---

ENV_LINE = st.one_of(
    st.builds(
        lambda name, between, value: f"{name}{between}{value}".encode("utf-8", "surrogatepass"),
        st.sampled_from([*demo.names(), "", "export X", "'A=B'", "A B", "é", "A\0B", "[x]"]),
        st.sampled_from(["=", " = ", "", ":", "==", '="', "='", '="\\', "=\0"]),
        TEXT | ODD | st.sampled_from(["\0", "a\0b", '"', "'\n'", '"a\nb"', "\ud800"]),
    ),
    st.binary(max_size=20),
)


@pytest.mark.parametrize(
    "times", [pytest.param(n, marks=pytest.mark.slow if n > 50 else []) for n in (12, 60)]
)
def test_any_env_file(times, sandbox, call_recipe, env_file):
    @examples(times)
    @hypothesis.given(
        before=st.integers(0, 30),
        line=ENV_LINE,
        after=ENV_LINE,
        end=st.sampled_from([b"\n", b"\r\n", b"\r"]),
        encoding=st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le"]),
    )
    def attempt(before, line, after, end, encoding):
        fresh(sandbox, members=30, workbooks=10)
        good = [f"{k}='{v}'".encode() for k, v in demo.demo_settings(sandbox.address).items()]
        text = end.join([*good[:before], line, *good[before:], after])
        if encoding != "utf-8":
            text = text.decode("utf-8", "replace").encode(encoding)
        env_file.write_bytes(text)
        done = call_recipe("members/update.py", **dict.fromkeys(demo.names()))
        entries = [e for e in sandbox.state.log.entries if "auth" not in e.path]
        check(done, entries, sandbox.state.organization.tokens)

    attempt()


# --- Files of emails ---

WORD = st.sampled_from(
    ["a@example.com", "A@EXAMPLE.COM", "chidi.okafor@example.com", "anna.lee+x@example.com", "@"]
    + ['"Anna Lee" <a@b.c>', "mailto:a@b.c", "a@b@c", "a@", "#", "# a@b", "a\0@b.c", "\ufeffa@b.c"]
    + ["a\u200b@b.c", "a\x1b[2J@b.c", "a@b.c\u202e", "x" * 300 + "@b.c", "<a@b.c>", "'a@b.c'"]
    + ["null@null", "nobody", "Email", "a@b/../c", "a@b.c," * 5_000, "a" * 2_000, "ü@exämple.de"]
)
SEPARATOR = st.sampled_from(
    [",", ";", " ", "\n", "\r\n", "\r", "\t", "\n\n", ", ", "\x0b", "\u2028"]
)
WRITTEN = st.lists(st.tuples(WORD | TEXT, SEPARATOR), max_size=6).map(
    lambda parts: "".join(word + separator for word, separator in parts)
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
EMAILS = st.builds(lambda text, encoding: text.encode(encoding, "replace"), WRITTEN, ENCODINGS)


def try_file(recipe, setting, content, play, tmp_path):
    """Start a recipe with a file, without a dry run."""
    path = tmp_path / "file"
    path.write_bytes(content)
    done, changes = play(recipe, **{setting: str(path)}, DRY_RUN="false")
    if ", line " in done.stderr and done.returncode and str(path) in done.stderr:
        assert not changes
    # Invisible characters, such as those that are copied along with an email, make another email of
    # it: the invitation would go to someone else
    for change in changes:
        assert re.fullmatch(r"[^@\s]+@[^@\s]+", change.body.get("email", "a@b"))
        assert change.body.get("email", "").isprintable()
        assert change.body.get("isArchived") in (None, True, False)


@pytest.mark.parametrize(
    ("recipe", "times"),
    [
        ("members/bulk_create.py", 12),
        pytest.param("teams/bulk_remove_team.py", 40, marks=pytest.mark.slow),
    ],
)
def test_any_file_of_emails(recipe, times, play, tmp_path):
    @examples(times)
    @hypothesis.given(content=EMAILS | st.binary(max_size=100))
    def attempt(content):
        try_file(recipe, "MEMBER_EMAILS", content, play, tmp_path)

    attempt()


# --- The CSV file of batch_update ---

HEADER = ["Email", "First Name", "Last Name", "New Email", "Member Type", "isArchived"]
CELL = st.sampled_from(
    ["", " ", "chidi.okafor@example.com", "DANA.VARGA@example.com", "new@example.com", "Build"]
    + ["TRUE", "false", "WAHR", "=1+1", "a@b\u200b.c", "\ufeff", "null", "sales_rep@example.com"]
    + ['"', "'", ";", ",", "\n", "a\0b", "\x1b[2J", "ada@example.com", "SigmaSchedulerRobot"]
    + ["x" * 140_000]  # more than csv.field_size_limit()
)


@st.composite
def csv_files(draw):
    """Make a file that is almost, or not at all, what batch_update reads."""
    header = draw(
        st.just(HEADER)
        | st.permutations(HEADER)
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
    return text.encode(draw(ENCODINGS), "replace")


@pytest.mark.parametrize(
    "times", [pytest.param(n, marks=pytest.mark.slow if n > 50 else []) for n in (12, 80)]
)
def test_any_csv_file(times, play, tmp_path):
    @examples(times)
    @hypothesis.given(content=csv_files() | st.binary(max_size=60))
    def attempt(content):
        try_file("members/batch_update.py", "MEMBER_UPDATES", content, play, tmp_path)

    attempt()
