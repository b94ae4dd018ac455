"""Tests of members/update.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from members.update import main
from sandbox import seed
from sigma_session import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/members/m-1"


@pytest.fixture(autouse=True)
def member(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m-1")
    monkeypatch.setenv("NEW_MEMBER_TYPE", "Creator")


def test_shows_the_old_and_the_new_type(sigma, capsys):
    before = {"firstName": "Ada", "lastName": "Byron", "email": "ada@example.com"}
    sigma.get(URL, json={**before, "memberType": "Viewer"})
    sigma.patch(
        URL,
        match=[json_params_matcher({"memberType": "Creator"})],
        json={**before, "memberType": "creator"},  # as Sigma spells it
    )
    main()
    assert capsys.readouterr().out.splitlines() == [
        "Member:   Ada Byron <ada@example.com>",
        "Old type: Viewer",
        "New type: creator",
        "User account type updated successfully: m-1",
        "To undo it, set NEW_MEMBER_TYPE=Viewer and run this recipe again.",
    ]


def test_an_unknown_type_lists_those_of_the_organization(sigma, capsys):
    sigma.get(URL, json={"memberType": "Viewer", "email": "ada@example.com"})
    refusal = {"message": "Member type name is not found", "code": "not_found", "requestId": "r-1"}
    sigma.patch(URL, status=404, json=refusal)
    types = f"{BASE_URL}/accountTypes"
    sigma.get(
        types,
        match=[query_param_matcher({"pageSize": 1000})],
        json={"entries": [{"accountTypeName": "View"}], "nextPageToken": "t2"},
    )
    sigma.get(
        types,
        match=[query_param_matcher({"pageSize": 1000, "pageToken": "t2"})],
        json={"entries": [{"accountTypeName": "Build"}]},
    )
    with pytest.raises(SigmaError, match=r"requestId r-1\)\. NEW_MEMBER_TYPE can be View, Build$"):
        main()
    assert "successfully" not in capsys.readouterr().out


def test_a_member_who_vanished_is_not_taken_for_an_unknown_type(sigma):
    sigma.get(URL, json={"memberType": "Viewer", "email": "ada@example.com"})
    sigma.patch(URL, status=404, json={"message": "No such member", "requestId": "r-1"})
    entries = [{"accountTypeName": "CREATOR"}]
    sigma.get(f"{BASE_URL}/accountTypes", json={"entries": entries})
    with pytest.raises(SigmaError, match=r"No such member \(requestId r-1\)$"):
        main()


def test_another_refusal_is_passed_on(sigma):
    sigma.get(URL, json={"memberType": "Viewer", "email": "ada@example.com"})
    sigma.patch(URL, status=403, json={"message": "No rights", "requestId": "r-2"})
    with pytest.raises(SigmaError, match=r"No rights \(requestId r-2\)$") as refused:
        main()
    assert refused.value.status == 403


def test_changes_the_member_of_the_sandbox(run_recipe, sandbox):
    done = run_recipe("members/update.py", NEW_MEMBER_TYPE="FINANCE auditor")
    assert "Old type: View\n" in done.stdout
    assert "New type: Finance Auditor\n" in done.stdout
    members = sandbox.state.organization.members
    assert members[seed.DEMO_MEMBER_ID].memberType == "Finance Auditor"


def test_an_unknown_type_in_the_sandbox(run_recipe, sandbox):
    done = run_recipe("members/update.py", NEW_MEMBER_TYPE="Emperor")
    assert done.returncode == 1
    assert "NEW_MEMBER_TYPE can be View, Act, Analyze, Build, Admin," in done.stderr
    assert sandbox.state.organization.members[seed.DEMO_MEMBER_ID].memberType == "View"


def test_says_no_success_when_the_type_is_the_old_one(sigma, capsys):
    sigma.get(URL, json={"memberType": "Viewer", "email": "ada@example.com"})
    sigma.patch(URL, json={"memberType": "Viewer"})
    with pytest.raises(SigmaError, match="took the request, but the type is still Viewer"):
        main()
    assert "successfully" not in capsys.readouterr().out


def test_the_refusal_is_shown_when_the_types_cannot_be_listed(sigma):
    sigma.get(URL, json={"memberType": "Viewer", "email": "ada@example.com"})
    sigma.patch(URL, status=404, json={"message": "Member type name is not found"})
    sigma.get(f"{BASE_URL}/accountTypes", status=403, json={"message": "No rights"})
    with pytest.raises(SigmaError, match="404 from PATCH .*Member type name is not found"):
        main()
