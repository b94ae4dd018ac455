"""Operations of Sigma's API that the sandbox lacks. They answer 501 instead of 404."""

import re

from fastapi import APIRouter, Request, Response

from sandbox.api import bearer, caller, organization
from sandbox.errors import Refusal

router = APIRouter()

# For each resource the methods, and what follows the resource in the path; * is an ID or a name
RESOURCES = """
/v2/accountTypes: POST; DELETE /*; GET /*/permissions
/v2/api-connectors: GET POST; GET PATCH DELETE /*
/v2/api-credentials: GET POST; GET PATCH DELETE /*
/v2/connections: PUT PATCH DELETE /*; POST /*/dbtArtifacts; GET POST /paths/*/grants;
    GET /tables/*/columns; DELETE /paths/*/grants/*
/v2/dataModels: POST /tag; GET /*/columns; GET /*/elements; GET /*/lineage;
    POST /*/swapSources; GET /*/tags
/v2/datasets: GET /*; GET POST /*/grants; GET POST /*/materialization; POST /*/migrate;
    GET /*/sources; DELETE /*/grants/*
/v2/deploymentPolicies: GET POST; GET /tenants; GET PATCH DELETE /*; GET POST /*/files;
    GET POST /*/tenants; DELETE /*/files/*; DELETE /*/tenants/*
/v2/favorites: POST; GET /member/*; DELETE /member/*/file/*
/v2/grants: GET /*
/v2/members: GET /*/files/favorites
/v2/reports: POST; POST /tag; GET /*/columns; GET /*/controls; POST /*/copy;
    GET /*/elements; POST /*/export; POST /*/grants; GET /*/lineage; GET /*/pages; GET /*/queries;
    POST /*/schedules; POST /*/send; POST /*/swapSources; GET /*/tags;
    GET /*/version-history; GET /*/elements/*/columns; GET /*/elements/*/query; DELETE /*/grants/*;
    GET /*/lineage/elements/*; GET /*/pages/*/elements; PATCH DELETE /*/schedules/*;
    POST /*/tag/*/copy; DELETE /*/tags/*
/v2/saml: GET /service-providers; GET POST /service-providers/*/certificates;
    GET DELETE /service-providers/*/certificates/*;
    POST /service-providers/*/certificates/*/activate;
    POST /service-providers/*/certificates/*/deactivate
/v2/shared_templates: POST /accept; GET /shared_with_you; DELETE /*
/v2/sourceSwapPolicies: GET POST; GET PATCH DELETE /*
/v2/tags: POST; PATCH DELETE /*; GET /*/workbooks
/v2/teams: POST /*/assignedUserAttributes; GET /*/user-attributes
/v2/templates: POST /save_workbook; GET /*; POST /*/swapSources
/v2/tenants: POST; GET PATCH DELETE /*; GET /*/capabilities/deployments;
    POST /*/capabilities/deployments:batchAdd; POST /*/capabilities/deployments:batchRemove;
    GET /*/workbooks
/v2/translations: GET POST /organization; GET PUT DELETE /organization/*;
    GET PUT DELETE /organization/*/*
/v2/user-attributes: GET POST PATCH /*/teams; GET POST PATCH /*/tenants; PATCH /*/users;
    DELETE /*/teams/*; DELETE /*/tenants/*; DELETE /*/users/*
/v2/webhooks: POST /*/*; GET /*/*/schema
/v2/workbooks: POST; GET POST /*/bookmarks; POST /*/convertToReport;
    GET POST /*/embeds; POST /*/saveTemplate; GET /*/schema; POST /*/shareCrossOrg;
    GET PATCH DELETE /*/bookmarks/*; DELETE /*/grants/*; DELETE /*/schedules/*;
    POST PATCH DELETE /*/elements/*/materializationSchedules; DELETE /*/embeds/*;
    POST /*/tag/*/copy; DELETE /*/tags/*; GET /*/tags/*/bookmarks;
    POST /*/tags/*/bookmarks/; GET PATCH DELETE /*/tags/*/bookmarks/*
/v2/workspaces: DELETE /*/grants/*
""".strip()


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
