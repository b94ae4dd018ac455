"""docs/tutorial.md: every command in it is run, and every output block is what was printed."""

import re
import subprocess
import sys

import pytest
import requests

from docs import run_tutorial
from tests.conftest import ROOT
from tests.test_documents import README, commands

TUTORIAL = run_tutorial.TUTORIAL.read_text(encoding="utf-8")

# The recipes of Sigma's QuickStarts, in the order in which these tell of them
QUICKSTART = """
    get_access_token.py
    members/list_all.py
    members/update.py
    members/change_email.py
    members/recent_workbooks.py
    members/pagination.py
    members/create_new.py
    members/create_workspace.py
    members/create_workspace_permission.py
    members/add_member_to_team.py
    members/create_connection_permission.py
    members/master_script.py
    workbooks/pagination.py
    workbooks/list_all.py
    workbooks/shared_with_member_id.py
    workbooks/initiate_materialization.py
    workbooks/all_input_tables.py
    workbooks/export_workbook_element_csv.py
    workbooks/export_workbook_pdf.py
    workbooks/export_workbook.py
    workbooks/copy_workbook_folder.py
    embedding/generate_workbook_embed_path.py
    teams/bulk_assign_team.py
    connections/create_connection.py
""".split()

# What a reader does before there is a Python to run anything with, or that Windows does otherwise
SET_UP = {
    "python3 --version": "py --version",
    "python3 -m venv .venv": "py -m venv .venv",
    "source .venv/bin/activate": "Set-ExecutionPolicy -Scope Process -ExecutionPolicy RemoteSigned"
    " -Force\n.venv\\Scripts\\Activate.ps1",
    "export SIGMA_ENV_FILE=.env.sandbox": '$env:SIGMA_ENV_FILE = ".env.sandbox"',
}
INSTALL = "python -m pip install -q -r requirements.txt -r sandbox/requirements.txt"


def is_run(line):
    """Say whether run_tutorial.py runs a line of a bash block."""
    known = line == run_tutorial.START or line.startswith("export ") or line == "echo $?"
    script = re.fullmatch(r"python (\S+\.py)", line)
    return known or bool(script and (ROOT / script[1]).is_file())


def test_every_command_is_run_or_belongs_to_the_set_up():
    for block in commands(TUTORIAL, "bash"):
        lines = block.splitlines()
        for line in lines:
            assert is_run(line) or line in SET_UP or line == INSTALL, line
        assert sum(line.startswith("python ") and line != INSTALL for line in lines) <= 1, block


def test_every_command_in_a_sentence_names_a_file():
    for script in re.findall(r"`python (\S+\.py)", TUTORIAL):
        assert (ROOT / script).is_file(), script


def test_every_recipe_of_the_quickstart_appears_in_its_order():
    told = re.findall(r"^python (\S+\.py)$", TUTORIAL, re.MULTILINE)
    first_times = [script for n, script in enumerate(told) if script not in told[:n]]
    assert [script for script in first_times if script in QUICKSTART] == QUICKSTART


def test_every_section_that_runs_a_recipe_says_what_to_check():
    sections = re.split(r"^##+ ", TUTORIAL, flags=re.MULTILINE)[1:]
    with_recipe = [text for text in sections if re.search(r"^python \S+\.py$", text, re.MULTILINE)]
    assert len(with_recipe) > 20
    assert [text.partition("\n")[0] for text in with_recipe if "**Check it**: " not in text] == []


def test_every_page_of_the_console_that_is_named_is_there(sandbox):
    pages = set(re.findall(rf"\({run_tutorial.ADDRESS}(/[^)]*)\)", TUTORIAL))
    assert len(pages) > 5
    for page in pages:
        assert requests.get(sandbox.address + page, timeout=5).status_code == 200, page


def test_windows_gets_the_same_commands():
    blocks = re.findall(r"^```(bash|powershell)\n(.+?)\n```$", TUTORIAL, re.MULTILINE | re.DOTALL)
    pairs = [(a, b) for (_, a), (k, b) in zip(blocks, blocks[1:], strict=False) if k != "bash"]
    assert len(pairs) == 2
    for unix, windows in pairs:
        assert windows == "\n".join(SET_UP.get(line, line) for line in unix.splitlines())
    alone = {line for _, block in blocks for line in block.splitlines()} & set(SET_UP)
    assert alone == {line for unix, _ in pairs for line in unix.splitlines()} & set(SET_UP)


