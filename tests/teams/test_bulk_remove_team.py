"""Tests of teams/bulk_remove_team.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from sandbox import seed
from sandbox.demo import DEMO_FILES
from sandbox.faults import Fault
from sigma_client import SigmaError
from teams.bulk_remove_team import main, remove_from_team
from tests.conftest import BASE_URL

TEAM = f"{BASE_URL}/teams/t1"
MEMBERS = f"{BASE_URL}/members"
RECIPE = "teams/bulk_remove_team.py"
ALL = {"includeArchived": "true", "includeInactive": "true", "limit": 1000}


@pytest.fixture(autouse=True)
def emails(monkeypatch, tmp_path):
    file = tmp_path / "emails.txt"
    file.write_text("ADA@example.com; bela@example.com\ncarl@example.com dora@example.com")
    monkeypatch.setenv("TEAMID", "t1")
    monkeypatch.setenv("MEMBER_EMAILS", str(file))


def person(name, **fields):
    return {"memberId": f"m-{name}", "email": f"{name}@example.com", **fields}


@pytest.fixture
def team(sigma):
    """Canned responses, where ada, dora and a member with an email like carl's are in the team."""
    in_team = ["m-ada", "m-carl", "m-dora"]
    sigma.get(TEAM, json={"name": "Sales\nTo remove: carl", "members": in_team})
    others = [person("carl", email="carl@example.com.au"), person("dora", isArchived=True)]
    page = {"entries": [person("ada"), person("bela"), *others], "nextPage": None}
    sigma.get(MEMBERS, match=[query_param_matcher(ALL)], json=page)
    return sigma


PLAN = [
    "To remove:       ADA@example.com",
    "Not in the team: bela@example.com",
    "Not a member:    carl@example.com",
    "Deactivated:     dora@example.com",
    "Plan: remove 1 of 4 from the team Sales To remove: carl",
]


def test_the_dry_run_shows_the_plan_and_changes_nothing(team, capsys):
    main()
    *plan, note = capsys.readouterr().out.splitlines()
    assert plan == PLAN
    assert note.startswith("Dry run: nothing was changed.")


def test_removes_exactly_the_members_who_are_in_the_team(team, capsys, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    sent = json_params_matcher({"remove": ["m-ada"]})
    team.patch(f"{TEAM}/members", match=[sent], json={})
    with pytest.raises(SigmaError, match=r"^Removed: 1\. Not in the team: 1\. Failed: 2\.$"):
        main()
    assert capsys.readouterr().out.splitlines() == PLAN


@pytest.mark.parametrize(
    "members", [[person("ada"), person("ADA")], [person("ada", memberId="SigmaSchedulerRobot")]]
)
def test_removes_neither_the_robot_nor_a_guess_between_two_members(members, sigma, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    sigma.get(TEAM, json={"name": "Sales", "members": [row["memberId"] for row in members]})
    sigma.get(MEMBERS, json={"entries": members, "nextPage": None})
    with pytest.raises(SigmaError, match=r"^Removed: 0\. .* Failed: 4\.$"):
        main()


def test_a_typo_in_dry_run_is_refused_before_anything_is_sent(monkeypatch):
    monkeypatch.setenv("DRY_RUN", "no")
    with pytest.raises(SigmaError, match="DRY_RUN"):
        main()


@pytest.mark.parametrize("failure", [{"status": 403}, {}])
def test_sends_1000_ids_a_request_and_counts_what_is_done(failure, sigma, client):
    ids = [f"m{n}" for n in range(1001)]
    url, error = f"{TEAM}/members", {"code": "forbidden", "message": "Not yours"}
    sigma.patch(url, match=[json_params_matcher({"remove": ids[:1000]})], json={})
    sigma.patch(url, match=[json_params_matcher({"remove": ["m1000"]})], json=error, **failure)
    with pytest.raises(SigmaError, match=r"Not yours.*Removed: 1000 of 1001\."):
        remove_from_team(client, "t1", ids)


def test_removes_in_the_sandbox_and_a_second_run_removes_nothing(call_recipe, sandbox):
    call_recipe("teams/bulk_assign_team.py")
    members = sandbox.state.organization.teams[seed.DEMO_TEAM_ID].members
    members[seed.VIEWER_ID] = seed.OWNER_ID
    # One email in this file isn't a member's
    emails = {"MEMBER_EMAILS": str(DEMO_FILES / "new-emails.txt")}
    shown = call_recipe(RECIPE, **emails)
    assert "Plan: remove 3 of 4 from the team Onboarding\n" in shown.stdout
    assert len(members) == 4
    sandbox.state.rules.append(Fault(kind="403", match="PATCH *"))
    refused = call_recipe(RECIPE, DRY_RUN="false", **emails)
    assert refused.returncode == 1
    assert len(members) == 4
    done = call_recipe(RECIPE, DRY_RUN="false", **emails)
    assert done.stderr.endswith("Error: Removed: 3. Not in the team: 0. Failed: 1.\n")
    assert list(members) == [seed.VIEWER_ID]
    again = call_recipe(RECIPE, DRY_RUN="false", **emails)
    assert again.stderr.endswith("Error: Removed: 0. Not in the team: 3. Failed: 1.\n")
