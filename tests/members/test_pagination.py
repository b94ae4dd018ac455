"""Tests of members/pagination.py."""

import json

import pytest
from responses.matchers import query_param_matcher

from members.pagination import main
from sigma_session import SigmaError
from tests.conftest import BASE_URL, fresh

URL = f"{BASE_URL}/members"


def answer(sigma, query, names, next_page):
    entries = [{"firstName": name, "memberId": name} for name in names]
    page = {"entries": entries, "nextPage": next_page}
    sigma.get(URL, match=[query_param_matcher(query)], json=page)


def test_prints_a_table_for_each_page_and_the_total(sigma, capsys, monkeypatch):
    monkeypatch.setenv("LIMIT", "2")
    answer(sigma, {"limit": 2}, ["Amara", "Bela"], "next, please?&")
    # A page may hold fewer entries than limit, even none, and be followed by another
    answer(sigma, {"limit": 2, "page": "next, please?&"}, [], 4)
    answer(sigma, {"limit": 2, "page": 4}, ["Chidi"], None)
    main()
    printed = capsys.readouterr().out
    order = ["Page 1", "Amara", "Bela", "Page 2", "This page is empty.", "Page 3", "Chidi"]
    assert [printed.index(text) for text in order] == sorted(printed.index(t) for t in order)
    assert printed.endswith("\nTotal members: 3\n")


def test_fifty_members_a_page_unless_told_otherwise(sigma, capsys):
    answer(sigma, {"limit": 50}, [], None)
    main()
    assert capsys.readouterr().out == "Page 1\nThis page is empty.\n\nTotal members: 0\n"


def test_takes_the_bare_list_of_older_organizations(sigma, capsys):
    sigma.get(URL, json=[{"memberId": "m-1"}, {"memberId": "m-2"}])
    main()
    assert "Total members: 2" in capsys.readouterr().out


def test_a_page_that_comes_twice_is_an_error_not_an_endless_loop(sigma, capsys):
    answer(sigma, {"limit": 50}, ["Amara"], "p2")
    answer(sigma, {"limit": 50, "page": "p2"}, ["Bela"], "p2")
    with pytest.raises(SigmaError, match="not whole: Sigma named the page p2 twice"):
        main()
    assert "Total" not in capsys.readouterr().out


def test_another_program_gets_one_list(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")
    answer(sigma, {"limit": 50}, ["Amara"], "p2")
    answer(sigma, {"limit": 50, "page": "p2"}, ["Bela"], None)
    main()
    assert [row["memberId"] for row in json.loads(capsys.readouterr().out)] == ["Amara", "Bela"]


@pytest.mark.parametrize("output_format", ["table", "json"])
def test_an_entry_that_sigma_could_not_read_is_an_error(output_format, sigma, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", output_format)
    unreadable = {"code": "x", "message": "Not readable", "requestId": "r-1"}
    sigma.get(URL, json={"entries": [{"memberId": "m"}, unreadable], "nextPage": None})
    with pytest.raises(SigmaError, match="The list is not whole: Not readable"):
        main()


@pytest.mark.parametrize("limit", ["0", "1001", "2.5", "fifty", "-1"])
def test_refuses_a_limit_that_sigma_would_not_take(limit, monkeypatch):
    monkeypatch.setenv("LIMIT", limit)
    with pytest.raises(SigmaError, match="LIMIT is .* whole number from 1 to 1000"):
        main()


@pytest.mark.parametrize(("bare_lists", "pages"), [(False, 18), (True, 1)])
def test_reads_all_pages_of_the_sandbox(running_sandbox, run_recipe, bare_lists, pages):
    fresh(running_sandbox, bare_lists=bare_lists)
    done = run_recipe("members/pagination.py", LIMIT="7")
    assert done.stdout.count("Page ") == pages
    assert done.stdout.endswith("Total members: 120\n")


def test_a_page_that_has_more_and_names_no_next_one_is_not_the_end(sigma):
    sigma.get(URL, json={"entries": [{"memberId": "x-1"}], "hasMore": True})
    with pytest.raises(SigmaError, match="not whole: Sigma has more, and names no next page"):
        main()
