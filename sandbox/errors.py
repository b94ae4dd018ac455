"""Refusals in Sigma's form, {requestId, message, code}, whatever the cause."""

import json
import uuid
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from sandbox.request_log import masked

CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    429: "too_many_requests",
    500: "internal_error",
    501: "not_implemented",
    502: "bad_gateway",
    503: "unavailable",
}


class ApiError(BaseModel):
    """The body of every refusal."""

    requestId: str
    message: str
    code: str


class Refusal(HTTPException):
    """Raise this to refuse a request with a status and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)


def error_response(
    status: int, message: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return a refusal as a response."""
    code = CODES.get(status, "error")
    error = ApiError(requestId=str(uuid.uuid4()), message=message, code=code)
    return JSONResponse(error.model_dump(), status, headers)


async def refused(request: Request, error: Exception) -> JSONResponse:
    """Return an HTTPException as a response."""
    assert isinstance(error, HTTPException)
    message = str(error.detail)
    if error.status_code == 404 and message == "Not Found":  # from the framework: no such route
        message = f"There is no {request.url.path}"
    elif error.status_code == 405:
        message = f"{request.method} is not possible on {request.url.path}"
    return error_response(error.status_code, message, dict(error.headers or {}))


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Turn the framework's 422 into a 400 that names each place, what is allowed, and the value."""
    assert isinstance(error, RequestValidationError)
    return error_response(400, "; ".join(map(_problem, error.errors())))


def _problem(error: dict[str, Any]) -> str:
    """Return one problem in Sigma's words."""
    where = ".".join(str(part) for part in error["loc"][1:]) or "body"
    wanted = error["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    if error["type"] in ("value_error", "json_invalid"):
        return f"{where}: {wanted.removeprefix('Value error, ')}"
    value = json.dumps(masked(error["input"], where), default=str)[:80]
    if error["type"] == "missing":
        wanted, value = "a value", "undefined"
    return f"Expecting {wanted.partition(', unable')[0]} at {where} but instead got: {value}"


async def _crashed(request: Request, error: Exception) -> JSONResponse:
    return error_response(500, f"Bug in the sandbox: {type(error).__name__}")


def install(app: FastAPI) -> None:
    """Make an application answer every failure in Sigma's form."""
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _crashed)
