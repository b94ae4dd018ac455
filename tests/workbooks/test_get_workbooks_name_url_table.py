"""Tests of workbooks/get_workbooks_name_url_table.py."""

import csv
import io
import json

from sandbox.faults import Fault
from tests.conftest import BASE_URL
from workbooks.get_workbooks_name_url_table import main

URL = f"{BASE_URL}/workbooks"
RECIPE = "workbooks/get_workbooks_name_url_table.py"


def workbook(name):
    return {"workbookId": f"id-{name}", "name": name, "url": f"u/{name}", "path": "Sales"}


def test_sorts_by_name_and_keeps_name_and_url(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")
    entries = [workbook("Orders"), workbook("churn"), {"workbookId": "w3", "name": None}]
    sigma.get(URL, json={"entries": entries, "nextPage": None})
    main()
    assert json.loads(capsys.readouterr().out) == [
        {"name": None, "url": None},
        {"name": "churn", "url": "u/churn"},
        {"name": "Orders", "url": "u/Orders"},
    ]


def test_prints_csv_for_a_spreadsheet(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "csv")
    sigma.get(URL, json={"entries": [workbook("Orders, new")], "nextPage": None})
    main()
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows == [{"Name": "Orders, new", "URL": "u/Orders, new"}]


def test_an_unreadable_entry_is_reported_and_the_others_are_printed(call_recipe, sandbox):
    whole = call_recipe(RECIPE)
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/workbooks"))
    done = call_recipe(RECIPE)
    assert (done.returncode, done.stdout) == (1, whole.stdout)
    assert "fault-1" in done.stderr
