"""Tests of workbooks/export_workbook.py."""

import json

import pytest
from responses.matchers import header_matcher, json_params_matcher

import workbooks.export_workbook as recipe
from sigma_session import SigmaError
from tests.conftest import BASE_URL

RECIPE = "workbooks/export_workbook.py"
WORKBOOK = "678ba3ea-00c8-4702-871e-6418279e9796"
EXPORT = f"{BASE_URL}/workbooks/{WORKBOOK}/export"
DOWNLOAD = f"{BASE_URL}/query/q-1/download"
OVERRIDES = [{"conn_id": "c-1", "token": "warehouse-token"}]


@pytest.fixture(autouse=True)
def settings_of_the_export(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBOOK_ID", WORKBOOK)
    monkeypatch.setenv("PAGE_ID", "p-1")
    monkeypatch.setenv("ELEMENT_ID", "e-1")
    monkeypatch.setenv("EXPORT_FOLDER", str(tmp_path))
    monkeypatch.setattr(recipe, "FIRST_PAUSE", 0.0)


def start(sigma, body, **more):
    sigma.post(EXPORT, match=[json_params_matcher(body)], json={"queryId": "q-1"}, **more)


@pytest.mark.parametrize(
    ("scope", "file_format", "body", "name"),
    [
        ("", "", {"format": {"type": "pdf", "layout": "portrait"}}, "export-workbook.pdf"),
        ("page", "xlsx", {"pageId": "p-1", "format": {"type": "xlsx"}}, "export-page-p-1.xlsx"),
        (
            "element",
            "png",
            {"elementId": "e-1", "format": {"type": "png"}},
            "export-element-e-1.png",
        ),
    ],
)
def test_exports_what_the_settings_say(
    scope, file_format, body, name, sigma, monkeypatch, tmp_path, capsys
):
    monkeypatch.setenv("EXPORT_SCOPE", scope)
    monkeypatch.setenv("EXPORT_FORMAT", file_format)
    start(sigma, body)
    content = {"pdf": b"%PDF", "xlsx": b"PK", "png": b"\x89PNG"}[body["format"]["type"]]
    sigma.get(DOWNLOAD, body=content, content_type="application/octet-stream")
    recipe.main()
    assert (tmp_path / name).read_bytes() == content
    assert capsys.readouterr().out == f"Export saved successfully: {tmp_path / name}\n"


@pytest.mark.parametrize(
    ("scope", "file_format", "allowed"),
    [
        ("workbook", "csv", "pdf, xlsx"),
        ("page", "jsonl", "pdf, png, xlsx"),
        ("element", "doc", "csv"),
    ],
)
def test_refuses_what_sigma_cannot_export(scope, file_format, allowed, monkeypatch):
    monkeypatch.setenv("EXPORT_SCOPE", scope)
    monkeypatch.setenv("EXPORT_FORMAT", file_format)
    problem = f"EXPORT_FORMAT is '{file_format}'. For EXPORT_SCOPE={scope}: {allowed}"
    with pytest.raises(SigmaError, match=problem):
        recipe.main()


@pytest.mark.parametrize(
    ("file_format", "files"),
    [("csv", [b"a\n1\n2\n", b"a\n3\n4\n", b"a\n"]), ("jsonl", [b"{}\n{}\n", b"{}\n"])],
)
def test_more_rows_than_one_export_holds(file_format, files, sigma, monkeypatch, tmp_path):
    monkeypatch.setattr(recipe, "ROWS_PER_EXPORT", 2)
    monkeypatch.setenv("EXPORT_SCOPE", "element")
    monkeypatch.setenv("EXPORT_FORMAT", file_format)
    body = {"elementId": "e-1", "format": {"type": file_format}, "rowLimit": 2}
    for number, content in enumerate(files):
        # The first request has no offset; then it is the number of rows so far, plus one
        start(sigma, {**body, **({"offset": 2 * number + 1} if number else {})})
        sigma.get(DOWNLOAD, body=content, content_type="text/plain")
    recipe.main()
    names = [f"export-element-e-1{end}.{file_format}" for end in ("", "-2", "-3")]
    saved = [(tmp_path / name).read_bytes() for name in names[: len(files)]]
    assert saved == files
    assert len(list(tmp_path.iterdir())) == len(files)


def test_a_part_that_fails_says_how_much_is_saved(sigma, monkeypatch, tmp_path):
    monkeypatch.setattr(recipe, "ROWS_PER_EXPORT", 2)
    monkeypatch.setenv("EXPORT_SCOPE", "element")
    monkeypatch.setenv("EXPORT_FORMAT", "csv")
    body = {"elementId": "e-1", "format": {"type": "csv"}, "rowLimit": 2}
    start(sigma, body)
    # One column whose cells are empty: these lines are rows
    sigma.get(DOWNLOAD, body=b"a\n\n\n", content_type="text/csv")
    start(sigma, {**body, "offset": 3})
    sigma.get(DOWNLOAD, status=500, json={"message": "Broken"})
    told = "What is saved of export-element-e-1.csv holds the first 2 rows only$"
    with pytest.raises(SigmaError, match=told):
        recipe.main()
    assert (tmp_path / "export-element-e-1.csv").exists()


def test_a_file_of_an_earlier_export_is_named(sigma, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("EXPORT_SCOPE", "element")
    monkeypatch.setenv("EXPORT_FORMAT", "csv")
    earlier = tmp_path / "export-element-e-1-2.csv"
    earlier.write_text("a\n", encoding="utf-8")
    start(sigma, {"elementId": "e-1", "format": {"type": "csv"}, "rowLimit": 1_000_000})
    sigma.get(DOWNLOAD, body=b"a\n1\n", content_type="text/csv")
    recipe.main()
    assert f"{earlier.name} is of an earlier export, not of this\n" in capsys.readouterr().err
    assert earlier.exists()


@pytest.mark.parametrize(("size", "is_told"), [(80, False), (81, True)])
def test_a_large_file_whose_rows_cannot_be_counted_may_lack_some(
    size, is_told, sigma, monkeypatch, capsys
):
    monkeypatch.setattr(recipe, "ROWS_PER_EXPORT", 10)
    monkeypatch.setenv("EXPORT_SCOPE", "element")
    monkeypatch.setenv("EXPORT_FORMAT", "json")
    start(sigma, {"elementId": "e-1", "format": {"type": "json"}})
    sigma.get(DOWNLOAD, body="[" + " " * (size - 2) + "]", content_type="application/json")
    recipe.main()
    told = "export-element-e-1.json may lack what follows the first 10 rows: csv and jsonl have all"
    assert (told in capsys.readouterr().err) == is_told


def test_oauth_tokens_go_with_the_export_only_and_stay_hidden(sigma, monkeypatch, capsys):
    monkeypatch.setenv("OAUTH_OVERRIDES", json.dumps(OVERRIDES))
    monkeypatch.setenv("OAUTH_REJECT_DEFAULT_TOKENS", "true")
    wanted = {
        "x-sigma-oauth-overrides": json.dumps(OVERRIDES),
        "x-sigma-oauth-reject-default-tokens": "true",
    }
    sigma.post(EXPORT, match=[header_matcher(wanted)], json={"queryId": "q-1"})
    echo = {"message": "Bad token warehouse-token", "requestId": "r-1"}
    sigma.get(DOWNLOAD, status=400, json=echo)
    with pytest.raises(SigmaError, match=r"Bad token \*\*\* \(requestId r-1\)"):
        recipe.main()
    assert not [name for name in sigma.calls[-1].request.headers if "oauth" in name.lower()]
    assert "warehouse-token" not in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}x",
        '{"conn_id": "c-1"}',
        '[{"conn_id": "c-1"}]',
        '["secret-token"]',
        "7",
        '[{"conn_id": "c", "token": 7}]',
    ],
)
def test_refuses_overrides_that_are_none_without_showing_them(text, monkeypatch):
    monkeypatch.setenv("OAUTH_OVERRIDES", text)
    with pytest.raises(SigmaError, match="OAUTH_OVERRIDES is not a JSON list like") as refused:
        recipe.main()
    assert "secret-token" not in str(refused.value)


