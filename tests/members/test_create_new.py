"""Tests of members/create_new.py."""

import re
import time

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from members.create_new import main
from sigma_session import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/members"


@pytest.fixture(autouse=True)
def new_member(monkeypatch):
    monkeypatch.setenv("EMAIL", "ada.byron@example.com")
    monkeypatch.setenv("NEW_MEMBER_FIRST_NAME", "Ada")
    monkeypatch.setenv("NEW_MEMBER_LAST_NAME", "Byron")
    monkeypatch.setenv("NEW_MEMBER_TYPE", "View")


def body(email):
    return {"email": email, "firstName": "Ada", "lastName": "Byron", "memberType": "View"}


def test_makes_the_address_unique_and_prints_what_the_next_step_needs(sigma, capsys, monkeypatch):
    monkeypatch.setattr(time, "time_ns", lambda: 1714640040000_999_999)
    email = "ada.byron+1714640040000@example.com"
    sigma.post(
        URL,
        match=[query_param_matcher({"sendInvite": "true"}), json_params_matcher(body(email))],
        json={**body(email), "memberId": "m-1"},
    )
    main()
    assert capsys.readouterr().out.splitlines() == [
        f"Creating {email}",
        "New member created successfully:",
        "memberId:   m-1",
        "memberType: View",
    ]


def test_a_type_that_sigma_leaves_out_does_not_hide_the_new_id(sigma, capsys):
    sigma.post(URL, json={"memberId": "m-1", "memberType": None})
    main()
    assert capsys.readouterr().out.endswith("\nmemberId:   m-1\nmemberType: \n")


def test_takes_the_address_as_it_is_and_sends_no_invitation_when_told_so(sigma, monkeypatch):
    monkeypatch.setenv("UNIQUE_EMAIL", "false")
    monkeypatch.setenv("SEND_INVITE", "false")
    sigma.post(
        URL,
        match=[
            query_param_matcher({"sendInvite": "false"}),
            json_params_matcher(body("ada.byron@example.com")),
        ],
        json={"memberId": "m-1"},
    )
    main()


@pytest.mark.parametrize("name", ["UNIQUE_EMAIL", "SEND_INVITE"])
@pytest.mark.parametrize("value", ["no", "True", "0", "flase"])
def test_a_typing_error_is_neither_a_yes_nor_a_no(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(SigmaError, match=f"{name} is '{value}'. It can be true, false"):
        main()


def test_names_the_member_who_has_the_address(sigma, monkeypatch, capsys):
    monkeypatch.setenv("UNIQUE_EMAIL", "false")
    refusal = {"message": "Email is taken: member-id=m-7.", "requestId": "r-1"}
    sigma.post(URL, status=409, json=refusal)
    with pytest.raises(SigmaError, match="belongs to the member with memberId m-7 already"):
        main()
    assert "successfully" not in capsys.readouterr().out


def test_looks_the_member_up_when_the_message_lacks_the_id(sigma, monkeypatch):
    monkeypatch.setenv("UNIQUE_EMAIL", "false")
    sigma.post(URL, status=409, json={"message": "Duplicate"})
    found = [
        # The filter may find more than asked for
        {"email": "ada.byron@example.com.au", "memberId": "m-8"},
        {"email": None, "memberId": "m-9"},
        {"email": "Ada.Byron@example.com", "memberId": "m-7"},
    ]
    hidden = {"includeArchived": "true", "includeInactive": "true"}
    query = {"email": "ada.byron@example.com", "limit": 1000, **hidden}
    sigma.get(URL, match=[query_param_matcher(query)], json={"entries": found, "nextPage": None})
    with pytest.raises(SigmaError, match="belongs to the member with memberId m-7 already"):
        main()


def test_a_conflict_that_nobody_explains_is_passed_on(sigma, monkeypatch):
    monkeypatch.setenv("UNIQUE_EMAIL", "false")
    sigma.post(URL, status=409, json={"message": "Duplicate", "requestId": "r-3"})
    sigma.get(URL, json={"entries": [], "nextPage": None})
    with pytest.raises(SigmaError, match=r"Duplicate \(requestId r-3\)$"):
        main()


def test_creates_a_member_in_the_sandbox(run_recipe, sandbox):
    done = run_recipe("members/create_new.py", SEND_INVITE="false")
    member_id = re.search(r"memberId:   (\w+)", done.stdout)[1]
    member = sandbox.state.organization.members[member_id]
    assert re.fullmatch(r"new\.member\+\d{13}@example\.com", member.email)
    assert (member.firstName, member.lastName, member.memberType) == ("API", "Generated", "Build")
    assert sandbox.state.log.entries[-1].query == "sendInvite=false"


def test_a_second_time_with_the_same_address(run_recipe, sandbox):
    assert run_recipe("members/create_new.py", UNIQUE_EMAIL="false").returncode == 0
    before = len(sandbox.state.organization.members)
    done = run_recipe("members/create_new.py", UNIQUE_EMAIL="false")
    assert done.returncode == 1
    member = sandbox.state.organization.find_email("new.member@example.com")
    assert f"memberId {member.memberId} already" in done.stderr
    assert len(sandbox.state.organization.members) == before
