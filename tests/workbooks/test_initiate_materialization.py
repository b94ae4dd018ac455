"""Tests of workbooks/initiate_materialization.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL, fresh
from workbooks import initiate_materialization
from workbooks.initiate_materialization import main

RECIPE = "workbooks/initiate_materialization.py"
WORKBOOK = f"{BASE_URL}/workbooks/long-1"
JOB = f"{WORKBOOK}/materializations/job-1"


class Clock:
    """Stands in for the module time: time passes only when the recipe sleeps."""

    def __init__(self):
        self.now = 0.0
        self.pauses = []

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


def schedule(sheet_id, name="Orders", paused=False):
    return {"sheetId": sheet_id, "elementName": name, "paused": paused, "schedule": None}


def schedules(sigma, *entries):
    sigma.get(f"{BASE_URL}/workbooks/short1", json={"workbookId": "long-1", "name": "Plugs"})
    sigma.get(
        f"{WORKBOOK}/materialization-schedules",
        match=[query_param_matcher({"limit": 1000})],
        json={"entries": list(entries), "nextPage": None},
    )


def started(sigma, sheet_id):
    body = json_params_matcher({"sheetId": sheet_id})
    sigma.post(f"{WORKBOOK}/materializations", match=[body], json={"materializationId": "job-1"})


def statuses(sigma, *values, **more):
    for status in values:
        last = more if status == values[-1] else {}
        sigma.get(JOB, json={"materializationId": "job-1", "status": status, **last})


def test_shows_each_status_once_as_it_comes(sigma, capsys, clock):
    schedules(sigma, schedule("s-1"))
    started(sigma, "s-1")
    statuses(sigma, "pending", "pending", "building", "building", "building", "ready")
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
    assert clock.pauses == [1, 1.5, 2.25, 3.375, 5.0625]


def test_the_pauses_grow_to_ten_seconds(sigma, clock):
    schedules(sigma, schedule("s-1"))
    started(sigma, "s-1")
    statuses(sigma, *["building"] * 20, "ready")
    main()
    assert clock.pauses[5:] == [7.59375, *[10] * 14]


@pytest.mark.parametrize(
    ("status", "more", "problem"),
    [
        ("failed", {"error": "Out of disk"}, "ended as failed: Out of disk$"),
        ("failed", {}, "ended as failed: Sigma gives no reason$"),
        ("cancelled", {}, "ended as cancelled"),
        ("READY", {}, "ended as READY"),  # not a status that Sigma describes
    ],
)
def test_any_other_status_is_a_failure(status, more, problem, sigma, capsys):
    schedules(sigma, schedule("s-1"))
    started(sigma, "s-1")
    statuses(sigma, "building", status, **more)
    with pytest.raises(SigmaError, match=problem):
        main()
    assert "successfully" not in capsys.readouterr().out


def test_gives_up_at_the_deadline_but_the_job_goes_on(sigma, capsys, clock):
    schedules(sigma, schedule("s-1"))
    started(sigma, "s-1")
    statuses(sigma, "building")  # the last answer comes again and again
    with pytest.raises(SigmaError, match="still building after 1800 seconds. It goes on in Sigma"):
        main()
    assert 1790 < clock.now <= initiate_materialization.DEADLINE == 1800
    assert capsys.readouterr().out.count("Status: building") == 1


def test_no_schedule_is_an_error_that_says_what_to_do(sigma):
    schedules(sigma)
    with pytest.raises(SigmaError, match="no materialization schedule. Create one in Sigma"):
        main()


def test_several_schedules_are_listed_and_nothing_is_started(sigma):
    schedules(sigma, schedule("s-1"), schedule("s-2", "Returns"))
    problem = r"several schedules. Set SHEET_ID to one of s-1 \(Orders\), s-2 \(Returns\)$"
    with pytest.raises(SigmaError, match=problem):
        main()


def test_one_of_several_is_chosen_by_its_sheet_id(sigma, capsys, monkeypatch):
    monkeypatch.setenv("SHEET_ID", "s-2")
    schedules(sigma, schedule("s-1"), schedule("s-2", "Returns"))
    started(sigma, "s-2")
    statuses(sigma, "ready")
    main()
    assert "Schedule: s-2 (Returns)\n" in capsys.readouterr().out


def test_a_sheet_id_of_another_workbook_is_refused_with_the_list(sigma, monkeypatch):
    monkeypatch.setenv("SHEET_ID", "s-9")
    schedules(sigma, schedule("s-1"), schedule("s-2", "Returns", paused=True))
    problem = r"SHEET_ID is 's-9', .*It can be s-1 \(Orders\), s-2 \(Returns, paused\)$"
    with pytest.raises(SigmaError, match=problem):
        main()


def test_a_paused_schedule_does_not_run_by_itself(sigma):
    schedules(sigma, schedule("s-1", paused=True))
    with pytest.raises(SigmaError, match=r"Paused: s-1 \(Orders, paused\). Resume it in Sigma, or"):
        main()


def test_the_only_schedule_that_is_not_paused_is_taken(sigma, capsys):
    schedules(sigma, schedule("s-1", paused=True), schedule("s-2", "Returns"))
    started(sigma, "s-2")
    statuses(sigma, "ready")
    main()
    assert "Schedule: s-2 (Returns)\n" in capsys.readouterr().out


def test_a_paused_schedule_runs_when_its_sheet_id_is_set(sigma, capsys, monkeypatch):
    monkeypatch.setenv("SHEET_ID", "s-1")
    schedules(sigma, schedule("s-1", paused=True))
    started(sigma, "s-1")
    statuses(sigma, "ready")
    main()
    assert "Schedule: s-1 (Orders, paused)\n" in capsys.readouterr().out


def test_a_refused_start_is_passed_on(sigma, capsys):
    schedules(sigma, schedule("s-1"))
    refusal = {"message": "No rights", "requestId": "r-1"}
    sigma.post(f"{WORKBOOK}/materializations", status=403, json=refusal)
    with pytest.raises(SigmaError, match=r"403 from POST .*No rights \(requestId r-1\)"):
        main()
    assert "started" not in capsys.readouterr().out


def test_missing_setting(monkeypatch):
    monkeypatch.setenv("WORKBOOK_ID", "")
    with pytest.raises(SigmaError, match="WORKBOOK_ID is not set"):
        main()


@pytest.fixture
def quick_sandbox(running_sandbox):
    """The sandbox, where a job ends at the first poll: here nobody sleeps."""
    return fresh(running_sandbox, polls=0)


def test_a_pasted_url_in_the_sandbox(call_recipe, quick_sandbox):
    url = quick_sandbox.state.organization.workbooks[seed.DEMO_WORKBOOK_ID].url
    done = call_recipe(RECIPE, WORKBOOK_ID=url, SHEET_ID=seed.DEMO_SHEET_ID)
    assert done.returncode == 0, done.stderr
    assert "Status: ready\nMaterialization completed successfully.\n" in done.stdout


def test_a_failed_job_in_the_sandbox(call_recipe, quick_sandbox):
    quick_sandbox.state.rules.append(Fault(kind="failed-job", match="POST */materializations"))
    done = call_recipe(RECIPE)
    assert done.returncode == 1
    assert "ended as failed: The warehouse refused to write the table\n" in done.stderr
    assert done.stdout.endswith("Status: failed\n")


@pytest.mark.parametrize(
    ("workbook_id", "problem"),
    [
        (seed.PAUSED_WORKBOOK_ID, "Error: Paused: "),
        (seed.TWO_SCHEDULES_WORKBOOK_ID, "several schedules. Set SHEET_ID to one of "),
        (seed.make_uuid("workbook", 1), "no materialization schedule"),
        ("nowhere", "nowhere not found (requestId "),
    ],
)
def test_other_workbooks_of_the_sandbox(workbook_id, problem, call_recipe, sandbox):
    done = call_recipe(RECIPE, WORKBOOK_ID=workbook_id)
    assert done.returncode == 1
    assert problem in done.stderr
    assert sandbox.state.organization.materializations == {}
