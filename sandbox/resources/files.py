"""/v2/files: workbooks, folders and workspaces as files (inodes)."""

from typing import Annotated, Any

from fastapi import Depends, Query

from sandbox.api import Admin, Body, Caller, CountedPage, Org, Paged, resource
from sandbox.errors import Refusal
from sandbox.models import File, FileType, WorkspacePermission
from sandbox.organization import (
    Folder,
    Organization,
    StoredWorkbook,
    as_folder,
    now,
    stamps,
    workbook_url,
)

router = resource("files")


class FileChange(Body):
    """The body of PATCH /v2/files/{inodeId}. Only what is sent changes; restore has no effect."""

    name: str | None = None
    description: str | None = None
    ownerId: str | None = None
    parentId: str | None = None
    restore: bool | None = None


class FileFilters:
    """The query parameters of a list of files. directChildFilter has no effect."""

    def __init__(
        self,
        name: str | None = None,
        permissionFilter: WorkspacePermission | None = None,
        typeFilters: Annotated[list[FileType] | None, Query()] = None,
        parentId: str | None = None,
        directChildFilter: bool = False,
    ) -> None:
        self.name = name
        self.permission = permissionFilter
        self.types = typeFilters
        self.parent_id = parentId

    def files(self, org: Organization, member_id: str) -> list[dict[str, Any]]:
        """Return the files that a member can open and that match the filters."""
        return [
            file
            for file in member_files(org, member_id, with_workspaces=self.types == ["workspace"])
            if (self.types is None or file["type"] in self.types)
            and (self.name is None or self.name.lower() in file["name"].lower())
            and (self.permission is None or file["permission"] == self.permission)
            and self.parent_id in (None, file["parentId"], file["parentUrlId"])
        ]


Filters = Annotated[FileFilters, Depends()]


def member_files(
    org: Organization, member_id: str, with_workspaces: bool = False
) -> list[dict[str, Any]]:
    """Return the documents that a member can open, in the fields of File."""
    org.member(member_id)
    documents = [document for document in org.documents() if document.parentId is not None]
    if with_workspaces:
        documents += [as_folder(workspace) for workspace in org.workspaces.values()]
    return [
        as_file(org, document, permission)
        for document in documents
        if (permission := org.permission(member_id, document))
    ]


def as_file(
    org: Organization, document: StoredWorkbook | Folder, permission: str
) -> dict[str, Any]:
    """Return a document in the fields of File. A document without a parent is its own parent."""
    parent = org.folders.get(document.parentId or "")
    workspace = org.workspaces.get(document.parentId or "")
    parent_url_id = workspace.workspaceUrlId if workspace else (parent or document).urlId
    kind = "workbook" if isinstance(document, StoredWorkbook) else "folder"
    file = {
        "id": document.id,
        "urlId": document.urlId,
        "name": document.name,
        "type": "workspace" if document.id in org.workspaces else kind,
        "parentId": document.parentId or document.id,
        "parentUrlId": parent_url_id,
        "permission": permission,
        "path": document.path,
        "badge": None,
        "isArchived": False,
        "ownerId": document.ownerId,
        **document.model_dump(include=set(stamps("", ""))),
    }
    return {**file, "description": document.description} if document.description else file


@router.get("/v2/files", summary="List files")
async def files_list(
    org: Org, caller: Caller, paging: Paged, filters: Filters
) -> CountedPage[File]:
    """List what the owner of the credentials can open; workspaces only on request."""
    return paging.cut(filters.files(org, caller))


def _seen_by(org: Organization, caller: str, document: StoredWorkbook | Folder) -> File:
    permission = org.permission(caller, document) or ("edit" if org.is_admin(caller) else None)
    if permission is None:
        raise Refusal(403, f"You cannot open file {document.id}")
    return File(**as_file(org, document, permission))


@router.get("/v2/files/{inodeId}", summary="Get file information")
async def files_get(org: Org, caller: Caller, inodeId: str) -> File:
    """Return a workbook, folder or workspace by its long or short ID."""
    return _seen_by(org, caller, org.document(inodeId))


@router.patch("/v2/files/{inodeId}", summary="Update a file")
async def files_update(org: Org, admin: Admin, inodeId: str, body: FileChange) -> File:
    """Rename a workbook or folder, move it, or change its owner. A refusal changes nothing."""
    document = org.document(inodeId)
    if document.parentId is None:
        raise Refusal(400, f"{inodeId} is a workspace or My Documents, which cannot be changed")
    if body.ownerId is not None and org.member(body.ownerId).isArchived:
        raise Refusal(400, f"ownerId: member {body.ownerId} is deactivated")
    into = org.destination(body.parentId or document.parentId)
    outer: Folder | None = into
    while outer is not None:
        if outer.id == document.id:
            raise Refusal(400, f"parentId: {body.parentId} is inside {inodeId}")
        outer = org.folders.get(outer.parentId or "")
    if body.name is not None:
        document.name = body.name
        if isinstance(document, StoredWorkbook):
            document.url = workbook_url(document.name, document.urlId)
    if body.description is not None:
        document.description = body.description
    if body.ownerId is not None:
        document.ownerId = body.ownerId
    org.put(document, into)
    document.updatedBy, document.updatedAt = admin, now()
    return _seen_by(org, admin, document)
