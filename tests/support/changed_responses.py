"""A sandbox whose responses a test can change, in ways that the sandbox's own faults can't."""

import contextlib
from typing import NamedTuple

from sandbox.server import Server


class Exchange(NamedTuple):
    """A request with its whole body, and what the sandbox would response."""

    method: str
    path: str
    headers: dict[str, str]
    sent: bytes
    status: int
    response_headers: dict[str, str]
    body: bytes


class Changing:
    """ASGI middleware: change gets an Exchange, and returns status, headers and body, or None."""

    def __init__(self, app):
        self.app = app
        self.change = None

    async def __call__(self, scope, receive, send):
        parts, more = [], True
        while more:
            message = await receive()
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        sent, responses = b"".join(parts), []

        async def replay():
            return {"type": "http.request", "body": sent, "more_body": False}

        async def keep(message):
            responses.append(message)

        await self.app(scope, replay, keep)
        start, body = responses[0], b"".join(part.get("body", b"") for part in responses[1:])
        exchange = Exchange(
            scope["method"],
            scope["path"],
            {k.decode(): v.decode("latin-1") for k, v in scope["headers"]},
            sent,
            start["status"],
            {k.decode().lower(): v.decode("latin-1") for k, v in start["headers"]},
            body,
        )
        changed = self.change and self.change(exchange)
        if changed:
            status, headers, body = changed
            headers = {**headers, "content-length": str(len(body))}
            lines = [(k.encode(), v.encode("latin-1")) for k, v in headers.items()]
            start = {"type": "http.response.start", "status": status, "headers": lines}
        await send(start)
        await send({"type": "http.response.body", "body": body})


@contextlib.contextmanager
def changing_sandbox():
    """Yield a running sandbox. Set its .changing.change."""
    made = []

    def wrap(app):
        made.append(Changing(app))
        return made[0]

    with Server(wrap=wrap) as server:
        server.changing = made[0]
        yield server
