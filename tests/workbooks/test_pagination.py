"""Tests of workbooks/pagination.py."""

import json

import pytest
from responses.matchers import query_param_matcher

from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL
from workbooks.pagination import main

URL = f"{BASE_URL}/workbooks"


def answer(sigma, query, names, next_page):
    entries = [
        {"workbookId": name, "name": name, "path": "Sales", "latestVersion": 3} for name in names
    ]
    page = {"entries": entries, "nextPage": next_page}
    sigma.get(URL, match=[query_param_matcher(query)], json=page)


def test_prints_a_table_for_each_page_and_the_total(sigma, capsys, monkeypatch):
    monkeypatch.setenv("LIMIT", "2")
    answer(sigma, {"limit": 2}, ["Orders", "Churn"], "next, please?&")
    # A page may hold fewer entries than limit, even none, and be followed by another
    answer(sigma, {"limit": 2, "page": "next, please?&"}, [], 4)
    answer(sigma, {"limit": 2, "page": 4}, ["Margins"], None)
    main()
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if "--" not in line]
    heading = ["#", "Name", "Path", "LatestVersion"]
    first = [["Page", "1"], heading, ["1", "Orders", "Sales", "3"], ["2", "Churn", "Sales", "3"]]
    second = [["Page", "2"], "This page is empty.".split()]
    third = [["Page", "3"], heading, ["3", "Margins", "Sales", "3"]]
    assert lines == [*first, [], *second, [], *third, [], ["Total", "workbooks:", "3"]]


def test_fifty_workbooks_a_page_unless_told_otherwise(sigma, capsys):
    answer(sigma, {"limit": 50}, [], None)
    main()
    assert capsys.readouterr().out == "Page 1\nThis page is empty.\n\nTotal workbooks: 0\n"


def test_a_page_that_comes_twice_is_an_error_not_an_endless_loop(sigma, capsys):
    answer(sigma, {"limit": 50}, ["Orders"], "p2")
    answer(sigma, {"limit": 50, "page": "p2"}, ["Churn"], "p2")
    with pytest.raises(SigmaError, match="not whole: Sigma named the page p2 twice"):
        main()
    assert "Total" not in capsys.readouterr().out


def test_another_program_gets_one_list(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")
    answer(sigma, {"limit": 50}, ["Orders"], "p2")
    answer(sigma, {"limit": 50, "page": "p2"}, ["Churn"], None)
    main()
    rows = json.loads(capsys.readouterr().out)
    assert [(row["#"], row["workbookId"]) for row in rows] == [(1, "Orders"), (2, "Churn")]


@pytest.mark.parametrize("output_format", ["table", "json"])
def test_a_workbook_that_sigma_could_not_read_is_an_error(output_format, sigma, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", output_format)
    unreadable = {"code": "x", "message": "Not readable", "requestId": "r-1"}
    sigma.get(URL, json={"entries": [{"workbookId": "w-1"}, unreadable], "nextPage": None})
    with pytest.raises(SigmaError, match="The list is not whole: Not readable"):
        main()


@pytest.mark.parametrize("limit", ["0", "1001", "2.5", "fifty", "-1"])
def test_refuses_a_limit_that_sigma_would_not_take(limit, monkeypatch):
    monkeypatch.setenv("LIMIT", limit)
    with pytest.raises(SigmaError, match="LIMIT is .* whole number from 1 to 1000"):
        main()


def test_reads_all_pages_of_the_sandbox(run_recipe):
    done = run_recipe("workbooks/pagination.py", LIMIT="7")
    assert done.stdout.count("Page ") == 38
    assert done.stdout.endswith("Total workbooks: 260\n")


def test_an_error_row_in_the_sandbox(call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/workbooks"))
    done = call_recipe("workbooks/pagination.py")
    assert done.returncode == 1
    assert done.stderr.endswith("Error: The list is not whole: Not readable\n")
    assert "Total" not in done.stdout


def test_a_page_that_has_more_and_names_no_next_one_is_not_the_end(sigma):
    sigma.get(URL, json={"entries": [{"workbookId": "x-1"}], "hasMore": True})
    with pytest.raises(SigmaError, match="not whole: Sigma has more, and names no next page"):
        main()
