"""What the operations of the API share: access, strict bodies, pages and routes."""

import base64
import binascii
import json
import time
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.routing import APIRoute
from fastapi.security import OAuth2
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.errors import Refusal
from sandbox.organization import Organization

Row = TypeVar("Row")

# --- Access ---

TOKEN_PATH = "/v2/auth/token"
flow = OAuthFlowClientCredentials(tokenUrl=TOKEN_PATH, refreshUrl=TOKEN_PATH, scopes={})
bearer = OAuth2(scheme_name="oauth2", flows=OAuthFlows(clientCredentials=flow), auto_error=False)


async def organization(request: Request) -> Organization:
    """Return the organization, which a reset replaces."""
    state: Organization = request.app.state.organization
    return state


Org = Annotated[Organization, Depends(organization)]


async def caller(org: Org, authorization: Annotated[str | None, Depends(bearer)]) -> str:
    """Return the ID of the member who owns the credentials. Refuses with 401."""
    scheme, _, text = (authorization or "").partition(" ")
    token = org.tokens.get(text)
    if scheme.lower() != "bearer" or token is None:
        raise Refusal(401, "Token missing or malformed")
    if time.monotonic() >= token.good_until:
        raise Refusal(401, "jwt expired")
    return org.clients[token.client_id].owner_id


Caller = Annotated[str, Depends(caller)]


async def admin(org: Org, member_id: Caller) -> str:
    """Return the ID of the caller, who must be an administrator. Refuses with 403."""
    if not org.is_admin(member_id):
        raise Refusal(403, "The owner of these credentials lacks the Admin account type")
    return member_id


Admin = Annotated[str, Depends(admin)]


# --- Bodies ---

# The fields of this request that no model has. Sigma ignores unknown fields, so a typo in a name
# shows nowhere but in the request log.
ignored_fields: ContextVar[list[str] | None] = ContextVar("ignored_fields", default=None)


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
            ignored = ignored_fields.get()
            if ignored is not None:
                ignored += [str(name) for name in data if name not in cls.model_fields]
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


class Paging:
    """The query parameters limit and page, and how they cut a list."""

    def __init__(
        self,
        request: Request,
        org: Org,
        page: Annotated[str | None, Query(description="`nextPage` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, description="Entries per page, at most 1000.")] = 50,
    ) -> None:
        self.path = request.url.path
        self.bare_lists = org.options.bare_lists and not self.path.startswith("/v2.1/")
        self.limit = min(limit, 1000)
        self.offset = read_cursor(self.path, page) if page is not None else 0

    def cut(self, rows: Sequence[Any]) -> Any:
        """Return the fields of a Page or CountedPage."""
        end = self.offset + self.limit
        next_page = cursor(self.path, end) if end < len(rows) else None
        return {"entries": rows[self.offset : end], "nextPage": next_page, "total": len(rows)}

    def cut_unless_bare(self, rows: Sequence[Any]) -> Any:
        """Return all rows if the older form of the list was asked for with --bare-lists."""
        return rows if self.bare_lists else self.cut(rows)


Paged = Annotated[Paging, Depends()]


def cursor(path: str, offset: int) -> str:
    """Return an opaque text for a list and the position in it where the next page starts."""
    return base64.urlsafe_b64encode(f"{path} {offset}".encode()).decode().rstrip("=")


def read_cursor(path: str, text: str) -> int:
    """Return the position in a cursor. Refuses a cursor of another list with 400."""
    try:
        padded = text + "=" * (-len(text) % 4)
        of_path, offset = base64.urlsafe_b64decode(padded.encode()).decode().split(" ")
        if of_path == path and int(offset) > 0:
            return int(offset)
    except (binascii.Error, ValueError):
        pass
    raise Refusal(400, f"page: {text!r} is not a page of this list")


# --- Routes ---


class SigmaRoute(APIRoute):
    """A route that leaves optional fields without a value out of its responses, as Sigma does."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "response_model_exclude_unset": True})


def resource(tag: str) -> APIRouter:
    """Return a router for one resource. All its operations need a token."""
    return APIRouter(tags=[tag], route_class=SigmaRoute, dependencies=[Depends(caller)])


def operation_id(route: APIRoute) -> str:
    """Return the operationId as in Sigma's contract: the function's name in camel case."""
    first, *rest = route.name.split("_")
    prefix = "v2_1_" if route.path.startswith("/v2.1/") else ""
    return prefix + first + "".join(word.title() for word in rest)
