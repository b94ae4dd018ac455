"""Tests of workbooks/update_owner.py."""

import re

import pytest
from responses.matchers import json_params_matcher

from sandbox import seed
from sigma_client import SigmaError
from tests.conftest import BASE_URL
from workbooks.update_owner import main

RECIPE = "workbooks/update_owner.py"
ADA = {"firstName": "Ada", "lastName": "Abbott", "email": "ada@example.com"}
BELA = {"firstName": "Bela", "lastName": "Brandt", "email": "bela@example.com"}


@pytest.fixture(autouse=True)
def ids(monkeypatch):
    monkeypatch.setenv("WORKBOOK_ID", "https://app.sigmacomputing.com/acme/workbook/Orders-short1")
    monkeypatch.setenv("MEMBERID", "m-2")


def answers(sigma, owner_id="m-1", member=BELA):
    workbook = {"workbookId": "long-1", "name": "Or\nders", "ownerId": owner_id}
    sigma.get(f"{BASE_URL}/workbooks/short1", json=workbook)
    sigma.get(f"{BASE_URL}/members/m-1", json=ADA)
    sigma.get(f"{BASE_URL}/members/m-2", json=member)


@pytest.mark.parametrize("file", [{"ownerId": "m-2"}, {"ownerId": None}, {}], ids=str)
def test_shows_the_old_and_the_new_owner_and_sends_the_long_id(file, sigma, capsys):
    answers(sigma)
    body = json_params_matcher({"ownerId": "m-2"})
    sigma.patch(f"{BASE_URL}/files/long-1", match=[body], json=file)
    main()
    workbook, old, new, undo = capsys.readouterr().out.splitlines()
    assert "Or ders" in workbook
    assert "Ada Abbott <ada@example.com>" in old
    assert "Bela Brandt <bela@example.com>" in new
    assert "MEMBERID=m-1" in undo


def test_a_response_with_the_old_owner_is_a_failure(sigma, capsys):
    answers(sigma)
    sigma.patch(f"{BASE_URL}/files/long-1", json={"id": "long-1", "ownerId": "m-1"})
    with pytest.raises(SigmaError, match="m-1 still owns long-1"):
        main()
    assert "New owner" not in capsys.readouterr().out


def test_an_unknown_old_owner_is_shown_by_the_id(sigma, capsys):
    sigma.assert_all_requests_are_fired = False
    sigma.get(f"{BASE_URL}/members/m-9", status=404, json={"message": "No such member"})
    answers(sigma, owner_id="m-9")
    sigma.patch(f"{BASE_URL}/files/long-1", json={"ownerId": "m-2"})
    main()
    assert "Old owner: m-9\nNew owner: Bela" in capsys.readouterr().out


@pytest.mark.parametrize("field", ["isArchived", "isInactive"])
def test_a_deactivated_member_gets_nothing(field, sigma, capsys):
    answers(sigma, member={**BELA, field: True})
    with pytest.raises(SigmaError, match="bela@example.com.* deactivated"):
        main()
    assert "New owner" not in capsys.readouterr().out


def test_the_undo_that_it_prints_works(call_recipe, sandbox):
    workbook = sandbox.state.organization.workbooks[seed.DEMO_WORKBOOK_ID]
    done = call_recipe(RECIPE, WORKBOOK_ID=workbook.url)
    assert workbook.ownerId == seed.DEMO_MEMBER_ID
    again = call_recipe(RECIPE)
    assert "MEMBERID=" not in again.stdout  # that owner is the new one already
    undo = re.search(r"MEMBERID=(\w+)", done.stdout)[1]
    assert call_recipe(RECIPE, MEMBERID=undo).returncode == 0
    assert workbook.ownerId == seed.OWNER_ID


def test_an_unknown_member_changes_nothing(call_recipe, sandbox):
    done = call_recipe(RECIPE, MEMBERID="unknown")
    assert done.returncode == 1
    assert "404 from GET" in done.stderr
    workbook = sandbox.state.organization.workbooks[seed.DEMO_WORKBOOK_ID]
    assert workbook.ownerId == seed.OWNER_ID
