"""Tests of sandbox/console.py and sandbox/changes.py: what the pages say, without a browser."""

import html
import re

import pytest
import requests

import sigma_session
from sandbox import changes, seed
from sandbox.server import Server
from tests.conftest import fresh
from tests.console_pages import FORMS, PAGES
from tests.sandbox_client import Client

SCRIPT = "<script>alert(1)</script>"
MEMBER = f"/v2/members/{seed.DEMO_MEMBER_ID}"
WORKBOOK = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}"


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
    """Send a form, and return the answer without following where it leads."""

    def post(path, headers=None, **form):
        url = f"{sandbox.address}{path}"
        return requests.post(url, data=form, headers=headers, timeout=5, allow_redirects=False)

    return post


def words(page):
    """Return the text of a page, without its tags, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def section(page, name):
    """Return the text of a part of a page."""
    return words(re.search(rf'<(section|div) id="{name}".*?</\1>', page, re.DOTALL)[0])


def changed(get):
    """Return the list of what changed last."""
    part = re.search(r'<ul class="changes">(.*?)</ul>', get("/"), re.DOTALL)
    return [words(line) for line in part[1].split("</li>")[:-1]] if part else []


def new_member(api, **fields):
    body = {"email": "new@example.com", "firstName": "Nea", "lastName": "Newton", **fields}
    return api("POST", "/v2/members", json=body)["memberId"]


# --- Every page ---


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole_and_needs_nothing_from_elsewhere(path, sandbox):
    answer = requests.get(f"{sandbox.address}{path}", timeout=5)
    assert answer.status_code == 200, answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';") and "frame-ancestors 'none'" in policy
    addresses = re.findall(r'(?:src|href|action)="([^"]*)"', answer.text)
    assert addresses and all(re.match(r"/(?!/)|#|\?", address) for address in addresses)
    assert not re.search(r'style=|<style|<script(?! src="/static/console.js" defer>)| on\w+=', answer.text)  # fmt: skip
    assert answer.text.count("<h1>") == answer.text.count("<main") == 1
    assert len(set(re.findall(r' id="([^"]*)"', answer.text))) == answer.text.count(' id="')


@pytest.mark.slow
def test_every_link_leads_somewhere(call_recipe, get):
    call_recipe("members/master_script.py")
    call_recipe("workbooks/export_workbook_element_csv.py")
    links = {link for path in PAGES for link in re.findall(r'href="([^"]*)"', get(path))}
    links = {html.unescape(link) for link in links if link.startswith("/")}
    assert len(links) > 100
    for link in links:
        path, _, part = link.partition("#")
        assert not part or f'id="{part}"' in get(path), link
        get(path)


@pytest.mark.parametrize("path", [*PAGES, "/exports/any/file"])
def test_refuses_what_a_page_elsewhere_makes_a_browser_ask_for(path, get):
    assert "Host is not this machine" in get(path, 403, headers={"Host": "evil.example.com"})
    assert "Ada Admin" not in get(path, 403, headers={"Origin": "https://evil.example.com"})


@pytest.mark.parametrize("path", FORMS)
def test_refuses_the_forms_of_pages_elsewhere(path, api, post, sandbox):
    new_member(api)
    for headers in ({"Origin": "https://evil.example.com"}, {"Host": "evil.example.com"}):
        assert post(path, headers, kind="503").status_code == 403
    assert len(sandbox.state.organization.members) == 126
    assert sandbox.state.rules == []
    assert post(path, {"Origin": sandbox.address}, kind="503").status_code == 303


def test_is_no_part_of_the_api(get, sandbox):
    description = requests.get(f"{sandbox.address}/openapi.json", timeout=5).json()
    assert all(path.startswith(("/v2", "/sandbox/")) for path in description["paths"])
    get("/docs", 404)  # the framework's page would load from elsewhere
    get("/redoc", 404)
    get("/members")
    assert list(sandbox.state.log.entries) == []


def test_finds_its_files_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Server() as server:
        for path in ("/", "/static/console.css", "/static/console.js", "/static/icon.svg"):
            assert requests.get(server.address + path, timeout=5).status_code == 200


@pytest.mark.parametrize(
    "path", ["/members/x", "/admin/teams/x", "/s/x", "/workbook/x", "/exports/x/file"]
)
def test_an_unknown_id_is_a_page_too(path, get):
    assert "x not found. After a reset" in words(get(path, 404))


@pytest.mark.parametrize("page", ["0", "99", "-1"])
def test_a_page_that_is_not_there_is_the_nearest(page, get):
    assert "Showing" in get(f"/members?page={page}")
    get("/members?page=x", 400)


def test_names_are_text_and_never_html(api, get, post):
    person = new_member(api, firstName=SCRIPT, lastName='" onload="x', addToTeams=[{"teamId": seed.DEMO_TEAM_ID}])  # fmt: skip
    space = api("POST", "/v2/workspaces", json={"name": SCRIPT})["workspaceId"]
    api("POST", f"/v2/workspaces/{space}/grants", json={"grants": [{"grantee": {"memberId": person}, "permission": "view"}]})  # fmt: skip
    api("PATCH", f"/v2/files/{seed.DEMO_WORKBOOK_ID}", json={"name": SCRIPT, SCRIPT: 1})
    api("GET", f"/v2/members/{SCRIPT}", 404)
    pages = [get(path) for path in (*PAGES, f"/members/{person}", f"/s/{space}")]
    pages += [get("/members", params={"search": SCRIPT}), get("/members/<script>alert(1)", 404)]
    pages.append(post("/faults", kind=SCRIPT, match=SCRIPT).text)
    assert sum(SCRIPT in words(page) for page in pages) > 12
    for page in pages:
        assert "<script>" not in page and '" onload="' not in page


# --- What there is ---


def test_the_overview_counts(get):
    page = get("/")
    assert "A stand-in for Sigma, on this machine only" in words(page)
    counts = section(page, "counts")
    for count in ("125 members 120 active", "8 teams", "12 workspaces", "264 workbooks"):
        assert count in counts
    assert "No request has come yet" in section(page, "last-requests")


def test_members_with_account_type_and_state(get):
    rows = section(get("/members"), "members")
    assert "Showing 100 of 125 members" in rows
    assert "Ada Admin ada@example.com Admin Active Finance" in rows
    gone = section(get("/members?page=2"), "members")
    assert "Gone Person0 gone0@example.com View Deactivated" in gone


def test_a_member_with_everything_that_the_tutorial_checks(api, call_recipe, get, sandbox):
    call_recipe("members/master_script.py")
    call_recipe("workbooks/copy_workbook_folder.py")
    call_recipe("members/set_user_attribute.py")
    organization = sandbox.state.organization
    newcomer = list(organization.members)[-1]
    page = get(f"/members/{newcomer}")
    assert "Build Active New Email new.member+" in section(page, "facts")
    assert "Onboarding New public 1" in section(page, "teams")
    assert f"Workspace for Member {newcomer} New view this member" in section(page, "workspaces")
    assert "People explore team Onboarding" in section(page, "workspaces")
    assert "Snowflake Production New usage this member" in section(page, "connections")
    assert "Nothing lies in My Documents" in section(page, "documents")
    page = get(f"/members/{seed.DEMO_MEMBER_ID}")
    assert "Plugs Sales Performance New Sales Rep" in section(page, "documents")
    assert "Region New West" in section(page, "attributes")
    recent = section(page, "recent")
    times = re.findall(r"2024-\d\d-\d\d \d\d:\d\d:\d\d", recent)
    assert times == sorted(times, reverse=True) and len(times) == 11
    assert organization.members[newcomer].homeFolderId in get(f"/members/{newcomer}")


def test_teams_workspaces_and_connections_with_their_grants(call_recipe, get):
    call_recipe("members/master_script.py")
    call_recipe("connections/sync_schema.py")
    assert "Onboarding Changed 1 public" in section(get("/teams"), "teams")
    assert "API Generated New new.member+" in section(get(f"/admin/teams/{seed.DEMO_TEAM_ID}"), "members")  # fmt: skip
    assert "New API Generated view New Ada Admin edit New" in section(get("/workspaces"), "workspaces")  # fmt: skip
    listed = section(get("/connections"), "connections")
    assert "Snowflake Production Changed snowflake API Generated usage New 20" in listed
    assert "BigQuery Marketing bigQuery No grants never" in listed
    page = get(f"/s/{seed.DEMO_CONNECTION_ID}")
    assert "API Generated New usage" in section(page, "grants")
    assert "RETAIL / PLUGS_ELECTRONICS New" in section(page, "syncs")


def test_workbooks_with_owner_location_version_and_grants(call_recipe, get):
    call_recipe("workbooks/grant_workbook_permission.py")
    call_recipe("workbooks/update_owner.py")
    rows = section(get("/workbooks?search=plugs sales"), "workbooks")
    assert "1 workbook that fits “plugs sales”, of 264" in rows
    assert "Plugs Sales Performance Changed Sales Rep Finance 1 Sales Rep view New" in rows
    page = get(f"/workbook/{seed.DEMO_WORKBOOK_ID}")
    assert "Sales Rep New view" in section(page, "grants")
    assert seed.DEMO_ELEMENT_ID in section(page, "elements")
    assert "0 6 * * * America/Los_Angeles Active" in section(page, "schedules")


def test_a_workspace_shows_what_lies_in_it(api, get):
    api("PATCH", f"/v2/files/{seed.DEMO_WORKBOOK_ID}", json={"parentId": seed.DEMO_WORKSPACE_ID})
    rows = section(get(f"/s/{seed.DEMO_WORKSPACE_ID}"), "documents")
    assert "Plugs Sales Performance Changed workbook Sandbox Ada Admin" in rows
    assert "Archive folder Sandbox Ada Admin" in rows


def test_materializations_go_on_as_they_are_asked_about(api, get, sandbox):
    assert "No job has been started yet" in get("/materializations")
    sandbox.state.organization.options.polls = 2
    body = {"sheetId": seed.DEMO_SHEET_ID}
    job = api("POST", f"{WORKBOOK}/materializations", json=body)["materializationId"]
    for status in ("pending", "pending", "building", "ready"):
        shown = section(get("/materializations"), "jobs")
        assert f"Plugs Sales Performance New Orders {status}" in shown
        api("GET", f"{WORKBOOK}/materializations/{job}")
    assert "Orders Monthly 10 Orders 0 6 * * * America/Los_Angeles Paused" in words(get("/materializations"))  # fmt: skip


def test_exports_can_be_downloaded_when_they_are_ready(api, get, sandbox):
    body = {"elementId": seed.DEMO_ELEMENT_ID, "format": {"type": "csv"}, "rowLimit": 7}
    query = api("POST", f"{WORKBOOK}/export", json=body)["queryId"]
    page = get("/exports")
    state = "Plugs Sales Performance.csv New Not ready asked about 2 times more, it is 7 rows"
    assert state in section(page, "exports")
    assert "not ready yet" in get(f"/exports/{query}/file", 404)
    url = f"{sandbox.address}/v2/query/{query}/download"
    for status in (204, 204, 200):
        get("/exports")  # to look does not count as asking
        answer = api.session.get(url, timeout=5)
        assert answer.status_code == status
    assert f"/exports/{query}/file" in get("/exports")
    assert get(f"/exports/{query}/file") == answer.text


def test_a_large_organization_is_shown_in_pages_and_searched(get, sandbox):
    fresh(sandbox, members=10_000)
    page = get("/members")
    assert "Showing 100 of 10,005 members" in page
    assert page.count('<th scope="row">') == 100
    assert "Page 1 of 101" in words(page)
    (following,) = re.findall(r'<a class="button" href="([^"]*)">Next', page)
    assert following == "?page=2"
    found = get("/members?search=zeller")
    assert re.search(r"Showing 100 of \d+ members that fit “zeller”, of 10,005", found)
    assert "?search=zeller&amp;page=2" in found
    assert "No members fit “nobody at all”" in get("/members?search=nobody at all")


def test_addresses_can_be_pasted_in_place_of_ids(get, monkeypatch, sandbox):
    for name, path, wanted in (
        ("TEAMID", "/teams", seed.DEMO_TEAM_ID),
        ("WORKSPACEID", "/workspaces", seed.DEMO_WORKSPACE_ID),
        ("CONNECTIONID", "/connections", seed.DEMO_CONNECTION_ID),
        ("WORKBOOK_ID", "/workbooks", seed.DEMO_WORKBOOK_ID),
    ):
        (link,) = set(re.findall(rf'href="(/[^"#]*{wanted})"', get(path)))
        monkeypatch.setenv(name, sandbox.address + link)
        assert sigma_session.require_id(name) == wanted


# --- What changed last ---


def test_says_in_words_what_changed_last(api, get):
    assert changed(get) == []
    assert "Nothing has changed since the start" in words(get("/members"))
    person = new_member(api)
    api("PATCH", MEMBER, json={"memberType": "Build", "lastName": "Reporter"})
    api("PATCH", f"/v2/teams/{seed.DEMO_TEAM_ID}/members", json={"add": [person]})
    api("PATCH", f"/v2/files/{seed.DEMO_WORKBOOK_ID}", json={"ownerId": person})
    api("POST", f"{WORKBOOK}/embeds", json={"sourceType": "workbook", "embedType": "public"})
    assert changed(get) == [
        "New embed of workbook Plugs Sales Performance",
        "Changed workbook Plugs Sales Performance (owner: Ada Admin → Nea Newton)",
        "New membership of Nea Newton in team Onboarding",
        "Changed member Sales Reporter (last name: Rep → Reporter; account type: View → Build)",
        "New member Nea Newton",
    ]
    api("PATCH", f"/v2/teams/{seed.DEMO_TEAM_ID}/members", json={"remove": [person]})
    assert len(changed(get)) == 4  # it is as it was


def test_the_line_above_each_page_names_the_newest(api, get):
    def headline():
        return words(re.search(r'<p class="news".*?</p>', get("/teams"), re.DOTALL)[0])

    new_member(api)
    assert headline().startswith("Changed last: New member Nea Newton , at ")
    assert headline().endswith("See it")
    api("POST", f"{WORKBOOK}/embeds", json={"sourceType": "workbook", "embedType": "public"})
    assert headline().startswith(
        "Changed last: New embed of workbook Plugs Sales Performance , at "
    )
    assert headline().endswith("See all 2")


def test_the_newest_is_known_although_no_page_was_open(api, get):
    def last():
        assert changed(get)[0] in (line := words(get("/teams"))), line
        return changed(get)[0]

    # No page is asked for in between: on a picture the member that is changed comes first
    api("PATCH", MEMBER, json={"memberType": "Build"})
    new_member(api)
    details = {"type": "snowflake", "account": "a", "host": "h", "user": "u", "password": "p"}
    details |= {"role": "r", "warehouse": "w"}
    api("POST", "/v2/connections", 201, json={"name": "Newest", "details": details})
    assert last() == "New connection Newest"
    assert changed(get)[-1] == "Changed member Sales Rep (account type: View → Build)"

    # What was undone since is no change, and the one before it is the newest again
    team = f"/v2/teams/{seed.DEMO_TEAM_ID}/members"
    for body in ({"add": [seed.DEMO_MEMBER_ID]}, {"remove": [seed.DEMO_MEMBER_ID]}):
        api("PATCH", team, json=body)
    assert last() == "New connection Newest"

    # A job goes on when it is asked about
    sheet = {"sheetId": seed.DEMO_SHEET_ID}
    job = api("POST", f"{WORKBOOK}/materializations", json=sheet)["materializationId"]
    asked_for = {"elementId": seed.DEMO_ELEMENT_ID, "format": {"type": "csv"}}
    query = api("POST", f"{WORKBOOK}/export", json=asked_for)["queryId"]
    for _ in range(3):
        api("GET", f"{WORKBOOK}/materializations/{job}")
    for _ in range(3):
        api.session.get(f"{api.address}/v2/query/{query}/download", timeout=5)
    assert last() == "New export of Plugs Sales Performance, csv , ready"
    assert changed(get)[1] == "New materialization of Plugs Sales Performance , ready"


def test_changes_belong_to_the_time_when_they_were_made(api, get, monkeypatch):
    new_member(api)
    monkeypatch.setattr(changes, "PAUSE", -1)  # a pause before each, and no page was open
    api("PATCH", MEMBER, json={"memberType": "Build"})
    assert changed(get) == ["Changed member Sales Rep (account type: View → Build)"]


def test_what_a_deactivation_moves_is_marked(api, get, sandbox):
    chidi = sandbox.state.organization.find_email("chidi.okafor@example.com").memberId
    api("DELETE", f"/v2/members/{chidi}")
    lines = changed(get)
    assert "Removed membership of Chidi Okafor in team Sales" in lines
    assert "Changed member Chidi Okafor (deactivated: no → yes)" in lines
    assert sum("(owner: Chidi Okafor → Ada Admin)" in line for line in lines) > 2


def test_marks_what_changed_since_the_last_pause(api, get, monkeypatch):
    person = new_member(api)
    assert changed(get) == ["New member Nea Newton"]
    api("PATCH", MEMBER, json={"memberType": "Build"})
    assert len(changed(get)) == 2  # both within a pause
    monkeypatch.setattr(changes, "PAUSE", -1)
    api("PATCH", f"/v2/members/{person}", json={"memberType": "Act"})
    assert changed(get) == ["Changed member Nea Newton (account type: View → Act)"]
    api("GET", "/v2/members")  # changes nothing
    assert len(changed(get)) == 1
    rows = section(get("/members"), "members")
    assert rows.index("Nea Newton Changed") < rows.index("Ada Admin")  # what changed stands first
    assert get("/members").count("Changed</span>") == 2  # the line above, and the row


def test_what_is_known_is_not_sent_again(api, get, post, sandbox):
    def ask(known):
        headers = {"If-None-Match": known} if known else {}
        answer = requests.get(f"{sandbox.address}/members", headers=headers, timeout=5)
        assert answer.status_code == 200 or answer.text == ""
        return answer.status_code, answer.headers["ETag"]

    status, known = ask(None)
    assert (status, ask(known)) == (200, (304, known))
    with Server() as other:  # a sandbox that was started again is another one
        headers = {"If-None-Match": known}
        assert requests.get(f"{other.address}/members", headers=headers, timeout=5).status_code == 200  # fmt: skip
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


def test_the_request_log_masks_secrets_and_shows_faults_and_ignored_fields(api, get, post):
    post("/faults", kind="503", match="GET /v2/teams", times="1")
    api("GET", "/v2/teams", 503)
    api("PATCH", MEMBER, json={"memberTyp": "Build"})
    api("POST", "/v2/connections", 400, json={"name": "x", "details": {"type": "snowflake", "password": "hush-hush"}})  # fmt: skip
    log = section(get("/requests"), "requests")
    assert "503 GET /v2/teams fault: 503" in log
    assert f"200 PATCH {MEMBER} ignored: memberTyp Body" in log
    assert '"password": "***"' in log and '"client_secret": "***"' in log
    assert "hush-hush" not in log and seed.SECRET not in log
    assert [int(n) for n in re.findall(r"(\d+) \d+ (?:GET|POST|PATCH) /", log)] == [4, 3, 2, 1]
    assert "1 request that fits “teams”, of 4" in section(get("/requests?search=teams"), "requests")


def test_reset_starts_over(api, get, post, sandbox):
    new_member(api)
    requests.post(f"{sandbox.address}/sandbox/reset", timeout=5)
    Client(sandbox.address)("PATCH", MEMBER, json={"memberType": "Build"})
    assert changed(get) == ["Changed member Sales Rep (account type: View → Build)"]
    post("/faults", kind="503")
    answer = post("/reset")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    page = words(get("/"))
    for text in ("125 members", "Nothing has changed since the start", "0 requests", "No rules"):
        assert text in page


def test_faults_are_added_listed_and_removed(api, get, post, sandbox):
    assert "No rules: nothing goes wrong" in section(get("/faults"), "rules")
    answer = post("/faults", kind="slow", match="GET /v2/members*", times="0", after="2", seconds="0.5")  # fmt: skip
    assert (answer.status_code, answer.headers["Location"]) == (303, "/faults")
    post("/faults", kind="early-404", match="", times="", after="", seconds="")
    api("GET", MEMBER)
    rules = section(get("/faults"), "rules")
    assert "slow GET /v2/members* always, after 2, 0.5 s 1" in rules
    assert "early-404 GET /v2/query/* 1 time 0" in rules
    api("GET", "/v2/query/x/download", 404)
    assert "early-404 GET /v2/query/* 1 time used up 1" in section(get("/faults"), "rules")
    assert post("/faults/remove").status_code == 303
    assert sandbox.state.rules == []


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"kind": "explode"}, "kind: 'explode' is not a fault"),
        ({"kind": "503", "match": "nonsense"}, "match: 'nonsense' matches no request"),
        ({"kind": "503", "times": "-1"}, "times: Input should be greater than or equal to 0"),
        ({"kind": "503", "seconds": "x"}, "seconds: Input should be a valid number"),
        ({"kind": "503", "field": "type"}, "field: field=NAME belongs to missing-field"),
        ({}, "kind: Field required"),
    ],
)
def test_a_wrong_fault_is_refused_in_words_and_the_form_kept(form, problem, post, sandbox):
    answer = post("/faults", **form)
    assert answer.status_code == 400
    assert problem in words(answer.text)
    for name in form.keys() - {"kind"}:
        assert f'name="{name}" ' in answer.text and f'value="{form[name]}"' in answer.text
    assert sandbox.state.rules == []


def test_every_kind_of_fault_can_be_chosen(get, post, sandbox):
    page = get("/faults")
    kinds = re.findall(r'<option value="([^"/]+)"', page)
    assert {"503", "403-html", "hang", "early-404", "failed-job"} <= set(kinds)
    for kind in kinds:
        field = {"field": "type"} if kind.endswith("-field") else {}
        assert post("/faults", kind=kind, **field).status_code == 303, kind
    assert len(sandbox.state.rules) == len(kinds)
    assert "GET /v2/workbooks/*/pages/*/elements" in re.findall(r'<option value="([^"]+)"', page)
