"""The secret, the token, OAuth tokens and the Snowflake password reach Sigma, and nothing else.

The fault matrix also looks for them in everything that a recipe prints. Rows are data: they hold
what Sigma sent.
"""

import contextlib
import json
import logging
import subprocess
import sys
import time

import pytest

from sandbox import seed
from tests.conftest import ROOT, environment, fresh
from tests.support.changed_responses import changing_sandbox
from tests.support.recipes import FOLDERS

ODD = '$HOME "%41+&é<>/?#;=,~|{}Ω'  # what shells, URLs, JSON and HTML write in another way
SECRETS = {
    "SECRET": f"secret-begins{ODD}secret-ends",
    "SNOWFLAKE_PASSWORD": f"password-begins{ODD}password-ends",
}
OAUTH_TOKEN = f"oauth-begins{ODD}oauth-ends"
SECRETS["OAUTH_OVERRIDES"] = json.dumps([{"conn_id": "c-1", "token": OAUTH_TOKEN}])
ENDS = [f"{name}-{end}" for name in ("secret", "password", "oauth") for end in ("begins", "ends")]
WITH_SECRETS = {  # a recipe for each secret, and those that it knows besides the token
    "members/list_all.py": [SECRETS["SECRET"]],
    "connections/create_connection.py": [SECRETS["SECRET"], SECRETS["SNOWFLAKE_PASSWORD"]],
    "workbooks/export_workbook.py": [SECRETS["SECRET"], OAUTH_TOKEN],
}


@pytest.fixture(scope="module")
def server():
    """A sandbox whose responses can be changed."""
    with changing_sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server):
    """That sandbox, with the odd secret."""
    fresh(server, workbooks=10, polls=0)
    server.changing.change = None
    server.state.organization.clients[seed.CLIENT_ID].secret = SECRETS["SECRET"]
    return server


def assert_no_secret(text, sandbox):
    """Fail if a part of a secret is in a text."""
    for token in sandbox.state.organization.tokens:
        assert token[8:18] not in text
        assert token[-10:] not in text
    for end in ENDS:
        assert end not in text, text[max(0, text.index(end) - 300) : text.index(end) + 200]


def files_since(folder, begin):
    """Yield the content of every file that was written since a time."""
    for path in folder.rglob("*"):
        if "__pycache__" not in path.parts and path.is_file():
            with contextlib.suppress(FileNotFoundError):  # of another test
                if path.stat().st_mtime >= begin:
                    yield path.read_bytes().decode("utf-8", "replace")


@pytest.mark.parametrize("recipe", WITH_SECRETS)
def test_a_good_run_shows_none(recipe, call_recipe, sandbox, caplog, tmp_path):
    begin = time.time() - 1
    with caplog.at_level(logging.DEBUG):  # as in a program that logs everything
        done = call_recipe(recipe, **SECRETS)
    assert done.returncode == 0, done.stderr
    assert_no_secret(done.stdout + done.stderr + caplog.text, sandbox)
    assert "/v2/" in caplog.text  # urllib3 did log
    for folder in (tmp_path, *(ROOT / name for name in FOLDERS)):
        for content in files_since(folder, begin):
            assert_no_secret(content, sandbox)


def as_json(status, **fields):
    return status, {"content-type": "application/json"}, json.dumps(fields).encode()


ECHOES = {
    "message": lambda text: as_json(400, message=text, requestId=text, code=text),
    "nested": lambda text: as_json(400, message={"sent": [text]}, requestId=[text]),
    "oauth-error": lambda text: as_json(401, error="x", error_description=text),
    "page": lambda text: (403, {"content-type": "text/html"}, f"<html>{text}</html>".encode()),
    "text": lambda text: (200, {"content-type": "text/plain"}, text.encode()),
    "redirect": lambda text: (307, {"location": "https://else.test/?x=1"}, text.encode()),
    "error-entry": lambda text: as_json(200, entries=[{"code": text, "message": text}]),
}


