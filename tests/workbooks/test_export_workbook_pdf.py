"""Tests of workbooks/export_workbook_pdf.py."""

import pytest
from responses.matchers import json_params_matcher

import sigma_client
from sandbox.faults import Fault
from tests.conftest import BASE_URL
from workbooks.export_workbook_pdf import main

RECIPE = "workbooks/export_workbook_pdf.py"
WORKBOOK = "678ba3ea-00c8-4702-871e-6418279e9796"
EXPORT = f"{BASE_URL}/workbooks/{WORKBOOK}/export"
DOWNLOAD = f"{BASE_URL}/query/q-1/download"


@pytest.fixture(autouse=True)
def settings_of_the_export(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBOOK_ID", WORKBOOK)
    monkeypatch.setenv("EXPORT_FOLDER", str(tmp_path))
    monkeypatch.setattr(sigma_client.time, "sleep", lambda seconds: None)


@pytest.mark.parametrize("layout", ["", "portrait", "landscape"])
def test_saves_the_workbook(layout, sigma, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("PDF_LAYOUT", layout)
    body = {"format": {"type": "pdf", "layout": layout or "portrait"}}
    sigma.post(EXPORT, match=[json_params_matcher(body)], json={"queryId": "q-1"})
    sigma.get(DOWNLOAD, status=204)
    sigma.get(DOWNLOAD, body=b"%PDF-1.7")
    main()
    target = tmp_path / "export-workbook-pdf.pdf"
    assert target.read_bytes() == b"%PDF-1.7"
    assert capsys.readouterr().out == f"Export saved successfully: {target}\n"


def test_a_pasted_url_is_looked_up_first(sigma, monkeypatch):
    monkeypatch.setenv("WORKBOOK_ID", "https://app.sigmacomputing.com/x/workbook/W-7sYWojYnccx")
    sigma.get(f"{BASE_URL}/workbooks/7sYWojYnccx", json={"workbookId": WORKBOOK})
    sigma.post(EXPORT, json={"queryId": "q-1"})
    sigma.get(DOWNLOAD, body=b"%PDF-1.7")
    main()


def test_saves_a_real_pdf_of_the_sandbox(call_recipe, tmp_path):
    done = call_recipe(RECIPE, EXPORT_FOLDER=".")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "export-workbook-pdf.pdf").read_bytes().rstrip().endswith(b"%%EOF")


def test_a_failed_rendering_leaves_no_file(call_recipe, sandbox, tmp_path):
    sandbox.state.rules.append(Fault(kind="failed-rendering", times=0))
    done = call_recipe(RECIPE, EXPORT_FOLDER=".")
    assert done.returncode == 1
    assert "could not be rendered" in done.stderr
    assert not list(tmp_path.iterdir())
