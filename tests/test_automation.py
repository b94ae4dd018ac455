"""docs/automation.md: its examples run, and name files and settings that exist."""

import ast
import json
import re
import sys
import time
import types
from pathlib import Path

import pytest
import yaml

from sandbox import demo
from tests.conftest import ROOT, fresh
from tests.support.recipes import RECIPES, SHARED

TEXT = (ROOT / "docs" / "automation.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
DAG, CELL, _, HANDLER = (code for language, code in BLOCKS if language == "python")
(WORKFLOW,) = (yaml.safe_load(code) for language, code in BLOCKS if language == "yaml")
OF_THE_READER = {"handler.py"}


def run_block(code, folders, monkeypatch):
    """Run an example as if the recipes of these folders were next to it. Return its names."""
    for folder in folders:
        monkeypatch.syspath_prepend(str(ROOT / folder))
    before, names = set(sys.modules), {}
    try:
        exec(compile(code, "docs/automation.md", "exec"), names)
    finally:  # list_all is in three folders: the next test may need another one
        for name in set(sys.modules) - before:
            del sys.modules[name]
    return names


def recipe_in(command):
    """Return the recipe that a command runs: members/list_all.py for python list_all.py."""
    (name,) = re.findall(r"(\w+\.py)", command)
    (recipe,) = (path for path in RECIPES if path.endswith(f"/{name}"))
    return recipe


def run_with_only(given, command, call_recipe, sandbox):
    """Run the recipe in a command with the settings that a scheduler passes, and no others."""
    fresh(sandbox, members=10, workbooks=10)
    settings = demo.demo_settings(sandbox.address)
    # Values that the scheduler replaces, and URLs of Sigma, become those of the sandbox
    own = {n: v for n, v in given.items() if "{{" not in v and not v.startswith("https://")}
    only = {name: settings[name] for name in given if name not in own}
    return call_recipe(recipe_in(command), **{**dict.fromkeys(settings), **only, **own})


def test_files_and_settings_exist():
    known = {*RECIPES, *SHARED, *(Path(path).name for path in RECIPES)} | OF_THE_READER
    assert set(re.findall(r"[\w/]*\w\.py\b", TEXT.replace("/opt/sigma/", ""))) <= known
    assert set(re.findall(r"`(\w+)=[^`]*`", TEXT)) <= set(demo.names())


def test_the_settings_in_the_dag_are_enough(call_recipe, sandbox):
    (env,) = (k.value for k in ast.walk(ast.parse(DAG)) if getattr(k, "arg", "") == "env")
    (command,) = re.findall(r'return "(.+)"', DAG)
    done = run_with_only(ast.literal_eval(env), command, call_recipe, sandbox)
    assert done.returncode == 0, done.stderr
    started = [e for e in sandbox.state.log.entries if e.method == "POST" and "ater" in e.path]
    assert len(started) == 4


def test_the_settings_in_the_workflow_are_enough(call_recipe, sandbox):
    (step,) = (s for s in WORKFLOW["jobs"]["review"]["steps"] if "env" in s)
    done = run_with_only(step["env"], step["run"], call_recipe, sandbox)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Type,Name,")
    for copied in (recipe_in(step["run"]), *SHARED):
        assert f"`{copied}`" in TEXT


@pytest.fixture
def in_sandbox(sandbox, monkeypatch):
    """Settings of the sandbox. Pauses take no time."""
    sandbox.state.organization.options.polls = 0
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    for name, value in demo.demo_settings(sandbox.address).items():
        monkeypatch.setenv(name, value)
    return sandbox


def test_the_cell_reads_all_members(in_sandbox, monkeypatch):
    names = run_block(CELL, ["members"], monkeypatch)
    assert len(names["members"]) > 100
    assert "memberType" in names["members"][0]


def test_the_lambda_function_uploads_the_pdf(in_sandbox, monkeypatch, tmp_path):
    def client(service):
        return {
            "secretsmanager": types.SimpleNamespace(
                get_secret_value=lambda SecretId: {"SecretString": json.dumps(secret)}
            ),
            "s3": types.SimpleNamespace(
                upload_file=lambda path, bucket, key: uploads.append(
                    (Path(path).read_bytes()[:4], bucket, key)
                )
            ),
        }[service]

    uploads = []
    secret = json.loads(re.search(r'`(\{"base_url".*?\})`', TEXT)[1])
    settings = ("baseURL", "authURL", "CLIENT_ID", "SECRET")
    values = [demo.demo_settings(in_sandbox.address)[name] for name in settings]
    secret = dict(zip(secret, values, strict=True))
    for name in settings:  # the secret is enough
        monkeypatch.delenv(name)
    monkeypatch.setitem(sys.modules, "boto3", types.SimpleNamespace(client=client))
    monkeypatch.setenv("BUCKET", "reports")
    code = HANDLER.replace("/tmp/", f"{tmp_path.as_posix()}/")
    event = {"workbookId": demo.demo_settings("")["WORKBOOK_ID"]}
    run_block(code, ["workbooks"], monkeypatch)["handler"](event, None)
    assert uploads == [(b"%PDF", "reports", "report.pdf")]
