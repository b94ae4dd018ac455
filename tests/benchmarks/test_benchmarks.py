"""Tests of the benchmark: that its table is whole, and its figures true. How fast is not tested."""

import json
import os
import re
import subprocess
import sys

import pytest

from sandbox import demo
from tests.benchmarks import __main__ as benchmark
from tests.benchmarks.cases import all_cases
from tests.conftest import ROOT

README = (ROOT / "tests" / "benchmarks" / "README.md").read_text(encoding="utf-8")
NAMES = [*(case.name for case in all_cases(1)), benchmark.START_UP]
# The same job as all_input_tables.py, one request after the other and without the pages
THEIRS = """
import os
import requests

form = {"grant_type": "client_credentials"}
form.update(client_id=os.environ["CLIENT_ID"], client_secret=os.environ["SECRET"])
token = requests.post(os.environ["authURL"], data=form).json()["access_token"]
session = requests.Session()
session.headers["Authorization"] = f"Bearer {token}"
base = os.environ["baseURL"]
for workbook in session.get(f"{base}/workbooks").json()["entries"]:
    session.get(f"{base}/workbooks/{workbook['workbookId']}/elements").raise_for_status()
"""


def rows_in(text):
    """Return the lines of a printed table, each as {heading: cell}; a cell may be empty."""
    heading, rule, *lines = text.split("\n\n")[0].splitlines()
    columns = [match.span() for match in re.finditer("-+", rule)]
    return [
        {heading[a:b].strip(): line[a:b].strip() for a, b in columns}
        for line in lines
        if line.strip()
    ]


@pytest.fixture
def run_benchmark(monkeypatch, capsys):
    """Start the benchmark in this process, and return the rows of its table."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
        benchmark.main()
        return rows_in(capsys.readouterr().out)

    return run


def test_counts_our_requests_and_theirs(run_benchmark, tmp_path):
    (tmp_path / "theirs.py").write_text(THEIRS, encoding="utf-8")
    case = "all_input_tables_sparse_small"
    commands = {case: [sys.executable, "theirs.py"]}
    (tmp_path / "commands.json").write_text(json.dumps(commands), encoding="utf-8")
    options = ["--scale", "0.25", "--latency", "10", "--repeat", "1"]
    ours, theirs = run_benchmark("--case", case, *options, "--compare", str(tmp_path))
    assert (ours["case"], ours["size"]) == (case, "10 workbooks")
    assert (theirs["case"], theirs["size"]) == ("", "theirs")
    # Token and list, ten workbooks; one of them has a hit, on the second of its pages
    assert (ours["requests"], theirs["requests"]) == (str(1 + 1 + 10 + 1 + 2), str(1 + 1 + 10))
    assert 2 <= int(ours["at once"]) <= 5
    assert theirs["at once"] == "1"
    assert ours["limit"] == "0.03"  # 15 requests / 5 at once * 10 ms
    assert theirs["limit"] == "0.02"
    ratio = float(theirs["median"]) / float(ours["median"])
    assert float(theirs["÷ ours"]) == pytest.approx(ratio, rel=0.1, abs=0.06)


def expected_requests():
    """Return how many requests the cases make on organizations of a fiftieth of the size."""
    token, page = 1, 1
    return {
        "all_input_tables_dense_small": token + page + 10 + 10 * (1 + 2),
        "all_input_tables_dense": token + page + 10 + 10 * (1 + 2),
        "all_input_tables_sparse_small": token + page + 10 + 1 * (1 + 2),
        "all_input_tables_sparse": token + page + 10 + 1 * (1 + 2),
        "list_all_members": token + page,
        "list_all_workbooks": token + page,
        "bulk_assign_team": token + 1 + page + 1,
        "transfer_all_workbooks": token + 2 * page + page + 7,
        "export_1_mb": token + 3,
        "export_10_mb": token + 3,
        "export_1_gb": token + 3,
        "start_up": 0,
    }


@pytest.mark.slow
def test_the_command_of_the_readme_prints_every_case():
    command = re.search(r"^\.venv/bin/python (-m .+)$", README, re.MULTILINE)[1]
    options = ["--scale", "0.02", "--latency", "0", "--repeat", "1"]
    done = subprocess.run(
        [sys.executable, *command.split(), *options],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    rows = rows_in(done.stdout)
    assert {row["case"]: int(row["requests"]) for row in rows} == expected_requests()
    assert [row["case"] for row in rows] == NAMES
    assert all(int(row["at once"]) <= 5 for row in rows)
    assert re.search(r"^The recipe that starts slowest: \w+/\w+\.py$", done.stdout, re.MULTILINE)


def test_a_case_that_is_misspelled_is_refused(run_benchmark, tmp_path):
    (tmp_path / "commands.json").write_text('{"list_everybody": ["true"]}', encoding="utf-8")
    with pytest.raises(SystemExit, match="commands.json names no case: list_everybody"):
        run_benchmark("--compare", str(tmp_path))


def test_an_exit_code_of_theirs_is_shown():
    ours = [benchmark.Run(seconds=2, code=0, peak=None, printed="", log=[])]
    failed = [benchmark.Run(seconds=5, code=3, peak=7_000_000, printed="", log=[])]
    assert benchmark.their_row(ours, ours, 50)[1] == "theirs"
    note, *_, peak, ratio = benchmark.their_row(ours, failed, 50)[1:]
    assert (note, peak, ratio) == ("theirs, exit codes [3]", "7", "2.5")


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="this system does not tell")
def test_peak_memory_is_that_of_the_command_alone(tmp_path):
    def peak(code):
        return benchmark.measure([sys.executable, "-c", code], {}, tmp_path).peak

    ballast = bytearray(b"x") * 100_000_000  # ours, which must not count as the command's
    small, large = peak("pass"), peak('held = bytearray(b"x") * 50_000_000')
    assert small < 30_000_000 < 50_000_000 < large < small + 60_000_000
    assert len(ballast) == 100_000_000


def test_a_command_sees_none_of_our_own_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("CLIENT_ID", "of the user")
    code = f"import os; print([n for n in {demo.names()} if n in os.environ], os.environ['LIMIT'])"
    run = benchmark.measure([sys.executable, "-c", code], {"LIMIT": "7"}, tmp_path)
    assert run.printed == "['LIMIT'] 7\n"


def test_the_readme_shows_every_case():
    shown = re.search(r"```text\n(.*?)\n```", README, re.DOTALL)[1]
    assert [row["case"] for row in rows_in(shown) if row["case"]] == NAMES