def test_no_override_unless_set(sigma):
    start(sigma, {"format": {"type": "pdf", "layout": "portrait"}})
    sigma.get(DOWNLOAD, body=b"%PDF")
    recipe.main()
    assert not [name for name in sigma.calls[1].request.headers if "oauth" in name.lower()]


def test_all_elements_but_those_without_data_and_on_after_a_failed_one(
    sigma, monkeypatch, tmp_path, capsys
):
    monkeypatch.setenv("EXPORT_SCOPE", "all-elements")
    monkeypatch.setenv("EXPORT_FORMAT", "json")
    monkeypatch.setenv("EXPORT_MAX_WAIT", "0")
    entries = [
        {"elementId": "e-1", "type": "table"},
        {"elementId": "e-2", "type": "control"},
        {"elementId": "e-3", "type": "visualization", "name": "Chart"},
        *({"elementId": f"e-{number}"} for number in (4, 5, 6, 7)),
    ]
    sigma.get(
        f"{BASE_URL}/workbooks/{WORKBOOK}/elements", json={"entries": entries, "nextPage": None}
    )
    for element in ("e-1", "e-4"):
        start(sigma, {"elementId": element, "format": {"type": "json"}})
        sigma.get(DOWNLOAD, body=b"[]", content_type="application/json")
    refused = json_params_matcher({"elementId": "e-3", "format": {"type": "json"}})
    sigma.post(EXPORT, match=[refused], status=400, json={"message": "No data"})
    # Neither a page in place of the file nor a file that is never ready is a failure of all
    for element in ("e-5", "e-6", "e-7"):
        start(sigma, {"elementId": element, "format": {"type": "json"}})
    sigma.get(DOWNLOAD, body=b"<html>", content_type="text/html")
    sigma.get(DOWNLOAD, status=204)
    sigma.get(DOWNLOAD, body=b"[]", content_type="application/json")
    with pytest.raises(SigmaError, match="3 elements were not exported: e-3, e-5, e-6"):
        recipe.main()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "export-element-e-1.json",
        "export-element-e-4.json",
        "export-element-e-7.json",
    ]
    assert "Not exported: e-3 (Chart): 400 from POST" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["csv", "json", "jsonl", "xlsx", "pdf", "png"])
