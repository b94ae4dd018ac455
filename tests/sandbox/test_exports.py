"""Tests of sandbox/resources/exports.py: every file is opened by a program that knows its format."""

import csv
import io
import json
import subprocess
import sys
import time
import tracemalloc

import openpyxl
import pypdf
import pytest
from PIL import Image

from sandbox import seed
from sandbox.content import pages_of
from sandbox.faults import Fault
from tests.conftest import ROOT, fresh
from tests.sandbox_client import Client

WORKBOOK = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}"
PAGE, ELEMENT = {"pageId": seed.DEMO_PAGE_ID}, {"elementId": seed.DEMO_ELEMENT_ID}
DAYS = "min:2024-04-16,max:2024-04-30"


def start(api, kind, status=200, workbook=WORKBOOK, **body):
    """Ask for an export."""
    file_format = {"type": kind, **({"layout": "portrait"} if kind == "pdf" else {})}
    return api("POST", f"{workbook}/export", status, json={"format": file_format, **body})


def get_answer(api, query_id, **sent):
    url = f"{api.address}/v2/query/{query_id}/download"
    return api.session.get(url, timeout=10, **sent)


def download(api, query_id):
    """Return the answer with the file."""
    while (answer := get_answer(api, query_id)).status_code == 204:
        assert answer.content == b""
    assert answer.status_code == 200, answer.text
    return answer


def export(api, kind, **body):
    """Return the bytes of a file."""
    return download(api, start(api, kind, **body)["queryId"]).content


def read_csv(content):
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def elements(api, sandbox, kind):
    """Return the IDs of the demo workbook's elements of a type."""
    workbook = sandbox.state.organization.workbook(seed.DEMO_WORKBOOK_ID)
    return [e.elementId for page in pages_of(workbook) for e in page.elements if e.type == kind]


# --- The files ---


def test_csv_json_and_jsonl_hold_the_same_rows(api):
    rows = read_csv(export(api, "csv", **ELEMENT))
    assert len(rows) == 100
    assert rows[0]["Order Date"] == "2024-01-01"
    assert {"Abbott, Inc.", 'The "Best" Plugs', "Novák & Świątek"} < {r["Customer"] for r in rows}
    objects = json.loads(export(api, "json", **ELEMENT))
    assert [{k: str(v) for k, v in row.items()} for row in objects] == rows
    lines = export(api, "jsonl", **ELEMENT).decode().splitlines()
    assert [json.loads(line) for line in lines] == objects


def test_xlsx_has_a_sheet_for_each_element(api):
    (sheet,) = openpyxl.load_workbook(io.BytesIO(export(api, "xlsx", **ELEMENT))).worksheets
    head, first, *_ = sheet.iter_rows(values_only=True)
    assert (sheet.title, head[:3], sheet.max_row) == (
        "Orders",
        ("Order Number", "Order Date", "Region"),
        101,
    )
    assert first[1].isoformat() == "2024-01-01T00:00:00"
    page = openpyxl.load_workbook(io.BytesIO(export(api, "xlsx", **PAGE)))
    assert page.sheetnames == ["Sales by Month", "Sales by Region"]
    whole = openpyxl.load_workbook(io.BytesIO(export(api, "xlsx")))
    # The hidden page is left out
    assert whole.sheetnames == ["Sales by Month", "Sales by Region", "Orders", "Returns"]


def pdf_text(content):
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def test_pdf_has_title_chart_and_table(api):
    content = export(api, "pdf", **ELEMENT)
    assert content.startswith(b"%PDF")
    reader = pypdf.PdfReader(io.BytesIO(content))
    assert reader.metadata.title == "Plugs Sales Performance"
    text = pdf_text(content)
    assert text.startswith("Plugs Sales Performance")
    for word in ("Orders", "Sales Amount by Region", "Abbott, Inc.", "2024-12-31"):
        assert word in text
    drawn = reader.pages[0].get_contents().get_data()
    assert drawn.count(b" re ") + drawn.count(b" l ") > 10  # bars, and lines
    everything = pdf_text(export(api, "pdf"))
    assert "Sales by Month" in everything and "Returns" in everything
    assert "Returns" not in pdf_text(export(api, "pdf", **PAGE))


@pytest.mark.parametrize(("layout", "is_wide"), [("portrait", False), ("landscape", True)])
def test_pdf_has_its_layout(layout, is_wide, api):
    body = {"format": {"type": "pdf", "layout": layout}}
    started = api("POST", f"{WORKBOOK}/export", json=body)
    page = pypdf.PdfReader(io.BytesIO(download(api, started["queryId"]).content)).pages[0]
    assert (page.mediabox.width > page.mediabox.height) == is_wide


