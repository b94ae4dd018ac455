"""Tests of docs/postman: the files are true to the recipes and the sandbox, and newman runs them."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import requests

from sandbox import seed
from sandbox.faults import Fault
from tests.conftest import ROOT
from tests.test_every_recipe import docstring

FOLDER = ROOT / "docs" / "postman"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
COLLECTION = FOLDER / "sigma-recipes.postman_collection.json"
SANDBOX = FOLDER / "sandbox.postman_environment.json"
AWS = FOLDER / "aws-us-west.postman_environment.json"


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def steps(collection):
    """Return every request of a collection, in order."""
    found = []
    for item in collection["item"]:
        found += steps(item) if "item" in item else [item]
    return found


def path_of(step):
    """Return the path of a request of ours, without the query."""
    url = step["request"]["url"].replace("{{tokenBaseURL}}", "/v2/auth/token")
    return url.removeprefix("{{baseUrl}}").partition("?")[0]


def recipe_of(step):
    """Return the recipe that a request names, or None."""
    named = re.search(r"The same in Python: (\S+)$", step["request"]["description"])
    return named and named[1]


STEPS = steps(read(COLLECTION))
by_name = pytest.mark.parametrize("step", STEPS, ids=lambda step: step["name"])


def test_the_files_are_what_the_program_writes():
    assert "generate.py --check" in README
    done = subprocess.run([sys.executable, FOLDER / "generate.py", "--check"], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_every_recipe_of_the_tutorial_has_its_requests_in_order():
    tutorial = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    told = list(dict.fromkeys(re.findall(r"^python (\S+\.py)$", tutorial, re.MULTILINE)))
    told.remove("members/master_script.py")  # five of the others in one run
    # As in the QuickStart on Postman: the token first, then the connections
    told.sort(key=lambda script: (script != "get_access_token.py", script[:12] != "connections/"))
    recipes = [recipe for recipe in map(recipe_of, STEPS) if recipe]
    assert list(dict.fromkeys(recipes)) == told


def test_names_are_unique():  # a request that repeats itself goes by its name
    assert len({step["name"] for step in STEPS}) == len(STEPS)


@by_name
def test_the_recipe_sends_the_same_request(step):
    recipe = recipe_of(step)
    if recipe is None:
        assert step["name"].startswith("Check ")
        return
    pattern = re.sub(r"\{\{\w+\}\}", "{ID}", path_of(step))
    text = re.sub(r"\{\w+\}", "{ID}", docstring(ROOT / recipe))
    assert re.search(rf"{step['request']['method']} {re.escape(pattern)}(?![\w/])", text)


def test_the_sandbox_serves_every_request(sandbox):
    paths = requests.get(f"{sandbox.address}/openapi.json", timeout=5).json()["paths"]
    for step in STEPS:
        pattern = re.sub(r"\{\{\w+\}\}", "[{]\\\\w+[}]", path_of(step))
        method = step["request"]["method"].lower()
        found = [path for path in paths if re.fullmatch(pattern, path) and method in paths[path]]
        query = re.findall(r"[?&](\w+)=", step["request"]["url"])
        assert len(found) == 1, step["name"]
        known = {p["name"] for p in paths[found[0]][method].get("parameters", [])}
        assert set(query) <= known, step["name"]


@by_name
def test_every_request_has_a_test(step):
    (script,) = [event["script"] for event in step["event"] if event["listen"] == "test"]
    assert "pm.test(" in "\n".join(script["exec"])


def test_every_variable_is_used_and_every_used_one_is_there():
    text = COLLECTION.read_text(encoding="utf-8")
    handed_on = {variable["key"] for variable in read(COLLECTION)["variable"]}
    names = [value["key"] for value in read(SANDBOX)["values"]]
    assert names == [value["key"] for value in read(AWS)["values"]]
    assert not handed_on & set(names)  # the environment would hide it
    in_scripts = re.findall(r'(environment|collectionVariables)\.[gs]et\(\\"(\w+)', text)
    assert {name for scope, name in in_scripts if scope == "environment"} <= set(names)
    assert {name for scope, name in in_scripts if scope != "environment"} <= handed_on
    used = set(re.findall(r"\{\{(\w+)\}\}", text)) | {name for _, name in in_scripts}
    assert used | {"pollPause"} == {*names, *handed_on, "uniqueEmail"}


def test_the_environment_begins_as_in_the_quickstart():
    values = {value["key"]: value["value"] for value in read(AWS)["values"]}
    assert list(values.items())[:8] == [
        ("baseUrl", "https://aws-api.sigmacomputing.com"),
        ("tokenBaseURL", "https://aws-api.sigmacomputing.com/v2/auth/token"),
        *((name, "") for name in "clientID secret access_token refresh_token".split()),
        *((name, "") for name in "token_type expires_in".split()),
    ]


@pytest.mark.parametrize("path", [SANDBOX, AWS], ids=["sandbox", "aws"])
def test_secrets_are_masked_and_no_token_is_kept(path):
    values = {value["key"]: value for value in read(path)["values"]}
    secret = {name for name in values if values[name]["type"] == "secret"}
    assert secret == {"secret", "access_token", "refresh_token", "snowflakePassword"}
    assert values["access_token"]["value"] == values["refresh_token"]["value"] == ""


def test_the_document_explains_every_variable_and_its_links_lead_somewhere():
    table = README.partition("| variable |")[2].partition("\n\n")[0]
    explained = re.findall(r"^\| `(.+?)` \|", table, re.MULTILINE)
    names = [name for cell in explained for name in cell.split("`, `")]
    assert names == [value["key"] for value in read(AWS)["values"]]
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (FOLDER / link).exists(), link


def test_git_keeps_the_files():
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert not [line for line in ignored if line == "*.json" or line.startswith("docs")]


# --- With the programs of Postman. Node.js fetches them when they run for the first time ---


@pytest.fixture
def npx(tmp_path):
    """Run a program of a package, with npm's cache in the home folder and nothing in this one."""
    program = shutil.which("npx")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("npx was not found: install Node.js")
        pytest.skip("npx was not found: needs Node.js")

    def run(*arguments):
        return subprocess.run(
            [program, "--yes", *map(str, arguments)],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=300,
        )

    return run


