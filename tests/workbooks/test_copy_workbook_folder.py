"""Tests of workbooks/copy_workbook_folder.py."""

import re

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL
from workbooks.copy_workbook_folder import main

RECIPE = "workbooks/copy_workbook_folder.py"
WORKBOOK = {"workbookId": "long-1", "name": "Orders", "ownerId": "m-1"}
BELA = {"firstName": "Bela", "lastName": "Brandt", "email": "bela@example.com", "homeFolderId": "h"}
FILE = {"id": "copy-0", "parentId": "h", "createdBy": "m-1", "isArchived": False, "ownerId": "m-1"}


@pytest.fixture(autouse=True)
def ids(monkeypatch):
    monkeypatch.setenv("WORKBOOK_ID", "short1")
    monkeypatch.setenv("MEMBERID", "m-2")


def lists(sigma, name, mine=(), members=()):
    """Answer both lists of files: that of m-1, the owner of the credentials, and the member's."""
    query = query_param_matcher({"limit": 1000, "name": name, "typeFilters": "workbook"})
    for path, files in (("files", mine), ("members/m-2/files", members)):
        rows = [{**FILE, "name": name, **file} for file in files]
        sigma.get(f"{BASE_URL}/{path}", match=[query], json={"entries": rows, "nextPage": None})


def looks(sigma):
    """Answer what is asked before the lists."""
    sigma.get(f"{BASE_URL}/workbooks/short1", json=WORKBOOK)
    sigma.get(f"{BASE_URL}/members/m-2", json=BELA)
    sigma.get(f"{BASE_URL}/whoami", json={"userId": "m-1"})


def answers(sigma, name, copy=None):
    looks(sigma)
    lists(sigma, name)
    body = {"destinationFolderId": "h", "name": name}  # no ownerId: Sigma would ignore it
    sigma.post(
        f"{BASE_URL}/workbooks/long-1/copy",
        match=[json_params_matcher(body)],
        json=copy or {"workbookId": "copy-1", "name": name, "url": "u/copy"},
    )


@pytest.mark.parametrize(("setting", "name"), [("", "Orders"), ("My Orders", "My Orders")])
def test_copies_into_my_documents_and_changes_the_owner(setting, name, sigma, capsys, monkeypatch):
    monkeypatch.setenv("NEW_WORKBOOK_NAME", setting)
    answers(sigma, name)
    sigma.patch(
        f"{BASE_URL}/files/copy-1",
        match=[json_params_matcher({"ownerId": "m-2"})],
        json={"id": "copy-1", "ownerId": "m-2"},
    )
    lists(sigma, name)
    main()
    assert capsys.readouterr().out.splitlines() == [
        "Copied:   Orders",
        f"New name: {name}",
        "New ID:   copy-1",
        "URL:      u/copy",
        "Owner:    Bela Brandt <bela@example.com>",
    ]


@pytest.mark.parametrize(
    ("patched", "cause"),
    [
        ({"status": 403, "json": {"message": "No rights"}}, "403 from PATCH .*No rights"),
        ({"json": {"ownerId": "m-1"}}, "m-1 still owns copy-1"),
    ],
)
def test_says_how_to_go_on_when_only_the_owner_is_missing(patched, cause, sigma, capsys):
    answers(sigma, "Orders")
    sigma.patch(f"{BASE_URL}/files/copy-1", **patched)
    with pytest.raises(
        SigmaError,
        match=f"{cause}.* The copy exists, .* set WORKBOOK_ID=copy-1 and MEMBERID=m-2, and run"
        " workbooks/update_owner.py",
    ):
        main()
    assert "Owner:" not in capsys.readouterr().out


@pytest.mark.parametrize("owner", [{"ownerId": "m-1"}, {"ownerId": None}])
def test_a_copy_that_is_there_becomes_the_members(owner, sigma, capsys):
    looks(sigma)
    lists(sigma, "Orders", mine=[owner])
    sigma.patch(
        f"{BASE_URL}/files/copy-0", match=[json_params_matcher({"ownerId": "m-2"})], json={}
    )
    main()
    assert capsys.readouterr().out.splitlines() == [
        "Exists already: Orders, ID copy-0. For another copy set NEW_WORKBOOK_NAME",
        "Owner:    Bela Brandt <bela@example.com>",
    ]


def test_a_copy_that_is_the_members_is_left_alone(sigma, capsys):
    looks(sigma)
    lists(sigma, "Orders", members=[{"ownerId": "m-2"}])
    main()
    assert "Exists already: Orders, ID copy-0" in capsys.readouterr().out


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Orders 2"},
        {"name": "orders"},
        {"parentId": "a folder in My Documents"},
        {"createdBy": "m-2", "ownerId": "m-2"},  # the member's own work
        {"ownerId": "m-3"},  # given away
        {"isArchived": True},
        {"id": "long-1"},  # the workbook itself
    ],
    ids=str,
)
def test_what_is_no_copy_keeps_nobody_from_copying(other, sigma, capsys):
    looks(sigma)
    lists(sigma, "Orders", mine=[other])
    copy = {"workbookId": "copy-1", "name": "Orders", "url": "u/copy", "ownerId": "m-1"}
    sigma.post(f"{BASE_URL}/workbooks/long-1/copy", json=copy)
    sigma.patch(f"{BASE_URL}/files/copy-1", json={})
    lists(sigma, "Orders", mine=[other], members=[{"id": "copy-1", "ownerId": "m-2"}])
    main()
    assert "New ID:   copy-1" in capsys.readouterr().out


