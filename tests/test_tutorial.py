"""docs/tutorial.md: its commands run, and its blocks show their output and the recipes' code."""

import re
import subprocess
import sys

import pytest
import requests

from docs import run_tutorial

ROOT = run_tutorial.ROOT
TUTORIAL = run_tutorial.TUTORIAL.read_text(encoding="utf-8")
RECIPES_RUN = re.findall(r"^python (\S+\.py)$", TUTORIAL, re.MULTILINE)

# The recipes of Sigma's QuickStarts, in their order
QUICKSTART = """
get_access_token members/list_all members/update members/change_email members/recent_workbooks
members/pagination members/create_new members/create_workspace members/create_workspace_permission
members/add_member_to_team members/create_connection_permission members/master_script
workbooks/pagination workbooks/list_all workbooks/shared_with_member_id
workbooks/initiate_materialization workbooks/all_input_tables
workbooks/export_workbook_element_csv workbooks/export_workbook_pdf workbooks/export_workbook
workbooks/copy_workbook_folder embedding/generate_workbook_embed_path teams/bulk_assign_team
connections/create_connection
""".split()

POWERSHELL = {
    "export SIGMA_ENV_FILE=.env.sandbox": '$env:SIGMA_ENV_FILE = ".env.sandbox"',
    "python3 --version": "py --version",
    "python3 -m venv .venv": "py -m venv .venv",
    "source .venv/bin/activate": "Set-ExecutionPolicy -Scope Process -ExecutionPolicy RemoteSigned"
    " -Force\n.venv\\Scripts\\Activate.ps1",
}


def test_the_recipes_of_the_quickstart_run_in_its_order():
    first_runs = [name.removesuffix(".py") for name in dict.fromkeys(RECIPES_RUN)]
    assert [name for name in first_runs if name in QUICKSTART] == QUICKSTART


def test_windows_gets_the_same_commands():
    blocks = r"```bash\n([^`]+)\n```\n\nIn Windows PowerShell:\n\n```powershell\n([^`]+)\n```"
    pairs = re.findall(blocks, TUTORIAL)
    assert len(pairs) == TUTORIAL.count("```powershell") == 2
    for unix, windows in pairs:
        assert windows == "\n".join(POWERSHELL.get(line, line) for line in unix.splitlines())


def test_sections_that_run_a_recipe_say_what_to_check():
    sections = re.split(r"^##+ ", TUTORIAL, flags=re.MULTILINE)[1:]
    with_recipe = [text for text in sections if re.search(r"^python \S+\.py$", text, re.MULTILINE)]
    assert len(with_recipe) > 20
    assert [text.partition("\n")[0] for text in with_recipe if "**Check it**" not in text] == []


def test_every_command_can_also_be_run_with_f5():
    commands = re.findall(
        r"^([^\n]+(?:\n[^\n]+)*)\n\n```bash\n(?:\w+=\S+ )*python (\S+\.py)$", TUTORIAL, re.M
    )
    assert len(commands) >= len(RECIPES_RUN)
    for before, recipe in commands:
        assert f"F5 in `{recipe}`" in before.replace("\n", " ")
    launch = (ROOT / ".vscode" / "launch.json").read_text(encoding="utf-8")
    names = re.findall(r'"name": "(.+)"', launch)
    assert names and all(f"**{name}**" in TUTORIAL for name in names)


def test_every_recipe_that_is_run_is_shown():
    code = re.findall(r"^```python (\S+) [^\n]+\n(.*?)^```$", TUTORIAL, re.M | re.S)
    assert {recipe for recipe, _ in code} == set(RECIPES_RUN)
    for _, lines in code:  # GitHub scrolls lines that are longer
        assert max(map(len, lines.splitlines())) <= 96


def test_code_is_current():
    for part in run_tutorial.PART.finditer(TUTORIAL):
        if part["code"]:
            current = run_tutorial.excerpt(part["code"])
            assert part["lines"] == current, "to update it: python docs/run_tutorial.py"


@pytest.mark.slow
def test_pages_of_the_console_exist(sandbox):
    pages = set(re.findall(rf"\({run_tutorial.READERS_URL}(/[^)]*)\)", TUTORIAL))
    assert len(pages) > 5
    for page in pages:
        assert requests.get(sandbox.address + page, timeout=30).status_code == 200, page


@pytest.mark.slow
def test_output_is_current():
    command = [sys.executable, run_tutorial.__file__, "--check"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


# --- The check can fail ---

CODE = """
```python members/list_all.py list_members "return"
return client.get_all("/members")
```
"""
OUTPUT = """
```bash
python members/get_member_details.py
echo $?
```

<!-- output: exit=1 tail=1 -->
```text
...
1
```
"""


@pytest.mark.parametrize(
    ("document", "line"),
    [
        pytest.param(CODE, 'return client.get_all("/members")', id="code"),
        pytest.param(OUTPUT, "1", id="output", marks=pytest.mark.slow),
    ],
)
def test_changes_fail_the_check_and_are_updated(monkeypatch, capsys, tmp_path, document, line):
    path = tmp_path / "tutorial.md"
    monkeypatch.setattr(run_tutorial, "TUTORIAL", path)
    old = document.replace(f"\n{line}\n", "\nwrong\n")
    path.write_text(old, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["run_tutorial.py", "--check"])
    with pytest.raises(SystemExit, match="out of date"):
        run_tutorial.main()
    assert f"-wrong\n+{line}\n" in capsys.readouterr().out
    assert path.read_text(encoding="utf-8") == old
    monkeypatch.setattr(sys, "argv", ["run_tutorial.py"])
    run_tutorial.main()
    assert path.read_text(encoding="utf-8") == document


@pytest.mark.parametrize(
    ("right", "wrong", "error"),
    [
        pytest.param("exit=1", "exit=0", "exit code 1, not 0", marks=pytest.mark.slow),
        ("output", "outptu", "<!-- outptu"),
        ("```text", "```txt", "<!-- output"),
        ("list_members", "list_teams", "list_teams"),
        ('"return"', '"no such line"', "no such line"),
    ],
)
def test_mistakes_in_the_document_are_named(right, wrong, error):
    with pytest.raises(SystemExit, match=error):
        run_tutorial.update((CODE + OUTPUT).replace(right, wrong))


def test_settings_that_are_filled_in_already_are_refused(tmp_path):
    reader = run_tutorial.Reader(tmp_path)
    (tmp_path / ".env.sandbox").write_text("LIMIT=50\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="LIMIT=50"):
        reader.set("LIMIT=50")
