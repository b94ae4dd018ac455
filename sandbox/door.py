"""The door: whatever a browser sends for a page elsewhere is refused.

A page elsewhere can make a browser on this machine send requests to the sandbox: straight away,
which their Origin tells, or by a name of its own that leads to this machine (DNS rebinding), which
their Host tells. A page that another program on this machine serves, at another port, is elsewhere,
too. curl, the recipes and Postman send no Origin.
"""

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.errors import error_answer

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Door:
    """Middleware that lets in what is sent to this machine, and by no page but the sandbox's."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with 403."""
        app = self.app
        if scope["type"] == "http":
            headers = [(k, v.decode("latin-1")) for k, v in scope["headers"]]
            hosts = [value for name, value in headers if name == b"host"]
            origins = [value for name, value in headers if name == b"origin"]
            if not hosts or not all(is_here(host) for host in hosts):
                app = error_answer(403, "Host is not this machine")
            elif any(origin != f"http://{hosts[0]}" for origin in origins):
                app = error_answer(403, "Origin is not this sandbox")
        await app(scope, receive, send)


def is_here(host: str) -> bool:
    """Say whether a host with or without a port, such as localhost:8765, is this machine."""
    try:
        return urlsplit(f"//{host}").hostname in LOOPBACK
    except ValueError:
        return False
