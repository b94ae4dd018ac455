"""GET /v2/whoami: whose token it is."""

from fastapi import APIRouter
from pydantic import BaseModel

from sandbox.organization import ORGANIZATION_ID
from sandbox.resources.auth import Caller

router = APIRouter(tags=["whoami"])


class CurrentUser(BaseModel):
    """The owner of the credentials."""

    userId: str
    organizationId: str


@router.get("/v2/whoami", operation_id="whoAmI", summary="Get current user")
async def who_am_i(caller: Caller) -> CurrentUser:
    """Return who asks."""
    return CurrentUser(userId=caller, organizationId=ORGANIZATION_ID)
