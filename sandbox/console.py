"""The console: web pages that show the organization, as Sigma's UI does. No part of the API.

A list page and a detail page show everything; the templates say what is in them. The URLs of teams,
workspaces, connections and workbooks end like Sigma's, so they can be pasted as an ID.
"""

import itertools
import json
import re
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import jinja2
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from sandbox import admin
from sandbox.api import Org
from sandbox.changes import Changes
from sandbox.content import pages_of, sources_of
from sandbox.errors import Refusal, refused
from sandbox.faults import CHANGED, OF_DOWNLOADS, REFUSED, Fault, first_problem
from sandbox.models import Grant, Member
from sandbox.organization import ALL_MEMBERS_TEAM_ID, ROBOT_ID, Export, Organization
from sandbox.resources.exports import file_response
from sandbox.resources.members import recent_files
from sandbox.resources.sources import lineage_row, text_of
from sandbox.resources.versions import history

HERE = Path(__file__).resolve().parent
ROWS = 100  # of a table, on one page
MOST_TEXT = 4000  # characters of a body
HEADERS = {
    # No page of the console can load anything from other hosts, or be shown inside another page
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # without it, a browser would send Origin: null
    "Cache-Control": "no-cache",
}
STATUSES = "400 401 403 403-html 404 409 429 429-html 500 502 502-html 503 504".split()


class Named(NamedTuple):
    """What an ID belongs to."""

    kind: str
    name: str
    url: str


def name_of(member: Member) -> str:
    """Return the full name of a member, or the email if there is none."""
    return f"{member.firstName} {member.lastName}".strip() or member.email


def find(org: Organization, key: str) -> Named:
    """Return what has an ID. The name of an unknown ID is the ID."""
    if key in org.members:
        return Named("member", name_of(org.members[key]), f"/members/{key}")
    if key in org.folders:
        folder = org.folders[key]
        owner = f"/members/{folder.ownerId}#documents"
        return Named("folder", folder.name, f"/s/{folder.workspaceId}" if folder.path else owner)
    if key == ALL_MEMBERS_TEAM_ID:
        return Named("team", "All members of the organization", "")
    for kind, things, url in (
        ("team", org.teams, f"/admin/teams/{key}"),
        ("workspace", org.workspaces, f"/s/{key}"),
        ("connection", org.connections, f"/s/{key}"),
        ("workbook", org.workbooks, f"/workbook/{key}"),
        ("data model", org.data_models, f"/data-model/{key}"),
        ("report", org.reports, f"/report/{key}"),
        ("user attribute", org.user_attributes, ""),
        ("tag", org.tags, ""),
    ):
        if key in things:
            return Named(kind, things[key].name, url)
    return Named("", key, "")


