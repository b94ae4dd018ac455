"""Tests of workbooks/tag_workbook.py."""

import pytest
from responses.matchers import json_params_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL
from workbooks.tag_workbook import main

RECIPE = "workbooks/tag_workbook.py"
BOOK = {"workbookId": "w-1", "name": "Sales", "url": "https://app.test/w/1", "latestVersion": 9}
OLD_TAG = {"versionTagId": "t-0", "name": "Go live", "isArchived": True}
TAGS = [{"versionTagId": "t-1", "name": "Go Live"}, {"versionTagId": "t-2", "name": "QA"}]
DONE = {"versionTagId": "t-1", "taggedWorkbookId": "c-1", "taggedWorkbookVersion": 2}
IDS = {"SWAP_FROM_CONNECTIONID": "c-old", "SWAP_TO_CONNECTIONID": "c-new"}
PATHS = {"SWAP_FROM_PATH": '["DEV"]', "SWAP_TO_PATH": '["PROD"]'}


@pytest.fixture
def settings(monkeypatch):
    def use(**values):
        defaults = {"WORKBOOK_ID": "url-1", "VERSION_TAG": "go live", "DRY_RUN": "false"}
        for name, value in {**defaults, **values}.items():
            monkeypatch.setenv(name, value)

    use()
    return use


def page(*entries, following=None):
    return {"entries": list(entries), "nextPage": following}


def on(version, tag_id="t-1", **more):
    return {"versionTagId": tag_id, "name": "x", "sourceWorkbookVersion": version, **more}


def tags_of(sigma, *tagged):
    sigma.get(f"{BASE_URL}/workbooks/w-1/tags", json=page(*tagged))


def reads(sigma, *tagged, versions=(2, 9, 5)):
    """Add what the plan reads: all tags on two pages, and the versions in any order."""
    sigma.get(f"{BASE_URL}/workbooks/url-1", json=BOOK)
    sigma.get(f"{BASE_URL}/tags", json=page(OLD_TAG, following="2"))
    sigma.get(f"{BASE_URL}/tags", json=page(*TAGS))
    history = [{"version": number} for number in versions]
    sigma.get(f"{BASE_URL}/workbooks/w-1/version-history", json=page(*history))
    tags_of(sigma, *tagged)


def tagging(sigma, version, answer=DONE, **more):
    body = {"workbookId": "w-1", "tag": "Go Live", "workbookVersion": version, **more}
    sigma.post(f"{BASE_URL}/workbooks/tag", match=[json_params_matcher(body)], json=answer)


def connections(sigma):
    for key in ("c-old", "c-new"):
        sigma.get(f"{BASE_URL}/connections/{key}", json={"connectionId": key, "name": key.upper()})


def looked_up(sigma, connection_id, path, status=200):
    body = json_params_matcher({"path": path})
    url = f"{BASE_URL}/connection/{connection_id}/lookup"
    sigma.post(url, match=[body], status=status, json={"kind": "table", "inodeId": "i-1"})


@pytest.mark.parametrize(("wanted", "version"), [("", 9), ("2", 2)])
def test_moves_the_tag(wanted, version, settings, sigma, capsys):
    # Left over, and without TAG_SWAP without effect
    settings(WORKBOOK_VERSION=wanted, SWAP_FROM_CONNECTIONID="?", SWAP_FROM_PATH="?")
    reads(sigma, on(9, isArchived=True), on(5), on(9, "t-2"))
    tagging(sigma, version)
    tags_of(sigma, on(5, isArchived=True), on(version))
    main()
    out = capsys.readouterr().out
    assert "Go Live, now on version 5" in out
    assert out.endswith("https://app.test/w/1/tag/Go%20Live\n")


def test_without_is_archived_the_latest_row_of_a_tag_counts(settings, sigma, capsys):
    old = on(9, workbookTaggedAt="2026-02-01T08:00:00Z")
    new = on(5, workbookTaggedAt="2026-03-01T08:00:00Z")
    older = on(2, workbookTaggedAt="2026-01-01T08:00:00Z")
    reads(sigma, old, new, older)
    tagging(sigma, 9)
    tags_of(sigma, new, on(9, workbookTaggedAt="2026-11-01T08:00:00Z"), older)
    main()
    assert "now on version 5" in capsys.readouterr().out


def test_a_dry_run_sends_nothing(settings, sigma):
    settings(DRY_RUN="true")
    reads(sigma)
    main()  # the fixture has no response to a POST


def test_a_tag_on_the_right_version_is_not_sent_again(settings, sigma, capsys):
    reads(sigma, on(9))
    main()
    assert "successfully" not in capsys.readouterr().out


