"""Tests of members/add_member_to_team.py."""

import pytest
from responses.matchers import json_params_matcher

from members.add_member_to_team import main
from sandbox import seed
from tests.conftest import BASE_URL


@pytest.fixture(autouse=True)
def ids(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m-1")
    monkeypatch.setenv("TEAMID", "t-1")


def test_adds_the_member(sigma, capsys):
    url = f"{BASE_URL}/teams/t-1/members"
    sigma.patch(url, match=[json_params_matcher({"add": ["m-1"]})], json={})
    main()
    assert capsys.readouterr().out == "Member successfully added to team: {}\n"


def test_twice_adds_the_member_once_in_the_sandbox(run_recipe, sandbox):
    for _ in range(2):
        assert run_recipe("members/add_member_to_team.py").returncode == 0
    team = sandbox.state.organization.teams[seed.DEMO_TEAM_ID]
    assert list(team.members) == [seed.DEMO_MEMBER_ID]


def test_a_deactivated_member_is_refused(run_recipe, sandbox):
    organization = sandbox.state.organization
    gone = next(m.memberId for m in organization.members.values() if m.isArchived)
    done = run_recipe("members/add_member_to_team.py", MEMBERID=gone)
    assert done.returncode == 1
    assert f"member {gone} is deactivated (requestId " in done.stderr
    assert not organization.teams[seed.DEMO_TEAM_ID].members