class View:
    """What a page needs: the organization, its last changes, and how to show them."""

    def __init__(self, request: Request, org: Org, search: str = "", page: int = 1) -> None:
        self.request, self.org = request, org
        self.state = request.app.state
        self.changes: Changes = self.state.changes
        self.search, self.page = search, page

    def listing(self, things: list[Any], key: str, fields: str) -> dict[str, Any]:
        """Return a page of what a search finds in these fields, the last changed first.

        key is the field of the ID.
        """
        wanted = self.search.strip().casefold()
        found = [t for t in things if not wanted or wanted in self._text(t, fields.split())]
        order = ("New", "Changed", "")
        found.sort(key=lambda t: order.index(self.changes.touched(getattr(t, key, ""))))
        pages = max(1, -(-len(found) // ROWS))
        number = min(max(self.page, 1), pages)
        return {
            "rows": found[(number - 1) * ROWS : number * ROWS],
            "number": number,
            "pages": pages,
            "found": len(found),
            "total": len(things),
            "search": self.search,
            "label": f"Search in {', '.join(fields.split())}",
        }

    def _text(self, thing: Any, fields: list[str]) -> str:
        """Return what a search looks at: the values of the fields, and the names behind IDs."""
        values = [str(getattr(thing, name)) for name in fields]
        return " ".join([*values, *map(self.name, values)]).casefold()

    def name(self, key: str) -> str:
        """Return the name of what has an ID."""
        return find(self.org, key).name

    def access(self, member_id: str, ids: Iterable[str]) -> list[tuple[str, Grant]]:
        """Return the grants on any of these IDs that a member has, directly or through a team."""
        grantees = self.org.grantees(member_id)
        return [
            (key, grant)
            for key in ids
            for grant in self.org.grants.get(key, [])
            if grant.memberId in grantees or grant.teamId in grantees
        ]

    def recent(self, member_id: str) -> list[dict[str, Any]]:
        """Return the recent files of a member, the last used first."""
        files = recent_files(self.org, member_id)
        return sorted(files, key=lambda f: str(f.get("lastInteractionAt", "")), reverse=True)

    def show(self, template: str, status: int = 200, **context: Any) -> Response:
        """Return a page."""
        context |= {
            "view": self,
            "org": self.org,
            "changes": self.changes,
            "find": lambda key: find(self.org, key),
            "base_url": str(self.request.base_url).rstrip("/"),
        }
        return templates.TemplateResponse(self.request, template, context, status, HEADERS)


Viewed = Annotated[View, Depends()]


def moment(text: str) -> str:
    """Return a time for people: 2024-01-02T08:00:00.000Z becomes 2024-01-02 08:00:00."""
    return re.sub(r"(\.\d+)?Z$", "", text).replace("T", " ")


def pretty(body: Any) -> str:
    """Return a JSON body with line breaks. A long one is cut, and says so."""
    parts = json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(body)
    text = "".join(itertools.islice(parts, MOST_TEXT))  # each part has at least one character
    return f"{text[:MOST_TEXT]}\n... more" if len(text) > MOST_TEXT else text


def rows_in(export: Export) -> int:
    """Return how many rows the file of an export shows."""
    if export.numbers is not None:
        return len(export.numbers)
    return sum(len(table.rows) for table in export.tables)


templates = Jinja2Templates(
    env=jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,  # a member's name may be <script>
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
)
templates.env.filters |= {"moment": moment, "pretty": pretty, "name": name_of, "rows_in": rows_in}
templates.env.filters["parts"] = re.compile("(?<=.)(?=[/?&])").split  # of a path
templates.env.globals |= {"ROBOT_ID": ROBOT_ID, "ROWS": ROWS, "pages_of": pages_of}
templates.env.globals |= {"history": history, "sources_of": sources_of}
templates.env.globals |= {"lineage_row": lineage_row, "text_of": text_of}


class PageRoute(APIRoute):
    """A route whose refusals are pages, and that sends no page which the browser already has."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the function that answers a request."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            version = f'"{request.app.state.changes.version()}"'
            if request.headers.get("If-None-Match") == version:
                return Response(status_code=304, headers={"ETag": version})
            try:
                response = await handle(request)
            except (HTTPException, RequestValidationError) as error:
                response = refusal_page(request, error)
            response.headers.update({"ETag": version, **HEADERS})
            return response

        return answer


def refusal_page(request: Request, error: Exception) -> Response:
    """Return a refusal as a page."""
    what = getattr(error, "detail", "The URL or the form is incomplete")
    view = View(request, request.app.state.organization)
    return view.show("refusal.html", getattr(error, "status_code", 400), what=what)


async def no_such_page(request: Request, error: Exception) -> Response:
    """Return the refusal of an unknown URL: a page for browsers, JSON for programs."""
    is_page = "text/html" in request.headers.get("accept", "")
    if request.url.path.startswith(("/v2", "/sandbox")) or not is_page:
        return await refused(request, error)
    return refusal_page(request, error)


router = APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=Response)


def install(app: FastAPI) -> None:
    """Add the console to an application that has its organization, log and rules."""
    app.state.changes = Changes(app.state)
    app.include_router(router)
    app.add_exception_handler(404, no_such_page)
    app.add_exception_handler(405, no_such_page)
    app.mount("/static", StaticFiles(directory=HERE / "static"))


# --- The organization ---


@router.get("/")
async def overview(view: Viewed) -> Response:
    """Show the numbers, the last changes and the last requests."""
    return view.show("overview.html", log=view.state.log, rules=view.state.rules)


# For each list the fields in which it searches
LISTS = {
    "members": "firstName lastName email memberType memberId",
    "teams": "name description visibility teamId",
    "workspaces": "name workspaceId workspaceUrlId",
    "workbooks": "name path ownerId workbookId",
    "reports": "name path ownerId reportId",
    "connections": "name type connectionId",
    "materializations": "documentId elementName",
    "exports": "name format queryId",
    "requests": "method path query status fault",
}


@router.get("/members")
@router.get("/teams")
@router.get("/workspaces")
@router.get("/workbooks")
@router.get("/reports")
@router.get("/connections")
@router.get("/materializations")
@router.get("/exports")
@router.get("/requests")
async def list_page(view: Viewed) -> Response:
    """Show a list. The macro of its name in rows.html shows a row."""
    org, name = view.org, view.request.url.path[1:]
    if name == "requests":
        things: list[Any] = [*view.state.log.entries][::-1]
    elif name == "exports":
        things = [*org.exports.values()][::-1]
    elif name == "materializations":
        things = [one for schedules in org.schedules.values() for one in schedules]
    else:
        things = [*getattr(org, name).values()]
    listing = view.listing(things, f"{name[:-1]}Id", LISTS[name])
    return view.show("list.html", name=name, listing=listing)


@router.get("/members/{key}")
@router.get("/admin/teams/{key}")
@router.get("/s/{key}")
@router.get("/workbook/{key}")
@router.get("/data-model/{key}")
@router.get("/report/{key}")
async def detail_page(view: Viewed, key: str) -> Response:
    """Show a member, a team, a workspace or connection (Sigma's URLs are alike), or a document."""
    org, area = view.org, view.request.url.path.split("/")[1]
    if area == "members":
        return view.show("member.html", thing=org.member(key))
    if area == "workbook":
        return view.show("workbook.html", thing=org.workbook(key))
    if area in ("data-model", "report"):
        document = org.report(key) if area == "report" else org.data_model(key)
        return view.show("document.html", thing=document)
    if area == "admin":
        team = org.team(key)
        people = [org.members[member_id] for member_id in team.members]
        listing = view.listing(people, "memberId", LISTS["members"])
        return view.show("team.html", thing=team, listing=listing)
    if key in org.connections:
        return view.show("connection.html", thing=org.connections[key])
    workspace = org.workspace(key)
    inside = [d for d in org.documents() if d.workspaceId == workspace.workspaceId]
    listing = view.listing(inside, "id", "name path id")
    return view.show("workspace.html", thing=workspace, listing=listing)


@router.get("/exports/{query_id}/file")
async def export_file(view: Viewed, query_id: str) -> Response:
    """Send the file of an export that is ready. This doesn't count as a poll."""
    export = view.org.export(query_id)
    if export.polls > 0:
        raise Refusal(404, "This export is not ready yet. Each poll of its download advances it")
    return await file_response(export)


# --- Reset and faults ---


@router.get("/reset")
async def ask_to_reset(view: Viewed) -> Response:
    """Ask before a reset."""
    return view.show("reset.html")


@router.post("/reset")
async def reset(request: Request) -> Response:
    """Bring back the organization as it was on start."""
    await admin.reset(request)
    return RedirectResponse("/", 303)


@router.get("/faults")
async def faults(view: Viewed) -> Response:
    """Show the rules, and a form to add one. The links of the examples fill in the form."""
    defaults = {"kind": "503", "times": "1", "after": "0", "seconds": "1"}
    return show_faults(view, {**defaults, **view.request.query_params})


def show_faults(view: View, form: dict[str, str], problem: str = "", status: int = 200) -> Response:
    """Show the rules, and the form as it was sent."""
    paths = {
        f"{method.upper()} {re.sub(r'{[^}]*}', '*', path)}"
        for path, operations in view.request.app.openapi()["paths"].items()
        for method in operations
        if path.startswith("/v2")
    }
    return view.show(
        "faults.html",
        status,
        rules=view.state.rules,
        kinds={**dict.fromkeys(STATUSES, ""), **REFUSED, **CHANGED},
        refused=REFUSED,
        changed=CHANGED,
        paths=sorted(paths, key=lambda path: path.split()[::-1]),
        of_downloads=list(OF_DOWNLOADS),
        form={**dict.fromkeys(Fault.model_fields, ""), **form},
        problem=problem,
    )


@router.post("/faults")
async def add_fault(view: Viewed) -> Response:
    """Add a rule. Empty fields take their defaults."""
    form = {name: str(text) for name, text in (await view.request.form()).items()}
    try:
        rule = Fault.model_validate({name: text for name, text in form.items() if text.strip()})
    except ValidationError as error:
        return show_faults(view, form, first_problem(error), 400)
    await admin.add_fault(view.request, rule)
    return RedirectResponse("/faults", 303)


@router.post("/faults/remove")
async def remove_faults(request: Request) -> Response:
    """Remove all rules."""
    await admin.remove_faults(request)
    return RedirectResponse("/faults", 303)
