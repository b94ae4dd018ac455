"""Compares requests and responses with a contract: an OpenAPI file, read strictly.

What the contract does not declare is a violation, so an object may hold no other fields than
those that one of its branches declares. Two defects of Sigma's file are read as they are meant:
"#components/..." as "#/components/...", and oneOf as anyOf, since its branches overlap.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from jsonschema import Draft202012Validator, FormatChecker
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FORM = "application/x-www-form-urlencoded"
# The contract describes the download as JSON, but the wire carries the file, or nothing yet
DOWNLOAD = ("GET", "/v2/query/{queryId}/download")
formats = FormatChecker(["email"])


@formats.checks("date-time", raises=ValueError)
def _is_date_time(text: object) -> bool:
    if isinstance(text, str):
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ" if "." in text else "%Y-%m-%dT%H:%M:%SZ")
    return True


@dataclass
class Exchange:
    """A request and its response, as they went over the wire. Header names are in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int = 0
    response_headers: dict[str, str] | None = None
    response: bytes = b""


class Recorder:
    """ASGI middleware that keeps every exchange below /v2."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the application with this recorder around it."""

        async def recorded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not scope["path"].startswith("/v2"):
                await app(scope, receive, send)
                return
            exchange = Exchange(
                scope["method"],
                scope["path"],
                scope["query_string"].decode(),
                _headers(scope["headers"]),
                b"",
            )
            self.exchanges.append(exchange)

            async def listen() -> Message:
                message = await receive()
                exchange.body += message.get("body", b"")
                return message

            async def speak(message: Message) -> None:
                if message["type"] == "http.response.start":
                    exchange.status = message["status"]
                    exchange.response_headers = _headers(message["headers"])
                exchange.response += message.get("body", b"")
                await send(message)

            await app(scope, listen, speak)

        return recorded


def _headers(raw: Any) -> dict[str, str]:
    return {name.decode().lower(): value.decode("latin-1") for name, value in raw}


