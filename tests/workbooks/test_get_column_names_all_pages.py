"""Tests of workbooks/get_column_names_all_pages.py."""

import pytest
from responses.matchers import query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL
from workbooks.get_column_names_all_pages import main

RECIPE = "workbooks/get_column_names_all_pages.py"
LONG_ID = "7a4a5b2d-6e01-54d6-85ee-e397762e1cf1"
URL = f"{BASE_URL}/workbooks/{LONG_ID}"


@pytest.fixture(autouse=True)
def workbook(monkeypatch):
    monkeypatch.setenv("WORKBOOK_ID", LONG_ID)


def answer(sigma, path, *entries, following=None, **query):
    match = [query_param_matcher({"limit": 1000, **query})]
    page = {"entries": list(entries), "nextPage": following}
    sigma.get(f"{URL}/{path}", match=match, json=page)


def column(element_id, name):
    return {"elementId": element_id, "columnId": f"c-{name}", "name": name, "formula": f"[{name}]"}


def test_prints_pages_elements_and_columns_as_a_tree(sigma, capsys):
    answer(sigma, "pages", {"pageId": "p-1", "name": "Data"}, {"pageId": "p-2", "hidden": True})
    table = {"elementId": "e-1", "name": "Sales\n  Forged", "type": "table"}
    chart = {"elementId": "e-2", "type": "visualization", "vizualizationType": "bar"}
    answer(sigma, "pages/p-1/elements", table, chart)
    answer(sigma, "pages/p-2/elements", {"elementId": "e-3"})
    answer(sigma, "columns", column("e-2", "Region"), column("e-1", "Region"), following="x")
    answer(sigma, "columns", column("e-1", "Größe"), column("e-1", None), page="x")
    main()
    assert capsys.readouterr().out.splitlines() == [
        "Page: Data (p-1)",
        "  Sales   Forged (e-1, table)",
        "    Region",
        "    Größe",
        "    no name",
        "  no name (e-2, bar)",
        "    Region",
        "Page: no name (p-2, hidden)",
        "  no name (e-3, unknown type)",
    ]


def test_looks_up_the_long_id_of_a_pasted_url(sigma, capsys, monkeypatch):
    monkeypatch.setenv("WORKBOOK_ID", "https://app.sigmacomputing.com/acme/workbook/Sales-short1")
    sigma.get(f"{BASE_URL}/workbooks/short1", json={"workbookId": LONG_ID, "name": None})
    answer(sigma, "pages", {"pageId": "p-1", "name": "Data"})
    answer(sigma, "pages/p-1/elements")
    answer(sigma, "columns")
    main()
    assert capsys.readouterr().out == "Page: Data (p-1)\n"


def test_prints_pages_and_elements_if_the_columns_are_refused(sigma, capsys):
    answer(sigma, "pages", {"pageId": "p-1", "name": "Data"})
    answer(sigma, "pages/p-1/elements", {"elementId": "e-1", "type": "table"})
    sigma.get(f"{URL}/columns", status=403, json={"message": "No rights", "requestId": "r-1"})
    with pytest.raises(SigmaError, match="403 from GET .*r-1"):
        main()
    assert capsys.readouterr().out == "Page: Data (p-1)\n  no name (e-1, table)\n"


def test_shows_where_the_ids_of_the_demo_settings_come_from(call_recipe, sandbox):
    done = call_recipe(RECIPE)
    assert f"Page: Dashboard ({seed.DEMO_PAGE_ID})\n" in done.stdout
    assert f"  Orders ({seed.DEMO_ELEMENT_ID}, table)\n" in done.stdout


def test_prints_what_it_has_if_an_entry_is_unreadable(call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET */pages"))
    done = call_recipe(RECIPE)
    assert done.returncode == 1
    assert "fault-1" in done.stderr
    assert done.stdout.count("Page: ") == 3
