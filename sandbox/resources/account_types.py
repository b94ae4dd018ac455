"""GET /v2/accountTypes: the account types of the organization, in the second paging idiom."""

from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import BaseModel

from sandbox.api import Org, cursor, read_cursor, resource
from sandbox.models import AccountType

router = resource("accountTypes")


class TokenPage(BaseModel):
    """One page of the list. nextPageToken is absent on the last page."""

    entries: list[AccountType]
    nextPageToken: str = ""


@router.get("/v2/accountTypes", summary="List account types")
async def list_account_types(
    request: Request,
    org: Org,
    pageToken: str | None = None,
    pageSize: Annotated[int, Query(ge=1)] = 50,
) -> TokenPage:
    """List the account types, built-in ones first."""
    path = request.url.path
    start = read_cursor(path, pageToken) if pageToken is not None else 0
    end = start + min(pageSize, 1000)
    more: dict[str, Any] = {}
    if end < len(org.account_types):
        more["nextPageToken"] = cursor(path, end)
    return TokenPage(entries=org.account_types[start:end], **more)
