"""What workbooks read, and the lineage, columns and queries that follow from it."""

from typing import Any

from fastapi import Request

from sandbox.api import Admin, Body, CountedPage, Org, Paged, resource
from sandbox.content import TYPES, source_by_element, sources_of
from sandbox.errors import Refusal
from sandbox.models import Element, Source, Workbook
from sandbox.organization import Organization, make_short_id, now, publish, url_id
from sandbox.resources.workbooks import Opened, TaggedByName, element_of, elements_of

router = resource("workbooks")


class PathSwap(Body):
    """A table, or everything below a database or schema, and what replaces it."""

    fromPath: list[str]
    toPath: list[str]


class ConnectionSwap(Body):
    """A connection, and what replaces it. Without swapTables, only custom SQL changes."""

    fromId: str
    toId: str
    swapTables: bool = False
    paths: list[PathSwap] = []


class NewSources(Body):
    """The body of POST /v2/workbooks/{workbookId}/swapSources, without sourceMapping."""

    connectionMapping: list[ConnectionSwap]
    copyInputTableData: bool = False


@router.get("/v2/workbooks/{workbookId}/sources", summary="List workbook sources")
async def get_workbook_sources(request: Request, workbook: Opened) -> list[Source]:
    """List what a workbook reads. It has no pages, and refuses any query."""
    if request.query_params:
        raise Refusal(400, f"Expecting no query but instead got: {request.url.query}")
    return sources_of(workbook)


# --- Swaps ---


@router.post("/v2/workbooks/{workbookId}/swapSources", summary="Swap workbook data sources")
async def source_swap_workbook(
    org: Org, admin: Admin, workbook: Opened, body: NewSources
) -> dict[str, list[str]]:
    """Publish a version that reads other sources, and list the tables that weren't swapped."""
    before = sources_of(workbook)
    after, unswapped = swapped(org, before, body.connectionMapping)
    if after != before:
        publish(workbook, after, admin, now())
    return {"unswappedSources": unswapped, "unswappedConnections": []}


def swapped(
    org: Organization, sources: list[Source], swaps: list[ConnectionSwap]
) -> tuple[list[Source], list[str]]:
    """Return the sources after a swap, and the IDs of the tables whose target doesn't exist."""
    targets = {swap.fromId: org.connection(swap.toId) for swap in swaps}
    by_connection = {org.connection(swap.fromId).connectionId: swap for swap in swaps}
    after, unswapped = [], []
    for source in sources:
        path: tuple[str, ...] = ()
        connection_id = source.get("connectionId", "")
        if source["type"] == "table":
            connection, path = org.table(source["inodeId"])
            connection_id = connection.connectionId
        if swap := by_connection.get(connection_id):
            target = targets[swap.fromId]
            new_path = _renamed(path, swap.paths)
            if source["type"] == "custom-sql":
                source = {**source, "connectionId": target.connectionId}
            elif swap.swapTables and new_path in target.paths():
                source = {"type": "table", "inodeId": target.inode_id(new_path)}
            elif swap.swapTables:
                unswapped.append(source["inodeId"])
        after.append(source)
    return after, unswapped


def _renamed(path: tuple[str, ...], swaps: list[PathSwap]) -> tuple[str, ...]:
    """Return the path after the first swap that fits; () if there are swaps and none fits."""
    for swap in swaps:
        if list(path[: len(swap.fromPath)]) == swap.fromPath:
            return (*swap.toPath, *path[len(swap.fromPath) :])
    return () if swaps else path


# --- Lineage, columns and queries ---


def lineage_row(org: Organization, source: Source) -> dict[str, Any]:
    """Return a source in the fields of lineage."""
    row: dict[str, Any] = {"type": source["type"], "connectionId": None, "name": "Dataset"}
    if source["type"] == "table":
        connection, path = org.table(source["inodeId"])
        row |= {"connectionId": connection.connectionId, "name": path[-1]}
    elif source["type"] == "custom-sql":
        row = {"type": "customSQL", "connectionId": source["connectionId"], "name": "Custom SQL"}
    elif source["type"] == "data-model":
        row["name"] = org.data_model(source["dataModelId"]).name
    keys = ("inodeId", "dataModelId", "definition")
    return row | {key: source[key] for key in keys if key in source}


def node_id(source: Source) -> str:
    """Return the ID of a source in lineage."""
    key = source.get("inodeId") or source.get("dataModelId") or source["customSqlId"]
    return f"inode-{url_id(key)}"


