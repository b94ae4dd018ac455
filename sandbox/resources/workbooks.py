"""/v2/workbooks: the workbooks, their content and their grants."""

from typing import Annotated, Any, Literal

from fastapi import Depends

from sandbox import api
from sandbox.api import Admin, Body, Caller, CountedPage, Empty, FullPage, Org, Paged, resource
from sandbox.content import CONTROLS, TYPES, Page, pages_of
from sandbox.errors import Refusal
from sandbox.models import Element, Workbook, WorkbookPage, WorkbookPermission
from sandbox.organization import (
    StoredWorkbook,
    add_workbook,
    make_short_id,
    make_uuid,
    now,
    path_in,
    stamps,
    url_id,
)
from sandbox.resources.grants import NewGrant, NewGrants, create_grants

router = resource("workbooks")


class WorkbookCopy(Body):
    """The body of POST /v2/workbooks/{workbookId}/copy. There are no bookmarks to copy."""

    destinationFolderId: str
    name: str
    description: str = ""
    copyBookmarks: Literal["all", "accessible"] | None = None


class NewEmbed(Body):
    """The body of POST /v2/workbooks/{workbookId}/embeds."""

    embedType: Literal["public"]
    sourceType: Literal["workbook", "page", "element"]
    sourceId: str | None = None


class NewWorkbookGrant(NewGrant[WorkbookPermission]):
    """A permission on a workbook. No workbook has tags, so tagId has no effect."""

    tagId: str | None = None


async def opened(org: Org, caller: Caller, workbookId: str) -> StoredWorkbook:
    """Return the workbook in the path. Refuses with 404, or with 403 if the caller lacks access."""
    workbook = org.workbook(workbookId)
    if not org.permission(caller, workbook) and not org.is_admin(caller):
        raise Refusal(403, f"You cannot open workbook {workbookId}")
    return workbook


Opened = Annotated[StoredWorkbook, Depends(opened)]


@router.get("/v2/workbooks", summary="List workbooks")
async def list_workbooks(
    org: Org,
    caller: Caller,
    paging: Paged,
    excludeTags: bool = False,
    skipPermissionCheck: bool = False,
    isArchived: bool = False,
    excludeExplorations: bool = False,
) -> FullPage[Workbook]:
    """List what the owner of the credentials can open; skipPermissionCheck is for admins."""
    if skipPermissionCheck:
        await api.admin(org, caller)
    return paging.cut(
        [
            workbook
            for workbook in org.workbooks.values()
            if workbook.isArchived == isArchived
            and (skipPermissionCheck or org.permission(caller, workbook))
        ]
    )


@router.get("/v2/workbooks/{workbookId}", summary="Get a workbook")
async def get_workbook(workbook: Opened, includeTaggedSourceUrlId: bool = False) -> Workbook:
    """Return a workbook by its long or short ID."""
    return workbook


@router.post("/v2/workbooks/{workbookId}/copy", summary="Duplicate a workbook")
async def copy_workbook(org: Org, admin: Admin, workbook: Opened, body: WorkbookCopy) -> Workbook:
    """Copy a workbook into a folder. The caller owns the copy, which has no grants or schedules."""
    folder = org.destination(body.destinationFolderId)
    more = {"description": body.description} if body.description else {}
    return add_workbook(
        org,
        org.next_key(),
        stamps(admin, now()),
        name=body.name,
        path=path_in(folder),
        latestVersion=1,
        ownerId=admin,
        parentId=folder.id,
        workspaceId=folder.workspaceId,
        number=workbook.number,
        has_input_table=workbook.has_input_table,
        **more,
    )


# --- Content ---


@router.get("/v2/workbooks/{workbookId}/pages", summary="List workbook pages for a workbook")
async def list_workbook_pages(
    paging: Paged, workbook: Opened, tag: str | None = None, bookmarkId: str | None = None
) -> CountedPage[WorkbookPage]:
    """List the pages of a workbook, including hidden ones."""
    _refuse_versions(tag, bookmarkId)
    return paging.cut(pages_of(workbook))


