"""Tests of sandbox/resources/materializations.py: schedules, and jobs that go on by polls."""

import pytest

from sandbox import seed
from sandbox.faults import Fault
from tests.conftest import fresh
from tests.sandbox_client import Client

WORKBOOK = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}"


def schedules(api, workbook_id):
    return api.whole_list(f"/v2/workbooks/{workbook_id}/materialization-schedules")


def start(api):
    body = {"sheetId": seed.DEMO_SHEET_ID}
    return api("POST", f"{WORKBOOK}/materializations", json=body)["materializationId"]


def states(api, job_id, polls):
    path = f"{WORKBOOK}/materializations/{job_id}"
    return [api("GET", path)["status"] for _ in range(polls)]


# --- Schedules ---


def test_schedules_of_26_workbooks(api, sandbox):
    workbooks = api.whole_list("/v2/workbooks", limit=1000)
    counts = [len(schedules(api, workbook["workbookId"])) for workbook in workbooks]
    assert len([count for count in counts if count]) == 26
    assert [count for count in counts if count > 1] == [2]
    assert [n for n, count in enumerate(counts) if count and n >= 50]


def test_the_schedules_that_recipes_tell_apart(api):
    assert schedules(api, seed.DEMO_WORKBOOK_ID) == [
        {
            "sheetId": seed.DEMO_SHEET_ID,
            "elementId": seed.DEMO_ELEMENT_ID,
            "elementName": "Orders",
            "schedule": {"cronSpec": "0 6 * * *", "timezone": "America/Los_Angeles"},
            "configuredAt": "2024-01-02T08:00:00.000Z",
            "paused": False,
        }
    ]
    assert [row["paused"] for row in schedules(api, seed.PAUSED_WORKBOOK_ID)] == [True]
    first, second = schedules(api, seed.TWO_SCHEDULES_WORKBOOK_ID)
    assert first["sheetId"] != second["sheetId"]
    elements = api.whole_list(f"/v2/workbooks/{seed.TWO_SCHEDULES_WORKBOOK_ID}/elements")
    assert {first["elementId"], second["elementId"]} < {row["elementId"] for row in elements}


def test_a_schedule_without_times(api, sandbox):
    without = [
        row
        for rows in sandbox.state.organization.schedules.values()
        for row in rows
        if row.schedule is None
    ]
    assert len(without) == 1


def test_a_copy_has_no_schedules(api):
    body = {"destinationFolderId": seed.DEMO_WORKSPACE_ID, "name": "C"}
    copy = api("POST", f"{WORKBOOK}/copy", json=body)
    assert schedules(api, copy["workbookId"]) == []


@pytest.mark.parametrize("bare_lists", [False, True])
def test_the_forms_of_the_list(bare_lists, running_sandbox):
    api = Client(fresh(running_sandbox, bare_lists=bare_lists).address)
    tail = f"workbooks/{seed.TWO_SCHEDULES_WORKBOOK_ID}/materialization-schedules?limit=1"
    now, always = api("GET", f"/v2/{tail}"), api("GET", f"/v2.1/{tail}")
    assert now.keys() == ({"entries"} if bare_lists else {"entries", "nextPage"})
    assert len(now["entries"]) == (2 if bare_lists else 1)
    assert (len(always["entries"]), always["total"]) == (1, 2)
    assert len(api("GET", f"/v2.1/{tail}&page={always['nextPage']}")["entries"]) == 1


# --- Jobs ---


@pytest.mark.parametrize(
    ("polls", "expected"),
    [
        (0, ["ready", "ready"]),
        (1, ["building", "ready"]),
        (2, ["pending", "building", "ready", "ready"]),
        (5, ["pending", "pending", "building", "building", "building", "ready"]),
    ],
)
def test_a_job_goes_on_by_polls(polls, expected, running_sandbox):
    api = Client(fresh(running_sandbox, polls=polls).address)
    assert states(api, start(api), len(expected)) == expected


def test_the_times_of_a_job(api):
    path = f"{WORKBOOK}/materializations/{start(api)}"
    pending, building, ready, later = (api("GET", path) for _ in range(4))
    assert pending.keys() == {"materializationId", "status"}
    assert building.keys() == {"materializationId", "status", "startedAt"}
    assert ready.keys() == {"materializationId", "status", "startedAt", "readyAt"}
    assert ready["startedAt"] == building["startedAt"] <= ready["readyAt"]
    assert later == ready


def test_jobs_go_on_one_by_one(api):
    first, second = start(api), start(api)
    assert first != second
    assert states(api, first, 3)[-1] == "ready"
    assert states(api, second, 1) == ["pending"]


def test_a_job_that_fails(api, sandbox):
    rule = Fault(kind="failed-job", match="POST /v2/workbooks/*/materializations")
    sandbox.state.rules.append(rule)
    failing, good = start(api), start(api)
    assert states(api, failing, 3) == ["pending", "building", "failed"]
    failed = api("GET", f"{WORKBOOK}/materializations/{failing}")
    assert failed.keys() == {"materializationId", "status", "startedAt", "error"}
    assert failed["error"] == "The warehouse refused to write the table"
    assert states(api, good, 3)[-1] == "ready"


def test_refuses_jobs(api):
    path = f"{WORKBOOK}/materializations"
    other = schedules(api, seed.PAUSED_WORKBOOK_ID)[0]["sheetId"]
    for sheet_id in ("x", other, seed.DEMO_ELEMENT_ID):
        refused = api("POST", path, 404, json={"sheetId": sheet_id})
        assert refused["message"] == f"Sheet {sheet_id} not found"
    assert "sheetId: Field required" in api("POST", path, 400, json={})["message"]
    assert api("POST", "/v2/workbooks/x/materializations", 404, json={"sheetId": "x"})
    assert "Materialization x not found" in api("GET", f"{path}/x", 404)["message"]
    elsewhere = f"/v2/workbooks/{seed.PAUSED_WORKBOOK_ID}/materializations/{start(api)}"
    assert "not found" in api("GET", elsewhere, 404)["message"]
