"""The request log: each request, its response status, and what was ignored. Secrets are masked."""

import json
import re
import time
from collections import deque
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qsl

from pydantic import BaseModel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECRET_NAME = re.compile(
    r"secret|password|token|private_?key|passphrase|service_?account", re.IGNORECASE
)
KEPT = 100_000  # requests

# The fields and query parameters of this request that no operation has. Sigma ignores them, so a
# typo in a name shows nowhere but in the request log.
ignored_fields: ContextVar[list[str]] = ContextVar("ignored_fields")


class LoggedRequest(BaseModel):
    """One request. status is 0 while there is no response, as after some faults."""

    number: int
    time: str
    method: str
    path: str
    query: str
    body: Any
    ignored: list[str]
    status: int = 0
    fault: str = ""
    milliseconds: float = 0
    atOnce: int


class RequestLog:
    """Middleware that keeps the last requests below /v2 and /v2.1."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.under_way = 0
        self.clear()

    def clear(self) -> None:
        """Forget all requests. Those that are under way end normally."""
        self.entries: deque[LoggedRequest] = deque(maxlen=KEPT)
        self.count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note its result."""
        if scope["type"] != "http" or not scope["path"].startswith("/v2"):
            await self.app(scope, receive, send)
            return
        begin = time.monotonic()
        self.count += 1
        self.under_way += 1
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        ignored: list[str] = []
        ignored_fields.set(ignored)
        entry = LoggedRequest(
            number=self.count,
            time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            body=_readable(scope, body),
            ignored=ignored,
            atOnce=self.under_way,
        )
        self.entries.append(entry)
        scope["logged"] = entry  # for the faults, which may leave no response
        replay = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_again() -> Message:
            return replay.pop() if replay else await receive()

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status, entry.ignored = message["status"], list(ignored)
                entry.milliseconds = round((time.monotonic() - begin) * 1000, 1)
            await send(message)

        try:
            await self.app(scope, receive_again, note)
        finally:
            self.under_way -= 1


def _readable(scope: Scope, body: bytes) -> Any:
    """Return a body for people."""
    if not body:
        return None
    kind = dict(scope["headers"]).get(b"content-type", b"")
    try:
        if b"form-urlencoded" in kind:
            return masked(dict(parse_qsl(body.decode())))
        shown = masked(json.loads(body))
        json.dumps(shown, ensure_ascii=False, allow_nan=False).encode()  # the log is also JSON
        return shown
    except (ValueError, RecursionError):
        return f"{len(body)} bytes"


def masked(value: Any, name: str = "") -> Any:
    """Return a body with *** for every value whose name, or a name around it, is a secret's."""
    if isinstance(value, dict):
        return {
            key: masked(inner, name if SECRET_NAME.search(name) else key)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [masked(inner, name) for inner in value]
    return "***" if SECRET_NAME.search(name) and isinstance(value, (str, float, int)) else value
