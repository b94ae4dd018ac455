"""Lists are complete: each listing recipe finds everything, in lists of several pages."""

import json
import re

import pytest

import sigma_client
from sandbox import content, seed
from tests.conftest import fresh

MEMBERS, WORKBOOKS, PAGE_SIZE = 110, 130, 50


@pytest.fixture
def organization(sandbox, monkeypatch):
    """An organization whose lists have three pages."""
    monkeypatch.setattr(sigma_client, "PAGE_SIZE", PAGE_SIZE)
    return fresh(sandbox, members=MEMBERS, workbooks=WORKBOOKS).state.organization


@pytest.fixture
def rows(call_recipe):
    """Return the rows that a recipe prints."""

    def run(recipe, **settings):
        done = call_recipe(recipe, OUTPUT_FORMAT="json", LIMIT="49", **settings)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def open_to(organization, member_id):
    workbooks = organization.workbooks.values()
    return {w.name for w in workbooks if organization.permission(member_id, w)}


def test_members(organization, rows):
    active = {m.memberId for m in organization.members.values() if not m.isArchived}
    for recipe in ("members/list_all.py", "members/pagination.py"):
        found = [row["memberId"] for row in rows(recipe)]
        assert set(found) == active
        assert len(found) == MEMBERS


def test_workbooks(organization, rows):
    for name in (
        "list_all",
        "pagination",
        "get_workbooks_name_url_table",
        "list_workbooks_by_owner",
    ):
        found = [row["name"] for row in rows(f"workbooks/{name}.py")]
        assert set(found) == open_to(organization, seed.OWNER_ID)
        assert len(found) == WORKBOOKS
    for name in ("list_all", "list_workbooks_by_owner"):
        found = {row["name"] for row in rows(f"workbooks/{name}.py", ALL_WORKBOOKS="true")}
        assert found == {w.name for w in organization.workbooks.values()}
        assert len(found) > WORKBOOKS


def test_workbooks_of_a_member(organization, rows, call_recipe):
    expected = open_to(organization, seed.DEMO_MEMBER_ID)
    found = rows("workbooks/shared_with_member_id.py")
    assert {row["name"] for row in found} == expected
    assert len(found) == len(expected) > 2 * PAGE_SIZE
    printed = call_recipe("embedding/generate_workbook_embed_path.py").stdout
    assert set(re.findall(r"^#\d+: (.+?): https://", printed, re.MULTILINE)) == expected


@pytest.mark.slow
def test_input_tables(organization, rows):
    tables = [
        element.elementId
        for workbook in organization.workbooks.values()
        if organization.permission(seed.OWNER_ID, workbook)
        for page in content.pages_of(workbook)
        for element in page.elements
        if element.type == "input-table"
    ]
    found = rows("workbooks/all_input_tables.py")
    assert sorted(row["elementId"] for row in found) == sorted(tables)
    assert len(tables) == 13


# --- The audit ---

TOKEN = 1


@pytest.fixture
def audit(sandbox, call_recipe, organization):
    """Run an audit recipe, and check how many requests it sends."""

    def run(recipe, at_most, **settings):
        sandbox.state.log.clear()
        done = call_recipe(f"audit/{recipe}.py", OUTPUT_FORMAT="json", **settings)
        assert done.returncode == 0, done.stderr
        entries = sandbox.state.log.entries
        assert len(entries) <= TOKEN + at_most
        assert max(entry.atOnce for entry in entries) <= 5
        return json.loads(done.stdout)

    run.organization = organization
    return run


MEMBERS_PAGES, WORKBOOK_PAGES = 3, 3


@pytest.mark.slow
def test_access_review(audit):
    org = audit.organization
    folders = [f for f in org.folders.values() if org.permission(seed.OWNER_ID, f) and f.parentId]
    objects = len(org.workspaces) + len(folders) + len(org.workbooks) + len(org.connections)
    objects += len(org.data_models) + len(org.reports)
    pages = MEMBERS_PAGES + WORKBOOK_PAGES + 6
    rows = audit("access_review", pages + objects + len(org.teams))
    granted = [row for row in rows if row["why"] != "owner"]
    expected = [(grant.inodeId, grant.memberId or grant.teamId) for grant in grants(org)]
    assert sorted((row["id"], row["memberId"] or row["teamId"]) for row in granted) == (
        sorted(expected)
    )
    owners = {row["id"]: row["memberId"] for row in rows if row["why"] == "owner"}
    assert {w.workbookId: w.ownerId for w in org.workbooks.values()}.items() <= owners.items()
    gone = [org.members[row["memberId"]].isArchived for row in granted if row["memberId"]]
    assert 0 < sum(gone) == sum(gone[: sum(gone)])  # they come first


