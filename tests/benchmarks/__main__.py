"""Measure the recipes against a slow sandbox, as whole processes, and print a table.

See README.md beside this file.
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
from sandbox.__main__ import number
from tests.benchmarks.cases import Case, Settings, all_cases
from tests.sandbox_client import Client

ROOT = Path(__file__).resolve().parent.parent.parent
MEASURE = Path(__file__).resolve().parent / "measure.py"
AT_ONCE = 5  # requests: more than these Sigma's edge answers with 429
START_UP = "start_up"
FOLDERS = ("members", "workbooks", "teams", "connections", "embedding")
HEADINGS = "case size median min max limit ratio requests at_once peak_MB".split()


@dataclass
class Run:
    """One run of a command: seconds, exit code, bytes or None, and the sandbox's log of it."""

    seconds: float
    code: int
    peak: int | None
    printed: str
    log: list[dict[str, Any]]


# 1: The sandbox, in a process of its own: it must not take turns with what is measured
@contextlib.contextmanager
def sandbox(options: list[str]) -> Iterator[str]:
    """Start a sandbox, and yield its address."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8") as process:
        try:
            for line in process.stdout or ():
                if found := re.search(r"listening on (\S+)", line):
                    yield found[1]
                    return
            sys.exit("Error: the sandbox did not start")
        finally:
            process.terminate()


def log_of(address: str) -> list[dict[str, Any]]:
    """Return the requests since the last reset."""
    log: list[dict[str, Any]] = requests.get(
        f"{address}/sandbox/requests", params={"last": 100_000}, timeout=60
    ).json()
    return log


# 2: One run
def measure(command: list[str], settings: Settings, cwd: Path, address: str = "") -> Run:
    """Run a command with some settings and none of the user's, and return what it cost."""
    environment = {k: v for k, v in os.environ.items() if k not in demo.names()}
    environment |= {"PYTHON_DOTENV_DISABLED": "1", **settings}
    before = len(log_of(address)) if address else 0
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
    return Run(**measured, printed=text, log=log_of(address)[before:] if address else [])


# 3: All runs of one case: ours and, in turn with it, theirs
def run_case(
    case: Case, repeat: int, latency: int, theirs: list[str] | None, their_folder: Path
) -> tuple[list[Run], list[Run]]:
    """Return our runs of a case, and those of the other implementation, if there is one."""
    ours, others = [], []
    options = [*case.options, "--latency", str(latency)]
    with sandbox(options) as address, tempfile.TemporaryDirectory() as folder:
        our_command = [sys.executable, str(ROOT / case.recipe)]
        for _ in range(repeat):
            for command, cwd, runs in (
                (our_command, Path(folder), ours),
                (theirs, their_folder, others),
            ):
                if command is None:
                    continue
                requests.post(f"{address}/sandbox/reset", timeout=60).raise_for_status()
                settings = {**demo.demo_settings(address), **case.settings}
                settings |= case.prepare(Client(address), Path(folder))
                runs.append(measure(command, settings, cwd, address))
    for run in ours:
        if run.code != 0:
            sys.exit(f"{run.printed[-2000:]}\nError: {case.recipe} ended with {run.code}")
    return ours, others


def run_start_up(
    repeat: int, theirs: list[str] | None, their_folder: Path
) -> tuple[str, list[Run], list[Run]]:
    """Return the recipe that starts slowest, its runs, and those of the other implementation.

    Without settings a recipe ends at the first one that it needs, when everything is imported.
    """
    recipes = [path for name in FOLDERS for path in sorted((ROOT / name).glob("*.py"))]
    runs: dict[Path, list[Run]] = {recipe: [] for recipe in recipes}
    for recipe in recipes * repeat:  # in turn, so that a busy moment does not strike one alone
        run = measure([sys.executable, str(recipe)], {}, ROOT)
        if run.code != 1 or not run.printed.startswith("Error: "):
            sys.exit(f"{run.printed}\nError: {recipe} did not end at a missing setting")
        runs[recipe].append(run)
    slowest = max(recipes, key=lambda recipe: median(runs[recipe]))
    others = [measure(theirs, {}, their_folder) for _ in range(repeat)] if theirs else []
    return slowest.relative_to(ROOT).as_posix(), runs[slowest], others


