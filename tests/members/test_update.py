"""Tests of members/update.py."""

import pytest
from responses.matchers import json_params_matcher

from members.update import main
from sandbox import seed
from sigma_client import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/members/m1"
RECIPE = "members/update.py"
BEFORE = {"memberId": "m1", "email": "a@example.com", "firstName": "Ann", "memberType": "View"}


@pytest.fixture
def member(sigma, monkeypatch):
    """A member of type View, and the settings to change that."""
    monkeypatch.setenv("MEMBERID", "m1")
    monkeypatch.setenv("NEW_MEMBER_TYPE", "build")
    sigma.get(f"{BASE_URL}/whoami", json={"userId": "owner"})
    sigma.get(URL, json=BEFORE)


def test_changes_the_type_and_shows_how_to_undo_it(member, sigma, capsys):
    after = {**BEFORE, "memberType": "Build"}  # as Sigma spells it
    sigma.patch(URL, match=[json_params_matcher({"memberType": "build"})], json=after)
    main()
    printed = capsys.readouterr().out
    for text in ("Ann <a@example.com>", "Old type: View\n", "New type: Build\n"):
        assert text in printed
    assert "User account type updated successfully: m1\n" in printed
    assert "NEW_MEMBER_TYPE=View" in printed


def test_a_response_that_shows_the_old_type_is_a_failure(member, sigma, capsys):
    sigma.patch(URL, json=BEFORE)
    with pytest.raises(SigmaError, match="still View"):
        main()
    assert "successfully" not in capsys.readouterr().out


@pytest.mark.parametrize("after", [{}, {"memberType": None}])
def test_a_response_without_the_type_is_no_failure(after, member, sigma, capsys):
    sigma.patch(URL, json=after)
    main()
    assert "updated successfully: m1\n" in capsys.readouterr().out


def test_an_unknown_type_lists_those_of_the_organization(call_recipe, sandbox):
    done = call_recipe(RECIPE, NEW_MEMBER_TYPE="Emperor")
    assert done.returncode == 1
    assert "404 from PATCH" in done.stderr
    assert "View, Act, Analyze, Build, Admin" in done.stderr
    assert "successfully" not in done.stdout
    assert sandbox.state.organization.members[seed.DEMO_MEMBER_ID].memberType == "View"


def test_another_refusal_is_passed_on(member, sigma):
    sigma.patch(URL, status=403, json={"message": "No rights", "requestId": "r-2"})
    with pytest.raises(SigmaError, match="No rights.*r-2") as refused:
        main()
    assert refused.value.status == 403


def test_takes_a_type_that_the_organization_created(call_recipe, sandbox):
    assert call_recipe(RECIPE, NEW_MEMBER_TYPE="FINANCE auditor").returncode == 0
    member = sandbox.state.organization.members[seed.DEMO_MEMBER_ID]
    assert member.memberType == "Finance Auditor"


def test_the_owner_of_the_credentials_keeps_the_right_to_undo(call_recipe, sandbox):
    done = call_recipe(RECIPE, MEMBERID=seed.OWNER_ID)
    assert done.returncode == 1
    assert "MEMBERID" in done.stderr
    assert not [entry for entry in sandbox.state.log.entries if entry.method == "PATCH"]
