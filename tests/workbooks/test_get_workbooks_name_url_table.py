"""Tests of workbooks/get_workbooks_name_url_table.py."""

import csv
import io
import json

import pytest
from responses.matchers import header_matcher, query_param_matcher

from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL, fresh
from workbooks.get_workbooks_name_url_table import main

URL = f"{BASE_URL}/workbooks"


def workbook(name):
    return {"workbookId": f"id-{name}", "name": name, "url": f"u/{name}", "path": "Sales"}


def test_prints_name_and_url_of_all_pages_in_the_order_of_the_alphabet(sigma, capsys):
    with_token = header_matcher({"Authorization": "Bearer token-1"})
    sigma.get(
        URL,
        match=[with_token, query_param_matcher({"limit": 1000})],
        json={"entries": [workbook("Orders"), workbook("churn")], "nextPage": "p2"},
    )
    sigma.get(
        URL,
        match=[with_token, query_param_matcher({"limit": 1000, "page": "p2"})],
        json={"entries": [workbook("Deliveries")], "nextPage": None},
    )
    main()
    heading, line, *rows = capsys.readouterr().out.splitlines()
    assert heading.split() == ["Name", "URL"]
    assert [row.split() for row in rows] == [
        ["churn", "u/churn"],
        ["Deliveries", "u/Deliveries"],
        ["Orders", "u/Orders"],
    ]


def test_a_workbook_without_a_name_does_not_stop_the_list(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")
    entries = [workbook("Orders"), {"workbookId": "w-2", "name": None}]
    sigma.get(URL, json={"entries": entries, "nextPage": None})
    main()
    assert json.loads(capsys.readouterr().out) == [
        {"name": None, "url": None},
        {"name": "Orders", "url": "u/Orders"},
    ]


def test_prints_csv_for_a_spreadsheet(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "csv")
    sigma.get(URL, json={"entries": [workbook("Orders, new")], "nextPage": None})
    main()
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows == [{"Name": "Orders, new", "URL": "u/Orders, new"}]


def test_says_so_when_there_are_none(sigma, capsys):
    sigma.get(URL, json={"entries": [], "nextPage": None})
    main()
    assert capsys.readouterr().out == "There are no workbooks.\n"


def test_a_failure_on_the_second_page_prints_no_part_of_the_list(sigma, capsys):
    sigma.get(URL, json={"entries": [workbook("Orders")], "nextPage": "p2"})
    sigma.get(URL, status=403, json={"message": "No", "requestId": "r-1"})
    with pytest.raises(SigmaError, match=r"403 from GET .*page=p2: No \(requestId r-1\)"):
        main()
    assert capsys.readouterr().out == ""


def test_finds_all_in_a_large_organization(running_sandbox, run_recipe):
    large = fresh(running_sandbox, workbooks=2500)
    done = run_recipe("workbooks/get_workbooks_name_url_table.py", OUTPUT_FORMAT="json")
    rows = json.loads(done.stdout)
    workbooks = list(large.state.organization.workbooks.values())[:2500]  # four are private
    assert {(row["name"], row["url"]) for row in rows} == {(b.name, b.url) for b in workbooks}
    assert len(rows) == 2500
    assert [row["name"] for row in rows] == sorted(row["name"] for row in rows)


def test_an_unreadable_workbook_is_named_and_the_exit_code_is_1(run_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/workbooks"))
    done = run_recipe("workbooks/get_workbooks_name_url_table.py")
    assert done.returncode == 1
    assert "An entry of /workbooks is missing: Not readable (requestId fault-1)" in done.stderr
    assert len(done.stdout.splitlines()) == 2 + 260
