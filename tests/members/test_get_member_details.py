"""Tests of members/get_member_details.py."""

import pytest
from responses.matchers import query_param_matcher

from members.get_member_details import main
from sandbox import seed
from sigma_client import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/members"
RECIPE = "members/get_member_details.py"
ADA = {
    "memberId": "m1",
    "firstName": "Ada",
    "lastName": "Byron",
    "email": "ada@example.com",
    "memberType": "View",
    "createdAt": "2024-05-02T09:14:00.000Z",
}


def answer(sigma, path, *entries, query=None):
    match = [query_param_matcher({"limit": 1000, **(query or {})})]
    sigma.get(URL + path, match=match, json={"entries": entries, "nextPage": None})


def test_memberid_counts_if_both_settings_are_there(sigma, capsys, monkeypatch):
    monkeypatch.setenv("MEMBERID", "m1")
    monkeypatch.setenv("EMAIL", "another@example.com")
    sigma.get(f"{URL}/m1", json=ADA)
    answer(sigma, "/m1/teams", {"name": "Sales", "teamId": "t1"}, {"name": None, "teamId": "t2"})
    main()
    lines = capsys.readouterr().out.splitlines()
    assert "MEMBERID" in lines[0]
    assert [line.split() for line in lines[1:]] == [
        ["Name:", "Ada", "Byron"],
        ["Email:", "ada@example.com"],
        ["Type:", "View"],
        ["ID:", "m1"],
        ["Status:", "active"],
        ["Created:", "2024-05-02T09:14:00.000Z"],
        ["Teams:", "2"],
        ["Sales", "(t1)"],
        ["(t2)"],
    ]


def test_finds_an_email_exactly_but_ignores_case(sigma, capsys, monkeypatch):
    monkeypatch.setenv("EMAIL", "Ada@example.com")
    longer = {**ADA, "memberId": "m7", "email": "ada@example.com.au"}
    unknown = {**ADA, "memberId": "m8", "email": None}
    query = {"email": "Ada@example.com", "includeArchived": "true", "includeInactive": "true"}
    answer(sigma, "", longer, unknown, {**ADA, "lastName": None, "isArchived": True}, query=query)
    answer(sigma, "/m1/teams")
    main()
    lines = capsys.readouterr().out.splitlines()
    assert "EMAIL" in lines[0]
    assert {"Name:    Ada", "ID:      m1", "Status:  deactivated"} <= set(lines)
    assert lines[-1] == "Teams:   none"


@pytest.mark.parametrize("emails", [["ada@example.com.au"], ["ada@example.com"] * 2])
def test_no_member_and_two_members_are_refused(emails, sigma, monkeypatch):
    monkeypatch.setenv("EMAIL", "ada@example.com")
    entries = [{**ADA, "memberId": f"m{n}", "email": email} for n, email in enumerate(emails)]
    sigma.get(URL, json={"entries": entries, "nextPage": None})
    with pytest.raises(SigmaError, match="ada@example.com"):
        main()


def test_shows_who_was_deactivated_by_the_identity_provider(sigma, capsys, monkeypatch):
    monkeypatch.setenv("MEMBERID", "m1")
    sigma.get(f"{URL}/m1", json={**ADA, "isInactive": True})
    answer(sigma, "/m1/teams")
    main()
    assert "identity provider" in capsys.readouterr().out


def test_a_name_can_not_forge_a_line(sigma, capsys, monkeypatch):
    monkeypatch.setenv("MEMBERID", "m1")
    sigma.get(f"{URL}/m1", json={**ADA, "lastName": "B\nStatus:  active", "isArchived": True})
    answer(sigma, "/m1/teams", {"name": "Sales\n(t2)", "teamId": "t1"})
    main()
    lines = capsys.readouterr().out.splitlines()
    assert "Status:  active" not in lines
    assert lines[-1].split() == ["Sales", "(t2)", "(t1)"]


@pytest.mark.parametrize(("name", "value"), [("MEMBERID", "../whoami"), ("EMAIL", "ada")])
def test_settings_are_checked_before_anything_is_sent(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(SigmaError, match=name):
        main()


def test_finds_the_same_member_by_id_and_by_email(call_recipe):
    by_id = call_recipe(RECIPE).stdout.splitlines()
    by_email = call_recipe(RECIPE, MEMBERID="", EMAIL="SALES_REP@example.com").stdout.splitlines()
    assert by_id[1:] == by_email[1:]
    assert f"ID:      {seed.DEMO_MEMBER_ID}" in by_id


def test_finds_a_deactivated_member_by_email(call_recipe):
    done = call_recipe(RECIPE, MEMBERID="", EMAIL="gone3@example.com")
    assert "Status:  deactivated\n" in done.stdout
