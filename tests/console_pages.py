"""The paths of the console's pages, from its routes, so that a new page is tested with the others."""

from sandbox import console, embed_check, seed

DETAILS = {
    "/members/{key}": seed.DEMO_MEMBER_ID,
    "/admin/teams/{key}": seed.DEMO_TEAM_ID,
    "/s/{key}": seed.DEMO_WORKSPACE_ID,
    "/workbook/{key}": seed.DEMO_WORKBOOK_ID,
    "/data-model/{key}": seed.make_uuid("data model", 0),
    "/report/{key}": seed.make_uuid("report", 0),
}
PAGES = [
    route.path.replace("{key}", DETAILS.get(route.path, ""))
    for route in [*console.router.routes, *embed_check.router.routes]
    if "GET" in route.methods and not route.path.endswith("/file")
] + [f"/s/{seed.DEMO_CONNECTION_ID}"]
FORMS = [route.path for route in console.router.routes if "POST" in route.methods]
