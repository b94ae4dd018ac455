"""Tests of workbooks/create_schedule.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL
from workbooks import create_schedule
from workbooks.create_schedule import main

RECIPE = "workbooks/create_schedule.py"
URL = f"{BASE_URL}/workbooks/wb-1"
EMAILS = ("Ann@example.com", "gone@example.com", "x@example.org", "bob@example.com")
TIME = {"cronSpec": "0 8 * * 1", "timezone": "America/New_York"}
MEMBERS = [
    {"memberId": "m-0"},  # no email
    {"memberId": "m-1", "email": "ann@example.com"},
    {"memberId": "m-2", "email": "Gone@example.com", "isInactive": True},
    {"memberId": "m-3", "email": "bob@example.com", "isArchived": True},
    {"memberId": "m-4", "email": "ANN@example.com", "isArchived": True},  # before she came back
]


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setenv("WORKBOOK_ID", "https://app.sigmacomputing.com/acme/workbook/Sales-7sYWo")
    monkeypatch.setenv("SEND_TO", ", ".join(EMAILS))
    monkeypatch.setenv("SCHEDULE_CRON", " 0  8 * * 1")
    monkeypatch.setenv("SCHEDULE_TIMEZONE", "America/New_York")
    monkeypatch.setenv("DRY_RUN", "false")


def schedule(key, title="Sales", **more):
    row = {"scheduledNotificationId": key, "schedule": TIME, "configV2": {"title": title}}
    return {**row, "isSuspended": False, **more}


def schedules(sigma, *pages):
    sigma.get(f"{BASE_URL}/workbooks/7sYWo", json={"workbookId": "wb-1", "name": "Sales "})
    for number, entries in enumerate(pages, start=1):
        query = query_param_matcher({"limit": 1000, **({"page": number} if number > 1 else {})})
        cursor = str(number + 1) if number < len(pages) else None
        sigma.get(f"{URL}/schedules", match=[query], json={"entries": entries, "nextPage": cursor})


def members(sigma):
    query = query_param_matcher(
        {"limit": 1000, "includeArchived": "true", "includeInactive": "true"}
    )
    body = {"entries": MEMBERS, "nextPage": None}
    sigma.get(f"{BASE_URL}/members", match=[query], json=body)


def created(sigma, title="Sales", **response):
    options = {"type": "PDF", "layout": "portrait"} if title == "Sales" else {"type": "XLSX"}
    attachment = {"formatOptions": options, "workbookExportSource": {"type": "all"}}
    message = {"title": title, "messageBody": create_schedule.MESSAGE}
    body = {
        "target": [{"email": email} for email in EMAILS],
        "schedule": TIME,
        "configV2": {**message, "exportAttachments": [attachment]},
    }
    sigma.post(f"{URL}/schedules", match=[json_params_matcher(body)], **response)


def test_the_plan_names_external_recipients_first(sigma, monkeypatch, capsys):
    monkeypatch.setenv("DRY_RUN", "true")
    schedules(sigma, [])
    members(sigma)
    main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "External recipient: x@example.org",
        "Deactivated member: gone@example.com",
        "Deactivated member: bob@example.com",
        "Member: Ann@example.com",
    ]
    assert "0 8 * * 1 (America/New_York)" in lines[-2]


@pytest.mark.parametrize("title", ["Sales", "Mondays"])
def test_creates_a_schedule_unless_title_and_time_are_the_same(title, sigma, monkeypatch, capsys):
    if title == "Mondays":
        monkeypatch.setenv("SEND_FORMAT", "xlsx")
        monkeypatch.setenv("SCHEDULE_TITLE", title)
    other_time = schedule("s-2", title, schedule={**TIME, "cronSpec": "0 8 * * 2"})
    other_zone = schedule("s-3", title, schedule={**TIME, "timezone": "Europe/Berlin"})
    schedules(sigma, [schedule("s-1", "Other"), other_time], [other_zone])
    members(sigma)
    created(sigma, title, json=schedule("s-9"))
    main()
    out = capsys.readouterr().out
    assert f"scheduledNotificationId: s-9\nSchedule created successfully: {title}\n" in out


@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_the_same_schedule_is_not_created_again(dry_run, sigma, monkeypatch, capsys):
    monkeypatch.setenv("DRY_RUN", dry_run)
    by_name = schedule("s-2", configV2={"title": "A subject", "notificationName": "Sales"})
    older = schedule("s-3", configV2=None, config={"exportName": "Sales"})
    bare = {"scheduledNotificationId": "s-4"}
    timeless = schedule("s-5", schedule=None)
    others = [schedule("s-0", "Other"), bare, timeless]
    schedules(sigma, others, [schedule("s-1", isSuspended=True), by_name, older])
    main()
    out = capsys.readouterr().out
    assert "already exists: s-1 (paused)\n" in out
    assert "already exists: s-2\n" in out
    assert "already exists: s-3\n" in out
    assert out.count("already exists") == 3
    assert "successfully" not in out


def test_nothing_is_created_while_an_entry_cannot_be_read(sigma):
    schedules(sigma, [{"code": "x", "message": "Not readable", "requestId": "r-1"}])
    members(sigma)
    with pytest.raises(SigmaError, match="Not complete"):
        main()


@pytest.mark.parametrize(
    "response",
    [
        {"status": 400, "json": {"message": "other: no"}},
        {"json": schedule("s-9", schedule={**TIME, "cronSpec": "other"})},
        {"json": schedule("s-9", schedule={**TIME, "timezone": "other"})},
        {"json": {"schedule": TIME}},  # no ID
    ],
)
def test_a_response_that_is_no_success(response, sigma, capsys):
    schedules(sigma, [])
    members(sigma)
    created(sigma, **response)
    with pytest.raises(SigmaError, match="other|scheduledNotificationId"):
        main()
    assert "successfully" not in capsys.readouterr().out


def test_a_response_without_the_time_proves_nothing(sigma, capsys):
    schedules(sigma, [])
    members(sigma)
    created(sigma, json={"scheduledNotificationId": "s-9", "schedule": {"cronSpec": None}})
    main()
    assert "successfully" in capsys.readouterr().out


@pytest.mark.parametrize(
    "setting",
    [
        "SEND_TO=ann@example.com, bob",
        "SEND_TO=,",
        "SEND_FORMAT=csv",
        "SCHEDULE_CRON=0 0 8 * * 1",  # with seconds
        "SCHEDULE_CRON=8 * * 1",
        "SCHEDULE_CRON=0 8 * * Mo;",
        "SCHEDULE_TIMEZONE=CET+1",
        "SCHEDULE_TIMEZONE=Europe/Nowhere",
    ],
)
def test_a_wrong_setting_is_refused_before_anything_is_sent(setting, monkeypatch):
    monkeypatch.setattr(create_schedule, "available_timezones", lambda: {"America/New_York"})
    name, value = setting.split("=")
    monkeypatch.setenv(name, value)
    with pytest.raises(SigmaError, match=name):
        main()


@pytest.mark.parametrize(
    ("cron", "timezone"),
    [
        ("*/15 6-18 1,15 JAN-JUN *", "America/Argentina/Buenos_Aires"),
        ("0 8 * * 1#1", "Etc/GMT+5"),
        ("0 8 * * 1/3", "UTC"),
    ],
)
def test_other_times(cron, timezone, monkeypatch):
    monkeypatch.setattr(create_schedule, "available_timezones", set)  # a machine without the data
    monkeypatch.setenv("SCHEDULE_CRON", cron)
    monkeypatch.setenv("SCHEDULE_TIMEZONE", timezone)
    assert create_schedule.read_time() == {"cronSpec": cron, "timezone": timezone}


def test_twice_makes_one_schedule_in_the_sandbox(call_recipe, sandbox):
    known = sandbox.state.organization.scheduled_exports
    before = set(known)
    sandbox.state.rules.append(Fault(kind="drop", match="POST /v2/workbooks/*/schedules"))
    lost = call_recipe(RECIPE, DRY_RUN="false", SEND_FORMAT="xlsx")
    (new,) = set(known) - before  # created, but the response is lost
    assert (lost.returncode, "successfully" in lost.stdout) == (1, False)
    assert known[new].ownerId == seed.OWNER_ID  # whose credentials these are

    second = call_recipe(RECIPE, DRY_RUN="false", SEND_FORMAT="xlsx")
    assert (second.returncode, set(known)) == (0, before | {new})
    assert f"already exists: {new}\n" in second.stdout
    other = call_recipe(RECIPE, DRY_RUN="false", SCHEDULE_TITLE="Another title")
    assert "Schedule created successfully: Another title\n" in other.stdout
    assert len(known) == len(before) + 2
