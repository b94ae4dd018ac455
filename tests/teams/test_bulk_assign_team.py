"""Tests of teams/bulk_assign_team.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from sandbox import seed
from sandbox.demo import DEMO_FILES
from sandbox.faults import Fault
from sigma_client import SigmaError
from teams.bulk_assign_team import main
from tests.conftest import BASE_URL, fresh

TEAM = f"{BASE_URL}/teams/t1"
MEMBERS = f"{BASE_URL}/members"
RECIPE = "teams/bulk_assign_team.py"
ALL = {"includeArchived": "true", "includeInactive": "true", "limit": 1000}


@pytest.fixture(autouse=True)
def emails(monkeypatch, tmp_path):
    """A function that writes the file of emails, and returns its path."""
    file = tmp_path / "emails.txt"
    monkeypatch.setenv("TEAMID", "t1")
    monkeypatch.setenv("MEMBER_EMAILS", str(file))

    def write(text):
        file.write_text(text, encoding="utf-8")
        return str(file)

    write("ADA@example.com, bela@example.com\ncarl@example.com dora@example.com eva@example.com")
    return write


def person(name, **fields):
    return {"memberId": f"m-{name}", "email": f"{name}@example.com", **fields}


def test_adds_exactly_the_members_who_are_missing(sigma, capsys):
    # Line breaks in a name must not forge a line of the plan
    sigma.get(TEAM, json={"name": "Sales\nTo add: eva", "members": ["m-bela"]})
    members = [
        person("ada"),
        person("bela"),
        person("carl", isArchived=True),
        person("dora", isInactive=True),
        person("eva", email="eva@example.com.au"),
        person("late"),
        {"memberId": "m0", "email": None},
    ]
    page = {"entries": members, "nextPage": None}
    sigma.get(MEMBERS, match=[query_param_matcher(ALL)], json=page)
    sigma.patch(f"{TEAM}/members", match=[json_params_matcher({"add": ["m-ada"]})], json={})
    with pytest.raises(SigmaError, match=r"^Added: 1\. Already in the team: 1\. Failed: 3\.$"):
        main()
    assert capsys.readouterr().out.splitlines() == [
        "To add:       ADA@example.com",
        "In the team:  bela@example.com",
        "Deactivated:  carl@example.com",
        "Deactivated:  dora@example.com",
        "Not a member: eva@example.com",
        "Plan: add 1 of 5 to the team Sales To add: eva",
    ]


@pytest.mark.parametrize(
    "members", [[person("ada"), person("ADA")], [person("ada", memberId="SigmaSchedulerRobot")]]
)
def test_adds_neither_the_robot_nor_a_guess_between_two_members(members, sigma, emails):
    emails("ada@example.com")
    sigma.get(TEAM, json={"name": "Sales", "members": []})
    sigma.get(MEMBERS, json={"entries": members, "nextPage": None})
    with pytest.raises(SigmaError, match=r"^Added: 0\. .* Failed: 1\.$"):
        main()


def test_an_error_object_is_a_failure(sigma, emails):
    emails("ada@example.com")
    sigma.get(TEAM, json={"name": "Sales", "members": []})
    sigma.get(MEMBERS, json={"entries": [person("ada")], "nextPage": None})
    sigma.patch(f"{TEAM}/members", json={"code": "forbidden", "message": "Not yours"})
    with pytest.raises(SigmaError, match=r"Not yours.*Added: 0 of 1\."):
        main()


def test_a_second_run_in_the_sandbox_adds_nothing(call_recipe, sandbox):
    organization = sandbox.state.organization
    names = ("chidi.okafor", "dana.varga", "elif.castillo")
    expected = [organization.find_email(f"{name}@example.com").memberId for name in names]
    assert call_recipe(RECIPE).returncode == 0
    assert list(organization.teams[seed.DEMO_TEAM_ID].members) == expected
    assert len(sandbox.state.log.entries) == 4  # the token, the team, the members, one change
    # One email in this file isn't a member's
    again = call_recipe(RECIPE, MEMBER_EMAILS=str(DEMO_FILES / "new-emails.txt"))
    assert again.returncode == 1
    assert again.stderr.endswith("Error: Added: 0. Already in the team: 3. Failed: 1.\n")
    assert [entry.method for entry in sandbox.state.log.entries].count("PATCH") == 1


def test_sends_1000_ids_a_request_and_continues_after_a_failure(
    running_sandbox, call_recipe, emails
):
    large = fresh(running_sandbox, members=1010)
    people = [m for m in large.state.organization.members.values() if not m.isArchived]
    file = emails("\n".join(member.email for member in people[:1005]))
    large.state.rules.append(Fault(kind="403", match="PATCH *", after=1))
    done = call_recipe(RECIPE, MEMBER_EMAILS=file)
    assert done.returncode == 1
    assert "Added: 1000 of 1005." in done.stderr
    team = large.state.organization.teams[seed.DEMO_TEAM_ID]
    assert len(team.members) == 1000
    again = call_recipe(RECIPE, MEMBER_EMAILS=file)
    assert again.stdout.endswith("Added: 5. Already in the team: 1000. Failed: 0.\n")
    assert len(team.members) == 1005
    assert [entry.method for entry in large.state.log.entries].count("PATCH") == 3
