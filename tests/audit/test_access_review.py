"""Tests of audit/access_review.py."""

import csv
import io
import json

import pytest
from responses.matchers import query_param_matcher

from audit.access_review import main
from sandbox import seed
from sandbox.faults import Fault
from sandbox.organization import ROBOT_ID, url_id
from sigma_client import SigmaError
from tests.conftest import BASE_URL, fresh

RECIPE = "audit/access_review.py"
UNLISTED = "unlisted team (all members)"
DEACTIVATED = {"includeArchived": "true", "includeInactive": "true"}
ALL = {"skipPermissionCheck": "true", "excludeTags": "true"}
MEMBERS = [
    {"memberId": "m-a", "firstName": "Ann", "lastName": "A", "memberType": "Admin"},
    {"memberId": "m-g", "email": "gone@example.com", "memberType": "admin", "isInactive": True},
    {"memberId": "m-q", "firstName": "Quest", "userKind": "guest"},
    {"memberId": ROBOT_ID, "firstName": "Robot", "memberType": "admin"},
]
TEAMS = [{"teamId": "t-1", "name": "Sales"}]
OBJECTS = {
    "/workspaces": [{"workspaceId": "w-1", "workspaceUrlId": "W1", "name": "Space"}],
    "/files": [{"id": "f-1", "urlId": "F1", "name": "Folder", "path": "Space", "ownerId": None}],
    "/workbooks": [{"workbookId": "b-1", "workbookUrlId": "B1", "name": "Book", "ownerId": "m-a"}],
    "/dataModels": [],
    "/reports": [],
    "/connections": [{"connectionId": "c-1", "name": "Warehouse"}],
}
QUERIES = {
    "/members": DEACTIVATED,
    "/files": {"typeFilters": "folder"},
    "/workbooks": {**ALL, "excludeExplorations": "true"},
    "/dataModels": ALL,
    "/reports": ALL,
}


def answer(sigma, path, entries, **query):
    """Answer a list, with two pages if it has several entries."""
    query = {"limit": 1000, **QUERIES.get(path, {}), **query}
    pages = [entries[:1], entries[1:]] if len(entries) > 1 else [entries]
    for number, page in enumerate(pages, start=1):
        body = {"entries": page, "nextPage": "2" if number < len(pages) else None}
        match = query_param_matcher(query if number == 1 else {**query, "page": "2"})
        sigma.get(f"{BASE_URL}{path}", match=[match], json=body)


def lists(sigma, **changed):
    """Answer the lists, with other entries for some of them."""
    for path, entries in {"/members": MEMBERS, "/teams": TEAMS, **OBJECTS}.items():
        answer(sigma, path, changed.get(path[1:], entries))


def grant(key, on, holder, permission="view"):
    is_team = holder.startswith("t-")
    ids = {"memberId": None if is_team else holder, "teamId": holder if is_team else None}
    return {"grantId": key, "inodeId": on, "permission": permission, **ids}


def grants(sigma, on, *found, direct="true"):
    if on == "c-1":
        answer(sigma, "/connections/c-1/grants", list(found))
    else:
        answer(sigma, "/grants", list(found), inodeId=on, directGrantsOnly=direct)


@pytest.fixture
def review(monkeypatch, capsys):
    """Run the recipe, and return its rows and the rest of what it printed."""

    def run(**settings):
        for name, value in {"OUTPUT_FORMAT": "json", **settings}.items():
            monkeypatch.setenv(name, value)
        main()
        out, err = capsys.readouterr()
        return json.loads(out), err

    return run


def shown(rows, *names):
    return [tuple(row.get(name) for name in names) for row in rows]


