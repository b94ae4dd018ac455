"""Scheduled exports of workbooks."""

import pytest

from sandbox import seed
from tests.conftest import fresh
from tests.support.sandbox_client import Client

SCHEDULES = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}/schedules"
TWO = f"workbooks/{seed.make_uuid('workbook', 24)}/schedules"


def test_schedules_of_every_eighth_workbook(api):
    workbooks = api.whole_list("/v2/workbooks", limit=1000, skipPermissionCheck=True)
    some = [n for n in range(264) if n % 8 == 0 or not 8 < n < 260]  # each is a request
    rows = [api.whole_list(f"/v2/workbooks/{workbooks[n]['workbookId']}/schedules") for n in some]
    assert [bool(found) for found in rows] == [n % 8 == 0 and n < 260 for n in some]
    assert max(map(len, rows)) == 2
    rows = [row for some in rows for row in some]
    later = rows[len(rows) // 2 :]  # of workbooks beyond the first pages
    for some in (rows, later):
        assert {row["isSuspended"] for row in some} == {True, False}
        assert len({row["ownerId"] for row in some}) > 5
        assert len({tuple(row["schedule"].values()) for row in some}) == 4
        attachments = [row["configV2"]["notificationAttachments"][0] for row in some]
        assert {one["formatOptions"]["type"] for one in attachments} == {"PDF", "EXCEL"}
    for row in rows:
        assert row["isSuspended"] == (row["disabledAt"] is not None)
        assert row["isSuspended"] == (row["disabledBy"] is not None)


def test_schedules_of_reports(api):
    reports = api.whole_list("/v2/reports", skipPermissionCheck=True)
    rows = [api.whole_list(f"/v2/reports/{r['reportId']}/schedules") for r in reports]
    assert list(map(len, rows)) == [2, 0, 1, 0, 1]
    row = rows[0][0]
    assert row["reportId"] == reports[0]["reportId"] and "workbookId" not in row
    assert row in api.whole_list(f"/v2/members/{row['ownerId']}/schedules")


def test_a_row_without_recipients(api):
    (row,) = api.whole_list(SCHEDULES)
    assert row["workbookId"] == seed.DEMO_WORKBOOK_ID
    assert row["schedule"] == {"cronSpec": "0 8 * * 1", "timezone": "America/New_York"}
    assert row["configV2"]["title"] == row["configV2"]["notificationName"] == "Weekly sales"
    assert row["isSuspended"] is False
    assert row.keys().isdisjoint({"target", "description", "reportId"})


@pytest.mark.parametrize("bare_lists", [False, True])
def test_the_forms_of_the_list(bare_lists, running_sandbox):
    api = Client(fresh(running_sandbox, bare_lists=bare_lists).address)
    older, newer = api("GET", f"/v2/{TWO}?limit=1"), api("GET", f"/v2.1/{TWO}?limit=1")
    assert isinstance(older, list) is bare_lists
    assert len(older) == 2 if bare_lists else older["entries"] == newer["entries"]
    assert len(newer["entries"]) == 1
    assert len(api("GET", f"/v2.1/{TWO}?limit=1&page={newer['nextPage']}")["entries"]) == 1


def test_lists_what_a_member_owns(api, viewer, sandbox):
    mine = api.whole_list(f"/v2/members/{seed.OWNER_ID}/schedules", limit=3)
    assert len(mine) > 3
    assert {row["ownerId"] for row in mine} == {seed.OWNER_ID}
    for n in range(2):  # deactivated without a new owner
        gone = api("GET", f"/v2/members/{seed.make_short_id('member', f'left {n}', 28)}/schedules")
        assert len(gone["entries"]) == 1
    mine[0]["ownerId"] = seed.VIEWER_ID
    of_first = sandbox.state.organization.scheduled_exports[mine[0]["scheduledNotificationId"]]
    of_first.ownerId = seed.VIEWER_ID
    assert viewer.whole_list(f"/v2/members/{seed.VIEWER_ID}/schedules") == mine[:1]
    api("GET", "/v2/members/x/schedules", 404)


def test_a_deactivated_member_hands_schedules_over(api):
    (member,) = api.whole_list("/v2/members", email="chidi.okafor@example.com")
    before = api.whole_list(f"/v2/members/{member['memberId']}/schedules")
    change = {"isArchived": True, "newOwnerId": seed.VIEWER_ID}
    api("PATCH", f"/v2/members/{member['memberId']}", json=change)
    assert api.whole_list(f"/v2/members/{member['memberId']}/schedules") == []
    now = api.whole_list(f"/v2/members/{seed.VIEWER_ID}/schedules")
    assert before and now == [{**row, "ownerId": seed.VIEWER_ID} for row in before]


NEW = {
    "target": [{"email": "a@example.com"}],
    "schedule": {"cronSpec": "0 9 * * 1", "timezone": "Europe/Berlin"},
    "configV2": {
        "title": "Sales",
        "messageBody": "Here it is",
        "exportAttachments": [
            {"formatOptions": {"type": "XLSX"}, "workbookExportSource": {"type": "all"}},
            {
                "formatOptions": {"type": "PNG"},
                "workbookExportSource": {"type": "page", "pageIds": [seed.DEMO_PAGE_ID]},
            },
        ],
        "exportName": "sales",
    },
    "description": "Not returned",
}


def test_a_new_schedule_is_listed_with_other_names(api, sandbox):
    made = api("POST", SCHEDULES, json=NEW)
    assert made["configV2"] == {
        "title": "Sales",
        "messageBody": "Here it is",
        "notificationAttachments": [
            {"formatOptions": {"type": "EXCEL"}, "workbookExportSource": {"type": "all"}},
            {
                "formatOptions": {"type": "PNG"},
                "workbookExportSource": {"type": "page", "nodeIds": [seed.DEMO_PAGE_ID]},
            },
        ],
        "notificationName": "sales",
        "includeLink": False,
        "runAsRecipient": False,
        "workbookVariant": {},
    }
    assert (made["schedule"], made["ownerId"]) == (NEW["schedule"], seed.OWNER_ID)
    assert made.keys().isdisjoint({"target", "description"})
    assert api.whole_list(SCHEDULES)[-1] == made
    again = api("POST", SCHEDULES, json=NEW)  # nothing is unique
    assert again["scheduledNotificationId"] != made["scheduledNotificationId"]


def test_pauses_and_resumes_a_schedule(api):
    path = f"{SCHEDULES}/{api('POST', SCHEDULES, json=NEW)['scheduledNotificationId']}"
    paused = api("PATCH", path, json={"suspensionAction": "pause"})
    assert (paused["isSuspended"], paused["disabledBy"]) == (True, seed.OWNER_ID)
    assert paused["disabledAt"] == paused["updatedAt"]
    assert api.whole_list(SCHEDULES)[-1] == paused
    resumed = api("PATCH", path, json={"suspensionAction": "resume"})
    assert (resumed["isSuspended"], resumed["disabledAt"]) == (False, None)
    api("PATCH", f"{SCHEDULES}/unknown", 404, json={"suspensionAction": "pause"})


def test_sends_an_export(api, sandbox):
    def body(form="EXCEL", **source):
        attachment = {"formatOptions": {"type": form}, "source": {"type": "all", **source}}
        targets = [{"type": "email", "email": "a@example.com"}]
        targets += [{"type": "member", "userId": seed.VIEWER_ID}]
        config = {"title": "Sales", "messageBody": "Here it is"}
        return {"targets": targets, "config": config, "attachments": [attachment]}

    path = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}/send"
    element = {"type": "element", "elementId": seed.DEMO_ELEMENT_ID}
    assert api("POST", path, json=body()) == {}
    assert api("POST", path, json=body("CSV", **element)) == {}
    sent = sandbox.state.organization.sent
    by = {"workbookId": seed.DEMO_WORKBOOK_ID, "sentBy": seed.OWNER_ID}
    for one, expected in zip(sent, (body(), body("CSV", **element)), strict=True):
        assert {**expected, **by}.items() <= one.items()
