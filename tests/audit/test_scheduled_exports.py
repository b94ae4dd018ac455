"""Tests of audit/scheduled_exports.py."""

import json

import pytest
from responses.matchers import query_param_matcher

from audit.scheduled_exports import main
from sandbox import seed
from sigma_client import SigmaError
from tests.conftest import BASE_URL

RECIPE = "audit/scheduled_exports.py"
EVERYONE = {"includeArchived": "true", "includeInactive": "true"}
EVERYTHING = {"skipPermissionCheck": "true", "excludeTags": "true"}
MEMBERS = [
    {"memberId": "m-1", "email": "ada@example.com"},
    {"memberId": "m-2", "email": "gone@example.com", "isArchived": True},
    {"memberId": "m-3", "email": "left@example.com", "isInactive": True},
]


@pytest.fixture(autouse=True)
def as_json(monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")


def answer(sigma, path, *entries, next_page=None, **query):
    match = [query_param_matcher({"limit": 1000, **query})]
    body = {"entries": list(entries), "nextPage": next_page}
    sigma.get(f"{BASE_URL}{path}", match=match, json=body)


def organization(sigma, workbooks=(), reports=(), members=MEMBERS):
    answer(sigma, "/members", *members, **EVERYONE)
    answer(sigma, "/workbooks", *workbooks, **EVERYTHING, excludeExplorations="true")
    answer(sigma, "/reports", *reports, **EVERYTHING)


def workbook(key):
    return {"workbookId": key, "name": f"Name {key}"}


def schedule(key, owner="m-1", **more):
    attachments = [{"formatOptions": {"type": kind}} for kind in ("PDF", "EXCEL", "PDF")]
    config = {"title": f"Title {key}", "notificationAttachments": attachments}
    when = {"cronSpec": "0 8 * * 1", "timezone": "Europe/Berlin"}
    fields = {"scheduledNotificationId": key, "schedule": when, "configV2": config}
    return {**fields, "ownerId": owner, "isSuspended": False, "disabledAt": None, **more}


def paused(key, by="m-1", **more):
    return schedule(key, isSuspended=True, disabledAt="2026-03-01T08:00:00Z", disabledBy=by, **more)


def rows(capsys, *fields):
    return [[row[field] for field in fields] for row in json.loads(capsys.readouterr().out)]


def test_deactivated_owners_come_first_then_paused_schedules_then_names(sigma, capsys):
    organization(sigma, [workbook("a"), workbook("b")], [{"reportId": "r", "name": "Report"}])
    first = [schedule("1"), schedule("2", "m-2")]
    answer(sigma, "/workbooks/a/schedules", *first, next_page="2")
    answer(sigma, "/workbooks/a/schedules", schedule("3", "m-3"), page="2")
    sigma.get(f"{BASE_URL}/workbooks/b/schedules", json=[schedule("4")])  # until June 2026
    answer(sigma, "/reports/r/schedules", paused("5"))
    main()
    out, trace = capsys.readouterr()
    found = json.loads(out)
    assert [row["scheduledNotificationId"] for row in found] == ["2", "3", "5", "1", "4"]
    assert [row["documentName"] for row in found[2:]] == ["Report", "Name a", "Name b"]
    assert [row["ownerEmail"] for row in found[:2]] == ["gone@example.com", "left@example.com"]
    assert found[0]["status"] == "active, owner deactivated"
    assert (found[3]["when"], found[3]["formats"]) == ("0 8 * * 1 Europe/Berlin", "EXCEL, PDF")
    assert "5. Paused: 1. Owned by deactivated members: 2" in trace.splitlines()[-1]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"disabledBy": "m-2"}, "paused since 2026-03-01 by gone@example.com"),
        ({"disabledBy": "too many failures"}, "paused since 2026-03-01 by too many failures"),
        ({"disabledBy": None}, "paused since 2026-03-01"),
        ({"disabledBy": None, "disabledAt": 1772352000000}, "paused since 1772352000"),
        ({"disabledBy": None, "disabledAt": None}, "paused"),
        ({"disabledBy": "m-2", "isSuspended": None}, "paused since 2026-03-01 by gone@example.com"),
    ],
)
def test_who_paused_a_schedule_and_when(fields, status, sigma, capsys):
    organization(sigma, [workbook("a")])
    answer(sigma, "/workbooks/a/schedules", {**paused("1"), **fields})
    main()
    assert rows(capsys, "status") == [[status]]


