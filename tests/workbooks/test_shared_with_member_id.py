"""Tests of workbooks/shared_with_member_id.py."""

import json

import pytest
from responses.matchers import query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from tests.conftest import BASE_URL
from workbooks.shared_with_member_id import main

RECIPE = "workbooks/shared_with_member_id.py"
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


def page(*entries, following=None):
    return {"entries": list(entries), "nextPage": following}


def test_joins_both_lists_and_builds_the_urls_that_are_missing(sigma, capsys):
    query = query_param_matcher({"typeFilters": "workbook", "limit": 1000})
    sigma.get(FILES, match=[query], json=page(file("a"), file("b"), file("c", name=None)))
    no_url = {"workbookId": "b", "latestVersion": 5}
    sigma.get(WORKBOOKS, json=page(no_url, workbook("other", 1), workbook("a", 4)))
    main()
    assert json.loads(capsys.readouterr().out) == [
        {"name": "Name a", "url": f"{START}/Name-a", "version": 4},
        {"name": "Name b", "url": f"{START}/short-b", "version": 5},
        {"name": None, "url": f"{START}/short-c", "version": None},
    ]


def test_has_no_url_if_the_credentials_open_no_workbook(sigma, capsys):
    sigma.get(FILES, json=page(file("a")))
    sigma.get(WORKBOOKS, json=page())
    main()
    assert json.loads(capsys.readouterr().out) == [{"name": "Name a", "url": "", "version": None}]


def test_says_so_if_the_member_can_open_none(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "table")
    sigma.get(FILES, json=page())
    sigma.get(WORKBOOKS, json=page(workbook("a", 1)))
    main()
    (line,) = capsys.readouterr().out.splitlines()
    assert "m-1" in line


def test_lists_what_only_the_member_can_open(call_recipe, sandbox):
    organization = sandbox.state.organization
    books = organization.workbooks.values()
    private = next(book for book in books if not organization.permission(seed.OWNER_ID, book))
    done = call_recipe(RECIPE, MEMBERID=private.ownerId, OUTPUT_FORMAT="json")
    rows = json.loads(done.stdout)
    (row,) = [row for row in rows if row["name"] == private.name]
    assert row["url"].endswith(f".com/sandbox/workbook/{private.workbookUrlId}")
    assert row["version"] is None
    opened = [book for book in books if organization.permission(private.ownerId, book)]
    assert len(rows) == len(opened) > 1


def test_prints_what_it_has_if_an_entry_is_unreadable(call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET *files"))
    done = call_recipe(RECIPE)
    assert done.returncode == 1
    assert "fault-1" in done.stderr
    assert len(done.stdout.splitlines()) > 50
