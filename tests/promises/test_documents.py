"""What the documents say is true: commands, outputs, tables, settings, editor files."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from sandbox import demo
from tests.conftest import ROOT
from tests.support.recipes import RECIPES, docstring, each_recipe, endpoints, sample, source

README = (ROOT / "README.md").read_text(encoding="utf-8")
ENV_EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")


def section(title):
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.M | re.S)[1]


def commands(text, language):
    return re.findall(rf"^```{language}\n(.+?)\n```$", text, re.MULTILINE | re.DOTALL)


def test_ci_runs_the_test_command_of_the_readme():
    (command,) = commands(section("Run the tests"), "bash")
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").endswith(f"\n{command}\n")


def test_pre_commit_runs_what_ci_runs():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    checks = [hook["entry"] for repo in config["repos"] for hook in repo["hooks"]]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    before_the_tests = re.findall(r"^\.venv/bin/(python -m (?!pip|pytest).+)$", script, re.M)
    assert checks == before_the_tests


def test_the_workflow_runs_the_commands_of_the_readme():
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(workflow)["jobs"]
    last = {name: job["steps"][-1]["run"] for name, job in jobs.items()}
    assert last == {
        "linux": "bash .ci/run",
        "macos": commands(section("Run the tests"), "bash")[0],
        "windows": commands(section("Run the tests"), "powershell")[0],
    }
    assert min(jobs["linux"]["strategy"]["matrix"]["python"]) == "3.10"


def test_windows_gets_the_same_commands_line_by_line():
    for title in ("Try it (no account needed)", "Run the tests"):
        (unix,) = commands(section(title), "bash")
        (windows,) = commands(section(title), "powershell")  # PowerShell 5.1 doesn't know &&
        plain = windows.replace(r".venv\Scripts\python", ".venv/bin/python")
        assert plain.replace("py -m venv", "python3 -m venv").split("\n") == unix.split(" &&\n  ")


def test_the_output_in_the_readme_is_the_checked_sample():
    shown = re.search(r"<!-- output: (\S+) -->\n```text\n(.*?)\n```", README, re.DOTALL)
    lines = shown[2].replace("http://127.0.0.1:8765", "https://aws-api.sigmacomputing.com")
    pattern = re.escape(lines).replace(re.escape("\n...\n"), r"\n(?:.*\n)+")
    assert re.fullmatch(pattern, sample(shown[1]).rstrip("\n"))


@pytest.mark.parametrize("document", ["README.md", "docs/recipes.md"])
def test_the_python_in_a_document_runs(document, sandbox, tmp_path):
    for name in ("get_access_token.py", "sigma_client.py", "members/list_all.py"):
        shutil.copy(ROOT / name, tmp_path)  # as the document says
    text = "".join(
        f"{name}={value}\n" for name, value in demo.demo_settings(sandbox.address).items()
    )
    for name in (".env", ".env.staging"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    blocks = commands((ROOT / document).read_text(encoding="utf-8"), "python")
    printed = ""
    for number, block in enumerate(blocks):
        program = tmp_path / f"block{number}.py"
        program.write_text(block, encoding="utf-8")
        command = [sys.executable, program]
        printed += subprocess.check_output(command, env=kept, cwd=tmp_path, encoding="utf-8")
    people = sandbox.state.organization.members.values()
    assert f"{sum(not member.isArchived for member in people)} members" in printed
    assert len(blocks) == printed.count("\n") > 0


def table_rows(document):
    """Return {recipe: the other cells of its row}, without the links to this page's folder."""
    text = (ROOT / document).read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\S+)\]\((?:\.\./)?(\S+)\) \| (.+) \|$", text, re.MULTILINE)
    assert all(path.endswith(f"/{name}") for name, path, _ in rows)
    assert len({path for _, path, _ in rows}) == len(rows)
    return {path: cells for _, path, cells in rows}


@pytest.mark.parametrize("document", ["README.md", "docs/recipes.md"])
def test_a_table_has_every_recipe(document):
    assert sorted(table_rows(document)) == RECIPES


@each_recipe
def test_the_table_names_endpoint_and_settings(recipe):
    endpoint, _, settings = table_rows("docs/recipes.md")[recipe].partition("<br>")
    if endpoint not in ("the five above", "none"):
        assert tuple(endpoint.replace(" ", " /v2").split()) in endpoints(recipe)
    card = re.search(r"^\.env:(.*?)^Run:", docstring(recipe), re.MULTILINE | re.DOTALL)[1]
    on_card, in_table = (
        {name for name in demo.names() if re.search(rf"\b{name}\b", text)} - {"OUTPUT_FORMAT"}
        for text in (card, settings)
    )
    assert in_table == on_card


