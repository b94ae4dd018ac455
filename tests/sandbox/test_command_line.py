"""python -m sandbox, as a process of its own."""

import ast
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from sandbox import __main__, demo, seed
from sandbox.organization import Options
from tests.conftest import ROOT


def clean_environment(**more):
    """Return an environment without any setting of ours."""
    ours = {*demo.names(), "PYTHON_DOTENV_DISABLED"}
    return {**{k: v for k, v in os.environ.items() if k not in ours}, **more}


@contextlib.contextmanager
def serving(*arguments, folder=ROOT):
    """Start the sandbox, or a copy of it in another folder. Yield it and its first lines."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", *arguments]
    with subprocess.Popen(
        command, cwd=folder, env=clean_environment(), stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        lines = []
        while not lines or "listening" not in lines[-1]:
            lines.append(process.stdout.readline().rstrip("\n"))
            assert lines[-1], lines
        try:
            yield process, lines
        finally:
            process.terminate()


def run(*arguments, **settings):
    return subprocess.run(
        [sys.executable, *(arguments if arguments[0] == "-c" else ("-m", "sandbox", *arguments))],
        cwd=ROOT,
        env=clean_environment(**settings),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


def test_prints_the_settings_and_then_its_url():
    with serving() as (_, lines):
        assert lines[0].startswith("CLIENT_ID=")
        address = re.match(r"# Sandbox listening on (\S+) \(", lines[-1])[1]
        settings = dict(line.split("=", 1) for line in lines[:-1])
        assert settings == demo.demo_settings(address)
        assert settings.keys() <= set(demo.names())
        form = {
            "grant_type": "client_credentials",
            "client_id": settings["CLIENT_ID"],
            "client_secret": settings["SECRET"],
        }
        assert requests.post(settings["authURL"], data=form, timeout=5).status_code == 200


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to a process")
def test_ctrl_c_ends_it_quietly():
    with serving() as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0


def test_writes_the_settings_with_every_other_name_empty(tmp_path):
    shutil.copytree(ROOT / "sandbox", tmp_path / "sandbox")  # keeps the reader's .env.sandbox
    shutil.copy(demo.ENV_EXAMPLE, tmp_path)
    with serving("--write-env", folder=tmp_path) as (_, lines):
        text = (tmp_path / ".env.sandbox").read_text(encoding="utf-8")
    written = dict(line.split("=", 1) for line in text.splitlines() if not line.startswith("#"))
    assert list(written) == demo.names()
    printed = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    assert {name: value for name, value in written.items() if value} == printed


def test_a_busy_port_is_one_line():
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        done = run("--port", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(f"Error: port {port} .*--port 0.*\n", done.stderr)


def test_a_missing_package_is_one_line(tmp_path):
    (tmp_path / "fastapi.py").write_text("raise ModuleNotFoundError('no fastapi')\n")
    done = run("--port", "0", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert re.fullmatch(r"Error: .*fastapi.*\.venv.*pip install .*-r .*\n", done.stderr)


def test_an_older_python_is_one_line():
    done = run("-c", "import sys; sys.version_info = (3, 9, 18); import sandbox")
    assert done.returncode == 1
    assert re.fullmatch(r"Error: .* Python 3\.10 or newer\n", done.stderr)
    # Python compiles this file whole before it runs the check
    ast.parse(
        (ROOT / "sandbox" / "__init__.py").read_text(encoding="utf-8"), feature_version=(3, 6)
    )


def test_runs_a_recipe_and_passes_its_exit_code_through():
    done = run("run", "members/master_script.py")
    assert done.returncode == 0, done.stderr
    assert "URL sent to Sigma: http://127.0.0.1:" in done.stderr
    failed = run("run", "members/update.py", MEMBERID="nobody")
    assert failed.returncode == 1
    assert "MEMBERID" in failed.stderr.splitlines()[0]  # set in the environment
    assert run("run", "members/master_script.py", "--nonsense").returncode == 2


def test_credentials_of_the_environment_never_reach_the_sandbox():
    real = {"CLIENT_ID": "real", "SECRET": "real", "baseURL": "https://real.test/v2"}
    done = run("run", "get_access_token.py", **real)
    assert done.returncode == 0, done.stderr
    assert "real" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "recipe", ["members/bulk_create.py", "teams/bulk_assign_team.py", "workbooks/list_all.py"]
)
def test_recipes_end_well_with_the_demo_settings(recipe, tmp_path):
    done = run("run", "--polls", "0", str(ROOT / recipe), EXPORT_FOLDER=str(tmp_path))
    assert done.returncode == 0, done.stderr


def test_only_the_recipe_that_creates_members_gets_a_new_email(sandbox):
    known = sandbox.state.organization.find_email
    for recipe, new in (("members/bulk_create.py", 1), ("teams/bulk_assign_team.py", 0)):
        file = Path(demo.demo_settings("", recipe)["MEMBER_EMAILS"])
        emails = re.findall(r"\S+@[\w.]+", file.read_text(encoding="utf-8"))
        assert len([email for email in emails if known(email) is None]) == new


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--fault", "explode"], 2, "'explode'"),
        (["--members", "9"], 2, "from 10 to 1000000"),
        (["--port", "x"], 2, "'x'"),
        (["--cursors", "x"], 2, "'x'"),
        (["--write-env", "run", "members/update.py"], 1, "--write-env"),
        (["run"], 2, "script"),
        (["run", "no/such.py"], 1, "such.py"),
        (["run", "list_all.py"], 1, "teams/list_all.py or workbooks/list_all.py"),
        (["run", r"members\list_all"], 1, "members/list_all.py?"),
        (["run", "lst_all.py"], 1, "members/list_all.py"),
        (["run", str(ROOT / "README.md")], 1, "README.md"),
    ],
)
def test_wrong_arguments(arguments, code, words, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["python -m sandbox", *arguments])
    with pytest.raises(SystemExit) as end:
        __main__.main()
    said, ended = capsys.readouterr().err, end.value.code
    if isinstance(ended, str):  # Python prints the text and ends with 1
        said, ended = said + ended, 1
    assert ended == code
    assert words in said


def test_options_can_come_before_and_after_run():
    text = "--members 10 --bare-lists --cursors opaque --token-ttl 60 --workbooks 5 --polls 0 --input-tables 2"
    options = [*f"{text} --latency 1 --export-mb 1".split(), "--fault", "503 GET /v2/members"]
    parse = __main__.command_line().parse_args
    assert parse([*options, "run", "x.py"]) == parse(["run", *options, "x.py"])


def test_the_options_reach_the_organization(monkeypatch):
    made = []
    monkeypatch.setattr(__main__, "serve", lambda server, write_env: made.append(server))
    text = "--port 0 --members 10 --token-ttl 60 --polls 0 --latency 250 --export-mb 2 --bare-lists"
    text += " --cursors opaque"
    monkeypatch.setattr(sys, "argv", ["sandbox", *text.split(), "--fault", "503"])
    __main__.main()
    wanted = Options(10, polls=0, token_seconds=60, latency=0.25, export_mb=2, bare_lists=True)
    wanted.cursors = "opaque"
    assert made[0].state.organization.options == wanted
    assert [rule.kind for rule in made[0].state.rules] == ["503"]


def test_every_demo_value_works(sandbox):
    settings = demo.demo_settings(sandbox.address)
    organization = sandbox.state.organization
    assert list(organization.members).index(settings["MEMBERID"]) > 50  # not on the first page
    assert organization.workspace(settings["WORKSPACEID"])
    assert organization.team(settings["TEAMID"]).members == {}
    assert organization.connection(settings["CONNECTIONID"])
    assert seed.DEMO_CONNECTION_ID not in organization.grants  # the tutorial needs one without
    assert organization.find_email(settings["EMAIL"]) is None
    assert organization.account_type(settings["NEW_MEMBER_TYPE"])
