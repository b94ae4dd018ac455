"""/embed-check: a page of the console that opens a signed embed URL, or says why Sigma wouldn't.

At Sigma, only the iframe shows such a problem.
"""

import re
from typing import Any
from urllib.parse import unquote

import jwt
from fastapi import APIRouter
from fastapi.responses import Response

from sandbox.console import PageRoute, Viewed
from sandbox.errors import Refusal
from sandbox.organization import Organization
from sandbox.resources.auth import MAX_SECONDS
from sandbox.resources.members import check_email
from sandbox.resources.workbooks import element_of, page_of

URL = r"\S+/workbook/([^/?]+)(?:/tag/([^/?]+))?(?:/(page|element)/([^/?]+))?\?(\S+)"
PARAMETERS = """:embed :jwt :bookmark :explore :hide_bookmarks :hide_explore_toggle
    :hide_folder_navigation :hide_menu :hide_save_as :hide_tooltip :lng :lng_variant :menu_position
    :responsive_height :theme""".split()

router = APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=Response)


@router.get("/embed-check")
@router.post("/embed-check")
async def embed_check(view: Viewed) -> Response:
    """Show a form, and who sees what with the URL in it."""
    url = str((await view.request.form()).get("url", "")).strip()
    facts, problem = {}, ""
    try:
        facts = open_embed(view.org, url) if url else {}
    except Refusal as refusal:
        problem = refusal.detail
    status = 400 if problem else 200
    return view.show("embed_check.html", status, url=url, facts=facts, problem=problem)


def open_embed(org: Organization, url: str) -> dict[str, Any]:
    """Return who sees what. Refuses what Sigma would, also to open the same URL again."""
    parts = re.fullmatch(URL, url)
    parameters = dict(text.partition("=")[::2] for text in parts[5].split("&")) if parts else {}
    if not parts or parameters.get(":embed") != "true":
        raise Refusal(400, "This isn't the URL of a workbook with ?:embed=true&:jwt=TOKEN")
    for name in parameters:
        if name.startswith(":") and name not in PARAMETERS:
            raise Refusal(400, f"Embeds have no parameter {name}")
    claims = _claims(org, parameters.get(":jwt", ""))
    member = org.find_email(claims["sub"])
    if member and member.isArchived:
        raise Refusal(404, f"{member.email} is deactivated")
    for name in ("account_type", "teams", "user_attributes"):
        if name in claims and member and member.userKind != "embed":
            raise Refusal(400, f"{name} is for embed users, but {member.email} is a member")
    grantees = org.grantees(member.memberId) if member else set()
    if "teams" in claims:  # they replace the present ones
        ids = {team.name: team.teamId for team in org.teams.values()}
        unknown = [name for name in claims["teams"] if name not in ids]
        if unknown:
            raise Refusal(404, f"There is no team with the name {unknown[0]}")
        grantees = {member.memberId if member else "", *(ids[name] for name in claims["teams"])}
    workbook = org.workbook(parts[1].rpartition("-")[2])
    permission = org.granted(grantees, workbook)
    if member and (workbook.ownerId == member.memberId or org.is_admin(member.memberId)):
        permission = "edit"
    if permission is None:
        raise Refusal(403, f"{workbook.name} isn't shared with this user or one of the teams")
    tag = unquote(parts[2] or "")
    if tag and tag.lower() not in [one.name.lower() for one in workbook.tags]:
        raise Refusal(404, f"{workbook.name} has no version with the tag {tag}")
    sees = f"{workbook.name}, {tag}" if tag else workbook.name
    if parts[3]:
        find = page_of if parts[3] == "page" else element_of
        sees += f", {parts[3]} {find(workbook, parts[4]).name}"
    org.opened_embeds.add(claims["jti"])
    return {
        "User": claims["sub"],
        "Account type": claims.get("account_type", member.memberType if member else "the highest"),
        "Teams": ", ".join(claims.get("teams", [])) or "not changed",
        "User attributes": claims.get("user_attributes", "not changed"),
        "Sees": sees,
        "Permission": permission,
    }


def _claims(org: Organization, token: str) -> dict[str, Any]:
    """Return the claims of a token that credentials of the organization have signed."""
    try:
        client = org.clients.get(jwt.get_unverified_header(token).get("kid", ""))
        if client is None or "embed" not in client.scopes:
            raise ValueError("kid isn't the client ID of credentials for embeds")
        options: Any = {"require": ["sub", "jti", "iat", "exp"], "verify_aud": False}
        claims = jwt.decode(token, client.secret, ["HS256"], options=options)
        if claims["exp"] - claims["iat"] > MAX_SECONDS:
            raise ValueError("exp is more than 30 days after iat")
        if claims["jti"] in org.opened_embeds:
            raise ValueError("it has been used already. Each jti opens one embed")
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
        raise Refusal(400, f"The token is refused: {error}") from None
    check_email(claims["sub"], "sub")
    return claims
