"""The console's pages without a browser, and the changes that they mark."""

import html
import json
import re
from urllib.parse import parse_qsl

import jwt
import pytest
import requests

from sandbox import changes, request_log, seed
from sandbox.faults import CHANGED, REFUSED
from tests.conftest import fresh
from tests.console_pages import PAGES
from tests.support.sandbox_client import Client

SCRIPT = "<script>alert(1)</script>"
MEMBER = f"/v2/members/{seed.DEMO_MEMBER_ID}"
WORKBOOK = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}"
TEAM = f"/v2/teams/{seed.DEMO_TEAM_ID}/members"


@pytest.fixture
def get(sandbox):
    """Get a page, and return its HTML."""

    def get(path, status=200, **sent):
        answer = requests.get(f"{sandbox.address}{path}", timeout=10, **sent)
        assert answer.status_code == status, answer.text
        return answer.text

    return get


@pytest.fixture
def post(sandbox):
    """Send a form, and return the response without following redirects."""

    def post(path, **form):
        url = f"{sandbox.address}{path}"
        return requests.post(url, data=form, timeout=5, allow_redirects=False)

    return post


def words(page):
    """Return the text of a page, without its tags, in one line."""
    page = page.replace("<wbr>", "")
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def section(page, name):
    """Return the text of a part of a page."""
    return words(re.search(rf'<(section|div) id="{name}".*?</\1>\n', page, re.DOTALL)[0])


def changed(get):
    """Return the list of changes on the overview."""
    part = re.search(r'<ul class="changes">(.*?)</ul>', get("/"), re.DOTALL)
    return [words(line) for line in part[1].split("</li>")[:-1]] if part else []


def new_member(api, **fields):
    body = {"email": "new@example.com", "firstName": "Nea", "lastName": "Newton", **fields}
    return api("POST", "/v2/members", json=body)["memberId"]


def onboard(api):
    """Send what members/master_script.py sends, and return the ID of the new member."""
    person = new_member(api)
    space = api("POST", "/v2/workspaces", json={"name": "Nea's workspace"})["workspaceId"]
    connection = f"/v2/connections/{seed.DEMO_CONNECTION_ID}"
    for path, what in ((f"/v2/workspaces/{space}", "view"), (connection, "usage")):
        grant = {"grantee": {"memberId": person}, "permission": what}
        api("POST", f"{path}/grants", json={"grants": [grant]})
    api("PATCH", TEAM, json={"add": [person]})
    return person


# --- Every page ---


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_complete_and_loads_nothing_from_other_hosts(path, sandbox):
    answer = requests.get(f"{sandbox.address}{path}", timeout=5)
    assert answer.status_code == 200, answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';") and "frame-ancestors 'none'" in policy
    urls = re.findall(r'(?:src|href|action)="([^"]*)"', answer.text)
    assert urls and all(re.match(r"/(?!/)|#|\?", url) for url in urls)
    inline = r'style=|<style|<script(?! src="/static/console.js" defer>)| on\w+='
    assert not re.search(inline, answer.text)
    assert answer.text.count("<h1>") == answer.text.count("<main") == 1
    ids = re.findall(r' id="([^"]*)"', answer.text)
    assert len(set(ids)) == len(ids)


def test_every_link_leads_somewhere(api, get):
    onboard(api)
    links = {link for path in PAGES for link in re.findall(r'href="([^"]*)"', get(path))}
    # Two of each kind
    links = {html.unescape(link) for link in links if link.startswith("/")}
    kinds = {re.sub(r"[\w-]{20,}", str(n % 2), link): link for n, link in enumerate(sorted(links))}
    assert len(links) > 100 and len(kinds) > 30
    for link in kinds.values():
        path, _, part = link.partition("#")
        page = get(path)
        assert not part or f'id="{part}"' in page, link


def test_refusals_are_pages(get):
    for path in ("/members/%s", "/admin/teams/%s", "/s/%s", "/workbook/%s", "/exports/%s/file"):
        page = get(path % seed.DEMO_PAGE_ID, 404 if path[1] in "me" else 400)  # no UUID
        assert seed.DEMO_PAGE_ID in words(page)
        page = get(path % seed.DEMO_USER_ATTRIBUTE_ID, 404)
        assert "not found" in words(page)
        assert "console.js" not in page  # it would ask again and again
    for page in ("0", "99", "-1"):  # the nearest one is shown
        assert "Showing" in get(f"/members?page={page}")
    get("/members?page=x", 400)


