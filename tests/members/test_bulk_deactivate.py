"""Tests of members/bulk_deactivate.py."""

import pytest
from responses.matchers import query_param_matcher

from members.bulk_deactivate import main
from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL, fresh

URL = f"{BASE_URL}/members"
RECIPE = "members/bulk_deactivate.py"


def person(member_id, first, last="Byron"):
    email = f"{member_id}@example.com".lower()
    return {"memberId": member_id, "firstName": first, "lastName": last, "email": email}


@pytest.fixture(autouse=True)
def pattern(monkeypatch):
    monkeypatch.setenv("USER_NAME_PATTERN", "^ada .*n$")


@pytest.fixture
def members(sigma):
    """Five members on two pages; the credentials belong to m-0."""
    sigma.get(f"{BASE_URL}/whoami", json={"userId": "m-0", "organizationId": "o"})
    sigma.get(
        URL,
        match=[query_param_matcher({"limit": 1000})],
        json={"entries": [person("m-0", "Ada"), person("m-1", "ADA")], "nextPage": "p2"},
    )
    last = [person("SigmaSchedulerRobot", "Ada"), person("m-2", "Ada", None), person("m-3", "Ada")]
    sigma.get(
        URL,
        match=[query_param_matcher({"limit": 1000, "page": "p2"})],
        json={"entries": last, "nextPage": None},
    )
    return sigma


def deletions(sandbox):
    return [entry.path for entry in sandbox.state.log.entries if entry.method == "DELETE"]


def archived(sandbox, first_name="Zoe"):
    members = sandbox.state.organization.members.values()
    return [member.isArchived for member in members if member.firstName == first_name]


def test_an_owner_without_an_id_could_not_be_spared(sigma):
    sigma.get(f"{BASE_URL}/whoami", json={"userId": None})
    with pytest.raises(SigmaError, match="whoami has no 'userId'"):
        main()


def test_shows_first_and_changes_nothing(members, capsys):
    main()
    assert capsys.readouterr().out.splitlines() == [
        "Stays: Ada Byron <m-0@example.com> (owns these credentials)",
        "Stays: Ada Byron <sigmaschedulerrobot@example.com> (Sigma's own)",
        "To deactivate: ADA Byron <m-1@example.com>",
        "To deactivate: Ada Byron <m-3@example.com>",
        "Plan: deactivate 2, whose names match '^ada .*n$'",
        "Nothing was changed. To deactivate them, set DRY_RUN=false and run it again.",
    ]


def test_deactivates_but_never_the_robot_nor_the_owner(members, capsys, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    members.delete(f"{URL}/m-1", json={})
    members.delete(f"{URL}/m-3", json={})
    main()
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "Deactivated: ADA Byron <m-1@example.com>",
        "Deactivated: Ada Byron <m-3@example.com>",
        "Deactivated 2, failed 0",
    ]


def test_who_has_no_name_does_not_make_a_pattern_narrow(sigma, monkeypatch):
    monkeypatch.setenv("USER_NAME_PATTERN", ".")
    sigma.get(f"{BASE_URL}/whoami", json={"userId": "m-0"})
    entries = [person("m-1", "Zoe"), person("m-2", "Al"), person("m-3", None, None)]
    sigma.get(URL, json={"entries": entries, "nextPage": None})
    with pytest.raises(SigmaError, match="which matches all 2 members"):
        main()


@pytest.mark.parametrize("pattern", [".", "ada", "^(?!nobody)."])
def test_a_pattern_that_matches_everybody_is_refused(pattern, members, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    monkeypatch.setenv("USER_NAME_PATTERN", pattern)
    with pytest.raises(SigmaError, match="which matches all 3 members"):
        main()


@pytest.mark.parametrize("pattern", [".*", "zoe|", "a*", "^", "$", "()"])
def test_a_pattern_that_matches_the_empty_text_is_refused_at_once(pattern, monkeypatch):
    monkeypatch.setenv("USER_NAME_PATTERN", pattern)
    with pytest.raises(SigmaError, match="which matches every name"):
        main()


@pytest.mark.parametrize("pattern", ["(zoe", "*", "zoe[", "a{99999999999999999999}"])
def test_a_bad_expression_is_one_clear_line(pattern, monkeypatch):
    monkeypatch.setenv("USER_NAME_PATTERN", pattern)
    with pytest.raises(SigmaError, match=r"^USER_NAME_PATTERN is .* not a regular expression: \w"):
        main()


def test_nobody_matches(call_recipe, sandbox):
    done = call_recipe(RECIPE, USER_NAME_PATTERN="nobody", DRY_RUN="false")
    assert done.returncode == 0
    assert done.stdout.endswith("Deactivated 0, failed 0\n")
    assert deletions(sandbox) == []


def test_deactivates_in_the_sandbox_and_a_second_run_finds_nobody(call_recipe, sandbox):
    assert call_recipe(RECIPE).stdout.count("To deactivate: Zoe ") == 4
    assert archived(sandbox) == [False] * 4
    done = call_recipe(RECIPE, DRY_RUN="false")
    assert done.stdout.endswith("Deactivated 4, failed 0\n")
    assert archived(sandbox) == [True] * 4
    again = call_recipe(RECIPE, DRY_RUN="false")
    assert again.stdout.endswith("Deactivated 0, failed 0\n")
    assert len(deletions(sandbox)) == 4


def test_finds_those_beyond_the_first_page(running_sandbox, call_recipe):
    large = fresh(running_sandbox, members=2600)
    done = call_recipe(RECIPE, DRY_RUN="false")
    assert done.returncode == 0
    assert archived(large) == [True] * 99  # Zoe is the 26th of 26 first names
    assert not large.state.organization.find_email("ada@example.com").isArchived


def test_goes_on_after_a_failure_and_continues_when_run_again(call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="403", match="DELETE /v2/members/*", after=1))
    done = call_recipe(RECIPE, DRY_RUN="false")
    assert done.returncode == 1
    assert "Failed: Zoe Tanaka <zoe.tanaka1@example.com>: 403 from DELETE" in done.stderr
    assert done.stderr.endswith("Error: Deactivated 3, failed 1\n")
    assert archived(sandbox) == [True, False, True, True]
    again = call_recipe(RECIPE, DRY_RUN="false")
    assert again.stdout.endswith("Deactivated 1, failed 0\n")
    assert archived(sandbox) == [True] * 4


@pytest.mark.parametrize("kind", ["401", "drop", "429-html"])
def test_a_failure_of_all_stops_the_run_and_says_what_is_done(kind, call_recipe, sandbox):
    rule = Fault(kind=kind, match="DELETE /v2/members/*", after=1, times=0)
    sandbox.state.rules.append(rule)
    done = call_recipe(RECIPE, DRY_RUN="false")
    assert done.returncode == 1
    error = done.stderr.splitlines()[-1]
    assert error.startswith("Error: Zoe Tanaka <zoe.tanaka1@example.com>: ")
    assert error.endswith("Deactivated before: 1 of 4")
    assert archived(sandbox)[2:] == [False, False]


def test_a_name_adds_no_line_to_the_plan(sigma, capsys):
    sigma.get(f"{BASE_URL}/whoami", json={"userId": "m-0"})
    entries = [person("m-1", "Ada", "X\nTo deactivate: Bela Byron"), person("m-2", "Bela")]
    sigma.get(URL, json={"entries": entries, "nextPage": None})
    main()
    plan = [line for line in capsys.readouterr().out.splitlines() if line.startswith("To deact")]
    assert plan == ["To deactivate: Ada X To deactivate: Bela Byron <m-1@example.com>"]
