"""Version tags and published versions of workbooks."""

import pytest

from sandbox import seed

WORKBOOK = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}"


@pytest.fixture
def org(sandbox):
    """The state of the sandbox."""
    return sandbox.state.organization


def tags(api, workbook=WORKBOOK):
    """Return the version that each tag of a workbook is on."""
    rows = api.whole_list(f"{workbook}/tags", limit=1)
    return {row["name"]: row["sourceWorkbookVersion"] for row in rows}


# --- Tags ---


def test_lists_tags(api):
    rows = api.whole_list("/v2/tags", limit=3)
    names = ["Production", "Staging", "QA", "Old release"]
    assert [row["name"] for row in rows] == names
    assert [row["name"] for row in rows if row["isArchived"]] == ["Old release"]
    assert {row["versionTagId"] for row in rows} > {seed.PRODUCTION_TAG_ID, seed.STAGING_TAG_ID}
    found = api.whole_list("/v2/tags", search="PRODUCT")
    assert [row["name"] for row in found] == ["Production"]


def test_workbooks_show_their_tags_unless_told_not_to(api):
    assert tags(api) == {"Production": 4, "Staging": 6}
    rows = api.whole_list("/v2/workbooks", limit=1000)
    tagged = [n for n, row in enumerate(rows) if row.get("tags")]
    assert len(tagged) > 5 and min(tagged) < 50 < max(tagged)  # on the first page, and on others
    for row in (rows[0], api("GET", WORKBOOK)):
        assert row["tags"] == api.whole_list(f"{WORKBOOK}/tags")
    for n in tagged:
        version = rows[n]["latestVersion"]
        assert all(1 <= tag["sourceWorkbookVersion"] <= version for tag in rows[n]["tags"])
    fewer = api.whole_list("/v2/workbooks", limit=1000, excludeTags="true")
    assert not any("tags" in row for row in fewer)
    assert fewer[0] == {name: value for name, value in rows[0].items() if name != "tags"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (f"{WORKBOOK}/pages", "tag"),
        (f"{WORKBOOK}/pages/{seed.DEMO_PAGE_ID}/elements", "tag"),
        (f"{WORKBOOK}/elements", "tagName"),
        (f"{WORKBOOK}/elements/{seed.DEMO_ELEMENT_ID}/query", "tagName"),
    ],
)
def test_a_tagged_version_can_be_read_by_the_name_of_its_tag(path, name, api):
    assert api("GET", f"{path}?{name}=production") == api("GET", path)
    for missing in ("QA", "None"):
        assert missing in api("GET", f"{path}?{name}={missing}", 404)["message"]


# --- Versions ---


def test_the_history_names_tags_and_people_by_id(api, org):
    rows = api.whole_list(f"{WORKBOOK}/version-history", limit=4)
    assert [row["version"] for row in rows] == [6, 5, 4, 3, 2, 1]
    days = [row["publishedAt"] for row in rows]
    assert days == sorted(set(days), reverse=True)
    assert days[-1] == api("GET", WORKBOOK)["createdAt"]
    assert len({row["publishedBy"] for row in rows}) > 2
    assert {row["publishedBy"] for row in rows} < org.members.keys()
    on = {row["version"]: row["tags"] for row in rows if "tags" in row}
    ids = {version: [tag["versionTagId"] for tag in rows] for version, rows in on.items()}
    assert ids == {4: [seed.PRODUCTION_TAG_ID], 6: [seed.STAGING_TAG_ID]}
    assert on[4][0]["taggedBy"] in org.members
