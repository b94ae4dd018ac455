"""What the operations of the API share: access, strict bodies, pages and routes."""

import base64
import binascii
import json
import time
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.routing import APIRoute
from fastapi.security import OAuth2
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.errors import Refusal
from sandbox.organization import Document, Organization
from sandbox.request_log import ignored_fields

Row = TypeVar("Row")
Opened = TypeVar("Opened", bound=Document)

# --- Access ---

TOKEN_PATH = "/v2/auth/token"
flow = OAuthFlowClientCredentials(tokenUrl=TOKEN_PATH, refreshUrl=TOKEN_PATH, scopes={})
bearer = OAuth2(scheme_name="oauth2", flows=OAuthFlows(clientCredentials=flow), auto_error=False)


async def organization(request: Request) -> Organization:
    """Return the organization, which a reset replaces, or the tenant that the token is for."""
    state: Organization = request.app.state.organization
    token = state.tokens.get(request.headers.get("authorization", "").partition(" ")[2])
    return state.tenants.get(token.tenant_id, state) if token else state


Org = Annotated[Organization, Depends(organization)]


async def caller(org: Org, authorization: Annotated[str | None, Depends(bearer)]) -> str:
    """Return the ID of the member that the token is for. Refuses with 401."""
    scheme, _, text = (authorization or "").partition(" ")
    token = org.tokens.get(text)
    if scheme.lower() != "bearer" or token is None:
        raise Refusal(401, "Token missing or malformed")
    if time.monotonic() >= token.good_until:
        raise Refusal(401, "jwt expired")
    return token.member_id


Caller = Annotated[str, Depends(caller)]


async def admin(org: Org, member_id: Caller) -> str:
    """Return the ID of the caller, who must be an administrator. Refuses with 403."""
    if not org.is_admin(member_id):
        raise Refusal(403, "The owner of these credentials lacks the Admin account type")
    return member_id


Admin = Annotated[str, Depends(admin)]


def check_access(org: Organization, member_id: str, document: Opened) -> Opened:
    """Return a document, or refuse with 403. Administrators can open them all."""
    if not org.permission(member_id, document) and not org.is_admin(member_id):
        raise Refusal(403, f"You cannot open {document.type} {document.id}")
    return document


async def openable(
    org: Organization, member_id: str, documents: Iterable[Opened], skip_permission_check: bool
) -> list[Opened]:
    """Return what a member can open, or everything, which is for administrators."""
    if skip_permission_check:
        await admin(org, member_id)
    return [d for d in documents if skip_permission_check or org.permission(member_id, d)]


# --- Bodies ---


class Body(BaseModel):
    """A JSON body that a client sends. Strict: "true" isn't a boolean, and 1 isn't a text."""

    model_config = ConfigDict(strict=True)

    @model_validator(mode="before")
    @classmethod
    def _note_ignored(cls, data: Any) -> Any:
        if isinstance(data, dict):
            try:
                json.dumps(data, ensure_ascii=False).encode()
            except UnicodeEncodeError:  # half of a surrogate pair: no response could hold it
                raise ValueError("A text in the body isn't Unicode") from None
            ignored_fields.get([]).extend(str(key) for key in data if key not in cls.model_fields)
        return data


class Empty(BaseModel):
    """The empty object, the response to many changes."""


# --- Pages ---


class Page(BaseModel, Generic[Row]):
    """One page of a list."""

    entries: list[Row]
    nextPage: str | None = Field(
        description="Send it as `page` to get the next page; null on the last one."
    )


class CountedPage(Page[Row], Generic[Row]):
    """One page of a list, with the length of the whole list."""

    total: int = 0


class TokenPage(BaseModel, Generic[Row]):
    """One page of a list that is read with pageToken. The last one has no nextPageToken."""

    entries: list[Row]
    nextPageToken: str = ""


class FullPage(CountedPage[Row], Generic[Row]):
    """One page of a list that also says in hasMore if there is another page."""

    hasMore: bool = False


