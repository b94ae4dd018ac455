"""Tests of workbooks/all_input_tables.py."""

import contextlib
import json
import os
import re
import struct
import subprocess
import sys

import pytest
from responses.matchers import query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL, ROOT, environment, fresh
from workbooks.all_input_tables import main

RECIPE = "workbooks/all_input_tables.py"
URL = f"{BASE_URL}/workbooks"


@pytest.fixture(autouse=True)
def as_json(monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")


def answer(sigma, path, *entries, **query):
    match = [query_param_matcher({"limit": 1000, **query})]
    sigma.get(f"{URL}{path}", match=match, json={"entries": list(entries), "nextPage": None})


def workbook(key):
    return {"workbookId": key, "name": f"Name {key}", "path": "Sales", "latestVersion": 3}


def element(key, kind="input-table", **more):
    return {"elementId": key, "type": kind, **more}


def printed(capsys):
    out, trace = capsys.readouterr()
    return [(row["workbook"], row["page"], row["elementId"]) for row in json.loads(out)], trace


def test_finds_the_elements_of_exactly_this_type_and_their_pages(sigma, capsys):
    answer(sigma, "", workbook("w-1"), workbook("w-2"), workbook("w-3"))
    others = [element("e-0", "input-tables"), element("e-9", "Input-Table"), {"elementId": "e-8"}]
    answer(sigma, "/w-1/elements", element("e-1", name="Targets"), *others, element("e-2"))
    answer(sigma, "/w-1/pages", *[{"pageId": f"p-{n}", "name": f"Page {n}"} for n in (1, 2, 3)])
    answer(sigma, "/w-1/pages/p-1/elements", element("e-0"), element("e-1"))
    # e-2 isn't on p-1 or p-2, so it's on p-3, which costs no request
    answer(sigma, "/w-1/pages/p-2/elements")
    # w-2 has no input tables, so its pages don't matter. w-3 has a single page
    answer(sigma, "/w-2/elements", element("e-3", "table"))
    answer(sigma, "/w-3/elements", element("e-4"))
    answer(sigma, "/w-3/pages", {"pageId": "p-4"})
    main()
    row = {"path": "Sales", "version": 3}
    assert json.loads(capsys.readouterr().out) == [
        {"workbook": "Name w-1", "page": "Page 1", "element": "Targets", "elementId": "e-1", **row},
        {"workbook": "Name w-1", "page": "Page 3", "element": None, "elementId": "e-2", **row},
        {"workbook": "Name w-3", "page": None, "element": None, "elementId": "e-4", **row},
    ]


def test_searches_for_another_type_until_all_are_found(sigma, capsys, monkeypatch):
    monkeypatch.setenv("ELEMENT_TYPE", "pivot-table")
    answer(sigma, "", workbook("w-1"))
    answer(sigma, "/w-1/elements", element("e-1"), element("e-2", "pivot-table"))
    answer(sigma, "/w-1/pages", *[{"pageId": f"p-{n}", "name": f"Page {n}"} for n in (1, 2, 3)])
    answer(sigma, "/w-1/pages/p-1/elements", element("e-1"), element("e-2", "pivot-table"))
    main()
    rows, trace = printed(capsys)
    assert rows == [("Name w-1", "Page 1", "e-2")]
    assert "ELEMENT_TYPE" in trace  # a forgotten setting is announced


def test_searches_all_workbooks_on_demand_and_says_if_there_are_none(sigma, monkeypatch, capsys):
    monkeypatch.setenv("ALL_WORKBOOKS", "true")
    monkeypatch.setenv("OUTPUT_FORMAT", "table")
    everything = {"skipPermissionCheck": "true", "excludeExplorations": "true"}
    answer(sigma, "", workbook("w-1"), **everything)
    answer(sigma, "/w-1/elements", element("e-1", "table"))
    main()
    (line,) = capsys.readouterr().out.splitlines()
    assert "input-table" in line
    assert "1 workbooks" in line


def test_names_the_workbooks_that_it_cannot_search(sigma, capsys):
    answer(sigma, "", *[workbook(f"w-{n}") for n in range(1, 6)])
    refusal = {"status": 403, "json": {"message": "No rights", "requestId": "r-1"}}
    sigma.get(f"{URL}/w-1/elements", **refusal)
    answer(sigma, "/w-2/elements", element("e-2"))  # found, but the pages are refused
    sigma.get(f"{URL}/w-2/pages", **refusal)
    answer(sigma, "/w-3/elements", {"elementId": "e-3"}, {"elementId": "e-4", "type": None})
    answer(sigma, "/w-4/elements")
    answer(sigma, "/w-5/elements", element("e-5"))
    answer(sigma, "/w-5/pages", {"pageId": "p-1", "name": "Data"})
    with pytest.raises(SigmaError, match="3 of 5"):
        main()
    rows, trace = printed(capsys)
    assert rows == [("Name w-2", None, "e-2"), ("Name w-5", "Data", "e-5")]
    failed = [line for line in trace.splitlines() if not line.startswith("URL")]
    assert re.findall(r"Name (w-\d)", "\n".join(failed)) == ["w-1", "w-2", "w-3"]
    assert sum("403 from GET" in line and "r-1" in line for line in failed) == 2


def test_costs_one_request_per_workbook_and_a_few_per_hit(call_recipe, sandbox):
    fresh(sandbox, workbooks=60)
    done = call_recipe(RECIPE)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    names = [book.name for book in sandbox.state.organization.workbooks.values()]
    assert [names.index(row["workbook"]) for row in rows] == list(range(7, 60, 10))
    assert {(row["page"], row["element"]) for row in rows} == {("Data", "Targets")}
    log = [entry for entry in sandbox.state.log.entries if entry.method == "GET"]
    assert len(log) == 1 + 60 + 6 * (1 + 2)  # Data is the second of three pages
    assert 1 < max(entry.atOnce for entry in log) <= 5
    # One line for each request, none of them broken by another thread
    urls = done.stderr.splitlines()
    assert len(urls) == 1 + len(log)
    assert all(line.startswith("URL sent to Sigma: ") and line.count("URL") == 1 for line in urls)


def test_stops_early_if_every_further_request_would_fail(call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="503", match="GET *elements", after=20, times=0))
    done = call_recipe(RECIPE)
    assert done.returncode == 1
    assert json.loads(done.stdout)  # what was found before
    asked = {entry.path for entry in sandbox.state.log.entries if "/elements" in entry.path}
    assert len(asked) < 50  # of 260


