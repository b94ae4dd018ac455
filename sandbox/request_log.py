"""The request log: each request, its response, and what was ignored. Secrets are masked."""

import json
import re
import time
from collections import deque
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qsl, unquote

from jinja2.filters import do_filesizeformat
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECRET_NAME = re.compile(
    r"secret|passw|(?<!page)token(?!_type|sRevoked)|private[_ -]?key|passphrase|service_?account",
    re.IGNORECASE,
)
# A JWT, or a token of the sandbox, wherever it is
SECRET_TEXT = re.compile(r"eyJ[\w-]+\.[\w.-]*|(sandbox|refresh)-[0-9a-f]{16,}")
KEPT = 100_000  # requests
KEPT_BODIES = 1000  # of the last requests
MOST_BYTES = 300_000  # of a body that is kept: to read longer ones would take too long
MOST_ENTRIES = 3  # of each list in a response

# The fields and query parameters of this request that no operation has. Sigma ignores them, so a
# typo in a name shows nowhere but in the request log.
ignored_fields: ContextVar[list[str]] = ContextVar("ignored_fields")


class LoggedRequest(BaseModel):
    """One request. status is 0 while there is no response, as after some faults.

    The lists in response are shortened. A file is only its kind and size.
    """

    number: int
    time: str
    method: str
    path: str
    query: str
    body: Any
    ignored: list[str]
    status: int = 0
    response: Any = None
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
            path=masked(scope["path"]),
            query=_masked_query(scope["query_string"].decode("latin-1")),
            body=_readable(Headers(scope=scope), body, len(body)),
            ignored=ignored,
            atOnce=self.under_way,
        )
        self.entries.append(entry)
        if len(self.entries) > KEPT_BODIES:
            old = self.entries[-KEPT_BODIES - 1]
            old.body = old.response = None
        scope["logged"] = entry  # for the faults, which may leave no response
        replay = [{"type": "http.request", "body": body, "more_body": False}]
        headers, sent, size = Headers(), b"", 0

        async def receive_again() -> Message:
            return replay.pop() if replay else await receive()

        async def note(message: Message) -> None:
            nonlocal headers, sent, size
            part = message.get("body", b"")
            size += len(part)
            sent = sent + part if size <= MOST_BYTES else b""
            if message["type"] == "http.response.start":
                headers = Headers(raw=message["headers"])
                entry.status, entry.ignored = message["status"], list(ignored)
                entry.milliseconds = round((time.monotonic() - begin) * 1000, 1)
            await send(message)

        try:
            await self.app(scope, receive_again, note)
        finally:
            self.under_way -= 1
            entry.response = _readable(headers, sent, size, MOST_ENTRIES)


def _readable(headers: Headers, body: bytes, size: int, most: int | None = None) -> Any:
    """Return a body for people: JSON, at most so many entries of each list, or a kind and size."""
    if not size:
        return None
    kind = headers.get("content-type", "").partition(";")[0]
    try:
        if "form-urlencoded" in kind and body[:1] not in b"{[":  # curl -d sends JSON as a form
            return masked(dict(parse_qsl(body.decode())))
        shown = masked(json.loads(body if size <= MOST_BYTES else b""), most=most)
        json.dumps(shown, ensure_ascii=False, allow_nan=False).encode()  # the log is also JSON
        return shown
    except (ValueError, RecursionError):
        name = re.split(r"[/.]", kind)[-1].removeprefix("x-")
        name = {"sheet": "XLSX", "ndjson": "JSONL", "": "body"}.get(name, name.upper())
        return f"{name}, {do_filesizeformat(size)}"


def _masked_query(query: str) -> str:
    """Return a query with *** for secrets, by name or by form."""
    parts = [part.partition("=") for part in query.split("&")]
    return "&".join(
        name + equal + ("***" if SECRET_NAME.search(name) else masked(unquote(value)))
        for name, equal, value in parts
    )


def masked(value: Any, name: str = "", most: int | None = None) -> Any:
    """Return a body with *** for every value whose name, or a name around it, is a secret's.

    With most, it has only so many entries of each list, and says how many more there are.
    """
    if isinstance(value, dict):
        return {
            masked(key): masked(inner, name if SECRET_NAME.search(name) else key, most)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        more = [f"... {len(value) - most} more"] if most and len(value) > most else []
        return [*(masked(inner, name, most) for inner in value[:most]), *more]
    if SECRET_NAME.search(name) and isinstance(value, (str, float, int)):
        return "***"
    return SECRET_TEXT.sub("***", value) if isinstance(value, str) else value
