"""Tests of workbooks/pagination.py."""

import json

import pytest
from responses.matchers import query_param_matcher

from sigma_client import SigmaError
from tests.conftest import BASE_URL
from workbooks.pagination import main

URL = f"{BASE_URL}/workbooks"
RECIPE = "workbooks/pagination.py"


def answer(sigma, query, ids, following):
    entries = [{"workbookId": number, "name": number} for number in ids]
    page = {"entries": entries, "nextPage": following}
    sigma.get(URL, match=[query_param_matcher(query)], json=page)


def test_prints_a_table_for_each_page_and_the_total(sigma, capsys, monkeypatch):
    monkeypatch.setenv("LIMIT", "2")
    answer(sigma, {"limit": 2}, ["id-1", "id-2"], "next, please?&")
    # A page may have fewer entries than limit, even none, and still not be the last
    answer(sigma, {"limit": 2, "page": "next, please?&"}, [], "4")
    answer(sigma, {"limit": 2, "page": "4"}, ["id-3"], None)
    main()
    printed = capsys.readouterr().out
    pages = printed.split("Page ")
    assert [page[0] for page in pages[1:]] == ["1", "2", "3"]
    assert [page.count("id-") for page in pages[1:]] == [2, 0, 1]
    assert printed.endswith("\nTotal workbooks: 3\n")


def test_asks_for_50_by_default(sigma, capsys):
    answer(sigma, {"limit": 50}, [], None)
    main()
    assert "Total workbooks: 0\n" in capsys.readouterr().out


def test_another_program_gets_one_list(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")
    answer(sigma, {"limit": 50}, ["id-1"], "p2")
    answer(sigma, {"limit": 50, "page": "p2"}, ["id-2"], None)
    main()
    rows = json.loads(capsys.readouterr().out)
    assert [row["workbookId"] for row in rows] == ["id-1", "id-2"]


def test_an_entry_on_two_pages_is_an_error(sigma, capsys):
    answer(sigma, {"limit": 50}, ["id-1", "id-2"], "p2")
    answer(sigma, {"limit": 50, "page": "p2"}, ["id-2"], None)
    with pytest.raises(SigmaError, match="changed"):
        main()
    assert "Total" not in capsys.readouterr().out


def test_a_page_that_leads_to_itself_is_no_endless_loop(sigma, capsys):
    answer(sigma, {"limit": 50}, ["id-1"], "p2")
    answer(sigma, {"limit": 50, "page": "p2"}, ["id-2"], "p2")
    with pytest.raises(SigmaError, match="changed"):
        main()
    assert "Total" not in capsys.readouterr().out


@pytest.mark.parametrize("output_format", ["table", "json"])
def test_an_entry_that_sigma_could_not_read_is_an_error(output_format, sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", output_format)
    unreadable = {"code": "x", "message": "Not readable", "requestId": "r-1"}
    sigma.get(URL, json={"entries": [{"workbookId": "id-1"}, unreadable], "nextPage": None})
    with pytest.raises(SigmaError, match="Not readable.*r-1"):
        main()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("limit", ["0", "1001", "2.5", "fifty"])
def test_refuses_a_limit_that_sigma_would_refuse(limit, monkeypatch):
    monkeypatch.setenv("LIMIT", limit)
    with pytest.raises(SigmaError, match="LIMIT"):
        main()


def test_reads_all_pages_of_the_sandbox(call_recipe):
    rows = json.loads(call_recipe(RECIPE, LIMIT="7", OUTPUT_FORMAT="json").stdout)
    assert [row["#"] for row in rows] == list(range(1, 261))
