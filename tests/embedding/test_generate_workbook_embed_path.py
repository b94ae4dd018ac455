"""Tests of embedding/generate_workbook_embed_path.py."""

import pytest
from responses.matchers import query_param_matcher

from embedding.generate_workbook_embed_path import main
from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL

FILES = f"{BASE_URL}/members/m-1/files"
WORKBOOKS = f"{BASE_URL}/workbooks"
START = "https://app.sigmacomputing.com/acme/workbook"


@pytest.fixture(autouse=True)
def member(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m-1")


def file(key):
    return {"id": key, "urlId": f"short-{key}", "name": f"Name {key}", "type": "workbook"}


def test_prints_the_paths_of_all_pages(sigma, capsys):
    query = {"typeFilters": "workbook", "limit": 1000}
    sigma.get(
        FILES,
        match=[query_param_matcher(query)],
        json={"entries": [file("a")], "nextPage": "p2"},
    )
    sigma.get(
        FILES,
        match=[query_param_matcher({**query, "page": "p2"})],
        json={"entries": [file("b"), file("c")], "nextPage": None},
    )
    books = [
        {"workbookId": "c", "url": ""},  # no path can be taken from this one
        {"workbookId": "a", "url": f"{START}/Name-a"},
        {"workbookId": "other", "url": f"{START}/Name-other"},
    ]
    sigma.get(WORKBOOKS, json={"entries": books, "nextPage": None})
    main()
    assert capsys.readouterr().out.splitlines() == [
        f"#1: Name a: {START}/Name-a",
        # The credentials cannot open these: the organization's part comes from another workbook
        f"#2: Name b: {START}/short-b",
        f"#3: Name c: {START}/short-c",
    ]


def test_says_so_when_there_are_none_and_asks_no_further(sigma, capsys):
    sigma.get(FILES, json={"entries": [], "nextPage": None})
    main()
    assert capsys.readouterr().out == "Member m-1 can open no workbooks.\n"


def test_without_any_address_there_is_no_path(sigma, capsys):
    sigma.get(FILES, json={"entries": [file("a")], "nextPage": None})
    sigma.get(WORKBOOKS, json={"entries": [], "nextPage": None})
    with pytest.raises(SigmaError, match="The owner of the credentials can open no workbook"):
        main()
    assert capsys.readouterr().out == ""


def test_missing_setting(monkeypatch):
    monkeypatch.setenv("MEMBERID", "")
    with pytest.raises(SigmaError, match="MEMBERID is not set"):
        main()


def test_an_unknown_member(run_recipe):
    done = run_recipe("embedding/generate_workbook_embed_path.py", MEMBERID="nobody")
    assert done.returncode == 1
    assert "Member nobody not found (requestId " in done.stderr


def test_prints_a_path_for_each_workbook_of_the_member_in_the_sandbox(run_recipe, sandbox):
    done = run_recipe("embedding/generate_workbook_embed_path.py")
    organization = sandbox.state.organization
    member_id = organization.find_email("sales_rep@example.com").memberId
    paths = [
        f"{book.name}: {book.url}"
        for book in organization.workbooks.values()
        if organization.permission(member_id, book)
    ]
    assert len(paths) > 100
    assert done.stdout.splitlines() == [f"#{n}: {path}" for n, path in enumerate(paths, start=1)]


def test_an_unreadable_file_is_named_and_the_exit_code_is_1(run_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET *files"))
    done = run_recipe("embedding/generate_workbook_embed_path.py")
    assert done.returncode == 1
    assert done.stdout.startswith("#1: ")
    assert done.stderr.endswith("Error: not complete, Sigma could not read this many entries: 1\n")
