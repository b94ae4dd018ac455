"""Tests of workbooks/materialize_all.py."""

import json
from types import SimpleNamespace

import pytest
import responses
from responses.matchers import json_params_matcher, query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL
from workbooks import materialize_all
from workbooks.materialize_all import main, read_documents

RECIPE = "workbooks/materialize_all.py"
BOOK, MODEL = f"{BASE_URL}/workbooks/b1", f"{BASE_URL}/dataModels/d1"
MODELS = [seed.make_uuid("data model", n) for n in range(3)]
LONG = "12345678-abcd-abcd-abcd-123456789abc"


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Return the recipe's pauses. Time passes only during these."""
    pauses = []
    clock = SimpleNamespace(monotonic=lambda: sum(pauses), sleep=pauses.append)
    monkeypatch.setattr(materialize_all, "time", clock)
    monkeypatch.setenv("MATERIALIZE", "b1")
    monkeypatch.setenv("OUTPUT_FORMAT", "json")
    return pauses


def schedule(sheet_id="s1", **fields):
    names = {"elementName": f"Element {sheet_id}", "paused": False, "schedule": None}
    return {"sheetId": sheet_id, "elementId": f"e-{sheet_id}", **names, **fields}


def workbook(sigma, *schedules):
    sigma.get(BOOK, json={"workbookId": "b1", "name": "Plugs"})
    sigma.get(f"{BOOK}/materialization-schedules", json={"entries": list(schedules)})


def starts(sigma, sheet_id="s1", **response):
    """Expect one request that starts a job, with the ID job-SHEET."""
    response = response or {"json": {"materializationId": f"job-{sheet_id}"}}
    body = json_params_matcher({"sheetId": sheet_id})
    return sigma.post(f"{BOOK}/materializations", match=[body], **response)


def states(sigma, *statuses, sheet_id="s1", **last):
    """Let the requests for the status of a job return these, one after the other."""
    job_id = f"job-{sheet_id}"
    for status in statuses:
        more = last if status == statuses[-1] else {}
        job = {"materializationId": job_id, "status": status, **more}
        sigma.get(f"{BOOK}/materializations/{job_id}", json=job)


def results(capsys):
    return {row["sheetId"]: row["result"] for row in json.loads(capsys.readouterr().out)}


def test_ready_skipped_and_paused_are_told_apart_and_none_is_a_failure(sigma, capsys):
    workbook(sigma, schedule("s1"), schedule("s2"), schedule("s3", paused=True))
    starts(sigma, "s1")
    starts(sigma, "s2")
    states(sigma, "pending", "Ready", sheet_id="s1")
    states(sigma, "Skipped", sheet_id="s2")
    main()
    assert results(capsys) == {"s1": "ready", "s2": "skipped", "s3": "paused"}


def test_the_pauses_between_two_looks_grow(sigma, pauses):
    workbook(sigma, schedule())
    starts(sigma)
    states(sigma, "pending", *["building"] * 9, "ready")
    main()
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (1, 30)


@pytest.mark.parametrize("status", [400, 404])
def test_an_id_can_be_of_a_data_model_whose_list_has_other_pages(status, sigma, capsys):
    sigma.get(BOOK, status=status, json={"message": "No such workbook"})
    sigma.get(f"{BASE_URL}/dataModels/b1", json={"dataModelId": "d1", "name": None})
    pages = f"{MODEL}/materializationSchedules"
    first, second = {"pageSize": "1000"}, {"pageSize": "1000", "pageToken": "p2"}
    page = {"entries": [schedule("s1")], "nextPageToken": "p2"}
    sigma.get(pages, match=[query_param_matcher(first)], json=page)
    page = {"entries": [schedule("s2")]}  # no nextPageToken on the last page
    sigma.get(pages, match=[query_param_matcher(second)], json=page)
    for sheet_id in ("s1", "s2"):
        body = [json_params_matcher({"sheetId": sheet_id})]
        job = {"materializationId": f"job-{sheet_id}"}
        sigma.post(f"{MODEL}:materialize", match=body, json=job)
        sigma.get(f"{MODEL}/materializations/job-{sheet_id}", json={"status": "ready"})
    main()
    rows = json.loads(capsys.readouterr().out)
    assert [(row["name"], row["kind"], row["result"]) for row in rows] == [
        ("d1", "dataModel", "ready")
    ] * 2


def test_one_that_fails_doesnt_stop_the_others(sigma, capsys):
    workbook(sigma, *(schedule(f"s{n}") for n in range(1, 5)))
    starts(sigma, "s1", status=403, json={"message": "Not you"})
    starts(sigma, "s2")
    starts(sigma, "s3")
    starts(sigma, "s4")
    states(sigma, "building", "failed", sheet_id="s2", error="Out of disk")
    states(sigma, "building", "building", "ready", sheet_id="s3")
    states(sigma, "melted", sheet_id="s4")  # an unknown status isn't a success
    with pytest.raises(SigmaError, match="Not ready: 3"):
        main()
    printed, told = capsys.readouterr()
    rows = json.loads(printed)
    assert [row["result"] for row in rows] == ["failed", "failed", "ready", "failed"]
    assert [row.get("error", "")[-11:] for row in rows][1] == "Out of disk"
    assert "Not you" in told
    assert "Still" not in told