@pytest.mark.parametrize("scope", [PAGE, ELEMENT])
def test_png_has_bars(scope, api):
    image = Image.open(io.BytesIO(export(api, "png", **scope)))
    assert (image.format, image.size) == ("PNG", (1200, 800))
    colors = {color: count for count, color in image.convert("RGB").getcolors(1_000_000)}
    blue = colors[0x3B, 0x6F, 0xB6]
    assert 0.1 < blue / (1200 * 800) < 0.6
    small = {"type": "png", "pixelWidth": 300, "pixelHeight": 150}
    content = export(api, "png", **{**scope, "format": small})
    assert Image.open(io.BytesIO(content)).size == (300, 150)


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("csv", "text/csv; charset=utf-8"),
        ("json", "application/json"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("pdf", "application/pdf"),
        ("png", "image/png"),
    ],
)
def test_the_answer_names_type_and_file(kind, content_type, api, sandbox):
    workbook = sandbox.state.organization.workbook(seed.DEMO_WORKBOOK_ID)
    workbook.name = 'A "ß"\r\nX: 1'
    headers = download(api, start(api, kind, **ELEMENT)["queryId"]).headers
    assert headers["Content-Type"] == content_type
    assert headers["Content-Disposition"] == (
        f'attachment; filename="A _____X_ 1.{kind}";'
        f" filename*=UTF-8''A%20%22%C3%9F%22%0D%0AX%3A%201.{kind}"
    )
    assert "X" not in headers


def test_strange_names_spoil_no_file(api, sandbox):
    sandbox.state.organization.workbook(seed.DEMO_WORKBOOK_ID).name = (
        "<b>Ś & 日本</x> [a]:*?/\\" * 9
    )
    for kind in ("pdf", "xlsx", "png"):
        assert len(export(api, kind, **PAGE)) > 1000


# --- What is exported ---


def test_a_workbook_goes_by_both_ids(api, sandbox):
    short = sandbox.state.organization.workbooks[seed.DEMO_WORKBOOK_ID].workbookUrlId
    started = start(api, "csv", workbook=f"/v2/workbooks/{short}", **ELEMENT)
    assert started["jobComplete"] is False
    assert read_csv(download(api, started["queryId"]).content)


MATRIX = {
    "workbook": ({}, {"pdf", "xlsx"}),
    "page": (PAGE, {"pdf", "png", "xlsx"}),
    "element": (ELEMENT, {"csv", "json", "jsonl", "xlsx", "pdf", "png"}),
}


@pytest.mark.parametrize("scope", MATRIX)
def test_the_matrix(scope, api):
    named, allowed = MATRIX[scope]
    for kind in ("csv", "json", "jsonl", "xlsx", "pdf", "png"):
        if kind in allowed:
            assert export(api, kind, **named)
        else:
            message = start(api, kind, 400, **named)["message"]
            assert message.startswith(f"format.type: of the {scope} there can only be pdf, ")
            assert set(message.partition(" only be ")[2].split(", ")) == allowed


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({}, 400, "format: Field required"),
        ({"format": {"type": "docx"}}, 400, "format.type: Input should be 'csv', 'json', "),
        ({"format": {"type": "pdf"}}, 400, "format.layout: pdf needs portrait or landscape"),
        ({"format": {"type": "pdf", "layout": "x"}}, 400, "format.layout: Input should be 'portr"),
        ({"format": {"type": "csv"}, **PAGE, **ELEMENT}, 400, "pageId: not together with eleme"),
        ({"format": {"type": "png"}, "pageId": "x"}, 404, "Page x not found"),
        ({"format": {"type": "csv"}, "elementId": "x"}, 404, "Element x not found"),
        ({"format": {"type": "csv"}, **ELEMENT, "tag": "x"}, 404, "Tag x not found"),
        ({"format": {"type": "csv"}, **ELEMENT, "exportAs": "x"}, 404, "Member x not found"),
        ({"format": {"type": "csv"}, **ELEMENT, "rowLimit": 0}, 400, "rowLimit: Input should be"),
        ({"format": {"type": "csv"}, **ELEMENT, "offset": 0}, 400, "offset: Input should be gre"),
        ({"format": {"type": "csv"}, "parameters": {"a": 1}}, 400, "parameters.a: Input should be"),
        ({"format": {"type": "csv"}, "parameters": []}, 400, "parameters: Input should be a"),
    ],
)
def test_refuses_exports(body, status, words, api, sandbox):
    assert words in api("POST", f"{WORKBOOK}/export", status, json=body)["message"]
    assert sandbox.state.organization.exports == {}


