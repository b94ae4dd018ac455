"""/v2/workbooks: the workbooks, what stands in them, and who may use them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from sandbox.bodies import Body, CountedPage, Empty, Paging
from sandbox.content import CONTROLS, TYPES, Page, pages_of
from sandbox.errors import Refusal
from sandbox.models import (
    Control,
    Element,
    Embed,
    Workbook,
    WorkbookPage,
    WorkbookPermission,
)
from sandbox.organization import (
    StoredWorkbook,
    make_short_id,
    make_uuid,
    now,
    path_in,
    stamps,
    workbook_url,
)
from sandbox.resources.auth import Admin, Caller, Org, admin, is_admin
from sandbox.resources.grants import Grantee

router = APIRouter(tags=["workbooks"])


class WorkbookCopy(Body):
    """The body of POST /v2/workbooks/{workbookId}/copy. There are no bookmarks to copy."""

    destinationFolderId: str
    name: str
    description: str = ""
    copyBookmarks: Literal["all", "accessible"] | None = None


class Column(BaseModel):
    """A column of an element."""

    columnId: str
    label: str
    formula: str
    type: dict[str, str]


class NewEmbed(Body):
    """The body of POST /v2/workbooks/{workbookId}/embeds."""

    embedType: Literal["public"]
    sourceType: Literal["workbook", "page", "element"]
    sourceId: str | None = None


class CreatedEmbed(BaseModel):
    """An embed that was created."""

    embedId: str
    embedUrl: str


class NewGrant(Body):
    """A permission for a member or a team. There are no tags to restrict it to."""

    grantee: Grantee
    permission: WorkbookPermission
    tagId: str | None = None


class NewGrants(Body):
    """The body of POST /v2/workbooks/{workbookId}/grants."""

    grants: list[NewGrant]


async def opened(org: Org, caller: Caller, workbookId: str) -> StoredWorkbook:
    """Return the workbook of the address, or refuse with 404, or 403 if the caller lacks access."""
    workbook = org.workbook(workbookId)
    if not org.permission(caller, workbook) and not is_admin(org, caller):
        raise Refusal(403, f"You cannot open workbook {workbookId}")
    return workbook


Opened = Annotated[StoredWorkbook, Depends(opened)]


@router.get(
    "/v2/workbooks",
    operation_id="listWorkbooks",
    summary="List workbooks",
    response_model=CountedPage[Workbook],
    response_model_exclude_unset=True,
)
async def list_workbooks(
    org: Org,
    caller: Caller,
    paging: Annotated[Paging, Depends()],
    excludeTags: bool = False,
    skipPermissionCheck: bool = False,
    isArchived: bool = False,
    excludeExplorations: bool = False,
) -> dict[str, Any]:
    """List what the owner of the credentials can open; skipPermissionCheck is for admins."""
    if skipPermissionCheck:
        await admin(org, caller)
    return paging.cut(
        [
            workbook
            for workbook in org.workbooks.values()
            if workbook.isArchived == isArchived
            and (skipPermissionCheck or org.permission(caller, workbook))
        ]
    )


@router.get(
    "/v2/workbooks/{workbookId}",
    operation_id="getWorkbook",
    summary="Get a workbook",
    response_model=Workbook,
    response_model_exclude_unset=True,
)
async def get_workbook(workbook: Opened, includeTaggedSourceUrlId: bool = False) -> StoredWorkbook:
    """Return a workbook by its long or short ID."""
    return workbook


@router.post(
    "/v2/workbooks/{workbookId}/copy",
    operation_id="copyWorkbook",
    summary="Duplicate a workbook",
    response_model=Workbook,
    response_model_exclude_unset=True,
)
async def copy_workbook(
    org: Org, admin: Admin, workbook: Opened, body: WorkbookCopy
) -> StoredWorkbook:
    """Copy a workbook into a folder. The copy is the caller's, without grants or schedules."""
    folder = org.destination(body.destinationFolderId)
    key = org.next_key()
    url_id = make_short_id("workbook", key, 22)
    copy = StoredWorkbook(
        workbookId=make_uuid("workbook", key),
        workbookUrlId=url_id,
        name=body.name,
        url=workbook_url(body.name, url_id),
        path=path_in(folder),
        latestVersion=1,
        ownerId=admin,
        parentId=folder.id,
        workspaceId=folder.workspaceId,
        number=workbook.number,
        has_input_table=workbook.has_input_table,
        **stamps(admin, now()),
    )
    if body.description:
        copy.description = body.description
    org.workbooks[copy.workbookId] = copy
    return copy


@router.get(
    "/v2/workbooks/{workbookId}/pages",
    operation_id="listWorkbookPages",
    summary="List workbook pages for a workbook",
    response_model=CountedPage[WorkbookPage],
)
async def list_pages(
    paging: Annotated[Paging, Depends()],
    workbook: Opened,
    tag: str | None = None,
    bookmarkId: str | None = None,
) -> dict[str, Any]:
    """List the pages of a workbook, hidden ones too."""
    _check_version(tag, bookmarkId)
    return paging.cut(pages_of(workbook))


def _check_version(tag: str | None, bookmark_id: str | None) -> None:
    """Refuse tags and bookmarks: no workbook has any."""
    if tag is not None:
        raise Refusal(404, f"Tag {tag} not found")
    if bookmark_id is not None:
        raise Refusal(404, f"Bookmark {bookmark_id} not found")


