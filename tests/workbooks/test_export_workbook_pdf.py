"""Tests of workbooks/export_workbook_pdf.py."""

import pytest
from responses.matchers import json_params_matcher

import workbooks.export_workbook_pdf as recipe
from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL

RECIPE = "workbooks/export_workbook_pdf.py"
WORKBOOK = "678ba3ea-00c8-4702-871e-6418279e9796"
EXPORT = f"{BASE_URL}/workbooks/{WORKBOOK}/export"
DOWNLOAD = f"{BASE_URL}/query/q-1/download"


@pytest.fixture(autouse=True)
def settings_of_the_export(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBOOK_ID", WORKBOOK)
    monkeypatch.setenv("EXPORT_FOLDER", str(tmp_path))
    monkeypatch.setattr(recipe, "FIRST_PAUSE", 0.0)


@pytest.mark.parametrize("layout", ["", "portrait", "landscape"])
def test_saves_the_workbook(layout, sigma, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("PDF_LAYOUT", layout)
    body = {"format": {"type": "pdf", "layout": layout or "portrait"}}
    sigma.post(EXPORT, match=[json_params_matcher(body)], json={"queryId": "q-1"})
    sigma.get(DOWNLOAD, status=204)
    sigma.get(DOWNLOAD, body=b"%PDF-1.7", content_type="application/pdf")
    recipe.main()
    target = tmp_path / "export-workbook-pdf.pdf"
    assert target.read_bytes() == b"%PDF-1.7"
    assert capsys.readouterr().out == f"Export saved successfully: {target}\n"


def test_refuses_an_unknown_layout(monkeypatch):
    monkeypatch.setenv("PDF_LAYOUT", "square")
    with pytest.raises(SigmaError, match="PDF_LAYOUT is 'square'. It can be portrait, landscape"):
        recipe.main()


def test_an_answer_without_a_query(sigma):
    sigma.post(EXPORT, json={"queryId": None})
    with pytest.raises(SigmaError, match="export has no 'queryId'. It may have been carried out"):
        recipe.main()


def test_saves_a_real_pdf_of_the_sandbox(run_recipe, tmp_path):
    done = run_recipe(RECIPE, EXPORT_FOLDER=".")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "export-workbook-pdf.pdf").read_bytes().rstrip().endswith(b"%%EOF")


def test_a_failed_rendering_is_explained(run_recipe, sandbox, tmp_path):
    sandbox.state.rules.append(Fault(kind="500", match="GET /v2/query/*", times=0))
    done = run_recipe(RECIPE, EXPORT_FOLDER=".")
    assert done.returncode == 1
    assert "Sigma could not render this export: try it in Sigma, or another format" in done.stderr
    assert not list(tmp_path.iterdir())
