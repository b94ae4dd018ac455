"""Sign the URL of an embedded workbook, for an iframe in your own web page.

The URL contains a token that opens the embed once, as the user with this email. Your server needs
a new URL each time it serves the page: import sign_embed_url in a Flask or Django view, and put its
result into the src of the iframe. Don't log the URL, share it, or let the page be cached.
Nothing is sent to Sigma. This recipe can't know if the user can open the workbook, or if the teams
exist. Sigma reports such problems in the iframe.
It needs credentials with the privilege Embedding. To sign for other users, the owner of the
credentials needs the Admin account type. It also needs PyJWT: python -m pip install PyJWT

Endpoint:  none: the URL is signed on this machine
Docs:      https://help.sigmacomputing.com/docs/json-web-token-claims-reference
.env:      EMBED_URL, the URL of a workbook (workbooks/list_all.py prints it). You can add
           /tag/NAME for a version tag, and then /page/ID or /element/ID
           EMBED_EMAIL, the email of the user: an embed user, or a member of your organization
           EMBED_SECONDS=3600 (how long the token is valid, at most 2592000: 30 days)
           EMBED_CLIENT_ID and EMBED_SECRET (default: CLIENT_ID and SECRET)
           Only for embed users. Sigma refuses the embed if a member has one of these:
           EMBED_ACCOUNT_TYPE (default for embed users: the highest type of your organization)
           EMBED_TEAMS, names separated by commas (they replace the user's teams)
           EMBED_USER_ATTRIBUTES, as JSON: {"Region":"West"} (they replace the user's values)
Run:       python embedding/sign_embed_url.py

Sample output:

    This URL opens the embed once. Its token is valid for 3600 seconds. Don't log it or share it
    https://app.sigmacomputing.com/sandbox/workbook/3IL2M1YGTmw7N3gaLlhK3n?:embed=true&:jwt=eyJ...
"""

# 1: Import PyJWT and a shared file. It's one folder up, and the sys.path line lets Python find it
#    there. To use this recipe elsewhere, put it and sigma_client.py into one folder.
import json
import re
import sys
import time
import uuid
from pathlib import Path
from typing import Any

try:
    from jwt import encode
except ImportError:  # also if another package provides jwt
    sys.exit(f"Error: PyJWT is missing. Run: {sys.executable} -m pip install PyJWT")

sys.path.append(str(Path(__file__).resolve().parent.parent))
from sigma_client import (
    SigmaError,
    is_email,
    keep_secret,
    read_env,
    read_number,
    require_all,
    run,
    say,
)

MAX_SECONDS = 30 * 24 * 60 * 60
WORKBOOK_URL = (
    r"(https://[\w.-]+(?::\d+)?/[^/?#\s]+/workbook/[^/?#\s]*[0-9A-Za-z]"
    r"(?:/tag/[^/?#\s]+)?(?:/(?:page|element)/[\w-]+)?)(?:\?([^#\s]*))?"
)
PARAMETERS = """:bookmark :explore :hide_bookmarks :hide_explore_toggle :hide_folder_navigation
    :hide_menu :hide_save_as :hide_tooltip :lng :lng_variant :menu_position :responsive_height
    :theme""".split()


# 2: Check the URL. An embed with an unknown parameter fails, and the error is only in the iframe
def unsigned_url(url: str) -> str:
    """Return the URL of an embed without its token, or raise SigmaError."""
    found = re.fullmatch(WORKBOOK_URL, url)
    if not found:
        form = "https://app.sigmacomputing.com/ORGANIZATION/workbook/NAME-ID"
        path = url.partition("?")[0]  # don't print a token
        error = f"EMBED_URL is {path!r:.200}, which isn't the URL of a workbook. Write {form}, with"
        raise SigmaError(f"{error} or without /tag/NAME, /page/ID or /element/ID, but not /edit")
    # Some programs encode the colon
    parameters = [re.sub("(?i)^%3a", ":", text) for text in (found[2] or "").split("&") if text]
    parameters = [text for text in parameters if text.partition("=")[0] != ":embed"]
    names = [text.partition("=")[0] for text in parameters]
    # Names without a colon are the control IDs of the workbook: Region=West
    unknown = [name for name in names if name.startswith(":") and name not in PARAMETERS]
    if unknown:
        advice = f"An embed can have: {' '.join(PARAMETERS)}"
        if ":nodeId" in unknown:
            advice = "Add /page/ID or /element/ID to the path instead"
        raise SigmaError(f"EMBED_URL: Sigma refuses the parameter {unknown[0]!r:.80}. {advice}")
    # Not encoded again: Sigma expects : and , in date ranges as they are
    return f"{found[1]}?{'&'.join([':embed=true', *parameters])}"