def test_names_the_copy_that_another_run_made_at_the_same_moment(sigma, capsys):
    answers(sigma, "Orders")
    sigma.patch(f"{BASE_URL}/files/copy-1", json={})
    lists(sigma, "Orders", mine=[{}], members=[{"id": "copy-1", "ownerId": "m-2"}])
    with pytest.raises(
        SigmaError,
        match="^Another run copied at the same moment, so there are 2 copies called Orders:"
        " copy-0, copy-1. Delete in Sigma what is too many$",
    ):
        main()
    assert "Owner:    Bela Brandt" in capsys.readouterr().out


def test_a_refused_copy_changes_no_owner(sigma, capsys):
    looks(sigma)
    lists(sigma, "Orders")
    refusal = {"message": "No rights", "requestId": "r-1"}
    sigma.post(f"{BASE_URL}/workbooks/long-1/copy", status=403, json=refusal)
    with pytest.raises(SigmaError, match=r"403 from POST .*No rights \(requestId r-1\)$"):
        main()
    assert capsys.readouterr().out == ""


def test_an_answer_without_an_id_is_not_put_into_an_address(sigma):
    answers(sigma, "Orders", copy={"workbookId": "../members/m-2", "name": "Orders"})
    with pytest.raises(SigmaError, match="workbookId in Sigma's answer is .* not an ID"):
        main()


@pytest.mark.parametrize("field", ["isArchived", "isInactive"])
def test_a_deactivated_member_gets_nothing(field, sigma):
    sigma.get(f"{BASE_URL}/workbooks/short1", json=WORKBOOK)
    sigma.get(f"{BASE_URL}/members/m-2", json={**BELA, field: True})
    with pytest.raises(SigmaError, match="bela@example.com is deactivated, so nothing was copied"):
        main()


@pytest.mark.parametrize("name", ["WORKBOOK_ID", "MEMBERID"])
def test_missing_setting(name, monkeypatch):
    monkeypatch.setenv(name, "")
    with pytest.raises(SigmaError, match=f"{name} is not set"):
        main()


def test_the_copy_in_the_sandbox_is_the_members_and_lies_in_my_documents(run_recipe, sandbox):
    organization = sandbox.state.organization
    source = organization.workbooks[seed.DEMO_WORKBOOK_ID]
    done = run_recipe(RECIPE, WORKBOOK_ID=source.url, NEW_WORKBOOK_NAME="Plugs für Zoë")
    assert done.returncode == 0, done.stderr
    copy = organization.workbooks[re.search("New ID:   (.+)", done.stdout)[1]]
    member = organization.members[seed.DEMO_MEMBER_ID]
    assert (copy.name, copy.ownerId) == ("Plugs für Zoë", member.memberId)
    assert copy.parentId == member.homeFolderId
    assert source.ownerId == seed.OWNER_ID


def test_going_on_after_a_failure_in_the_way_that_the_error_names(run_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="500", match="PATCH *", times=1))
    done = run_recipe(RECIPE)
    assert done.returncode == 1
    settings = dict(re.findall(r"(WORKBOOK_ID|MEMBERID)=([\w-]+)", done.stderr))
    organization = sandbox.state.organization
    copy = organization.workbooks[settings["WORKBOOK_ID"]]
    assert copy.ownerId == seed.OWNER_ID
    assert run_recipe("workbooks/update_owner.py", **settings).returncode == 0
    assert copy.ownerId == seed.DEMO_MEMBER_ID
    assert len(organization.workbooks) == 264 + 1


def test_an_unknown_member_in_the_sandbox_copies_nothing(run_recipe, sandbox):
    done = run_recipe(RECIPE, MEMBERID="nobody")
    assert done.returncode == 1
    assert "Member nobody not found (requestId " in done.stderr
    assert len(sandbox.state.organization.workbooks) == 264


def test_twice_makes_one_copy_in_the_sandbox_and_another_name_another_one(call_recipe, sandbox):
    workbooks = sandbox.state.organization.workbooks
    first = call_recipe(RECIPE)
    copy_id = re.search("New ID:   (.+)", first.stdout)[1]
    again = call_recipe(RECIPE)
    assert f"Exists already: Plugs Sales Performance, ID {copy_id}." in again.stdout
    assert again.stdout.splitlines()[-1] == first.stdout.splitlines()[-1]
    assert len(workbooks) == 264 + 1
    assert "New ID: " in call_recipe(RECIPE, NEW_WORKBOOK_NAME="Another").stdout
    assert len(workbooks) == 264 + 2


def test_copies_nothing_while_an_entry_cannot_be_read(sigma, monkeypatch):
    monkeypatch.setattr("sigma_session._unreadable", [])
    looks(sigma)
    unreadable = {"code": "x", "message": "Not readable", "requestId": "r-1"}
    for path in ("files", "members/m-2/files"):
        sigma.get(f"{BASE_URL}/{path}", json={"entries": [unreadable], "nextPage": None})
    with pytest.raises(SigmaError, match="not complete, Sigma could not read this many entries: 2"):
        main()
