"""Tests of workbooks/get_column_names_all_pages.py."""

import pytest
from responses.matchers import query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL
from workbooks.get_column_names_all_pages import main

RECIPE = "workbooks/get_column_names_all_pages.py"
URL = f"{BASE_URL}/workbooks/long-1"


@pytest.fixture(autouse=True)
def workbook(monkeypatch):
    monkeypatch.setenv("WORKBOOK_ID", "short1")


def answer(sigma, path, *entries, next_page=None, **query):
    sigma.get(
        f"{URL}/{path}",
        match=[query_param_matcher({"limit": 1000, **query})],
        json={"entries": list(entries), "nextPage": next_page},
    )


def column(label):
    return {"columnId": f"c-{label}", "label": label, "formula": f"[{label}]", "type": {}}


def test_prints_pages_elements_and_columns_as_a_tree(sigma, capsys):
    sigma.get(f"{BASE_URL}/workbooks/short1", json={"workbookId": "long-1", "name": "Orders"})
    answer(sigma, "pages", {"pageId": "p-1", "name": "Data"}, next_page="x")
    answer(sigma, "pages", {"pageId": "p-2", "hidden": True}, page="x")
    table = {"elementId": "e-1", "name": "Sales", "type": "table"}
    chart = {"elementId": "e-2", "type": "visualization", "vizualizationType": "bar"}
    answer(sigma, "pages/p-1/elements", table, next_page="x")
    answer(sigma, "pages/p-1/elements", chart, page="x")
    answer(sigma, "pages/p-2/elements", {"elementId": "e-3"}, {"elementId": "e-4", "type": "text"})
    answer(sigma, "elements/e-1/columns", column("Region"), next_page="x")
    answer(sigma, "elements/e-1/columns", column("Größe"), page="x")
    answer(sigma, "elements/e-2/columns")
    # Sigma may refuse to list the columns of what has none
    sigma.get(f"{URL}/elements/e-3/columns", status=400, json={"message": "No columns"})
    sigma.get(f"{URL}/elements/e-4/columns", status=404, json={"message": "No columns"})
    main()
    assert capsys.readouterr().out.splitlines() == [
        "Workbook: Orders (long-1)",
        "Page: Data (p-1)",
        "  Sales (e-1, table)",
        "    Region",
        "    Größe",
        "  no name (e-2, bar)",
        "Page: no name (p-2, hidden)",
        "  no name (e-3, unknown type)",
        "  no name (e-4, text)",
    ]


@pytest.mark.parametrize("status", [403, 500])
def test_goes_on_after_an_element_whose_columns_are_refused(status, sigma, capsys):
    sigma.get(f"{BASE_URL}/workbooks/short1", json={"workbookId": "long-1", "name": "Orders"})
    answer(sigma, "pages", {"pageId": "p-1", "name": "Data"})
    elements = [{"elementId": "e-1", "type": "table"}, {"elementId": "e-2", "type": "table"}]
    answer(sigma, "pages/p-1/elements", *elements)
    sigma.get(f"{URL}/elements/e-1/columns", status=status, json={"message": "No"})
    answer(sigma, "elements/e-2/columns", {"columnId": "c-1", "label": "Profit"})
    with pytest.raises(SigmaError, match="not complete: the columns of 1 elements are unknown"):
        main()
    printed, trace = capsys.readouterr()
    assert printed.splitlines()[2:] == [
        "  no name (e-1, table)",
        "  no name (e-2, table)",
        "    Profit",
    ]
    assert f"Columns unknown: e-1: {status} from GET " in trace


def test_an_id_that_would_change_the_address_is_refused(sigma):
    sigma.get(f"{BASE_URL}/workbooks/short1", json={"workbookId": "long-1", "name": "Orders"})
    answer(sigma, "pages", {"pageId": "../../members"})
    with pytest.raises(SigmaError, match="pageId in Sigma's answer is '../../members', which is"):
        main()


def test_missing_setting(monkeypatch):
    monkeypatch.setenv("WORKBOOK_ID", "")
    with pytest.raises(SigmaError, match="WORKBOOK_ID is not set"):
        main()


def test_shows_where_the_ids_of_the_demo_settings_come_from(run_recipe, sandbox):
    url = sandbox.state.organization.workbooks[seed.DEMO_WORKBOOK_ID].url
    done = run_recipe(RECIPE, WORKBOOK_ID=url)
    assert done.returncode == 0, done.stderr
    assert f"\nPage: Dashboard ({seed.DEMO_PAGE_ID})\n  Date Filter (" in done.stdout
    assert f"\n  Orders ({seed.DEMO_ELEMENT_ID}, table)\n    Order Number\n" in done.stdout
    assert done.stdout.count("\nPage: ") == 3


def test_an_unknown_workbook(run_recipe):
    done = run_recipe(RECIPE, WORKBOOK_ID="nowhere")
    assert done.returncode == 1
    assert "nowhere not found (requestId " in done.stderr


def test_an_unreadable_page_is_named_and_the_exit_code_is_1(run_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET */pages"))
    done = run_recipe(RECIPE)
    assert done.returncode == 1
    assert "/pages is missing: Not readable (requestId fault-1)" in done.stderr
    assert done.stdout.count("\nPage: ") == 3