def test_an_unknown_url_is_a_page_for_browsers_and_json_for_programs(get):
    browser = {"Accept": "text/html,*/*"}
    for path, status in (("/nowhere/<b>", 404), ("/faults/remove", 405)):
        page = get(path, status, headers=browser)
        assert "<h1>" in page and 'href="/"' in page and "<b>" not in page.partition("<h1>")[2]
    for path, headers in (("/nowhere", {}), ("/v2/nowhere", browser), ("/sandbox/x", browser)):
        assert json.loads(get(path, 404, headers=headers))["code"] == "not_found"


def test_names_are_text_and_never_html(api, get, post):
    teams = [{"teamId": seed.DEMO_TEAM_ID}]
    person = new_member(api, firstName=SCRIPT, lastName='" onload="x', addToTeams=teams)
    space = api("POST", "/v2/workspaces", json={"name": SCRIPT})["workspaceId"]
    grants = {"grants": [{"grantee": {"memberId": person}, "permission": "view"}]}
    api("POST", f"/v2/workspaces/{space}/grants", json=grants)
    api("PATCH", f"/v2/files/{seed.DEMO_WORKBOOK_ID}", json={"name": SCRIPT, SCRIPT: 1})
    api("GET", f"/v2/members/{SCRIPT}", 404)
    pages = [get(path) for path in (*PAGES, f"/members/{person}", f"/s/{space}")]
    pages += [get("/members", params={"search": SCRIPT}), get("/members/<script>alert(1)", 404)]
    pages.append(post("/faults", kind=SCRIPT, match=SCRIPT).text)
    assert sum(SCRIPT in words(page) for page in pages) > 12
    for page in pages:
        assert "<script>" not in page and '" onload="' not in page


# --- The organization ---


def test_the_overview_and_a_list_in_pages(get, sandbox):
    counts = section(get("/"), "counts")
    for count in ("125 members 120 active", "8 teams", "12 workspaces", "264 workbooks"):
        assert count in counts
    page = get("/members")
    assert "Showing 100 of 125 members" in page
    assert "Ada Admin ada@example.com Admin Active Finance" in section(page, "members")
    assert re.findall(r'<a class="button" href="([^"]*)">Next', page) == ["?page=2"]
    rows = section(get("/members?page=2"), "members")
    assert "Gone Person0 gone0@example.com View Deactivated" in rows
    fresh(sandbox, members=1_000)
    found = get("/members?search=an")
    assert re.search(r"Showing 100 of \d+ members that .*, of 1,005", found)
    assert "?search=an&amp;page=2" in found


def test_a_member(api, get, sandbox):
    person = onboard(api)
    home_id = sandbox.state.organization.members[person].homeFolderId
    copy = {"name": "The copy", "destinationFolderId": home_id}
    api("POST", f"{WORKBOOK}/copy", json=copy)
    value = {"userId": person, "value": {"val": "West", "type": "string"}}
    users = f"/v2/user-attributes/{seed.DEMO_USER_ATTRIBUTE_ID}/users"
    api("POST", users, json={"assignments": [value]})
    page = get(f"/members/{person}")
    assert "View Active New Email new@example.com" in section(page, "facts")
    assert "Onboarding New public 1" in section(page, "teams")
    assert "Nea's workspace New view this member" in section(page, "workspaces")
    assert "People explore team Onboarding" in section(page, "workspaces")
    assert "Snowflake Production New usage this member" in section(page, "connections")
    assert "The copy New Ada Admin" in section(page, "documents")
    assert "Region New West" in section(page, "attributes")
    assert home_id in page
    recent = section(get(f"/members/{seed.DEMO_MEMBER_ID}"), "recent")
    times = re.findall(r"2024-\d\d-\d\d \d\d:\d\d:\d\d", recent)
    assert times == sorted(times, reverse=True) and len(times) == 11


