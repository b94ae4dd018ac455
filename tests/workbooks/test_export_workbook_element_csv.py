"""Tests of workbooks/export_workbook_element_csv.py."""

import csv
import datetime

import pytest
from responses.matchers import json_params_matcher

import workbooks.export_workbook_element_csv as recipe
from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL

RECIPE = "workbooks/export_workbook_element_csv.py"
WORKBOOK = "678ba3ea-00c8-4702-871e-6418279e9796"
EXPORT = f"{BASE_URL}/workbooks/{WORKBOOK}/export"
CONTROLS = f"{BASE_URL}/workbooks/{WORKBOOK}/controls"
DOWNLOAD = f"{BASE_URL}/query/q-1/download"


@pytest.fixture(autouse=True)
def settings_of_the_export(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBOOK_ID", WORKBOOK)
    monkeypatch.setenv("ELEMENT_ID", "e-1")
    monkeypatch.setenv("DATE_FROM", "2024-04-16")
    monkeypatch.setenv("DATE_TO", "2024-04-17")
    monkeypatch.setenv("EXPORT_FOLDER", str(tmp_path))
    monkeypatch.setattr(recipe, "FIRST_PAUSE", 0.0)


@pytest.fixture
def exporting(sigma):
    """A workbook with the date control, whose export has started."""
    entries = [{"name": "DateFilter", "valueType": "date-range"}]
    sigma.get(CONTROLS, json={"entries": entries, "nextPage": None})
    sigma.post(
        EXPORT,
        match=[
            json_params_matcher(
                {
                    "elementId": "e-1",
                    "format": {"type": "csv"},
                    "parameters": {"DateFilter": "min:2024-04-16,max:2024-04-17"},
                }
            )
        ],
        json={"queryId": "q-1", "jobComplete": False},
    )
    return sigma


def test_waits_for_the_file_and_says_where_it_is(exporting, capsys, tmp_path):
    exporting.get(DOWNLOAD, status=404, json={"message": "Not found"})  # Sigma knows it later
    exporting.get(DOWNLOAD, status=204)
    exporting.get(DOWNLOAD, status=204)
    exporting.get(DOWNLOAD, body=b"a,b\n1,2\n", content_type="text/csv")
    recipe.main()
    assert (tmp_path / "export.csv").read_bytes() == b"a,b\n1,2\n"
    assert capsys.readouterr().out == (
        "Date range: DateFilter = min:2024-04-16,max:2024-04-17\n"
        f"Export saved successfully: {tmp_path / 'export.csv'}\n"
    )


def test_asks_again_after_growing_pauses(exporting, monkeypatch):
    slept = []
    monkeypatch.setattr(recipe, "FIRST_PAUSE", 1.0)
    monkeypatch.setattr(recipe.time, "sleep", slept.append)
    for _ in range(9):
        exporting.get(DOWNLOAD, status=204)
    exporting.get(DOWNLOAD, body=b"a\n", content_type="text/csv")
    recipe.main()
    pauses = [pause for pause in slept if pause]
    assert pauses[:3] == [1.0, 1.5, 2.25]
    assert pauses[-1] == 10.0
    assert pauses == sorted(pauses)


@pytest.mark.parametrize(
    ("status", "message", "words"),
    [
        (404, "The query download has expired. ...", "The query download has expired"),
        (500, "Rendering failed", "Sigma could not render this export: try it in Sigma"),
        (403, "No rights", "No rights"),
    ],
)
def test_an_export_that_fails_leaves_no_file(status, message, words, exporting, tmp_path, capsys):
    exporting.get(DOWNLOAD, status=status, json={"message": message})
    with pytest.raises(SigmaError, match=words):
        recipe.main()
    assert not list(tmp_path.iterdir())
    assert "successfully" not in capsys.readouterr().out


def test_an_unknown_query_is_an_error_after_a_while(exporting, monkeypatch):
    monkeypatch.setattr(recipe, "UNKNOWN_AT_FIRST", -1.0)
    exporting.get(DOWNLOAD, status=404, json={"message": "Not found"})
    with pytest.raises(SigmaError, match="404 from GET .*Not found"):
        recipe.main()


def test_gives_up_after_export_max_wait(exporting, monkeypatch):
    monkeypatch.setenv("EXPORT_MAX_WAIT", "0")
    exporting.get(DOWNLOAD, status=204)
    with pytest.raises(SigmaError, match="longer than EXPORT_MAX_WAIT, 0 seconds"):
        recipe.main()


def test_the_last_thirty_days_unless_told_otherwise(exporting, monkeypatch, capsys):
    monkeypatch.setenv("DATE_FROM", "")
    monkeypatch.setenv("DATE_TO", "")
    exporting.replace("POST", EXPORT, json={"queryId": "q-1"})
    exporting.get(DOWNLOAD, body=b"a\n", content_type="text/csv")
    recipe.main()
    today = datetime.date.today()
    wanted = f"min:{today - datetime.timedelta(days=30)},max:{today}"
    assert wanted in capsys.readouterr().out
    assert wanted in exporting.calls[2].request.body.decode()


@pytest.mark.parametrize("name", ["DATE_FROM", "DATE_TO"])
@pytest.mark.parametrize("value", ["yesterday", "16.4.2024", "2024-02-30"])
def test_refuses_what_is_no_date(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(SigmaError, match=f"{name} is '{value}'. Write a date like 2024-04-16"):
        recipe.main()


def test_refuses_a_range_that_ends_before_it_begins(monkeypatch):
    monkeypatch.setenv("DATE_FROM", "2024-04-18")
    with pytest.raises(SigmaError, match="DATE_FROM .2024-04-18. is later than DATE_TO"):
        recipe.main()


def test_refuses_a_folder_that_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("EXPORT_FOLDER", str(tmp_path / "none"))
    with pytest.raises(SigmaError, match="EXPORT_FOLDER is .*none, which is not a folder"):
        recipe.main()


def test_refuses_a_control_that_holds_no_dates(sigma, monkeypatch):
    monkeypatch.setenv("DATE_FILTER_CONTROL", "Region")
    entries = [{"name": "Region", "valueType": "text-list"}]
    sigma.get(CONTROLS, json={"entries": entries, "nextPage": None})
    with pytest.raises(SigmaError, match="DATE_FILTER_CONTROL is 'Region', a control for text-l"):
        recipe.main()


def test_warns_about_a_control_that_is_not_listed(exporting, capsys):
    exporting.replace("GET", CONTROLS, json={"entries": [], "nextPage": None})
    exporting.get(DOWNLOAD, body=b"a\n", content_type="text/csv")
    recipe.main()
    printed, trace = capsys.readouterr()
    assert "The workbook lists no control 'DateFilter', so its dates may not be applied" in trace
    assert "successfully" in printed


def test_a_short_id_is_resolved_first(exporting, monkeypatch):
    monkeypatch.setenv("WORKBOOK_ID", "https://app.sigmacomputing.com/x/workbook/W-7sYWojYnccx")
    exporting.get(f"{BASE_URL}/workbooks/7sYWojYnccx", json={"workbookId": WORKBOOK})
    exporting.get(DOWNLOAD, body=b"a\n", content_type="text/csv")
    recipe.main()


def test_the_date_range_changes_the_file(run_recipe, tmp_path):
    rows = {}
    for date_to in ("2024-04-17", "2024-06-17"):
        done = run_recipe(RECIPE, EXPORT_FOLDER=".", DATE_FROM="2024-04-16", DATE_TO=date_to)
        assert done.returncode == 0, done.stderr
        with (tmp_path / "export.csv").open(encoding="utf-8", newline="") as file:
            rows[date_to] = list(csv.DictReader(file))
    assert 0 < len(rows["2024-04-17"]) < len(rows["2024-06-17"])
    assert {row["Order Date"][:10] for row in rows["2024-04-17"]} <= {"2024-04-16", "2024-04-17"}


def test_a_page_in_place_of_the_file_leaves_nothing(run_recipe, sandbox, tmp_path):
    sandbox.state.rules.append(Fault(kind="html", match="GET /v2/query/*", times=0))
    done = run_recipe(RECIPE, EXPORT_FOLDER=".")
    assert done.returncode == 1
    assert "is not a csv file but text/html" in done.stderr
    assert not list(tmp_path.glob("*export*"))


@pytest.mark.parametrize(("limit", "is_whole"), [(1, False), (2, False), (3, True)])
def test_a_file_with_as_many_rows_as_fit_is_not_called_whole(limit, is_whole, sigma, monkeypatch):
    monkeypatch.setattr(recipe, "ROWS_PER_EXPORT", limit)
    two_rows = b'\xef\xbb\xbfName,Note\r\nA,"two\r\nlines ""quoted"""\r\nB,x\r\n'
    sigma.get(CONTROLS, json={"entries": [], "nextPage": None})
    sigma.post(EXPORT, json={"queryId": "q-1"})
    sigma.get(DOWNLOAD, body=two_rows, content_type="text/csv")
    if is_whole:
        recipe.main()
    else:
        with pytest.raises(SigmaError, match=f"may not be complete: one export holds {limit} rows"):
            recipe.main()
