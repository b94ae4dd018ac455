"""Operations of Sigma's API that the sandbox knows by name only: they answer 501."""

from fastapi import APIRouter, Request

from sandbox.errors import Refusal
from sandbox.resources.auth import Caller

router = APIRouter(include_in_schema=False)

OPERATIONS = """
POST /v2/members/{memberId}/revoke
GET /v2.1/members
POST /v2/teams
GET /v2.1/teams
DELETE /v2/workspaces/{workspaceId}
DELETE /v2/workspaces/{workspaceId}/grants/{grantId}
GET /v2.1/workspaces
DELETE /v2/connections/{connectionId}
GET /v2/connections/{connectionId}/test
GET /v2/connections/paths
GET /v2/files
POST /v2/files
GET /v2/files/{inodeId}
PATCH /v2/files/{inodeId}
DELETE /v2/files/{inodeId}
GET /v2/workbooks/{workbookId}
POST /v2/workbooks/{workbookId}/copy
GET /v2/workbooks/{workbookId}/pages
GET /v2/workbooks/{workbookId}/pages/{pageId}/elements
GET /v2/workbooks/{workbookId}/elements
GET /v2/workbooks/{workbookId}/elements/{elementId}/columns
POST /v2/workbooks/{workbookId}/elements/{elementId}/materializationSchedules
PATCH /v2/workbooks/{workbookId}/elements/{elementId}/materializationSchedules
DELETE /v2/workbooks/{workbookId}/elements/{elementId}/materializationSchedules
GET /v2/workbooks/{workbookId}/embeds
POST /v2/workbooks/{workbookId}/embeds
GET /v2/workbooks/{workbookId}/materialization-schedules
GET /v2.1/workbooks/{workbookId}/materialization-schedules
POST /v2/workbooks/{workbookId}/materializations
GET /v2/workbooks/{workbookId}/materializations/{materializationId}
GET /v2/workbooks/{workbookId}/controls
GET /v2/workbooks/{workbookId}/schema
POST /v2/workbooks/{workbookId}/grants
POST /v2/workbooks/{workbookId}/send
POST /v2/user-attributes
""".strip().splitlines()


async def refuse(request: Request, caller: Caller) -> None:
    """Say that the sandbox lacks this, so that nobody takes it for a mistake in the address."""
    raise Refusal(501, f"The sandbox does not support {request.method} {request.url.path}")


for operation in OPERATIONS:
    method, path = operation.split(" ")
    router.add_api_route(path, refuse, methods=[method], name=operation)
