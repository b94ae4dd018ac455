"""Faults on demand: what goes wrong, with which requests, and how often.

A rule is "KIND [METHOD PATH] [times=N] [after=N] [seconds=S] [field=NAME]", for example

    503 GET /v2/members times=2          the first two of these requests get 503
    drop POST /v2/workspaces after=1     the second one is done, but its response is lost
    429 times=0                          every request, forever

PATH can contain * for any text. A response that a fault changed has the header X-Sandbox-Fault.
"""

import asyncio
import fnmatch
import json
import re
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator
from starlette.responses import HTMLResponse, Response
from starlette.types import Message, Receive, Scope, Send

from sandbox.errors import error_response
from sandbox.organization import Organization

# Sent instead of doing the work. Besides these: every status NNN (429 with Retry-After: `seconds`),
# and NNN-html for a page of the network in front of Sigma.
REFUSED = {
    "expired-token": "The response is 401, and the token is invalid from now on.",
    "early-404": "A download gets 404, as in the first seconds of an export.",
    "failed-rendering": "A download gets 500.",
}
# These match downloads unless a rule says otherwise
OF_DOWNLOADS = {
    "early-404": (404, "Query not found"),
    "failed-rendering": (500, "The export could not be rendered"),
}
DOWNLOAD = "GET /v2/query/*"
# Done to the response, after the work
CHANGED = {
    "slow": "The response comes some seconds later.",
    "hang": "The response never comes.",
    "drop": "The connection is lost before the response.",
    "truncate": "The connection is lost in the middle of the response.",
    "broken-json": "The response ends after half of the JSON.",
    "empty": "The response has status 200, but no body.",
    "html": "The response has status 200, but is an HTML page.",
    "repeat-page": "nextPage names the page that was requested.",
    "error-row": "An error object is among the entries of a list.",
    "missing-field": "A field is missing, in the object or in every entry of a list.",
    "null-field": "A field is null, in the object or in every entry of a list.",
    "failed-job": "The job that the request starts ends as failed.",  # see materializations.py
    "skipped-job": "The job that the request starts ends as skipped.",
}
EDGE_PAGE = "<!DOCTYPE html><html><head><title>{}</title></head><body>1015</body></html>"


