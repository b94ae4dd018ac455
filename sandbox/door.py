"""The door: whatever a browser sends for a page elsewhere is refused.

A page elsewhere can make a browser on this machine send requests to the sandbox: straight away,
which their Origin tells, or by a name of its own that leads to this machine (DNS rebinding), which
their Host tells. curl and the recipes send no Origin.
"""

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.errors import error_answer

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Door:
    """Middleware that lets in what is sent to this machine, and not by a page of another."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with 403."""
        app = self.app
        if scope["type"] == "http":
            headers = [(k, v.decode("latin-1")) for k, v in scope["headers"]]
            hosts = [f"//{value}" for name, value in headers if name == b"host"]
            origins = [value for name, value in headers if name == b"origin"]
            if not hosts or not all(is_here(address) for address in hosts):
                app = error_answer(403, "Host is not this machine")
            elif not all(is_here(address) for address in origins):
                app = error_answer(403, "Origin is not this machine")
        await app(scope, receive, send)


def is_here(address: str) -> bool:
    """Say whether an address, such as http://localhost:8765, is on this machine."""
    try:
        return urlsplit(address).hostname in LOOPBACK
    except ValueError:
        return False
