"""GET /v2/whoami: the owner of the token."""

from pydantic import BaseModel

from sandbox.api import Caller, resource
from sandbox.organization import ORGANIZATION_ID

router = resource("whoami")


class CurrentUser(BaseModel):
    """The owner of the credentials."""

    userId: str
    organizationId: str = ORGANIZATION_ID


@router.get("/v2/whoami", summary="Get current user")
async def who_am_i(caller: Caller) -> CurrentUser:
    """Return the owner of the token."""
    return CurrentUser(userId=caller, organizationId=ORGANIZATION_ID)