class Contract:
    """An OpenAPI file, and what violates it."""

    def __init__(self, text: str) -> None:
        self.spec = json.loads(text.replace('"#components/', '"#/components/'))
        self.validators: dict[int, Draft202012Validator] = {}

    @classmethod
    def load(cls, path: str) -> "Contract":
        """Read a file. Raises OSError or ValueError."""
        return cls(Path(path).read_text(encoding="utf-8"))

    def violations(self, exchange: Exchange) -> Iterator[str]:
        """Yield what violates the contract, one line each."""
        template, operation = self.find(exchange.method, exchange.path)
        asked = f"{exchange.method} {exchange.path}"
        if operation is None:
            yield f"{asked}: no such operation"
            return
        for problem in self._in_request(exchange, template, operation):
            yield f"{asked}: request: {problem}"
        if exchange.response_headers is None or "x-sandbox-fault" in exchange.response_headers:
            return
        if (exchange.method, template) == DOWNLOAD and exchange.status in (200, 204):
            return
        for problem in self._in_response(exchange, operation):
            yield f"{asked}: response {exchange.status}: {problem}"

    def find(self, method: str, path: str) -> tuple[str, dict[str, Any] | None]:
        """Return the template of a path, and the operation; of two that fit, the more literal."""
        for template in sorted(self.spec["paths"], key=lambda t: (t.count("{"), t)):
            if _pattern(template).fullmatch(path):
                operation = self.spec["paths"][template].get(method.lower())
                if operation is not None:
                    return template, operation
        return "", None

    def fields(self, method: str, path: str) -> dict[str, bool]:
        """Return the fields of a response, or of the entries of a list, and which are required."""
        _, operation = self.find(method, path)
        responses = operation["responses"] if operation else {}
        content = responses.get("200", responses.get("201", {})).get("content", {})
        return self._fields(content.get("application/json", {}).get("schema", {}))

    def _fields(self, schema: Any) -> dict[str, bool]:
        schema = self._resolved(schema)
        if "items" in schema:
            return self._fields(schema["items"])
        properties = schema.get("properties", {})
        if "entries" in properties:
            return self._fields(properties["entries"])
        found = {name: name in schema.get("required", []) for name in properties}
        for part in schema.get("allOf", []):
            found |= self._fields(part)
        branches = [self._fields(s) for key in ("anyOf", "oneOf") for s in schema.get(key, [])]
        for name in {name for branch in branches for name in branch}:
            found[name] = any(branch.get(name, False) for branch in branches)
        return found

    def _in_request(
        self, exchange: Exchange, template: str, operation: dict[str, Any]
    ) -> Iterator[str]:
        shared = self.spec["paths"][template].get("parameters", [])
        parameters = [self._resolved(p) for p in shared + operation.get("parameters", [])]
        security = operation.get("security", self.spec.get("security", []))
        if security and {} not in security and "authorization" not in exchange.headers:
            yield "no Authorization"
        match = _pattern(template).fullmatch(exchange.path)
        values_in_path = match.groupdict() if match else {}
        given = {("path", name): [unquote(text)] for name, text in values_in_path.items()}
        query = parse_qs(exchange.query, keep_blank_values=True)
        given |= {("query", name): values for name, values in query.items()}
        declared = {(p["in"], p["name"]): p for p in parameters}
        for (place, name), values in given.items():
            if (place, name) not in declared:
                yield f"{place} parameter {name} is not declared"
            elif not any(
                self._fits(declared[place, name].get("schema", {}), meaning)
                for meaning in _meanings(values)
            ):
                yield f"{place} parameter {name}={values} does not fit its schema"
            if values[0] in ("undefined", "null", "None", ""):
                yield f"{place} parameter {name} has no value"
        for (place, name), parameter in declared.items():
            if parameter.get("required") and place == "query" and (place, name) not in given:
                yield f"{place} parameter {name} is missing"
        yield from self._in_body(exchange, operation)

    def _in_body(self, exchange: Exchange, operation: dict[str, Any]) -> Iterator[str]:
        content = self._resolved(operation.get("requestBody", {})).get("content", {})
        if not content:
            if exchange.body:
                yield "a body, and none is declared"
            return
        kind = exchange.headers.get("content-type", "").split(";")[0]
        if kind not in content:
            yield f"the body is {kind or 'missing'}, not {' or '.join(content)}"
            return
        if kind == FORM:
            form = parse_qs(exchange.body.decode(), keep_blank_values=True)
            value: Any = {name: values[0] for name, values in form.items()}
        else:
            try:
                value = json.loads(exchange.body)
            except ValueError:
                yield "the body is not JSON"
                return
        yield from self._problems(content[kind]["schema"], value)

    def _in_response(self, exchange: Exchange, operation: dict[str, Any]) -> Iterator[str]:
        declared = operation["responses"].get(str(exchange.status))
        if declared is None and exchange.status >= 400:
            declared = operation["responses"].get("default")
        if declared is None:
            yield f"only {', '.join(operation['responses'])} are declared"
            return
        content = self._resolved(declared).get("content", {})
        kind = (exchange.response_headers or {}).get("content-type", "").split(";")[0]
        if kind not in content:
            yield f"the body is {kind or 'missing'}, not {' or '.join(content)}"
            return
        try:
            value = json.loads(exchange.response)
        except ValueError:
            yield "the body is not JSON"
            return
        yield from self._problems(content[kind]["schema"], value)

    def _fits(self, schema: dict[str, Any], value: Any) -> bool:
        return not any(self._problems(schema, value))

    def _problems(self, schema: dict[str, Any], value: Any) -> Iterator[str]:
        if id(schema) not in self.validators:
            strict = self._strict(schema)
            self.validators[id(schema)] = Draft202012Validator(strict, format_checker=formats)
        for error in self.validators[id(schema)].iter_errors(value):
            yield f"{error.json_path}: {error.message[:300]}"

    def _strict(self, schema: Any, *, whole: bool = True, depth: int = 0) -> Any:
        """Return a schema without references whose objects are closed.

        whole is False for a branch: the fields of all branches together are what is allowed.
        """
        schema = self._resolved(schema)
        if not isinstance(schema, dict) or depth > 40:
            return True
        strict: dict[str, Any] = {}
        for key, value in schema.items():
            if key == "properties":
                strict[key] = {n: self._strict(s, depth=depth + 1) for n, s in value.items()}
            elif key in ("items", "additionalProperties"):
                strict[key] = self._strict(value, depth=depth + 1) if value is not False else False
            elif key in ("allOf", "anyOf", "oneOf"):
                branches = [self._strict(s, whole=False, depth=depth + 1) for s in value]
                together = branches if key == "allOf" else [{"anyOf": branches}]
                strict.setdefault("allOf", []).extend(together)
            elif key in ("type", "enum", "const", "required", "format", "pattern") or (
                key.startswith(("min", "max")) and isinstance(value, (int, float))
            ):
                strict[key] = value
        if whole and self._has_properties(schema):
            strict["unevaluatedProperties"] = False
        return strict

    def _has_properties(self, schema: Any) -> bool:
        schema = self._resolved(schema)
        branches = [s for key in ("allOf", "anyOf", "oneOf") for s in schema.get(key, [])]
        return "properties" in schema or any(self._has_properties(s) for s in branches)

    def _resolved(self, node: Any) -> Any:
        """Follow references."""
        while isinstance(node, dict) and "$ref" in node:
            target: Any = self.spec
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Return what the paths of a template such as /v2/teams/{teamId} look like."""
    return re.compile(re.sub(r"\{([^}]+)\}", r"(?P<\1>[^/]+)", template.replace(".", r"\.")))


def _meanings(values: list[str]) -> list[Any]:
    """Return what the text of a parameter may mean: a text, a number, a boolean, a list."""
    meanings: list[Any] = [list(values)]
    if len(values) == 1:
        meanings.append(values[0])
        if re.fullmatch(r"-?\d+(\.\d+)?", values[0]):
            meanings.append(float(values[0]) if "." in values[0] else int(values[0]))
        if values[0] in ("true", "false"):
            meanings.append(values[0] == "true")
    return meanings