def test_credentials_and_sign_ins_of_a_member(api, get):
    (leaver,) = api.whole_list("/v2/members", email=seed.LEAVER_EMAIL)
    path = f"/members/{leaver['memberId']}"
    api("POST", "/v2/credentials", json={"ownerId": leaver["memberId"], "name": "Nightly"})
    page = get(path)
    assert "Weekly report sandbox-leaver-id api, embed" in section(page, "credentials")
    assert "Nightly New" in section(page, "credentials")
    assert "OAuth sign-ins 2" in words(page)
    api("POST", f"/v2{path}/revoke", json={})
    assert "OAuth sign-ins 0" in words(get(path))
    assert "Dana Varga Changed" in section(get("/members"), "members")
    assert {"Removed sign-ins of Dana Varga", "New API credentials of Dana Varga"} == {
        *changed(get)
    }
    api("DELETE", f"/v2{path}")
    assert "No API credentials" in section(get(path), "credentials")


def test_teams_workspaces_and_connections(api, get):
    before = section(get("/connections"), "connections")
    assert "Snowflake Production snowflake No grants never" in before
    onboard(api)
    api("POST", f"/v2/connections/{seed.DEMO_CONNECTION_ID}/sync", json={"path": ["RETAIL"]})
    assert "Onboarding Changed 1 public" in section(get("/teams"), "teams")
    team = section(get(f"/admin/teams/{seed.DEMO_TEAM_ID}"), "members")
    assert "Nea Newton New new@example.com Ada Admin" in team
    workspaces = section(get("/workspaces"), "workspaces")
    assert "Nea's workspace New Nea Newton view New Ada Admin edit New" in workspaces
    listed = section(get("/connections"), "connections")
    assert "Snowflake Production Changed snowflake Nea Newton usage New 20" in listed
    page = get(f"/s/{seed.DEMO_CONNECTION_ID}")
    assert "Nea Newton New usage" in section(page, "grants")
    assert "RETAIL New" in section(page, "syncs")


def test_workbooks(api, get):
    grant = {"grantee": {"memberId": seed.DEMO_MEMBER_ID}, "permission": "view"}
    api("POST", f"{WORKBOOK}/grants", json={"grants": [grant]})
    change = {"ownerId": seed.DEMO_MEMBER_ID, "parentId": seed.DEMO_WORKSPACE_ID}
    api("PATCH", f"/v2/files/{seed.DEMO_WORKBOOK_ID}", json=change)
    rows = section(get("/workbooks?search=plugs sales"), "workbooks")
    assert "1 workbook that" in rows and "of 264" in rows
    assert (
        "Plugs Sales Performance Changed Sales Rep Sandbox 6 Production Staging Sales Rep view New"
        in rows
    )
    page = get(f"/workbook/{seed.DEMO_WORKBOOK_ID}")
    assert "Sales Rep New view" in section(page, "grants")
    assert seed.DEMO_ELEMENT_ID in section(page, "elements")
    assert "0 6 * * * America/Los_Angeles Active" in section(page, "schedules")
    documents = section(get(f"/s/{seed.DEMO_WORKSPACE_ID}"), "documents")
    assert "Plugs Sales Performance Changed workbook Sandbox Sales Rep" in documents
    assert "Archive folder Sandbox Ada Admin" in documents


def test_reports_and_data_models(api, get):
    for kind, area in (("report", "report"), ("data model", "data-model")):
        key = seed.make_uuid(kind, 0)
        grant = {"inodeId": key, "permission": "edit", "grantee": {"memberId": seed.DEMO_MEMBER_ID}}
        api("POST", "/v2/grants", json=grant)
        page = get(f"/{area}/{key}")
        assert "Sales Rep New edit" in section(page, "grants")
        name = re.search("<h1>(.*)</h1>", page)[1]
        assert f"New grant: edit on {kind} {name} for member Sales Rep" in changed(get)
        rows = section(get(f"/members/{seed.DEMO_MEMBER_ID}"), "files")
        assert f"{name} New edit this member" in rows
        api("PATCH", f"/v2/files/{key}", json={"parentId": seed.DEMO_WORKSPACE_ID})
        assert any(f"Changed {kind} {name} (path: " in line for line in changed(get))
        documents = section(get(f"/s/{seed.DEMO_WORKSPACE_ID}"), "documents")
        assert f"{name} Changed {kind} Sandbox" in documents
    assert "Monthly Sales Changed Ada Admin Sandbox 1" in section(get("/reports"), "reports")