class Fault(BaseModel):
    """A rule. After `after` matching requests, it applies to the next `times` (0: to all)."""

    kind: str = Field(examples=["503", "403-html", *REFUSED, *CHANGED])
    match: str = Field("*", description="METHOD and path, with * for any text.")
    times: int = Field(1, ge=0)
    after: int = Field(0, ge=0)
    seconds: float = Field(1, ge=0, le=3600)
    field: str = Field("", description="For missing-field and null-field: names with commas.")
    seen: int = Field(0, description="How many requests matched so far.")

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        if kind in REFUSED or kind in CHANGED or re.fullmatch(r"[45]\d\d(-html)?", kind):
            return kind
        known = ", ".join([*REFUSED, *CHANGED])
        raise ValueError(f"{kind!r} is not a fault. Known: a status (503 or 503-html), {known}")

    @field_validator("match")
    @classmethod
    def _can_match(cls, match: str) -> str:
        if re.fullmatch(r"\*|(\*|[A-Z]+) (\*|/v2).*", match):
            return match
        raise ValueError(f"{match!r} matches no request. Write it like GET /v2/members*")

    @model_validator(mode="after")
    def _check(self) -> "Fault":
        if self.kind in OF_DOWNLOADS and self.match == "*":
            self.match = DOWNLOAD
        if bool(self.field) != (self.kind in ("missing-field", "null-field")):
            raise ValueError("only missing-field and null-field need field=NAME")
        return self

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Read a rule in its written form. Raises ValueError."""
        words = text.split()
        options = dict(word.split("=", 1) for word in words if "=" in word)
        kind, *match = [word for word in words if "=" not in word] or [""]
        unknown = options.keys() - {"times", "after", "seconds", "field"}
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))} is not an option of a fault")
        try:
            return cls.model_validate({"kind": kind, "match": " ".join(match) or "*", **options})
        except ValidationError as error:
            raise ValueError(first_problem(error)) from None

    def applies(self, method: str, path: str) -> bool:
        """Count a request if it matches, and return True if the rule applies to it."""
        if not fnmatch.fnmatchcase(f"{method} {path}", self.match):
            return False
        self.seen += 1
        past = self.seen - self.after
        return past > 0 and (self.times == 0 or past <= self.times)


def first_problem(error: ValidationError) -> str:
    """Return in one line what is wrong with a rule."""
    problem = error.errors()[0]
    where = problem["loc"][0] if problem["loc"] else "field"
    return f"{where}: {problem['msg'].removeprefix('Value error, ')}"


class Faults:
    """Middleware that applies the first rule that fits. Rules behind it don't count the request."""

    def __init__(self, app: FastAPI, rules: list[Fault]) -> None:
        self.app = app
        self.rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless a fault applies to it."""
        if scope["type"] != "http" or not scope["path"].startswith("/v2"):
            await self.app(scope, receive, send)
            return
        latency = self.app.state.organization.options.latency
        if latency:
            send = delayed(send, latency)
        request = scope["method"], scope["path"]
        rule = next((rule for rule in self.rules if rule.applies(*request)), None)
        if rule is None:
            await self.app(scope, receive, send)
            return
        scope["logged"].fault = rule.kind
        if rule.kind in CHANGED:
            await self._change(rule, scope, receive, send)
            return
        response = self._refusal(rule, scope)
        response.headers["X-Sandbox-Fault"] = rule.kind
        await response(scope, receive, send)

    def _refusal(self, rule: Fault, scope: Scope) -> Response:
        """Return the response of a fault that is sent instead of doing the work."""
        kind = rule.kind
        if kind == "expired-token":
            organization: Organization = self.app.state.organization
            sent = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
            organization.tokens.pop(sent.removeprefix("Bearer "), None)
            return error_response(401, "jwt expired")
        if kind in OF_DOWNLOADS:
            return error_response(*OF_DOWNLOADS[kind])
        status = int(kind[:3])
        if kind.endswith("-html"):
            return HTMLResponse(EDGE_PAGE.format(f"Attention Required! | {status}"), status)
        headers = {"Retry-After": f"{rule.seconds:.0f}"} if status == 429 else None
        return error_response(status, f"Fault on demand: {status}", headers)

    async def _change(self, rule: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Do the work, and change the response."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, keep)
        start, body = messages[0], b"".join(part.get("body", b"") for part in messages[1:])
        if rule.kind == "drop":
            scope["cut_connection"]()
            return
        if rule.kind == "hang":
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        if rule.kind == "slow":
            await asyncio.sleep(rule.seconds)
        headers = {k.lower(): v for k, v in start["headers"]}
        if rule.kind in ("empty", "html"):
            start["status"] = 200
        if rule.kind == "html":
            headers[b"content-type"] = b"text/html; charset=utf-8"
        body = changed_body(rule, body, scope["query_string"].decode("latin-1"))
        length = len(body)
        if rule.kind == "truncate":
            body = body[: length // 2]
        headers[b"content-length"] = str(length).encode()
        headers[b"x-sandbox-fault"] = rule.kind.encode()
        await send({**start, "headers": [*headers.items()]})
        # After a body that is too short, the server closes the connection
        await send({"type": "http.response.body", "body": body, "more_body": len(body) < length})


def delayed(send: Send, seconds: float) -> Send:
    """Return a send that starts the response so many seconds from now, whatever the work takes."""
    clock = asyncio.get_running_loop().time
    due = clock() + seconds

    async def wait_and_send(message: Message) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(max(0, due - clock()))
        await send(message)

    return wait_and_send


def changed_body(rule: Fault, body: bytes, query: str) -> bytes:
    """Return the body of a response as a fault changes it."""
    if rule.kind == "empty":
        return b""
    if rule.kind == "html":
        return EDGE_PAGE.format("Just a moment...").encode()
    if rule.kind == "broken-json":
        return body[: len(body) // 2]
    edits = rule.kind in ("repeat-page", "error-row") or rule.field
    if not edits or body[:1] not in (b"{", b"["):
        return body
    page: Any = json.loads(body)
    is_list = isinstance(page, list)
    requested = re.search(r"(?:^|&)page=([^&]+)", query)
    if rule.kind == "repeat-page" and requested and not is_list:
        page["nextPage"] = requested[1]
    if rule.kind == "error-row" and not is_list and "entries" in page:
        error = {"code": "inode_unreadable", "message": "Not readable", "requestId": "fault-1"}
        page["entries"].insert(1, error)
    if rule.field:
        rows = page if is_list else page.get("entries", [page])
        for row in filter(None, rows):  # a tenant can be null
            for name in rule.field.split(","):
                row[name] = None
                if rule.kind == "missing-field":
                    del row[name]
    return json.dumps(page).encode()