# 3: Check what the token says about the user. Sigma would accept the teams only as a list
def check_user(email: str, teams: Any, user_attributes: Any) -> None:
    """Raise SigmaError if Sigma would refuse the user."""
    if not is_email(email) or "_" in email.partition("@")[2]:  # an underscore isn't allowed there
        raise SigmaError(f"EMBED_EMAIL is {email!r:.200}, which isn't an email that Sigma accepts")
    is_list = isinstance(teams, (list, tuple)) and all(isinstance(n, str) and n for n in teams)
    if teams is not None and not is_list:
        raise SigmaError("EMBED_TEAMS must be a list of the names of teams")
    is_object = isinstance(user_attributes, dict) and all(
        isinstance(value, str) for value in user_attributes.values()
    )
    if user_attributes is not None and not is_object:
        raise SigmaError('EMBED_USER_ATTRIBUTES must be texts by name, such as {"Region":"West"}')


# 4: Sign the URL. This function reads no settings, so it works in a view
def sign_embed_url(
    url: str,
    email: str,
    client_id: str,
    secret: str,
    account_type: str = "",
    teams: list[str] | None = None,
    user_attributes: dict[str, str] | None = None,
    seconds: int = 3600,
) -> str:
    """Return the URL for an iframe. It opens the embed once, for the user with this email.

    account_type, teams and user_attributes are for embed users only. Raises SigmaError for what
    Sigma would refuse.
    """
    unsigned = unsigned_url(url)
    check_user(email, teams, user_attributes)
    if not (isinstance(seconds, int) and 1 <= seconds <= MAX_SECONDS):
        raise SigmaError(f"EMBED_SECONDS must be a whole number from 1 to {MAX_SECONDS}")
    if not client_id or not re.fullmatch("[!-~]+", secret or ""):
        names = "EMBED_CLIENT_ID or EMBED_SECRET (default: CLIENT_ID and SECRET)"
        raise SigmaError(f"{names} is missing or malformed. Copy both from Sigma")
    now = int(time.time())  # seconds. If this clock is fast, Sigma may refuse the token
    claims: dict[str, Any] = {"sub": email, "iss": client_id, "iat": now, "exp": now + seconds}
    claims["jti"] = str(uuid.uuid4())  # Sigma accepts each jti once: so a reload needs a new URL
    # None isn't sent, but an empty list is: the teams of a token replace those that the user has
    for_embed_users = {
        "account_type": account_type or None,
        "teams": teams,
        "user_attributes": user_attributes,
    }
    claims |= {name: value for name, value in for_embed_users.items() if value is not None}
    # Sigma finds the secret by the client ID, which must be in the header
    token = encode(claims, secret, algorithm="HS256", headers={"kid": client_id})
    return f"{unsigned}&:jwt={token}"


def main() -> None:
    # 5: Read all settings
    client_id, secret = read_env("EMBED_CLIENT_ID"), read_env("EMBED_SECRET")
    if bool(client_id) != bool(secret):
        raise SigmaError("Set both EMBED_CLIENT_ID and EMBED_SECRET, or neither")
    if not client_id:
        client_id, secret, *_ = require_all("CLIENT_ID", "SECRET", "EMBED_URL", "EMBED_EMAIL")
    keep_secret(secret)
    url, email = require_all("EMBED_URL", "EMBED_EMAIL")
    account_type = read_env("EMBED_ACCOUNT_TYPE")
    names = [name.strip() for name in read_env("EMBED_TEAMS").split(",")]
    teams = [name for name in names if name] or None
    try:
        user_attributes = json.loads(read_env("EMBED_USER_ATTRIBUTES", "null"))
    except (ValueError, RecursionError):
        user_attributes = ""  # check_user() refuses it
    seconds = read_number("EMBED_SECONDS", 3600, 1, MAX_SECONDS)

    # 6: Print the URL, alone on stdout
    signed = sign_embed_url(
        url, email, client_id, secret, account_type, teams, user_attributes, seconds
    )
    if not account_type:
        say("EMBED_ACCOUNT_TYPE isn't set: an embed user gets the highest account type")
    token = f"Its token is valid for {seconds} seconds"
    say(f"This URL opens the embed once. {token}. Don't log it or share it")
    print(signed)


if __name__ == "__main__":
    run(main)
