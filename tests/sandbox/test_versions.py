"""Version tags and published versions of workbooks."""

import pytest

from sandbox import seed
from sandbox.organization import make_uuid

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


def apply(api, status=200, **body):
    body = {"workbookId": seed.DEMO_WORKBOOK_ID, "tag": "production", **body}
    return api("POST", "/v2/workbooks/tag", status, json=body)


def test_a_tag_moves_and_the_tagged_version_keeps_its_id(api):
    ids = {row["name"]: row["taggedWorkbookId"] for row in api.whole_list(f"{WORKBOOK}/tags")}
    for number, (version, sent) in enumerate(((2, 2), (6, None)), start=2):
        done = apply(api, **({"workbookVersion": sent} if sent else {}))
        assert done == {
            "versionTagId": seed.PRODUCTION_TAG_ID,
            "taggedWorkbookId": ids["Production"],
            "taggedWorkbookVersion": number,
        }
        assert tags(api) == {"Staging": 6, "Production": version}
    assert api("GET", WORKBOOK)["latestVersion"] == 6
    first = apply(api, tag="QA")
    assert first["taggedWorkbookVersion"] == 1
    assert first["taggedWorkbookId"] not in ids.values()


def test_refuses_to_apply_what_is_not_there(api):
    for body in ({"tag": "None"}, {"workbookVersion": 7}, {"workbookVersion": -1}):
        apply(api, 404, **body)
    apply(api, 404, workbookId=make_uuid("workbook", "none"))
    assert tags(api) == {"Production": 4, "Staging": 6}


def test_grants_stay_when_a_tag_moves(api, org):
    grant = {"grantee": {"memberId": seed.VIEWER_ID}, "permission": "view"}
    grant["tagId"] = seed.PRODUCTION_TAG_ID
    api("POST", f"{WORKBOOK}/grants", json={"grants": [grant]})
    before = [*org.grants[seed.DEMO_WORKBOOK_ID]]
    apply(api)
    assert org.grants[seed.DEMO_WORKBOOK_ID] == before


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


def test_a_restore_publishes_the_old_contents_once_more(api, org):
    before = {number: api("GET", f"{WORKBOOK}/sources")[:number] for number in (1, 6)}
    for number, latest in ((1, 7), (6, 8), (7, 9)):
        row = api("POST", f"{WORKBOOK}/restoreVersion", json={"version": number})
        assert (row["latestVersion"], row["updatedBy"]) == (latest, seed.OWNER_ID)
        assert api("GET", f"{WORKBOOK}/sources") == before[1 if number == 7 else number]
    assert tags(api) == {"Production": 4, "Staging": 6}
    newest = api.whole_list(f"{WORKBOOK}/version-history")[0]
    assert (newest["version"], newest["publishedBy"]) == (9, seed.OWNER_ID)
    assert newest["publishedAt"] == api("GET", WORKBOOK)["updatedAt"]
    for number in (0, 10):
        api("POST", f"{WORKBOOK}/restoreVersion", 404, json={"version": number})


def test_a_copy_starts_with_version_1_of_the_latest_contents(api):
    api("POST", f"{WORKBOOK}/restoreVersion", json={"version": 1})
    body = {"destinationFolderId": seed.DEMO_WORKSPACE_ID, "name": "Copy"}
    copy = api("POST", f"{WORKBOOK}/copy", json=body)
    path = f"/v2/workbooks/{copy['workbookId']}"
    assert api("GET", f"{path}/sources") == api("GET", f"{WORKBOOK}/sources")
    (version,) = api.whole_list(f"{path}/version-history")
    assert version["publishedAt"] == copy["createdAt"]
    assert api.whole_list(f"{path}/tags") == []
