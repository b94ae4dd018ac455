"""Measure the recipes against a slow sandbox, as whole processes, and print a table.

The README in this folder explains the table.
"""

import argparse
import contextlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from tabulate import tabulate

from sandbox import demo
from tests.benchmarks.cases import Case, Settings, all_cases
from tests.support.sandbox_client import Client

ROOT = Path(__file__).resolve().parent.parent.parent
MEASURE = Path(__file__).resolve().parent / "measure.py"
REQUESTS_AT_ONCE = 5  # Sigma's edge refuses more with 429
START_UP = "start_up"
FOLDERS = ("members", "workbooks", "teams", "connections", "embedding", "audit")
HEADINGS = (
    "case",
    "size",
    "median",
    "min",
    "max",
    "limit",
    "ratio",
    "requests",
    "at once",
    "peak MB",
)


@dataclass
class Run:
    """A run of a recipe: seconds, exit code, bytes (or None), output, and the requests it sent."""

    seconds: float
    code: int
    peak: int | None
    printed: str
    log: list[dict[str, Any]]


# 1: The sandbox is a process of its own, so that it doesn't slow down what is measured
@contextlib.contextmanager
def sandbox(options: list[str]) -> Iterator[str]:
    """Start a sandbox, and yield its URL."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8") as process:
        try:
            for line in process.stdout or ():
                if found := re.search(r"listening on (\S+)", line):
                    yield found[1]
                    return
            sys.exit("Error: the sandbox didn't start")
        finally:
            process.terminate()


def request_log(url: str) -> list[dict[str, Any]]:
    """Return the requests since the last reset."""
    response = requests.get(f"{url}/sandbox/requests", params={"last": 100_000}, timeout=60)
    log: list[dict[str, Any]] = response.json()
    return log


# 2: One run
def measure(command: list[str], settings: Settings, cwd: Path, url: str = "") -> Run:
    """Run a command with these settings and none of the user's."""
    environment = {k: v for k, v in os.environ.items() if k not in demo.names()}
    environment |= {"SIGMA_ENV_FILE": str(demo.DEMO_FILES / "empty.env"), **settings}
    before = len(request_log(url)) if url else 0
    with tempfile.TemporaryDirectory() as folder:
        report, printed = Path(folder) / "report.json", Path(folder) / "printed.txt"
        with printed.open("wb") as file:
            subprocess.run(
                [sys.executable, "-I", "-S", str(MEASURE), str(report), *command],
                env=environment,
                cwd=cwd,
                stdout=file,
                stderr=subprocess.STDOUT,
                check=True,
            )
        measured = json.loads(report.read_text(encoding="utf-8"))
        text = printed.read_text(encoding="utf-8", errors="replace")
    return Run(**measured, printed=text, log=request_log(url)[before:] if url else [])


# 3: All runs of one case
def run_case(case: Case, repeat: int, latency: int) -> list[Run]:
    """Run a recipe several times, each time on a new organization."""
    runs = []
    options = [*case.options, "--latency", str(latency)]
    with sandbox(options) as url, tempfile.TemporaryDirectory() as folder:
        for _ in range(repeat):
            requests.post(f"{url}/sandbox/reset", timeout=60).raise_for_status()
            settings = {**demo.demo_settings(url), **case.settings}
            settings |= case.prepare(Client(url), Path(folder))
            run = measure([sys.executable, str(ROOT / case.recipe)], settings, Path(folder), url)
            if run.code != 0:
                sys.exit(f"{run.printed[-2000:]}\nError: {case.recipe} ended with {run.code}")
            runs.append(run)
    return runs


def run_start_up(repeat: int) -> tuple[str, list[Run]]:
    """Return the recipe that starts slowest, and its runs.

    Without settings, a recipe ends at the first one that it needs, after all imports.
    """
    recipes = [path for name in FOLDERS for path in sorted((ROOT / name).glob("*.py"))]
    runs: dict[Path, list[Run]] = {recipe: [] for recipe in recipes}
    for recipe in recipes * repeat:  # in turn, so that a busy moment doesn't affect only one
        run = measure([sys.executable, str(recipe)], {}, ROOT)
        if run.code != 1 or not run.printed.startswith("Error: "):
            sys.exit(f"{run.printed}\nError: {recipe} didn't end at a missing setting")
        runs[recipe].append(run)
    slowest = max(recipes, key=lambda recipe: median(runs[recipe]))
    return slowest.relative_to(ROOT).as_posix(), runs[slowest]


# 4: The table
def median(runs: list[Run]) -> float:
    """Return the median of the seconds."""
    return statistics.median(run.seconds for run in runs)


def row(name: str, size: str, runs: list[Run], latency: int) -> list[Any]:
    """Return a row of the table, in the order of HEADINGS."""
    seconds = [run.seconds for run in runs]
    count = max(len(run.log) for run in runs)
    most = max((entry["atOnce"] for run in runs for entry in run.log), default=0)
    limit = count / REQUESTS_AT_ONCE * latency / 1000
    peaks = [run.peak for run in runs if run.peak is not None]
    return [
        name,
        size,
        *(f"{value:.2f}" for value in (median(runs), min(seconds), max(seconds))),
        *((f"{limit:.2f}", f"{median(runs) / limit:.2f}") if limit else ("-", "-")),
        count,
        most,
        f"{max(peaks) / 1e6:.0f}" if peaks else "-",  # Windows doesn't report it
    ]


def main() -> None:
    """Run the cases, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    names = [*(case.name for case in all_cases(1)), START_UP]
    add = parser.add_argument
    add("--case", action="append", choices=names, help="only this one; can be repeated")
    add("--repeat", type=int, default=5, metavar="N", help="how often each case runs (5)")
    add("--latency", type=int, default=50, metavar="MS", help="of each response (50)")
    add("--scale", type=float, default=1, metavar="F", help="factor for all sizes (1)")
    arguments = parser.parse_args()
    chosen = arguments.case or names
    rows, slowest = [], ""
    for case in all_cases(arguments.scale):
        if case.name in chosen:
            print(f"Measuring {case.name}", file=sys.stderr)
            runs = run_case(case, arguments.repeat, arguments.latency)
            rows.append(row(case.name, case.size, runs, arguments.latency))
    if START_UP in chosen:
        print(f"Measuring {START_UP}", file=sys.stderr)
        slowest, runs = run_start_up(arguments.repeat)
        rows.append(row(START_UP, "the slowest", runs, arguments.latency))
    print(tabulate(rows, headers=HEADINGS, disable_numparse=True))
    print()
    if slowest:
        print(f"The recipe that starts slowest: {slowest}")
    print(
        f"{arguments.repeat} runs of each, {arguments.latency} ms latency, {platform.platform()},"
        f" {platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} CPUs"
    )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
