"""/v2/auth/token: exchange credentials for an access token. /v2/whoami: the owner of a token."""

import secrets
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from sandbox.api import TOKEN_PATH, Caller, Org, resource
from sandbox.errors import Refusal
from sandbox.organization import ORGANIZATION_ID, Token

router, whoami_router = APIRouter(tags=["auth"]), resource("whoami")


@router.post(TOKEN_PATH, summary="Get access token")
async def post_token(
    org: Org,
    basic: Annotated[HTTPBasicCredentials | None, Depends(HTTPBasic(auto_error=False))],
    grant_type: Annotated[Literal["client_credentials", "refresh_token"], Form()],
    client_id: Annotated[str, Form()] = "",
    client_secret: Annotated[str, Form()] = "",
    refresh_token: Annotated[str, Form()] = "",
) -> dict[str, Any]:
    """Return a new token. The credentials come in the form, or as HTTP Basic."""
    if basic is not None:
        client_id, client_secret = basic.username, basic.password
    if grant_type == "refresh_token":  # each one works once
        client_id = org.refresh_tokens.pop(refresh_token, "")
    elif client_id not in org.clients or org.clients[client_id].secret != client_secret:
        client_id = ""
    if not client_id:
        raise Refusal(401, "We cannot verify your identity. Please try again later.")
    access, refresh = f"sandbox-{secrets.token_hex(32)}", f"refresh-{secrets.token_hex(32)}"
    seconds = org.options.token_seconds
    org.tokens[access] = Token(client_id, time.monotonic() + seconds)
    org.refresh_tokens[refresh] = client_id
    issued = {"access_token": access, "refresh_token": refresh}
    return {**issued, "token_type": "bearer", "expires_in": seconds}


@whoami_router.get("/v2/whoami", summary="Get current user")
async def who_am_i(caller: Caller) -> dict[str, str]:
    """Return the owner of the token."""
    return {"userId": caller, "organizationId": ORGANIZATION_ID}
