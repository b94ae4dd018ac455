"""The console: pages at / that show the organization to people, as Sigma's UI would.

The addresses of teams, workspaces, connections and workbooks end as those of Sigma do, so they can
be pasted in place of an ID. Nothing here is part of the API.
"""

import json
import re
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import jinja2
from fastapi import APIRouter, Depends, FastAPI, Form, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from sandbox import admin
from sandbox.changes import Changes
from sandbox.content import pages_of
from sandbox.errors import Refusal
from sandbox.faults import CHANGED, OF_DOWNLOADS, REFUSED, Fault, first_problem
from sandbox.models import Grant, Member
from sandbox.organization import ROBOT_ID, Export, Organization, StoredTeam
from sandbox.api import Org
from sandbox.resources.exports import file_of
from sandbox.resources.members import recent_files

HERE = Path(__file__).resolve().parent
ROWS = 100  # on one page
HEADERS = {
    # No page of the console can load anything from elsewhere, or be shown within another page
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # without any, a browser would send Origin: null
    "Cache-Control": "no-cache",
}
NAVIGATION = [
    ("/", "Overview"),
    ("/members", "Members"),
    ("/teams", "Teams"),
    ("/workspaces", "Workspaces"),
    ("/workbooks", "Workbooks"),
    ("/connections", "Connections"),
    ("/materializations", "Materializations"),
    ("/exports", "Exports"),
    ("/requests", "Requests"),
    ("/faults", "Faults"),
]
STATUSES = "400 401 403 403-html 404 409 429 429-html 500 502 502-html 503 504".split()


@dataclass
class Named:
    """What an ID belongs to."""

    kind: str
    name: str
    url: str


def name_of(member: Member) -> str:
    """Return the full name of a member, or the address when there is none."""
    return f"{member.firstName} {member.lastName}".strip() or member.email


def find(org: Organization, key: str) -> Named:
    """Return what has an ID. What is unknown goes by its ID."""
    if key in org.members:
        return Named("member", name_of(org.members[key]), f"/members/{key}")
    if key in org.teams:
        return Named("team", org.teams[key].name, f"/admin/teams/{key}")
    if key in org.workspaces:
        return Named("workspace", org.workspaces[key].name, f"/s/{key}")
    if key in org.connections:
        return Named("connection", org.connections[key].name, f"/s/{key}")
    if key in org.workbooks:
        return Named("workbook", org.workbooks[key].name, f"/workbook/{key}")
    if key in org.folders:
        folder = org.folders[key]
        owner = f"/members/{folder.ownerId}#documents"
        return Named("folder", folder.name, f"/s/{folder.workspaceId}" if folder.path else owner)
    if key in org.user_attributes:
        return Named("user attribute", org.user_attributes[key].name, "")
    return Named("", key, "")


@dataclass
class Listing:
    """One page of a list: the rows that a search leaves, what changed last first."""

    rows: list[Any]
    number: int  # of this page, from 1
    pages: int
    found: int
    total: int
    search: str