@router.get("/v2/workbooks/{workbookId}/lineage", summary="List lineage for a workbook")
async def list_lineage_tree(
    org: Org, paging: Paged, workbook: Opened
) -> CountedPage[dict[str, Any]]:
    """List the sources, and the elements that read them."""
    rows = [lineage_row(org, source) for source in sources_of(workbook)]
    for element_id, source in source_by_element(workbook).items():
        ids = [node_id(source)]
        row = {"type": "element", "sourceIds": ids, "dataSourceIds": ids}
        rows.append({**row, "elementId": element_id})
    return paging.cut(rows)


@router.get(
    "/v2/workbooks/{workbookId}/lineage/elements/{elementId}",
    summary="List lineage of a workbook element",
)
async def list_lineage(org: Org, workbook: Opened, elementId: str) -> dict[str, Any]:
    """Return the source that an element reads. Texts and controls read none."""
    element = element_of(workbook, elementId)
    node = {"nodeId": elementId, "elementId": elementId, "type": "sheet", "name": element.name}
    if not element.columns:
        return {"dependencies": {elementId: node}, "edges": []}
    source = source_by_element(workbook)[elementId]
    row = lineage_row(org, source)
    read = {"nodeId": node_id(source), "type": row["type"], "name": row["name"]}
    edge = {"source": read["nodeId"], "target": elementId, "type": "source"}
    return {"dependencies": {elementId: node, read["nodeId"]: read}, "edges": [edge]}


@router.get(
    "/v2/workbooks/{workbookId}/elements/{elementId}/columns",
    summary="List columns for a workbook element",
)
async def get_element_columns(
    org: Org, paging: Paged, workbook: Opened, elementId: str
) -> CountedPage[dict[str, Any]]:
    """List the columns of an element. Texts and controls have none."""
    rows = columns_of(org, workbook, element_of(workbook, elementId))
    for row in rows:
        row["label"] = row.pop("name")
        row["type"] = {"type": TYPES.get(row["label"], "text")}
    return paging.cut(rows)


@router.get(
    "/v2/workbooks/{workbookId}/columns", summary="List columns for all elements in a workbook"
)
async def get_workbook_columns(
    org: Org, paging: Paged, workbook: Opened
) -> CountedPage[dict[str, Any]]:
    """List the columns of all elements, with other fields than those of one element."""
    return paging.cut(
        [
            {**row, "type": {}, "elementId": element.elementId}
            for element in elements_of(workbook)
            for row in columns_of(org, workbook, element)
        ]
    )


def columns_of(org: Organization, workbook: Workbook, element: Element) -> list[dict[str, Any]]:
    """Return the columns of an element, in the fields that all lists of columns have."""
    if not element.columns:
        return []
    source = lineage_row(org, source_by_element(workbook)[element.elementId])
    return [
        {
            "columnId": make_short_id("column", f"{element.elementId} {label}", 10),
            "formula": f"[{source['name']}/{label}]",
            "name": label,
        }
        for label in element.columns
    ]


@router.get("/v2/workbooks/{workbookId}/queries", summary="List SQL queries in a workbook")
async def list_workbook_queries(
    org: Org, paging: Paged, workbook: Opened
) -> CountedPage[dict[str, str]]:
    """List the queries of the elements that have columns."""
    return paging.cut([query_of(org, workbook, e) for e in elements_of(workbook) if e.columns])


@router.get(
    "/v2/workbooks/{workbookId}/elements/{elementId}/query",
    summary="Get the SQL query for a workbook element",
)
async def get_element_query(
    org: Org, paging: Paged, workbook: TaggedByName, elementId: str
) -> dict[str, str]:
    """Return the query of an element. Texts and controls have none."""
    return query_of(org, workbook, element_of(workbook, elementId))


def query_of(org: Organization, workbook: Workbook, element: Element) -> dict[str, str]:
    """Return the query of an element, or the reason why there is none."""
    named = {"elementId": element.elementId, "name": element.name}
    if not element.columns:
        return {**named, "error": f"A {element.type} element has no query"}
    columns = ", ".join(f'"{label}"' for label in element.columns)
    source = source_by_element(workbook)[element.elementId]
    return {**named, "sql": f"select {columns} from {text_of(org, source)}"}


def text_of(org: Organization, source: Source) -> str:
    """Return a source as SQL."""
    if source["type"] == "table":
        return ".".join(org.table(source["inodeId"])[1])
    if source["type"] == "custom-sql":
        return f"({source['definition']})"
    return f'"{lineage_row(org, source)["name"]}"'
