"""Tests of workbooks/restore_version.py."""

import json

import pytest
from responses.matchers import json_params_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL
from workbooks.restore_version import main

RECIPE = "workbooks/restore_version.py"
BOOK = {"workbookId": "w-1", "name": "Sales", "latestVersion": 10}
URL = f"{BASE_URL}/workbooks/w-1"


@pytest.fixture
def settings(monkeypatch):
    def use(**values):
        for name, value in {"WORKBOOK_ID": "url-1", "DRY_RUN": "false", **values}.items():
            monkeypatch.setenv(name, value)

    use()
    return use


def page(*entries, following=None):
    return {"entries": list(entries), "nextPage": following}


def version(number, author="m-1"):
    return {"version": number, "publishedAt": f"2026-01-{number:02}", "publishedBy": author}


def tag(number, name, **more):
    return {"versionTagId": f"t-{name}", "name": name, "sourceWorkbookVersion": number, **more}


HISTORY = (version(2), version(10, "m-gone"), version(9, "m-robot"))


def reads(sigma, history=HISTORY):
    """Add what every run reads: the history on two pages, in any order."""
    sigma.get(f"{BASE_URL}/workbooks/url-1", json=BOOK)
    sigma.get(f"{URL}/version-history", json=page(*history[:1], following="2"))
    sigma.get(f"{URL}/version-history", json=page(*history[1:]))
    known = {"memberId": "m-1", "firstName": "Ada", "email": "ada@example.com"}
    gone = {"memberId": "m-gone", "firstName": "Gil", "isArchived": True}
    sigma.get(f"{BASE_URL}/members", json=page(known, gone))
    tags = [tag(2, "QA"), tag(2, "Live"), tag(9, "Live", isArchived=True)]
    sigma.get(f"{URL}/tags", json=page(*tags))


def restoring(sigma, number, **answer):
    body = json_params_matcher({"version": number})
    sigma.post(f"{URL}/restoreVersion", match=[body], **answer)


def test_lists_the_versions_newest_first(settings, sigma, capsys):
    settings(OUTPUT_FORMAT="json")
    reads(sigma)
    main()
    rows = json.loads(capsys.readouterr().out)
    assert [(row["version"], row["author"], row["tagNames"]) for row in rows] == [
        (10, "Gil", ""),
        (9, "m-robot", ""),  # an ID that no list knows, and a tag that has moved
        (2, "Ada <ada@example.com>", "Live, QA"),
    ]
    query = {"limit": "1000", "includeArchived": "true", "includeInactive": "true"}
    (members,) = [call.request for call in sigma.calls if "/members" in call.request.url]
    assert members.params == query


def test_a_workbook_without_versions(settings, sigma, capsys):
    reads(sigma, history=())
    main()
    assert "no published versions" in capsys.readouterr().out


def test_restores_a_version(settings, sigma, capsys):
    settings(RESTORE_VERSION="2")
    reads(sigma)
    restoring(sigma, 2, json={**BOOK, "latestVersion": 11})
    main()
    plan, *_, last = capsys.readouterr().out.splitlines()[2:]
    assert "version 2 (published: 2026-01-02, by Ada <ada@example.com>)" in plan
    assert last.startswith("Restored successfully: version 11 ")


def test_a_dry_run_sends_nothing(settings, sigma):
    settings(RESTORE_VERSION="2", DRY_RUN="true")
    reads(sigma)
    main()  # the fixture has no response to a POST


@pytest.mark.parametrize("number", ["10", "3"])
def test_the_latest_and_unknown_versions_are_refused(number, settings, sigma):
    settings(RESTORE_VERSION=number)
    reads(sigma)
    with pytest.raises(SigmaError, match=f"RESTORE_VERSION is {number}, .*: 9, 2$"):
        main()


def test_no_number_in_the_list_of_known_versions_is_cut_off(settings, sigma):
    settings(RESTORE_VERSION="7")
    reads(sigma, history=tuple(version(number) for number in range(1000, 1030)))
    with pytest.raises(SigmaError, match=r"RESTORE_VERSION is 7, .*: 1029, .*, 1020$"):
        main()


def test_a_response_without_a_new_version_is_a_failure(settings, sigma, capsys):
    settings(RESTORE_VERSION="2")
    reads(sigma)
    restoring(sigma, 2, json={**BOOK, "latestVersion": 10})
    with pytest.raises(SigmaError, match="still 10"):
        main()
    assert "successfully" not in capsys.readouterr().out


LOST = [{"status": 502, "body": "<html>"}, {"body": "{"}, {"json": {"workbookId": "w-1"}}]


@pytest.mark.parametrize("lost", LOST)
def test_a_lost_response_is_settled_by_the_latest_version(lost, settings, sigma, capsys):
    settings(RESTORE_VERSION="2")
    reads(sigma)
    restoring(sigma, 2, **lost)
    sigma.get(URL, json={**BOOK, "latestVersion": 11})
    main()
    assert "version 11" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("read", [{"json": BOOK}, {"status": 403, "json": {"message": "No"}}])
def test_a_lost_response_without_a_new_version_is_a_failure(lost, read, settings, sigma, capsys):
    settings(RESTORE_VERSION="2")
    reads(sigma)
    restoring(sigma, 2, **lost)
    sigma.get(URL, **read)
    with pytest.raises(SigmaError, match="restoreVersion.*may have been carried out"):
        main()
    assert "successfully" not in capsys.readouterr().out


@pytest.mark.parametrize("status", [400, 403, 404, 429])
def test_a_refusal_is_not_looked_into(status, settings, sigma):
    settings(RESTORE_VERSION="2")
    reads(sigma)
    for _ in range(5 if status == 429 else 1):
        restoring(sigma, 2, status=status, json={"message": "No"})
    with pytest.raises(SigmaError, match=f"{status} from POST"):
        main()
    assert {call.request.method for call in list(sigma.calls)[6:]} == {"POST"}


def latest(sandbox):
    return sandbox.state.organization.workbooks[seed.DEMO_WORKBOOK_ID].latestVersion


def restored(sandbox):
    entries = sandbox.state.log.entries
    return [entry for entry in entries if entry.path.endswith("/restoreVersion")]


def test_the_list_shows_tags_and_members(call_recipe, sandbox):
    done = call_recipe(RECIPE, OUTPUT_FORMAT="json")
    rows = {row["version"]: row for row in json.loads(done.stdout)}
    assert list(rows) == [6, 5, 4, 3, 2, 1]
    assert (rows[4]["tagNames"], rows[6]["tagNames"]) == ("Production", "Staging")
    assert all("<" in row["author"] for row in rows.values())


@pytest.mark.parametrize("lost", [False, True])
def test_a_version_is_published_once(lost, call_recipe, sandbox):
    assert call_recipe(RECIPE, RESTORE_VERSION="4").returncode == 0
    assert latest(sandbox) == 6
    if lost:
        sandbox.state.rules.append(Fault(kind="drop", match="POST *restoreVersion"))
    done = call_recipe(RECIPE, RESTORE_VERSION="4", DRY_RUN="false")
    assert (done.returncode, latest(sandbox), len(restored(sandbox))) == (0, 7, 1)
    assert "version 7" in done.stdout.splitlines()[-1]


def test_a_failed_restore_is_not_repeated(call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="503", match="POST *restoreVersion"))
    done = call_recipe(RECIPE, RESTORE_VERSION="4", DRY_RUN="false")
    assert (done.returncode, latest(sandbox), len(restored(sandbox))) == (1, 6, 1)
    assert "still 6" in done.stderr
