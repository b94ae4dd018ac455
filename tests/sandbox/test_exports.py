"""Exports. Every file is opened by a program that knows its format."""

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
from sandbox.faults import Fault
from tests.conftest import ROOT, fresh
from tests.support.sandbox_client import Client

WORKBOOK = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}"
PAGE, ELEMENT = {"pageId": seed.DEMO_PAGE_ID}, {"elementId": seed.DEMO_ELEMENT_ID}
CSV = {"format": {"type": "csv"}}
DAYS = "min:2024-04-16,max:2024-04-30"


def start(api, kind, status=200, workbook=WORKBOOK, **body):
    """Request an export."""
    file_format = {"type": kind, **({"layout": "portrait"} if kind == "pdf" else {})}
    return api("POST", f"{workbook}/export", status, json={"format": file_format, **body})


def poll(api, query_id, **sent):
    return api.session.get(f"{api.address}/v2/query/{query_id}/download", timeout=10, **sent)


def download(api, kind, **body):
    """Return the response with the file."""
    query_id = start(api, kind, **body)["queryId"]
    while (answer := poll(api, query_id)).status_code == 204:
        assert answer.content == b""
    assert answer.status_code == 200, answer.text
    return answer


def export(api, kind, **body):
    return download(api, kind, **body).content


def read_csv(content):
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def pdf_text(content):
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


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
    assert (sheet.title, head[:2], sheet.max_row) == ("Orders", ("Order Number", "Order Date"), 101)
    assert first[1].isoformat() == "2024-01-01T00:00:00"
    page = openpyxl.load_workbook(io.BytesIO(export(api, "xlsx", **PAGE)))
    assert page.sheetnames == ["Sales by Month", "Sales by Region"]
    whole = openpyxl.load_workbook(io.BytesIO(export(api, "xlsx")))  # without the hidden page
    assert whole.sheetnames == ["Sales by Month", "Sales by Region", "Orders", "Returns"]


@pytest.mark.parametrize("layout", ["portrait", "landscape"])
def test_pdf_has_title_tables_and_layout(layout, api):
    content = export(api, "pdf", **ELEMENT, format={"type": "pdf", "layout": layout})
    reader = pypdf.PdfReader(io.BytesIO(content))
    assert reader.metadata.title == "Plugs Sales Performance"
    box = reader.pages[0].mediabox
    assert (box.width > box.height) == (layout == "landscape")
    for word in ("Plugs Sales Performance", "Orders", "Abbott, Inc.", "2024-12-31"):
        assert word in pdf_text(content)
    assert "Returns" in pdf_text(export(api, "pdf"))
    assert "Returns" not in pdf_text(export(api, "pdf", **PAGE))


@pytest.mark.parametrize("scope", [PAGE, ELEMENT])
def test_png_shows_text(scope, api):
    image = Image.open(io.BytesIO(export(api, "png", **scope)))
    assert (image.format, image.size) == ("PNG", (1200, 800))
    colors = {color: count for count, color in image.convert("RGB").getcolors(1_000_000)}
    assert 0.005 < colors[0, 0, 0] / (1200 * 800) < 0.6
    small = {"type": "png", "pixelWidth": 300, "pixelHeight": 150}
    content = export(api, "png", **scope, format=small)
    assert Image.open(io.BytesIO(content)).size == (300, 150)


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [("csv", "text/csv; charset=utf-8"), ("pdf", "application/pdf"), ("png", "image/png")],
)
def test_the_headers_name_type_and_file(kind, content_type, api, sandbox):
    sandbox.state.organization.workbook(seed.DEMO_WORKBOOK_ID).name = 'A "ß"\r\nX: 1'
    headers = download(api, kind, **ELEMENT).headers
    assert headers["Content-Type"] == content_type
    assert headers["Content-Disposition"] == (
        f'attachment; filename="A _____X_ 1.{kind}";'
        f" filename*=UTF-8''A%20%22%C3%9F%22%0D%0AX%3A%201.{kind}"
    )
    assert "X" not in headers


def test_strange_names_break_no_file(api, sandbox):
    name = "<b>Ś & 日本</x> [a]:*?/\\" * 9
    sandbox.state.organization.workbook(seed.DEMO_WORKBOOK_ID).name = name
    for kind in ("pdf", "xlsx", "png"):
        assert len(export(api, kind, **PAGE)) > 1000