class Paging:
    """The query parameters limit and page, and how they cut a list."""

    def __init__(
        self,
        request: Request,
        org: Org,
        page: Annotated[str | None, Query(description="`nextPage` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, description="Entries per page, at most 1000.")] = 50,
    ) -> None:
        self.path = request.url.path if org.options.cursors == "opaque" else ""
        self.bare_lists = org.options.bare_lists and not request.url.path.startswith("/v2.1/")
        self.limit = min(limit, 1000)
        self.offset = read_cursor(self.path, page) if page is not None else 0

    def cut(self, rows: Sequence[Any]) -> Any:
        """Return the fields of a FullPage. A smaller page leaves some of them out."""
        end = self.offset + self.limit
        more = end < len(rows)
        next_page = cursor(self.path, end) if more else None
        fields = {"entries": rows[self.offset : end], "nextPage": next_page}
        return {**fields, "total": len(rows), "hasMore": more}

    def cut_unless_bare(self, rows: Sequence[Any]) -> Any:
        """Return all rows if the older form of the list was asked for with --bare-lists."""
        return rows if self.bare_lists else self.cut(rows)


class TokenPaging(Paging):
    """The query parameters pageSize and pageToken, and how they cut a list."""

    def __init__(
        self,
        request: Request,
        org: Org,
        pageToken: Annotated[str | None, Query(description="From the page before.")] = None,
        pageSize: Annotated[int, Query(ge=1, description="Entries per page.")] = 50,
    ) -> None:
        super().__init__(request, org, pageToken, pageSize)

    def cut(self, rows: Sequence[Any]) -> Any:
        """Return the fields of a TokenPage."""
        page = super().cut(rows)
        more = {"nextPageToken": page["nextPage"]} if page["hasMore"] else {}
        return {"entries": page["entries"], **more}


Paged = Annotated[Paging, Depends()]
TokenPaged = Annotated[TokenPaging, Depends()]


def cursor(path: str, offset: int) -> str:
    """Return the text for where the next page starts: the offset, or opaque for a path."""
    if not path:
        return str(offset)
    return base64.urlsafe_b64encode(f"{path} {offset}".encode()).decode().rstrip("=")


def read_cursor(path: str, text: str) -> int:
    """Return the offset in a cursor. Refuses others, and those of another path, with 400."""
    try:
        if not path and text.isdecimal():
            return int(text)
        padded = text + "=" * (-len(text) % 4)
        of_path, offset = base64.urlsafe_b64decode(padded.encode()).decode().split(" ")
        if of_path == path and int(offset) > 0:
            return int(offset)
    except (binascii.Error, ValueError):
        pass
    raise Refusal(400, f"Expecting a page of this list at page but instead got: {text!r}")


# --- Routes ---


class SigmaRoute(APIRoute):
    """A route that leaves optional fields without a value out of its responses, as Sigma does."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "response_model_exclude_unset": True})


def query_names(operation: Dependant) -> set[str]:
    """Return the names of the query parameters of an operation and its dependencies."""
    names = {field.alias for field in operation.query_params}
    return names.union(*map(query_names, operation.dependencies))


async def note_ignored(request: Request) -> None:
    """Note the unknown query parameters of a request."""
    known = query_names(request.scope["route"].dependant)
    ignored_fields.get([]).extend(name for name in request.query_params if name not in known)


def resource(tag: str) -> APIRouter:
    """Return a router for one resource. All its operations need a token."""
    shared = [Depends(caller), Depends(note_ignored)]
    return APIRouter(tags=[tag], route_class=SigmaRoute, dependencies=shared)


def operation_id(route: APIRoute) -> str:
    """Return the operationId as in Sigma's contract: the function's name in camel case."""
    first, *rest = route.name.split("_")
    prefix = "v2_1_" if route.path.startswith("/v2.1/") else ""
    return prefix + first + "".join(word.title() for word in rest)
