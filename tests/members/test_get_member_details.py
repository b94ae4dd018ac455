"""Tests of members/get_member_details.py."""

import pytest
from responses.matchers import header_matcher, query_param_matcher

from members.get_member_details import main
from sandbox import seed
from sigma_session import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/members"
ADA = {
    "memberId": "m-1",
    "firstName": "Ada",
    "lastName": "Byron",
    "email": "ada@example.com",
    "memberType": "View",
    "createdAt": "2024-05-02T09:14:00.000Z",
}
BY_EMAIL = {
    "email": "Ada@example.com",
    "includeArchived": "true",
    "includeInactive": "true",
    "limit": 1000,
}


def test_shows_the_member_in_memberid_with_the_teams_of_all_pages(sigma, capsys, monkeypatch):
    monkeypatch.setenv("MEMBERID", "m-1")
    monkeypatch.setenv("EMAIL", "somebody.else@example.com")
    with_token = header_matcher({"Authorization": "Bearer token-1"})
    sigma.get(f"{URL}/m-1", match=[with_token], json=ADA)
    sigma.get(
        f"{URL}/m-1/teams",
        match=[with_token, query_param_matcher({"limit": 1000})],
        json={"entries": [{"name": "Sales", "teamId": "t-1"}], "nextPage": "p2"},
    )
    sigma.get(
        f"{URL}/m-1/teams",
        match=[query_param_matcher({"limit": 1000, "page": "p2"})],
        json={"entries": [{"name": "Legal", "teamId": "t-2"}], "nextPage": None},
    )
    main()
    assert capsys.readouterr().out.splitlines() == [
        "Looking for the member in MEMBERID",
        "Name:    Ada Byron",
        "Email:   ada@example.com",
        "Type:    View",
        "ID:      m-1",
        "Status:  active",
        "Created: 2024-05-02T09:14:00.000Z",
        "Teams:   2",
        "         Sales (t-1)",
        "         Legal (t-2)",
    ]


def test_finds_an_address_exactly_but_in_any_case(sigma, capsys, monkeypatch):
    monkeypatch.setenv("EMAIL", "Ada@example.com")
    others = [
        {**ADA, "memberId": "m-7", "email": "ada@example.com.au"},
        {**ADA, "memberId": "m-8", "email": None},
    ]
    gone = {**ADA, "lastName": None, "isArchived": True}
    sigma.get(
        URL,
        match=[query_param_matcher(BY_EMAIL)],
        json={"entries": [*others, gone], "nextPage": None},
    )
    sigma.get(f"{URL}/m-1/teams", json={"entries": [], "nextPage": None})
    main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["Looking for the member in EMAIL", "Name:    Ada"]
    assert "Status:  deactivated" in lines
    assert lines[-1] == "Teams:   none"


def test_tells_who_was_deactivated_by_the_identity_provider(sigma, capsys, monkeypatch):
    monkeypatch.setenv("MEMBERID", "m-1")
    sigma.get(f"{URL}/m-1", json={**ADA, "isInactive": True})
    sigma.get(f"{URL}/m-1/teams", json={"entries": [], "nextPage": None})
    main()
    assert "Status:  deactivated by the identity provider\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("hits", "count"), [(["ada@example.com.au"], "No"), ([BY_EMAIL["email"]] * 2, "2")]
)
def test_no_member_and_two_members_are_refused(hits, count, sigma, monkeypatch):
    monkeypatch.setenv("EMAIL", "Ada@example.com")
    entries = [{**ADA, "memberId": f"m-{n}", "email": email} for n, email in enumerate(hits)]
    sigma.get(URL, json={"entries": entries, "nextPage": None})
    with pytest.raises(SigmaError, match=f"^{count} members have the address Ada@example.com"):
        main()


def test_a_member_on_two_pages_is_one(sigma, monkeypatch, capsys):
    monkeypatch.setenv("EMAIL", BY_EMAIL["email"])
    ada = {**ADA, "email": BY_EMAIL["email"]}
    sigma.get(URL, json={"entries": [ada, ada], "nextPage": None})
    sigma.get(f"{URL}/{ADA['memberId']}/teams", json={"entries": [], "nextPage": None})
    main()
    assert f"ID:      {ADA['memberId']}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "MEMBERID is not set"),
        ({"MEMBERID": "../whoami"}, "MEMBERID is '../whoami', which is not an ID"),
        ({"EMAIL": "ada"}, "EMAIL is 'ada', which is not an email address"),
    ],
)
def test_settings_are_checked_before_anything_is_sent(settings, problem, monkeypatch):
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SigmaError, match=problem):
        main()


def test_a_refusal_is_passed_on(sigma, monkeypatch):
    monkeypatch.setenv("MEMBERID", "m-9")
    sigma.get(f"{URL}/m-9", status=404, json={"message": "No such member", "requestId": "r-1"})
    with pytest.raises(SigmaError, match=r"No such member \(requestId r-1\)$"):
        main()


def test_finds_the_same_member_by_id_and_by_address(call_recipe):
    recipe = "members/get_member_details.py"
    by_id = call_recipe(recipe).stdout.splitlines()
    by_email = call_recipe(recipe, MEMBERID="", EMAIL="SALES_REP@example.com").stdout.splitlines()
    assert by_id[1:] == by_email[1:]
    assert f"ID:      {seed.DEMO_MEMBER_ID}" in by_id
    assert [by_id[0], by_email[0]] == [
        f"Looking for the member in {setting}" for setting in ("MEMBERID", "EMAIL")
    ]


def test_finds_a_deactivated_member_by_address(call_recipe):
    done = call_recipe("members/get_member_details.py", MEMBERID="", EMAIL="gone3@example.com")
    assert "Name:    Gone Person3\n" in done.stdout
    assert "Status:  deactivated\n" in done.stdout