def test_a_grant_to_all_members(get):
    on = seed.make_uuid("workbook", 100)
    assert "All members of the organization team explore" in section(
        get(f"/workbook/{on}"), "grants"
    )
    files = section(get(f"/members/{seed.VIEWER_ID}"), "files")
    assert "explore team All members of the organization" in files


def test_versions_tags_and_sources_of_a_workbook(api, get):
    body = {"workbookId": seed.DEMO_WORKBOOK_ID, "tag": "Production", "workbookVersion": 5}
    api("POST", "/v2/workbooks/tag", json=body)
    swap = {"fromId": seed.DEMO_CONNECTION_ID, "toId": seed.STAGING_CONNECTION_ID}
    api("POST", f"{WORKBOOK}/swapSources", json={"connectionMapping": [swap]})
    page = get(f"/workbook/{seed.DEMO_WORKBOOK_ID}")
    versions = section(page, "versions")
    assert "7 versions" in versions and "7 New" in versions and "6 New" not in versions
    assert "by Ada Admin Production Changed 4" in versions
    sources = section(page, "sources")
    assert "RETAIL.PLUGS_ELECTRONICS.ORDERS table Snowflake Production" in sources
    assert "custom-sql Snowflake Staging" in sources
    assert "New version 7 of workbook Plugs Sales Performance" in changed(get)
    tagged = "Changed tag Production of workbook Plugs Sales Performance (version: 4 → 5)"
    assert tagged in changed(get)


def test_materializations_advance_by_polls(api, get):
    job = api("POST", f"{WORKBOOK}/materializations", json={"sheetId": seed.DEMO_SHEET_ID})
    for status in ("pending", "pending", "building", "ready"):
        page = get("/materializations")
        assert f"Plugs Sales Performance New Orders {status}" in section(page, "jobs")
        api("GET", f"{WORKBOOK}/materializations/{job['materializationId']}")
    schedules = section(page, "materializations")
    assert "Orders Monthly 10 Orders 0 6 * * * America/Los_Angeles Paused" in schedules


def test_schedules_and_jobs_of_a_data_model(api, get):
    key = seed.make_uuid("data model", 1)
    schedules = section(get(f"/data-model/{key}"), "schedules")
    assert "30 5 * * * America/Los_Angeles Paused" in schedules
    (row,) = api("GET", f"/v2/dataModels/{key}/materializationSchedules")["entries"]
    api("POST", f"/v2/dataModels/{key}:materialize", json={"sheetId": row["sheetId"]})
    assert "Customers New Customers pending" in section(get("/materializations"), "jobs")


def test_a_deleted_workbook_is_in_the_trash(api, get):
    api("DELETE", f"/v2/files/{seed.DEMO_WORKBOOK_ID}")
    assert "Location Trash" in words(get(f"/workbook/{seed.DEMO_WORKBOOK_ID}"))
    assert "Plugs Sales Performance Changed Ada Admin Trash" in words(get("/workbooks"))


def test_scheduled_and_sent_exports(api, get):
    page = get(f"/workbook/{seed.DEMO_WORKBOOK_ID}")
    row = "Weekly sales 0 8 * * 1 America/New_York reports@example.com Ada Admin Active"
    assert row in section(page, "scheduled-exports")
    attachment = {"formatOptions": {"type": "EXCEL"}, "source": {"type": "all"}}
    targets = [{"type": "email", "email": "a@example.com"}]
    targets += [{"type": "webhook", "webhookUrl": "https://example.com"}]
    body = {"targets": targets, "attachments": [attachment]}
    for title in ("First", "Second"):
        config = {"title": title, "messageBody": ""}
        api("POST", f"{WORKBOOK}/send", json={**body, "config": config})
    shown = section(get("/exports"), "sent")
    assert "email a@example.com, webhook https://example.com EXCEL Ada Admin" in shown
    assert shown.index("Second New") < shown.index("First New")
    assert changed(get)[0] == "New sent export of Plugs Sales Performance"


