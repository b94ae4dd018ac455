"""What a workbook shows: its pages, their elements, and the rows of each.

Everything is computed on demand from the number of the workbook's content, so a large organization
costs no time on start, and a copy, which has the same number, shows the same.
"""

from datetime import date, timedelta

from sandbox.models import Control, Element, WorkbookPage
from sandbox.organization import StoredWorkbook, make_short_id

ROWS = 100
FIRST_DAY = date(2024, 1, 1)
LAST_DAY = date(2024, 12, 31)

TABLE = "Order Number", "Order Date", "Region", "Customer", "Quantity", "Sales Amount"
CHART = "Order Date", "Region", "Sales Amount"
INPUT_TABLE = "Order Date", "Region", "Target", "Comment"
# What the data type of a column is called; all others are text
TYPES = {
    "Order Date": "datetime",
    "Order Number": "number",
    "Quantity": "number",
    "Sales Amount": "number",
    "Target": "number",
}
REGIONS = "East", "North", "South", "West"
# Commas, quotation marks and letters beyond ASCII: an export has to carry them
CUSTOMERS = "Abbott, Inc.", "Brandt GmbH", "Café Moreau", 'The "Best" Plugs', "Novák & Świątek"

# The name of a control is what an export's parameters go by, not the name of its element
CONTROLS = [
    Control(name="DateFilter", valueType="date-range"),
    Control(name="Region", valueType="text"),
]


class Page(WorkbookPage):
    """A page of a workbook, and its elements."""

    elements: list[Element]


def page_id(number: int, page: str) -> str:
    """Return the ID of the page with a name."""
    return make_short_id("page", f"{number} {page}", 10)


def element_id(number: int, page: str, position: int) -> str:
    """Return the ID of an element by its position on a page, from 0."""
    return make_short_id("element", f"{number} {page} {position}", 10)


def pages_of(workbook: StoredWorkbook) -> list[Page]:
    """Return the pages of a workbook. Some have an input table: see Options.input_tables."""
    number = workbook.number
    dashboard = [
        Element(elementId="", name="Date Filter", type="control"),
        Element(elementId="", name="Region", type="control"),
        _with_columns(CHART, name="Sales by Month", type="visualization", vizualizationType="bar"),
        _with_columns(CHART, name="Sales by Region", type="pivot-table"),
        Element(elementId="", type="text"),  # texts have no name
    ]
    data = [
        _with_columns(TABLE, name="Orders", type="table"),
        _with_columns(TABLE, name="Returns", type="table"),
    ]
    if workbook.has_input_table:
        data.append(_with_columns(INPUT_TABLE, name="Targets", type="input-table"))
    notes = [
        Element(elementId="", type="text"),
        _with_columns(CHART, type="visualization", vizualizationType="bar"),
    ]
    pages = []
    for name, elements in (("Dashboard", dashboard), ("Data", data), ("Notes", notes)):
        for position, element in enumerate(elements):
            element.elementId = element_id(number, name, position)
        pages.append(
            Page(
                pageId=page_id(number, name),
                name=name,
                hidden=name == "Notes",
                elements=elements,
            )
        )
    return pages


def _with_columns(columns: tuple[str, ...], **fields: str) -> Element:
    return Element.model_validate({"elementId": "", "columns": list(columns), **fields})


def rows_of(workbook: StoredWorkbook, element: Element) -> list[dict[str, object]]:
    """Return the rows of an element: the days of 2024 from the first to the last, in order.

    An element without columns has none.
    """
    if not element.columns:
        return []
    days = (LAST_DAY - FIRST_DAY).days
    rows = []
    for n in range(ROWS):
        quantity = 1 + (n * 7 + workbook.number) % 12
        row: dict[str, object] = {
            "Order Number": 1001 + n,
            "Order Date": (FIRST_DAY + timedelta(days=n * days // (ROWS - 1))).isoformat(),
            "Region": REGIONS[n % len(REGIONS)],
            "Customer": CUSTOMERS[n % len(CUSTOMERS)],
            "Quantity": quantity,
            "Sales Amount": quantity * 12.5,
            "Target": 100 + n % 5 * 25,
            "Comment": f"Agreed on with {CUSTOMERS[n % len(CUSTOMERS)]}",
        }
        rows.append({column: row[column] for column in element.columns})
    return rows
