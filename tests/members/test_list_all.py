"""Tests of members/list_all.py."""

import csv
import io
import json

import pytest
from responses.matchers import query_param_matcher

from members.list_all import list_members, main
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/members"
RECIPE = "members/list_all.py"


def person(number, **fields):
    names = {"firstName": "Ann", "lastName": "Lee, Jr."}
    return {"memberId": f"m{number}", "email": f"m{number}@example.com", **names, **fields}


def answer(sigma, *members, at=None, following=None):
    query = {"limit": 1000, **({"page": at} if at else {})}
    page = {"entries": members, "nextPage": following}
    sigma.get(URL, match=[query_param_matcher(query)], json=page)


def test_prints_the_members_of_all_pages(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "csv")
    answer(sigma, person(1, memberType="View"), following="p2")
    answer(sigma, person(2, lastName=None), at="p2")
    main()
    assert list(csv.reader(io.StringIO(capsys.readouterr().out))) == [
        ["Name", "Email", "Type", "Member ID"],
        ["Ann Lee, Jr.", "m1@example.com", "View", "m1"],
        ["Ann", "m2@example.com", "", "m2"],
    ]


def test_json_has_every_field_that_sigma_sent(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")
    zoe = person(1, firstName="Zoë", userKind="embed")
    answer(sigma, zoe)
    main()
    assert json.loads(capsys.readouterr().out) == [{**zoe, "name": "Zoë Lee, Jr."}]


def test_an_importer_gets_what_sigma_sent(sigma, client):
    answer(sigma, person(1))
    assert list_members(client) == [person(1)]


def test_a_failure_on_the_second_page_prints_no_part_of_the_list(sigma, capsys):
    answer(sigma, person(1), following="p2")
    sigma.get(URL, status=403, json={"message": "No", "requestId": "r-1"})
    with pytest.raises(SigmaError, match=r"403 .*page=p2.*r-1"):
        main()
    assert capsys.readouterr().out == ""


def test_a_member_on_two_pages_is_printed_once(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "csv")
    answer(sigma, person(0), person(1), following="p2")
    answer(sigma, person(1), at="p2")
    answer(sigma, person(0), person(1), following="p2")  # the list is read again
    answer(sigma, person(2), at="p2")
    main()
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["Member ID"] for row in rows] == ["m0", "m1", "m2"]


def test_a_member_without_an_id_is_an_error(sigma, capsys):
    answer(sigma, person(1), person(2, memberId=None))
    with pytest.raises(SigmaError, match="memberId"):
        main()
    assert capsys.readouterr().out == ""


def test_has_the_robot_but_no_deactivated_members(call_recipe, sandbox):
    rows = json.loads(call_recipe(RECIPE, OUTPUT_FORMAT="json").stdout)
    members = sandbox.state.organization.members.values()
    active = [member.memberId for member in members if not member.isArchived]
    assert sorted(row["memberId"] for row in rows) == sorted(active)
    assert "SigmaSchedulerRobot" in active
    assert len(members) > len(active)


def test_an_unreadable_member_is_reported_and_the_others_are_printed(call_recipe, sandbox):
    whole = call_recipe(RECIPE)
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/members"))
    done = call_recipe(RECIPE)
    assert (done.returncode, done.stdout) == (1, whole.stdout)
    assert "fault-1" in done.stderr
