"""Tests of workbooks/export_workbook.py."""

import io
import json

import openpyxl
import pytest
from responses.matchers import header_matcher, json_params_matcher

import sigma_client
import workbooks.export_workbook as recipe
from sigma_client import SigmaError
from tests.conftest import BASE_URL

RECIPE = "workbooks/export_workbook.py"
WORKBOOK = "678ba3ea-00c8-4702-871e-6418279e9796"
EXPORT = f"{BASE_URL}/workbooks/{WORKBOOK}/export"
DOWNLOAD = f"{BASE_URL}/query/q-1/download"


@pytest.fixture(autouse=True)
def settings_of_the_export(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBOOK_ID", WORKBOOK)
    monkeypatch.setenv("PAGE_ID", "p-1")
    monkeypatch.setenv("ELEMENT_ID", "e-1")
    monkeypatch.setenv("EXPORT_FOLDER", str(tmp_path))
    monkeypatch.setattr(sigma_client.time, "sleep", lambda seconds: None)


def sheets(*sizes):
    """Return an xlsx file with a heading and so many rows on each sheet."""
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for size in sizes:
        sheet = book.create_sheet()
        sheet.append(["A", "Note"])
        for number in range(size):
            sheet.append([number, "<row r='1'>" * 10])
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("scope", "file_format", "body", "name", "content"),
    [
        ("", "", {"format": {"type": "pdf", "layout": "portrait"}}, "workbook.pdf", b"%PDF"),
        ("workbook", "xlsx", {"format": {"type": "xlsx"}}, "workbook.xlsx", sheets(1)),
        ("page", "png", {"pageId": "p-1", "format": {"type": "png"}}, "page-p-1.png", b"\x89PNG"),
        (
            *("element", "csv", {"elementId": "e-1", "format": {"type": "csv"}}),
            *("element-e-1.csv", b"a\n1\n"),
        ),
    ],
)
def test_exports_what_the_settings_say(
    scope, file_format, body, name, content, sigma, monkeypatch, tmp_path, capsys
):
    monkeypatch.setenv("EXPORT_SCOPE", scope)
    monkeypatch.setenv("EXPORT_FORMAT", file_format)
    sigma.post(EXPORT, match=[json_params_matcher(body)], json={"queryId": "q-1"})
    sigma.get(DOWNLOAD, status=204)
    sigma.get(DOWNLOAD, body=content)
    recipe.main()
    target = tmp_path / f"export-{name}"
    assert target.read_bytes() == content
    assert capsys.readouterr().out == f"Export saved successfully: {target}\n"
    assert not [name for name in sigma.calls[1].request.headers if "oauth" in name.lower()]


@pytest.mark.parametrize(
    ("scope", "file_format", "allowed"),
    [("workbook", "csv", "pdf, xlsx"), ("page", "jsonl", "pdf, png, xlsx"), ("element", "doc", "")],
)
def test_refuses_what_sigma_cannot_export(scope, file_format, allowed, monkeypatch):
    monkeypatch.setenv("EXPORT_SCOPE", scope)
    monkeypatch.setenv("EXPORT_FORMAT", file_format)
    with pytest.raises(SigmaError, match=f"EXPORT_FORMAT .*EXPORT_SCOPE={scope}.*{allowed}"):
        recipe.main()


QUOTES = '"' * 100_000  # in JSON an escape each, so one of two rows has one where chunks end
THREE_ROWS = {
    "csv": b'\xef\xbb\xbfA,B\r\n1,"two\r\nlines ""quoted"""\r\n\r\n3,' + b"x" * 100_000 + b"\r\n",
    "jsonl": b"".join(json.dumps({"A": QUOTES, "B": '"'}).encode() + b"\n" for _ in range(3)),
    "json": json.dumps(
        [{"A": QUOTES, "N": [{}, {}]}, {"A": QUOTES}, {"B\\": '\\"}, {'}], indent=1
    ).encode(),
    "xlsx": sheets(1, 3, 2),
}