@pytest.mark.parametrize(("wanted", "versions"), [("3", (2, 9, 5)), ("", ())])
def test_a_version_that_is_not_published_is_refused(wanted, versions, settings, sigma):
    settings(WORKBOOK_VERSION=wanted)
    reads(sigma, versions=versions)
    sigma.remove("GET", f"{BASE_URL}/workbooks/w-1/tags")
    known = ", ".join(map(str, sorted(versions, reverse=True)))
    with pytest.raises(SigmaError, match=rf"WORKBOOK_VERSION .* \[{known}\]$"):
        main()


def test_an_unknown_tag_is_refused_with_the_known_ones(settings, sigma):
    settings(VERSION_TAG="Live")
    sigma.get(f"{BASE_URL}/workbooks/url-1", json=BOOK)
    unnamed = {"versionTagId": "t-3", "name": None}
    sigma.get(f"{BASE_URL}/tags", json=page(unnamed, OLD_TAG, *TAGS))
    with pytest.raises(SigmaError, match=r"VERSION_TAG is 'Live'.*: Go Live, QA$"):
        main()


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (DONE, []),
        (DONE, [on(5)]),
        (DONE, [on(9, isArchived=True), on(9, "t-2")]),
        ({**DONE, "versionTagId": "t-2"}, [on(9), on(9, "t-2")]),
    ],
)
def test_a_tag_that_is_not_there_afterwards_is_a_failure(answer, after, settings, sigma, capsys):
    reads(sigma, on(5))
    tagging(sigma, 9, answer)
    tags_of(sigma, *after)
    with pytest.raises(SigmaError, match="Go Live isn't on version 9"):
        main()
    assert "successfully" not in capsys.readouterr().out


@pytest.mark.parametrize("paths", [{}, PATHS])
def test_a_swap_is_sent_even_if_the_tag_is_there(paths, settings, sigma, capsys):
    settings(TAG_SWAP="true", **IDS, **paths)
    connections(sigma)
    reads(sigma, on(9))
    if paths:
        looked_up(sigma, "c-old", ["DEV"])
        looked_up(sigma, "c-new", ["PROD"])
    mapping = {"fromConnectionId": "c-old", "toConnectionId": "c-new"}
    pairs = [{"fromPath": ["DEV"], "toPath": ["PROD"]}] if paths else []
    tagging(sigma, 9, sourceMappingConfig=[{**mapping, "paths": pairs}])  # paths is required
    tags_of(sigma, on(9))
    main()
    out = capsys.readouterr().out
    assert "version 9 again" in out
    assert ("C-OLD.DEV -> C-NEW.PROD" if paths else "C-OLD -> C-NEW") in out


@pytest.mark.parametrize("status", [400, 404])
def test_an_unknown_path_is_refused(status, settings, sigma):
    settings(TAG_SWAP="true", **IDS, **PATHS)
    connections(sigma)
    reads(sigma)
    looked_up(sigma, "c-old", ["DEV"])
    looked_up(sigma, "c-new", ["PROD"], status)
    with pytest.raises(SigmaError, match=f"{status} .*SWAP_TO_PATH"):
        main()


@pytest.mark.parametrize(
    ("old", "new"), [('["A"]', ""), ('["A"]', '["A","B"]'), ("A", "A"), ('["A",1]', '["A","B"]')]
)
def test_paths_that_do_not_fit_are_refused(old, new, settings):
    settings(TAG_SWAP="true", **IDS, SWAP_FROM_PATH=old, SWAP_TO_PATH=new)
    with pytest.raises(SigmaError, match="SWAP_FROM_PATH"):
        main()


@pytest.mark.parametrize("lost", [False, True])
def test_a_second_run_finds_it_done(lost, call_recipe, sandbox):
    workbook = sandbox.state.organization.workbooks[seed.DEMO_WORKBOOK_ID]

    def tagged():
        return {tag.name: tag.sourceWorkbookVersion for tag in workbook.tags}

    assert call_recipe(RECIPE).returncode == 0
    assert tagged() == {"Production": 4, "Staging": 6}
    if lost:
        sandbox.state.rules.append(Fault(kind="drop", match="POST /v2/workbooks/tag"))
    done = call_recipe(RECIPE, DRY_RUN="false", VERSION_TAG="pRODUCTION")
    assert done.returncode == int(lost)
    assert tagged() == {"Production": 6, "Staging": 6}
    assert call_recipe(RECIPE, DRY_RUN="false").returncode == 0
    entries = sandbox.state.log.entries
    assert [entry.path for entry in entries].count("/v2/workbooks/tag") == 1
