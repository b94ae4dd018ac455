"""Tests of teams/sync_team.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from teams.sync_team import main
from tests.conftest import BASE_URL, fresh

TEAM = f"{BASE_URL}/teams/t1"
RECIPE = "teams/sync_team.py"
ALL = {"includeArchived": "true", "includeInactive": "true", "limit": 1000}
ROBOT = "SigmaSchedulerRobot"
SALES = seed.make_uuid("team", "Sales")


@pytest.fixture(autouse=True)
def write(monkeypatch, tmp_path):
    """A function that writes the file of emails, and returns its path."""
    file = tmp_path / "emails.txt"
    monkeypatch.setenv("TEAMID", "t1")
    monkeypatch.setenv("TEAM_EMAILS", str(file))

    def write(text):
        file.write_text(text, encoding="utf-8")
        return str(file)

    return write


def person(name, **fields):
    return {"memberId": f"m-{name}", "email": f"{name}@example.com", **fields}


PEOPLE = [person("ada"), person("bela"), person("carl"), person("dora")]
PEOPLE += [person("gone0", isArchived=True), person("gone1", isInactive=True)]
PEOPLE += [{"memberId": "m-0", "email": None}]


def page(*entries, following=None):
    return {"entries": list(entries), "nextPage": following}


def row(name):
    return {"userId": f"m-{name}", "isTeamAdmin": False, "addedBy": "m-0"}


def team(sigma, *names):
    sigma.get(f"{TEAM}/members", json=page(*map(row, names)))


def known(sigma, name="Sales", people=PEOPLE):
    sigma.get(TEAM, json={"teamId": "t1", "name": name, "members": []})
    sigma.get(f"{BASE_URL}/members", match=[query_param_matcher(ALL)], json=page(*people))


def plan(capsys):
    return capsys.readouterr().out.splitlines()


def patches(server):
    return [entry for entry in server.state.log.entries if entry.method == "PATCH"]


def test_plans_the_differences_and_names_deactivated_members(sigma, capsys, write):
    write("ADA@example.com bela@example.com gone0@example.com dora@example.com")
    known(sigma, name="Sales\nTo add: eva")  # a line break must not forge a line of the plan
    for query, answer in (
        ({}, page(row("ada"), row("carl"), following="2")),
        ({"page": "2"}, page(row("gone1"), row("dora"), row("unlisted"))),
    ):
        match = [query_param_matcher({"limit": 1000, **query})]
        sigma.get(f"{TEAM}/members", match=match, json=answer)
    # 2 of 4 active members isn't more than half
    main()
    assert plan(capsys)[:-1] == [
        "To add: bela@example.com",
        "Deactivated, not added: gone0@example.com",
        "To remove: carl@example.com",
        "Deactivated, not removed: gone1@example.com",
        "To remove: m-unlisted",
        "Plan: add 1, remove 2, keep 3 in the team Sales To add: eva",
    ]


@pytest.mark.parametrize("after", [["ada", "carl"], ["ada"]])
def test_claims_only_what_the_team_shows_afterwards(after, sigma, capsys, monkeypatch, write):
    monkeypatch.setenv("DRY_RUN", "false")
    write("ada@example.com bela@example.com")
    known(sigma)
    sigma.get(f"{TEAM}/members", json=page(row("ada"), row("carl"), {"userId": ROBOT}))
    body = {"add": ["m-bela"], "remove": ["m-carl"]}
    sigma.patch(f"{TEAM}/members", match=[json_params_matcher(body)], json={})
    team(sigma, *after)
    with pytest.raises(SigmaError):
        main()
    out, err = capsys.readouterr()
    assert "Added:" not in out
    assert err.count("Failed: bela@example.com") == 1
    assert err.count("Failed: carl@example.com") == after.count("carl")


@pytest.mark.parametrize(
    ("people", "unclear"),
    [
        (PEOPLE[1:], "ada@example.com"),
        ([*PEOPLE, person("BELA")], "bela@example.com"),
        ([*PEOPLE[1:], person("ada", memberId=ROBOT)], "ada@example.com"),
    ],
)
def test_an_email_that_is_not_one_member_s_is_refused(people, unclear, sigma, monkeypatch, write):
    monkeypatch.setenv("DRY_RUN", "false")
    write("ada@example.com bela@example.com")
    known(sigma, people=people)
    team(sigma, "ada", "carl")
    with pytest.raises(SigmaError, match=f"TEAM_EMAILS.*: {unclear}\\."):
        main()


def test_a_file_without_emails_is_refused_before_anything_is_sent(write):
    write("# ada@example.com")
    with pytest.raises(SigmaError, match="emails.txt"):
        main()


@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_a_large_change_needs_a_setting(dry_run, sigma, capsys, monkeypatch, write):
    monkeypatch.setenv("DRY_RUN", dry_run)
    write("dora@example.com")
    known(sigma)
    # Deactivated members can't leave the team, so they don't count: 2 of 3
    team(sigma, "ada", "bela", "dora", "gone0", "gone1")
    with pytest.raises(SigmaError, match="2 of 3 .*ALLOW_LARGE_CHANGE"):
        main()
    assert "To remove: ada@example.com" in plan(capsys)


@pytest.mark.parametrize("path", ["/members", "/teams/*/members"])
def test_nothing_is_changed_if_sigma_could_not_read_an_entry(path, call_recipe, sandbox, write):
    file = write("ada@example.com")
    sandbox.state.rules.append(Fault(kind="error-row", match=f"GET /v2{path}"))
    settings = {"TEAM_EMAILS": file, "TEAMID": SALES, "DRY_RUN": "false"}
    settings["ALLOW_LARGE_CHANGE"] = "true"
    assert call_recipe(RECIPE, **settings).returncode == 1
    assert not patches(sandbox)


def test_1000_ids_a_request_and_a_second_run_continues(running_sandbox, call_recipe, write):
    server = fresh(running_sandbox, members=1040, workbooks=10)
    people = [m for m in server.state.organization.members.values() if not m.isArchived]
    old = list(server.state.organization.teams[SALES].members)
    new = [m for m in people if m.memberId not in (*old, ROBOT)][:1005]
    file = write("\n".join(m.email for m in new))
    settings = {"TEAM_EMAILS": file, "TEAMID": SALES, "DRY_RUN": "false"}
    settings["ALLOW_LARGE_CHANGE"] = "true"
    server.state.rules.append(Fault(kind="403", match="PATCH *", after=1))
    done = call_recipe(RECIPE, **settings)
    assert done.returncode == 1
    assert f"Changed: 1000 of {len(new) + len(old)}." in done.stderr

    again = call_recipe(RECIPE, **settings)
    assert again.stdout.endswith(f"Added: {len(new) - 1000}. Removed: {len(old)}.\n")
    team = server.state.organization.teams[SALES]
    assert list(team.members) == [m.memberId for m in new]
    assert [set(entry.body) for entry in patches(server)[-1:]] == [{"add", "remove"}]
    assert call_recipe(RECIPE, **settings).stdout.endswith("Added: 0. Removed: 0.\n")
    assert len(patches(server)) == 3
