"""docs/postman: the collection has the tutorial's steps, and newman runs it against the sandbox."""

import ast
import json
import os
import re
import shutil
import subprocess

import pytest
import requests

from sandbox.faults import Fault
from tests.conftest import ROOT

FOLDER = ROOT / "docs" / "postman"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
COLLECTION = FOLDER / "sigma-recipes.postman_collection.json"
SANDBOX = FOLDER / "sandbox.postman_environment.json"
AWS = FOLDER / "aws-us-west.postman_environment.json"


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def steps(folder):
    """Return the requests of a folder or a collection, in order."""
    found = []
    for item in folder["item"]:
        found += steps(item) if "item" in item else [item]
    return found


STEPS = steps(read(COLLECTION))


def recipe_of(step):
    """Return the recipe that sends the same request, or None."""
    named = re.search(r"The same in Python: (\S+)$", step["request"]["description"])
    return named and named[1]


def test_the_steps_are_those_of_the_tutorial():
    tutorial = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    tutorial = tutorial.partition("\n## With your own organization\n")[0]
    told = list(dict.fromkeys(re.findall(r"^python (\S+\.py)$", tutorial, re.MULTILINE)))
    told.remove("members/master_script.py")  # five of the others in one run
    # As in the QuickStart on Postman: the token first, then the connections
    told.sort(key=lambda script: (script != "get_access_token.py", script[:12] != "connections/"))
    assert list(dict.fromkeys(filter(None, map(recipe_of, STEPS)))) == told


@pytest.mark.parametrize("step", list(filter(recipe_of, STEPS)), ids=lambda step: step["name"])
def test_the_recipe_sends_the_same_request(step):
    request = step["request"]
    url = request["url"]["raw"].replace("{{tokenBaseURL}}", "/v2/auth/token")
    path = url.removeprefix("{{baseUrl}}").partition("?")[0]
    card = ast.get_docstring(ast.parse((ROOT / recipe_of(step)).read_text(encoding="utf-8")))
    wanted = f"{request['method']} {re.sub('{{.+?}}', '{ID}', path)}"
    assert re.search(rf"{re.escape(wanted)}(?![\w/])", re.sub(r"\{\w+\}", "{ID}", card))


def test_no_response_is_saved_as_an_example():
    """It could contain a token, or data of an organization."""
    assert [step["name"] for step in STEPS if step["response"]] == []


@pytest.mark.parametrize("path", [SANDBOX, AWS], ids=["sandbox", "aws"])
def test_environments_hide_secrets_and_the_readme_explains_their_variables(path):
    variables = {variable["key"]: variable for variable in read(path)["values"]}
    secret = {name for name, variable in variables.items() if variable["type"] == "secret"}
    assert secret == {"secret", "access_token", "refresh_token", "snowflakePassword"}
    filled_in = {name for name in secret if variables[name]["value"]}
    assert filled_in == ({"secret", "snowflakePassword"} if path == SANDBOX else set())
    table = README.partition("| variable |")[2].partition("\n\n")[0]
    explained = re.findall(r"^\| `(.+?)` \|", table, re.MULTILINE)
    assert [name for cell in explained for name in cell.split("`, `")] == list(variables)


# --- With newman. npx fetches it when it's needed for the first time ---


@pytest.fixture
def npx(tmp_path):
    program = shutil.which("npx")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("npx wasn't found: install Node.js")
        pytest.skip("npx wasn't found: install Node.js")

    def run(*arguments):
        command = [program, "--yes", *map(str, arguments)]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=300
        )

    return run


@pytest.fixture
def newman(npx, sandbox, tmp_path):
    """Run a collection against the sandbox; return the names of the requests, and the failures."""
    version = re.search(r"npx --yes (newman@[\d.]+) run", README)[1]
    report = tmp_path / "report.json"

    def run(collection, *options):
        token_url = f"{sandbox.address}/v2/auth/token"
        values = {"baseUrl": sandbox.address, "tokenBaseURL": token_url, "pollPause": "0"}
        words = [word for pair in values.items() for word in ("--env-var", "=".join(pair))]
        words += ["--reporters", "json", "--reporter-json-export", report]
        report.unlink(missing_ok=True)
        done = npx(version, "run", collection, "-e", SANDBOX, *words, *options)
        assert report.exists(), done.stdout + done.stderr
        run = read(report)["run"]
        failures = [(fail["source"]["name"], fail["error"].get("test")) for fail in run["failures"]]
        assert done.returncode == (1 if failures else 0)
        assert all(execution.get("assertions") for execution in run["executions"])
        return [execution["item"]["name"] for execution in run["executions"]], failures

    return run


@pytest.mark.slow  # one test for all runs: two that fetch newman at the same time may collide
def test_newman_runs_as_often_as_you_like_and_sees_failures(newman, sandbox, tmp_path):
    state = sandbox.state
    # Begin where an interrupted run ended: on the second page of a list
    interrupted = read(COLLECTION)
    left = {"pagedList": "List members page by page", "nextPage": "50"}
    for variable in interrupted["variable"]:
        variable["value"] = left.get(variable["key"], variable["value"])
    collection = tmp_path / "interrupted.json"
    collection.write_text(json.dumps(interrupted), encoding="utf-8")

    sent, failures = newman(collection, "--iteration-count", "2")
    assert failures == []
    assert list(dict.fromkeys(sent)) == [step["name"] for step in STEPS]
    assert sent.count("List members page by page") == 2 * 3  # 120 members, and the new ones
    assert sent.count("List workbooks page by page") == 2 * 6  # 260 workbooks, and the copies
    assert sent.count("Wait for the materialization") == 2 * 3  # pending, building, ready
    assert sent.count("Download the PDF") == 2 * 3
    assert [entry for entry in state.log.entries if entry.ignored] == []

    # The tutorial deactivates a member who is in memberEmails. And now with failures: a list that
    # never ends, a job that fails, an export that can't be rendered
    leaver = "dana.varga@example.com"
    next(m for m in state.organization.members.values() if m.email == leaver).isArchived = True
    faults = (
        "repeat-page GET /v2/workbooks after=1",
        "failed-job POST /v2/workbooks/*/materializations",
        "failed-rendering",
    )
    state.rules[:] = map(Fault.parse, faults)
    folders = [f"--folder={name}" for name in ("Authentication", "Workbooks", "Teams")]
    assert newman(COLLECTION, *folders)[1] == [
        ("List workbooks page by page", "The next page is a new one"),
        ("Wait for the materialization", "The job is pending, building or ready"),
        ("Download the CSV", "The file is ready or in progress"),
    ]


@pytest.mark.slow
def test_postman_can_import_the_description_of_the_sandbox(npx, sandbox, tmp_path):
    """Convert it with the package that Postman imports with."""
    description = requests.get(f"{sandbox.address}/openapi.json", timeout=5).json()
    source, target = tmp_path / "openapi.json", tmp_path / "imported.json"
    source.write_text(json.dumps(description), encoding="utf-8")
    package = ("--package", "openapi-to-postmanv2@6.3.3", "openapi2postmanv2")
    done = npx(*package, "-s", source, "-o", target)
    assert done.returncode == 0, done.stdout
    imported = steps(read(target))
    assert len(imported) == sum(map(len, description["paths"].values()))
    assert {step["request"]["url"]["host"][0] for step in imported} == {"{{baseUrl}}"}
