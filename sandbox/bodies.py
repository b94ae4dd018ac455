"""What the bodies of all resources have in common: strict types, ignored fields, pages."""

import base64
import binascii
import json
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.errors import Refusal

Row = TypeVar("Row")

# The fields that the request at hand sends and nobody reads. The request log shows them: Sigma
# ignores what it does not know, so a typing error in a field's name has no other sign.
ignored_fields: ContextVar[list[str] | None] = ContextVar("ignored_fields", default=None)


class Body(BaseModel):
    """A JSON body that a client sends. "true" is no boolean, and 1 is no text."""

    model_config = ConfigDict(strict=True)

    @model_validator(mode="before")
    @classmethod
    def _note_ignored(cls, data: Any) -> Any:
        if isinstance(data, dict):
            try:
                json.dumps(data, ensure_ascii=False).encode()
            except UnicodeEncodeError:  # half of a character: no answer could hold it
                raise ValueError("A text in the body is not Unicode") from None
        ignored = ignored_fields.get()
        if ignored is not None and isinstance(data, dict):
            ignored += [str(name) for name in data if name not in cls.model_fields]
        return data


class Empty(BaseModel):
    """The empty object, the answer to many changes."""


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
    """One page of a list in the second idiom: nextPageToken is absent on the last one."""

    entries: list[Row]
    nextPageToken: str = ""


class Paging:
    """The query parameters limit and page, and how to cut a list by them."""

    def __init__(
        self,
        request: Request,
        page: Annotated[str | None, Query(description="`nextPage` of the answer before.")] = None,
        limit: Annotated[int, Query(ge=1, description="Entries per page, at most 1000.")] = 50,
    ) -> None:
        self.path = request.url.path
        self.limit = min(limit, 1000)
        self.offset = read_cursor(self.path, page) if page is not None else 0

    def cut(self, rows: Sequence[Any]) -> dict[str, Any]:
        """Return the fields of a Page or CountedPage of these rows."""
        end = self.offset + self.limit
        next_page = cursor(self.path, end) if end < len(rows) else None
        return {"entries": rows[self.offset : end], "nextPage": next_page, "total": len(rows)}


def cursor(path: str, offset: int) -> str:
    """Return an opaque text that means: this list, from this entry on."""
    return base64.urlsafe_b64encode(f"{path} {offset}".encode()).decode().rstrip("=")


def read_cursor(path: str, text: str) -> int:
    """Return the offset in a cursor; refuse one that this list did not hand out."""
    try:
        padded = text + "=" * (-len(text) % 4)
        of_path, offset = base64.urlsafe_b64decode(padded.encode()).decode().split(" ")
        if of_path == path and int(offset) > 0:
            return int(offset)
    except (binascii.Error, ValueError):
        pass
    raise Refusal(400, f"page: {text!r} is not a page of this list")
