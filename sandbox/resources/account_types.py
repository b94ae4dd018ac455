"""GET /v2/accountTypes: the account types of the organization, in the second paging idiom."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from sandbox.bodies import TokenPage, cursor, read_cursor
from sandbox.models import AccountType
from sandbox.resources.auth import Caller, Org

router = APIRouter(tags=["accountTypes"])


@router.get(
    "/v2/accountTypes",
    operation_id="listAccountTypes",
    summary="List account types",
    response_model=TokenPage[AccountType],
    response_model_exclude_unset=True,
)
async def list_account_types(
    request: Request,
    org: Org,
    caller: Caller,
    page_token: Annotated[str | None, Query(alias="pageToken")] = None,
    page_size: Annotated[int, Query(alias="pageSize", ge=1)] = 50,
) -> dict[str, Any]:
    """List the account types, built-in ones first."""
    path = request.url.path
    start = read_cursor(path, page_token) if page_token is not None else 0
    end = start + min(page_size, 1000)
    page: dict[str, Any] = {"entries": org.account_types[start:end]}
    if end < len(org.account_types):
        page["nextPageToken"] = cursor(path, end)
    return page
