"""Tests of workbooks/transfer_all_workbooks.py."""

import pytest
import requests
from responses.matchers import json_params_matcher, query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL
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
    other = {"memberId": "m-9", "email": "old@example.com.au"}
    member(sigma, "old@example.com", other, {"memberId": "m-8", "email": None}, OLD)
    member(sigma, "new@example.com", NEW)


def file(key, **more):
    names = {"id": key, "name": f"Name {key}", "path": "Sales", "type": "workbook"}
    return {**names, "ownerId": "m-old", **more}


def files(sigma, *entries, next_page=None, **query):
    sigma.get(
        f"{MEMBERS}/m-old/files",
        match=[query_param_matcher({"limit": 1000, "typeFilters": "workbook", **query})],
        json={"entries": list(entries), "nextPage": next_page},
    )


def patched(sigma, key, **answer):
    body = json_params_matcher({"ownerId": "m-new"})
    sigma.patch(f"{BASE_URL}/files/{key}", match=[body], **answer)


def test_shows_the_plan_and_changes_nothing_unless_told_so(sigma, capsys):
    members(sigma)
    files(sigma, file("a"), file("foreign", ownerId="m-9"), next_page="p2")
    files(sigma, file("b"), file("c", type="folder"), page="p2")
    main()
    assert capsys.readouterr().out.splitlines() == [
        "Workbooks to transfer from old@example.com to new@example.com: 2",
        "- Name a (Sales)",
        "- Name b (Sales)",
        "DRY_RUN is true, so nothing was changed. Set DRY_RUN=false to transfer them.",
    ]


def test_transfers_what_the_old_owner_owns_and_asks_where_a_row_does_not_say(
    sigma, capsys, monkeypatch
):
    monkeypatch.setenv("DRY_RUN", "false")
    members(sigma)
    files(sigma, file("a"), file("b", ownerId=None), file("c", ownerId=None))
    sigma.get(f"{BASE_URL}/files/b", json=file("b"))
    sigma.get(f"{BASE_URL}/files/c", json={"id": "c"})  # Nobody knows: leave it alone
    patched(sigma, "a", json={"id": "a", "ownerId": "m-new"})
    patched(sigma, "b", json={"id": "b"})
    with pytest.raises(SigmaError, match="^Transferred 2, failed 1"):
        main()
    printed, trace = capsys.readouterr()
    assert printed.splitlines() == [
        "Workbooks to transfer from old@example.com to new@example.com: 2",
        "- Name a (Sales)",
        "- Name b (Sales)",
        "Transferred: Name a",
        "Transferred: Name b",
    ]
    assert "Owner unknown: Name c: The answer from GET" in trace


def test_a_plan_that_may_lack_a_workbook_is_an_error(sigma, capsys):
    members(sigma)
    files(sigma, file("a"), file("b", ownerId=None))
    sigma.get(f"{BASE_URL}/files/b", status=403, json={"message": "No rights"})
    with pytest.raises(SigmaError, match="the plan is not complete: 1 owners are unknown"):
        main()
    printed, trace = capsys.readouterr()
    assert "- Name a (Sales)\n" in printed
    assert "Owner unknown: Name b: 403 from GET" in trace


