"""The sandbox as a web server: which parts it consists of, and how it is started."""

import socket
import threading
from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope

from sandbox import admin, console, errors, openapi
from sandbox.changes import Watch
from sandbox.door import Door
from sandbox.faults import Fault, Faults
from sandbox.organization import Options
from sandbox.request_log import RequestLog
from sandbox.resources import (
    account_types,
    auth,
    connections,
    exports,
    files,
    materializations,
    members,
    not_supported,
    teams,
    user_attributes,
    whoami,
    workbooks,
    workspaces,
)
from sandbox.seed import seed

HOST = "127.0.0.1"  # never another: whoever can reach the sandbox may do everything in it


def create_app(options: Options, rules: list[Fault]) -> FastAPI:
    """Return the sandbox as an ASGI application."""
    app = FastAPI(
        title="Sigma sandbox",
        version="2",
        description="A local stand-in for one organization of the Sigma REST API.",
        openapi_url=None,  # see openapi.py
        redirect_slashes=False,
        # Declared here, the refusals take the place of the framework's own 422
        responses={"default": {"model": errors.ApiError, "description": "Sigma API Error"}},
    )
    app.state.organization = seed(options)
    app.state.rules = rules
    app.add_middleware(Watch)
    app.state.log = RequestLog(Faults(app, rules))
    app.state.entrance = Door(app.state.log)  # outermost: what is refused is not even logged
    errors.install(app)
    openapi.install(app)
    app.include_router(not_supported.router)  # first: some lie where others have an {id}
    for resource in (
        auth,
        whoami,
        account_types,
        members,
        teams,
        workspaces,
        connections,
        files,
        user_attributes,
        workbooks,
        materializations,
        exports,
        admin,
    ):
        app.include_router(resource.router)
    console.install(app)
    return app


def with_entrance(app: ASGIApp) -> ASGIApp:
    """Return an application that can cut its connections.

    ASGI has no message for that, so the faults get uvicorn's own way.
    """

    async def entrance(scope: Scope, receive: Receive, send: Any) -> None:
        if scope["type"] == "http":
            scope["cut_connection"] = send.__self__.transport.abort
        await app(scope, receive, send)

    return entrance


class Server:
    """A running sandbox, in a thread of its own. Use it in a with statement."""

    def __init__(
        self,
        options: Options | None = None,
        rules: list[Fault] | None = None,
        port: int = 0,
        wrap: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    ) -> None:
        """Take a port (0: any free one). Raises OSError when it is taken.

        wrap may put something of its own around the application, such as a recorder in tests.
        """
        # Naming TCP lets asyncio set TCP_NODELAY: without it each answer takes 40 ms longer
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        # On Windows this option would let two programs share the port
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((HOST, port))
        self.address = f"http://{HOST}:{self.socket.getsockname()[1]}"
        self.app = create_app(options or Options(), rules if rules is not None else [])
        self.state = self.app.state
        self._server = uvicorn.Server(
            uvicorn.Config(
                with_entrance(wrap(self.state.entrance)),
                http="h11",
                ws="none",
                lifespan="off",
                log_level="critical",
                timeout_keep_alive=3600,  # a client may pause for a minute before it goes on
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        self._server.run(sockets=[self.socket])

    def __enter__(self) -> "Server":
        # Clients that come before the server is up wait in the queue of the socket
        self.socket.listen(128)
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