def test_organization_has_a_row_for_each_owner_and_direct_grant(sigma, review):
    lists(sigma)
    answer(sigma, "/teams/t-1/members", [{"userId": "m-a"}, {"userId": "m-q"}])
    grants(sigma, "w-1", grant("g-1", "W1", "t-1", "explore"))
    grants(sigma, "f-1", grant("g-2", "F1", "t-all"))
    # Inherited, although only direct grants were asked for. X9 is unknown, so it is shown
    inherited = grant("g-1", "W1", "t-1", "explore"), grant("g-2", "f-1", "t-all")
    grants(sigma, "b-1", *inherited, grant("g-3", "X9", "m-x"), grant("g-4", "B1", "m-g"))
    grants(sigma, "c-1", grant("g-5", "C1", "m-g", "usage"))
    rows, err = review()
    assert shown(rows, "type", "permission", "holder", "status") == [
        ("connection", "usage", "<gone@example.com>", "deactivated"),
        ("workbook", "view", "<gone@example.com>", "deactivated"),
        ("folder", "owner", "unknown", ""),
        ("folder", "view", UNLISTED, ""),
        ("workbook", "owner", "Ann A", ""),
        ("workbook", "view", "m-x", ""),
        ("workspace", "explore", "team Sales (2 members)", ""),
    ]
    assert "Grants: 5. Held by deactivated members: 2." in err


def test_an_empty_organization(sigma, review):
    lists(sigma, members=[], teams=[], **{path[1:]: [] for path in OBJECTS})
    rows, err = review()
    assert (rows, "Grants: 0." in err) == ([], True)


@pytest.mark.parametrize("refused", [{"status": 403}, {"json": {"entries": None}}])
def test_an_object_whose_grants_cannot_be_read_is_named(refused, sigma, review, capsys):
    nothing = {path[1:]: [] for path in OBJECTS if path != "/workspaces"}
    lists(sigma, teams=[], **nothing)
    sigma.get(f"{BASE_URL}/grants", **refused)
    with pytest.raises(SigmaError, match="Not complete"):
        review()
    err = capsys.readouterr().err
    assert "Failed: workspace Space: " in err
    assert "Grants:" not in err  # no totals of a part


def review_of_member(sigma, review, member_id, *files):
    lists(sigma)
    answer(sigma, f"/members/{member_id}/teams", TEAMS)
    answer(sigma, f"/members/{member_id}/files", list(files))
    grants(sigma, "w-1", grant("g-1", "W1", "t-all"), direct="false")
    grants(sigma, "c-1", grant("g-2", "C1", "t-1", "usage"), grant("g-3", "c-1", "t-all"))
    return review(REVIEW_OF="member", MEMBERID=member_id)


def test_member_has_a_row_for_each_reason(sigma, review):
    book = {"id": "b-1", "urlId": "B1", "type": "workbook", "permission": "edit"}
    other = {"id": "s-1", "urlId": "S1", "type": "symlink", "permission": "view"}
    inherited = grant("g-5", "F1", "t-1"), grant("g-6", "F9", "m-a"), grant("g-1", "W1", "t-all")
    foreign = grant("g-7", "B1", "m-x"), grant("g-8", "B1", "m-q")
    grants(sigma, "b-1", grant("g-4", "B1", "m-a"), *inherited, *foreign, direct="false")
    grants(sigma, "s-1", grant("g-9", "S1", "m-x"), direct="false")
    rows, err = review_of_member(sigma, review, "m-a", book, other)
    assert shown(rows, "id", "effective", "permission", "why") == [
        ("c-1", None, "usage", "team Sales"),
        ("c-1", None, "view", UNLISTED),
        ("s-1", "view", None, "unknown"),
        ("b-1", "edit", "view", "direct grant"),
        ("b-1", "edit", "view", "direct grant on object F9"),
        ("b-1", "edit", "owner", "owner"),
        ("b-1", "edit", "view", "team Sales on folder Folder"),
        ("b-1", "edit", "view", f"{UNLISTED} on workspace Space"),
        ("w-1", None, "view", UNLISTED),
    ]
    assert "REVIEW_OF=member: Ann A can open 2 files. Administrators can open everything." in err


