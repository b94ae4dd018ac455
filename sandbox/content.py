"""The content of a workbook: its pages, their elements, and the rows of each.

Everything is computed on demand from the number of the workbook, so a large organization starts at
once, and a copy, which has the same number, shows the same.
"""

from datetime import date, timedelta

from sandbox.models import Element, Source, Workbook, WorkbookPage
from sandbox.organization import APP_URL, CATALOG, make_short_id, make_uuid, url_id

ROWS = 100
FIRST_DAY = date(2024, 1, 1)
LAST_DAY = date(2024, 12, 31)

TABLE = ["Order Number", "Order Date", "Region", "Customer", "Quantity", "Sales Amount"]
CHART = ["Order Date", "Region", "Sales Amount"]
INPUT_TABLE = ["Order Date", "Region", "Target", "Comment"]
# The data types of columns; all others are text
NUMBERS = "Order Number", "Quantity", "Sales Amount", "Target"
TYPES = {"Order Date": "datetime", **dict.fromkeys(NUMBERS, "number")}
REGIONS = "East", "North", "South", "West"
# Commas, quotes and letters beyond ASCII, which an export has to preserve
CUSTOMERS = "Abbott, Inc.", "Brandt GmbH", "Café Moreau", 'The "Best" Plugs', "Novák & Świątek"

# An export's parameters use the name of a control, not the name of its element
CONTROLS = [
    {"name": "DateFilter", "valueType": "date-range"},
    {"name": "Region", "valueType": "text"},
]


# What workbooks read, besides custom SQL and data models. No document reads DEPARTMENTS.
TABLES = [
    (database, schema, table)
    for database, schemas in CATALOG.items()
    for schema, tables in schemas.items()
    for table in tables
    if table != "DEPARTMENTS"
]
SQL = "select REGION, sum(SALES_AMOUNT) from RETAIL.PLUGS_ELECTRONICS.ORDERS group by REGION"


def page_id(number: int, page: str) -> str:
    """Return the ID of the page with a name."""
    return make_short_id("page", f"{number} {page}", 10)


def element_id(number: int, page: str, position: int) -> str:
    """Return the ID of an element by its position on a page, from 0."""
    return make_short_id("element", f"{number} {page} {position}", 10)


def pages_of(workbook: Workbook) -> list[WorkbookPage]:
    """Return the pages of a workbook. Some have an input table: see Options.input_tables."""
    number = workbook.number
    bars = {"type": "visualization", "vizualizationType": "bar", "columns": CHART}
    content: dict[str, list[dict[str, object]]] = {
        "Dashboard": [
            {"name": "Date Filter", "type": "control"},
            {"name": "Region", "type": "control"},
            {"name": "Sales by Month", **bars},
            {"name": "Sales by Region", "type": "pivot-table", "columns": CHART},
            {"type": "text"},  # texts have no name
        ],
        "Data": [
            {"name": "Orders", "type": "table", "columns": TABLE},
            {"name": "Returns", "type": "table", "columns": TABLE},
        ],
        "Notes": [{"type": "text"}, {**bars}],
    }
    if workbook.has_input_table:
        content["Data"].append({"name": "Targets", "type": "input-table", "columns": INPUT_TABLE})
    return [
        WorkbookPage(
            pageId=page_id(number, name),
            name=name,
            hidden=name == "Notes",
            elements=[
                Element.model_validate({"elementId": element_id(number, name, n), **fields})
                for n, fields in enumerate(elements)
            ],
        )
        for name, elements in content.items()
    ]


def rows_of(workbook: Workbook, element: Element) -> list[dict[str, object]]:
    """Return the rows of an element, with days of 2024 from the first to the last, in order.

    An element without columns has no rows.
    """
    days = (LAST_DAY - FIRST_DAY).days
    rows = []
    for n in range(ROWS if element.columns else 0):
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


# --- Sources ---


def table_source(connection: int, path: tuple[str, ...]) -> Source:
    """Return a table of a seeded connection as a source."""
    inode_id = make_uuid("inode", (make_uuid("connection", connection), *path))
    return {"type": "table", "inodeId": inode_id}


def model_source(number: int) -> Source:
    """Return an element of a seeded data model as a source."""
    model_id = make_uuid("data model", number)
    elements = [make_short_id("element", model_id, 10)]
    return {"type": "data-model", "dataModelId": model_id, "elementIds": elements}


def sql_source(key: object) -> Source:
    """Return custom SQL on the demo connection as a source."""
    custom = {"definition": SQL, "customSqlId": make_uuid("custom SQL", key)}
    return {"type": "custom-sql", "connectionId": make_uuid("connection", 1), **custom}


def seeded_sources(number: int) -> list[Source]:
    """Return what a workbook reads on start. The demo workbook, 0, reads most kinds."""
    sources = [table_source(2 if number % 4 == 3 else 1, TABLES[(number + 1) % len(TABLES)])]
    if number % 3 == 0:
        sources.append(table_source(1, TABLES[number % len(TABLES)]))
    if number % 10 == 0:
        sources.append(sql_source(number))
    if number % 5 == 0:
        sources.append(model_source(number // 5 % 6))
    if number == 60:
        dataset_id = make_uuid("dataset", 0)
        url = f"{APP_URL}/b/{url_id(dataset_id)}"
        sources.append({"type": "dataset", "inodeId": dataset_id, "url": url})
    return sources


def sources_of(workbook: Workbook, version: int = 0) -> list[Source]:
    """Return what a version reads, by default the latest. Version N of the seed has N sources."""
    version = version or workbook.latestVersion
    return workbook.sources.get(version) or seeded_sources(workbook.number)[:version]


def source_by_element(workbook: Workbook) -> dict[str, Source]:
    """Return the source of each element that has columns, by elementId. Tables come first."""
    sources = sources_of(workbook)
    elements = [e for page in pages_of(workbook) for e in page.elements if e.columns]
    elements.sort(key=lambda element: element.type != "table")
    return {e.elementId: sources[n % len(sources)] for n, e in enumerate(elements)}
