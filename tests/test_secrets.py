"""The secret, the token, OAuth tokens and the Snowflake password reach Sigma, and nothing else.

Each has a value here whose two ends survive every way of writing it, and whose middle does not.
"""

import contextlib
import html
import json
import logging
import pickle
import subprocess
import sys
import time
import traceback
from urllib.parse import quote, quote_plus

import pytest

import sigma_session
from get_access_token import get_bearer_token
from sandbox import demo, seed
from sigma_session import SigmaError, SigmaSession, keep_secret
from tests.changed_answers import changing_sandbox
from tests.conftest import ROOT, environment, fresh
from tests.test_every_recipe import each_script

# Both ends can be told in any output
ODD = "$HOME `\"'\\%41+&é<>/?#;=,~\n|{}Ω"
MARKS = {
    "SECRET": f"secret-begins{ODD}secret-ends",
    "SNOWFLAKE_PASSWORD": f"password-begins{ODD}password-ends",
}
OAUTH_TOKEN = f"oauth-begins{ODD}oauth-ends"
ENDS = [f"{name}-{end}" for name in ("secret", "password", "oauth") for end in ("begins", "ends")]
SECRETS = {
    **MARKS,
    "OAUTH_OVERRIDES": json.dumps([{"conn_id": "c-1", "token": OAUTH_TOKEN}]),
}


@pytest.fixture(scope="module")
def server():
    """A sandbox whose answers can be changed."""
    with changing_sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server, monkeypatch, tmp_path):
    """That sandbox, with the marked secret, from a folder of its own, without pauses."""
    fresh(server, workbooks=10, polls=0)
    server.changing.change = None
    server.state.organization.clients[seed.CLIENT_ID].secret = MARKS["SECRET"]
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.chdir(tmp_path)
    return server


def assert_no_secret(text, sandbox):
    """Fail if a part of a secret is in a text."""
    for token in sandbox.state.organization.tokens:  # sandbox-... as other words begin, too
        assert token[8:18] not in text
        assert token[-10:] not in text
    for end in ENDS:
        assert end not in text, text[max(0, text.index(end) - 300) : text.index(end) + 200]


def files_since(folder, begin):
    """Yield the content of every file that was written since a time."""
    for path in folder.rglob("*"):
        inside = set(path.relative_to(folder).parts)
        if not inside & {".git", ".venv", "__pycache__", "node_modules"} and path.is_file():
            with contextlib.suppress(FileNotFoundError):  # of another test
                if path.stat().st_mtime >= begin:
                    yield path.read_bytes().decode("utf-8", "replace")


@pytest.mark.parametrize(
    "output_format", ["table", *(pytest.param(f, marks=pytest.mark.slow) for f in ("json", "csv"))]
)
@each_script
def test_a_good_run_shows_none(output_format, recipe, call_recipe, sandbox, caplog, tmp_path):
    begin = time.time() - 1
    with caplog.at_level(logging.DEBUG):  # as a program that wants to know everything
        done = call_recipe(recipe, **SECRETS, OUTPUT_FORMAT=output_format, DRY_RUN="false")
    assert sandbox.state.organization.tokens, done.stderr
    assert "Error: " not in done.stderr or recipe.parent.name == "teams"  # an unknown address
    assert_no_secret(done.stdout + done.stderr + caplog.text, sandbox)
    assert "/v2/" in caplog.text  # urllib3 did log
    for folder in (tmp_path, ROOT):
        for content in files_since(folder, begin):
            if "ENDS = [f" not in content:  # this file itself
                assert_no_secret(content, sandbox)


# --- A server that sends back what it was sent ---


def known_to(exchange, sandbox):
    """Return every secret that the sandbox knows, and what it was sent, as one text."""
    sent = exchange.sent.decode()
    with contextlib.suppress(ValueError):
        sent += json.dumps(json.loads(sent), ensure_ascii=False)
    tokens = sandbox.state.organization.tokens
    texts = [MARKS["SECRET"], *tokens, *exchange.headers.values(), sent]
    if "snowflake" in sent:
        texts.append(MARKS["SNOWFLAKE_PASSWORD"])
    if "x-sigma-oauth-overrides" in exchange.headers:
        texts.append(OAUTH_TOKEN)
    return " ".join(texts)


def page(status, text):
    body = f"<!DOCTYPE html><html><title>{text}</title></html>".encode()
    return status, {"content-type": "text/html"}, body


def as_json(status, **fields):
    return status, {"content-type": "application/json"}, json.dumps(fields).encode()


def plain(status, text, kind="text/plain"):
    return status, {"content-type": kind}, text.encode()


