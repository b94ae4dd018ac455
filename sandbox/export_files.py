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
from sandbox.organization import Export

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "png": "image/png",
}
ROWS_PER_MB = 1000


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
            [("FONTSIZE", (0, 0), (-1, -1), 8), ("GRID", (0, 0), (-1, -1), 0.25, colors.grey)]
        )
        parts.append(grid)
    file = io.BytesIO()
    size = landscape(A4) if export.layout == "landscape" else A4
    SimpleDocTemplate(file, pagesize=size, title=export.name).build(parts)
    return file.getvalue()


def _png(export: Export) -> bytes:
    """Draw the workbook's name, and the first rows of each element as text."""
    from PIL import Image, ImageDraw, ImageFont

    lines = [export.name]
    for table in export.tables:
        lines += ["", table.name, ", ".join(table.columns)]
        lines += [", ".join(map(str, row.values())) for row in table.rows[:5]] or ["No rows"]
    image = Image.new("RGB", export.pixels, "white")
    size = min(export.pixels) / 30  # the text grows with the image
    font = ImageFont.load_default(size)
    ImageDraw.Draw(image).text((size, size), "\n".join(lines), "black", font)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
