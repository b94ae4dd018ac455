"""Exports: request a file of a workbook, a page or an element, and download it when it is ready."""

import re
import time
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse
from pydantic import Field

from sandbox.api import Body, Org, resource
from sandbox.content import CONTROLS, TYPES, pages_of, rows_of
from sandbox.errors import Refusal
from sandbox.export_files import CONTENT_TYPES, ROWS_PER_MB, large_csv, make_file
from sandbox.models import Element, Workbook
from sandbox.organization import Export, ExportedTable, make_short_id
from sandbox.resources.workbooks import Opened, element_of, page_of, with_tag

router, query_router = resource("workbooks"), resource("query")

MOST_ROWS = 1_000_000  # a request
HOUR = 3_600_000  # milliseconds
FORMATS = {
    "workbook": ["pdf", "xlsx"],
    "page": ["pdf", "png", "xlsx"],
    "element": ["csv", "json", "jsonl", "xlsx", "pdf", "png"],
}
EXPIRED = (
    "The query download has expired. For security & privacy reasons, the Exports are retained"
    " for one hour."
)


class ExportFormat(Body):
    """The format of the file. layout is for pdf, the size in pixels for png."""

    type: Literal["csv", "json", "jsonl", "xlsx", "pdf", "png"]
    layout: Literal["portrait", "landscape"] | None = None
    pixelWidth: Annotated[int, Field(ge=100, le=4000)] = 1200
    pixelHeight: Annotated[int, Field(ge=100, le=4000)] = 800


class NewExport(Body):
    """The body of POST /v2/workbooks/{workbookId}/export. timeout has no effect."""

    format: ExportFormat
    pageId: str | None = None
    elementId: str | None = None
    parameters: dict[str, str] = {}
    rowLimit: Annotated[int | None, Field(ge=1)] = None
    offset: Annotated[int, Field(ge=1)] = 1
    timeout: float | None = None
    tag: str | None = None
    exportAs: str | None = None
    resultsValidityTimeMs: Annotated[int, Field(ge=1, le=6 * HOUR)] = HOUR


@router.post("/v2/workbooks/{workbookId}/export", summary="Export data from a workbook")
async def export_workbook(org: Org, workbook: Opened, body: NewExport) -> dict[str, bool | str]:
    """Start an export of an element, a page, or the whole workbook if neither is named."""
    workbook = await with_tag(workbook, body.tag)
    if body.exportAs is not None:
        org.member(body.exportAs)
    elements = _chosen(workbook, body)
    first, last = _date_range(body.parameters)
    end = body.offset - 1 + min(body.rowLimit or MOST_ROWS, MOST_ROWS)
    tables = []
    for element in elements:
        rows = [row for row in rows_of(workbook, element) if _fits(row, first, last)]
        tables.append(ExportedTable(element.name, element.columns, rows))
    numbers = None
    if org.options.export_mb and body.format.type == "csv":
        total = org.options.export_mb * ROWS_PER_MB
        numbers = range(body.offset, min(end, total) + 1)
    else:
        for table in tables:
            table.rows = table.rows[body.offset - 1 : end]
    query_id = make_short_id("query", len(org.exports) + 1, 22)
    org.exports[query_id] = Export(
        queryId=query_id,
        name=workbook.name,
        format=body.format.type,
        tables=tables,
        numbers=numbers,
        layout=body.format.layout or "",
        pixels=(body.format.pixelWidth, body.format.pixelHeight),
        polls=org.options.polls,
        seconds=body.resultsValidityTimeMs / 1000,
    )
    return {"jobComplete": False, "queryId": query_id}


def _chosen(workbook: Workbook, body: NewExport) -> list[Element]:
    """Return the elements with rows that an export shows, or refuse."""
    if body.pageId is not None and body.elementId is not None:
        raise Refusal(400, "pageId: not together with elementId")
    if body.elementId is not None:
        scope, elements = "element", [element_of(workbook, body.elementId)]
    elif body.pageId is not None:
        scope, elements = "page", page_of(workbook, body.pageId).elements
    else:
        scope = "workbook"
        elements = [e for page in pages_of(workbook) if not page.hidden for e in page.elements]
    if body.format.type not in FORMATS[scope]:
        allowed = ", ".join(FORMATS[scope])
        raise Refusal(400, f"format.type: of the {scope} there can only be {allowed}")
    if body.format.type == "pdf" and body.format.layout is None:
        raise Refusal(400, "format.layout: pdf needs portrait or landscape")
    with_rows = [element for element in elements if element.columns]
    if scope == "element" and not with_rows:
        raise Refusal(400, f"elementId: a {elements[0].type} element cannot be exported")
    return with_rows


def _date_range(parameters: dict[str, str]) -> list[str]:
    """Return the first and last day of the date filter, "" where it is open."""
    control = CONTROLS[0]["name"]
    text = parameters.get(control, "min:,max:")
    match = re.fullmatch(r"min:([^,]*),max:([^,]*)", text)
    try:
        # A time of day can follow. It has no effect, because the rows have days
        days = [re.sub(r"T[\d:.]+Z?$", "", side) for side in match.groups()] if match else ["?"]
        return [date.fromisoformat(day).isoformat() if day else "" for day in days]
    except ValueError:
        example = "min:2024-04-16,max:2024-04-17"
        wanted = f"Expecting a date range such as {example} at parameters.{control}"
        message = f"{wanted} but instead got: {text!r}"
        raise Refusal(400, message) from None


def _fits(row: dict[str, Any], first: str, last: str) -> bool:
    """Return True if the dates of a row are in a range."""
    days = [value for column, value in row.items() if TYPES.get(column) == "datetime"]
    return all(first <= day and (not last or day <= last) for day in days)


@query_router.get(
    "/v2/query/{queryId}/download",
    summary="Download an exported file",
    response_class=Response,
    responses={
        200: {
            "description": "The file",
            "content": {"application/octet-stream": {"schema": {"type": "string"}}},
        },
        204: {"description": "Not ready yet"},
    },
)
async def download_query(org: Org, queryId: str) -> Response:
    """Send the file, or 204 while it is not ready."""
    export = org.export(queryId)
    if export.polls > 0:
        export.polls -= 1
        return Response(status_code=204)
    if export.good_until is None:  # the time counts from when the file is ready
        export.good_until = time.monotonic() + export.seconds
    if time.monotonic() >= export.good_until:
        raise Refusal(404, EXPIRED)
    return await file_response(export)


async def file_response(export: Export) -> Response:
    """Return the file of an export, ready or not."""
    file_name = f"{export.name}.{export.format}"
    plain_name = re.sub(r"[^\w .-]", "_", file_name, flags=re.ASCII)  # for old programs
    disposition = f"attachment; filename=\"{plain_name}\"; filename*=UTF-8''"
    headers = {
        "Content-Type": CONTENT_TYPES[export.format],
        "Content-Disposition": disposition + quote(file_name, safe=""),
    }
    if export.numbers is not None:
        return StreamingResponse(large_csv(export), headers=headers)
    # In a thread, so that other requests need not wait for the file
    return Response(await run_in_threadpool(make_file, export), headers=headers)
