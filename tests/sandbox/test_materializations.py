"""Materialization schedules, and jobs that advance by polls."""

import pytest

from sandbox import seed
from sandbox.faults import Fault
from tests.conftest import fresh
from tests.support.sandbox_client import Client

WORKBOOK = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}"
JOBS = f"{WORKBOOK}/materializations"


def schedules(api, workbook_id):
    return api.whole_list(f"/v2/workbooks/{workbook_id}/materialization-schedules")


def start(api):
    return api("POST", JOBS, json={"sheetId": seed.DEMO_SHEET_ID})["materializationId"]


def poll(api, job_id, times):
    return [api("GET", f"{JOBS}/{job_id}") for _ in range(times)]


def test_schedules_of_26_workbooks(api):
    workbooks = api.whole_list("/v2/workbooks", limit=1000)
    some = [*range(10), *range(10, 260, 10)]  # each is a request
    counts = [len(schedules(api, workbooks[n]["workbookId"])) for n in some]
    assert counts == [1] + [0] * 9 + [1, 2] + [1] * 23


def test_the_schedules_that_recipes_distinguish(api, sandbox):
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
    everything = [one for some in sandbox.state.organization.schedules.values() for one in some]
    assert len([one for one in everything if one.schedule is None]) == 1


@pytest.mark.parametrize("bare_lists", [False, True])
def test_the_forms_of_the_list(bare_lists, running_sandbox):
    api = Client(fresh(running_sandbox, bare_lists=bare_lists).address)
    tail = f"workbooks/{seed.TWO_SCHEDULES_WORKBOOK_ID}/materialization-schedules?limit=1"
    older, newer = api("GET", f"/v2/{tail}"), api("GET", f"/v2.1/{tail}")
    assert older.keys() == ({"entries"} if bare_lists else {"entries", "nextPage"})
    assert len(older["entries"]) == (2 if bare_lists else 1)
    assert (len(newer["entries"]), newer["total"]) == (1, 2)
    assert len(api("GET", f"/v2.1/{tail}&page={newer['nextPage']}")["entries"]) == 1


@pytest.mark.parametrize(
    ("polls", "expected"),
    [
        (0, ["ready", "ready"]),
        (1, ["building", "ready"]),
        (2, ["pending", "building", "ready", "ready"]),
        (5, ["pending", "pending", "building", "building", "building", "ready"]),
    ],
)
def test_a_job_advances_by_polls(polls, expected, running_sandbox):
    api = Client(fresh(running_sandbox, polls=polls).address)
    first, second = start(api), start(api)
    assert first != second
    assert [job["status"] for job in poll(api, first, len(expected))] == expected
    assert poll(api, second, 1)[0]["status"] == expected[0]


def test_the_times_of_a_job(api):
    pending, building, ready, later = poll(api, start(api), 4)
    assert pending.keys() == {"materializationId", "status"}
    assert building.keys() == {"materializationId", "status", "startedAt"}
    assert ready.keys() == {"materializationId", "status", "startedAt", "readyAt"}
    assert ready["startedAt"] == building["startedAt"] <= ready["readyAt"]
    assert later == ready


MODELS = [f"/v2/dataModels/{seed.make_uuid('data model', n)}" for n in range(6)]


@pytest.mark.parametrize("status", ["failed", "skipped"])
@pytest.mark.parametrize("start_url", [JOBS, f"{MODELS[0]}:materialize"])
def test_a_job_that_does_not_become_ready(start_url, status, api, sandbox):
    path = start_url.replace(":materialize", "/materializations")
    sheet_id = api("GET", f"{MODELS[0]}/materializationSchedules")["entries"][0]["sheetId"]
    sent = {"sheetId": seed.DEMO_SHEET_ID if start_url == JOBS else sheet_id}
    rule = Fault(kind=f"{status}-job", match=f"POST {start_url}")
    sandbox.state.rules.append(rule)
    ids = [api("POST", start_url, json=sent)["materializationId"] for _ in range(2)]
    first, second = [[api("GET", f"{path}/{one}") for _ in range(3)][-1] for one in ids]
    assert first["status"] == status
    assert first.keys() - {"error"} == {"materializationId", "status", "startedAt"}
    assert ("error" in first) == (status == "failed")
    assert second["status"] == "ready"


def test_schedules_and_jobs_of_data_models(api):
    lists = [api("GET", f"{model}/materializationSchedules") for model in MODELS]
    assert [[row["paused"] for row in one["entries"]] for one in lists] == [
        [False, False], [True], [False], [], [], []
    ]  # fmt: skip
    first, second = lists[0]["entries"]
    assert first["sheetId"] != second["sheetId"]
    page = api("GET", f"{MODELS[0]}/materializationSchedules?pageSize=1")
    assert page == {"entries": [first], "nextPageToken": page["nextPageToken"]}
    tail = f"materializationSchedules?pageToken={page['nextPageToken']}"
    assert api("GET", f"{MODELS[0]}/{tail}") == {"entries": [second]}

    paused = lists[1]["entries"][0]["sheetId"]
    job = api("POST", f"{MODELS[1]}:materialize", json={"sheetId": paused})["materializationId"]
    jobs = [api("GET", f"{MODELS[1]}/materializations/{job}") for _ in range(3)]
    assert [job["status"] for job in jobs] == ["pending", "building", "ready"]
    api("GET", f"{MODELS[0]}/materializations/{job}", 404)
    api("GET", f"{JOBS}/{job}", 404)
    api("POST", f"{MODELS[0]}:materialize", 404, json={"sheetId": paused})
    api("POST", f"/v2/dataModels/{seed.DEMO_WORKBOOK_ID}:materialize", 404, json={"sheetId": "x"})
