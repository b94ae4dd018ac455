"""Tests of workbooks/export_workbook_element_csv.py."""

import csv
import datetime
import json

import pytest

import sigma_client
import workbooks.export_workbook_element_csv as recipe
from sigma_client import SigmaError
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
    monkeypatch.setattr(sigma_client.time, "sleep", lambda seconds: None)


def exporting(sigma, control="DateFilter", body=b"a\n1\n", kind="date-range"):
    entries = [{"name": control, "valueType": kind}]
    sigma.get(CONTROLS, json={"entries": entries, "nextPage": None})
    if body:
        sigma.post(EXPORT, json={"queryId": "q-1", "jobComplete": False})
        sigma.get(DOWNLOAD, status=204)
        sigma.get(DOWNLOAD, body=body)


def sent(sigma):
    (call,) = [call for call in sigma.calls if call.request.url == EXPORT]
    return json.loads(call.request.body)


def test_saves_the_rows_of_the_date_range(sigma, capsys, tmp_path):
    exporting(sigma)
    recipe.main()
    dates = {"DateFilter": "min:2024-04-16,max:2024-04-17"}
    assert sent(sigma) == {"elementId": "e-1", "format": {"type": "csv"}, "parameters": dates}
    assert (tmp_path / "export.csv").read_bytes() == b"a\n1\n"
    assert f"Export saved successfully: {tmp_path / 'export.csv'}\n" in capsys.readouterr().out


def test_by_default_the_last_thirty_days(sigma, monkeypatch):
    monkeypatch.delenv("DATE_FROM")
    monkeypatch.delenv("DATE_TO")
    exporting(sigma)
    recipe.main()
    today = datetime.date.today()
    begin = today - datetime.timedelta(days=30)
    assert sent(sigma)["parameters"] == {"DateFilter": f"min:{begin},max:{today}"}


@pytest.mark.parametrize("name", ["DATE_FROM", "DATE_TO"])
@pytest.mark.parametrize("value", ["yesterday", "16.4.2024", "2024-02-30", "2024-W16-2"])
def test_refuses_what_is_not_a_date(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(SigmaError, match=name):
        recipe.main()


def test_refuses_a_range_that_ends_before_it_begins(monkeypatch):
    monkeypatch.setenv("DATE_FROM", "2024-04-18")
    with pytest.raises(SigmaError, match="DATE_FROM .* later than DATE_TO"):
        recipe.main()


def test_refuses_a_control_that_is_not_for_dates(sigma, monkeypatch):
    monkeypatch.setenv("DATE_FILTER_CONTROL", "Region")
    exporting(sigma, "Region", body=b"", kind="text-list")
    with pytest.raises(SigmaError, match="DATE_FILTER_CONTROL is 'Region', a control for text-l"):
        recipe.main()


def test_warns_about_a_control_that_is_not_listed(sigma, capsys):
    exporting(sigma, "Period")
    recipe.main()
    captured = capsys.readouterr()
    assert "'DateFilter'" in captured.err
    assert "Period" in captured.err
    assert "successfully" in captured.out


def test_a_short_id_is_looked_up_first(sigma, monkeypatch):
    monkeypatch.setenv("WORKBOOK_ID", "https://app.sigmacomputing.com/x/workbook/W-7sYWojYnccx")
    sigma.get(f"{BASE_URL}/workbooks/7sYWojYnccx", json={"workbookId": WORKBOOK})
    exporting(sigma)
    recipe.main()


@pytest.mark.parametrize(("limit", "is_whole"), [(1, False), (2, False), (3, True)])
def test_a_full_file_is_not_called_complete(limit, is_whole, sigma, monkeypatch, capsys):
    monkeypatch.setattr(recipe, "ROWS_PER_EXPORT", limit)
    exporting(sigma, body=b'\xef\xbb\xbfName,Note\r\nA,"two\r\nlines ""quoted"""\r\nB,x\r\n')
    if is_whole:
        recipe.main()
    else:
        with pytest.raises(SigmaError, match=r"workbooks/export_all_elements\.py"):
            recipe.main()
    assert ("successfully" in capsys.readouterr().out) == is_whole


def test_the_date_range_changes_the_file(call_recipe, tmp_path):
    rows = {}
    for date_to in ("2024-04-17", "2024-06-17"):
        done = call_recipe(RECIPE, DATE_FROM="2024-04-16", DATE_TO=date_to)
        assert done.returncode == 0, done.stderr
        with (tmp_path / "export.csv").open(encoding="utf-8", newline="") as file:
            rows[date_to] = list(csv.DictReader(file))
    assert 0 < len(rows["2024-04-17"]) < len(rows["2024-06-17"])
    assert {row["Order Date"][:10] for row in rows["2024-04-17"]} <= {"2024-04-16", "2024-04-17"}
