"""docs/tutorial.md: its commands run, and its output blocks are what they print."""

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


def test_pages_of_the_console_exist(sandbox):
    pages = set(re.findall(rf"\({run_tutorial.READERS_URL}(/[^)]*)\)", TUTORIAL))
    assert len(pages) > 5
    for page in pages:
        assert requests.get(sandbox.address + page, timeout=5).status_code == 200, page


@pytest.mark.slow
def test_the_output_is_current():
    command = [sys.executable, run_tutorial.__file__, "--check"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


# --- The check can fail ---

SHORT = """
```bash
python -m sandbox --write-env
```

```bash
export SIGMA_ENV_FILE=.env.sandbox
```

```dotenv
# SECRET=not-used
MEMBERID=no-such-member
```

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


@pytest.mark.slow
def test_changed_output_fails_the_check_and_is_updated(monkeypatch, capsys, tmp_path):
    path = tmp_path / "tutorial.md"
    monkeypatch.setattr(run_tutorial, "TUTORIAL", path)
    path.write_text(SHORT.replace("\n1\n", "\n0\n"), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["run_tutorial.py", "--check"])
    with pytest.raises(SystemExit, match="output has changed"):
        run_tutorial.main()
    assert "-0\n+1\n" in capsys.readouterr().out
    assert "\n0\n" in path.read_text(encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["run_tutorial.py"])
    run_tutorial.main()
    assert path.read_text(encoding="utf-8") == SHORT


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "wrong", "error"),
    [
        ("exit=1", "exit=0", "exit code 1, not 0"),
        ("output", "outptu", "<!-- outptu"),
        ("```text", "```txt", "<!-- output"),
    ],
)
def test_mistakes_in_the_document_are_named(right, wrong, error):
    with pytest.raises(SystemExit, match=error):
        run_tutorial.update(SHORT.replace(right, wrong))
