"""Tests of members/bulk_deactivate.py."""

import pytest

import sigma_client
from members.bulk_deactivate import main
from sandbox.faults import Fault
from sigma_client import SigmaError
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
    """A function that sets the list of members. The credentials belong to m-0."""

    def answer(*entries):
        sigma.get(f"{BASE_URL}/whoami", json={"userId": "m-0"})
        sigma.get(URL, json={"entries": list(entries), "nextPage": None})

    return answer


def archived(sandbox):
    members = sandbox.state.organization.members.values()
    return [member.isArchived for member in members if member.firstName == "Zoe"]


def deletions(sandbox):
    return [entry for entry in sandbox.state.log.entries if entry.method == "DELETE"]


def test_never_the_robot_nor_the_owner_of_the_credentials(members, sigma, monkeypatch, capsys):
    monkeypatch.setenv("DRY_RUN", "false")
    robot = person("SigmaSchedulerRobot", "Ada")
    members(robot, person("m-0", "Ada"), person("m-1", "ADA"), person("m-2", "Ada", None))
    sigma.delete(f"{URL}/m-1", json={})  # any other request would fail
    main()
    out = capsys.readouterr().out.splitlines()
    assert [line for line in out if line.startswith("Deactivated: ADA")]
    assert sum(line.startswith("Skipped: ") for line in out) == 2


def test_an_owner_without_an_id_could_not_be_spared(sigma):
    sigma.get(f"{BASE_URL}/whoami", json={"userId": None})
    with pytest.raises(SigmaError, match="'userId'"):
        main()


@pytest.mark.parametrize("pattern", [".", "zoe|al", "^(?!nobody)."])
def test_a_pattern_that_matches_all_members_is_refused(pattern, members, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    monkeypatch.setenv("USER_NAME_PATTERN", pattern)
    # No pattern matches a member without a name
    nameless = person("m-3", None, None)
    members(person("m-0", "Ada"), person("m-1", "Zoe"), person("m-2", "Al"), nameless)
    with pytest.raises(SigmaError, match="all 2 members"):
        main()


@pytest.mark.parametrize("pattern", [".*", "zoe|", "^", "(zoe", "*", "a{99999999999999999999}"])
def test_a_pattern_that_is_none_or_matches_nothing_is_refused_at_once(pattern, monkeypatch):
    monkeypatch.setenv("USER_NAME_PATTERN", pattern)
    with pytest.raises(SigmaError, match="USER_NAME_PATTERN is "):
        main()


def test_a_response_with_an_active_member_is_a_failure(members, sigma, monkeypatch, capsys):
    monkeypatch.setenv("DRY_RUN", "false")
    members(person("m-1", "Ada"), person("m-2", "Bela"))
    sigma.delete(f"{URL}/m-1", json={**person("m-1", "Ada"), "isArchived": False})
    with pytest.raises(SigmaError, match="Failed: 1"):
        main()
    assert "Deactivated: Ada" not in capsys.readouterr().out


def test_a_name_adds_no_line_to_the_plan(members, capsys):
    members(person("m-1", "Ada", "X\nTo deactivate: Bela Byron"), person("m-2", "Bela"))
    main()
    plan = [line for line in capsys.readouterr().out.splitlines() if line.startswith("To deact")]
    assert len(plan) == 1


def test_no_match_is_no_failure(call_recipe, sandbox):
    done = call_recipe(RECIPE, USER_NAME_PATTERN="nobody", DRY_RUN="false")
    assert (done.returncode, deletions(sandbox)) == (0, [])


def test_deactivates_in_the_sandbox_and_a_second_run_finds_none(call_recipe, sandbox):
    assert call_recipe(RECIPE).stdout.count("To deactivate: Zoe ") == 4
    assert archived(sandbox) == [False] * 4
    done = call_recipe(RECIPE, DRY_RUN="false")
    assert done.stdout.endswith("Deactivated: 4. Failed: 0. Not tried: 0.\n")
    assert archived(sandbox) == [True] * 4
    assert call_recipe(RECIPE, DRY_RUN="false").returncode == 0
    assert len(deletions(sandbox)) == 4


def test_finds_those_beyond_the_first_page(running_sandbox, call_recipe, monkeypatch):
    monkeypatch.setattr(sigma_client, "PAGE_SIZE", 50)
    large = fresh(running_sandbox, members=200, latency=0.02)
    assert call_recipe(RECIPE, DRY_RUN="false").returncode == 0
    assert archived(large) == [True] * 7  # Zoe is the 26th of 26 first names
    assert not large.state.organization.find_email("ada@example.com").isArchived
    assert 1 < max(entry.atOnce for entry in deletions(large)) <= 5


def test_goes_on_after_a_failure_and_continues_when_run_again(call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="403", match="DELETE /v2/members/*", after=1))
    done = call_recipe(RECIPE, DRY_RUN="false")
    assert done.returncode == 1
    assert "403 from DELETE" in done.stderr
    assert "Error: Deactivated: 3. Failed: 1. Not tried: 0." in done.stderr
    assert sorted(archived(sandbox)) == [False, True, True, True]
    again = call_recipe(RECIPE, DRY_RUN="false")
    assert again.stdout.endswith("Deactivated: 1. Failed: 0. Not tried: 0.\n")


def test_an_error_that_would_meet_all_stops_the_run(call_recipe, sandbox):
    fresh(sandbox, members=520)
    sandbox.state.rules.append(Fault(kind="503", match="DELETE /v2/members/*", after=1, times=0))
    done = call_recipe(RECIPE, DRY_RUN="false")
    assert done.returncode == 1
    assert "Error: Deactivated: 1. Failed: " in done.stderr
    assert len(deletions(sandbox)) < 15  # of 19