@pytest.mark.parametrize(("limit", "is_whole"), [(3, False), (4, True)])
@pytest.mark.parametrize("file_format", THREE_ROWS)
def test_a_full_file_is_not_called_complete(file_format, limit, is_whole, sigma, monkeypatch):
    monkeypatch.setattr(recipe, "ROWS_PER_EXPORT", limit)
    monkeypatch.setenv("EXPORT_SCOPE", "element")
    monkeypatch.setenv("EXPORT_FORMAT", file_format)
    sigma.post(EXPORT, json={"queryId": "q-1"})
    sigma.get(DOWNLOAD, body=THREE_ROWS[file_format])
    if is_whole:
        recipe.main()
    else:
        with pytest.raises(SigmaError, match=r"workbooks/export_all_elements\.py"):
            recipe.main()


def test_a_million_rows_are_full(sigma, monkeypatch):
    monkeypatch.setenv("EXPORT_SCOPE", "element")
    monkeypatch.setenv("EXPORT_FORMAT", "csv")
    sigma.post(EXPORT, json={"queryId": "q-1"})
    sigma.get(DOWNLOAD, body="A\n" + "1\n" * 1_000_000)
    with pytest.raises(SigmaError, match="1,000,000"):
        recipe.main()


def test_oauth_tokens_go_with_the_export_only_and_stay_hidden(sigma, monkeypatch, capsys):
    overrides = json.dumps([{"conn_id": "c-1", "token": "warehouse-token"}])
    monkeypatch.setenv("OAUTH_OVERRIDES", overrides)
    monkeypatch.setenv("OAUTH_REJECT_DEFAULT_TOKENS", "true")
    wanted = {
        "x-sigma-oauth-overrides": overrides,
        "x-sigma-oauth-reject-default-tokens": "true",
    }
    sigma.post(EXPORT, match=[header_matcher(wanted)], json={"queryId": "q-1"})
    sigma.get(DOWNLOAD, status=400, json={"message": "Bad token warehouse-token"})
    with pytest.raises(SigmaError, match=r"Bad token \*\*\*"):
        recipe.main()
    assert not [name for name in sigma.calls[-1].request.headers if "oauth" in name.lower()]
    assert "warehouse-token" not in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    "text",
    [
        "secret-token",
        "{}",
        '{"conn_id": "c-1", "token": "secret-token"}',
        '[{"conn_id": "c-1"}]',
        '["secret-token"]',
        "7",
        '[{"conn_id": "c-1", "token": 7}]',
        '[{"conn_id": "c-1", "token": ["secret-token"]}]',
        "[" * 100_000,
    ],
)
def test_refuses_malformed_overrides_without_showing_them(text, monkeypatch):
    monkeypatch.setenv("OAUTH_OVERRIDES", text)
    with pytest.raises(SigmaError, match="OAUTH_OVERRIDES") as refused:
        recipe.main()
    assert "secret-token" not in str(refused.value)


def test_a_token_in_the_wrong_place_stays_hidden(sigma, monkeypatch):
    swapped = [{"conn_id": "warehouse-token", "token": "c-1"}]
    monkeypatch.setenv("OAUTH_OVERRIDES", json.dumps(swapped))
    sigma.post(EXPORT, status=400, json={"message": "No connection warehouse-token"})
    with pytest.raises(SigmaError, match=r"No connection \*\*\*"):
        recipe.main()


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["csv", "json", "jsonl", "xlsx", "pdf", "png"])
def test_every_format_of_the_sandbox(file_format, call_recipe, tmp_path):
    settings = {"EXPORT_SCOPE": "element", "EXPORT_FORMAT": file_format, "EXPORT_FOLDER": "."}
    done = call_recipe(RECIPE, ELEMENT_ID=None, **settings)
    assert "ELEMENT_ID" in done.stderr
    done = call_recipe(RECIPE, **settings)
    assert done.returncode == 0, done.stderr
    (saved,) = tmp_path.iterdir()
    assert saved.suffix == f".{file_format}"
    assert saved.stat().st_size > 100
