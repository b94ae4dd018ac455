"""/sandbox: reset, request log and faults. No part of Sigma's API, so outside of /v2."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from sandbox.api import Empty
from sandbox.faults import Fault
from sandbox.request_log import LoggedRequest
from sandbox.seed import seed

router = APIRouter(prefix="/sandbox", tags=["sandbox"])


@router.post("/reset", summary="Start over: seed, request log and faults")
async def reset(request: Request) -> Empty:
    """Bring back the organization as it was on start, with no faults and an empty log."""
    state = request.app.state
    state.organization = seed(state.organization.options)
    state.rules.clear()
    state.log.clear()
    state.changes.look()  # starts the list of changes over
    return Empty()


@router.get("/requests", summary="The request log")
async def list_requests(
    request: Request, last: Annotated[int, Query(ge=1)] = 1000
) -> list[LoggedRequest]:
    """Return the last requests, the oldest first."""
    return list(request.app.state.log.entries)[-last:]


@router.get("/faults", summary="The rules, and how many requests matched each")
async def list_faults(request: Request) -> list[Fault]:
    """Return the rules in the order in which they are tried."""
    return list(request.app.state.rules)


@router.post("/faults", summary="Add a rule")
async def add_fault(request: Request, rule: Fault) -> Fault:
    """Add a rule behind the others."""
    request.app.state.rules.append(rule)
    return rule


@router.delete("/faults", summary="Remove all rules")
async def remove_faults(request: Request) -> Empty:
    """Remove all rules."""
    request.app.state.rules.clear()
    return Empty()
