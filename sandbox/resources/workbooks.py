"""/v2/workbooks: the workbooks, their content and their grants."""

from typing import Annotated, Any, Literal

from fastapi import Depends

from sandbox.api import (
    Admin,
    Body,
    Caller,
    CountedPage,
    Empty,
    FullPage,
    Org,
    Paged,
    check_access,
    openable,
    resource,
)
from sandbox.content import CONTROLS, pages_of, sources_of
from sandbox.errors import Refusal
from sandbox.models import Element, Workbook, WorkbookPage, WorkbookPermission
from sandbox.organization import add_document, now, publish, stamps
from sandbox.resources.grants import NewGrants, create_grants

router = resource("workbooks")


class WorkbookCopy(Body):
    """The body of POST /v2/workbooks/{workbookId}/copy. There are no bookmarks to copy."""

    destinationFolderId: str
    name: str
    description: str = ""
    copyBookmarks: Literal["all", "accessible"] | None = None


async def opened(org: Org, caller: Caller, workbookId: str) -> Workbook:
    """Return the workbook in the path. Refuses with 404, or with 403 if the caller lacks access."""
    return check_access(org, caller, org.workbook(workbookId))


Opened = Annotated[Workbook, Depends(opened)]


async def with_tag(
    workbook: Opened, tag: str | None = None, bookmarkId: str | None = None
) -> Workbook:
    """Return the workbook, which a tagged version is like. Refuses unknown tags and bookmarks."""
    if bookmarkId is not None:
        raise Refusal(404, f"Bookmark {bookmarkId} not found")
    if tag is not None and tag.lower() not in [one.name.lower() for one in workbook.tags]:
        raise Refusal(404, f"Tag {tag} not found on this workbook")
    return workbook


async def with_tag_name(
    workbook: Opened, tagName: str | None = None, bookmarkId: str | None = None
) -> Workbook:
    """Do the same for the operations that have another name for the tag."""
    return await with_tag(workbook, tagName, bookmarkId)


Tagged = Annotated[Workbook, Depends(with_tag)]
TaggedByName = Annotated[Workbook, Depends(with_tag_name)]


@router.get("/v2/workbooks", summary="List workbooks")
async def list_workbooks(
    org: Org,
    caller: Caller,
    paging: Paged,
    excludeTags: bool = False,
    skipPermissionCheck: bool = False,
    isArchived: bool = False,
    excludeExplorations: bool = False,
) -> FullPage[Workbook | dict[str, Any]]:
    """List what the owner of the credentials can open; skipPermissionCheck is for admins."""
    workbooks = [one for one in org.workbooks.values() if one.isArchived == isArchived]
    page = paging.cut(await openable(org, caller, workbooks, skipPermissionCheck))
    if excludeTags:
        entries = page["entries"]
        page["entries"] = [w.model_dump(exclude={"tags"}, exclude_unset=True) for w in entries]
    return page


@router.get("/v2/workbooks/{workbookId}", summary="Get a workbook")
async def get_workbook(workbook: Opened, includeTaggedSourceUrlId: bool = False) -> Workbook:
    """Return a workbook by its long or short ID."""
    return workbook


@router.post("/v2/workbooks/{workbookId}/copy", summary="Duplicate a workbook")
async def copy_workbook(org: Org, admin: Admin, workbook: Opened, body: WorkbookCopy) -> Workbook:
    """Copy a workbook into a folder. The copy has no grants, schedules or tags."""
    folder = org.destination(body.destinationFolderId)
    more = {"description": body.description} if body.description else {}
    copy = add_document(
        org,
        Workbook,
        org.next_key(),
        folder,
        stamps(admin, at := now()),
        name=body.name,
        latestVersion=0,
        ownerId=admin,
        number=workbook.number,
        has_input_table=workbook.has_input_table,
        **more,
    )
    publish(copy, sources_of(workbook), admin, at)
    return copy


# --- Content ---


@router.get("/v2/workbooks/{workbookId}/pages", summary="List workbook pages for a workbook")
async def list_workbook_pages(paging: Paged, workbook: Tagged) -> CountedPage[WorkbookPage]:
    """List the pages of a workbook, including hidden ones."""
    return paging.cut(pages_of(workbook))


@router.get(
    "/v2/workbooks/{workbookId}/pages/{pageId}/elements", summary="List elements in a workbook page"
)
async def list_workbook_page_elements(
    paging: Paged, workbook: Tagged, pageId: str
) -> CountedPage[Element]:
    """List the elements of one page."""
    return paging.cut(page_of(workbook, pageId).elements)


def page_of(workbook: Workbook, page_id: str) -> WorkbookPage:
    """Return a page of a workbook, or refuse with 404."""
    for page in pages_of(workbook):
        if page.pageId == page_id:
            return page
    raise Refusal(404, f"Page {page_id} not found")


@router.get("/v2/workbooks/{workbookId}/elements", summary="List elements in a workbook")
async def list_workbook_elements(paging: Paged, workbook: TaggedByName) -> CountedPage[Element]:
    """List the elements of all pages. The entries don't name the page."""
    return paging.cut(elements_of(workbook))


def elements_of(workbook: Workbook) -> list[Element]:
    """Return the elements of all pages, in order."""
    return [element for page in pages_of(workbook) for element in page.elements]


def element_of(workbook: Workbook, element_id: str) -> Element:
    """Return an element of a workbook, or refuse with 404."""
    for element in elements_of(workbook):
        if element.elementId == element_id:
            return element
    raise Refusal(404, f"Element {element_id} not found")


@router.get("/v2/workbooks/{workbookId}/controls", summary="List workbook controls")
async def get_workbook_controls(paging: Paged, workbook: Opened) -> CountedPage[dict[str, str]]:
    """List the controls of a workbook, by the names that an export's parameters use."""
    return paging.cut(CONTROLS)


@router.post(
    "/v2/workbooks/{workbookId}/grants", summary="Grant permissions on a workbook to users or teams"
)
async def create_workbook_grant(
    org: Org, admin: Admin, workbook: Opened, body: NewGrants[WorkbookPermission]
) -> Empty:
    """Create grants, or update those that exist."""
    return create_grants(org, workbook.workbookId, body.grants, admin)