def test_a_start_that_may_have_worked_isnt_repeated(sigma, capsys):
    workbook(sigma, schedule())
    start = starts(sigma, status=502, json={"message": "Down"})
    with pytest.raises(SigmaError):
        main()
    assert start.call_count == 1
    printed, told = capsys.readouterr()
    assert json.loads(printed)[0]["result"] == "failed"
    assert "may have been carried out" in told


def test_a_new_job_may_be_unknown_for_some_seconds(sigma, capsys, pauses):
    workbook(sigma, schedule())
    starts(sigma)
    unknown = sigma.get(f"{BOOK}/materializations/job-s1", status=404, json={"message": "No"})
    with pytest.raises(SigmaError):
        main()
    assert unknown.call_count > 3
    assert 10 < sum(pauses) < 40
    assert results(capsys) == {"s1": "running"}


def test_after_max_wait_the_job_is_named_as_still_running(sigma, capsys, pauses, monkeypatch):
    monkeypatch.setenv("MATERIALIZE_MAX_WAIT", "100")
    workbook(sigma, schedule("s1"), schedule("s2"))
    starts(sigma, "s1")
    starts(sigma, "s2")
    states(sigma, "building", sheet_id="s1")
    states(sigma, "ready", sheet_id="s2")
    with pytest.raises(SigmaError, match="Not ready: 1.*MATERIALIZE_MAX_WAIT=100$"):
        main()
    assert 100 <= sum(pauses) <= 130
    printed, told = capsys.readouterr()
    assert [row["result"] for row in json.loads(printed)] == ["running", "ready"]
    assert "Still running in Sigma: Plugs: Element s1" in told
    assert "Element s2" not in told


def test_ctrl_c_names_the_jobs_that_run_on(sigma, capsys, monkeypatch):
    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(materialize_all.time, "sleep", interrupt)
    workbook(sigma, schedule("s1"), schedule("s2", paused=True))
    starts(sigma)
    with pytest.raises(KeyboardInterrupt):
        main()
    told = capsys.readouterr().err
    assert "Still running in Sigma: Plugs: Element s1" in told
    assert "Element s2" not in told


def test_a_document_without_a_schedule_is_a_failure(sigma, capsys):
    workbook(sigma)
    with pytest.raises(SigmaError, match="Not ready: 1"):
        main()
    assert results(capsys) == {None: "no schedule"}


def test_a_document_that_cant_be_found_is_named_and_the_others_go_on(sigma, capsys, monkeypatch):
    monkeypatch.setenv("MATERIALIZE", "x1,b1")
    for kind in ("workbooks", "dataModels"):
        sigma.get(f"{BASE_URL}/{kind}/x1", status=404, json={"message": "Not found"})
    workbook(sigma, schedule(paused=True))
    with pytest.raises(SigmaError, match="Not complete.* 1"):
        main()
    printed, told = capsys.readouterr()
    assert json.loads(printed)[0]["result"] == "paused"
    assert "Failed: x1: 404" in told
    assert "MATERIALIZE" in told


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (f"7sYW, {LONG},", ["7sYW", LONG]),
        ("https://app.test/acme/workbook/Sales-2026-7sYW?:nodeId=x", ["7sYW"]),
        (f"https://app.test/acme/data-model/{LONG}/edit", [LONG]),
        (f"https://app.test/acme/data-model/Sales-{LONG}\nb1", [LONG, "b1"]),
    ],
)
def test_ids_and_urls(text, ids, monkeypatch):
    monkeypatch.setenv("MATERIALIZE", text)
    assert read_documents() == ids


@pytest.mark.parametrize("text", [",", "../whoami", "https://app.test/acme/s/Sales-7sYW", "a b,c!"])
def test_refuses_what_is_neither_before_anything_is_sent(text, monkeypatch):
    monkeypatch.setenv("MATERIALIZE", text)
    with responses.RequestsMock(), pytest.raises(SigmaError, match="MATERIALIZE"):
        main()


def test_the_same_document_twice_runs_once_in_the_sandbox(call_recipe, sandbox, monkeypatch):
    sandbox.state.organization.options.polls = 0
    url = sandbox.state.organization.workbooks[seed.DEMO_WORKBOOK_ID].url
    given = ",".join([url, seed.DEMO_WORKBOOK_ID, *MODELS])
    sandbox.state.rules.append(Fault(kind="failed-job", match="POST /v2/dataModels/*:materialize"))
    sandbox.state.rules.append(Fault(kind="skipped-job", match="POST */materializations"))
    done = call_recipe(RECIPE, MATERIALIZE=given, OUTPUT_FORMAT="json")
    assert done.returncode == 1
    found = [(row["kind"], row["result"]) for row in json.loads(done.stdout)]
    assert found[0] == ("workbook", "skipped")
    assert sorted(result for _, result in found[1:]) == ["failed", "paused", "ready", "ready"]
    assert len(sandbox.state.organization.materializations) == 4
