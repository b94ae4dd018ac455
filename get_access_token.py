"""Get a bearer token from Sigma.

Every recipe imports get_bearer_token from this file. Run it on its own to check the credentials
in your .env file.

Endpoint:  POST /v2/auth/token, and GET /v2/whoami to show whose token it is
Docs:      https://help.sigmacomputing.com/reference/posttoken
.env:      CLIENT_ID, SECRET, authURL, baseURL
Run:       python get_access_token.py
           python get_access_token.py --show-token    also prints the token, for Postman or curl

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

try:
    from sigma_client import (
        Credentials,
        SigmaClient,
        SigmaError,
        keep_secret,
        read_credentials,
        run,
    )
except ImportError as error:  # it wasn't copied, or is older than this file
    sys.exit(f"Error: {error}. Copy the current sigma_client.py next to {__file__}")

# 1: A token is valid for an hour, and Sigma issues at most one a second. So keep the token of each
#    organization, and pause between two requests for a token
SECONDS_BETWEEN_REQUESTS = 1.0
_tokens: dict[Credentials, tuple[str, float, float]] = {}  # token, lifetime, when to renew it
_last_request = float("-inf")
_lock = threading.Lock()


# 2: Exchange the client ID and secret for a token
def get_bearer_token(credentials: Credentials | None = None, rejected: str | None = None) -> str:
    """Return a token for the credentials: by default, those in .env.

    If Sigma rejected a token with 401, pass it as rejected to get a new one. Threads can call this
    at the same time. Raises SigmaError if Sigma doesn't issue a token.
    """
    global _last_request
    credentials = credentials or read_credentials()
    with _lock:  # when a token expires, only one thread requests a new one
        token, lifetime, renew_at = _tokens.get(credentials, ("", 0.0, 0.0))
        if token and token != rejected and time.monotonic() < renew_at:
            return token
        time.sleep(max(0.0, _last_request + SECONDS_BETWEEN_REQUESTS - time.monotonic()))
        form = {
            "grant_type": "client_credentials",
            "client_id": credentials.client_id,
            "client_secret": credentials.secret,
        }
        try:
            with SigmaClient(credentials=credentials) as client:
                response = client.post(credentials.auth_url, data=form)
            token, lifetime = keep_secret(response["access_token"]), float(response["expires_in"])
            if not (token.isascii() and token.isprintable()):  # a header couldn't hold it
                raise ValueError
        except (AttributeError, TypeError, ValueError):
            message = f"No token in the response from {credentials.auth_url}. Check authURL"
            raise SigmaError(message, stops_the_run=True) from None
        except SigmaError as error:
            error.stops_the_run = True  # without a token, no other request would succeed
            raise
        finally:
            _last_request = time.monotonic()
        # 3: Renew the token a minute before it expires
        renew_at = time.monotonic() + lifetime - min(60, lifetime / 2)
        _tokens[credentials] = token, lifetime, renew_at
        return token


def main(arguments: argparse.Namespace) -> None:
    # 4: Get a token, and find out whose it is. This also checks that baseURL accepts the token
    credentials = read_credentials()
    token = get_bearer_token(credentials)
    with SigmaClient(get_bearer_token, credentials) as client:
        owner = client.get("/whoami")

    # 5: Don't print the whole token: anyone who sees it can use it until it expires
    print(f"Bearer token obtained successfully: {token[:6]}... ({len(token)} characters)")
    print(f"It is valid for {_tokens[credentials][1]:.0f} seconds.")
    print(f"User ID:         {owner['userId']}")
    print(f"Organization ID: {owner['organizationId']}")
    if arguments.show_token:
        print(token)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--show-token", action="store_true", help="print the whole token")
    run(main, parser)
