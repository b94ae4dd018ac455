"""Tests of teams/bulk_remove_team.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_session import SigmaError, SigmaSession
from teams.bulk_remove_team import main, remove_from_team
from tests.conftest import BASE_URL

TEAM = f"{BASE_URL}/teams/t-1"
MEMBERS = f"{BASE_URL}/members"
RECIPE = "teams/bulk_remove_team.py"
EVERYBODY = {"includeArchived": "true", "includeInactive": "true", "limit": 1000}


@pytest.fixture(autouse=True)
def emails(monkeypatch, tmp_path):
    file = tmp_path / "emails.txt"
    file.write_text("ADA@example.com; bela@example.com\ncarl@example.com", encoding="utf-8")
    monkeypatch.setenv("TEAMID", "t-1")
    monkeypatch.setenv("MEMBER_EMAILS", str(file))


def person(name, **fields):
    return {"memberId": f"m-{name}", "email": f"{name}@example.com", **fields}


@pytest.fixture
def team(sigma):
    """Sigma, where ada and carl's namesake are in the team, and bela is not."""
    sigma.get(TEAM, json={"name": "Sales", "members": ["m-ada", "m-carl"]})
    sigma.get(
        MEMBERS,
        match=[query_param_matcher(EVERYBODY)],
        json={"entries": [person("bela")], "nextPage": "p2"},
    )
    last = [person("ada", isArchived=True), person("carl", email="carl@example.com.au")]
    sigma.get(
        MEMBERS,
        match=[query_param_matcher({**EVERYBODY, "page": "p2"})],
        json={"entries": last, "nextPage": None},
    )
    return sigma


PLAN = [
    "To remove:       ADA@example.com",
    "Not in the team: bela@example.com",
    "Not a member:    carl@example.com",
    "Plan: remove 1 of 3 from the team Sales",
]


def test_shows_first_and_changes_nothing(team, capsys):
    main()
    assert capsys.readouterr().out.splitlines() == [
        *PLAN,
        "Nothing was changed. To remove them, set DRY_RUN=false and run it again.",
    ]


def test_removes_exactly_those_who_are_in_the_team(team, capsys, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    body = {"remove": ["m-ada"]}
    team.patch(f"{TEAM}/members", match=[json_params_matcher(body)], json={})
    with pytest.raises(SigmaError, match="^Removed 1, not in the team 1, not a member 1$"):
        main()
    assert capsys.readouterr().out.splitlines() == PLAN


def test_the_robot_stays(sigma, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    sigma.get(TEAM, json={"name": "Sales", "members": ["SigmaSchedulerRobot"]})
    entries = [person("ada", memberId="SigmaSchedulerRobot")]
    sigma.get(MEMBERS, json={"entries": entries, "nextPage": None})
    with pytest.raises(SigmaError, match="^Removed 0, not in the team 0, not a member 3$"):
        main()


@pytest.mark.parametrize("value", ["no", "False", "0"])
def test_a_typing_error_in_dry_run_is_no_permission(value, monkeypatch):
    monkeypatch.setenv("DRY_RUN", value)
    with pytest.raises(SigmaError, match=f"DRY_RUN is '{value}'. It can be true, false"):
        main()


def test_a_thousand_ids_a_request(sigma):
    ids = [f"m-{n}" for n in range(1001)]
    url = f"{TEAM}/members"
    sigma.patch(url, match=[json_params_matcher({"remove": ids[:1000]})], json={})
    sigma.patch(url, match=[json_params_matcher({"remove": ["m-1000"]})], status=403, json={})
    from get_access_token import get_bearer_token

    with pytest.raises(SigmaError, match="Removed before: 1000 of 1001$"):
        remove_from_team(SigmaSession(get_bearer_token), "t-1", ids)


def test_removes_in_the_sandbox_and_nobody_else(call_recipe, sandbox):
    organization = sandbox.state.organization
    call_recipe("teams/bulk_assign_team.py")
    members = organization.teams[seed.DEMO_TEAM_ID].members
    members[seed.VIEWER_ID] = seed.OWNER_ID
    shown = call_recipe(RECIPE)
    assert "Plan: remove 3 of 4 from the team Onboarding\n" in shown.stdout
    assert len(members) == 4
    done = call_recipe(RECIPE, DRY_RUN="false")
    assert done.stderr.endswith("Error: Removed 3, not in the team 0, not a member 1\n")
    assert list(members) == [seed.VIEWER_ID]
    again = call_recipe(RECIPE, DRY_RUN="false")
    assert again.stderr.endswith("Error: Removed 0, not in the team 3, not a member 1\n")


def test_a_refusal_is_no_success(call_recipe, sandbox):
    call_recipe("teams/bulk_assign_team.py")
    sandbox.state.rules.append(Fault(kind="403", match="PATCH *"))
    done = call_recipe(RECIPE, DRY_RUN="false")
    assert done.returncode == 1
    assert done.stderr.endswith("Removed before: 0 of 3\n")
    assert "Removed" not in done.stdout


def test_an_address_of_two_members_is_not_guessed(sigma, capsys, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    sigma.get(TEAM, json={"name": "Sales", "members": ["m-ada", "m-ADA"]})
    entries = [person("ada"), person("ADA"), person("bela"), person("carl")]
    sigma.get(MEMBERS, json={"entries": entries, "nextPage": None})
    with pytest.raises(SigmaError, match="^Removed 0, not in the team 2, not a member 1$"):
        main()
    assert "Not one member:  ADA@example.com\n" in capsys.readouterr().out