# --- What is exported ---


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [({}, "pdf xlsx"), (PAGE, "pdf png xlsx"), (ELEMENT, "csv json jsonl xlsx pdf png")],
)
def test_the_formats_of_each_scope(scope, allowed, api):
    for kind in ("csv", "json", "jsonl", "xlsx", "pdf", "png"):
        if kind in allowed.split():
            assert export(api, kind, **scope)
        else:
            assert "format.type" in start(api, kind, 400, **scope)["message"]


def test_texts_and_controls_cannot_be_exported(api):
    elements = api.whole_list(f"{WORKBOOK}/elements")
    without_rows = [e for e in elements if e["type"] in ("text", "control")]
    for element in without_rows:
        assert element["type"] in start(api, "csv", 400, elementId=element["elementId"])["message"]
    assert len(without_rows) == 4


# --- Rows ---


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
    everything = read_csv(export(api, "csv", **ELEMENT))
    some = read_csv(export(api, "csv", **ELEMENT, parameters={"DateFilter": text}))
    assert some == [row for row in everything if first <= row["Order Date"] <= last]
    assert some and (len(some) < len(everything)) == (text != "min:,max:")


def test_a_date_range_without_rows(api):
    nothing = {"parameters": {"DateFilter": "min:2030-01-01,max:"}}
    head = b"Order Number,Order Date,Region,Customer,Quantity,Sales Amount\n"
    assert export(api, "csv", **ELEMENT, **nothing) == head
    assert json.loads(export(api, "json", **ELEMENT, **nothing)) == []
    assert "No rows" in pdf_text(export(api, "pdf", **PAGE, **nothing))
    assert export(api, "png", **PAGE, **nothing).startswith(b"\x89PNG")
    assert export(api, "xlsx", **nothing).startswith(b"PK")


def test_row_limit_and_offset_from_1(api):
    everything = read_csv(export(api, "csv", **ELEMENT))
    assert read_csv(export(api, "csv", **ELEMENT, rowLimit=30, offset=1)) == everything[:30]
    assert read_csv(export(api, "csv", **ELEMENT, rowLimit=30, offset=31)) == everything[30:60]
    assert len(json.loads(export(api, "json", **ELEMENT, offset=91))) == 10
    assert read_csv(export(api, "csv", **ELEMENT, offset=101)) == []


# --- Waiting ---


@pytest.mark.parametrize("polls", [0, 3])
def test_is_ready_after_some_polls(polls, api, sandbox):
    sandbox.state.organization.options.polls = polls
    query_id = start(api, "csv", **ELEMENT)["queryId"]
    statuses = [poll(api, query_id).status_code for _ in range(polls + 2)]
    assert statuses == [204] * polls + [200, 200]


@pytest.mark.parametrize(("given", "hours"), [({}, 1), ({"resultsValidityTimeMs": 21_600_000}, 6)])
def test_downloads_expire(given, hours, api, sandbox):
    assert api("GET", "/v2/query/x/download", 404)["code"] == "not_found"
    download(api, "csv", **ELEMENT, **given)
    ((query_id, kept),) = sandbox.state.organization.exports.items()
    assert -10 < kept.good_until - time.monotonic() - hours * 3600 <= 0
    kept.good_until = time.monotonic()
    expired = api("GET", f"/v2/query/{query_id}/download", 404)
    assert expired["message"] == (  # Sigma's own words
        "The query download has expired. For security & privacy reasons, the Exports are retained"
        " for one hour."
    )


def test_faults_of_downloads(api, sandbox):
    sandbox.state.rules += [Fault.parse("early-404"), Fault.parse("failed-rendering")]
    query_id = start(api, "csv", **ELEMENT)["queryId"]
    assert [poll(api, query_id).status_code for _ in range(5)] == [404, 500, 204, 204, 200]


# --- Large files ---


def test_a_large_csv_is_streamed_in_constant_memory(sandbox):
    api = Client(fresh(sandbox, export_mb=50, polls=0).address)
    query_id = start(api, "csv", **ELEMENT)["queryId"]
    tracemalloc.start()  # also sees the sandbox, which runs in this process
    try:
        length, last = 0, b""
        for part in poll(api, query_id, stream=True).iter_content(65_536):
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
    assert rows[100]["Order Number"] == "1001"  # the rows repeat
    assert read_csv(export(api, "csv", **ELEMENT, rowLimit=900, offset=1501)) == rows[1500:]
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
    ):
        query_id = start(api, "csv", **ELEMENT, **body)["queryId"]
        assert sandbox.state.organization.exports[query_id].numbers == numbers


def test_the_packages_for_files_are_imported_late():
    program = (
        "import sys, sandbox.server\n"
        "print({'openpyxl', 'reportlab', 'PIL'} & {n.partition('.')[0] for n in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr
