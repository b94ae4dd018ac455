"""Operations of Sigma's API that the sandbox knows by name only: they answer 501."""

from fastapi import APIRouter, Request

from sandbox.errors import Refusal
from sandbox.resources.auth import Caller

router = APIRouter(include_in_schema=False)

OPERATIONS = """
POST /v2/members/{memberId}/revoke
POST /v2/teams
DELETE /v2/workspaces/{workspaceId}
DELETE /v2/workspaces/{workspaceId}/grants/{grantId}
DELETE /v2/connections/{connectionId}
GET /v2/connections/{connectionId}/test
GET /v2/connections/paths
POST /v2/files
DELETE /v2/files/{inodeId}
POST /v2/workbooks/{workbookId}/elements/{elementId}/materializationSchedules
PATCH /v2/workbooks/{workbookId}/elements/{elementId}/materializationSchedules
DELETE /v2/workbooks/{workbookId}/elements/{elementId}/materializationSchedules
GET /v2/workbooks/{workbookId}/schema
POST /v2/workbooks/{workbookId}/send
POST /v2/user-attributes
""".strip().splitlines()


async def refuse(request: Request, caller: Caller) -> None:
    """Say that the sandbox lacks this, so that nobody takes it for a mistake in the address."""
    raise Refusal(501, f"The sandbox does not support {request.method} {request.url.path}")


for operation in OPERATIONS:
    method, path = operation.split(" ")
    router.add_api_route(path, refuse, methods=[method], name=operation)
