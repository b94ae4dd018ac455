"""Refuses requests that a browser sends for a page of another site.

Such a page can make a browser on this machine send requests to the sandbox. The browser names the
page's site in the header Origin, and a page of another program on this machine, at another port, is
another site. curl, the recipes and Postman send no Origin. (If the site uses a host name of its own
that leads to this machine, the header Host shows it: TrustedHostMiddleware refuses those.)
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.errors import error_response


class OriginCheck:
    """Middleware that refuses every Origin but the sandbox's own with 403."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        app = self.app
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            own = f"http://{headers.get('host')}"
            if any(origin != own for origin in headers.getlist("origin")):
                app = error_response(403, "Origin is not this sandbox")
        await app(scope, receive, send)