@pytest.mark.slow
def test_prints_what_it_has_if_an_entry_is_unreadable(call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET *elements"))
    done = call_recipe(RECIPE)
    assert done.returncode == 1
    assert "fault-1" in done.stderr
    assert len(json.loads(done.stdout)) == 26


def test_all_workbooks_are_for_administrators(call_recipe):
    viewer = {"CLIENT_ID": seed.VIEWER_CLIENT_ID, "SECRET": seed.VIEWER_SECRET}
    done = call_recipe(RECIPE, ALL_WORKBOOKS="true", **viewer)
    assert done.returncode == 1
    assert "403 from GET" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="it needs a pseudo-terminal")
def test_a_terminal_gets_a_bar_and_every_line_stays_whole(sandbox):
    import fcntl
    import termios

    ours, theirs = os.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    command, env = [sys.executable, ROOT / RECIPE], environment(sandbox.address, {})
    streams = {"stdin": subprocess.DEVNULL, "stdout": theirs, "stderr": theirs}
    with subprocess.Popen(command, env=env, **streams) as recipe:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal is an error on Linux
            while data := os.read(ours, 65536):
                shown += data
    os.close(ours)
    assert recipe.returncode == 0
    lines = re.split(r"[\r\n]+", shown.decode())
    assert any("/260 [" in line for line in lines)
    urls = [line for line in lines if "URL" in line]
    assert len(urls) == 1 + 1 + 260 + 26 * 3
    assert all(line.startswith("URL sent to Sigma: ") and line.count("URL") == 1 for line in urls)