def test_every_format_of_the_sandbox(file_format, run_recipe, tmp_path):
    settings = {"EXPORT_SCOPE": "element", "EXPORT_FORMAT": file_format, "EXPORT_FOLDER": "."}
    done = run_recipe(RECIPE, **settings)
    assert done.returncode == 0, done.stderr
    (saved,) = tmp_path.iterdir()
    assert saved.suffix == f".{file_format}"
    assert saved.stat().st_size > 100


@pytest.mark.slow
def test_all_elements_of_the_sandbox(run_recipe, tmp_path):
    settings = {"EXPORT_SCOPE": "all-elements", "EXPORT_FORMAT": "csv", "EXPORT_FOLDER": "."}
    done = run_recipe(RECIPE, **settings)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.iterdir())) == done.stdout.count("Export saved successfully") > 1


def test_a_token_in_the_wrong_place_is_not_quoted(monkeypatch):
    swapped = [{"conn_id": "eyJ.warehouse-token.sig", "token": "c-1"}]
    monkeypatch.setenv("OAUTH_OVERRIDES", json.dumps(swapped))
    with pytest.raises(SigmaError, match="^OAUTH_OVERRIDES is not a JSON list like"):
        recipe.main()


def test_says_so_when_no_element_has_data(sigma, monkeypatch, capsys):
    monkeypatch.setenv("EXPORT_SCOPE", "all-elements")
    monkeypatch.setenv("EXPORT_FORMAT", "csv")
    entries = [{"elementId": "e-1", "type": "text"}]
    elements = f"{BASE_URL}/workbooks/{WORKBOOK}/elements"
    sigma.get(elements, json={"entries": entries, "nextPage": None})
    recipe.main()
    assert capsys.readouterr().out == "This workbook has no element with data.\n"