def test_exports_can_be_downloaded_when_they_are_ready(api, get, sandbox):
    body = {"elementId": seed.DEMO_ELEMENT_ID, "format": {"type": "csv"}, "rowLimit": 7}
    query = api("POST", f"{WORKBOOK}/export", json=body)["queryId"]
    row = section(get("/exports"), "exports")
    assert "Plugs Sales Performance.csv New Not ready" in row
    assert re.search(r"\d\d:\d\d:\d\d UTC 7 rows of 1 element", row)
    get(f"/exports/{query}/file", 404)
    for status in (204, 204, 200):
        get("/exports")  # looking doesn't count as a poll
        answer = api.session.get(f"{sandbox.address}/v2/query/{query}/download", timeout=5)
        assert answer.status_code == status
    assert f"/exports/{query}/file" in get("/exports")
    assert get(f"/exports/{query}/file") == answer.text
    log = section(get("/requests"), "requests")
    assert f"Response body: CSV, {len(answer.content)} Bytes" in log


@pytest.mark.parametrize(
    ("search", "first"),
    [
        ("/members?search=OKAFOR", "Chidi Okafor"),
        ("/members?search=ada admin", "Ada Admin"),
        (f"/teams?search={seed.DEMO_TEAM_ID}", "Onboarding"),
        ("/workbooks?search=chidi okafor", "Chidi Okafor"),
        ("/materializations?search=plugs", "Orders"),
        ("/requests?search=auth", "/v2/auth/token"),
    ],
)
def test_a_search_finds(search, first, api, get):
    name = re.match(r"/(\w+)", search)[1]
    assert first in section(get(search), name)
    assert first not in section(get(re.sub("=.*", "=zzz", search)), name)


def test_urls_end_with_the_id_as_in_sigma(get):
    for path, start, wanted in (
        ("/teams", "/admin/teams/", seed.DEMO_TEAM_ID),
        ("/workspaces", "/s/", seed.DEMO_WORKSPACE_ID),
        ("/connections", "/s/", seed.DEMO_CONNECTION_ID),
        ("/workbooks", "/workbook/", seed.DEMO_WORKBOOK_ID),
    ):
        assert f'href="{start}{wanted}"' in get(path)


# --- Changes ---


def test_names_the_last_changes_the_newest_first(api, get):
    assert changed(get) == []
    api("PATCH", MEMBER, json={"memberType": "Build", "lastName": "Reporter"})
    person = new_member(api)
    api("PATCH", TEAM, json={"add": [person]})
    api("PATCH", f"/v2/files/{seed.DEMO_WORKBOOK_ID}", json={"ownerId": person})
    assert changed(get) == [
        "Changed workbook Plugs Sales Performance (ownerId: Ada Admin → Nea Newton)",
        "New membership of Nea Newton in team Onboarding",
        "New member Nea Newton",
        "Changed member Sales Reporter (lastName: Rep → Reporter; memberType: View → Build)",
    ]
    assert changed(get)[0] in words(re.search(r'<p class="news".*?</p>', get("/teams"), re.S)[0])
    api("PATCH", TEAM, json={"remove": [person]})
    assert len(changed(get)) == 3  # what was undone is no change

    # A job advances when it is polled
    sheet = {"sheetId": seed.DEMO_SHEET_ID}
    job = api("POST", f"{WORKBOOK}/materializations", json=sheet)["materializationId"]
    body = {"elementId": seed.DEMO_ELEMENT_ID, "format": {"type": "csv"}}
    query = api("POST", f"{WORKBOOK}/export", json=body)["queryId"]
    for _ in range(3):
        api("GET", f"{WORKBOOK}/materializations/{job}")
    for _ in range(3):
        api.session.get(f"{api.address}/v2/query/{query}/download", timeout=5)
    assert changed(get)[0] == "New export of Plugs Sales Performance, csv , ready"
    assert changed(get)[1] == "New materialization of Plugs Sales Performance , ready"


def test_what_a_deactivation_moves_is_marked(api, get, sandbox):
    chidi = sandbox.state.organization.find_email("chidi.okafor@example.com").memberId
    api("DELETE", f"/v2/members/{chidi}")
    lines = changed(get)
    assert "Changed member Chidi Okafor (isArchived: no → yes)" in lines
    assert sum("(ownerId: Chidi Okafor → Ada Admin)" in line for line in lines) > 2


