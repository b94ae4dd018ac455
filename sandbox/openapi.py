"""GET /openapi.json: what the sandbox serves, ready to import into Postman."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse


def install(app: FastAPI) -> None:
    """Serve the description with the address at which it was asked for."""

    async def openapi_json(request: Request) -> JSONResponse:
        return JSONResponse(describe(app, str(request.base_url).rstrip("/")))

    app.add_route("/openapi.json", openapi_json, include_in_schema=False)


def describe(app: FastAPI, address: str) -> dict[str, Any]:
    """Return the OpenAPI description of the sandbox at an address such as http://127.0.0.1:8765."""
    description = {**app.openapi(), "servers": [{"url": address, "description": "This sandbox"}]}
    # Postman wants a whole address for the token
    schemes = dict(description["components"]["securitySchemes"])
    token_url = f"{address}/v2/auth/token"
    flow = {"tokenUrl": token_url, "refreshUrl": token_url, "scopes": {}}
    schemes["oauth2"] = {"type": "oauth2", "flows": {"clientCredentials": flow}}
    description["components"] = {**description["components"], "securitySchemes": schemes}
    return description