def test_takes_what_a_row_has(sigma, capsys):
    organization(sigma, [{"workbookId": "a", "name": None}])
    old = {"exportName": "Old", "notificationAttachments": [{"formatOptions": None}]}
    named = {"notificationName": "Name", "title": "Subject"}
    answer(
        sigma,
        "/workbooks/a/schedules",
        schedule("1", configV2=None, config=old),
        schedule("2", configV2=named),
        {"ownerId": "m-9"},
        schedule("4", owner=None, configV2={"title": "Z"}),  # ownerId is deprecated
    )
    main()
    fields = ("documentName", "title", "formats", "ownerEmail", "status")
    assert rows(capsys, *fields) == [
        ["a", None, "", "m-9", "active"],
        ["a", "Name", "", "ada@example.com", "active"],
        ["a", "Old", "", "ada@example.com", "active"],
        ["a", "Z", "", "unknown", "active"],
    ]


def test_one_owner_takes_one_list_and_is_named_in_the_last_line(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OWNER_EMAIL", "Gone@example.com")
    organization(sigma, [workbook("a")], [{"reportId": "r", "name": "Report"}])
    own = [schedule("1", "m-2", workbookId="a"), schedule("2", "m-2", reportId="r")]
    unlisted = schedule("3", "m-2", workbookId="archived")
    answer(sigma, "/members/m-2/schedules", *own, unlisted)
    main()
    out, trace = capsys.readouterr()
    names = [row["documentName"] for row in json.loads(out)]
    assert names == ["archived", "Name a", "Report"]
    assert "OWNER_EMAIL" in trace.splitlines()[-1]


def test_an_unknown_owner_is_refused(sigma, monkeypatch):
    monkeypatch.setenv("OWNER_EMAIL", "nobody@example.com")
    answer(sigma, "/members", *MEMBERS, {"memberId": "m-4", "email": None}, **EVERYONE)
    with pytest.raises(SigmaError, match="OWNER_EMAIL"):
        main()


def test_names_what_it_cannot_read_and_prints_the_rest(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "table")
    organization(sigma, [workbook("a"), workbook("b")])
    sigma.get(f"{BASE_URL}/workbooks/a/schedules", status=403, json={"message": "No rights"})
    answer(sigma, "/workbooks/b/schedules", schedule("1"))
    with pytest.raises(SigmaError, match="Not complete.*: 1"):
        main()
    out, trace = capsys.readouterr()
    assert "Name b" in out
    assert "Failed: Name a: 403 from GET" in trace
    assert "Paused:" not in out + trace  # no totals of a part


def test_no_schedules(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "table")
    organization(sigma, [workbook("a")])
    answer(sigma, "/workbooks/a/schedules")
    main()
    assert len(capsys.readouterr().out.splitlines()) == 2  # a sentence, and the totals


def test_one_owner_needs_no_request_per_document(call_recipe, sandbox):
    done = call_recipe(RECIPE, OWNER_EMAIL="GONE0@example.com")
    assert done.returncode == 0, done.stderr
    assert {row["ownerEmail"] for row in json.loads(done.stdout)} == {"gone0@example.com"}
    assert len(sandbox.state.log.entries) == 1 + 4


def test_the_report_is_for_administrators(call_recipe):
    viewer = {"CLIENT_ID": seed.VIEWER_CLIENT_ID, "SECRET": seed.VIEWER_SECRET}
    done = call_recipe(RECIPE, **viewer)
    assert done.returncode == 1
    assert "403 from GET" in done.stderr
