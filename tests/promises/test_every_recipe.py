"""What every recipe promises: its card, and every way to start it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import demo, seed
from tests.conftest import SETTINGS, environment, fresh
from tests.support.recipes import (
    RECIPES,
    ROOT,
    SCRIPTS,
    SHARED,
    docstring,
    each_recipe,
    each_script,
    endpoints,
    files_of,
    leftovers,
    sample,
    settings_of,
    source,
)

# Processes are slow. So by default only those start as one that import other recipes, and one that is small
FIRST = {"members/list_all.py", *(recipe for recipe in RECIPES if len([*files_of(recipe)]) > 1)}
each_as_process = pytest.mark.parametrize(
    "recipe", [pytest.param(r, marks=[] if r in FIRST else pytest.mark.slow) for r in RECIPES]
)


# --- The card and the form ---


@each_script
def test_the_card_and_the_steps(recipe):
    card = docstring(recipe)
    headings = re.findall(r"^(Endpoint|Docs|\.env|Run|Sample output):", card, re.MULTILINE)
    assert headings == ["Endpoint", "Docs", ".env", "Run", "Sample output"]
    assert f"python {recipe}" in card
    assert len(card.splitlines()[0]) < 100
    assert endpoints(recipe) or "\nEndpoint:  none: " in card
    for _, name in settings_of(recipe):
        assert name in card
        assert name in SETTINGS, "add it to .env.example"
    steps = re.findall(r"^ *# (\d+):", source(recipe), re.MULTILINE)
    assert [int(step) for step in steps] == list(range(1, len(steps) + 1))
    assert len(steps) > 3


@each_recipe
def test_the_form(recipe):
    assert "sys.path.append(str(Path(__file__).resolve().parent.parent))\n" in source(recipe)
    assert '\nif __name__ == "__main__":\n    run(main' in source(recipe)
    assert (ROOT / "tests" / recipe).with_name(f"test_{Path(recipe).name}").exists()
    # Python puts the folder of a script first on its path: members/email.py would replace email
    packages = {"requests", "urllib3", "dotenv", "tabulate", "tqdm", "pytest", "responses"}
    assert Path(recipe).stem not in sys.stdlib_module_names | packages


# --- What it prints ---


# These send a request for each document
REPORTS = [f"audit/{n}.py" for n in ("access_review", "find_dependents", "scheduled_exports")]
REPORTS += ["workbooks/all_input_tables.py"]


@pytest.mark.parametrize(
    "recipe", [pytest.param(s, marks=pytest.mark.slow if s in REPORTS else []) for s in SCRIPTS]
)
def test_the_sample_is_what_the_recipe_prints(recipe, call_recipe, sandbox, tmp_path):
    # A tutorial reader's .env is full of what other recipes need
    done = call_recipe(recipe, merged=True, **leftovers(recipe))
    printed = done.stdout.replace(sandbox.address, "https://aws-api.sigmacomputing.com")
    printed = printed.replace(f"{tmp_path}{os.sep}", "/home/ada/").replace(f"{ROOT}{os.sep}", "")
    printed = re.sub(r"\+\d{13}@", "+1714640040000@", printed)
    printed = re.sub(r":jwt=[\w.-]+", ":jwt=eyJ...", printed)
    printed = re.sub(r"inventory/[\d-]{10}:", "inventory/2026-01-31:", printed)
    printed = re.sub(r"once: SIGMA_ENV_FILE=.* DRY_RUN", "once: DRY_RUN", printed)
    printed = re.sub(r"SIGMA_ENV_FILE=.* python", "python", printed)
    if os.name == "nt":
        dry_run = r"\$env:DRY_RUN='false'; (.*); \$env:DRY_RUN=''"
        printed = re.sub(dry_run, lambda m: "DRY_RUN=false " + m[1].replace("\\", "/"), printed)
    lines = [".*(?:\n.*)*?" if x == "..." else re.escape(x) for x in sample(recipe).split("\n")]
    assert re.fullmatch("\n".join(lines), printed), printed
    assert done.returncode == 0
    if ("read_dry_run", "DRY_RUN") in settings_of(recipe):  # it changed nothing, and says how to
        only_read = ("/auth/token", "/lookup")  # although they're POST
        sent = {e.method for e in sandbox.state.log.entries if not e.path.endswith(only_read)}
        assert sent == {"GET"}
        assert "DRY_RUN=false" in done.stdout.splitlines()[-1]


# Those that read pages themselves, and one that uses get_all()
PAGED = ["members/list_all.py", *(r for r in RECIPES if "nextPage" in source(r))]


@pytest.mark.parametrize("recipe", PAGED)
def test_lists_are_the_same_whatever_nextpage_looks_like(recipe, call_recipe, sandbox):
    printed = []
    for cursors in ("offset", "opaque"):
        fresh(sandbox, members=30, workbooks=30, cursors=cursors)
        done = call_recipe(recipe, LIMIT="7")
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)
    assert printed[0] == printed[1]


# --- Ways to start it ---


def test_importing_them_prints_nothing_and_needs_no_settings():
    env = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    modules = [path.removesuffix(".py").replace("/", ".") for path in (*RECIPES, SHARED[0])]
    code = f"import {', '.join(modules)}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("recipe", sorted(FIRST))
def test_runs_as_a_module(recipe, sandbox, tmp_path):
    sandbox.state.organization.options.polls = 0
    done = subprocess.run(
        [sys.executable, "-m", recipe.removesuffix(".py").replace("/", ".")],
        cwd=ROOT,
        env=environment(sandbox.address, {"EXPORT_FOLDER": str(tmp_path)}),
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


@each_as_process
def test_runs_as_a_copy_next_to_the_two_shared_files(recipe, sandbox, tmp_path):
    sandbox.state.organization.options.polls = 0
    folder = tmp_path / "my own project"
    folder.mkdir()
    for path in (*files_of(recipe), *SHARED):
        shutil.copy(ROOT / path, folder)
    settings = "".join(f"{k} = '{v}'\n" for k, v in demo.demo_settings(sandbox.address).items())
    (folder / ".env").write_text(settings, encoding="utf-8-sig")
    ours = {*SETTINGS, "SIGMA_ENV_FILE"}  # the copy reads the .env next to it
    done = subprocess.run(
        [sys.executable, folder / Path(recipe).name],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name not in ours},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert "python -m sandbox" not in done.stderr  # there is none


@pytest.mark.parametrize("recipe", sorted(FIRST))  # run() handles the arguments of all
def test_help_does_nothing_and_unknown_arguments_are_refused(recipe, call_recipe, sandbox):
    asked = call_recipe(recipe, "--help")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert docstring(recipe).splitlines()[0] in asked.stdout
    refused = call_recipe(recipe, "--no-such-option")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert not sandbox.state.log.entries


# --- Settings ---


def refuses(done, names, sandbox):
    """Return True if a run ended with one line with all the names, before anything was sent.

    False if it doesn't need these settings by default, or takes another one instead.
    """
    if sandbox.state.log.entries:
        assert not all(name in done.stderr for name in names), done.stderr
        return False
    assert done.returncode == 1
    assert "successfully" not in done.stdout
    (error,) = done.stderr.splitlines()
    assert error.startswith("Error: ")
    assert all(name in error for name in names), error
    assert not [secret for secret in (seed.SECRET, "Bearer", "Traceback") if secret in error]
    assert not sandbox.state.log.entries
    return True


@each_script
def test_missing_settings_and_malformed_ids_are_named(recipe, call_recipe, sandbox):
    fresh(sandbox, members=15, workbooks=7, polls=0)  # some don't need a setting, and run
    missing = ["CLIENT_ID", "SECRET"] + ["authURL", "baseURL"] * bool(endpoints(recipe))
    assert refuses(call_recipe(recipe, **dict.fromkeys(missing, "")), missing, sandbox)
    for function, name in settings_of(recipe):
        is_id = name.endswith("ID") and function.startswith("require") and name != "CLIENT_ID"
        wrong = ["", "../whoami"] if is_id else [""]
        for value in wrong if function.startswith("require") else ():
            needed = refuses(call_recipe(recipe, **{name: value}), [name], sandbox)
            sandbox.state.log.clear()
            if not needed:
                break
            missing.append(name)
    # Without any setting, one error names them all
    assert refuses(call_recipe(recipe, **dict.fromkeys(demo.names(), "")), missing, sandbox)
