"""Tests of teams/list_all.py."""

import csv
import io

import pytest

from sandbox.faults import Fault
from sigma_client import SigmaError
from teams.list_all import main
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/teams"
RECIPE = "teams/list_all.py"


def test_prints_names_visibility_and_ids(sigma, capsys):
    sales = {"name": "Sales", "teamId": "t1", "visibility": "public"}
    legal = {"name": "Legal", "teamId": "t2", "visibility": None}  # may be null
    sigma.get(URL, json={"entries": [sales, legal], "nextPage": None})
    main()
    heading, _, *rows = capsys.readouterr().out.splitlines()
    assert heading.split() == ["Name", "Visibility", "Team", "ID"]
    assert [row.split() for row in rows] == [["Sales", "public", "t1"], ["Legal", "t2"]]


def test_a_team_without_an_id_is_an_error(sigma, capsys):
    sigma.get(URL, json={"entries": [{"name": "Sales"}], "nextPage": None})
    with pytest.raises(SigmaError, match="teamId"):
        main()
    assert capsys.readouterr().out == ""


def test_lists_the_teams_of_the_sandbox(call_recipe, sandbox):
    printed = call_recipe(RECIPE, OUTPUT_FORMAT="csv").stdout
    rows = list(csv.DictReader(io.StringIO(printed)))
    teams = sandbox.state.organization.teams
    expected = {team_id: team.visibility for team_id, team in teams.items()}
    assert {row["Team ID"]: row["Visibility"] for row in rows} == expected
    assert len(rows) == len(teams)


def test_an_unreadable_entry_is_reported_and_the_others_are_printed(call_recipe, sandbox):
    whole = call_recipe(RECIPE)
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/teams"))
    done = call_recipe(RECIPE)
    assert (done.returncode, done.stdout) == (1, whole.stdout)
    assert "fault-1" in done.stderr