def _refuse_versions(tag: str | None, bookmark_id: str | None) -> None:
    """Refuse tags and bookmarks: no workbook has any."""
    if tag is not None:
        raise Refusal(404, f"Tag {tag} not found")
    if bookmark_id is not None:
        raise Refusal(404, f"Bookmark {bookmark_id} not found")


@router.get(
    "/v2/workbooks/{workbookId}/pages/{pageId}/elements", summary="List elements in a workbook page"
)
async def list_workbook_page_elements(
    paging: Paged,
    workbook: Opened,
    pageId: str,
    tag: str | None = None,
    bookmarkId: str | None = None,
) -> CountedPage[Element]:
    """List the elements of one page."""
    _refuse_versions(tag, bookmarkId)
    return paging.cut(page_of(workbook, pageId).elements)


def page_of(workbook: StoredWorkbook, page_id: str) -> Page:
    """Return a page of a workbook, or refuse with 404."""
    for page in pages_of(workbook):
        if page.pageId == page_id:
            return page
    raise Refusal(404, f"Page {page_id} not found")


@router.get("/v2/workbooks/{workbookId}/elements", summary="List elements in a workbook")
async def list_workbook_elements(
    paging: Paged, workbook: Opened, tagName: str | None = None, bookmarkId: str | None = None
) -> CountedPage[Element]:
    """List the elements of all pages. The entries don't name the page."""
    _refuse_versions(tagName, bookmarkId)
    return paging.cut(elements_of(workbook))


def elements_of(workbook: StoredWorkbook) -> list[Element]:
    """Return the elements of all pages, in order."""
    return [element for page in pages_of(workbook) for element in page.elements]


def element_of(workbook: StoredWorkbook, element_id: str) -> Element:
    """Return an element of a workbook, or refuse with 404."""
    for element in elements_of(workbook):
        if element.elementId == element_id:
            return element
    raise Refusal(404, f"Element {element_id} not found")


@router.get(
    "/v2/workbooks/{workbookId}/elements/{elementId}/columns",
    summary="List columns for a workbook element",
)
async def get_element_columns(
    paging: Paged, workbook: Opened, elementId: str
) -> CountedPage[dict[str, Any]]:
    """List the columns of an element. Texts and controls have none."""
    columns = columns_of(element_of(workbook, elementId))
    return paging.cut(
        [
            {"label": label, "type": {"type": TYPES.get(label, "text")}, **column}
            for label, column in columns.items()
        ]
    )


@router.get(
    "/v2/workbooks/{workbookId}/columns", summary="List columns for all elements in a workbook"
)
async def get_workbook_columns(paging: Paged, workbook: Opened) -> CountedPage[dict[str, Any]]:
    """List the columns of all elements, with other fields than those of one element."""
    return paging.cut(
        [
            {"name": label, "type": {}, "elementId": element.elementId, **column}
            for element in elements_of(workbook)
            for label, column in columns_of(element).items()
        ]
    )


def columns_of(element: Element) -> dict[str, dict[str, str]]:
    """Return the fields that all lists of columns have, by label."""
    return {
        label: {
            "columnId": make_short_id("column", f"{element.elementId} {label}", 10),
            "formula": f"[{TABLE_PATH[-1]}/{label}]",
        }
        for label in element.columns
    }


@router.get("/v2/workbooks/{workbookId}/controls", summary="List workbook controls")
async def get_workbook_controls(paging: Paged, workbook: Opened) -> CountedPage[dict[str, str]]:
    """List the controls of a workbook, by the names that an export's parameters use."""
    return paging.cut(CONTROLS)


# --- Sources: all elements read the same table ---

TABLE_PATH = ("RETAIL", "PLUGS_ELECTRONICS", "ORDERS")


@router.get("/v2/workbooks/{workbookId}/lineage", summary="List lineage for a workbook")
async def list_lineage_tree(
    org: Org, paging: Paged, workbook: Opened
) -> CountedPage[dict[str, Any]]:
    """List the table, and the elements that read it."""
    connection = org.connection(make_uuid("connection", 1))
    inode_id = connection.inode_id(TABLE_PATH)
    source = [f"inode-{url_id(inode_id)}"]
    table = {"type": "table", "connectionId": connection.connectionId, "name": TABLE_PATH[2]}
    element = {"type": "element", "sourceIds": source, "dataSourceIds": source}
    rows = [{**element, "elementId": e.elementId} for e in elements_of(workbook) if e.columns]
    return paging.cut([{**table, "inodeId": inode_id}, *rows])


