"""Tests of workbooks/update_owner.py."""

import pytest
from responses.matchers import json_params_matcher

from sandbox import seed
from sigma_session import SigmaError
from tests.conftest import BASE_URL
from workbooks.update_owner import main

RECIPE = "workbooks/update_owner.py"
WORKBOOK = {"workbookId": "long-1", "name": "Orders", "ownerId": "m-1"}
ADA = {"firstName": "Ada", "lastName": "Abbott", "email": "ada@example.com"}
BELA = {"firstName": "Bela", "lastName": "Brandt", "email": "bela@example.com"}


@pytest.fixture(autouse=True)
def ids(monkeypatch):
    monkeypatch.setenv("WORKBOOK_ID", "https://app.sigmacomputing.com/acme/workbook/Orders-short1")
    monkeypatch.setenv("MEMBERID", "m-2")


def answers(sigma, **patched):
    sigma.get(f"{BASE_URL}/workbooks/short1", json=WORKBOOK)
    sigma.get(f"{BASE_URL}/members/m-1", json=ADA)
    sigma.get(f"{BASE_URL}/members/m-2", json=BELA)
    body = json_params_matcher({"ownerId": "m-2"})
    sigma.patch(f"{BASE_URL}/files/long-1", match=[body], **patched)


def test_shows_the_old_and_the_new_owner_and_sends_the_long_id(sigma, capsys):
    answers(sigma, json={"id": "long-1", "ownerId": "m-2"})
    main()
    assert capsys.readouterr().out.splitlines() == [
        "Workbook:  Orders",
        "Old owner: Ada Abbott <ada@example.com>",
        "New owner: Bela Brandt <bela@example.com>",
        "To undo it, set MEMBERID=m-1 and run this recipe again.",
    ]


def test_the_answer_may_lack_the_owner(sigma, capsys):
    answers(sigma, json={"id": "long-1"})
    main()
    assert "New owner: Bela Brandt" in capsys.readouterr().out


def test_a_change_that_sigma_did_not_make_is_an_error(sigma, capsys):
    answers(sigma, json={"id": "long-1", "ownerId": "m-1"})
    with pytest.raises(SigmaError, match="m-1 still owns long-1"):
        main()
    assert "New owner" not in capsys.readouterr().out


def test_a_refusal_is_passed_on(sigma, capsys):
    answers(sigma, status=403, json={"message": "No rights", "requestId": "r-1"})
    with pytest.raises(SigmaError, match=r"403 from PATCH .*No rights \(requestId r-1\)"):
        main()
    assert "New owner" not in capsys.readouterr().out


def test_an_old_owner_whom_sigma_does_not_know_is_shown_by_the_id(sigma, capsys):
    sigma.get(f"{BASE_URL}/workbooks/short1", json=WORKBOOK)
    sigma.get(f"{BASE_URL}/members/m-1", status=404, json={"message": "No such member"})
    sigma.get(f"{BASE_URL}/members/m-2", json=BELA)
    sigma.patch(f"{BASE_URL}/files/long-1", json={"ownerId": "m-2"})
    main()
    assert "Old owner: m-1\nNew owner: Bela" in capsys.readouterr().out


@pytest.mark.parametrize("field", ["isArchived", "isInactive"])
def test_a_deactivated_member_gets_nothing(field, sigma, capsys):
    sigma.get(f"{BASE_URL}/workbooks/short1", json=WORKBOOK)
    sigma.get(f"{BASE_URL}/members/m-1", json=ADA)
    sigma.get(f"{BASE_URL}/members/m-2", json={**BELA, field: True})
    with pytest.raises(SigmaError, match="bela@example.com is deactivated, so the workbook stays"):
        main()
    assert "New owner" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["WORKBOOK_ID", "MEMBERID"])
def test_missing_setting(name, monkeypatch):
    monkeypatch.setenv(name, "")
    with pytest.raises(SigmaError, match=f"{name} is not set"):
        main()


def test_changes_the_owner_in_the_sandbox_by_a_pasted_url(run_recipe, sandbox):
    workbook = sandbox.state.organization.workbooks[seed.DEMO_WORKBOOK_ID]
    done = run_recipe(RECIPE, WORKBOOK_ID=workbook.url)
    assert done.returncode == 0, done.stderr
    assert workbook.ownerId == seed.DEMO_MEMBER_ID
    # The undo that the output names
    assert f"set MEMBERID={seed.OWNER_ID} and run this recipe again." in done.stdout
    assert run_recipe(RECIPE, MEMBERID=seed.OWNER_ID).returncode == 0
    assert workbook.ownerId == seed.OWNER_ID


def test_an_unknown_member_in_the_sandbox_changes_nothing(run_recipe, sandbox):
    done = run_recipe(RECIPE, MEMBERID="nobody")
    assert done.returncode == 1
    assert "Member nobody not found (requestId " in done.stderr
    workbook = sandbox.state.organization.workbooks[seed.DEMO_WORKBOOK_ID]
    assert workbook.ownerId == seed.OWNER_ID


def test_an_unknown_workbook_in_the_sandbox(run_recipe):
    done = run_recipe(RECIPE, WORKBOOK_ID="nowhere")
    assert done.returncode == 1
    assert "404 from GET" in done.stderr
    assert "nowhere not found (requestId " in done.stderr
