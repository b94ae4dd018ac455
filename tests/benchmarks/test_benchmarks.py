"""The benchmark's table is complete and its counts are true. Speed isn't tested."""

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
TOKEN = PAGE = 1


def rows_in(text):
    """Return the rows of a printed table, each as {heading: cell}."""
    heading, rule, *lines = text.split("\n\n")[0].splitlines()
    columns = [match.span() for match in re.finditer("-+", rule)]
    return [{heading[a:b].strip(): line[a:b].strip() for a, b in columns} for line in lines]


def run_benchmark(*options):
    """Run the command of the README, once for each case, without latency."""
    command = re.search(r"^\.venv/bin/python (-m .+)$", README, re.MULTILINE)[1]
    done = subprocess.run(
        [sys.executable, *command.split(), "--latency", "0", "--repeat", "1", *options],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return {row["case"]: int(row["requests"]) for row in rows_in(done.stdout)}


@pytest.mark.slow
def test_cases_send_the_expected_requests():
    expected = {
        # A workbook with a hit: its list of pages, and the elements of two of its three pages
        "all_input_tables_sparse_small": TOKEN + PAGE + 10 + 1 * 3,
        "transfer_all_workbooks": TOKEN + 2 * PAGE + PAGE + 5,
        "export_1_mb": TOKEN + 3,
    }
    options = [word for case in expected for word in ("--case", case)]
    assert run_benchmark("--scale", "0.02", *options) == expected


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "wait4"), reason="Windows doesn't report the peak memory")
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
    assert [row["case"] for row in rows_in(shown)] == NAMES