@router.get(
    "/v2/workbooks/{workbookId}/pages/{pageId}/elements",
    operation_id="listWorkbookPageElements",
    summary="List elements in a workbook page",
    response_model=CountedPage[Element],
    response_model_exclude_unset=True,
)
async def list_page_elements(
    paging: Annotated[Paging, Depends()],
    workbook: Opened,
    pageId: str,
    tag: str | None = None,
    bookmarkId: str | None = None,
) -> dict[str, Any]:
    """List what stands on one page."""
    _check_version(tag, bookmarkId)
    return paging.cut(page_of(workbook, pageId).elements)


def page_of(workbook: StoredWorkbook, page_id: str) -> Page:
    """Return a page of a workbook, or refuse with 404."""
    for page in pages_of(workbook):
        if page.pageId == page_id:
            return page
    raise Refusal(404, f"Page {page_id} not found")


@router.get(
    "/v2/workbooks/{workbookId}/elements",
    operation_id="listWorkbookElements",
    summary="List elements in a workbook",
    response_model=CountedPage[Element],
    response_model_exclude_unset=True,
)
async def list_elements(
    paging: Annotated[Paging, Depends()],
    workbook: Opened,
    tagName: str | None = None,
    bookmarkId: str | None = None,
) -> dict[str, Any]:
    """List what stands on all pages, without saying on which."""
    _check_version(tagName, bookmarkId)
    return paging.cut(_elements(workbook))


def _elements(workbook: StoredWorkbook) -> list[Element]:
    return [element for page in pages_of(workbook) for element in page.elements]


def element_of(workbook: StoredWorkbook, element_id: str) -> Element:
    """Return an element of a workbook, or refuse with 404."""
    for element in _elements(workbook):
        if element.elementId == element_id:
            return element
    raise Refusal(404, f"Element {element_id} not found")


@router.get(
    "/v2/workbooks/{workbookId}/elements/{elementId}/columns",
    operation_id="getElementColumns",
    summary="List columns for a workbook element",
    response_model=CountedPage[Column],
)
async def list_columns(
    paging: Annotated[Paging, Depends()], workbook: Opened, elementId: str
) -> dict[str, Any]:
    """List the columns of an element. Texts and controls have none: 400."""
    element = element_of(workbook, elementId)
    if not element.columns:
        raise Refusal(400, f"Element {elementId} is a {element.type}, which has no columns")
    return paging.cut(
        [
            Column(
                columnId=make_short_id("column", f"{elementId} {label}", 10),
                label=label,
                formula=f"[PLUGS_ORDERS/{label}]",
                type={"type": TYPES.get(label, "text")},
            )
            for label in element.columns
        ]
    )


@router.get(
    "/v2/workbooks/{workbookId}/controls",
    operation_id="getWorkbookControls",
    summary="List workbook controls",
    response_model=CountedPage[Control],
)
async def list_controls(paging: Annotated[Paging, Depends()], workbook: Opened) -> dict[str, Any]:
    """List the controls of a workbook, by the names that an export's parameters use."""
    return paging.cut(CONTROLS)


@router.get(
    "/v2/workbooks/{workbookId}/embeds",
    operation_id="listWorkbookEmbeds",
    summary="Get embeds for a workbook",
    response_model=CountedPage[Embed],
)
async def list_embeds(
    org: Org, paging: Annotated[Paging, Depends()], workbook: Opened
) -> dict[str, Any]:
    """List the public embeds of a workbook, its pages and elements."""
    return paging.cut(org.embeds.get(workbook.workbookId, []))


@router.post(
    "/v2/workbooks/{workbookId}/embeds",
    operation_id="createWorkbookEmbed",
    summary="Create an embed for a workbook",
)
async def create_embed(org: Org, admin: Admin, workbook: Opened, body: NewEmbed) -> CreatedEmbed:
    """Create a public embed of a workbook, or of a page or element of it."""
    name: str | None = workbook.name
    if body.sourceType != "workbook":
        if body.sourceId is None:
            raise Refusal(400, f"sourceId: needed for a {body.sourceType}")
        if body.sourceType == "page":
            name = page_of(workbook, body.sourceId).name
        else:
            name = element_of(workbook, body.sourceId).name or None
    embed_id = make_short_id("embed", org.next_key(), 22)
    embed = Embed(
        embedId=embed_id,
        embedUrl=f"https://app.sigmacomputing.com/embed/{embed_id}",
        public=True,
        sourceType=body.sourceType,
        sourceId=workbook.workbookId if body.sourceType == "workbook" else body.sourceId,
        sourceName=name,
    )
    org.embeds.setdefault(workbook.workbookId, []).append(embed)
    return CreatedEmbed(embedId=embed.embedId, embedUrl=embed.embedUrl)


@router.post(
    "/v2/workbooks/{workbookId}/grants",
    operation_id="createWorkbookGrant",
    summary="Grant permissions on a workbook to users or teams",
)
async def create_workbook_grants(
    org: Org, admin: Admin, workbook: Opened, body: NewGrants
) -> Empty:
    """Create grants, or update those that exist."""
    for grant in body.grants:
        grantee = grant.grantee
        org.grant(workbook.workbookId, grantee.memberId, grantee.teamId, grant.permission, admin)
    return Empty()
