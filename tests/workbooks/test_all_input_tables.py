"""Tests of workbooks/all_input_tables.py."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading

import pytest
from responses.matchers import query_param_matcher

from sandbox import demo, seed
from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL, ROOT, fresh
from workbooks.all_input_tables import main

RECIPE = "workbooks/all_input_tables.py"
URL = f"{BASE_URL}/workbooks"


@pytest.fixture(autouse=True)
def as_json(monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")


def workbook(key):
    return {"workbookId": key, "name": f"Name {key}", "path": "Sales", "latestVersion": 3}


def answer(sigma, path, *entries, next_page=None, **query):
    sigma.get(
        f"{URL}{path}",
        match=[query_param_matcher({"limit": 1000, **query})],
        json={"entries": list(entries), "nextPage": next_page},
    )


def element(key, kind="input-table", **more):
    return {"elementId": key, "type": kind, **more}


def row(key, page, name, element_id):
    return {
        "workbook": f"Name {key}",
        "path": "Sales",
        "page": page,
        "element": name,
        "elementId": element_id,
        "version": 3,
    }


def printed(capsys):
    return json.loads(capsys.readouterr().out)


def test_finds_elements_on_all_pages_of_all_lists_in_the_order_of_the_workbooks(sigma, capsys):
    answer(sigma, "", workbook("w-1"), workbook("w-2"), next_page="x")
    answer(sigma, "", workbook("w-3"), page="x")
    # w-1 has two, one of them on the second page of the list. Nothing else has exactly the type
    other = [element("e-0", "input-tables"), element("e-9", "Input-Table"), {"elementId": "e-8"}]
    answer(sigma, "/w-1/elements", element("e-1", name="Targets"), *other, next_page="x")
    answer(sigma, "/w-1/elements", element("e-2"), page="x")
    answer(sigma, "/w-1/pages", {"pageId": "p-1", "name": "Data"}, next_page="x")
    answer(sigma, "/w-1/pages", {"pageId": "p-2"}, {"pageId": "p-3"}, page="x")
    answer(sigma, "/w-1/pages/p-1/elements", element("e-0"), next_page="x")
    answer(sigma, "/w-1/pages/p-1/elements", element("e-1"), page="x")
    answer(sigma, "/w-1/pages/p-2/elements", element("e-2"))
    # p-3 is not asked about: every element has its page. w-2 has no hit: its pages are not either
    answer(sigma, "/w-2/elements", element("e-3", "table"))
    answer(sigma, "/w-3/elements", element("e-4", name="Budget"))
    answer(sigma, "/w-3/pages", {"pageId": "p-4", "name": "Plan"})
    answer(sigma, "/w-3/pages/p-4/elements")
    main()
    assert printed(capsys) == [
        row("w-1", "Data", "Targets", "e-1"),
        row("w-1", None, None, "e-2"),
        row("w-3", None, "Budget", "e-4"),  # on no page: moved while we were looking
    ]


def test_searches_for_another_type(sigma, capsys, monkeypatch):
    monkeypatch.setenv("ELEMENT_TYPE", "pivot-table")
    answer(sigma, "", workbook("w-1"))
    answer(sigma, "/w-1/elements", element("e-1"), element("e-2", "pivot-table", name="Pivot"))
    answer(sigma, "/w-1/pages", {"pageId": "p-1", "name": "Data"})
    answer(sigma, "/w-1/pages/p-1/elements", element("e-1"), element("e-2", "pivot-table"))
    main()
    out, trace = capsys.readouterr()
    assert json.loads(out) == [row("w-1", "Data", "Pivot", "e-2")]
    assert "ELEMENT_TYPE is set: searching for pivot-table\n" in trace


def test_says_so_when_there_are_none(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "table")
    answer(sigma, "", workbook("w-1"))
    answer(sigma, "/w-1/elements", element("e-1", "table"))
    main()
    assert capsys.readouterr().out == "No element of the type input-table in 1 workbooks.\n"


def test_all_workbooks_on_demand(sigma, monkeypatch, capsys):
    monkeypatch.setenv("ALL_WORKBOOKS", "true")
    answer(sigma, "", skipPermissionCheck="true", excludeExplorations="true")
    main()
    assert printed(capsys) == []


@pytest.mark.parametrize("status", [403, 404, 500])
def test_names_a_workbook_that_cannot_be_read_after_what_was_found(status, sigma, capsys):
    answer(sigma, "", workbook("w-1"), workbook("w-2"))
    refusal = {"message": "No rights", "requestId": "r-1"}
    sigma.get(f"{URL}/w-1/elements", status=status, json=refusal)
    answer(sigma, "/w-2/elements", element("e-1", name="Targets"))
    answer(sigma, "/w-2/pages", {"pageId": "p-1", "name": "Data"})
    answer(sigma, "/w-2/pages/p-1/elements", element("e-1"))
    with pytest.raises(SigmaError, match="not complete: 1 of 2 workbooks not searched to the end"):
        main()
    out, trace = capsys.readouterr()
    assert json.loads(out) == [row("w-2", "Data", "Targets", "e-1")]
    assert f"Not searched: Name w-1: {status} from GET " in trace
    assert trace.endswith("No rights (requestId r-1)\n")


def test_shows_what_was_found_although_its_page_is_unknown(sigma, capsys):
    answer(sigma, "", workbook("w-1"))
    answer(sigma, "/w-1/elements", element("e-1"))
    sigma.get(f"{URL}/w-1/pages", status=403, json={"message": "No rights"})
    with pytest.raises(SigmaError, match="not complete: 1 of 1 workbooks not searched to the end"):
        main()
    out, trace = capsys.readouterr()
    (row,) = json.loads(out)
    assert (row["elementId"], row["page"]) == ("e-1", None)
    assert "Page unknown: " in trace
    assert "403 from GET" in trace


def test_a_workbook_without_any_type_is_not_searched(sigma, capsys):
    answer(sigma, "", workbook("w-1"), workbook("w-2"), workbook("w-3"))
    answer(sigma, "/w-1/elements", {"elementId": "e-1"}, {"elementId": "e-2", "type": None})
    answer(sigma, "/w-2/elements", {"elementId": "e-3"}, element("e-4", "table"))
    answer(sigma, "/w-3/elements")
    with pytest.raises(SigmaError, match="not complete: 1 of 3 workbooks not searched"):
        main()
    out, trace = capsys.readouterr()
    assert json.loads(out) == []
    assert trace.endswith("\nNot searched: Name w-1: no element has a type\n")


def test_an_id_that_would_change_the_address_is_refused(sigma):
    answer(sigma, "", workbook("../members"))
    with pytest.raises(SigmaError, match="workbookId is '../members', which is not an ID"):
        main()


def test_five_requests_at_a_time_and_not_more(sigma, capsys):
    under_way, most = 0, 0
    lock, five = threading.Lock(), threading.Barrier(5)

    def elements(request):
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        five.wait(timeout=20)  # passes only when five have come
        with lock:
            under_way -= 1
        return 200, {}, json.dumps({"entries": [], "nextPage": None})

    answer(sigma, "", *[workbook(f"w-{n}") for n in range(10)])
    for n in range(10):
        sigma.add_callback("GET", f"{URL}/w-{n}/elements", elements)
    main()
    assert most == 5


def test_costs_one_request_per_workbook_and_a_few_per_hit_in_the_sandbox(run_recipe, sandbox):
    done = run_recipe(RECIPE)
    assert done.returncode == 0, done.stderr
    rows = done.stdout.splitlines()[2:]
    assert len(rows) == 26
    names = [book.name for book in sandbox.state.organization.workbooks.values()]
    assert [names.index(" ".join(r.split()[:3])) for r in rows] == list(range(7, 260, 10))
    assert all(" Data  " in r and " Targets  " in r for r in rows)
    log = [entry for entry in sandbox.state.log.entries if entry.method == "GET"]
    hits, pages = 26, 3
    assert len(log) == 1 + 260 + hits * (1 + 2) <= 1 + 260 + hits * (1 + pages)
    assert max(entry.atOnce for entry in log) <= 5
    # A line for each request, none of them broken by another thread
    urls = done.stderr.splitlines()
    assert len(urls) == 1 + len(log)
    assert all(line.startswith("URL sent to Sigma: ") and line.count("URL") == 1 for line in urls)


def test_asks_for_pages_when_every_workbook_is_searched(call_recipe, running_sandbox):
    # The requests about a hit follow each other: begun last, they would leave the others idle
    sandbox = fresh(running_sandbox, workbooks=40, input_tables=1)
    assert call_recipe(RECIPE).returncode == 0
    kinds = [
        "pages" if "/pages" in entry.path else "elements"
        for entry in sandbox.state.log.entries
        if entry.path.endswith(("/elements", "/pages"))
    ]
    assert kinds == ["elements"] * 40 + ["pages"] * 40 * (1 + 2)


@pytest.mark.slow
def test_searches_all_workbooks_of_a_large_organization(running_sandbox, run_recipe):
    fresh(running_sandbox, workbooks=1100)
    done = run_recipe(RECIPE, OUTPUT_FORMAT="json")
    assert len(json.loads(done.stdout)) == 110


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("403", "403 from GET "),
        ("broken-json", "The answer from GET "),
        ("truncate", "200 from GET "),
    ],
)
def test_a_workbook_that_fails_does_not_stop_the_others_in_the_sandbox(
    kind, cause, run_recipe, sandbox
):
    broken = list(sandbox.state.organization.workbooks.values())[17]
    match = f"GET /v2/workbooks/{broken.workbookId}/elements"
    sandbox.state.rules.append(Fault(kind=kind, match=match, times=0))
    done = run_recipe(RECIPE, OUTPUT_FORMAT="json")
    assert done.returncode == 1
    assert len(json.loads(done.stdout)) == 25
    assert f"\nNot searched: {broken.name}: {cause}" in done.stderr
    assert done.stderr.endswith("Error: not complete: 1 of 260 workbooks not searched to the end\n")


@pytest.mark.parametrize(
    ("kind", "cause"),
    [("401", "401 from GET "), ("drop", "connection was lost"), ("429", "429 from GET ")],
)
def test_what_concerns_all_workbooks_stops_it_at_once(kind, cause, run_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind=kind, match="GET *elements", times=0, seconds=0))
    done = run_recipe(RECIPE)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"Error: {'No answer to GET' if kind == 'drop' else cause}" in done.stderr
    assert cause in done.stderr.splitlines()[-1]
    asked = {entry.path for entry in sandbox.state.log.entries if "/elements" in entry.path}
    assert len(asked) < 50  # of 260


def test_a_token_that_expires_in_between_is_renewed_once(run_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="expired-token", match="GET *elements", after=100))
    done = run_recipe(RECIPE, OUTPUT_FORMAT="json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == 26
    tokens = [entry for entry in sandbox.state.log.entries if entry.method == "POST"]
    assert len(tokens) == 2


def test_an_unreadable_element_is_named_and_the_exit_code_is_1(run_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET *elements"))
    done = run_recipe(RECIPE)
    assert done.returncode == 1
    assert "/elements is missing: Not readable (requestId fault-1)" in done.stderr
    assert len(done.stdout.splitlines()) == 2 + 26


def test_private_workbooks_need_an_administrator(run_recipe):
    viewer = {"CLIENT_ID": seed.VIEWER_CLIENT_ID, "SECRET": seed.VIEWER_SECRET}
    done = run_recipe(RECIPE, ALL_WORKBOOKS="true", **viewer)
    assert done.returncode == 1
    assert "Error: 403 from GET" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="it needs a pseudo-terminal")
def test_a_terminal_gets_a_bar_and_every_line_stays_whole(sandbox, monkeypatch):
    for name, value in demo.demo_settings(sandbox.address).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("OUTPUT_FORMAT")
    ours, theirs = os.openpty()
    command = [sys.executable, ROOT / RECIPE]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    ) as recipe:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal is an error on Linux
            while data := os.read(ours, 65536):
                shown += data
    os.close(ours)
    assert recipe.returncode == 0
    lines = re.split(r"[\r\n]+", shown.decode())
    bars = [line for line in lines if "/260 [" in line]
    assert bars
    assert "Uptime Tracker 97 " in shown.decode()
    urls = [line for line in lines if "URL" in line]
    assert len(urls) == 1 + 1 + 260 + 26 * 3
    assert all(line.startswith("URL sent to Sigma: ") and line.count("URL") == 1 for line in urls)
