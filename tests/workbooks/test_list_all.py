"""Tests of workbooks/list_all.py."""

import json

import pytest
from responses.matchers import header_matcher, query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL, fresh
from workbooks.list_all import main

URL = f"{BASE_URL}/workbooks"


def workbook(name, version=1):
    return {"workbookId": f"id-{name}", "name": name, "url": f"u/{name}", "latestVersion": version}


def test_prints_the_workbooks_of_all_pages(sigma, capsys):
    with_token = header_matcher({"Authorization": "Bearer token-1"})
    sigma.get(
        URL,
        match=[with_token, query_param_matcher({"limit": 1000})],
        json={"entries": [workbook("Orders", 12)], "nextPage": "p2"},
    )
    sigma.get(
        URL,
        match=[with_token, query_param_matcher({"limit": 1000, "page": "p2"})],
        json={"entries": [{"workbookId": "id-2", "name": "Churn"}], "nextPage": None},
    )
    main()
    heading, line, *rows = capsys.readouterr().out.splitlines()
    assert heading.split() == ["Name", "Version", "URL"]
    assert [row.split() for row in rows] == [["Orders", "12", "u/Orders"], ["Churn"]]


def test_says_so_when_there_are_none(sigma, capsys):
    sigma.get(URL, json={"entries": [], "nextPage": None})
    main()
    assert capsys.readouterr().out == "There are no workbooks.\n"


def test_all_workbooks_are_asked_for_without_explorations(sigma, monkeypatch):
    monkeypatch.setenv("ALL_WORKBOOKS", "true")
    query = {"limit": 1000, "skipPermissionCheck": "true", "excludeExplorations": "true"}
    sigma.get(URL, match=[query_param_matcher(query)], json={"entries": [], "nextPage": None})
    main()


def test_a_typing_error_is_neither_a_yes_nor_a_no(monkeypatch):
    monkeypatch.setenv("ALL_WORKBOOKS", "yes")
    with pytest.raises(SigmaError, match="ALL_WORKBOOKS is 'yes'. It can be true, false"):
        main()


def test_a_failure_on_the_second_page_prints_no_part_of_the_list(sigma, capsys):
    sigma.get(URL, json={"entries": [workbook("Orders")], "nextPage": "p2"})
    sigma.get(URL, status=403, json={"message": "No", "requestId": "r-1"})
    with pytest.raises(SigmaError, match=r"403 from GET .*page=p2: No \(requestId r-1\)"):
        main()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("all_workbooks", "number"), [("", 260), ("true", 264)])
def test_what_others_keep_to_themselves_is_listed_on_demand(all_workbooks, number, run_recipe):
    done = run_recipe("workbooks/list_all.py", OUTPUT_FORMAT="json", ALL_WORKBOOKS=all_workbooks)
    rows = json.loads(done.stdout)
    assert len(rows) == number
    assert rows[0]["name"] == "Plugs Sales Performance"


def test_all_workbooks_are_for_administrators(run_recipe):
    viewer = {"CLIENT_ID": seed.VIEWER_CLIENT_ID, "SECRET": seed.VIEWER_SECRET}
    assert run_recipe("workbooks/list_all.py", **viewer).returncode == 0
    done = run_recipe("workbooks/list_all.py", ALL_WORKBOOKS="true", **viewer)
    assert done.returncode == 1
    assert "403 from GET" in done.stderr
    assert done.stdout == ""


def test_an_unreadable_workbook_is_named_and_the_exit_code_is_1(run_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/workbooks"))
    done = run_recipe("workbooks/list_all.py")
    assert done.returncode == 1
    assert "An entry of /workbooks is missing: Not readable (requestId fault-1)" in done.stderr
    assert len(done.stdout.splitlines()) == 2 + 260


def test_finds_all_in_a_large_organization(running_sandbox, run_recipe):
    large = fresh(running_sandbox, workbooks=2500)
    done = run_recipe("workbooks/list_all.py", OUTPUT_FORMAT="json")
    ids = [row["workbookId"] for row in json.loads(done.stdout)]
    assert len(set(ids)) == len(ids) == 2500
    assert len(large.state.log.entries) == 1 + 3  # the token, and three pages
