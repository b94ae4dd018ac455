"""The console in a real browser: it keeps itself up to date, and everybody can use it.

Needs chromium: apt-get install chromium. Without it these tests are skipped, except in CI on Linux.
"""

import os
import re
import sys

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from docs.run_tutorial import find_chromium
from sandbox import seed
from sandbox.server import Server
from tests.conftest import fresh
from tests.console_pages import PAGES

CHROMIUM = find_chromium()
MUST_RUN = os.environ.get("CI") and sys.platform == "linux"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM and not MUST_RUN, reason="there is no chromium"),
]

PHONE = {"viewport": {"width": 360, "height": 740}}
SCRIPT = "<script>alert(1)</script>"
LONG = "x" * 90


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests. Every test has a context of its own."""
    assert CHROMIUM, "install chromium: .ci/run does"
    with sync_playwright() as playwright:
        # root, which CI is, can have no sandbox of the browser's own
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, sandbox):
    """Open pages. Fails after the test when one of them complained, or asked another host."""
    problems = []

    def visit(path, **options):
        page = browser.new_context(base_url=sandbox.address, **options).new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: said.type == "error" and problems.append(said.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(dialog.message) or dialog.dismiss())
        page.on("request", lambda sent: sent.url.startswith(sandbox.address) or problems.append(sent.url))  # fmt: skip
        page.goto(path)
        return page

    yield visit
    for context in browser.contexts:
        context.close()
    assert problems == []


def shows(part, text):
    """Wait until a part of a page shows a text, with blanks between the cells of its tables."""
    expect(part).to_contain_text(text, use_inner_text=True)


def fill(api):
    """Make something for every part of every page, with names that are hard to show."""
    person = {"email": f"{LONG}@example.com", "firstName": LONG, "lastName": SCRIPT}
    member = api("POST", "/v2/members", json=person)["memberId"]
    api("POST", "/v2/workspaces", json={"name": LONG})
    grants = {"grants": [{"grantee": {"memberId": member}, "permission": "view"}]}
    for resource in (f"workspaces/{seed.DEMO_WORKSPACE_ID}", f"workbooks/{seed.DEMO_WORKBOOK_ID}"):
        api("POST", f"/v2/{resource}/grants", json=grants)
    grants["grants"][0]["permission"] = "usage"
    api("POST", f"/v2/connections/{seed.DEMO_CONNECTION_ID}/grants", json=grants)
    api("POST", f"/v2/connections/{seed.DEMO_CONNECTION_ID}/sync", json={"path": []})
    workbook = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}"
    job = api("POST", f"{workbook}/materializations", json={"sheetId": seed.DEMO_SHEET_ID})
    api("GET", f"{workbook}/materializations/{job['materializationId']}")
    for _ in range(2):  # the second one is ready
        query = api("POST", f"{workbook}/export", json={"format": {"type": "xlsx"}})["queryId"]
    for _ in range(3):
        api.session.get(f"{api.address}/v2/query/{query}/download", timeout=5)
    api("POST", f"{workbook}/embeds", json={"sourceType": "workbook", "embedType": "public"})
    api("POST", f"{workbook}/copy", json={"name": LONG, "destinationFolderId": api("GET", f"/v2/members/{member}")["homeFolderId"]})  # fmt: skip
    api("PATCH", f"/v2/members/{member}", json={"unknown": "x"})
    api("GET", f"/v2/members/{LONG}", 404)
    return member


# --- It keeps itself up to date ---


def test_the_onboarding_script_shows_itself_while_it_runs(run_recipe, sandbox, visit):
    overview, members = visit("/"), visit("/members")
    team, connection = visit(f"/admin/teams/{seed.DEMO_TEAM_ID}"), visit(f"/s/{seed.DEMO_CONNECTION_ID}")  # fmt: skip
    expect(overview.locator("#news")).to_contain_text("Nothing has changed")
    assert run_recipe("members/master_script.py").returncode == 0

    newcomer = list(sandbox.state.organization.members)[-1]
    space = f"Workspace for Member {newcomer}"
    expect(overview.locator("#changes li")).to_have_count(6, timeout=10_000)
    for change in (
        "New member API Generated",
        f"New workspace {space}",
        f"New grant: view on workspace {space} for member API Generated",
        "New grant: usage on connection Snowflake Production for member API Generated",
        "New membership of API Generated in team Onboarding",
    ):
        expect(overview.locator("#changes")).to_contain_text(change)
    expect(overview.locator("#counts")).to_contain_text("126 members")
    expect(overview.locator("#last-requests tbody tr")).to_have_count(6)
    shows(members.locator("tr.changed").first, "API Generated New")
    shows(team.locator("tr.changed"), "API Generated New")
    shows(connection.locator("#grants tr.changed"), "API Generated New usage")

    members.get_by_role("link", name="API Generated").first.click()
    expect(members.get_by_role("heading", level=1)).to_have_text("API Generated")
    shows(members.locator("#teams tr.changed"), "Onboarding New")
    shows(members.locator("#workspaces tr.changed"), f"{space} New view")
    shows(members.locator("#connections tr.changed"), "Snowflake Production New usage")  # fmt: skip


def test_a_refresh_takes_nothing_from_who_is_at_work(api, visit):
    fill(api)
    page = visit("/requests", viewport={"width": 360, "height": 500})
    page.get_by_label("Method, path, status or fault").fill("half typed")
    body = page.locator("details").nth(3)
    body.locator("summary").click()
    page.evaluate("document.querySelector('.box').scrollLeft = 50; scrollTo(0, 300)")
    name = body.get_attribute("id")
    rows = page.locator("tbody tr").count()
    api("GET", "/v2/teams")
    expect(page.locator("tbody tr")).to_have_count(rows + 1)
    assert page.locator("details[open]").get_attribute("id") == name
    assert page.evaluate("document.activeElement.parentElement.id") == name
    assert page.evaluate("document.querySelector('.box').scrollLeft") == 50
    assert page.evaluate("scrollY") > 0
    expect(page.get_by_label("Method, path, status or fault")).to_have_value("half typed")
    page.locator("details[open] summary").click()  # what was closed stays closed, too
    api("GET", "/v2/teams")
    expect(page.locator("tbody tr")).to_have_count(rows + 2)
    assert page.locator("details[open]").count() == 0


def test_what_changed_is_spoken_once_it_has_come_to_rest(api, visit):
    page = visit("/members")
    expect(page.locator("#spoken")).to_have_text("")
    api("PATCH", f"/v2/members/{seed.DEMO_MEMBER_ID}", json={"memberType": "Act"})
    expect(page.get_by_role("status").first).to_contain_text("Changed member Sales Rep")


def test_says_when_the_sandbox_is_gone(browser):
    with Server() as server:
        page = browser.new_page()
        page.goto(server.address)
        expect(page.locator("#counts")).to_contain_text("members")
    expect(page.locator("#link-state")).to_contain_text("The sandbox does not answer")
    page.close()


def test_a_page_that_is_not_there_stays_quiet(browser, sandbox):
    page = browser.new_context().new_page()
    asked = []
    page.on("request", lambda sent: asked.append(sent.url))
    page.goto(f"{sandbox.address}/members/unknown")
    page.get_by_role("link", name="Go to the overview").wait_for()
    assert not any(url.endswith(".js") for url in asked)  # which would ask again and again


def test_a_reset_reaches_every_page(api, visit):
    members, overview = visit("/members"), visit("/")
    api("POST", "/v2/members", json={"email": "n@example.com", "firstName": "Nea", "lastName": "N"})
    shows(members.locator("#members"), "Nea N New")
    overview.get_by_role("button", name="Reset the organization").click()
    expect(overview.locator("#news")).to_contain_text("Nothing has changed since the start")
    expect(members.locator("#members")).not_to_contain_text("Nea N")


# --- Everybody can use it ---


def test_a_script_in_a_name_is_text(api, visit):
    member = fill(api)
    page = visit(f"/members/{member}")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{LONG} {SCRIPT}")
    page.goto("/")
    api("PATCH", f"/v2/members/{member}", json={"firstName": SCRIPT})  # the refresh shows it, too
    expect(page.locator("#changes")).to_contain_text(f"member {SCRIPT} {SCRIPT}")
    assert page.locator("script").count() == 1


def test_works_without_javascript(api, sandbox, visit):
    page = visit("/members", java_script_enabled=False)
    api("POST", "/v2/members", json={"email": "n@example.com", "firstName": "Nea", "lastName": "N"})
    page.reload()
    shows(page.locator("tr.changed"), "Nea N New")
    expect(page.get_by_role("contentinfo")).to_contain_text("Reload the page")
    page.get_by_role("searchbox").fill("okafor")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody")).to_contain_text("Chidi Okafor")
    page.get_by_role("link", name="Faults").click()
    page.get_by_label("Fault", exact=True).select_option("slow")
    page.get_by_label("Requests", exact=True).fill("GET /v2/members")
    page.get_by_role("button", name="Add the rule").click()
    shows(page.locator("#rules tbody tr"), "slow GET /v2/members 1 time")
    page.get_by_role("button", name="Remove all rules").click()
    expect(page.locator("#rules")).to_contain_text("No rules")
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("button", name="Reset the organization").click()
    expect(page.locator("#counts")).to_contain_text("125 members")
    assert len(sandbox.state.organization.members) == 125


def test_an_export_is_downloaded(api, sandbox, visit):
    sandbox.state.organization.options.polls = 0
    body = {"elementId": seed.DEMO_ELEMENT_ID, "format": {"type": "csv"}}
    api("POST", f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}/export", json=body)
    page = visit("/exports")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download Plugs Sales Performance.csv").click()
    assert download.value.suggested_filename == "Plugs Sales Performance.csv"
    assert download.value.path().read_text(encoding="utf-8").startswith("Order Number,")


def test_the_keyboard_is_enough(visit):
    page = visit("/members")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Search")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    current = page.get_by_role("navigation", name="Console").locator("[aria-current]")
    assert current.all_text_contents() == ["Members"]


def test_dark_and_light_are_what_the_system_asks_for(visit):
    def brightness(scheme):
        page = visit("/", color_scheme=scheme)
        color = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in re.findall(r"\d+", color)[:3])

    assert brightness("light") > 600
    assert brightness("dark") < 150


@pytest.mark.parametrize("path", PAGES)
def test_nothing_on_a_phone_is_wider_than_it(path, api, visit):
    member = fill(api)
    for address in (path, f"/members/{member}"):
        page = visit(address, **PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [*PAGES, "/members/unknown"])
def test_axe_finds_no_fault_with_it(path, scheme, api, browser, sandbox):
    fill(api)
    fresh_page = browser.new_context(base_url=sandbox.address, color_scheme=scheme).new_page()
    fresh_page.emulate_media(reduced_motion="reduce")
    fresh_page.goto(path)
    fresh_page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")  # fmt: skip
    found = Axe().run(fresh_page)
    assert found.violations_count == 0, found.generate_report()
    fresh_page.context.close()


def test_a_large_organization_stays_quick_to_look_at(sandbox, visit):
    fresh(sandbox, members=10_000)
    page = visit("/members")
    expect(page.locator("#members caption")).to_have_text("Showing 100 of 10,005 members")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#members")).to_contain_text("Page 2 of 101")
