"""Faults on demand: what goes wrong, with which requests, and how often.

A rule is written "KIND [METHOD PATH] [times=N] [after=N] [seconds=S] [field=NAME]", for example

    503 GET /v2/members times=2          the first two of these requests get 503
    drop POST /v2/workspaces after=1     the second one is done, but the answer is lost
    429 times=0                          every request, forever

PATH may hold * for any text. An answer that a fault changed has the header X-Sandbox-Fault.
"""

import asyncio
import fnmatch
import json
import re
from collections.abc import MutableMapping
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator
from starlette.responses import HTMLResponse, Response
from starlette.types import Message, Receive, Scope, Send

from sandbox.errors import error_response
from sandbox.organization import Organization

# Done in place of the work, besides every status NNN (429 with Retry-After: `seconds`), and
# NNN-html for a page of Sigma's edge
REFUSED = {
    "expired-token": "401 jwt expired, and the token is dead from now on",
    "early-404": "404 in place of a download, as Sigma sends it before the export is known",
    "failed-rendering": "500 in place of a download",
}
# These strike downloads unless a rule says otherwise
OF_DOWNLOADS = {
    "early-404": (404, "Query not found"),
    "failed-rendering": (500, "The export could not be rendered"),
}
DOWNLOAD = "GET /v2/query/*"
# Done to the answer, after the work
CHANGED = {
    "slow": "the answer comes `seconds` later (default 1)",
    "hang": "the answer never comes",
    "drop": "the connection is lost before the answer",
    "truncate": "the connection is lost in the middle of the body",
    "broken-json": "the second half of the body is missing, but its length is right",
    "empty": "status 200 without a body",
    "html": "status 200 with a page in place of the body",
    "repeat-page": "nextPage names the page that was asked for",
    "error-row": "an error object stands among the entries",
    "missing-field": "`field` is missing in the object, or in every entry of a list",
    "null-field": "`field` is null in the object, or in every entry of a list",
    "failed-job": "the job that the request starts ends in `failed`",  # see materializations.py
}
EDGE_PAGE = "<!DOCTYPE html><html><head><title>{}</title></head><body>1015</body></html>"


class Fault(BaseModel):
    """A rule. It strikes `times` requests (0: all) that match, after letting `after` pass."""

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
    def _of_downloads(self) -> "Fault":
        if self.kind in OF_DOWNLOADS and self.match == "*":
            self.match = DOWNLOAD
        return self

    @model_validator(mode="after")
    def _names_a_field(self) -> "Fault":
        if bool(self.field) != (self.kind in ("missing-field", "null-field")):
            raise ValueError("field=NAME belongs to missing-field and null-field, and to no other")
        return self

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Read a rule from its written form. Raises ValueError."""
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

    def strikes(self, method: str, path: str) -> bool:
        """Count a request, and say whether this rule strikes it."""
        if not fnmatch.fnmatchcase(f"{method} {path}", self.match):
            return False
        self.seen += 1
        past = self.seen - self.after
        return past > 0 and (self.times == 0 or past <= self.times)


def first_problem(error: ValidationError) -> str:
    """Say in one line what is wrong with a rule."""
    problem = error.errors()[0]
    where = problem["loc"][0] if problem["loc"] else "field"
    return f"{where}: {problem['msg'].removeprefix('Value error, ')}"


class Faults:
    """Middleware that lets the rules strike: the first that fits, which alone counts it."""

    def __init__(self, app: FastAPI, rules: list[Fault]) -> None:
        self.app = app
        self.rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless a fault strikes it."""
        if scope["type"] != "http" or not scope["path"].startswith("/v2"):
            await self.app(scope, receive, send)
            return
        latency = self.app.state.organization.options.latency
        if latency:
            send = delayed(send, latency)
        asked = scope["method"], scope["path"]
        rule = next((rule for rule in self.rules if rule.strikes(*asked)), None)
        if rule is not None:
            scope["logged"].fault = rule.kind
        if rule is None:
            await self.app(scope, receive, send)
        elif rule.kind in CHANGED:
            await self._change(rule, scope, receive, send)
        else:
            answer = self._refusal(rule, scope)
            answer.headers["X-Sandbox-Fault"] = rule.kind
            await answer(scope, receive, send)

    def _refusal(self, rule: Fault, scope: Scope) -> Response:
        """Return the answer of a fault that stands in place of the work."""
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
        """Do the work, and spoil the answer."""
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await self.app(scope, receive, keep)
        start, body = answer[0], b"".join(part.get("body", b"") for part in answer[1:])
        if rule.kind == "drop":
            scope["cut_connection"]()
            return
        if rule.kind == "hang":
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        if rule.kind == "slow":
            await asyncio.sleep(rule.seconds)
        headers = [(k, v) for k, v in start["headers"] if k.lower() != b"content-length"]
        if rule.kind in ("empty", "html"):
            start["status"] = 200
        body = spoiled(rule, body, scope)
        length = len(body)
        if rule.kind == "truncate":
            body = body[: len(body) // 2]
        headers += [
            (b"content-length", str(length).encode()),
            (b"x-sandbox-fault", rule.kind.encode()),
        ]
        if rule.kind == "html":
            headers = [(k, v) for k, v in headers if k.lower() != b"content-type"]
            headers.append((b"content-type", b"text/html; charset=utf-8"))
        await send({**start, "headers": headers})
        # After a body that is too short the server closes the connection by itself
        await send({"type": "http.response.body", "body": body, "more_body": len(body) < length})


def delayed(send: Send, seconds: float) -> Send:
    """Return a send whose answer begins so many seconds from now, however long the work takes."""
    clock = asyncio.get_running_loop().time
    due = clock() + seconds

    async def wait_and_send(message: Message) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(max(0, due - clock()))
        await send(message)

    return wait_and_send


def spoiled(rule: Fault, body: bytes, scope: Scope) -> bytes:
    """Return the body that a fault makes of an answer's body."""
    kind = rule.kind
    if kind == "empty":
        return b""
    if kind == "html":
        return EDGE_PAGE.format("Just a moment...").encode()
    if kind == "broken-json":
        return body[: len(body) // 2]
    if kind in ("repeat-page", "error-row"):
        page = json.loads(body)
        if isinstance(page, MutableMapping):
            _spoil_page(kind, page, scope["query_string"].decode("latin-1"))
        return json.dumps(page).encode()
    if rule.field and body[:1] in (b"{", b"["):
        page = json.loads(body)
        rows = page if isinstance(page, list) else page.get("entries", [page])
        for row in rows:
            row.update(dict.fromkeys(rule.field.split(",")))
            for name in rule.field.split(",") if kind == "missing-field" else ():
                del row[name]
        return json.dumps(page).encode()
    return body


def _spoil_page(kind: str, page: MutableMapping[str, Any], query: str) -> None:
    asked_for = re.search(r"(?:^|&)page=([^&]+)", query)
    if kind == "repeat-page" and asked_for:
        page["nextPage"] = asked_for[1]
    if kind == "error-row" and "entries" in page:
        error = {"code": "inode_unreadable", "message": "Not readable", "requestId": "fault-1"}
        page["entries"].insert(1, error)