@pytest.fixture
def newman(npx, sandbox, tmp_path):
    """Run a collection against the sandbox; return the exit code and newman's report."""
    version = re.search(r"npx --yes (newman@[\d.]+) run", README)[1]
    report = tmp_path / "report.json"

    def run(collection=COLLECTION, environment=SANDBOX, **values):
        values = {
            "baseUrl": sandbox.address,
            "tokenBaseURL": f"{sandbox.address}/v2/auth/token",
            "pollPause": "0",
            **values,
        }
        options = [word for pair in values.items() for word in ("--env-var", "=".join(pair))]
        reporters = ["--reporters", "json", "--reporter-json-export", report]
        report.unlink(missing_ok=True)
        done = npx(version, "run", collection, "-e", environment, *options, *reporters)
        assert report.exists(), done.stdout
        return done.returncode, read(report)["run"]

    return run


def failures(run):
    """Return request, test and message of every failure."""
    errors = [(failure["source"]["name"], failure["error"]) for failure in run["failures"]]
    return [(name, error.get("test", ""), error["message"]) for name, error in errors]


@pytest.mark.slow  # one test for all runs: two that fetch newman at the same time may collide
def test_all_requests_pass_again_and_again_and_fail_with_the_server(newman, sandbox):
    ended, run = newman()
    assert (failures(run), ended) == ([], 0)
    sent = [execution["item"]["name"] for execution in run["executions"]]
    assert list(dict.fromkeys(sent)) == [step["name"] for step in STEPS]
    assert sent.count("Wait for the materialization") == 3  # pending, building, ready
    assert sent.count("Download the PDF") == 3
    assert sent.count("List workbooks page by page") == 6  # 260 workbooks
    assert [entry for entry in sandbox.state.log.entries if entry.ignored] == []

    # Once more in the same organization, and an export that Sigma does not know at first
    sandbox.state.rules.append(Fault.parse("early-404"))
    ended, run = newman()
    assert (failures(run), ended) == ([], 0)
    assert [entry.fault for entry in sandbox.state.log.entries if entry.fault] == ["early-404"]

    # A server that refuses
    sandbox.state.rules[:] = [Fault.parse("403 POST /v2/members times=0")]
    ended, run = newman()
    assert ended == 1
    assert failures(run)[0][:2] == ("Create a member", "The status is 200")

    # A job that fails, a list that never ends, an export that cannot be rendered
    rules = [
        "failed-job POST /v2/workbooks/*/materializations",
        "repeat-page GET /v2/workbooks after=1",
        "failed-rendering",
    ]
    sandbox.state.rules[:] = [Fault.parse(rule) for rule in rules]
    ended, run = newman()
    assert ended == 1
    assert [failure[:2] for failure in failures(run)] == [
        ("List workbooks page by page", "The next page is another one"),
        ("Wait for the materialization", "The job is pending, building or ready"),
        ("Download the CSV", "The file is there, or on its way"),
    ]

    # Values that are not filled in: nothing changes
    sandbox.state.rules.clear()
    sandbox.state.log.clear()
    ended, run = newman(environment=AWS, clientID=seed.CLIENT_ID, secret=seed.SECRET)
    assert ended == 1
    problem = "No value for memberId. Fill in the environment, or send the step before"
    assert ("Update a member", problem) in [failure[:2] for failure in failures(run)]
    changes = [entry.path for entry in sandbox.state.log.entries if entry.method != "GET"]
    assert changes == ["/v2/auth/token"]


@pytest.mark.slow
def test_the_description_of_the_sandbox_can_be_imported(npx, sandbox, tmp_path):
    """Convert it with the package that Postman imports with."""
    description = requests.get(f"{sandbox.address}/openapi.json", timeout=5).json()
    source, target = tmp_path / "openapi.json", tmp_path / "imported.json"
    source.write_text(json.dumps(description), encoding="utf-8")
    package = ("--package", "openapi-to-postmanv2@6.3.3")
    done = npx(*package, "openapi2postmanv2", "-s", source, "-o", target)
    assert done.returncode == 0, done.stdout
    imported = read(target)
    assert [(v["key"], v["value"]) for v in imported["variable"]] == [("baseUrl", sandbox.address)]

    # Every operation is there, in folders as they are in Sigma's own
    operations = {
        (method.upper(), re.sub(r"\{(\w+)\}", r":\1", path))
        for path, methods in description["paths"].items()
        for method in methods
    }
    found = {step["name"]: step["request"] for step in steps(imported)}
    hosts = {host for request in found.values() for host in request["url"]["host"]}
    paths = {(r["method"], "/" + "/".join(r["url"]["path"])) for r in found.values()}
    assert hosts == {"{{baseUrl}}"}
    assert paths == operations
    assert [folder["name"] for folder in imported["item"]] == ["v2", "v2.1", "sandbox"]
