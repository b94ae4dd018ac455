"""Tests of members/create_new.py."""

import re
import time

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from members.create_new import main
from sigma_client import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/members"
EMAIL = "ada.byron@example.com"


@pytest.fixture(autouse=True)
def new_member(monkeypatch):
    monkeypatch.setenv("EMAIL", EMAIL)
    monkeypatch.setenv("NEW_MEMBER_FIRST_NAME", "Ada")
    monkeypatch.setenv("NEW_MEMBER_LAST_NAME", "Byron")
    monkeypatch.setenv("NEW_MEMBER_TYPE", "View")


def body(email):
    return {"email": email, "firstName": "Ada", "lastName": "Byron", "memberType": "View"}


def test_makes_the_email_unique_and_prints_what_the_next_step_needs(sigma, capsys, monkeypatch):
    monkeypatch.setattr(time, "time_ns", lambda: 1714640040000_999_999)
    email = "ada.byron+1714640040000@example.com"
    sent = [query_param_matcher({"sendInvite": "true"}), json_params_matcher(body(email))]
    sigma.post(URL, match=sent, json={**body(email), "memberId": "m1", "memberType": "view"})
    main()
    assert capsys.readouterr().out.splitlines() == [
        f"Creating {email}",
        "New member created successfully:",
        "memberId:   m1",
        "memberType: view",
    ]


def test_uses_the_email_as_it_is_and_sends_no_invitation(sigma, monkeypatch, capsys):
    monkeypatch.setenv("UNIQUE_EMAIL", "false")
    monkeypatch.setenv("SEND_INVITE", "false")
    sent = [query_param_matcher({"sendInvite": "false"}), json_params_matcher(body(EMAIL))]
    # Without a type in the response, the new ID is printed all the same
    sigma.post(URL, match=sent, json={"memberId": "m1", "memberType": None})
    main()
    assert capsys.readouterr().out.endswith("\nmemberId:   m1\nmemberType: \n")


@pytest.mark.parametrize("name", ["UNIQUE_EMAIL", "SEND_INVITE"])
def test_a_typo_is_neither_a_yes_nor_a_no(name, monkeypatch):
    monkeypatch.setenv(name, "flase")
    with pytest.raises(SigmaError, match=name):
        main()


def test_a_member_of_another_type_is_a_failure_that_names_the_member(sigma, capsys):
    sigma.post(URL, json={"memberId": "m1", "memberType": "Build"})
    with pytest.raises(SigmaError, match="m1.*Build"):
        main()
    assert "successfully" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("deactivated", "who"), [({}, "a member"), ({"isArchived": True}, "a dea")]
)
def test_an_email_that_is_taken_names_the_member(deactivated, who, sigma, monkeypatch):
    monkeypatch.setenv("UNIQUE_EMAIL", "false")
    sigma.post(URL, status=409, json={"message": "Duplicate"})
    found = [
        {"email": "ada.byron@example.com.au", "memberId": "m8"},  # the filter may find too much
        {"email": None, "memberId": "m9"},
        {"email": "Ada.Byron@example.com", "memberId": "m7", **deactivated},
    ]
    query = {"email": EMAIL, "limit": 1000, "includeArchived": "true", "includeInactive": "true"}
    sigma.get(URL, match=[query_param_matcher(query)], json={"entries": found, "nextPage": None})
    with pytest.raises(SigmaError, match=f"{EMAIL} already belongs to {who}.*m7"):
        main()


NEAR = {"email": f"{EMAIL}.au", "memberId": "m8"}
SAME = {"email": EMAIL, "memberId": "m7"}


@pytest.mark.parametrize(
    "lookup",
    [
        {"json": {"entries": [NEAR]}},
        {"json": {"entries": [SAME, {**SAME, "memberId": "m9"}]}},
        {"status": 403, "json": {}},
    ],
)
def test_another_409_is_passed_on(lookup, sigma, monkeypatch):
    monkeypatch.setenv("UNIQUE_EMAIL", "false")
    sigma.post(URL, status=409, json={"message": "No seat left", "requestId": "r3"})
    sigma.get(URL, **lookup)
    with pytest.raises(SigmaError, match=r"409 from POST .*No seat left \(requestId r3\)$"):
        main()


def test_in_the_sandbox_a_second_run_with_the_same_email_creates_nothing(call_recipe, sandbox):
    organization = sandbox.state.organization
    done = call_recipe("members/create_new.py", UNIQUE_EMAIL="false")
    member = organization.members[re.search(r"memberId:   (\w+)", done.stdout)[1]]
    assert (member.email, member.firstName) == ("new.member@example.com", "API")
    assert (member.lastName, member.memberType) == ("Generated", "Build")
    before = len(organization.members)
    again = call_recipe("members/create_new.py", UNIQUE_EMAIL="false")
    assert again.returncode == 1
    assert member.memberId in again.stderr
    assert len(organization.members) == before
