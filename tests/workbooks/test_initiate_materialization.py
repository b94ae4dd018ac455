"""Tests of workbooks/initiate_materialization.py."""

import pytest
from responses.matchers import json_params_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL
from workbooks import initiate_materialization
from workbooks.initiate_materialization import main

RECIPE = "workbooks/initiate_materialization.py"
WORKBOOK = f"{BASE_URL}/workbooks/long-1"
JOB = f"{WORKBOOK}/materializations/job-1"


class Clock:
    """Replaces the module time: time passes only when the recipe sleeps."""

    def __init__(self):
        self.now, self.pauses = 0.0, []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.pauses.append(seconds)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setenv("WORKBOOK_ID", "short1")
    clock = Clock()
    monkeypatch.setattr(initiate_materialization, "time", clock)
    return clock


ORDERS = {"sheetId": "s-1", "elementName": "Orders", "paused": False, "schedule": None}
RETURNS = {"sheetId": "s-2", "elementName": "Returns", "paused": False, "schedule": None}


def schedules(sigma, *entries, start=""):
    """Add a workbook with schedules, and a job for the one with the sheet ID start."""
    sigma.get(f"{BASE_URL}/workbooks/short1", json={"workbookId": "long-1", "name": "Plugs"})
    path = f"{WORKBOOK}/materialization-schedules"
    sigma.get(path, json={"entries": list(entries), "nextPage": None})
    if start:
        body = json_params_matcher({"sheetId": start})
        path = f"{WORKBOOK}/materializations"
        sigma.post(path, match=[body], json={"materializationId": "job-1"})


def states(sigma, *values, **last):
    for status in values:
        more = last if status == values[-1] else {}
        sigma.get(JOB, json={"materializationId": "job-1", "status": status, **more})


def test_shows_each_status_once_as_it_comes(sigma, capsys, clock):
    schedules(sigma, ORDERS, start="s-1")
    states(sigma, "pending", "pending", *["building"] * 6, "ready")
    main()
    assert capsys.readouterr().out.splitlines() == [
        "Workbook: Plugs",
        "Schedule: s-1 (Orders)",
        "Materialization started: job-1",
        "Status: pending",
        "Status: building",
        "Status: ready",
        "Materialization completed successfully.",
    ]
    assert clock.pauses == [1, 1.5, 2.25, 3.375, 5.0625, 7.59375, 10, 10]


@pytest.mark.parametrize("values", [["READY"], ["queued", "ready"], ["Pending", "Ready"]])
def test_upper_and_lower_case_are_the_same(values, sigma):
    schedules(sigma, ORDERS, start="s-1")
    states(sigma, *values)
    main()


@pytest.mark.parametrize(
    ("status", "error", "problem"),
    [("FAILED", "Out of disk", "Out of disk"), ("failed", None, ""), ("cancelled", None, "")],
)
def test_any_other_status_is_a_failure(status, error, problem, sigma, capsys):
    schedules(sigma, ORDERS, start="s-1")
    states(sigma, "building", status, error=error)
    with pytest.raises(SigmaError, match=f"ended as {status}.*{problem}"):
        main()
    captured = capsys.readouterr()
    assert "successfully" not in captured.out
    assert "still running" not in captured.err


def test_a_skipped_job_is_not_a_failure(sigma, capsys):
    schedules(sigma, ORDERS, start="s-1")
    states(sigma, "pending", "Skipped")
    main()
    assert "successfully" not in capsys.readouterr().out


def test_a_new_job_may_be_unknown_for_some_seconds(sigma):
    schedules(sigma, ORDERS, start="s-1")
    sigma.get(JOB, status=404, json={"message": "Not found"})
    states(sigma, "ready")
    main()


@pytest.mark.parametrize(
    ("response", "least", "most", "problem"),
    [
        ({"json": {"status": "building"}}, 1800, 1810, "1800"),
        ({"json": {"message": "Not found"}, "status": 404}, 30, 40, "404"),
        ({"json": {"message": "Down"}, "status": 503}, 0, 0, "503"),
    ],
)
def test_when_it_stops_waiting_the_job_is_still_running(
    response, least, most, problem, sigma, capsys, clock
):
    schedules(sigma, ORDERS, start="s-1")
    sigma.get(JOB, **response)
    with pytest.raises(SigmaError, match=problem):
        main()
    assert least <= clock.now <= most
    assert "Job job-1 is still running in Sigma" in capsys.readouterr().err
    assert [call.request.method for call in sigma.calls].count("POST") == 2  # token, start


def test_after_ctrl_c_the_job_is_still_running(sigma, capsys, clock, monkeypatch):
    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(clock, "sleep", interrupt)
    schedules(sigma, ORDERS, start="s-1")
    states(sigma, "building")
    with pytest.raises(KeyboardInterrupt):
        main()
    assert "Job job-1 is still running in Sigma" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("sheet_id", "entries", "problem"),
    [
        ("", [], "no materialization schedule"),
        ("", [ORDERS, RETURNS], r"SHEET_ID .*s-1 \(Orders\), s-2 \(Returns\)"),
        ("", [{**ORDERS, "paused": True}], r"Paused: s-1 \(Orders, paused\)"),
        ("s-9", [ORDERS, {**RETURNS, "paused": True}], r"'s-9'.*s-1 .*, s-2 \(Returns, paused\)"),
    ],
)
def test_nothing_is_started_without_one_schedule(sheet_id, entries, problem, sigma, monkeypatch):
    monkeypatch.setenv("SHEET_ID", sheet_id)
    schedules(sigma, *entries)
    with pytest.raises(SigmaError, match=problem):
        main()


@pytest.mark.parametrize(
    ("sheet_id", "entries"),
    [
        ("s-2", [ORDERS, RETURNS]),
        ("", [{**ORDERS, "paused": True}, RETURNS]),
        ("s-2", [{**RETURNS, "paused": True}]),  # asked for by its ID
    ],
)
def test_chooses_the_schedule(sheet_id, entries, sigma, monkeypatch):
    monkeypatch.setenv("SHEET_ID", sheet_id)
    schedules(sigma, *entries, start="s-2")
    states(sigma, "ready")
    main()


def test_a_pasted_url_and_a_failed_job_in_the_sandbox(call_recipe, sandbox):
    sandbox.state.organization.options.polls = 0
    sandbox.state.rules.append(Fault(kind="failed-job", match="POST */materializations"))
    url = sandbox.state.organization.workbooks[seed.DEMO_WORKBOOK_ID].url
    done = call_recipe(RECIPE, WORKBOOK_ID=url, SHEET_ID=seed.DEMO_SHEET_ID)
    assert done.returncode == 1
    assert done.stdout.endswith("Status: failed\n")
    assert "The warehouse refused to write the table" in done.stderr
