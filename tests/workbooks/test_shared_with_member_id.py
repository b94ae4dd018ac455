"""Tests of workbooks/shared_with_member_id.py."""

import json

import pytest
from responses.matchers import query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL
from workbooks.shared_with_member_id import main

FILES = f"{BASE_URL}/members/m-1/files"
WORKBOOKS = f"{BASE_URL}/workbooks"
START = "https://app.sigmacomputing.com/acme/workbook"


@pytest.fixture(autouse=True)
def member(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m-1")
    monkeypatch.setenv("OUTPUT_FORMAT", "json")


def file(key, **more):
    return {"id": key, "urlId": f"short-{key}", "name": f"Name {key}", "type": "workbook", **more}


def workbook(key, version):
    return {"workbookId": key, "url": f"{START}/Name-{key}", "latestVersion": version}


def printed(capsys):
    return json.loads(capsys.readouterr().out)


def test_joins_both_lists_over_all_their_pages(sigma, capsys):
    query = {"typeFilters": "workbook", "limit": 1000}
    sigma.get(
        FILES,
        match=[query_param_matcher(query)],
        json={"entries": [file("a")], "nextPage": "p2"},
    )
    sigma.get(
        FILES,
        match=[query_param_matcher({**query, "page": "p2"})],
        json={"entries": [file("c"), file("b")], "nextPage": None},
    )
    sigma.get(
        WORKBOOKS,
        match=[query_param_matcher({"limit": 1000})],
        json={"entries": [workbook("other", 1), workbook("a", 4)], "nextPage": "p2"},
    )
    sigma.get(
        WORKBOOKS,
        match=[query_param_matcher({"limit": 1000, "page": "p2"})],
        json={"entries": [workbook("b", 5)], "nextPage": None},
    )
    main()
    assert printed(capsys) == [
        {"name": "Name a", "url": f"{START}/Name-a", "version": 4},
        # The credentials cannot open it: the address is built, the version is unknown
        {"name": "Name c", "url": f"{START}/short-c", "version": None},
        {"name": "Name b", "url": f"{START}/Name-b", "version": 5},
    ]


def test_no_address_can_be_built_when_the_credentials_open_nothing(sigma, capsys):
    sigma.get(FILES, json={"entries": [file("a")], "nextPage": None})
    sigma.get(WORKBOOKS, json={"entries": [], "nextPage": None})
    main()
    assert printed(capsys) == [{"name": "Name a", "url": "", "version": None}]


def test_a_workbook_without_an_address_and_one_without_a_name(sigma, capsys):
    sigma.get(FILES, json={"entries": [file("a", name=None), file("b")], "nextPage": None})
    without = {"workbookId": "b", "latestVersion": 2}
    sigma.get(WORKBOOKS, json={"entries": [without, workbook("a", 1)], "nextPage": None})
    main()
    assert printed(capsys) == [
        {"name": None, "url": f"{START}/Name-a", "version": 1},
        {"name": "Name b", "url": f"{START}/short-b", "version": 2},
    ]


def test_says_so_when_there_are_none(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "table")
    sigma.get(FILES, json={"entries": [], "nextPage": None})
    sigma.get(WORKBOOKS, json={"entries": [workbook("a", 1)], "nextPage": None})
    main()
    assert capsys.readouterr().out == "Member m-1 can open no workbooks.\n"


def test_missing_setting(monkeypatch):
    monkeypatch.setenv("MEMBERID", "")
    with pytest.raises(SigmaError, match="MEMBERID is not set"):
        main()


def test_an_unknown_member(run_recipe):
    done = run_recipe("workbooks/shared_with_member_id.py", MEMBERID="nobody")
    assert done.returncode == 1
    assert "Member nobody not found (requestId " in done.stderr


def test_what_only_the_member_can_open_is_listed_with_an_address(run_recipe, sandbox):
    organization = sandbox.state.organization
    private = next(
        book
        for book in organization.workbooks.values()
        if not organization.permission(seed.OWNER_ID, book)
    )
    done = run_recipe(
        "workbooks/shared_with_member_id.py", MEMBERID=private.ownerId, OUTPUT_FORMAT="json"
    )
    (row,) = [row for row in json.loads(done.stdout) if row["name"] == private.name]
    assert row["url"].endswith(f".com/sandbox/workbook/{private.workbookUrlId}")
    assert row["version"] is None
    opened = [
        book
        for book in organization.workbooks.values()
        if organization.permission(private.ownerId, book)
    ]
    assert len(json.loads(done.stdout)) == len(opened) > 1


def test_an_unreadable_file_is_named_and_the_exit_code_is_1(run_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET *files"))
    done = run_recipe("workbooks/shared_with_member_id.py")
    assert done.returncode == 1
    assert "/files is missing: Not readable (requestId fault-1)" in done.stderr
    assert len(done.stdout.splitlines()) > 50
