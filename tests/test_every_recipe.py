"""Promises that hold for every recipe, old and new."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import demo, seed
from tests.conftest import ROOT, environment

FOLDERS = ("members", "workbooks", "teams", "connections", "embedding")
RECIPES = sorted(path.relative_to(ROOT) for name in FOLDERS for path in (ROOT / name).glob("*.py"))
SHARED = ("get_access_token.py", "sigma_session.py")
each_recipe = pytest.mark.parametrize("recipe", RECIPES, ids=str)
each_script = pytest.mark.parametrize(
    "recipe", [*RECIPES, (ROOT / SHARED[0]).relative_to(ROOT)], ids=str
)
# A process for each takes long: the default run starts one of each folder, the slow one the others
FIRST = {path.parent: path for path in reversed(RECIPES)}.values()
each_recipe_as_process = pytest.mark.parametrize(
    "recipe",
    [pytest.param(r, marks=[] if r in FIRST else pytest.mark.slow) for r in RECIPES],
    ids=str,
)

# What a reader of the tutorial may have in .env when trying the next recipe: valid, but of others
LEFTOVERS = {
    "LIMIT": "7",
    "PERMISSION": "explore",
    "CONNECTION_PERMISSION": "annotate",
    "UNIQUE_EMAIL": "true",
    "SEND_INVITE": "false",
    "OUTPUT_FORMAT": "table",
    "SIGMA_TIMEOUT": "30",
    "DRY_RUN": "true",
    "ALL_WORKBOOKS": "false",
    "SHEET_ID": seed.DEMO_SHEET_ID,
    "OWNER_EMAIL": "chidi.okafor@example.com",
    "ELEMENT_TYPE": "text",
    "NEW_WORKBOOK_NAME": "Copy",
    "GRANT_TO": "team",
    "WORKBOOK_PERMISSION": "explore",
    "SIGMA_BACKOFF": "0",
    "EXPORT_FOLDER": ".",
    "EXPORT_MAX_WAIT": "60",
    "EXPORT_SCOPE": "element",
    "EXPORT_FORMAT": "xlsx",
    "PDF_LAYOUT": "landscape",
    "DATE_FILTER_CONTROL": "DateFilter",
    "OAUTH_OVERRIDES": '[{"conn_id":"c-1","token":"warehouse-token"}]',
    "OAUTH_REJECT_DEFAULT_TOKENS": "false",
}


def source(recipe):
    return (ROOT / recipe).read_text(encoding="utf-8")


def docstring(recipe):
    return ast.get_docstring(ast.parse(source(recipe))) or ""


@each_script
def test_opens_with_endpoint_docs_settings_and_how_to_run(recipe):
    doc = docstring(recipe)
    headings = re.findall(r"^(Endpoint|Docs|\.env|Run|Sample output):", doc, re.MULTILINE)
    assert headings == ["Endpoint", "Docs", ".env", "Run", "Sample output"]
    assert f"python {recipe.as_posix()}" in doc
    assert len(doc.splitlines()[0]) < 100


@each_recipe
def test_has_its_own_test_file(recipe):
    assert (ROOT / "tests" / recipe.parent / f"test_{recipe.name}").exists()


@each_script
def test_settings_are_listed_in_env_example_and_in_the_docstring(recipe):
    used = set(re.findall(r'(?:require|read)_\w+\(\s*"(\w+)"', source(recipe)))
    assert used <= set(demo.names()), "add it to .env.example"
    for name in used:
        assert name in docstring(recipe)


@each_recipe
def test_begins_with_the_same_lines_that_find_the_shared_files(recipe):
    assert "sys.path.append(str(Path(__file__).resolve().parent.parent))\n" in source(recipe)
    assert re.search(r"^from get_access_token import get_bearer_token$", source(recipe), re.M)
    assert source(recipe).endswith('if __name__ == "__main__":\n    run(main)\n') or (
        recipe.stem == "master_script"
    )


@each_script
def test_steps_are_numbered_without_a_gap(recipe):
    steps = re.findall(r"^ *# (\d+):", source(recipe), re.MULTILINE)
    assert [int(step) for step in steps] == list(range(1, len(steps) + 1))
    assert len(steps) > 3


def test_what_several_recipes_say_alike_stays_alike():
    # Each recipe must run as one copied file, so some functions stand in several of them
    places = {
        "save_export": ("export_workbook", "export_workbook_element_csv", "export_workbook_pdf"),
        "update_owner": ("copy_workbook_folder", "transfer_all_workbooks", "update_owner"),
    }
    for name, recipes in places.items():
        texts = set()
        for stem in recipes:
            tree = ast.parse(source(Path("workbooks") / f"{stem}.py"))
            texts |= {ast.unparse(f) for f in tree.body if getattr(f, "name", "") == name}
        assert len(texts) == 1, name


@each_recipe
def test_name_hides_no_module_of_python(recipe):
    # Python puts the folder of a script first on its path: members/email.py would replace email.
    packages = {"requests", "urllib3", "dotenv", "tabulate", "tqdm", "pytest", "responses"}
    assert recipe.stem not in sys.stdlib_module_names | packages


def test_importing_them_prints_nothing_and_needs_no_settings():
    env = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    modules = [".".join(path.with_suffix("").parts) for path in [*RECIPES, Path(SHARED[0])]]
    code = f"import {', '.join(modules)}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def code_in_sample(recipe):
    """Return the exit code with the demo settings: some of them have an address that nobody has."""
    return int("\n    Error: " in docstring(recipe))


@each_script
def test_sample_output_is_what_the_recipe_prints(recipe, call_recipe, sandbox, tmp_path):
    done = call_recipe(recipe, merged=True)
    printed = done.stdout.replace(sandbox.address, "https://aws-api.sigmacomputing.com")
    printed = printed.replace(str(tmp_path), "/home/ada")
    printed = re.sub(r"\+\d{13}@", "+1714640040000@", printed)
    _, _, sample = docstring(recipe).partition("Sample output:\n\n")
    lines = [re.escape(line.removeprefix("    ")) for line in sample.splitlines()]
    pattern = "\n".join(lines).replace(re.escape("..."), "...")
    pattern = re.sub(r"^\.\.\.$", r".*(?:\\n.*)*?", pattern, flags=re.MULTILINE)
    assert re.fullmatch(pattern + "\n", printed), printed
    assert done.returncode == code_in_sample(recipe)


def test_every_setting_has_a_value_to_be_tried_with():
    known = set(demo.demo_settings("")) | set(LEFTOVERS)
    assert set(demo.names()) == known, "demo_settings() of sandbox/demo.py, or LEFTOVERS above"


@pytest.mark.slow
@each_script
def test_does_its_default_with_every_setting_of_env_example_set(recipe, call_recipe, sandbox):
    leftovers = {name: LEFTOVERS[name] for name in demo.names() if name in LEFTOVERS}
    done = call_recipe(recipe, **leftovers)
    assert done.returncode == code_in_sample(recipe)
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Error: " if done.returncode else "URL sent to Sigma: ")
    assert done.stdout


@each_recipe_as_process
def test_runs_as_a_module(recipe, sandbox, tmp_path):
    sandbox.state.organization.options.polls = 0
    module = ".".join(recipe.with_suffix("").parts)
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        # Not here: a file of the reader's may lie beside the recipes
        env=environment(sandbox.address, {"EXPORT_FOLDER": str(tmp_path)}),
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == code_in_sample(recipe), done.stderr
    assert done.stdout


@each_recipe_as_process
def test_runs_as_a_copy_beside_the_two_shared_files(recipe, sandbox, tmp_path):
    sandbox.state.organization.options.polls = 0
    folder = tmp_path / "my own project"
    folder.mkdir()
    for path in (recipe, *SHARED):
        shutil.copy(ROOT / path, folder)
    if recipe.stem == "master_script":  # it takes its five steps along
        for path in re.findall(r"^from (\w+) import", source(recipe), re.MULTILINE):
            if (ROOT / "members" / f"{path}.py").exists():
                shutil.copy(ROOT / "members" / f"{path}.py", folder)
    settings = "".join(f"{k} = '{v}'\n" for k, v in demo.demo_settings(sandbox.address).items())
    (folder / ".env").write_text(settings, encoding="utf-8-sig")
    # Here a .env is read: nothing of ours is in the environment
    env = {
        k: v for k, v in os.environ.items() if k not in demo.names() + ["PYTHON_DOTENV_DISABLED"]
    }
    done = subprocess.run(
        [sys.executable, folder / recipe.name],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == code_in_sample(recipe), done.stderr
    assert done.stdout
    assert "sandbox run" not in done.stderr


@each_recipe
def test_help_does_nothing_and_unknown_arguments_are_refused(recipe, call_recipe, sandbox):
    asked = call_recipe(recipe, "--help")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert docstring(recipe).splitlines()[0] in asked.stdout
    refused = call_recipe(recipe, "--no-such-option")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert not sandbox.state.log.entries


# What makes a setting required that is not always
NEEDED_WITH = {"PAGE_ID": {"EXPORT_SCOPE": "page"}, "ELEMENT_ID": {"EXPORT_SCOPE": "element"}}


def assert_one_error(done, cause):
    *trace, error = done.stderr.splitlines()
    assert done.returncode == 1
    assert all(line.startswith("URL sent to Sigma: ") for line in trace), done.stderr
    assert re.search(f"^Error: .*{cause}", error), done.stderr
    for secret in ("sandbox-client-secret", "Bearer", "Traceback"):
        assert secret not in done.stdout + done.stderr
    assert "successfully" not in done.stdout


@each_script
def test_names_the_setting_that_is_missing(recipe, call_recipe):
    required = re.findall(r'require_\w+\(\s*"(\w+)"', source(recipe))
    for name in {*required, "CLIENT_ID", "SECRET", "authURL", "baseURL"}:
        done = call_recipe(recipe, **{name: ""}, **NEEDED_WITH.get(name, {}))
        assert_one_error(
            done,
            f"{name} is not set. Add it to .*.env, or try this recipe without an account, in"
            f" .*: python -m sandbox run {recipe.as_posix()}",
        )


@each_recipe
def test_refuses_ids_that_would_change_the_address(recipe, call_recipe, sandbox):
    for name in re.findall(r'require_id\(\s*"(\w+)"', source(recipe)):
        for value in ("../whoami", "a/b", "a?b", "a#b", "a b", "<MEMBERID>", "undefined", "é"):
            done = call_recipe(recipe, **{name: value}, **NEEDED_WITH.get(name, {}))
            assert_one_error(done, f"{name} is .*, which is not an ID")
    assert not sandbox.state.log.entries
