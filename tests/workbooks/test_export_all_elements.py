"""Tests of workbooks/export_all_elements.py."""

import json
import re

import pytest

import sigma_client
import workbooks.export_all_elements as recipe
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL

RECIPE = "workbooks/export_all_elements.py"
WORKBOOK = "678ba3ea-00c8-4702-871e-6418279e9796"
FILES = {"csv": [b'a\n"1\n\n"\n2\n', b"a\n3\n\n", b"a\n"], "jsonl": [b"{}\n{}\n", b"{}\n"]}


@pytest.fixture(autouse=True)
def settings_of_the_export(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBOOK_ID", WORKBOOK)
    monkeypatch.setenv("EXPORT_FOLDER", str(tmp_path))
    monkeypatch.setenv("EXPORT_MAX_WAIT", "0")
    monkeypatch.setattr(recipe, "ROWS_PER_EXPORT", 2)
    monkeypatch.setattr(sigma_client.time, "sleep", lambda seconds: None)


def workbook(sigma, elements, files):
    """Add a workbook whose elements have files, by element ID and offset. Return the bodies sent.

    Instead of a file there can be the status of the download.
    """
    url = f"{BASE_URL}/workbooks/{WORKBOOK}/elements"
    sigma.get(url, json={"entries": elements, "nextPage": None})
    sent = []

    def start(request):
        sent.append(json.loads(request.body))
        query = f"{sent[-1]['elementId']}_{sent[-1].get('offset', 0)}"
        return 200, {}, json.dumps({"queryId": query})

    def download(request):
        element, offset = re.search(r"query/(.*)_(\d+)/", request.url).groups()
        file = files[element, int(offset)]
        return (file, {}, "") if isinstance(file, int) else (200, {}, file)

    if files:
        sigma.add_callback("POST", f"{BASE_URL}/workbooks/{WORKBOOK}/export", callback=start)
        path = re.compile(f"{BASE_URL}/query/.*/download")
        sigma.add_callback("GET", path, callback=download)
    return sent


@pytest.mark.parametrize("file_format", FILES)
def test_more_rows_than_one_export_has(file_format, sigma, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("ELEMENTS_FORMAT", file_format)
    files = FILES[file_format]
    by_offset = {("e-1", 2 * n + 1 if n else 0): file for n, file in enumerate(files)}
    sent = workbook(sigma, [{"elementId": "e-1", "type": "table"}], by_offset)
    recipe.main()
    # The first request has no offset. Then it's the number of rows so far, plus one
    body = {"elementId": "e-1", "format": {"type": file_format}, "rowLimit": 2}
    later = [{**body, "offset": offset} for _, offset in by_offset if offset]
    assert sent == [body, *later]
    targets = [tmp_path / f"export-element-e-1{end}.{file_format}" for end in ("", "-2", "-3")]
    assert [path.read_bytes() for path in targets[: len(files)]] == files
    assert len(list(tmp_path.iterdir())) == len(files)
    out = capsys.readouterr().out.splitlines()
    saved = [f"Export saved successfully: {path}" for path in targets[: len(files)]]
    assert out == [*saved, "Exported: 1. Failed: 0. Not tried: 0."]


def test_a_failed_element_does_not_stop_the_others(sigma, tmp_path, capsys):
    elements = [{"elementId": f"e-{n}", "type": "table", "name": f"T{n}\n!"} for n in range(1, 8)]
    elements[1]["type"] = "control"
    files = {(f"e-{n}", 0): b"a\n1\n" for n in range(1, 8)}
    files["e-3", 0], files["e-5", 0], files["e-6", 0] = 400, b"<html>", 204
    sent = workbook(sigma, elements, files)
    with pytest.raises(SigmaError, match=r"Exported: 3\. Failed: 3\. Not tried: 0\."):
        recipe.main()
    assert sorted(body["elementId"] for body in sent) == ["e-1", "e-3", "e-4", "e-5", "e-6", "e-7"]
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"export-element-e-{n}.csv" for n in (1, 4, 7)]
    failed = re.findall(r"^Failed: (.*?): ", capsys.readouterr().err, re.MULTILINE)
    assert failed == ["e-3 (T3 !)", "e-5 (T5 !)", "e-6 (T6 !)"]


def test_a_later_file_that_fails(sigma, tmp_path, capsys):
    files = {("e-1", 0): b"a\n\n\n", ("e-1", 3): 400}  # the only cell of a row can be empty
    workbook(sigma, [{"elementId": "e-1"}], files)
    with pytest.raises(SigmaError, match=r"Failed: 1\."):
        recipe.main()
    assert "Only the first 2 rows are saved" in capsys.readouterr().err
    assert (tmp_path / "export-element-e-1.csv").exists()


def test_a_file_of_an_earlier_export_is_named(sigma, tmp_path, capsys):
    earlier = tmp_path / "export-element-e-1-2.csv"
    earlier.write_text("a\n", encoding="utf-8")
    workbook(sigma, [{"elementId": "e-1"}], {("e-1", 0): b"a\n1\n"})
    recipe.main()
    assert f"Warning: {earlier}" in capsys.readouterr().err
    assert earlier.exists()


def test_no_element_with_data(sigma, capsys):
    workbook(sigma, [{"elementId": "e-1", "type": "text"}], {})
    recipe.main()
    assert capsys.readouterr().out == "This workbook has no element with data.\n"


def test_all_elements_of_the_sandbox(call_recipe, sandbox, tmp_path):
    sandbox.state.rules.append(Fault(kind="400", match="POST *export"))
    done = call_recipe(RECIPE, EXPORT_FOLDER=".", EXPORT_MAX_WAIT="60", ELEMENTS_FORMAT="jsonl")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "Error: Exported: 4. Failed: 1. Not tried: 0."
    assert len(list(tmp_path.glob("export-element-*.jsonl"))) == 4