@router.get(
    "/v2/workbooks/{workbookId}/lineage/elements/{elementId}",
    summary="List lineage of a workbook element",
)
async def list_lineage(org: Org, workbook: Opened, elementId: str) -> dict[str, Any]:
    """Return the table that an element reads. Texts and controls read none."""
    element = element_of(workbook, elementId)
    node = {
        "nodeId": elementId,
        "type": "sheet",
        "name": element.name or "",
        "elementId": elementId,
    }
    if not element.columns:
        return {"dependencies": {elementId: node}, "edges": []}
    table_id = f"inode-{url_id(org.connection(make_uuid('connection', 1)).inode_id(TABLE_PATH))}"
    table = {"nodeId": table_id, "type": "table", "name": TABLE_PATH[-1]}
    edge = {"source": table_id, "target": elementId, "type": "source"}
    return {"dependencies": {elementId: node, table_id: table}, "edges": [edge]}


@router.get("/v2/workbooks/{workbookId}/queries", summary="List SQL queries in a workbook")
async def list_workbook_queries(paging: Paged, workbook: Opened) -> CountedPage[dict[str, str]]:
    """List the queries of the elements that have columns."""
    return paging.cut([query_of(e) for e in elements_of(workbook) if e.columns])


@router.get(
    "/v2/workbooks/{workbookId}/elements/{elementId}/query",
    summary="Get the SQL query for a workbook element",
)
async def get_element_query(
    paging: Paged,
    workbook: Opened,
    elementId: str,
    tagName: str | None = None,
    bookmarkId: str | None = None,
) -> dict[str, str]:
    """Return the query of an element. Texts and controls have none."""
    _refuse_versions(tagName, bookmarkId)
    return query_of(element_of(workbook, elementId))


def query_of(element: Element) -> dict[str, str]:
    """Return the query of an element, or the reason why there is none."""
    columns = ", ".join(f'"{label}"' for label in element.columns)
    sql = {"sql": f"select {columns} from {'.'.join(TABLE_PATH)}"}
    missing = {"error": f"A {element.type} element has no query"}
    named = {"elementId": element.elementId, "name": element.name}
    return {**named, **(sql if element.columns else missing)}


# --- Embeds and grants ---


@router.get("/v2/workbooks/{workbookId}/embeds", summary="Get embeds for a workbook")
async def list_workbook_embeds(
    org: Org, paging: Paged, workbook: Opened
) -> FullPage[dict[str, Any]]:
    """List the public embeds of a workbook, its pages and elements."""
    return paging.cut(org.embeds.get(workbook.workbookId, []))


@router.post("/v2/workbooks/{workbookId}/embeds", summary="Create an embed for a workbook")
async def create_workbook_embed(
    org: Org, admin: Admin, workbook: Opened, body: NewEmbed
) -> dict[str, str]:
    """Create a public embed of a workbook, or of one of its pages or elements."""
    source_id, name = workbook.workbookId, workbook.name
    if body.sourceType != "workbook":
        if body.sourceId is None:
            raise Refusal(400, f"sourceId: needed for a {body.sourceType}")
        source_id = body.sourceId
        find = page_of if body.sourceType == "page" else element_of
        name = find(workbook, source_id).name
    embed_id = make_short_id("embed", org.next_key(), 22)
    made = {"embedId": embed_id, "embedUrl": f"https://app.sigmacomputing.com/embed/{embed_id}"}
    source = {"sourceType": body.sourceType, "sourceId": source_id, "sourceName": name or None}
    org.embeds.setdefault(workbook.workbookId, []).append({**made, "public": True, **source})
    return made


@router.post(
    "/v2/workbooks/{workbookId}/grants", summary="Grant permissions on a workbook to users or teams"
)
async def create_workbook_grant(
    org: Org, admin: Admin, workbook: Opened, body: NewGrants[NewWorkbookGrant]
) -> Empty:
    """Create grants, or update those that exist."""
    return create_grants(org, workbook.workbookId, body.grants, admin)
