"""The addresses of the console's pages, from its routes: a new page is tested with the others."""

from sandbox import console, seed

IDS = {
    "{member_id}": seed.DEMO_MEMBER_ID,
    "{team_id}": seed.DEMO_TEAM_ID,
    "{key}": seed.DEMO_WORKSPACE_ID,
    "{workbook_id}": seed.DEMO_WORKBOOK_ID,
}


def filled(path):
    """Return the path of a route with the IDs of the demo in it."""
    for name, value in IDS.items():
        path = path.replace(name, value)
    return path


PAGES = [
    filled(route.path)
    for route in console.router.routes
    if "GET" in route.methods and not route.path.endswith("/file")
] + [f"/s/{seed.DEMO_CONNECTION_ID}"]
FORMS = [route.path for route in console.router.routes if "POST" in route.methods]
