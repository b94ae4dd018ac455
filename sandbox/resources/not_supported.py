"""Operations of Sigma's API that the sandbox lacks. They answer 501 instead of 404."""

import re
from pathlib import Path

from fastapi import APIRouter, Request, Response

from sandbox.api import bearer, caller, organization
from sandbox.errors import Refusal

router = APIRouter()

# For each resource the methods, and what follows the resource in the path; * is an ID or a name
RESOURCES = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")


async def refuse(request: Request) -> Response:
    """Refuse with 501, or with 401 if there is no token."""
    await caller(await organization(request), await bearer(request))
    raise Refusal(501, f"The sandbox does not support {request.method} {request.url.path}")


def operations() -> list[tuple[str, str]]:
    """Return the method and path of each operation."""
    found = []
    for start, tails in re.findall(r"^(/v2\S+):(.+(?:\n .+)*)", RESOURCES, re.MULTILINE):
        for methods, tail in re.findall(r"([A-Z][A-Z ]+)(\S*)", tails.replace(";", " ; ")):
            found += [(method, start + tail.strip(";")) for method in methods.split()]
    return found


# Plain routes, because it takes FastAPI a second to prepare so many of its own
for method, path in operations():
    template = re.sub(r"\*", lambda star: f"{{id{star.start()}}}", path)
    router.add_route(template, refuse, [method])
