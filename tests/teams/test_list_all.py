"""Tests of teams/list_all.py."""

import csv
import io

import pytest
from responses.matchers import header_matcher, query_param_matcher

from sigma_session import SigmaError
from teams.list_all import main
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/teams"


def team(name, visibility="public"):
    return {"name": name, "teamId": f"t-{name}", "visibility": visibility}


def test_prints_the_teams_of_all_pages(sigma, capsys):
    with_token = header_matcher({"Authorization": "Bearer token-1"})
    sigma.get(
        URL,
        match=[with_token, query_param_matcher({"limit": 1000})],
        json={"entries": [team("Sales")], "nextPage": "p2"},
    )
    sigma.get(
        URL,
        match=[with_token, query_param_matcher({"limit": 1000, "page": "p2"})],
        json={"entries": [team("Legal", None)], "nextPage": None},  # may be null
    )
    main()
    heading, _, *rows = capsys.readouterr().out.splitlines()
    assert heading.split() == ["Name", "Visibility", "Team", "ID"]
    assert [row.split() for row in rows] == [["Sales", "public", "t-Sales"], ["Legal", "t-Legal"]]


def test_says_so_when_there_are_none(sigma, capsys):
    sigma.get(URL, json={"entries": [], "nextPage": None})
    main()
    assert capsys.readouterr().out == "There are no teams.\n"


def test_a_refusal_prints_no_part_of_the_list(sigma, capsys):
    sigma.get(URL, json={"entries": [team("Sales")], "nextPage": "p2"})
    sigma.get(URL, status=403, json={"message": "No", "requestId": "r-1"})
    with pytest.raises(SigmaError, match=r"page=p2: No \(requestId r-1\)"):
        main()
    assert capsys.readouterr().out == ""


def test_lists_the_teams_of_the_sandbox(call_recipe, sandbox):
    printed = call_recipe("teams/list_all.py", OUTPUT_FORMAT="csv").stdout
    rows = list(csv.DictReader(io.StringIO(printed)))
    teams = sandbox.state.organization.teams
    assert {row["Team ID"]: row["Visibility"] for row in rows} == {
        team_id: known.visibility for team_id, known in teams.items()
    }
    assert rows[-1]["Name"] == "Onboarding"
