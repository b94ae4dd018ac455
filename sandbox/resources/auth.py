"""POST /v2/auth/token: trade client credentials, or a refresh token, for an access token."""

import secrets
import time
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import HTTPBasic, HTTPBasicCredentials, OAuth2
from pydantic import BaseModel

from sandbox.errors import Refusal
from sandbox.organization import Organization, Token

router = APIRouter(tags=["auth"])

_basic = HTTPBasic(auto_error=False)
_bearer = OAuth2(
    scheme_name="oauth2",
    flows=OAuthFlows(
        clientCredentials=OAuthFlowClientCredentials(
            tokenUrl="/v2/auth/token", refreshUrl="/v2/auth/token", scopes={}
        )
    ),
    auto_error=False,
)


class AccessToken(BaseModel):
    """An access token, and the refresh token that gets the next one without the secret."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"]
    expires_in: int


async def organization(request: Request) -> Organization:
    """Return the state, which a reset replaces."""
    state: Organization = request.app.state.organization
    return state


Org = Annotated[Organization, Depends(organization)]


@router.post("/v2/auth/token", operation_id="postToken", summary="Get access token")
async def post_token(
    org: Org,
    basic: Annotated[HTTPBasicCredentials | None, Depends(_basic)],
    grant_type: Annotated[Literal["client_credentials", "refresh_token"], Form()],
    client_id: Annotated[str, Form()] = "",
    client_secret: Annotated[str, Form()] = "",
    refresh_token: Annotated[str, Form()] = "",
) -> AccessToken:
    """Hand out a token. The credentials come in the form, or as HTTP Basic."""
    if basic is not None:
        client_id, client_secret = basic.username, basic.password
    if grant_type == "refresh_token":  # it rotates: each one works once
        client_id = org.refresh_tokens.pop(refresh_token, "")
    elif client_id not in org.clients or org.clients[client_id].secret != client_secret:
        client_id = ""
    if not client_id:
        raise Refusal(401, "We cannot verify your identity. Please try again later.")
    access, refresh = f"sandbox-{secrets.token_hex(32)}", f"refresh-{secrets.token_hex(32)}"
    seconds = org.options.token_seconds
    org.tokens[access] = Token(client_id, time.monotonic() + seconds)
    org.refresh_tokens[refresh] = client_id
    return AccessToken(
        access_token=access, refresh_token=refresh, token_type="bearer", expires_in=seconds
    )


async def caller(org: Org, authorization: Annotated[str | None, Depends(_bearer)]) -> str:
    """Return the member ID whose rights the request has, or refuse with 401."""
    scheme, _, text = (authorization or "").partition(" ")
    token = org.tokens.get(text)
    if scheme.lower() != "bearer" or token is None:
        raise Refusal(401, "Token missing or malformed")
    if time.monotonic() >= token.good_until:
        raise Refusal(401, "jwt expired")
    return org.clients[token.client_id].owner_id


Caller = Annotated[str, Depends(caller)]


def is_admin(org: Organization, member_id: str) -> bool:
    """Say whether a member may do everything."""
    return org.member(member_id).memberType.lower() == "admin"


async def admin(org: Org, member_id: Caller) -> str:
    """Return the member ID of an administrator, or refuse with 403."""
    if not is_admin(org, member_id):
        raise Refusal(403, "The owner of these credentials lacks the Admin account type")
    return member_id


Admin = Annotated[str, Depends(admin)]
