"""The console in a real browser: it updates itself, and all people can use it.

Needs Chromium: apt-get install chromium. Without it these tests are skipped, except in CI on Linux.
"""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from sandbox import seed
from sandbox.server import Server
from tests.conftest import fresh
from tests.console_pages import PAGES
from tests.support.browser import browser, needs_chromium
from tests.support.sandbox_client import Client

__all__ = ["browser"]  # a fixture
pytestmark = needs_chromium

SCRIPT = "<script>alert(1)</script>"
LONG = "x" * 90
# All that can be read, on plain ground: axe can't see the contrast on the shadows of a table
OPEN = """document.querySelectorAll('details').forEach((one) => { one.open = true });
    document.querySelectorAll('.box').forEach((one) => { one.style.background = 'var(--surface)' })"""


@pytest.fixture
def visit(browser, sandbox):
    """Open pages. Fails after the test if one had an error, or sent a request to another host."""
    problems = []

    def visit(path, **options):
        page = browser.new_context(base_url=sandbox.address, **options).new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: said.type == "error" and problems.append(said.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(dialog.message) or dialog.dismiss())
        page.on(
            "request",
            lambda sent: sent.url.startswith(sandbox.address) or problems.append(sent.url),
        )
        page.goto(path)
        return page

    yield visit
    for context in browser.contexts:
        context.close()
    assert problems == []


def shows(part, text):
    """Wait until a part of a page shows a text, with spaces between the cells of its tables."""
    expect(part).to_contain_text(text, use_inner_text=True)


def fill(api):
    """Create something for every part of every page, with names that are hard to show."""
    person = {"email": f"{LONG}@example.com", "firstName": LONG, "lastName": SCRIPT}
    member = api("POST", "/v2/members", json=person)
    api("POST", "/v2/workspaces", json={"name": LONG})
    workbook = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}"
    connection = f"/v2/connections/{seed.DEMO_CONNECTION_ID}"
    for path, permission in ((workbook, "view"), (connection, "usage")):
        grant = {"grantee": {"memberId": member["memberId"]}, "permission": permission}
        api("POST", f"{path}/grants", json={"grants": [grant]})
    api("POST", f"{connection}/sync", json={"path": []})
    api("POST", f"{workbook}/materializations", json={"sheetId": seed.DEMO_SHEET_ID})
    for _ in range(2):  # the second one is ready
        query = api("POST", f"{workbook}/export", json={"format": {"type": "xlsx"}})["queryId"]
    for _ in range(3):
        api.session.get(f"{api.address}/v2/query/{query}/download", timeout=5)
    copy = {"name": LONG, "destinationFolderId": member["homeFolderId"]}
    api("POST", f"{workbook}/copy", json=copy)
    api("PATCH", f"/v2/members/{member['memberId']}", json={"unknown": "x"})
    api("GET", f"/v2/members/{LONG}", 404)
    return member["memberId"]


def test_the_pages_update_themselves(api, visit):
    overview, members = visit("/"), visit("/members")
    person = {"email": "n@example.com", "firstName": "Nea", "lastName": "Newton"}
    api("POST", "/v2/members", json=person)
    expect(overview.locator("#changes")).to_contain_text("New member Nea Newton")
    expect(overview.locator("#counts")).to_contain_text("126 members")
    expect(overview.locator("#spoken")).to_contain_text("Nea Newton")  # for screen readers
    shows(members.locator("tr.changed"), "Nea Newton New")
    overview.get_by_role("link", name="Reset the organization").click()
    overview.get_by_role("button", name="Reset").click()
    expect(members.locator("#members")).not_to_contain_text("Nea Newton")


def test_an_update_keeps_what_the_reader_is_doing(api, visit):
    fill(api)
    page = visit("/requests", viewport={"width": 360, "height": 500})
    page.get_by_role("searchbox").fill("half typed")
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
    expect(page.get_by_role("searchbox")).to_have_value("half typed")


def test_says_when_the_sandbox_is_gone(browser):
    with Server() as server:
        page = browser.new_page()
        page.goto(server.address)
        expect(page.locator("#counts")).to_contain_text("members")
    expect(page.locator("#link-state")).to_contain_text("python -m sandbox")
    page.close()


def test_a_script_in_a_name_is_text(api, visit):
    member = fill(api)
    page = visit(f"/members/{member}")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{LONG} {SCRIPT}")
    page.goto("/")
    api("PATCH", f"/v2/members/{member}", json={"firstName": SCRIPT})  # shown by the update
    expect(page.locator("#changes")).to_contain_text(f"member {SCRIPT} {SCRIPT}")
    assert page.locator("script").count() == 1


def test_works_without_javascript(visit):
    page = visit("/members", java_script_enabled=False)
    page.get_by_role("searchbox").fill("okafor")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody")).to_contain_text("Chidi Okafor")
    page.get_by_role("link", name="Faults").click()
    page.get_by_label("Fault", exact=True).select_option("slow")
    page.get_by_label("Requests", exact=True).fill("GET /v2/members")
    page.get_by_role("button", name="Add the rule").click()
    shows(page.locator("#rules tbody tr"), "slow GET /v2/members 1 time")
    page.get_by_role("button", name="Remove all rules").click()
    expect(page.locator("#rules tbody tr")).to_have_count(0)


def test_the_keyboard_is_enough(visit):
    page = visit("/members")
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_role("region", name="members").focus()  # the table is wider than the screen
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")


SAME_TEMPLATE = {
    "/teams",
    "/workspaces",
    "/workbooks",
    "/connections",
    "/materializations",
    "/reports",
}
COLOURFUL = {"/", "/members", "/requests", "/faults"}  # with all colours


def test_every_page_is_accessible_and_fits_a_phone(browser, sandbox):
    api = Client(fresh(sandbox, members=20, workbooks=20).address)  # axe looks at every row
    paths = [path for path in PAGES if path not in SAME_TEMPLATE and "/report/" not in path]
    paths += [f"/members/{fill(api)}", "/nowhere"]
    page = browser.new_page(base_url=sandbox.address)
    problems = []
    for path in paths:
        page.emulate_media(reduced_motion="reduce", color_scheme="light")
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(path)
        page.evaluate(OPEN)
        if page.evaluate("document.documentElement.scrollWidth") > 360:
            problems.append(f"{path} is wider than a phone")
        page.set_viewport_size({"width": 1280, "height": 900})
        checks = [("light", {})]
        if path in COLOURFUL:
            checks.append(("dark", {"runOnly": ["color-contrast"]}))
        for scheme, rules in checks:
            page.emulate_media(color_scheme=scheme)
            found = Axe().run(page, options=rules)
            if found.violations_count:
                problems.append(f"{path}, {scheme}: {found.generate_report()}")
    page.close()
    assert problems == []