def in_rows(exchange, text):
    """Put the text into every field of the answer that is shown."""
    if "json" not in exchange.answer_headers.get("content-type", ""):
        return None

    def changed(value, name=""):
        if isinstance(value, dict):
            return {key: changed(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [changed(inner, name) for inner in value]
        shown = ("name", "firstName", "lastName", "path", "visibility", "memberType", "createdAt")
        return text if name in shown else value

    body = json.dumps(changed(json.loads(exchange.body))).encode()
    return exchange.status, {"content-type": "application/json"}, body


def with_numbers(text):
    """Return the text as other libraries escape it in a page."""
    return html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")


ECHOES = {
    "message": lambda e, text: as_json(400, message=text, requestId=text, code=text),
    "nested": lambda e, text: as_json(400, message={"sent": [text]}, requestId=[text]),
    "oauth-error": lambda e, text: as_json(400, error="x", error_description=text),
    "page": lambda e, text: page(403, html.escape(text)),
    "another-page": lambda e, text: page(403, with_numbers(text)),
    "text": lambda e, text: plain(400, text),
    "text-200": lambda e, text: plain(200, text),
    "json-text": lambda e, text: plain(400, json.dumps(text)[1:-1]),
    "utf8-json-text": lambda e, text: plain(200, json.dumps(text, ensure_ascii=False)),
    "percent": lambda e, text: plain(400, quote(text)),
    "percent-all": lambda e, text: plain(200, quote(text, safe="")),
    "form": lambda e, text: plain(400, quote_plus(text)),
    "python": lambda e, text: plain(400, repr({"sent": text})),
    "type": lambda e, text: plain(200, "x", quote(text)),
    "redirect": lambda e, text: (307, {"location": f"https://else.test/?{quote(text)}"}, b""),
    "cursor": lambda e, text: as_json(200, entries=[], nextPage=text),
    "error-row": lambda e, text: as_json(200, entries=[{"code": text, "message": text}]),
    "rows": in_rows,
}
QUICK = ("members/list_all.py", "connections/create_connection.py", "workbooks/export_workbook.py")


def try_echo(kind, recipe, token_endpoint, call_recipe, sandbox):
    def change(exchange):
        if exchange.path.endswith("/auth/token") != token_endpoint:
            return None
        echoed.append(exchange.path)
        if token_endpoint:  # nobody knows yet what it was about to hand out
            sandbox.state.organization.tokens.clear()
        return ECHOES[kind](exchange, known_to(exchange, sandbox))

    echoed = []
    sandbox.changing.change = change
    for output_format in ("table", "json", "csv") if kind == "rows" else ("table",):
        settings = {**SECRETS, "OUTPUT_FORMAT": output_format, "DRY_RUN": "false"}
        settings["NEW_WORKBOOK_NAME"] = "Copy"  # or the secret would be a part of its address
        done = call_recipe(recipe, **settings, EXPORT_FORMAT="xlsx")
        assert_no_secret(done.stdout + done.stderr, sandbox)
        assert "unexpected" not in done.stderr
    assert echoed


@pytest.mark.slow
@pytest.mark.parametrize("kind", ECHOES)
@each_script
def test_what_sigma_sends_back_is_masked(kind, recipe, call_recipe, sandbox):
    try_echo(kind, recipe, False, call_recipe, sandbox)


@pytest.mark.parametrize("kind", ECHOES)
@pytest.mark.parametrize("recipe", QUICK)
def test_what_sigma_sends_back_is_masked_in_some(kind, recipe, call_recipe, sandbox):
    try_echo(kind, recipe, False, call_recipe, sandbox)


@pytest.mark.parametrize("kind", ECHOES)
def test_what_is_sent_back_for_a_token_is_masked(kind, call_recipe, sandbox):
    try_echo(kind, "members/list_all.py", True, call_recipe, sandbox)


@pytest.mark.parametrize("recipe", ["get_access_token.py", *QUICK])
def test_in_a_process_of_its_own(recipe, run_recipe, sandbox):
    sandbox.changing.change = lambda exchange: (
        None
        if exchange.path.endswith("/auth/token")
        else ECHOES["message"](exchange, known_to(exchange, sandbox))
    )
    done = run_recipe(recipe, **SECRETS)
    assert done.returncode == 1
    assert "***" in done.stderr
    assert_no_secret(done.stdout + done.stderr, sandbox)


# --- In a program of one's own, without run() ---


@pytest.fixture
def use_sandbox(sandbox, monkeypatch):
    """Settings that work with the sandbox."""
    for name, value in {**demo.demo_settings(sandbox.address), **SECRETS}.items():
        monkeypatch.setenv(name, value)


def test_a_session_and_what_is_in_it(use_sandbox, sandbox):
    session = SigmaSession(get_bearer_token)
    answer = session.get("/whoami")
    shown = f"{session!r} {session} {vars(session)} {session.headers} {answer!r} {vars(answer)}"
    assert_no_secret(shown + repr(answer.json()) + repr(session.get_adapter("https://")), sandbox)
    packed = pickle.dumps(requests_part(session)).decode("latin-1")
    assert_no_secret(packed, sandbox)


def requests_part(session):
    """Return what requests itself would pickle of a session."""
    return {name: getattr(session, name) for name in session.__attrs__ if name != "adapters"}


@pytest.mark.parametrize("kind", ECHOES)
def test_the_text_of_an_exception_with_all_its_causes(kind, use_sandbox, sandbox):
    session = SigmaSession(get_bearer_token)
    session.get("/whoami")
    sandbox.changing.change = lambda exchange: ECHOES[kind](exchange, known_to(exchange, sandbox))
    with contextlib.suppress(SigmaError):
        list(session.get_entries("/members"))
        if kind not in ("rows", "error-row"):
            pytest.fail("no error")
    try:
        session.post("/connections", json={"details": {"password": keep_secret("x" * 9)}}).json()
        list(session.get_entries("/members"))
    except SigmaError as error:
        text = "".join(traceback.format_exception(error)) + repr(error) + str(error.args)
        assert_no_secret(text, sandbox)
        assert "x" * 9 not in text


def test_a_download_that_is_no_file_shows_no_half_of_a_token(use_sandbox, sandbox, tmp_path):
    session = SigmaSession(get_bearer_token)
    session.get("/whoami")
    (token,) = sandbox.state.organization.tokens
    for before in ("", "x" * 30, " " * 990, "x" * 990):  # a cut anywhere in the token
        sandbox.changing.change = lambda e, before=before: plain(200, before + token * 3)
        with pytest.raises(SigmaError, match="is not a pdf file") as refused:
            session.save("/query/q-1/download", tmp_path / "file.pdf", "pdf")
        for part in (token[:12], token[8:16], token[-8:]):
            assert part not in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_a_secret_that_lies_in_another_leaves_no_rest(monkeypatch):
    for secrets in (("abcd", "abcdefgh"), ("abcdefgh", "abcd")):
        monkeypatch.setattr(sigma_session, "_secrets", ())
        for secret in secrets:
            keep_secret(secret)
        assert sigma_session.hide_secrets("abcdefgh abcd") == "*** ***"


def test_a_secret_may_be_added_while_another_thread_hides_some():
    class Line(str):
        def replace(self, *args):
            keep_secret(f"secret {len(sigma_session._secrets)}")  # as a thread with a new token
            return Line(super().replace(*args))

    keep_secret("first secret")
    assert sigma_session.hide_secrets(Line("a first secret")) == "a ***"


@pytest.mark.parametrize("secret", ["\udcff\udc80 bytes that are no UTF-8", "\ud800abc"])
def test_a_secret_that_cannot_be_written_is_one_line(secret, call_recipe, sandbox):
    for name in ("SECRET", "SNOWFLAKE_PASSWORD") if secret[0] == "\udcff" else ():
        done = call_recipe("connections/create_connection.py", **{**SECRETS, name: secret})
        assert "unexpected" not in done.stderr
        assert "that are no" not in done.stdout + done.stderr
    assert keep_secret(secret) == secret
    assert sigma_session.hide_secrets(f"it is {secret}.") == "it is ***."


@pytest.mark.parametrize(
    "overrides",
    [
        '[{"conn_id":"c-1","token":"oauth-begins"}',
        '{"conn_id":"c-1","token":"oauth-begins"}',
        '"oauth-begins"',
        '[{"conn_id":"c-1","token":["oauth-begins"]}]',
        '[{"conn_id":"c-1","token":{"oauth-begins":1}}]',
        '[{"conn_id":"c-1","tokn":"oauth-begins"}]',
        '["oauth-begins"]',
        "oauth-begins",
    ],
)
def test_oauth_tokens_with_a_typing_error(overrides, call_recipe, sandbox):
    done = call_recipe("workbooks/export_workbook.py", OAUTH_OVERRIDES=overrides)
    assert done.stderr.startswith("Error: OAUTH_OVERRIDES is not a JSON list like")
    assert "oauth-begins" not in done.stdout + done.stderr
    assert not sandbox.state.log.entries


def test_no_recipe_takes_a_secret_on_its_command_line(call_recipe):
    for recipe in ("get_access_token.py", "members/master_script.py"):
        options = call_recipe(recipe, "--help").stdout
        assert not {"--secret", "--token", "--password", "--client-secret"} & set(options.split())


def test_a_program_with_all_logging_on(sandbox, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import logging\n"
        "logging.basicConfig(level=logging.DEBUG)\n"
        "from get_access_token import get_bearer_token\n"
        "from sigma_session import SigmaSession\n"
        "SigmaSession(get_bearer_token).get('/whoami')\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, program],
        env=environment(sandbox.address, {**SECRETS, "PYTHONPATH": str(ROOT)}),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert '"POST /v2/auth/token HTTP/1.1" 200' in done.stderr
    assert_no_secret(done.stdout + done.stderr, sandbox)
