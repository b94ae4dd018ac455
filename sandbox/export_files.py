"""The files of exports: real ones, made from the rows of a workbook's elements.

The packages for XLSX, PDF and PNG are imported when such a file is asked for, so that the sandbox
starts fast.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from sandbox.content import TYPES
from sandbox.organization import Export, ExportedTable

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "png": "image/png",
}
ROWS_PER_MB = 1000
BAR_COLOR = "#3b6fb6"


def make_file(export: Export) -> bytes:
    """Return the bytes of an export's file."""
    makers = {
        "csv": _csv,
        "json": _json,
        "jsonl": _jsonl,
        "xlsx": _xlsx,
        "pdf": _pdf,
        "png": _png,
    }
    return makers[export.format](export)


def large_csv(export: Export) -> Iterator[bytes]:
    """Yield a CSV file in pieces: the export's rows over and over, numbered, of 1000 bytes each."""
    (table,) = export.tables
    yield _csv_lines([["Row", *table.columns, "Padding"]])
    lines = [_csv_lines([list(row.values())]).rstrip(b"\n") for row in table.rows]
    if not lines or export.numbers is None:
        return
    for begin in range(0, len(export.numbers), 100):
        piece = []
        for number in export.numbers[begin : begin + 100]:
            line = b"%d,%b," % (number, lines[(number - 1) % len(lines)])
            piece.append(line.ljust(999, b"x") + b"\n")
        yield b"".join(piece)


def _csv_lines(lines: list[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().encode()


def _csv(export: Export) -> bytes:
    (table,) = export.tables
    return _csv_lines([table.columns, *(list(row.values()) for row in table.rows)])


def _json(export: Export) -> bytes:
    (table,) = export.tables
    return json.dumps(table.rows, ensure_ascii=False).encode()


def _jsonl(export: Export) -> bytes:
    (table,) = export.tables
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table.rows).encode()


def _xlsx(export: Export) -> bytes:
    """Make a sheet for each element."""
    from openpyxl import Workbook

    book = Workbook()
    empty = book.active
    for table in export.tables:
        # Excel allows 31 characters, and not these; openpyxl numbers what is there twice
        sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", "_", table.name)[:28] or "Sheet")
        sheet.append(table.columns)
        for row in table.rows:
            sheet.append(
                [
                    date.fromisoformat(value) if TYPES.get(column) == "datetime" else value
                    for column, value in row.items()
                ]
            )
    if export.tables and empty is not None:
        book.remove(empty)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _totals(table: ExportedTable) -> tuple[str, dict[str, float]]:
    """Return what a bar chart of the rows shows: its title, and a sum for each of its bars."""
    text = next(column for column in table.columns if column not in TYPES)
    number = [column for column in table.columns if TYPES.get(column) == "number"][-1]
    sums: dict[str, float] = {}
    for row in table.rows:
        sums[row[text]] = sums.get(row[text], 0) + row[number]
    return f"{number} by {text}", dict(sorted(sums.items()))


def _pdf(export: Export) -> bytes:
    """Write the workbook's name, and the chart and the table of each element."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Table

    styles = getSampleStyleSheet()
    parts: list[Flowable] = [Paragraph(escape(export.name), styles["Title"])]
    for table in export.tables:
        parts.append(Paragraph(escape(table.name), styles["Heading2"]))
        if not table.rows:
            parts.append(Paragraph("No rows", styles["Normal"]))
            continue
        parts.append(_pdf_chart(table))
        lines = [table.columns, *([str(v) for v in row.values()] for row in table.rows)]
        grid = Table(lines, repeatRows=1)
        grid.setStyle(
            [
                ("FONTSIZE", (0, 0), (-1, -1), 8),
                ("BACKGROUND", (0, 0), (-1, 0), colors.lightgrey),
                ("GRID", (0, 0), (-1, -1), 0.25, colors.grey),
            ]
        )
        parts.append(grid)
    file = io.BytesIO()
    size = landscape(A4) if export.layout == "landscape" else A4
    SimpleDocTemplate(file, pagesize=size, title=export.name).build(parts)
    return file.getvalue()


def _pdf_chart(table: ExportedTable) -> Any:
    from reportlab.graphics.charts.barcharts import VerticalBarChart
    from reportlab.graphics.shapes import Drawing, String
    from reportlab.lib.colors import HexColor

    title, sums = _totals(table)
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 60, 25, 320, 120
    chart.data = [list(sums.values())]
    chart.categoryAxis.categoryNames = list(sums)
    chart.valueAxis.valueMin = 0
    chart.bars[0].fillColor = HexColor(BAR_COLOR)
    drawing = Drawing(400, 180)
    drawing.add(String(60, 160, title))
    drawing.add(chart)
    return drawing


def _png(export: Export) -> bytes:
    """Draw the workbook's name, and the chart of the first element that has rows."""
    from PIL import Image, ImageDraw, ImageFont

    width, height = export.pixels
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    unit = min(width, height) / 30  # everything grows with the picture
    font = ImageFont.load_default(unit)
    draw.text((2 * unit, unit), export.name, "black", ImageFont.load_default(1.5 * unit))
    table = next((table for table in export.tables if table.rows), None)
    if table is None:
        draw.text((2 * unit, 3.5 * unit), "No rows", "black", font)
    else:
        title, sums = _totals(table)
        heading = f"{table.name}: {title}" if table.name else title
        draw.text((2 * unit, 3.5 * unit), heading, "black", font)
        left, top, right, bottom = 5 * unit, 6 * unit, width - 2 * unit, height - 3 * unit
        highest = max(sums.values())
        step = (right - left) / len(sums)
        for n, (label, value) in enumerate(sums.items()):
            x = left + n * step
            bar = (x + step * 0.15, bottom - (bottom - top) * value / highest, x + step * 0.85)
            draw.rectangle((*bar, bottom), BAR_COLOR)
            draw.text((x + step / 2, bottom + unit / 2), label, "black", font, "ma")
        draw.line((left, top, left, bottom, right, bottom), "black", 2)
        draw.text((left - unit / 2, top), f"{highest:,.0f}", "black", font, "rm")
        draw.text((left - unit / 2, bottom), "0", "black", font, "rm")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
