"""Refusals in Sigma's form, {requestId, message, code}, whatever the cause."""

import uuid

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

CODES = {
    400: "invalid_argument",
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


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    message = str(error.detail)
    if error.status_code == 404 and message == "Not Found":  # from the framework: no such route
        message = f"There is no {request.url.path}"
    elif error.status_code == 405:
        message = f"{request.method} is not possible on {request.url.path}"
    return error_response(error.status_code, message, dict(error.headers or {}))


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Turn the framework's 422 into a 400 that names each field and what is allowed."""
    assert isinstance(error, RequestValidationError)
    problems = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"] if part != "body") or "body"
        problems.append(f"{where}: {problem['msg']}")
    return error_response(400, "; ".join(problems))


async def _crashed(request: Request, error: Exception) -> JSONResponse:
    return error_response(500, f"Bug in the sandbox: {type(error).__name__}")


def install(app: FastAPI) -> None:
    """Make an application answer every failure in Sigma's form."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _crashed)