def test_the_packages_are_those_of_the_readme():
    assert INSTALL.removeprefix("python -m ") in README


def test_every_output_block_and_setting_is_seen():
    parts = list(run_tutorial.PART.finditer(TUTORIAL))
    for part in parts:
        run_tutorial.check_form(part)
    for marker in ("output", "content", "file", "fault"):
        found = sum(part["marker"] == marker for part in parts)
        assert found == TUTORIAL.count(f"<!-- {marker}") > 0
    fences = [part for part in parts if part["language"]]
    assert 2 * len(fences) == len(re.findall(r"^ *```", TUTORIAL, re.MULTILINE))


@pytest.mark.slow
def test_nothing_has_changed():
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
# A comment stays out of the file
NEW_MEMBER_FIRST_NAME=Élodie
```

```bash
python members/create_new.py
```

<!-- output -->
```text
Creating new.member+1714640040000@example.com
URL sent to Sigma: http://127.0.0.1:8765/v2/auth/token
URL sent to Sigma: http://127.0.0.1:8765/v2/members?sendInvite=true
New member created successfully:
memberId:   tr516mYtNO5BXZKFLw0ZjdnYukat
memberType: Build
```
"""


def test_a_changed_block_is_written_anew_and_fails_the_check(monkeypatch, capsys, tmp_path):
    path = tmp_path / "tutorial.md"
    monkeypatch.setattr(run_tutorial, "TUTORIAL", path)
    path.write_text(SHORT.replace("memberType: Build", "memberType: View"), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["run_tutorial.py", "--check"])
    with pytest.raises(SystemExit, match="the output has changed"):
        run_tutorial.main()
    assert "-memberType: View\n+memberType: Build\n" in capsys.readouterr().out
    assert "View" in path.read_text(encoding="utf-8")  # a check changes nothing
    monkeypatch.setattr(sys, "argv", ["run_tutorial.py"])
    run_tutorial.main()
    assert path.read_text(encoding="utf-8") == SHORT


def test_another_exit_code_stops_it():
    with pytest.raises(SystemExit, match="exit code 0, not 1, after\nCreating new.member"):
        run_tutorial.run(SHORT.replace("<!-- output -->", "<!-- output: exit=1 -->"))


@pytest.mark.parametrize(
    "mistake",
    ["<!-- outptu -->\n", "<!-- output: row=3 -->\n", "<!-- fault -->\n", "<!-- file -->\n", ""],
)
def test_a_marker_that_is_not_understood_stops_it(mistake):
    with pytest.raises(SystemExit, match="not understood"):
        run_tutorial.run(SHORT.replace("<!-- output -->\n", mistake))


def test_a_setting_that_does_not_exist_stops_it(tmp_path):
    reader = run_tutorial.Reader(tmp_path)
    file = tmp_path / ".env.sandbox"
    file.write_text("EMAIL=\nMEMBERID=\n", encoding="utf-8")
    reader.settings("# MEMBERID=m-0\nMEMBERID=m-1\n")
    assert file.read_text(encoding="utf-8") == "EMAIL=\nMEMBERID=m-1\n"
    with pytest.raises(SystemExit, match="no setting of .env.sandbox"):
        reader.settings("MEMBER=m-1")


def test_what_is_left_out_is_replaced_by_dots():
    url = "URL sent to Sigma: https://x\n"
    table = "Name    ID\n------  ----\nAda     1\nBela    2\nChidi   3\n"
    text = f"{url * 3}{table}\nTotal: 3\n"
    short = run_tutorial.shorten(text, {"urls": 1, "rows": 1})
    head, rule, ada, *_ = table.splitlines()
    assert short.splitlines() == [url.strip(), "...", head, rule, ada, "...", "", "Total: 3"]
    assert run_tutorial.shorten("a\nb\nc\nd\n", {"head": 1, "tail": 2}) == "a\n...\nc\nd\n"
    assert run_tutorial.shorten("a\nb\n", {"head": 1, "tail": 1}) == "a\nb\n"
