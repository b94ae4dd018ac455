"""/v2/files: documents, folders, workspaces and tables as files (inodes)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Depends, Query

from sandbox.api import Admin, Body, Caller, Empty, FullPage, Org, Paged, resource
from sandbox.errors import Refusal
from sandbox.models import FileType, WorkspacePermission
from sandbox.organization import (
    LEVELS,
    Document,
    Organization,
    add_folder,
    long_id,
    now,
    stamps,
    url_id,
)

router = resource("files")
File = dict[str, Any]


class NewFile(Body):
    """The body of POST /v2/files."""

    type: Literal["workspace", "folder", "workbook", "report"]
    name: str
    description: str = ""
    ownerId: str | None = None
    parentId: str | None = None


class FileChange(Body):
    """The body of PATCH /v2/files/{inodeId}. Only what is sent changes."""

    name: str | None = None
    description: str | None = None
    ownerId: str | None = None
    parentId: str | None = None
    restore: bool | None = None


@dataclass
class FileFilters:
    """The query parameters of a list of files. directChildFilter has no effect."""

    name: str = ""
    permissionFilter: WorkspacePermission = "view"
    typeFilters: Annotated[list[FileType] | None, Query()] = None
    parentId: str = ""
    directChildFilter: bool = False

    def files(self, org: Organization, member_id: str) -> list[File]:
        """Return the files that a member can open and that match the filters."""
        parent_id, types = long_id(self.parentId), self.typeFilters
        documents: list[Document] = org.documents()
        if types == ["workspace"]:
            documents = [*org.spaces()]
        if parent_id:
            documents = [document for document in documents if document.parentId == parent_id]
        if "table" in (types or ()):
            documents += org.tables(below=parent_id)
        return [
            file
            for file in member_files(org, member_id, documents)
            if (types is None or file["type"] in types)
            and self.name.lower() in file["name"].lower()
            and LEVELS.index(file["permission"]) >= LEVELS.index(self.permissionFilter)
        ]


Filters = Annotated[FileFilters, Depends()]


def member_files(org: Organization, member_id: str, documents: Iterable[Document]) -> list[File]:
    """Return those documents that a member can open as files."""
    org.member(member_id)
    return [
        as_file(document, permission)
        for document in documents
        if document.parentId or document.type == "workspace"  # not My Documents
        if not document.isArchived
        if (permission := org.permission(member_id, document))
    ]


def as_file(document: Document, permission: str) -> File:
    """Return a document as a file. A document without a parent is its own parent."""
    parent_id = document.parentId or document.id
    file = {
        "id": document.id,
        "urlId": url_id(document.id),
        "name": document.name,
        "type": document.type,
        "parentId": parent_id,
        "parentUrlId": url_id(parent_id),
        "permission": permission,
        "path": document.path,
        "badge": None,
        "isArchived": document.isArchived,
        "ownerId": document.ownerId,
        **document.model_dump(include=set(stamps("", ""))),
    }
    return {**file, "description": document.description} if document.description else file


@router.get("/v2/files", summary="List files")
async def files_list(org: Org, caller: Caller, paging: Paged, filters: Filters) -> FullPage[File]:
    """List what the owner of the credentials can open; workspaces and tables only on request."""
    return paging.cut(filters.files(org, caller))


def _seen_by(org: Organization, caller: str, document: Document) -> File:
    permission = org.permission(caller, document) or ("edit" if org.is_admin(caller) else None)
    if permission is None:
        raise Refusal(403, f"You cannot open file {document.id}")
    return as_file(document, permission)


@router.get("/v2/files/{inodeId}", summary="Get file information")
async def files_get(org: Org, caller: Caller, inodeId: str) -> File:
    """Return a document, folder, workspace or table by its long or short ID."""
    return _seen_by(org, caller, org.document(inodeId))


def _changeable(org: Organization, inode_id: str) -> Document:
    """Return what can be changed or deleted. Refuses the rest with 400."""
    document = org.document(inode_id)
    if document.parentId is None or document.type == "table":
        raise Refusal(400, f"{inode_id} is a workspace, table or My Documents. Not to be changed")
    return document


@router.post("/v2/files", summary="Create a file")
async def files_create(org: Org, admin: Admin, body: NewFile) -> File:
    """Create a folder, by default in My Documents of the caller."""
    if body.type != "folder":
        raise Refusal(501, f"The sandbox does not support a new file of type {body.type}")
    into = org.destination(body.parentId or org.member(admin).homeFolderId)
    owner_id = org.member(body.ownerId or admin).memberId
    fields = {"name": body.name, "description": body.description, "ownerId": owner_id}
    folder = add_folder(org, org.next_key(), into, stamps(admin, now()), **fields)
    return _seen_by(org, admin, folder)


@router.delete("/v2/files/{inodeId}", summary="Delete a file")
async def files_delete(org: Org, admin: Admin, inodeId: str) -> Empty:
    """Put a document, or a folder with its content, into the trash."""
    document = _changeable(org, inodeId)
    org.archive(document, True)
    document.updatedBy, document.updatedAt = admin, now()
    return Empty()


@router.patch("/v2/files/{inodeId}", summary="Update a file")
async def files_update(org: Org, admin: Admin, inodeId: str, body: FileChange) -> File:
    """Rename a document or folder, move it, or change its owner. A refusal changes nothing."""
    document = _changeable(org, inodeId)
    if body.ownerId is not None and org.member(body.ownerId).isArchived:
        raise Refusal(400, f"ownerId: member {body.ownerId} is deactivated")
    into = org.destination(body.parentId or document.parentId or "")
    if document.id in org.with_parents(into):
        raise Refusal(400, f"parentId: {body.parentId} is inside {inodeId}")
    if body.name is not None:
        document.name = body.name
    if body.description is not None:
        document.description = body.description
    if body.ownerId is not None:
        document.ownerId = body.ownerId
    if body.restore:
        org.archive(document, False)
    org.put(document, into)
    document.updatedBy, document.updatedAt = admin, now()
    return _seen_by(org, admin, document)
