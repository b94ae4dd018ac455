"""The sandbox as a web server."""

import socket
import threading
from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Receive, Scope

from sandbox import admin, console, embed_check, errors
from sandbox.api import TOKEN_PATH, operation_id
from sandbox.changes import TrackChanges
from sandbox.faults import Fault, Faults
from sandbox.organization import Options
from sandbox.origin_check import OriginCheck
from sandbox.request_log import RequestLog
from sandbox.resources import (
    auth,
    connections,
    documents,
    exports,
    files,
    grants,
    materializations,
    members,
    not_supported,
    schedules,
    sources,
    teams,
    user_attributes,
    versions,
    workbooks,
    workspaces,
)
from sandbox.seed import seed

HOST = "127.0.0.1"  # no other: everyone who can reach the sandbox may change everything in it
MODULES = (
    auth,
    members,
    teams,
    workspaces,
    connections,
    documents,
    files,
    grants,
    user_attributes,
    workbooks,
    versions,
    sources,
    materializations,
    schedules,
    exports,
    not_supported,
    admin,
    embed_check,
)


class Sandbox(FastAPI):
    """The application. Its state has organization, rules, log and changes."""

    def openapi(self) -> dict[str, Any]:
        """Return the description. Postman needs the whole URL for the token."""
        description = super().openapi()
        flow = description["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]
        flow["tokenUrl"] = flow["refreshUrl"] = self.servers[0]["url"] + TOKEN_PATH
        return description


def create_app(options: Options, rules: list[Fault], url: str = f"http://{HOST}:8765") -> FastAPI:
    """Return the sandbox as an application. url is where it is going to be served."""
    app = Sandbox(
        title="Sigma sandbox",
        version="2",
        description="A local stand-in for one organization of the Sigma REST API.",
        servers=[{"url": url, "description": "This sandbox"}],
        docs_url=None,  # these pages would load scripts from other hosts
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        # Instead of the framework's own 422
        responses={"default": {"model": errors.ApiError, "description": "Sigma API Error"}},
    )
    app.state.organization = seed(options)
    app.state.rules = rules
    app.state.log = RequestLog(Faults(app, rules))
    app.add_middleware(TrackChanges)
    errors.install(app)
    for module in MODULES:
        for router in vars(module).values():
            if isinstance(router, APIRouter):
                app.include_router(router)
    console.install(app)
    return app


def can_cut_connections(app: ASGIApp) -> ASGIApp:
    """Return an application that finds cut_connection in its scope.

    The faults need it, and ASGI has no message for it, so this is uvicorn's own way.
    """

    async def wrapped(scope: Scope, receive: Receive, send: Any) -> None:
        if scope["type"] == "http":
            scope["cut_connection"] = send.__self__.transport.abort
        await app(scope, receive, send)

    return wrapped


class Server:
    """A running sandbox, in a thread of its own. Use it in a with statement."""

    def __init__(
        self,
        options: Options | None = None,
        rules: list[Fault] | None = None,
        port: int = 0,
        wrap: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    ) -> None:
        """Bind a port (0: any free one). Raises OSError if it is in use.

        wrap can put something around the application, such as a recorder in tests.
        """
        self.socket = socket.socket()
        # Its connections inherit this. Without it, each response takes 40 ms longer
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # On Windows, SO_REUSEADDR would let two programs share the port
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((HOST, port))
        self.address = f"http://{HOST}:{self.socket.getsockname()[1]}"
        self.app = create_app(
            options or Options(), rules if rules is not None else [], self.address
        )
        self.state = self.app.state
        # Outside of the log and the faults: what is refused here is not logged
        guarded = TrustedHostMiddleware(OriginCheck(self.state.log), [HOST, "localhost"])
        self._server = uvicorn.Server(
            uvicorn.Config(
                can_cut_connections(wrap(guarded)),
                http="h11",
                ws="none",
                lifespan="off",
                log_level="critical",
                timeout_keep_alive=3600,  # a client may pause for a minute between requests
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self.socket]}, daemon=True
        )

    def __enter__(self) -> "Server":
        self.socket.listen(128)  # clients that connect before the server is up wait in the queue
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self.socket.close()

    def wait(self) -> None:
        """Serve until Ctrl-C."""
        while self._thread.is_alive():
            self._thread.join(timeout=0.5)