def test_an_unknown_workbook(api):
    refused = start(api, "pdf", 404, workbook="/v2/workbooks/x")
    assert refused["message"] == "Workbook x not found"


@pytest.mark.parametrize("kind", ["text", "control"])
def test_texts_and_controls_cannot_be_exported(kind, api, sandbox):
    for element_id in elements(api, sandbox, kind):
        refused = start(api, "csv", 400, elementId=element_id)
        assert refused["message"] == f"elementId: a {kind} element cannot be exported"


def test_a_workbook_of_somebody_else(api, viewer, sandbox):
    organization = sandbox.state.organization
    theirs = next(w for w in organization.workbooks.values() if w.workspaceId is None)
    path = f"/v2/workbooks/{theirs.workbookId}"
    assert start(viewer, "pdf", 403, workbook=path)["code"] == "forbidden"
    assert start(api, "pdf", workbook=path)


# --- Rows ---


def dates(content):
    return [row["Order Date"] for row in read_csv(content)]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("min:2024-04-16,max:2024-04-30", "2024-04-16", "2024-04-30"),
        ("min:2024-04-16T10:00:00,max:2024-04-30T23:59:59.999Z", "2024-04-16", "2024-04-30"),
        ("min:2024-06-01,max:", "2024-06-01", "2024-12-31"),
        ("min:,max:2024-02-01", "2024-01-01", "2024-02-01"),
        ("min:,max:", "2024-01-01", "2024-12-31"),
    ],
)
def test_a_date_range_filters_the_rows(text, first, last, api):
    everything = dates(export(api, "csv", **ELEMENT))
    some = dates(export(api, "csv", **ELEMENT, parameters={"DateFilter": text}))
    assert some == [day for day in everything if first <= day <= last]
    assert some and (len(some) < len(everything)) == (text != "min:,max:")


def test_a_date_range_without_rows(api):
    nothing = {"parameters": {"DateFilter": "min:2030-01-01,max:"}}
    head = b"Order Number,Order Date,Region,Customer,Quantity,Sales Amount\n"
    assert export(api, "csv", **ELEMENT, **nothing) == head
    assert json.loads(export(api, "json", **ELEMENT, **nothing)) == []
    assert "No rows" in pdf_text(export(api, "pdf", **PAGE, **nothing))
    assert export(api, "png", **PAGE, **nothing).startswith(b"\x89PNG")
    assert export(api, "xlsx", **nothing).startswith(b"PK")


def test_a_date_range_filters_pages_too(api):
    text = pdf_text(export(api, "pdf", **PAGE, parameters={"DateFilter": DAYS}))
    assert "2024-04-20" in text and "2024-05-01" not in text


def test_unknown_parameters_are_ignored(api):
    parameters = {"datefilter": "min:2024-04-16,max:2024-04-17", "Other": "x"}
    assert len(dates(export(api, "csv", **ELEMENT, parameters=parameters))) == 100


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-04-16",
        "min:2024-04-16",
        "2024-04-16,2024-04-17",
        "min:16.04.2024,max:17.04.2024",
        "min:2024-04-31,max:",
        "max:2024-04-17,min:2024-04-16",
        "min:2024-04-16,max:2024-04-17,x",
    ],
)
def test_a_malformed_date_range(text, api):
    refused = start(api, "csv", 400, **ELEMENT, parameters={"DateFilter": text})
    assert refused["message"] == (
        f"parameters.DateFilter: {text!r} is no date range such as min:2024-04-16,max:2024-04-17"
    )


def test_row_limit_and_offset_from_1(api):
    everything = read_csv(export(api, "csv", **ELEMENT))
    assert read_csv(export(api, "csv", **ELEMENT, rowLimit=30)) == everything[:30]
    assert read_csv(export(api, "csv", **ELEMENT, rowLimit=30, offset=1)) == everything[:30]
    assert read_csv(export(api, "csv", **ELEMENT, rowLimit=30, offset=31)) == everything[30:60]
    assert (
        json.loads(export(api, "json", **ELEMENT, offset=91))
        == (json.loads(export(api, "json", **ELEMENT))[90:])
    )
    assert read_csv(export(api, "csv", **ELEMENT, offset=101)) == []


# --- Waiting ---


@pytest.mark.parametrize("polls", [0, 3])
def test_is_ready_after_some_polls(polls, api, sandbox):
    sandbox.state.organization.options.polls = polls
    query_id = start(api, "csv", **ELEMENT)["queryId"]
    statuses = [get_answer(api, query_id).status_code for _ in range(polls + 2)]
    assert statuses == [204] * polls + [200, 200]


