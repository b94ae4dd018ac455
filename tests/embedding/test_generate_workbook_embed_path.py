"""Tests of embedding/generate_workbook_embed_path.py."""

import pytest
from responses.matchers import query_param_matcher

from embedding.generate_workbook_embed_path import main
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL

RECIPE = "embedding/generate_workbook_embed_path.py"
FILES = f"{BASE_URL}/members/m-1/files"
WORKBOOKS = f"{BASE_URL}/workbooks"
START = "https://app.sigmacomputing.com/acme/workbook"


@pytest.fixture(autouse=True)
def member(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m-1")


def file(key):
    return {"id": key, "urlId": f"short-{key}", "name": f"Name\n{key}", "type": "workbook"}


def test_builds_the_paths_that_the_list_of_workbooks_lacks(sigma, capsys):
    query = query_param_matcher({"typeFilters": "workbook", "limit": 1000})
    files = [file("a"), file("b"), file("c")]
    sigma.get(FILES, match=[query], json={"entries": files, "nextPage": None})
    books = [
        {"workbookId": "c", "url": ""},
        {"workbookId": "a", "url": f"{START}/Name-a"},
        {"workbookId": "other", "url": f"{START}/Name-other"},
    ]
    sigma.get(WORKBOOKS, json={"entries": books, "nextPage": None})
    main()
    assert capsys.readouterr().out.splitlines() == [  # one line for each, whatever its name
        f"#1: Name a: {START}/Name-a",
        f"#2: Name b: {START}/short-b",
        f"#3: Name c: {START}/short-c",
    ]


def test_says_so_if_there_are_none_without_another_request(sigma, capsys):
    sigma.get(FILES, json={"entries": [], "nextPage": None})
    main()
    (line,) = capsys.readouterr().out.splitlines()
    assert "m-1" in line


def test_needs_one_url_to_build_the_others(sigma, capsys):
    sigma.get(FILES, json={"entries": [file("a")], "nextPage": None})
    sigma.get(WORKBOOKS, json={"entries": [], "nextPage": None})
    with pytest.raises(SigmaError, match="owner of the credentials"):
        main()
    assert capsys.readouterr().out == ""


def test_prints_a_path_for_each_workbook_of_the_member(call_recipe, sandbox):
    done = call_recipe(RECIPE)
    organization = sandbox.state.organization
    member_id = organization.find_email("sales_rep@example.com").memberId
    paths = [
        f"{book.name}: {book.url}"
        for book in organization.workbooks.values()
        if organization.permission(member_id, book)
    ]
    assert len(paths) > 100
    assert done.stdout.splitlines() == [f"#{n}: {path}" for n, path in enumerate(paths, start=1)]


def test_prints_what_it_has_if_an_entry_is_unreadable(call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET *files"))
    done = call_recipe(RECIPE)
    assert done.returncode == 1
    assert "fault-1" in done.stderr
    assert done.stdout.startswith("#1: ")
