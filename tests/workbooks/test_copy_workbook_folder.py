"""Tests of workbooks/copy_workbook_folder.py."""

import re

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL
from workbooks.copy_workbook_folder import main

RECIPE = "workbooks/copy_workbook_folder.py"
BELA = {"firstName": "Bela", "lastName": "Brandt", "email": "bela@example.com", "homeFolderId": "h"}
FILE = {"id": "file-0", "name": "Orders", "parentId": "h", "isArchived": False}


@pytest.fixture(autouse=True)
def ids(monkeypatch):
    monkeypatch.setenv("WORKBOOK_ID", "https://app.sigmacomputing.com/acme/workbook/Orders-short1")
    monkeypatch.setenv("MEMBERID", "m-2")


def answers(sigma, name="Orders", mine=(), members=()):
    """Answer what is asked before the copy. mine and members are the files that each can open."""
    workbook = {"workbookId": "long-1", "name": "Orders", "ownerId": "m-1"}
    sigma.get(f"{BASE_URL}/workbooks/short1", json=workbook)
    sigma.get(f"{BASE_URL}/members/m-2", json=BELA)
    query = query_param_matcher({"limit": 1000, "name": name, "typeFilters": "workbook"})
    for path, files in (("files", mine), ("members/m-2/files", members)):
        page = {"entries": list(files), "nextPage": None}
        sigma.get(f"{BASE_URL}/{path}", match=[query], json=page)


def copied(sigma, name="Orders", copy=None):
    body = {"destinationFolderId": "h", "name": name}  # no ownerId: Sigma would ignore it
    copy = copy or {"workbookId": "copy-1", "name": name, "url": "u/copy"}
    url = f"{BASE_URL}/workbooks/long-1/copy"
    sigma.post(url, match=[json_params_matcher(body)], json=copy)


def given(sigma, **patched):
    body = json_params_matcher({"ownerId": "m-2"})
    sigma.patch(f"{BASE_URL}/files/copy-1", match=[body], **patched)


@pytest.mark.parametrize("setting", ["", "My Orders"])
def test_copies_into_my_documents_and_changes_the_owner(setting, sigma, capsys, monkeypatch):
    monkeypatch.setenv("NEW_WORKBOOK_NAME", setting)
    name = setting or "Orders"
    answers(sigma, name)
    copied(sigma, name)
    given(sigma, json={"id": "copy-1", "ownerId": "m-2"})
    main()
    out = capsys.readouterr().out
    for text in (f" {name}\n", "copy-1", "u/copy", "Bela Brandt <bela@example.com>"):
        assert text in out


@pytest.mark.parametrize("list_of", ["mine", "members"])
def test_copies_nothing_if_the_name_is_taken(list_of, sigma, monkeypatch):
    sigma.assert_all_requests_are_fired = False
    answers(sigma, **{list_of: [FILE]})
    with pytest.raises(SigmaError, match="file-0.* NEW_WORKBOOK_NAME"):
        main()


@pytest.mark.parametrize(
    "other",
    [{"name": "Orders 2"}, {"name": "orders"}, {"parentId": "other"}, {"isArchived": True}],
    ids=str,
)
def test_a_file_elsewhere_or_of_another_name_is_no_obstacle(other, sigma, capsys):
    answers(sigma, mine=[{**FILE, **other}])
    copied(sigma)
    given(sigma, json={})
    main()
    assert "copy-1" in capsys.readouterr().out


def test_finishes_although_fields_that_it_only_prints_are_null(sigma, capsys):
    answers(sigma)
    copied(sigma, copy={"workbookId": "copy-1", "name": None, "url": None})
    given(sigma, json={"ownerId": None})
    main()
    out = capsys.readouterr().out
    assert "Bela Brandt" in out
    assert "None" not in out


@pytest.mark.parametrize(
    ("patched", "cause"),
    [
        ({"status": 403, "json": {"message": "No rights"}}, "403 from PATCH .*No rights"),
        ({"json": {"ownerId": "m-1"}}, "m-1 still owns copy-1"),
    ],
)
def test_says_how_to_continue_if_only_the_owner_is_missing(patched, cause, sigma, capsys):
    answers(sigma)
    copied(sigma)
    given(sigma, **patched)
    todo = "WORKBOOK_ID=copy-1 and MEMBERID=m-2, and run: python workbooks/update_owner.py"
    with pytest.raises(SigmaError, match=f"{cause}.* {todo}"):
        main()
    assert "Owner:" not in capsys.readouterr().out


def test_copies_nothing_while_an_entry_is_unreadable(sigma):
    answers(sigma, mine=[{"code": "x", "message": "Not readable", "requestId": "r-1"}])
    with pytest.raises(SigmaError, match="1 entries"):
        main()


@pytest.mark.parametrize("field", ["isArchived", "isInactive"])
def test_a_deactivated_member_gets_nothing(field, sigma):
    workbook = {"workbookId": "long-1", "name": "Orders"}
    sigma.get(f"{BASE_URL}/workbooks/short1", json=workbook)
    sigma.get(f"{BASE_URL}/members/m-2", json={**BELA, field: True})
    with pytest.raises(SigmaError, match="bela@example.com.* deactivated"):
        main()


def test_the_copy_is_the_members_and_the_second_run_makes_none(call_recipe, sandbox):
    organization = sandbox.state.organization
    source = organization.workbooks[seed.DEMO_WORKBOOK_ID]
    done = call_recipe(RECIPE, WORKBOOK_ID=source.url, NEW_WORKBOOK_NAME="Plugs für Zoë")
    assert done.returncode == 0, done.stderr
    copy = organization.workbooks[re.search("New ID: +(.+)", done.stdout)[1]]
    member = organization.members[seed.DEMO_MEMBER_ID]
    assert (copy.name, copy.ownerId) == ("Plugs für Zoë", member.memberId)
    assert copy.parentId == member.homeFolderId
    assert source.ownerId == seed.OWNER_ID
    again = call_recipe(RECIPE, NEW_WORKBOOK_NAME="Plugs für Zoë")
    assert again.returncode == 1
    assert copy.workbookId in again.stderr
    assert len(organization.workbooks) == 264 + 1


def test_takes_no_other_workbook_for_its_copy(call_recipe, sandbox):
    organization = sandbox.state.organization
    member = organization.members[seed.DEMO_MEMBER_ID]
    own = organization.workbooks[seed.DEMO_WORKBOOK_ID]  # the owner of the credentials keeps it
    own.name, own.parentId = "Dashboard", member.homeFolderId
    other = next(book for book in organization.workbooks.values() if book is not own)
    done = call_recipe(RECIPE, WORKBOOK_ID=other.workbookId, NEW_WORKBOOK_NAME="Dashboard")
    assert done.returncode == 1
    assert "NEW_WORKBOOK_NAME" in done.stderr
    assert own.ownerId == seed.OWNER_ID
    assert len(organization.workbooks) == 264


def test_the_command_that_it_prints_continues(call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="500", match="PATCH *", times=1))
    done = call_recipe(RECIPE)
    assert done.returncode == 1
    settings = dict(re.findall(r"(WORKBOOK_ID|MEMBERID)=([\w-]+)", done.stderr))
    copy = sandbox.state.organization.workbooks[settings["WORKBOOK_ID"]]
    assert copy.ownerId == seed.OWNER_ID
    assert call_recipe("workbooks/update_owner.py", **settings).returncode == 0
    assert copy.ownerId == seed.DEMO_MEMBER_ID
