"""Operations of Sigma's API that the sandbox lacks. They answer 501 instead of 404."""

from fastapi import Request

from sandbox.api import resource
from sandbox.errors import Refusal

router = resource("not supported")

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


async def refuse(request: Request) -> None:
    """Say that the sandbox lacks this operation."""
    raise Refusal(501, f"The sandbox does not support {request.method} {request.url.path}")


for operation in OPERATIONS:
    method, path = operation.split(" ")
    router.add_api_route(path, refuse, methods=[method], include_in_schema=False)