def test_the_facts_at_the_top_of_the_readme():
    assert f"\n{len(RECIPES)} short, commented Python scripts" in README
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    versions = yaml.safe_load(workflow)["jobs"]["linux"]["strategy"]["matrix"]["python"]
    assert f"Python {versions[0]} to {versions[-1]}" in README


def test_the_regions_are_in_env_example_and_nowhere_else():
    hosts = re.findall(r"https://[a-z.-]+\.sigmacomputing\.com", ENV_EXAMPLE)
    assert len(set(hosts)) == 13
    assert "api.sigmacomputing.com" not in README


def test_env_example_is_read_alike_by_vscode_and_python_dotenv():
    for line in ENV_EXAMPLE.splitlines():
        assert re.fullmatch(r"#.*|\w+=\S*|", line), line
        assert line.startswith("#") or " #" not in line, "VSCode keeps a comment after a value"


def test_every_setting_is_used():
    sources = [source(path) for path in [*RECIPES, "get_access_token.py", "sigma_client.py"]]
    for name in demo.names():
        assert any(f'"{name}"' in text for text in sources), name


DOCUMENTS = [
    *ROOT.glob("*.md"),
    ROOT / "sandbox" / "README.md",
    ROOT / "tests" / "benchmarks" / "README.md",
    *(ROOT / "docs").rglob("*.md"),
]


def shown(document):
    """Return what a reader sees of a document: no comments."""
    return re.sub(r"<!--.*?-->", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)


def anchors(document):
    """Return the anchors that GitHub gives the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", shown(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    # ../../actions is the page of the workflow, on GitHub
    links = re.findall(r"\]\((?!https?:|\.\./\.\./actions)([^)#]*)#?([^)]*)\)", shown(document))
    for path, anchor in links:
        target = document.parent / path if path else document
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), anchor


# --- The editor ---


def read_with_comments(name):
    """Read a file of VSCode, which may hold whole lines of // comments."""
    text = (ROOT / ".vscode" / name).read_text(encoding="utf-8")
    return json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))


def test_f5_runs_the_open_file_at_first_in_the_sandbox():
    with_sandbox, plain = read_with_comments("launch.json")["configurations"]
    for configuration in (plain, with_sandbox):
        assert configuration["type"] == "debugpy"
        assert configuration["program"] == "${workspaceFolder}/.vscode/run_open_file.py"
        assert configuration["args"] == ["${file}"]
        assert configuration["name"] in " ".join(README.split())
    assert "envFile" not in plain
    assert with_sandbox["env"] == {"SIGMA_ENV_FILE": ".env.sandbox"}  # never the real organization
    empty = ROOT / with_sandbox["envFile"].removeprefix("${workspaceFolder}/")
    assert re.sub("(?m)^#.*", "", empty.read_text(encoding="utf-8")).strip() == ""  # and not .env
    (task,) = read_with_comments("tasks.json")["tasks"]
    assert with_sandbox["preLaunchTask"] == task["label"]
    assert task["isBackground"] is True
    assert task["args"] == ["-m", "sandbox", "--write-env"]


def test_the_task_knows_when_the_sandbox_is_ready_or_failed():
    (task,) = read_with_comments("tasks.json")["tasks"]
    background = task["problemMatcher"]["background"]
    first_line, *_ = demo.demo_settings("http://127.0.0.1:8765").items()
    assert re.search(background["beginsPattern"], "=".join(first_line))
    ready = "# Sandbox listening on http://127.0.0.1:8765 (open it in a browser; Ctrl-C stops it)"
    failure = "Error: port 8765 cannot be used (Address already in use)."
    for line in (ready, failure):
        assert re.search(background["endsPattern"], line)
    assert re.search(task["problemMatcher"]["pattern"]["regexp"], failure)


def test_pytest_is_discovered_and_extensions_are_recommended():
    settings = read_with_comments("settings.json")
    assert settings["python.testing.pytestEnabled"] is True
    assert (ROOT / settings["python.testing.pytestArgs"][0]).is_dir()
    wanted = read_with_comments("extensions.json")["recommendations"]
    assert {"ms-python.python", "ms-python.debugpy"} <= set(wanted)
