"""Who can reach what: reports, data models and grants."""

import pytest

from sandbox import seed


@pytest.fixture
def org(sandbox):
    """The state of the sandbox."""
    return sandbox.state.organization


# --- Reports ---


def test_reports_by_their_long_or_short_id(api):
    reports = api.whole_list("/v2/reports", limit=2)
    assert len({report["reportId"] for report in reports}) == 5
    assert len({report["path"] for report in reports}) == 5
    for report in reports:
        for key in ("reportId", "reportUrlId"):
            assert api("GET", f"/v2/reports/{report[key]}") == report


def test_a_report_is_listed_for_those_who_can_open_it(api, viewer, org):
    everything = api.whole_list("/v2/reports", skipPermissionCheck="true")
    mine = viewer.whole_list("/v2/reports")
    assert 0 < len(mine) < len(everything) == 5
    closed = next(report for report in everything if report not in mine)
    viewer("GET", f"/v2/reports/{closed['reportId']}", 403)
    org.report(closed["reportId"]).ownerId = seed.VIEWER_ID
    assert viewer("GET", f"/v2/reports/{closed['reportId']}")["ownerId"] == seed.VIEWER_ID
    assert len(viewer.whole_list("/v2/reports")) == len(mine) + 1


def test_archived_reports_are_a_list_of_their_own(api, org):
    first, *others = api.whole_list("/v2/reports")
    org.report(first["reportId"]).isArchived = True
    assert api.whole_list("/v2/reports") == others
    assert api.whole_list("/v2/reports", isArchived="true") == [{**first, "isArchived": True}]


def test_a_report_belongs_to_a_deactivated_member(api):
    owners = [report["ownerId"] for report in api.whole_list("/v2/reports")]
    assert any(api("GET", f"/v2/members/{owner}").get("isArchived") for owner in owners)
