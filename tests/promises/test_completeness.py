"""Lists are complete: on a large organization each listing recipe finds everything there is."""

import json
import re

import pytest

from sandbox import content, seed
from tests.conftest import fresh

pytestmark = pytest.mark.slow

MEMBERS, WORKBOOKS = 1100, 2300  # several pages of 1000


@pytest.fixture
def organization(sandbox):
    """A large organization."""
    return fresh(sandbox, members=MEMBERS, workbooks=WORKBOOKS).state.organization


@pytest.fixture
def rows(call_recipe):
    """Return the rows that a recipe prints."""

    def run(recipe, **settings):
        done = call_recipe(recipe, OUTPUT_FORMAT="json", LIMIT="99", **settings)
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
    assert len(found) == len(expected) > 2000
    printed = call_recipe("embedding/generate_workbook_embed_path.py").stdout
    assert set(re.findall(r"^#\d+: (.+?): https://", printed, re.MULTILINE)) == expected


def test_input_tables(sandbox, rows):
    organization = fresh(sandbox, workbooks=1100).state.organization  # a request for each workbook
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
    assert len(tables) == 110