def grants(org):
    return [grant for granted in org.grants.values() for grant in granted]


@pytest.mark.slow
def test_scheduled_exports(audit):
    org = audit.organization
    rows = audit("scheduled_exports", 4 + MEMBERS_PAGES + len(org.workbooks) + len(org.reports))
    found = [row["scheduledNotificationId"] for row in rows]
    assert sorted(found) == sorted(org.scheduled_exports)
    assert len(found) > 20


@pytest.mark.slow
def test_find_dependents(audit):
    org = audit.organization
    documents = len(org.workbooks) + len(org.reports) + len(org.data_models)
    tables = 20  # at most, of the four connections, and custom SQL
    table = '["RETAIL","LOGISTICS","RETURNS"]'
    rows = audit("find_dependents", 2 + 5 + MEMBERS_PAGES + documents + tables, TABLE_PATH=table)
    connection = org.connection(seed.DEMO_CONNECTION_ID)
    inode_id = connection.inode_id(["RETAIL", "LOGISTICS", "RETURNS"])
    readers = {
        workbook.workbookId
        for workbook in org.workbooks.values()
        if any(source.get("inodeId") == inode_id for source in content.sources_of(workbook))
    }
    direct = {row.get("workbookId") for row in rows if row["reads"].startswith("table ")}
    assert direct - {None} == readers
    assert len(readers) > 2


def test_stale_workbooks_and_inventory(audit, tmp_path):
    org = audit.organization
    stale = audit("stale_workbooks", MEMBERS_PAGES + WORKBOOK_PAGES)
    assert {row["workbookId"] for row in stale} == set(org.workbooks)
    audit("inventory", MEMBERS_PAGES + WORKBOOK_PAGES + 4, INVENTORY_FOLDER=str(tmp_path))
    (day,) = tmp_path.iterdir()
    for kind, things in (("members", org.members), ("workbooks", org.workbooks)):
        lines = (day / f"{kind}.csv").read_text(encoding="utf-8-sig").splitlines()
        assert {line.split(",")[0] for line in lines[1:]} == set(things)


def test_check_connections(audit):
    rows = audit("check_connections", 1 + len(audit.organization.connections))
    assert {row["connectionId"] for row in rows} == set(audit.organization.connections)


# --- People ---


@pytest.mark.slow
def test_attributes_and_a_team_of_a_thousand_members(sandbox, call_recipe, tmp_path):
    org = fresh(sandbox, members=1000).state.organization
    active = [
        m for m in org.members.values() if not m.isArchived and m.memberId != "SigmaSchedulerRobot"
    ]
    emails, attributes = tmp_path / "emails", tmp_path / "attributes.csv"
    emails.write_text("\n".join(m.email for m in active), encoding="utf-8")
    rows = ["Email,Region", *(f"{m.email},West" for m in active)]
    attributes.write_text("\n".join(rows), encoding="utf-8")

    apply = {"DRY_RUN": "false", "USER_ATTRIBUTES": str(attributes), "TEAM_EMAILS": str(emails)}
    for recipe in ("members/bulk_set_user_attributes.py", "teams/sync_team.py"):
        done = call_recipe(recipe, **apply)
        assert done.returncode == 0, done.stderr
    values = org.user_attribute(seed.DEMO_USER_ATTRIBUTE_ID).assignments
    assert {key: given.value.val for key, given in values.items()} == (
        {member.memberId: "West" for member in active}
    )
    assert set(org.team(seed.DEMO_TEAM_ID).members) == {member.memberId for member in active}
    sent = [e for e in sandbox.state.log.entries if e.method in ("POST", "PATCH")]
    assert len(sent) <= 2 * TOKEN + 10 + 1  # in blocks of 100, and all at once


def test_all_documents_of_a_leaver(sandbox, call_recipe):
    org = fresh(sandbox, workbooks=100).state.organization
    leaver = org.find_email(seed.LEAVER_EMAIL)
    for workbook in [*org.workbooks.values()][:80]:
        workbook.ownerId = leaver.memberId
    done = call_recipe("members/offboard_member.py", DRY_RUN="false")
    assert done.returncode == 0, done.stderr
    assert not [d for d in org.documents() if d.ownerId == leaver.memberId and d.parentId]
    assert not [s for s in org.scheduled_exports.values() if s.ownerId == leaver.memberId]
    assert not [grant for grant in grants(org) if grant.memberId == leaver.memberId]
    assert not org.teams_of(leaver.memberId)
    assert len(sandbox.state.log.entries) < 50
