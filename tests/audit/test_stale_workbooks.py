"""Tests of audit/stale_workbooks.py."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from responses.matchers import query_param_matcher

import sigma_client
from audit.stale_workbooks import main
from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL

RECIPE = "audit/stale_workbooks.py"
ALL_MEMBERS = {"limit": 1000, "includeArchived": "true", "includeInactive": "true"}
EVERYTHING = {
    "limit": 1000,
    "skipPermissionCheck": "true",
    "excludeExplorations": "true",
    "excludeTags": "true",
}
MEMBERS = [
    {"memberId": "m-1", "email": "Ada@example.com"},
    {"memberId": "m-2", "email": "gone@example.com", "isArchived": True},
    {"memberId": "m-3", "email": "left@example.com", "isInactive": True},
    {"memberId": "m-4", "email": None},
]


@pytest.fixture(autouse=True)
def as_json(monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")


def members(sigma):
    match = [query_param_matcher(ALL_MEMBERS)]
    sigma.get(f"{BASE_URL}/members", match=match, json={"entries": MEMBERS, "nextPage": None})


def workbooks(sigma, *rows):
    """Answer the request for the workbooks, in two pages."""
    for page, entries, following in (({}, rows[:1], "1"), ({"page": "1"}, rows[1:], None)):
        match = [query_param_matcher({**EVERYTHING, **page})]
        answer = {"entries": list(entries), "nextPage": following}
        sigma.get(f"{BASE_URL}/workbooks", match=match, json=answer)


def workbook(name, days, owner="m-1", **more):
    changed = (datetime.now(timezone.utc) - timedelta(days=days)).isoformat()[:23] + "Z"
    names = {"workbookId": f"w-{name}", "name": name, "ownerId": owner, "updatedAt": changed}
    return {**names, **more}


def printed(capsys, *fields):
    out, trace = capsys.readouterr()
    return [tuple(row[field] for field in fields) for row in json.loads(out)], trace


def test_lists_the_oldest_first_and_marks_deactivated_owners(sigma, capsys):
    members(sigma)
    workbooks(
        sigma,
        workbook("Recent", 179),
        workbook("Edge", 180, owner="m-2"),
        workbook("Older", 300, owner="m-3"),
        workbook("Oldest", 3000, owner="m-9"),
        workbook("No email", 200, owner="m-4"),
        workbook("No owner", 181, owner=None),
    )
    main()
    rows, trace = printed(capsys, "name", "owner", "ownerStatus")
    assert rows == [
        ("Oldest", "m-9", "unknown"),
        ("Older", "left@example.com", "deactivated"),
        ("No email", "m-4", "active"),
        ("No owner", None, "unknown"),
        ("Edge", "gone@example.com", "deactivated"),
    ]
    last = trace.splitlines()[-1]
    assert "UNCHANGED_DAYS" in last
    assert "5 of 6" in last
    assert "OWNER_EMAIL" not in last


def test_lists_workbooks_whose_last_change_is_unknown(sigma, capsys):
    members(sigma)
    missing = workbook("Missing", 0)
    del missing["updatedAt"]
    null, odd = workbook("Null", 0, updatedAt=None), workbook("Odd", 0, updatedAt="yesterday")
    workbooks(sigma, odd, workbook("Old", 200), missing, null)
    main()
    rows, _ = printed(capsys, "name", "lastChange")
    assert rows[0][0] == "Old"
    assert rows[1:] == [("Missing", "unknown"), ("Null", "unknown"), ("Odd", "unknown")]


def test_two_settings_narrow_the_list_and_the_last_line_names_them(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OWNER_EMAIL", "ADA@example.com")
    monkeypatch.setenv("UNCHANGED_DAYS", "10")
    members(sigma)
    foreign = workbook("Foreign", 99, owner="m-2")
    workbooks(sigma, foreign, workbook("Mine", 11), workbook("New", 9), workbook("?", 99, "m-4"))
    main()
    rows, trace = printed(capsys, "name")
    assert rows == [("Mine",)]
    last = trace.splitlines()[-1]
    assert all(text in last for text in ("10 days", "UNCHANGED_DAYS", "1 of 2", "OWNER_EMAIL"))


@pytest.mark.parametrize("email", ["nobody@example.com", "ada@example", "none"])
def test_an_unknown_email_is_an_error_not_an_empty_list(email, sigma, capsys, monkeypatch):
    monkeypatch.setenv("OWNER_EMAIL", email)
    members(sigma)
    with pytest.raises(SigmaError, match=f"OWNER_EMAIL is '{email}'"):
        main()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "half a year"])
def test_days_that_are_no_number_are_refused(days, call_recipe, sandbox):
    done = call_recipe(RECIPE, UNCHANGED_DAYS=days)
    assert done.returncode == 1
    assert "UNCHANGED_DAYS" in done.stderr
    assert not sandbox.state.log.entries


def test_needs_two_lists_in_an_organization_of_any_size(sandbox, call_recipe, monkeypatch):
    monkeypatch.setattr(sigma_client, "PAGE_SIZE", 130)
    organization = sandbox.state.organization
    changed = next(iter(organization.workbooks.values()))
    changed.updatedAt = datetime.now(timezone.utc).isoformat()
    rows = json.loads(call_recipe(RECIPE).stdout)
    assert len(rows) == len(organization.workbooks) - 1
    days = [row["updatedAt"][:10] for row in rows]
    assert days == sorted(days)
    assert len(sandbox.state.log.entries) == 1 + 1 + 3  # the token, the members, the workbooks


def test_prints_the_summary_below_the_table(call_recipe):
    done = call_recipe(RECIPE, OUTPUT_FORMAT="table", OWNER_EMAIL="ada@example.com")
    assert done.returncode == 0
    assert "ada@example.com (OWNER_EMAIL)" in done.stdout.splitlines()[-1]


def test_is_for_administrators(call_recipe):
    viewer = {"CLIENT_ID": seed.VIEWER_CLIENT_ID, "SECRET": seed.VIEWER_SECRET}
    done = call_recipe(RECIPE, **viewer)
    assert (done.returncode, done.stdout) == (1, "")
    assert "403 from GET" in done.stderr


def test_prints_what_it_has_if_an_entry_is_unreadable(call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/members"))
    done = call_recipe(RECIPE)
    assert done.returncode == 1
    assert "fault-1" in done.stderr
    assert len(json.loads(done.stdout)) >= 260
    assert "UNCHANGED_DAYS" not in done.stderr  # no totals of a part