class View:
    """What a page needs: the organization, what changed in it, and how to show that."""

    def __init__(self, request: Request, org: Org, search: str = "", page: int = 1) -> None:
        self.request, self.org = request, org
        self.changes: Changes = request.app.state.changes
        self.search, self.page = search, page
        self.changes.look()

    def listing(
        self,
        things: Iterable[Any],
        text: Callable[[Any], str],
        key: Callable[[Any], str] | None = None,
    ) -> Listing:
        """Return a page of things. text is what a search looks at, key the ID for `changes`."""
        everything = list(things)
        wanted = self.search.strip().casefold()
        found = [thing for thing in everything if wanted in text(thing).casefold()]
        if key is not None:
            found.sort(
                key=lambda thing: ("New", "Changed", "").index(self.changes.touched(key(thing)))
            )
        pages = max(1, -(-len(found) // ROWS))
        number = min(max(self.page, 1), pages)
        rows = found[(number - 1) * ROWS : number * ROWS]
        return Listing(rows, number, pages, len(found), len(everything), self.search)

    def access(self, member_id: str, ids: Iterable[str]) -> list[tuple[str, Grant]]:
        """Return the grants that a member has on any of these IDs, of its own or by a team."""
        teams = [team.teamId for team in teams_of(self.org, member_id)]
        return [
            (key, grant)
            for key in ids
            for grant in self.org.grants.get(key, [])
            if grant.memberId == member_id or grant.teamId in teams
        ]

    def show(self, template: str, status: int = 200, **context: Any) -> Response:
        """Return a page."""
        context |= {
            "org": self.org,
            "changes": self.changes,
            "find": lambda key: find(self.org, key),
            "address": str(self.request.base_url).rstrip("/"),
            "navigation": NAVIGATION,
        }
        return templates.TemplateResponse(self.request, template, context, status)


Viewed = Annotated[View, Depends()]


def moment(text: str) -> str:
    """Return a time as people read it: 2024-01-02T08:00:00.000Z becomes 2024-01-02 08:00:00."""
    return re.sub(r"(\.\d+)?Z$", "", text).replace("T", " ")


def pretty(body: Any) -> str:
    """Return a JSON body in lines."""
    return json.dumps(body, indent=2, ensure_ascii=False)


templates = Jinja2Templates(
    env=jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,  # a member may be called <script>
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
)
templates.env.filters |= {"moment": moment, "pretty": pretty, "name": name_of}
templates.env.globals |= {"ROBOT_ID": ROBOT_ID, "ROWS": ROWS}


class PageRoute(APIRoute):
    """A route whose refusals are pages, too, and that does not send a page which is known."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            version = f'"{request.app.state.changes.version()}"'
            if request.headers.get("If-None-Match") == version:
                return Response(status_code=304, headers={"ETag": version})
            try:
                response = await handle(request)
            except (HTTPException, RequestValidationError) as error:
                status = getattr(error, "status_code", 400)
                what = getattr(error, "detail", "The address or the form is not complete")
                view = View(request, request.app.state.organization)
                response = view.show("refusal.html", status, what=what)
            response.headers.update({"ETag": version, **HEADERS})
            return response

        return answer


router = APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=Response)


def install(app: FastAPI) -> None:
    """Show the console of an application that has its organization, log and rules."""
    app.state.changes = Changes(app.state)
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=HERE / "static"))


# --- What there is ---


@router.get("/")
async def overview(view: Viewed) -> Response:
    """Show how much there is, what changed last, and the last requests."""
    log = view.request.app.state.log
    return view.show(
        "overview.html",
        active=sum(not (m.isArchived or m.isInactive) for m in view.org.members.values()),
        logged=log.count,
        requests=list(log.entries)[-10:][::-1],
        rules=view.request.app.state.rules,
    )


@router.get("/members")
async def members(view: Viewed) -> Response:
    """List the members, deactivated ones too."""
    listing = view.listing(
        view.org.members.values(),
        lambda m: f"{name_of(m)} {m.email} {m.memberType} {m.memberId}",
        lambda m: m.memberId,
    )
    teams = {row.memberId: teams_of(view.org, row.memberId) for row in listing.rows}
    return view.show("members.html", listing=listing, teams=teams)


def teams_of(org: Organization, member_id: str) -> list[StoredTeam]:
    """Return the teams that a member is in."""
    return [team for team in org.teams.values() if member_id in team.members]


@router.get("/members/{member_id}")
async def member(view: Viewed, member_id: str) -> Response:
    """Show a member: teams, what is granted, documents, user attributes."""
    org, person = view.org, view.org.member(member_id)
    return view.show(
        "member.html",
        member=person,
        account_type=org.account_type(person.memberType).accountTypeName,
        teams=teams_of(org, member_id),
        workspaces=view.access(member_id, org.workspaces),
        connections=view.access(member_id, org.connections),
        workbooks=view.access(member_id, org.workbooks),
        documents=[d for d in org.documents() if d.parentId == person.homeFolderId],
        recent=sorted(
            recent_files(org, member_id),
            key=lambda file: str(file.get("lastInteractionAt", "")),
            reverse=True,
        ),
    )


@router.get("/teams")
async def teams(view: Viewed) -> Response:
    """List the teams."""
    listing = view.listing(
        view.org.teams.values(),
        lambda t: f"{t.name} {t.description or ''} {t.visibility} {t.teamId}",
        lambda t: t.teamId,
    )
    return view.show("teams.html", listing=listing)


@router.get("/admin/teams/{team_id}")
async def team(view: Viewed, team_id: str) -> Response:
    """Show a team and its members."""
    found = view.org.team(team_id)
    people = [view.org.members[key] for key in found.members]
    listing = view.listing(
        people, lambda m: f"{name_of(m)} {m.email} {m.memberId}", lambda m: m.memberId
    )
    return view.show("team.html", team=found, listing=listing)


@router.get("/workspaces")
async def workspaces(view: Viewed) -> Response:
    """List the workspaces with their grants."""
    listing = view.listing(
        view.org.workspaces.values(),
        lambda w: f"{w.name} {w.workspaceId} {w.workspaceUrlId}",
        lambda w: w.workspaceId,
    )
    return view.show("workspaces.html", listing=listing)


@router.get("/s/{key}")
async def workspace_or_connection(view: Viewed, key: str) -> Response:
    """Show a workspace or a connection: at Sigma, too, their addresses look alike."""
    if key in view.org.connections:
        return view.show("connection.html", connection=view.org.connections[key])
    found = view.org.workspace(key)
    inside = [d for d in view.org.documents() if d.workspaceId == found.workspaceId]
    listing = view.listing(inside, lambda d: f"{d.name} {d.path} {d.id}", lambda d: d.id)
    return view.show("workspace.html", workspace=found, listing=listing)


@router.get("/connections")
async def connections(view: Viewed) -> Response:
    """List the connections with their grants and last sync."""
    listing = view.listing(
        view.org.connections.values(),
        lambda c: f"{c.name} {c.type} {c.connectionId}",
        lambda c: c.connectionId,
    )
    return view.show("connections.html", listing=listing)


@router.get("/workbooks")
async def workbooks(view: Viewed) -> Response:
    """List the workbooks, whoever may open them."""
    listing = view.listing(
        view.org.workbooks.values(),
        lambda w: f"{w.name} {w.path} {w.workbookId} {find(view.org, w.ownerId).name}",
        lambda w: w.workbookId,
    )
    return view.show("workbooks.html", listing=listing)


@router.get("/workbook/{workbook_id}")
async def workbook(view: Viewed, workbook_id: str) -> Response:
    """Show a workbook: owner, location, version, grants, elements, schedules, embeds."""
    found = view.org.workbook(workbook_id)
    return view.show("workbook.html", workbook=found, pages=pages_of(found))


@router.get("/materializations")
async def materializations(view: Viewed) -> Response:
    """List the jobs, the last one first, and the schedules."""
    org = view.org
    schedules = [(key, schedule) for key, all_of in org.schedules.items() for schedule in all_of]
    jobs = list(org.materializations.values())[::-1]
    elements = {schedule.sheetId: schedule.elementName for _, schedule in schedules}
    listing = view.listing(
        schedules, lambda row: f"{find(org, row[0]).name} {row[1].elementName}", lambda row: row[0]
    )
    return view.show("materializations.html", jobs=jobs, elements=elements, listing=listing)


# --- Exports ---


@router.get("/exports")
async def exports(view: Viewed) -> Response:
    """List the exports, the last one first."""
    listing = view.listing(
        list(view.org.exports.items())[::-1], lambda row: f"{row[0]} {row[1].name} {row[1].format}"
    )
    return view.show("exports.html", listing=listing, rows_in=rows_in)


def rows_in(export: Export) -> int:
    """Return how many rows the file of an export shows."""
    if export.numbers is not None:
        return len(export.numbers)
    return sum(len(table.rows) for table in export.tables)


@router.get("/exports/{query_id}/file")
async def export_file(view: Viewed, query_id: str) -> Response:
    """Send the file of an export that is ready, and do not count that as asking for it."""
    export = view.org.export(query_id)
    if export.polls > 0:
        raise Refusal(404, "This export is not ready yet: it goes on when it is asked about")
    return await file_of(export)


# --- Behind the scenes ---


@router.get("/requests")
async def requests(view: Viewed) -> Response:
    """Show the request log, the last request first."""
    listing = view.listing(
        list(view.request.app.state.log.entries)[::-1],
        lambda entry: f"{entry.method} {entry.path}?{entry.query} {entry.status} {entry.fault}",
    )
    return view.show("requests.html", listing=listing)


@router.post("/reset")
async def reset(request: Request) -> Response:
    """Start over."""
    await admin.reset(request)
    return RedirectResponse("/", 303)


@router.get("/faults")
async def faults(view: Viewed) -> Response:
    """Show the rules, and a form for another one."""
    return show_faults(
        view, {"kind": "503", "times": "1", "after": "0", "seconds": "1", "field": ""}
    )


def show_faults(view: View, form: dict[str, str], problem: str = "", status: int = 200) -> Response:
    """Show the rules and a form, filled in as it was sent."""
    paths = {
        f"{method.upper()} {re.sub(r'{[^}]*}', '*', path)}"
        for path, operations in view.request.app.openapi()["paths"].items()
        for method in operations
        if path.startswith("/v2")
    }
    kinds = {**{status: f"HTTP status {status}" for status in STATUSES}, **REFUSED, **CHANGED}
    return view.show(
        "faults.html",
        status,
        rules=view.request.app.state.rules,
        kinds=kinds,
        paths=sorted(paths, key=lambda path: path.split()[::-1]),
        of_downloads=list(OF_DOWNLOADS),
        form={"match": "", **form},
        problem=problem,
    )


@router.post("/faults")
async def add_fault(
    view: Viewed,
    kind: Annotated[str, Form()] = "",
    match: Annotated[str, Form()] = "",
    times: Annotated[str, Form()] = "",
    after: Annotated[str, Form()] = "",
    seconds: Annotated[str, Form()] = "",
    field: Annotated[str, Form()] = "",
) -> Response:
    """Add a rule. An empty field is left to its default."""
    form = {"kind": kind, "match": match, "times": times, "after": after, "seconds": seconds}
    form["field"] = field
    try:
        rule = Fault.model_validate({name: text for name, text in form.items() if text.strip()})
    except ValidationError as error:
        return show_faults(view, form, first_problem(error), 400)
    await admin.add_fault(view.request, rule)
    return RedirectResponse("/faults", 303)


@router.post("/faults/remove")
async def remove_faults(request: Request) -> Response:
    """Let nothing go wrong any more."""
    await admin.remove_faults(request)
    return RedirectResponse("/faults", 303)