def test_after_a_pause_the_list_starts_over(api, get, monkeypatch):
    person = new_member(api)
    api("PATCH", MEMBER, json={"memberType": "Build"})
    assert len(changed(get)) == 2  # both before a pause
    monkeypatch.setattr(changes, "PAUSE", -1)  # from now on before each change, even without a page
    api("PATCH", f"/v2/members/{person}", json={"memberType": "Build"})
    api("PATCH", f"/v2/members/{person}", json={"memberType": "Act"})
    assert changed(get) == ["Changed member Nea Newton (memberType: Build → Act)"]
    api("GET", "/v2/members")  # changes nothing
    assert len(changed(get)) == 1
    rows = section(get("/members"), "members")
    assert rows.index("Nea Newton Changed") < rows.index("Ada Admin")  # the last changed is first


def test_a_page_that_the_browser_has_is_not_sent_again(api, post, sandbox):
    def ask(known):
        headers = {"If-None-Match": known} if known else {}
        answer = requests.get(f"{sandbox.address}/members", headers=headers, timeout=5)
        assert (answer.status_code == 304) == (answer.text == "")
        return answer.status_code, answer.headers["ETag"]

    status, known = ask(None)
    assert (status, ask(known)) == (200, (304, known))
    # A sandbox that was started again is another one
    assert changes.Changes(sandbox.state).version() != known.strip('"')
    for change in (
        lambda: api("PATCH", MEMBER, json={}),
        lambda: post("/faults", kind="503"),
        lambda: post("/faults/remove"),
        lambda: post("/reset"),
        lambda: post("/reset"),
    ):
        change()
        status, newly_known = ask(known)
        assert status == 200 and newly_known != known
        known = newly_known
        assert ask(known)[0] == 304


# --- Requests, reset, faults ---


def test_the_request_log_shows_faults_ignored_fields_and_no_secret(api, get, post):
    post("/faults", kind="503", match="GET /v2/teams", times="1")
    api("GET", "/v2/teams", 503)
    api("PATCH", MEMBER, json={"memberTyp": "Build"})
    details = {"type": "snowflake", "password": "hush-hush"}
    api("POST", "/v2/connections", 201, json={"name": "x", "details": details})
    log = section(get("/requests"), "requests")
    assert "503 GET /v2/teams fault: 503" in log
    assert f"200 PATCH {MEMBER} ignored: memberTyp Request body" in log
    assert '"password": "***"' in log and '"client_secret": "***"' in log
    assert "hush-hush" not in log and seed.SECRET not in log
    assert [int(n) for n in re.findall(r"(\d+) \d+ (?:GET|POST|PATCH) /", log)] == [4, 3, 2, 1]


def test_the_request_log_shows_responses_without_secrets(api, get, post, sandbox):
    token = api.session.headers["Authorization"].split()[1]
    refresh = next(iter(sandbox.state.organization.refresh_tokens))
    secret = api("POST", "/v2/credentials", json={"ownerId": seed.VIEWER_ID, "name": "x"})
    signed = jwt.encode({"sub": "x"}, seed.SECRET, headers={"kid": seed.CLIENT_ID})
    api("GET", f"/v2/members/{signed}", 404)  # the message repeats the ID
    api("GET", "/v2/whoami", params={"jwt": signed, "access_token": token, "password": "hush"})
    requests.get(f"{sandbox.address}/v2/x?a={token.replace('-', '%2D')}", timeout=5)
    as_form = {"Content-Type": "application/x-www-form-urlencoded"}  # as curl -d does
    url = f"{sandbox.address}/v2/auth/token"
    requests.post(url, data='{"client_secret": "hush="}', headers=as_form, timeout=5)
    post("/faults", kind="broken-json")
    api.token(client_id=seed.CLIENT_ID, client_secret=seed.SECRET)
    api("GET", "/v2/members?limit=50")
    page = get("/requests")
    for hidden in (token, refresh, secret["clientSecret"], signed, seed.SECRET, "hush"):
        assert hidden[-20:] not in page
    log = section(page, "requests")
    assert '"access_token": "***", "refresh_token": "***", "token_type": "bearer"' in log
    assert "Response body: JSON, " in log  # half of the JSON has half of a token
    assert "... 47 more" in log and '"nextPage": "50"' in log
    (listed,) = requests.get(f"{sandbox.address}/sandbox/requests?last=1", timeout=5).json()
    assert len(listed["response"]["entries"]) == 4