@pytest.mark.parametrize("member_id", ["m-g", "m-q"])
def test_deactivated_members_and_guests_are_not_among_all_members(member_id, sigma, review):
    rows, err = review_of_member(sigma, review, member_id)
    assert shown(rows, "id", "why") == [("c-1", "team Sales")]
    assert ("deactivated" in err) == (member_id == "m-g")


@pytest.mark.parametrize(
    ("setting", "review_of"), [("MEMBERID", "member"), ("WORKBOOK_ID", "workbook")]
)
def test_an_unknown_id_names_its_setting(setting, review_of, sigma, review):
    lists(sigma)
    with pytest.raises(SigmaError, match=f"{setting} is 'x-1'"):
        review(REVIEW_OF=review_of, **{setting: "x-1"})


@pytest.mark.parametrize(
    "workbook_id", ["b-1", "https://app.sigmacomputing.com/o/workbook/Book-B1"]
)
def test_workbook_expands_teams(workbook_id, sigma, review):
    lists(sigma)
    found = grant("g-1", "W1", "t-1"), grant("g-2", "B1", "t-all", "explore")
    grants(sigma, "b-1", *found, direct="false")
    answer(sigma, "/teams/t-1/members", [{"userId": "m-g"}, {"userId": "m-x"}])
    rows, err = review(REVIEW_OF="workbook", WORKBOOK_ID=workbook_id, MEMBERID="left over")
    assert shown(rows, "holder", "permission", "why", "status") == [
        ("<gone@example.com>", "view", "team Sales on workspace Space", "deactivated"),
        ("Ann A", "owner", "owner", ""),
        ("m-x", "view", "team Sales on workspace Space", ""),
        (UNLISTED, "explore", UNLISTED, ""),
    ]
    assert "REVIEW_OF=workbook: workbook Book." in err
    assert "Administrators, who can open everything: 1." in err  # neither the robot nor m-g


def test_a_team_without_members_keeps_its_row(sigma, review):
    lists(sigma)
    grants(sigma, "b-1", grant("g-1", "B1", "t-1"), direct="false")
    answer(sigma, "/teams/t-1/members", [])
    rows, _ = review(REVIEW_OF="workbook", WORKBOOK_ID="b-1")
    assert shown(rows, "holder") == [("Ann A",), ("team Sales",)]


# --- Against the sandbox ---


@pytest.fixture
def organization(sandbox):
    """Fewer workbooks: each is a request."""
    return fresh(sandbox, members=100, workbooks=110, latency=0.002).state.organization


@pytest.fixture
def table(call_recipe, organization):
    """Run the recipe against the sandbox, and return its rows."""

    def run(**settings):
        done = call_recipe(RECIPE, OUTPUT_FORMAT="csv", **settings)
        assert done.returncode == 0, done.stderr
        return list(csv.DictReader(io.StringIO(done.stdout)))

    return run


@pytest.mark.slow
def test_a_member_of_the_sandbox(table, organization):
    rows = [row for row in table(REVIEW_OF="member") if row["Effective"]]
    reasons = {row["Why"] for row in rows}
    assert {"owner", "direct grant", "direct grant on workspace Finance"} < reasons
    assert {"team Support", "direct grant on folder Archive", UNLISTED} < reasons
    assert "unknown" not in reasons


def test_a_workbook_of_the_sandbox(table):
    rows = table(REVIEW_OF="workbook", WORKBOOK_ID=url_id(seed.make_uuid("workbook", 75)))
    first, *others = shown(rows, "Why", "Status")
    assert first == ("direct grant", "deactivated")
    assert {("owner", ""), ("team Legal on folder Archive", "")} < set(others)


def test_one_that_fails_does_not_hide_the_others(call_recipe, sandbox):
    fresh(sandbox, members=30, workbooks=20)
    sandbox.state.rules.append(Fault.parse("403 GET /v2/grants after=5 times=1"))
    done = call_recipe(RECIPE)
    assert (done.returncode, done.stderr.count("Failed: ")) == (1, 1)
    assert "deactivated" in done.stdout
