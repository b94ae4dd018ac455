"""Tests of members/change_email.py."""

import pytest
from responses.matchers import json_params_matcher

from members.change_email import main
from sandbox import seed
from sigma_client import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/members/m1"
RECIPE = "members/change_email.py"


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m1")
    monkeypatch.setenv("EMAIL", "New@example.com")


@pytest.mark.parametrize("after", [{"email": "new@example.com"}, {"email": None}, {}])
def test_changes_the_email_and_shows_how_to_undo_it(after, sigma, capsys):
    sigma.get(URL, json={"email": "old@example.com"})
    sent = json_params_matcher({"email": "New@example.com"})
    sigma.patch(URL, match=[sent], json=after)
    main()
    printed = capsys.readouterr().out
    assert "Old email: old@example.com\n" in printed
    assert "successfully" in printed
    assert "EMAIL=old@example.com" in printed


@pytest.mark.parametrize("old", ["old@example.com", "new@example.com"])
def test_a_response_that_shows_the_old_email_is_a_failure(old, sigma, capsys):
    sigma.get(URL, json={"email": old})
    sigma.patch(URL, json={"email": old})
    with pytest.raises(SigmaError, match=f"still {old}"):
        main()
    assert "successfully" not in capsys.readouterr().out


def test_an_email_that_the_member_has_is_not_sent(sigma):
    sigma.get(URL, json={"email": "New@example.com"})
    main()


def test_an_email_that_is_taken_is_explained(call_recipe, sandbox):
    done = call_recipe(RECIPE, EMAIL="ADA@example.com")
    assert done.returncode == 1
    assert "Duplicate record (requestId " in done.stderr
    assert "deactivated" in done.stderr  # the list of members hides who may have it
    member = sandbox.state.organization.members[seed.DEMO_MEMBER_ID]
    assert member.email == "sales_rep@example.com"


def test_another_refusal_is_passed_on(sigma):
    sigma.get(URL, json={"email": "old@example.com"})
    sigma.patch(URL, status=400, json={"message": "Bad domain", "requestId": "r-2"})
    with pytest.raises(SigmaError, match=r"Bad domain \(requestId r-2\)$"):
        main()


def test_changes_the_member_of_the_sandbox(call_recipe, sandbox):
    assert call_recipe(RECIPE, EMAIL="rep@example.com").returncode == 0
    member = sandbox.state.organization.members[seed.DEMO_MEMBER_ID]
    assert member.email == "rep@example.com"