def test_the_request_log_forgets_old_bodies_and_cuts_long_ones(api, get, monkeypatch, sandbox):
    monkeypatch.setattr(request_log, "KEPT_BODIES", 2)
    monkeypatch.setattr(request_log, "MOST_BYTES", 9000)
    for length in (5000, 1, 5000, 10_000):
        api("POST", "/v2/workspaces", json={"name": length * "x"})
    bodies = [type(entry.body) for entry in sandbox.state.log.entries]
    assert bodies == [type(None)] * 3 + [dict, str]
    assert re.search(r"x\n\.\.\. more</pre>", get("/requests"))


def test_reset_starts_over(api, get, post, sandbox):
    new_member(api)
    requests.post(f"{sandbox.address}/sandbox/reset", timeout=5)
    Client(sandbox.address)("PATCH", MEMBER, json={"memberType": "Build"})
    assert changed(get) == ["Changed member Sales Rep (memberType: View → Build)"]
    post("/faults", kind="503")
    assert '<form class="tags" method="post" action="/reset">' in get("/reset")  # asks first
    assert changed(get)
    answer = post("/reset")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert changed(get) == sandbox.state.rules == list(sandbox.state.log.entries) == []
    assert "125 members" in words(get("/"))


def test_every_kind_of_fault_is_added_listed_and_removed(get, post, sandbox):
    page = get("/faults")
    kinds = re.findall(r'<option value="([^"/]+)"', page)
    assert {"503", "403-html", "hang", "early-404", "failed-job"} <= set(kinds)
    assert "GET /v2/workbooks/*/pages/*/elements" in re.findall(r'<option value="([^"]+)"', page)
    for kind in kinds:
        field = {"field": "type"} if kind.endswith("-field") else {}
        answer = post("/faults", kind=kind, match="", times="0", after="2", seconds="0.5", **field)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/faults"), kind
    assert [rule.kind for rule in sandbox.state.rules] == kinds
    rules = section(get("/faults"), "rules")
    assert "slow every request always, after 2, 0.5 s 0" in rules
    assert "early-404 GET /v2/query/* always, after 2, 0.5 s 0" in rules
    assert post("/faults/remove").status_code == 303
    assert sandbox.state.rules == []


def test_the_examples_of_faults_are_true(call_recipe, get, post, sandbox):
    row = r'href="(/faults\?[^"]*)#add".*?</a><code>(.*?)</code>.*?<td>(.*?)</td>'
    examples = [map(html.unescape, cells) for cells in re.findall(row, get("/faults"))]
    shown = set()
    for link, recipe, does in examples:
        form = dict(parse_qsl(link.partition("?")[2]))
        page = get(link)
        assert all(f'value="{html.escape(text)}"' in page for text in form.values())
        fresh(sandbox)
        assert post("/faults", **form).status_code == 303
        (rule,) = sandbox.state.rules
        rule.seconds = 0 if rule.kind == "slow" else rule.seconds
        done = call_recipe(recipe, merged=True, SIGMA_TIMEOUT="0.5" if rule.kind == "hang" else "9")
        assert rule.kind in [entry.fault for entry in sandbox.state.log.entries]
        printed = re.search("<code>(.*)</code>", does)
        assert printed[1] in done.stdout if printed else done.returncode == 0, (link, done.stdout)
        shown.add(rule.kind)
    assert shown == {"503", "429", "403-html", *REFUSED, *CHANGED}


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"kind": "explode"}, "'explode'"),
        ({"kind": "503", "match": "nonsense"}, "match"),
        ({"kind": "503", "times": "-1"}, "times"),
        ({"kind": "503", "seconds": "x"}, "seconds"),
        ({"kind": "503", "field": "type"}, "field"),
        ({}, "kind"),
    ],
)
def test_a_wrong_fault_is_refused_and_the_form_is_kept(form, problem, post, sandbox):
    answer = post("/faults", **form)
    assert answer.status_code == 400
    assert problem in words(re.search(r'<p class="problem".*?</p>', answer.text)[0])
    for name in form.keys() - {"kind"}:
        assert f'name="{name}" ' in answer.text and f'value="{form[name]}"' in answer.text
    assert sandbox.state.rules == []