def echo(kind, known, recipe, token_endpoint, call_recipe, sandbox):
    """Run a recipe whose requests come back with all the secrets, and return what it printed."""
    echoed = []

    def change(exchange):
        if exchange.path.endswith("/auth/token") != token_endpoint:
            return None
        if token_endpoint:
            sandbox.state.organization.tokens.clear()  # this one was never handed out
        echoed.append(exchange.path)
        return ECHOES[kind](" ".join([*known, *sandbox.state.organization.tokens]))

    sandbox.changing.change = change
    done = call_recipe(recipe, **SECRETS, EXPORT_FORMAT="xlsx")
    assert echoed
    assert done.returncode == 1
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("recipe", "kind"),
    [
        *(("members/list_all.py", kind) for kind in ECHOES),
        *((recipe, "message") for recipe in [*WITH_SECRETS][1:]),
    ],
)
def test_what_sigma_sends_back_is_masked(recipe, kind, call_recipe, sandbox):
    printed = echo(kind, WITH_SECRETS[recipe], recipe, False, call_recipe, sandbox)
    assert_no_secret(printed, sandbox)
    if kind == "message":
        assert "***" in printed


@pytest.mark.parametrize("kind", ECHOES)
def test_what_is_sent_back_instead_of_a_token_is_masked(kind, call_recipe, sandbox):
    known = [SECRETS["SECRET"]]
    printed = echo(kind, known, "members/list_all.py", True, call_recipe, sandbox)
    assert_no_secret(printed, sandbox)


@pytest.mark.parametrize(
    "overrides", ['[{"conn_id":"c-1","token":"oauth-begins"}', '["oauth-begins"]', "oauth-begins"]
)
def test_oauth_tokens_with_a_typo(overrides, call_recipe, sandbox):
    done = call_recipe("workbooks/export_workbook.py", OAUTH_OVERRIDES=overrides)
    assert done.returncode == 1
    assert "OAUTH_OVERRIDES" in done.stderr
    assert "oauth-begins" not in done.stdout + done.stderr
    assert not sandbox.state.log.entries


@pytest.mark.parametrize("secret", [seed.SECRET, "Sup3r+secret/="])
def test_a_secret_in_the_wrong_setting(secret, call_recipe, sandbox):
    sandbox.state.organization.clients[seed.CLIENT_ID].secret = secret
    done = call_recipe("members/recent_workbooks.py", SECRET=secret, MEMBERID=secret)
    assert done.returncode == 1 and "***" in done.stderr
    assert secret not in done.stdout + done.stderr


def test_the_command_of_a_dry_run_has_none(call_recipe):
    quoted = f'"{SECRETS["SECRET"]}"'  # as Docker passes it on
    own = {"SECRET": SECRETS["SECRET"], "EMBED_SECRET": quoted, "DRY_RUN": "true"}
    done = call_recipe("members/bulk_create.py", **own)
    assert done.returncode == 0 and "DRY_RUN=false" in done.stdout
    assert "EMBED_SECRET" not in done.stdout


def test_no_recipe_takes_a_secret_on_its_command_line(call_recipe):
    for recipe in ("get_access_token.py", "members/master_script.py"):
        options = call_recipe(recipe, "--help").stdout
        assert not {"--secret", "--token", "--password", "--client-secret"} & set(options.split())


def test_a_program_that_logs_everything_and_a_traceback(sandbox, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import logging\n"
        "logging.basicConfig(level=logging.DEBUG)\n"
        "from get_access_token import get_bearer_token\n"
        "from sigma_client import SigmaClient\n"
        "client = SigmaClient(get_bearer_token)\n"
        "print(client.get('/whoami'), client, vars(client))\n"
        "client.get('/members/none')\n",
        encoding="utf-8",
    )
    env = environment(sandbox.address, {**SECRETS, "PYTHONPATH": str(ROOT)})
    done = subprocess.run(
        [sys.executable, program], env=env, capture_output=True, encoding="utf-8", timeout=60
    )
    assert "SigmaError" in done.stderr
    assert '"POST /v2/auth/token HTTP/1.1" 200' in done.stderr
    assert_no_secret(done.stdout + done.stderr, sandbox)


def test_the_password_of_a_proxy_is_masked(call_recipe, sandbox):
    done = call_recipe(
        "members/list_all.py",
        address="https://sigma.test",
        HTTPS_PROXY="http://user:proxy-password@127.0.0.1:9",
    )
    assert done.returncode == 1
    assert "proxy-password" not in done.stdout + done.stderr


def test_settings_and_lists_of_people_are_kept_out_of_git():
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {".env", ".member-emails", ".venv/"} <= set(ignored)