# 4: The table
def median(runs: list[Run]) -> float:
    """Return the median of the seconds."""
    return statistics.median(run.seconds for run in runs)


def row(name: str, size: str, runs: list[Run], latency: int) -> list[Any]:
    """Return a line of the table, in the order of HEADINGS."""
    seconds = [run.seconds for run in runs]
    count = max(len(run.log) for run in runs)
    most = max((entry["atOnce"] for run in runs for entry in run.log), default=0)
    limit = count / AT_ONCE * latency / 1000
    peaks = [run.peak for run in runs if run.peak is not None]
    return [
        name,
        size,
        f"{median(runs):.2f}",
        f"{min(seconds):.2f}",
        f"{max(seconds):.2f}",
        f"{limit:.2f}" if limit else "-",
        f"{median(runs) / limit:.2f}" if limit else "-",
        count,
        most,
        f"{max(peaks) / 1e6:.0f}" if peaks else "-",  # Windows does not tell
    ]


def their_row(ours: list[Run], others: list[Run], latency: int) -> list[Any]:
    """Return a line for the other implementation, with its time divided by ours at the end."""
    codes = sorted({run.code for run in others})
    note = "theirs" if codes in ([0], [ours[0].code]) else f"theirs, exit codes {codes}"
    return [*row("", note, others, latency), f"{median(others) / median(ours):.1f}"]


# 5: The command line
def command_line() -> argparse.ArgumentParser:
    """Return the options."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    names = [*(case.name for case in all_cases(1)), START_UP]
    add = parser.add_argument
    add("--case", action="append", choices=names, help="only this one; may be given several times")
    add(
        "--repeat",
        type=number(1, 1000),
        default=5,
        metavar="N",
        help="how often each case runs (5)",
    )
    add("--latency", type=number(0, 600_000), default=50, metavar="MS", help="of each answer (50)")
    add("--scale", type=float, default=1, metavar="F", help="factor on all sizes (1)")
    add("--compare", type=Path, metavar="DIR", help="a folder with commands.json: see README.md")
    return parser


def main() -> None:
    """Run the cases, and print the table."""
    arguments = command_line().parse_args()
    chosen = arguments.case or [*(case.name for case in all_cases(1)), START_UP]
    commands, folder = {}, ROOT
    if arguments.compare:
        folder = arguments.compare.resolve()
        commands = json.loads((folder / "commands.json").read_text(encoding="utf-8"))
        if unknown := commands.keys() - {START_UP, *(case.name for case in all_cases(1))}:
            sys.exit(f"Error: commands.json names no case: {', '.join(sorted(unknown))}")
    rows, slowest = [], ""

    def add(name: str, size: str, ours: list[Run], others: list[Run]) -> None:
        rows.append(row(name, size, ours, arguments.latency))
        if others:
            rows.append(their_row(ours, others, arguments.latency))

    for case in all_cases(arguments.scale):
        if case.name in chosen:
            print(f"Measuring {case.name}", file=sys.stderr)
            theirs = commands.get(case.name)
            add(
                case.name,
                case.size,
                *run_case(case, arguments.repeat, arguments.latency, theirs, folder),
            )
    if START_UP in chosen:
        print(f"Measuring {START_UP}", file=sys.stderr)
        slowest, *runs = run_start_up(arguments.repeat, commands.get(START_UP), folder)
        add(START_UP, "the slowest", *runs)
    headings = [heading.replace("_", " ") for heading in HEADINGS]
    headings += ["÷ ours"] if commands else []
    print(tabulate(rows, headers=headings, disable_numparse=True))
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
