"""Tests of workbooks/list_all.py."""

import pytest
from responses.matchers import query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL
from workbooks.list_all import main

URL = f"{BASE_URL}/workbooks"
RECIPE = "workbooks/list_all.py"


def test_prints_names_versions_and_whole_urls(sigma, capsys):
    url = "https://app.sigmacomputing.com/example/workbook/" + "Quarterly-review-" * 15 + "7sYW"
    orders = {"workbookId": "w1", "name": "Orders", "url": url, "latestVersion": 12}
    entries = [orders, {"workbookId": "w2", "name": "Churn"}]
    sigma.get(URL, json={"entries": entries, "nextPage": None})
    main()
    heading, _, *rows = capsys.readouterr().out.splitlines()
    assert heading.split() == ["Name", "Version", "URL"]
    assert [row.split() for row in rows] == [["Orders", "12", url], ["Churn"]]


def test_asks_for_all_workbooks_without_explorations(sigma, monkeypatch):
    monkeypatch.setenv("ALL_WORKBOOKS", "true")
    query = {"limit": 1000, "skipPermissionCheck": "true", "excludeExplorations": "true"}
    sigma.get(URL, match=[query_param_matcher(query)], json={"entries": [], "nextPage": None})
    main()


def test_a_typo_is_neither_yes_nor_no(monkeypatch):
    monkeypatch.setenv("ALL_WORKBOOKS", "yes")
    with pytest.raises(SigmaError, match="ALL_WORKBOOKS"):
        main()


def test_all_workbooks_are_for_administrators(call_recipe):
    viewer = {"CLIENT_ID": seed.VIEWER_CLIENT_ID, "SECRET": seed.VIEWER_SECRET}
    assert call_recipe(RECIPE, **viewer).returncode == 0
    done = call_recipe(RECIPE, ALL_WORKBOOKS="true", **viewer)
    assert (done.returncode, done.stdout) == (1, "")
    assert "403 from GET" in done.stderr


def test_an_unreadable_entry_is_reported_and_the_others_are_printed(call_recipe, sandbox):
    whole = call_recipe(RECIPE)
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/workbooks"))
    done = call_recipe(RECIPE)
    assert (done.returncode, done.stdout) == (1, whole.stdout)
    assert "fault-1" in done.stderr
