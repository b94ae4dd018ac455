"""/v2/workbooks: the workbooks."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from sandbox.bodies import CountedPage, Paging
from sandbox.models import Workbook
from sandbox.resources.auth import Caller, Org, admin

router = APIRouter(tags=["workbooks"])


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
        admin(org, caller)
    return paging.cut(
        [
            workbook
            for workbook in org.workbooks.values()
            if workbook.isArchived == isArchived
            and (skipPermissionCheck or org.permission(caller, workbook))
        ]
    )
