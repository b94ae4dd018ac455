"""Get a bearer token from Sigma.

Every recipe imports get_bearer_token from this file. Run it on its own to check the credentials
in your .env file.

Endpoint:  POST /v2/auth/token, and GET /v2/whoami to show whose token it is
Docs:      https://help.sigmacomputing.com/reference/posttoken
.env:      CLIENT_ID, SECRET, authURL, baseURL
Run:       python get_access_token.py
           python get_access_token.py --show-token    prints the token too, for Postman or curl

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/whoami
    Bearer token obtained successfully: sandbo... (72 characters)
    It is valid for 3599 seconds.
    User ID:         lvnNwtHRO64x1CvbzHy4CaFCRA5P
    Organization ID: d970e1cc-c530-55e7-be9f-779a12b97be3
"""

import argparse
import sys
import threading
import time

from sigma_session import SigmaError, SigmaSession, keep_secret, require_env, run

# 1: Sigma accepts a token for one hour and hands out at most one per second. So a token is kept
#    until a minute before it expires, and the next one is asked for a second after the last.
SECONDS_BETWEEN_TOKENS = 1.0
_token, _lifetime, _good_until, _asked_at = "", 0.0, 0.0, float("-inf")
_lock = threading.Lock()


# 2: Trade the client ID and secret for a token
def get_bearer_token(rejected: str | None = None) -> str:
    """Return a bearer token: the kept one, or a new one when that is old or was just rejected.

    Pass the token that Sigma answered with 401 as rejected. Safe to call from many threads.
    Raises SigmaError when a setting is missing or Sigma hands out no token.
    """
    global _token, _lifetime, _good_until, _asked_at
    with _lock:  # many threads may find an expired token at once, and one new token serves them all
        if _token and _token != rejected and time.monotonic() < _good_until:
            return _token
        url = require_env("authURL")
        if url.startswith("/"):  # the session would add it to baseURL
            raise SigmaError(f"authURL is {url!r}, which does not begin with https://")
        form = {
            "grant_type": "client_credentials",
            "client_id": require_env("CLIENT_ID"),
            "client_secret": keep_secret(require_env("SECRET")),
        }
        time.sleep(max(0.0, _asked_at + SECONDS_BETWEEN_TOKENS - time.monotonic()))
        try:
            answer = SigmaSession().post(url, data=form).json()
            token, lifetime = answer["access_token"], float(answer["expires_in"])
            if not (token and token.isascii() and token.isprintable() and lifetime >= 0):
                raise ValueError  # not a header value; its text must not reach an error message
        except (AttributeError, OverflowError, TypeError, ValueError):
            raise SigmaError(f"No token in the answer from {url}. Check authURL") from None
        finally:
            _asked_at = time.monotonic()
        _token, _lifetime = keep_secret(token), lifetime
        _good_until = time.monotonic() + lifetime - min(60, lifetime / 2)
        return _token


def command_line() -> argparse.ArgumentParser:
    """Return what may stand after the name of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--show-token", action="store_true", help="print the whole token: keep it to yourself"
    )
    return parser


def main(arguments: argparse.Namespace) -> None:
    # 3: Get a token, and ask Sigma whose it is: only then is it proven that baseURL accepts it
    token = get_bearer_token()
    owner = SigmaSession(get_bearer_token).get("/whoami").json()

    # 4: Show that the credentials work, and keep the token off the screen: terminals are recorded
    #    and shared, and whoever reads the token may use it until it expires
    start = token[:6] if len(token) > 12 else ""
    print(f"Bearer token obtained successfully: {start}... ({len(token)} characters)")
    print(f"It is valid for {_lifetime:.0f} seconds.")
    print(f"User ID:         {owner['userId']}")
    print(f"Organization ID: {owner['organizationId']}")
    if arguments.show_token:  # past the filter that keeps secrets off sys.stdout
        print(token, file=sys.__stdout__)


# 5: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main, command_line())
