"""Tests of teams/bulk_assign_team.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_session import SigmaError
from teams.bulk_assign_team import main
from tests.conftest import BASE_URL, fresh

TEAM = f"{BASE_URL}/teams/t-1"
MEMBERS = f"{BASE_URL}/members"
RECIPE = "teams/bulk_assign_team.py"
EVERYBODY = {"includeArchived": "true", "includeInactive": "true", "limit": 1000}


@pytest.fixture(autouse=True)
def emails(monkeypatch, tmp_path):
    """A function that writes the file of addresses."""
    file = tmp_path / "emails.txt"
    monkeypatch.setenv("TEAMID", "t-1")
    monkeypatch.setenv("MEMBER_EMAILS", str(file))

    def write(text):
        file.write_text(text, encoding="utf-8")
        return str(file)

    write("ADA@example.com, bela@example.com\ncarl@example.com dora@example.com eva@example.com")
    return write


def person(name, **fields):
    return {"memberId": f"m-{name}", "email": f"{name}@example.com", **fields}


def test_adds_exactly_those_who_are_missing(sigma, capsys):
    sigma.get(TEAM, json={"name": "Sales", "members": ["m-bela"]})
    sigma.get(
        MEMBERS,
        match=[query_param_matcher(EVERYBODY)],
        json={"entries": [person("ada"), person("bela"), {"memberId": "m-0"}], "nextPage": "p2"},
    )
    others = [
        person("carl", isArchived=True),
        person("dora", isInactive=True),
        person("eva", email="eva@example.com.au"),
        person("late"),
    ]
    sigma.get(
        MEMBERS,
        match=[query_param_matcher({**EVERYBODY, "page": "p2"})],
        json={"entries": others, "nextPage": None},
    )
    body = {"add": ["m-ada"]}
    sigma.patch(f"{TEAM}/members", match=[json_params_matcher(body)], json={})
    with pytest.raises(SigmaError, match="^Added 1, in the team already 1, cannot be added 3$"):
        main()
    assert capsys.readouterr().out.splitlines() == [
        "To add:         ADA@example.com",
        "In the team:    bela@example.com",
        "Deactivated:    carl@example.com",
        "Deactivated:    dora@example.com",
        "Not a member:   eva@example.com",
        "Plan: add 1 of 5 to the team Sales",
    ]


def test_the_robot_belongs_into_no_team(sigma, capsys):
    sigma.get(TEAM, json={"name": "Sales", "members": []})
    entries = [person("ada", memberId="SigmaSchedulerRobot")]
    sigma.get(MEMBERS, json={"entries": entries, "nextPage": None})
    with pytest.raises(SigmaError, match="^Added 0, "):
        main()
    assert "Not a member:   ADA@example.com\n" in capsys.readouterr().out


def test_a_bad_file_is_refused_before_anything_is_sent(emails):
    emails("ada@example.com\nbela")
    with pytest.raises(SigmaError, match="line 2: 'bela' is not an email address"):
        main()


def test_a_missing_file_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("MEMBER_EMAILS", str(tmp_path / "nowhere.txt"))
    with pytest.raises(SigmaError, match="nowhere.txt cannot be read: No such file"):
        main()


def test_an_unknown_team_stops_before_the_list_of_members(call_recipe, sandbox):
    done = call_recipe(RECIPE, TEAMID="t-unknown")
    assert done.returncode == 1
    assert "Team t-unknown not found (requestId " in done.stderr
    assert len(sandbox.state.log.entries) == 2


def test_adds_those_of_the_demo_file_and_nobody_twice(call_recipe, sandbox):
    organization = sandbox.state.organization
    expected = [
        organization.find_email(f"{name}@example.com").memberId
        for name in ("chidi.okafor", "dana.varga", "elif.castillo")
    ]
    done = call_recipe(RECIPE)
    assert done.returncode == 1  # one address of the file belongs to nobody
    assert list(organization.teams[seed.DEMO_TEAM_ID].members) == expected
    assert len(sandbox.state.log.entries) == 1 + 3  # the token, two lists, one change
    again = call_recipe(RECIPE)
    assert again.stderr.endswith("Error: Added 0, in the team already 3, cannot be added 1\n")
    assert [entry.method for entry in sandbox.state.log.entries].count("PATCH") == 1


def test_a_deactivated_address_does_not_spoil_the_others(call_recipe, sandbox, emails):
    file = emails("gone1@example.com, vic@example.com")
    done = call_recipe(RECIPE, MEMBER_EMAILS=file)
    assert "Deactivated:    gone1@example.com\n" in done.stdout
    assert done.returncode == 1
    team = sandbox.state.organization.teams[seed.DEMO_TEAM_ID]
    assert list(team.members) == [seed.VIEWER_ID]


def test_a_thousand_ids_a_request_and_the_error_says_what_is_done(
    running_sandbox, call_recipe, emails
):
    large = fresh(running_sandbox, members=2502)
    people = [m for m in large.state.organization.members.values() if not m.isArchived]
    file = emails("\n".join(member.email for member in people[:2500]))
    large.state.rules.append(Fault(kind="403", match="PATCH *", after=2))
    done = call_recipe(RECIPE, MEMBER_EMAILS=file)
    assert done.returncode == 1
    assert done.stderr.endswith("Added before: 2000 of 2500\n")
    team = large.state.organization.teams[seed.DEMO_TEAM_ID]
    assert len(team.members) == 2000
    again = call_recipe(RECIPE, MEMBER_EMAILS=file)
    assert again.stdout.endswith("Added 500, in the team already 2000, cannot be added 0\n")
    assert len(team.members) == 2500
    assert len(large.state.log.entries) <= 2 * (1 + 1 + 3) + 4


def test_an_address_of_two_members_is_not_guessed(sigma, capsys, emails):
    emails("ada@example.com")
    sigma.get(TEAM, json={"name": "Sales", "members": []})
    entries = [person("ada"), person("ADA"), person("bela")]
    sigma.get(MEMBERS, json={"entries": entries, "nextPage": None})
    with pytest.raises(SigmaError, match="^Added 0, in the team already 0, cannot be added 1$"):
        main()
    assert "Not one member: ada@example.com\n" in capsys.readouterr().out
