"""Tests of members/change_email.py."""

import pytest
from responses.matchers import json_params_matcher

from members.change_email import main
from sandbox import seed
from sigma_session import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/members/m-1"


@pytest.fixture(autouse=True)
def member(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m-1")
    monkeypatch.setenv("EMAIL", "new@example.com")


def test_shows_both_addresses_and_how_to_revert(sigma, capsys):
    sigma.get(URL, json={"email": "old@example.com"})
    sigma.patch(
        URL,
        match=[json_params_matcher({"email": "new@example.com"})],
        json={"email": "new@example.com"},
    )
    main()
    printed = capsys.readouterr().out
    assert "Old address: old@example.com\nNew address: new@example.com\n" in printed
    assert "successfully" in printed
    assert "To revert it, set EMAIL=old@example.com and run" in printed


def test_changes_nothing_when_the_member_has_the_address_already(sigma, capsys):
    sigma.get(URL, json={"email": "new@example.com"})
    main()
    assert "nothing was changed" in capsys.readouterr().out


def test_explains_an_address_that_is_taken(run_recipe, sandbox):
    done = run_recipe("members/change_email.py", EMAIL="ADA@example.com")
    assert done.returncode == 1
    assert "Duplicate record (requestId " in done.stderr
    assert "ADA@example.com belongs to another member, perhaps a deactivated one" in done.stderr
    member = sandbox.state.organization.members[seed.DEMO_MEMBER_ID]
    assert member.email == "sales_rep@example.com"


def test_changes_the_member_of_the_sandbox(run_recipe, sandbox):
    assert run_recipe("members/change_email.py", EMAIL="rep@example.com").returncode == 0
    member = sandbox.state.organization.members[seed.DEMO_MEMBER_ID]
    assert member.email == "rep@example.com"


@pytest.mark.parametrize("email", ["nobody", "a@b@c", "@example.com", "a@", "a b@c", "a@b, c@d"])
def test_refuses_what_is_no_address(email, monkeypatch):
    monkeypatch.setenv("EMAIL", email)
    with pytest.raises(SigmaError, match="EMAIL is .*, which is not an email address"):
        main()


def test_another_refusal_is_passed_on(sigma):
    sigma.get(URL, json={"email": "old@example.com"})
    sigma.patch(URL, status=400, json={"message": "Bad domain", "requestId": "r-2"})
    with pytest.raises(SigmaError, match=r"Bad domain \(requestId r-2\)$"):
        main()


def test_says_no_success_when_the_address_is_the_old_one(sigma, capsys):
    sigma.get(URL, json={"email": "old@example.com"})
    sigma.patch(URL, json={"email": "old@example.com"})
    with pytest.raises(SigmaError, match="took the request, but the address is still old@example"):
        main()
    assert "successfully" not in capsys.readouterr().out