def test_unknown_and_expired_downloads(api, sandbox):
    path = "/v2/query/x/download"
    unknown = api("GET", path, 404)
    assert (unknown["code"], unknown["message"]) == ("not_found", "Query x not found")
    query_id = start(api, "csv", **ELEMENT)["queryId"]
    download(api, query_id)
    (kept,) = sandbox.state.organization.exports.values()
    assert 3590 < kept.good_until - time.monotonic() <= 3600
    kept.good_until = time.monotonic()
    expired = api("GET", f"/v2/query/{query_id}/download", 404)
    assert (expired["code"], expired["message"]) == (
        "not_found",
        "The query download has expired. For security & privacy reasons, the Exports are retained"
        " for one hour.",
    )


def test_results_may_be_kept_for_up_to_six_hours(api, sandbox):
    query_id = start(api, "csv", **ELEMENT, resultsValidityTimeMs=21_600_000)["queryId"]
    download(api, query_id)
    (kept,) = sandbox.state.organization.exports.values()
    assert 21_590 < kept.good_until - time.monotonic() <= 21_600
    refused = start(api, "csv", 400, **ELEMENT, resultsValidityTimeMs=21_600_001)
    assert "resultsValidityTimeMs: Input should be less than" in refused["message"]


def test_faults_of_downloads(api, sandbox):
    sandbox.state.rules += [Fault.parse("early-404"), Fault.parse("failed-rendering")]
    query_id = start(api, "csv", **ELEMENT)["queryId"]
    answers = [get_answer(api, query_id) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [404, 500, 204, 204, 200]
    assert answers[0].json()["code"] == "not_found" and "expired" not in answers[0].text


def test_a_reset_forgets_exports(api, sandbox):
    query_id = start(api, "csv", **ELEMENT)["queryId"]
    fresh(sandbox)
    again = Client(sandbox.address)
    assert get_answer(again, query_id).status_code == 404
    assert start(again, "csv", **ELEMENT)["queryId"] == query_id


# --- Large files ---


def test_a_large_csv_is_streamed_in_constant_memory(sandbox):
    api = Client(fresh(sandbox, export_mb=50, polls=0).address)
    query_id = start(api, "csv", **ELEMENT)["queryId"]
    tracemalloc.start()  # sees the sandbox, too: it runs in this process
    try:
        length, last = 0, b""
        for part in get_answer(api, query_id, stream=True).iter_content(65_536):
            length, last = length + len(part), part
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 50_000_000 < length < 50_001_000
    assert last.endswith(b"x\n")
    assert peak < 8_000_000


def test_a_large_csv_has_numbered_rows_in_chunks(sandbox):
    api = Client(fresh(sandbox, export_mb=2, polls=0).address)
    rows = read_csv(export(api, "csv", **ELEMENT))
    assert [row["Row"] for row in rows] == [str(n) for n in range(1, 2001)]
    assert rows[100]["Order Number"] == "1001"  # the rows come again
    chunk = read_csv(export(api, "csv", **ELEMENT, rowLimit=900, offset=1501))
    assert chunk == rows[1500:]
    some = read_csv(export(api, "csv", **ELEMENT, parameters={"DateFilter": DAYS}))
    assert len(some) == 2000
    assert {row["Order Date"][:7] for row in some} == {"2024-04"}
    assert len(json.loads(export(api, "json", **ELEMENT))) == 100


def test_a_request_gets_a_million_rows(sandbox):
    api = Client(fresh(sandbox, export_mb=3000).address)
    for body, numbers in (
        ({}, range(1, 1_000_001)),
        ({"rowLimit": 2_000_000}, range(1, 1_000_001)),
        ({"offset": 2_500_001}, range(2_500_001, 3_000_001)),
        ({"offset": 1_000_001, "rowLimit": 5}, range(1_000_001, 1_000_006)),
    ):
        query_id = start(api, "csv", **ELEMENT, **body)["queryId"]
        assert sandbox.state.organization.exports[query_id].numbers == numbers


def test_leaving_in_the_middle_of_a_large_file(sandbox):
    api = Client(fresh(sandbox, export_mb=1000, polls=0).address)
    answer = get_answer(api, start(api, "csv", **ELEMENT)["queryId"], stream=True)
    assert next(answer.iter_content(1000)).startswith(b"Row,Order Number,")
    answer.close()
    deadline = time.monotonic() + 5
    while sandbox.state.log.under_way and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sandbox.state.log.under_way == 0
    assert Client(sandbox.address)("GET", "/v2/whoami")


def test_the_packages_for_files_are_imported_late():
    program = (
        "import sys, sandbox.server\n"
        "print({'openpyxl', 'reportlab', 'PIL'} & {n.partition('.')[0] for n in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr
