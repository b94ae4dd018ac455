"""Tests of workbooks/transfer_all_workbooks.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL, fresh
from workbooks.transfer_all_workbooks import main

RECIPE = "workbooks/transfer_all_workbooks.py"
MEMBERS = f"{BASE_URL}/members"
OLD = {"memberId": "m-old", "email": "Old@example.com", "isArchived": True}
NEW = {"memberId": "m-new", "email": "new@example.com"}


@pytest.fixture(autouse=True)
def emails(monkeypatch):
    monkeypatch.setenv("OLD_OWNER_EMAIL", "old@example.com")
    monkeypatch.setenv("NEW_OWNER_EMAIL", "new@example.com")


def member(sigma, email, *found):
    query = {"limit": 1000, "email": email, "includeArchived": "true", "includeInactive": "true"}
    page = {"entries": list(found), "nextPage": None}
    sigma.get(MEMBERS, match=[query_param_matcher(query)], json=page)


def members(sigma):
    # The filter may find more than was asked for
    member(sigma, "old@example.com", {"memberId": "m-9", "email": "old@example.com.au"}, OLD)
    member(sigma, "new@example.com", NEW)


def file(key, **more):
    names = {"id": key, "name": f"Name {key}", "path": "Sales", "type": "workbook"}
    return {**names, "ownerId": "m-old", **more}


def files(sigma, *entries):
    sigma.get(
        f"{MEMBERS}/m-old/files",
        match=[query_param_matcher({"limit": 1000, "typeFilters": "workbook"})],
        json={"entries": list(entries), "nextPage": None},
    )


def patched(sigma, key, **answer):
    body = json_params_matcher({"ownerId": "m-new"})
    sigma.patch(f"{BASE_URL}/files/{key}", match=[body], **answer)


def planned(capsys):
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("To t")]


def test_plans_only_workbooks_of_the_old_owner(sigma, capsys):
    members(sigma)
    name = "B\nTo transfer: Forged (Sales)"
    foreign = file("foreign", ownerId="m-9")
    files(sigma, file("a"), foreign, file("b", name=name), file("c", type="folder"))
    main()
    own, forged = planned(capsys)
    assert own == "To transfer: Name a (Sales)"
    assert forged == "To transfer: B To transfer: Forged (Sales) (Sales)"


def test_asks_for_the_file_where_the_list_has_no_owner(sigma, capsys):
    members(sigma)
    files(sigma, *(file(key, ownerId=None) for key in "abc"))
    sigma.get(f"{BASE_URL}/files/a", json=file("a"))
    sigma.get(f"{BASE_URL}/files/b", json=file("b", ownerId="m-9"))
    sigma.get(f"{BASE_URL}/files/c", json=file("c", ownerId=None))  # has no owner
    main()
    assert planned(capsys) == ["To transfer: Name a (Sales)"]


@pytest.mark.parametrize(
    "answer", [{"status": 403, "json": {"message": "No rights"}}, {"json": {"id": "b"}}]
)
@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_an_unknown_owner_is_a_failure(answer, dry_run, sigma, monkeypatch, capsys):
    monkeypatch.setenv("DRY_RUN", dry_run)
    members(sigma)
    files(sigma, file("a"), file("b", ownerId=None))
    sigma.get(f"{BASE_URL}/files/b", **answer)
    if dry_run == "false":
        patched(sigma, "a", json=file("a", ownerId="m-new"))
    with pytest.raises(SigmaError):
        main()
    assert "Owner unknown: Name b (Sales): " in capsys.readouterr().err


def test_goes_on_after_a_failure_and_believes_the_response(sigma, capsys, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    members(sigma)
    files(sigma, *(file(key) for key in "abcd"))
    patched(sigma, "a", status=403, json={"message": "No rights", "requestId": "r-1"})
    patched(sigma, "b", json={"ownerId": "m-old"})  # accepted, but not done
    patched(sigma, "c", json={"ownerId": "m-new"})
    patched(sigma, "d", json={})  # proves nothing
    with pytest.raises(SigmaError, match=r"Transferred: 2\. Failed: 2\. Not tried: 0\."):
        main()
    out, err = capsys.readouterr()
    assert "Failed: Name a (Sales): 403 from PATCH" in err
    assert "Failed: Name b (Sales): " in err
    assert out.splitlines()[-2:] == ["Transferred: Name c (Sales)", "Transferred: Name d (Sales)"]


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        ([], "No members have the email old@example.com"),
        ([{"memberId": "m-9", "email": "old@example.com.au"}], "No members"),
        ([OLD, {**OLD, "memberId": "m-7"}], "2 members"),
        ([{**OLD, "memberId": "SigmaSchedulerRobot"}], "Sigma's own"),
    ],
)
def test_an_old_owner_who_is_not_one_member_is_refused(found, problem, sigma):
    member(sigma, "old@example.com", *found)
    with pytest.raises(SigmaError, match=problem):
        main()


@pytest.mark.parametrize("field", ["isArchived", "isInactive"])
def test_a_deactivated_new_owner_is_refused(field, sigma):
    member(sigma, "old@example.com", OLD)
    member(sigma, "new@example.com", {**NEW, field: True})
    with pytest.raises(SigmaError, match="NEW_OWNER_EMAIL"):
        main()


def test_the_same_member_on_both_sides_is_refused(monkeypatch):
    monkeypatch.setenv("NEW_OWNER_EMAIL", "OLD@example.com")
    with pytest.raises(SigmaError, match="OLD_OWNER_EMAIL and NEW_OWNER_EMAIL"):
        main()


def owned_by(organization, member_id):
    return [book for book in organization.workbooks.values() if book.ownerId == member_id]


def test_a_dry_run_changes_nothing(call_recipe, sandbox):
    assert call_recipe(RECIPE).stdout.count("To transfer: ") == 7
    assert "PATCH" not in {entry.method for entry in sandbox.state.log.entries}


def test_a_second_run_continues_with_the_rest(call_recipe, sandbox):
    fresh(sandbox, latency=0.02)
    organization = sandbox.state.organization
    old = organization.find_email("chidi.okafor@example.com")
    others = {b.workbookId: b.ownerId for b in organization.workbooks.values()}
    sandbox.state.rules.append(Fault(kind="500", match="PATCH *", times=2, after=3))
    sandbox.state.rules.append(Fault(kind="expired-token", match="PATCH *"))
    done = call_recipe(RECIPE, DRY_RUN="false")
    assert done.returncode == 1
    assert "Error: Transferred: 5. Failed: 2. Not tried: 0." in done.stderr
    assert len(owned_by(organization, old.memberId)) == 2

    done = call_recipe(RECIPE, DRY_RUN="false")
    assert done.stdout.endswith("Transferred: 2. Failed: 0. Not tried: 0.\n")
    for workbook_id, owner_id in others.items():  # what others shared stays theirs
        expected = seed.VIEWER_ID if owner_id == old.memberId else owner_id
        assert organization.workbooks[workbook_id].ownerId == expected
    patches = [entry for entry in sandbox.state.log.entries if entry.method == "PATCH"]
    assert 1 < max(entry.atOnce for entry in patches) <= 5

    old.isArchived = True
    done = call_recipe(RECIPE, DRY_RUN="false")
    assert (done.returncode, "is deactivated" in done.stdout) == (0, True)


def test_an_error_that_would_meet_all_stops_the_run(call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="503", match="PATCH *", after=1, times=0))
    done = call_recipe(RECIPE, DRY_RUN="false", OLD_OWNER_EMAIL="ada@example.com")
    assert done.returncode == 1
    assert "Error: Transferred: 1. Failed: " in done.stderr
    patches = [entry for entry in sandbox.state.log.entries if entry.method == "PATCH"]
    assert len(patches) < 15  # of 87


@pytest.mark.parametrize("kind", ["drop", "503"])
def test_owners_that_were_not_asked_for_are_unknown(kind, call_recipe, sandbox):
    organization = sandbox.state.organization
    for rule in (
        "null-field GET /v2/members/*/files times=0 field=ownerId",
        f"{kind} GET /v2/files/* times=0",
    ):
        sandbox.state.rules.append(Fault.parse(rule))
    before = len(owned_by(organization, seed.VIEWER_ID))
    done = call_recipe(RECIPE, DRY_RUN="false")
    assert done.returncode == 1
    assert len(owned_by(organization, seed.VIEWER_ID)) == before
