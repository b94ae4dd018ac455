"""Tests of members/add_member_to_team.py."""

import pytest
from responses.matchers import json_params_matcher

from members.add_member_to_team import main
from sandbox import seed
from sigma_client import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/teams/t1/members"
RECIPE = "members/add_member_to_team.py"


@pytest.fixture(autouse=True)
def ids(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m1")
    monkeypatch.setenv("TEAMID", "t1")


def test_adds_the_member(sigma, capsys):
    sigma.patch(URL, match=[json_params_matcher({"add": ["m1"]})], json={})
    main()
    assert capsys.readouterr().out == "Member successfully added to team: {}\n"


def test_an_error_object_is_a_failure(sigma, capsys):
    sigma.patch(URL, json={"code": "forbidden", "message": "Not yours", "requestId": "r1"})
    with pytest.raises(SigmaError, match="Not yours"):
        main()
    assert capsys.readouterr().out == ""


def test_two_runs_add_the_member_once_in_the_sandbox(call_recipe, sandbox):
    for _ in range(2):
        assert call_recipe(RECIPE).returncode == 0
    team = sandbox.state.organization.teams[seed.DEMO_TEAM_ID]
    assert list(team.members) == [seed.DEMO_MEMBER_ID]
