"""Lists are whole: on a large organization each listing recipe finds everything there is."""

import json
import re

import pytest

from sandbox import content, seed
from tests.conftest import fresh

pytestmark = pytest.mark.slow

MEMBERS, WORKBOOKS = 1000, 2500


@pytest.fixture(params=[False, True], ids=["pages", "bare-lists"])
def organization(request, sandbox):
    """A large organization, in both list forms."""
    large = fresh(sandbox, members=MEMBERS, workbooks=WORKBOOKS, bare_lists=request.param)
    return large.state.organization


def rows_of(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def open_to(organization, member_id):
    workbooks = organization.workbooks.values()
    return {w.name for w in workbooks if organization.permission(member_id, w)}


@pytest.mark.parametrize("recipe", ["members/list_all.py", "members/pagination.py"])
def test_members(recipe, organization, run_recipe):
    rows = rows_of(run_recipe(recipe, OUTPUT_FORMAT="json", LIMIT="99"))
    active = {m.memberId for m in organization.members.values() if not m.isArchived}
    assert {row["memberId"] for row in rows} == active
    assert len(rows) == MEMBERS


@pytest.mark.parametrize(
    "recipe",
    [
        "workbooks/list_all.py",
        "workbooks/pagination.py",
        "workbooks/get_workbooks_name_url_table.py",
        "workbooks/list_workbooks_by_owner.py",
    ],
)
def test_workbooks(recipe, organization, run_recipe):
    rows = rows_of(run_recipe(recipe, OUTPUT_FORMAT="json", LIMIT="99"))
    assert {row["name"] for row in rows} == open_to(organization, seed.OWNER_ID)
    assert len(rows) == WORKBOOKS


@pytest.mark.parametrize(
    "recipe", ["workbooks/list_all.py", "workbooks/list_workbooks_by_owner.py"]
)
def test_all_workbooks_of_the_organization(recipe, organization, run_recipe):
    rows = rows_of(run_recipe(recipe, OUTPUT_FORMAT="json", ALL_WORKBOOKS="true"))
    assert {row["name"] for row in rows} == {w.name for w in organization.workbooks.values()}
    assert len(rows) == WORKBOOKS + 4


def test_workbooks_of_a_member(organization, run_recipe):
    expected = open_to(organization, seed.DEMO_MEMBER_ID)
    rows = rows_of(run_recipe("workbooks/shared_with_member_id.py", OUTPUT_FORMAT="json"))
    assert {row["name"] for row in rows} == expected
    assert len(rows) == len(expected) > 2000
    printed = run_recipe("embedding/generate_workbook_embed_path.py").stdout
    assert set(re.findall(r"^#\d+: (.+?): https://", printed, re.MULTILINE)) == expected


def test_input_tables(organization, run_recipe):
    rows = rows_of(run_recipe("workbooks/all_input_tables.py", OUTPUT_FORMAT="json"))
    tables = [
        element.elementId
        for workbook in organization.workbooks.values()
        if organization.permission(seed.OWNER_ID, workbook)
        for page in content.pages_of(workbook)
        for element in page.elements
        if element.type == "input-table"
    ]
    assert sorted(row["elementId"] for row in rows) == sorted(tables)
    assert len(tables) == WORKBOOKS // 10