def test_goes_on_after_a_failure_names_it_and_ends_as_an_error(sigma, capsys, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    members(sigma)
    files(sigma, file("a"), file("b"), file("c"))
    patched(sigma, "a", status=403, json={"message": "No rights", "requestId": "r-1"})
    patched(sigma, "b", json={"ownerId": "m-old"})  # accepted, but not done
    patched(sigma, "c", json={"ownerId": "m-new"})
    with pytest.raises(SigmaError, match=r"^Transferred 1, failed 2\. Run this recipe again"):
        main()
    printed, trace = capsys.readouterr()
    assert "Not transferred: Name a: 403 from PATCH" in trace
    assert "No rights (requestId r-1)\n" in trace
    assert "Not transferred: Name b: Sigma took the request, but m-old still owns b\n" in trace
    assert printed.splitlines()[-1] == "Transferred: Name c"


def test_refused_credentials_stop_it_at_once(sigma, capsys, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    members(sigma)
    files(sigma, file("a"), file("b"))
    patched(sigma, "a", status=401, json={"message": "jwt expired"})
    with pytest.raises(SigmaError, match="401 from PATCH .*/files/a: jwt expired"):
        main()


def test_no_answer_stops_it_and_says_how_many_are_done(sigma, capsys, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    members(sigma)
    files(sigma, file("a"), file("b"), file("c"), file("d"))
    patched(sigma, "a", status=403, json={"message": "No rights"})
    patched(sigma, "b", json={"ownerId": "m-new"})
    patched(sigma, "c", body=requests.ConnectionError("lost"))
    with pytest.raises(SigmaError, match=r"^Name c: No answer to .* Transferred before: 1 of 4$"):
        main()


def test_says_so_when_there_are_none(sigma, capsys, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    members(sigma)
    files(sigma)
    main()
    assert capsys.readouterr().out == (
        "old@example.com owns no workbooks.\n"
        "The member is deactivated: with that, Sigma gives the documents a new owner.\n"
    )


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        ([], "No members have the address old@example.com"),
        ([{"memberId": "m-9", "email": "old@example.com.au"}], "No members have the address"),
        ([OLD, {**OLD, "memberId": "m-7"}], "2 members have the address old@example.com"),
        ([{**OLD, "memberId": "SigmaSchedulerRobot"}], "Sigma's own scheduler"),
        ([{**OLD, "memberId": "../x"}], "memberId in Sigma's answer is '../x', which is not an ID"),
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
    with pytest.raises(SigmaError, match="NEW_OWNER_EMAIL: new@example.com is deactivated"):
        main()


def test_the_same_member_on_both_sides_is_refused(monkeypatch):
    monkeypatch.setenv("NEW_OWNER_EMAIL", "OLD@example.com")
    with pytest.raises(SigmaError, match="are the same address"):
        main()


@pytest.mark.parametrize("name", ["OLD_OWNER_EMAIL", "NEW_OWNER_EMAIL"])
@pytest.mark.parametrize(("value", "problem"), [("", "is not set"), ("ada", "not an email")])
def test_both_addresses_are_needed(name, value, problem, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(SigmaError, match=f"{name} .*{problem}"):
        main()


def test_a_typing_error_is_neither_a_yes_nor_a_no(monkeypatch):
    monkeypatch.setenv("DRY_RUN", "no")
    with pytest.raises(SigmaError, match="DRY_RUN is 'no'. It can be true, false"):
        main()


def owned_by(organization, member_id):
    return [book for book in organization.workbooks.values() if book.ownerId == member_id]


def test_a_second_run_continues_with_what_is_left_in_the_sandbox(run_recipe, sandbox):
    organization = sandbox.state.organization
    old = organization.find_email("chidi.okafor@example.com")
    old.isArchived = True
    before = len(owned_by(organization, seed.VIEWER_ID))
    assert len(owned_by(organization, old.memberId)) == 7
    sandbox.state.rules.append(Fault(kind="500", match="PATCH *", times=2, after=3))
    done = run_recipe(RECIPE, DRY_RUN="false")
    assert done.returncode == 1
    assert done.stderr.count("Not transferred: ") == 2
    assert "Error: Transferred 5, failed 2. Run this recipe again" in done.stderr
    assert len(owned_by(organization, old.memberId)) == 2

    done = run_recipe(RECIPE, DRY_RUN="false")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Transferred 2, failed 0")
    assert owned_by(organization, old.memberId) == []
    assert len(owned_by(organization, seed.VIEWER_ID)) == before + 7

    done = run_recipe(RECIPE, DRY_RUN="false")
    assert done.returncode == 0
    assert done.stdout.startswith(f"{old.email} owns no workbooks.\nThe member is deactivated: ")


def test_a_token_that_expires_halfway_is_renewed(run_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="expired-token", match="PATCH *", after=3))
    done = run_recipe(RECIPE, DRY_RUN="false")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Transferred 7, failed 0\n")


def test_what_others_shared_with_the_old_owner_stays_theirs(run_recipe, sandbox):
    organization = sandbox.state.organization
    old = organization.find_email("chidi.okafor@example.com")
    others = {b.workbookId: b.ownerId for b in organization.workbooks.values()}
    seen = [b for b in organization.workbooks.values() if organization.permission(old.memberId, b)]
    assert len(seen) > 7
    assert run_recipe(RECIPE, DRY_RUN="false").returncode == 0
    for workbook_id, owner_id in others.items():
        expected = seed.VIEWER_ID if owner_id == old.memberId else owner_id
        assert organization.workbooks[workbook_id].ownerId == expected


def test_the_plan_alone_sends_no_change_in_the_sandbox(run_recipe, sandbox):
    done = run_recipe(RECIPE)
    assert done.stdout.count("\n- ") == 7
    assert {entry.method for entry in sandbox.state.log.entries} == {"POST", "GET"}
    assert [e.path for e in sandbox.state.log.entries if e.method == "POST"] == ["/v2/auth/token"]
