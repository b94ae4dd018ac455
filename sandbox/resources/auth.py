"""/v2/auth/token: exchange credentials for an access token. /v2/whoami: the owner of a token.

/v2/credentials: more credentials. /v2/tenants: the organizations that a token can be for.
"""

import secrets
import time
import warnings
from typing import Annotated, Any, Literal

import jwt
from fastapi import APIRouter, Depends, Form, Request
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from sandbox.api import (
    TOKEN_PATH,
    Admin,
    Body,
    Caller,
    Empty,
    Org,
    TokenPage,
    TokenPaged,
    admin,
    caller,
    resource,
)
from sandbox.errors import Refusal
from sandbox.organization import Client, Organization, Token

TYPES = "urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:access_token"
AUDIENCE = "sigmacomputing"
MAX_SECONDS = 2_592_000  # the lifetime of a JWT
warnings.filterwarnings("ignore", "The HMAC key is")  # the sandbox's secrets are short

router, whoami_router = APIRouter(tags=["auth"]), resource("whoami")
credentials_router, tenants_router = resource("Credentials"), resource("Tenants")


class NewCredentials(Body):
    """The body of POST /v2/credentials."""

    ownerId: str
    name: str
    description: str | None = None
    scopes: list[Literal["api", "embed"]] = ["api"]


@router.post(TOKEN_PATH, summary="Get access token")
async def post_token(
    request: Request,
    org: Org,
    basic: Annotated[HTTPBasicCredentials | None, Depends(HTTPBasic(auto_error=False))],
    grant_type: Annotated[
        Literal[
            "client_credentials", "refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange"
        ],
        Form(),
    ],
    client_id: Annotated[str, Form()] = "",
    client_secret: Annotated[str, Form()] = "",
    refresh_token: Annotated[str, Form()] = "",
    subject_token: Annotated[str, Form()] = "",
    subject_token_type: Annotated[str, Form()] = "",
    actor_token: Annotated[str, Form()] = "",
    actor_token_type: Annotated[str, Form()] = "",
) -> dict[str, Any]:
    """Return a new token. The credentials come in the form, or as HTTP Basic.

    An administrator can exchange a signed JWT for a token of the member or tenant that it names.
    """
    access, refresh = f"sandbox-{secrets.token_hex(32)}", f"refresh-{secrets.token_hex(32)}"
    seconds = org.options.token_seconds
    good_until = time.monotonic() + seconds
    if grant_type.endswith("token-exchange"):
        if (subject_token_type, actor_token_type) != TYPES:
            wanted = f"{TYPES[0]} at subject_token_type and {TYPES[1]} at actor_token_type"
            raise Refusal(400, f"Expecting {wanted}")
        bearer = request.headers.get("authorization", "")
        actor_id = await admin(org, await caller(org, bearer))
        if bearer.partition(" ")[2] != actor_token:
            raise Refusal(401, "actor_token isn't the bearer token")
        member_id, tenant_id = _subject(org, actor_id, subject_token)
        org.tokens[access] = Token(member_id, good_until, tenant_id)
        issued = {"access_token": access, "issued_token_type": TYPES[1]}
        return {**issued, "token_type": "Bearer", "expires_in": seconds}
    if basic is not None:
        client_id, client_secret = basic.username, basic.password
    if grant_type == "refresh_token":  # each one works once
        client_id = org.refresh_tokens.pop(refresh_token, "")
    elif client_id in org.clients and org.clients[client_id].secret != client_secret:
        client_id = ""
    client = org.clients.get(client_id)
    if client is None or "api" not in client.scopes:
        raise Refusal(401, "We cannot verify your identity. Please try again later.")
    org.tokens[access] = Token(client.owner_id, good_until)
    org.refresh_tokens[refresh] = client_id
    issued = {"access_token": access, "refresh_token": refresh}
    return {**issued, "token_type": "bearer", "expires_in": seconds}


def _subject(org: Organization, actor_id: str, token: str) -> tuple[str, str]:
    """Return the IDs of the member and tenant that a JWT names. Refuses with 401."""
    try:
        kid = jwt.get_unverified_header(token).get("kid", "")
        if kid not in org.clients or org.clients[kid].owner_id != actor_id:
            raise ValueError("kid isn't a client ID of the actor")
        options: Any = {"verify_aud": False}  # it's optional, like iss, iat and exp
        claims = jwt.decode(token, org.clients[kid].secret, ["HS256"], options=options)
        lifetime = int(claims.get("exp", 0)) - int(claims.get("iat", time.time()))
        if (claims.get("aud", AUDIENCE), claims.get("iss", kid)) != (AUDIENCE, kid):
            raise ValueError("aud or iss is wrong")
        if lifetime > MAX_SECONDS:
            raise ValueError("exp is too late")
        tenant_id = claims.get("tenant", "")
        home = {"": org, **org.tenants}.get(tenant_id)
        if home is None:
            raise ValueError("There's no such tenant")
        # Without sub, the token is the tenant's administrator's
        administrator = next(iter(home.members.values())).email if tenant_id else ""
        member = home.find_email(claims.get("sub", administrator))
        if member is None or member.isArchived:
            raise ValueError("sub isn't the email of an active member")
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
        reason = str(error).encode("ascii", "replace").decode()  # it can quote the JWT
        raise Refusal(401, f"subject_token: {reason}") from None
    return member.memberId, tenant_id


@whoami_router.get("/v2/whoami", summary="Get current user")
async def who_am_i(org: Org, caller: Caller) -> dict[str, str]:
    """Return the owner of the token."""
    return {"userId": caller, "organizationId": org.id}


@credentials_router.post("/v2/credentials", summary="Create API credentials")
async def create_credentials(org: Org, admin: Admin, body: NewCredentials) -> dict[str, str]:
    """Create credentials of a member. No other response has their secret."""
    owner_id = org.member(body.ownerId).memberId
    client_id, secret = secrets.token_hex(32), secrets.token_hex(64)
    org.clients[client_id] = Client(secret, owner_id, body.name, body.scopes)
    return {"clientId": client_id, "clientSecret": secret}


@credentials_router.delete("/v2/credentials/{clientId}", summary="Delete API credentials")
async def delete_credentials(org: Org, admin: Admin, clientId: str) -> Empty:
    """Delete credentials. Access tokens that were issued for them stay valid."""
    if org.clients.pop(clientId, None) is None:
        raise Refusal(404, f"Credentials {clientId} not found")
    return Empty()


@tenants_router.get("/v2/tenants", summary="List tenant organizations")
async def list_tenants(
    request: Request,
    org: Org,
    admin: Admin,
    paging: TokenPaged,
    key: str = "",
    order: str = "",
    search: str = "",
) -> TokenPage[dict[str, Any] | None]:
    """List the tenants. The last row is null, as it can be. key, order and search do nothing."""
    rows = [{**row} for row in org.tenant_rows]
    for row in rows:
        if "tenantApiUrl" in row:
            row["tenantApiUrl"] = f"{request.base_url}".rstrip("/") + row["tenantApiUrl"]
    return paging.cut([*rows, None] if rows else [])
