"""The files of exports: real ones, made from the rows of a workbook's elements.

The packages for XLSX, PDF and PNG are imported when they are needed, so the sandbox starts fast.
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
    if export.format == "xlsx":
        return _xlsx(export)
    if export.format == "pdf":
        return _pdf(export)
    if export.format == "png":
        return _png(export)
    (table,) = export.tables
    if export.format == "csv":
        return _csv_lines([table.columns, *([*row.values()] for row in table.rows)])
    if export.format == "json":
        return json.dumps(table.rows, ensure_ascii=False).encode()
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table.rows).encode()


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


def _xlsx(export: Export) -> bytes:
    """Make a sheet for each element."""
    from openpyxl import Workbook

    book = Workbook()
    empty = book.active
    for table in export.tables:
        # Excel allows 31 characters, but not these; openpyxl numbers duplicate names
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


def _pdf(export: Export) -> bytes:
    """Write the workbook's name, and a table for each element."""
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


def _totals(table: ExportedTable) -> tuple[str, dict[str, float]]:
    """Return the title of a bar chart of the rows, and a sum for each bar."""
    text = next(column for column in table.columns if column not in TYPES)
    number = [column for column in table.columns if TYPES.get(column) == "number"][-1]
    sums: dict[str, float] = {}
    for row in table.rows:
        sums[row[text]] = sums.get(row[text], 0) + row[number]
    return f"{number} by {text}", dict(sorted(sums.items()))


def _png(export: Export) -> bytes:
    """Draw the workbook's name, and a chart of the first element that has rows."""
    from PIL import Image, ImageDraw, ImageFont

    width, height = export.pixels
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    unit = min(width, height) / 30  # everything grows with the image
    font = ImageFont.load_default(unit)
    draw.text((2 * unit, unit), export.name, "black", ImageFont.load_default(1.5 * unit))
    table = next((table for table in export.tables if table.rows), None)
    title, sums = _totals(table) if table else ("No rows", {})
    name = f"{table.name}: " if table and table.name else ""
    draw.text((2 * unit, 3.5 * unit), name + title, "black", font)
    left, top, bottom = 2 * unit, 6 * unit, height - 3 * unit
    for n, (label, value) in enumerate(sums.items()):
        step = (width - 2 * left) / len(sums)
        x, bar = left + n * step, (bottom - top) * value / max(sums.values())
        draw.rectangle((x + step * 0.15, bottom - bar, x + step * 0.85, bottom), BAR_COLOR)
        draw.text((x + step / 2, bottom + unit / 2), f"{label}: {value:,.0f}", "black", font, "ma")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
