"""Tests of members/master_script.py."""

import json
import re
import shlex

import pytest
from responses.matchers import json_params_matcher

from members.master_script import command_line, main
from sandbox import seed
from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL

RECIPE = "members/master_script.py"
STEPS = {  # what each step asks for, and what the error says is done when it fails
    "POST /v2/members": "none",
    "POST /v2/workspaces": "member",
    "POST /v2/workspaces/*/grants": "member, workspace",
    "PATCH /v2/teams/*": "member, workspace, workspace permission",
    "POST /v2/connections/*": "member, workspace, workspace permission, team membership",
}


@pytest.fixture(autouse=True)
def new_member(monkeypatch):
    settings = {
        "EMAIL": "ada@example.com",
        "NEW_MEMBER_FIRST_NAME": "Ada",
        "NEW_MEMBER_LAST_NAME": "Byron",
        "NEW_MEMBER_TYPE": "View",
        "TEAMID": "t-1",
        "CONNECTIONID": "c-1",
        # Not read: they belong to the single steps
        "MEMBERID": "another-member",
        "WORKSPACEID": "another-workspace",
        "PERMISSION": "edit",
        "CONNECTION_PERMISSION": "annotate",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


def grant(permission):
    return {"grants": [{"grantee": {"memberId": "m-1"}, "permission": permission}]}


def test_hands_the_ids_from_step_to_step(sigma, capsys, monkeypatch):
    monkeypatch.setenv("UNIQUE_EMAIL", "false")
    workspace = {"name": "Workspace for Member m-1", "noDuplicates": True}
    sigma.post(f"{BASE_URL}/members", json={"memberId": "m-1", "email": "ada+1@example.com"})
    sigma.post(
        f"{BASE_URL}/workspaces",
        match=[json_params_matcher(workspace)],
        json={"workspaceId": "w-1"},
    )
    sigma.post(
        f"{BASE_URL}/workspaces/w-1/grants", match=[json_params_matcher(grant("view"))], json={}
    )
    sigma.patch(
        f"{BASE_URL}/teams/t-1/members", match=[json_params_matcher({"add": ["m-1"]})], json={}
    )
    sigma.post(
        f"{BASE_URL}/connections/c-1/grants", match=[json_params_matcher(grant("usage"))], json={}
    )
    main(command_line().parse_args([]))
    assert capsys.readouterr().out.splitlines() == [
        "Creating ada@example.com",
        "New member created successfully:",
        "memberId: m-1",
        "Workspace created successfully:",
        "workspaceId: w-1",
        "New workspace permission added successfully: {}",
        "Member successfully added to team: {}",
        "New connection permission added successfully: {}",
        "Connection permissions granted successfully.",
        "Onboarding process completed successfully.",
    ]


def onboarded(sandbox):
    """Return the email, workspaces, grants and team of the last member."""
    organization = sandbox.state.organization
    member = list(organization.members.values())[-1]
    workspaces = [w for w in organization.workspaces.values() if member.memberId in w.name]
    return {
        "email": member.email,
        "workspaces": len(workspaces),
        "workspace grants": [
            g.permission
            for w in workspaces
            for g in organization.grants[w.workspaceId]
            if g.memberId == member.memberId
        ],
        "in team": member.memberId in organization.teams[seed.DEMO_TEAM_ID].members,
        "connection grants": [
            g.permission
            for g in organization.grants.get(seed.DEMO_CONNECTION_ID, [])
            if g.memberId == member.memberId
        ],
    }


WHOLE = {
    "email": "new.member@example.com",
    "workspaces": 1,
    "workspace grants": ["view"],
    "in team": True,
    "connection grants": ["usage"],
}


def test_onboards_a_member_in_the_sandbox(run_recipe, sandbox):
    done = run_recipe(RECIPE, UNIQUE_EMAIL="false")
    assert onboarded(sandbox) == WHOLE
    assert done.stdout.endswith(
        "Connection permissions granted successfully.\nOnboarding process completed successfully.\n"
    )


@pytest.mark.parametrize("step", STEPS)
def test_a_failure_names_what_is_done_and_the_command_that_goes_on(step, run_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="403", match=step, times=1))
    failed = run_recipe(RECIPE, UNIQUE_EMAIL="false")
    assert failed.returncode == 1
    error = failed.stderr.splitlines()[-1]
    assert error.startswith("Error: 403 from ")
    assert f". Steps done: {STEPS[step]}. To go on: python " in error
    assert "completed" not in failed.stdout

    python, script, *arguments = shlex.split(error.split("To go on: ")[1])
    done = run_recipe(script, *arguments, UNIQUE_EMAIL="false")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Onboarding process completed successfully.\n")
    assert onboarded(sandbox) == WHOLE
    made = [e for e in sandbox.state.log.entries if (e.method, e.path) == ("POST", "/v2/members")]
    assert len([entry for entry in made if entry.status == 200]) == 1


@pytest.mark.parametrize("kind", ["drop", "truncate", "empty", "500", "503"])
def test_a_creation_that_may_have_worked_is_said_to_be_one(kind, run_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind=kind, match="POST /v2/members"))
    failed = run_recipe(RECIPE)
    assert failed.returncode == 1
    assert "It may have been carried out: look in Sigma before you run this again" in failed.stderr
    email = re.search(r"Creating (\S+)", failed.stdout)[1]
    advice = f"Steps done: none. If {email} is in Sigma, add --member-id with its ID. To go on: py"
    assert advice in failed.stderr
    made = sandbox.state.organization.find_email(email)
    assert (made is not None) == (kind not in ("500", "503"))


def test_twice_for_the_same_address_changes_nothing(run_recipe, sandbox):
    run_recipe(RECIPE, UNIQUE_EMAIL="false")
    before = snapshot(sandbox)
    again = run_recipe(RECIPE, UNIQUE_EMAIL="false")
    assert again.returncode == 0, again.stderr
    assert "Member exists already: new.member@example.com" in again.stdout
    assert "Workspace exists already:" in again.stdout
    assert snapshot(sandbox) == before


def snapshot(sandbox):
    organization = sandbox.state.organization
    things = [organization.members, organization.workspaces, organization.teams]
    text = json.dumps([{k: v.model_dump() for k, v in kind.items()} for kind in things])
    grants = {k: [(g.memberId, g.permission) for g in v] for k, v in organization.grants.items()}
    return text, grants


def test_onboards_an_existing_member_into_an_existing_workspace(run_recipe, sandbox):
    ids = ["--member-id", seed.VIEWER_ID, "--workspace-id", seed.DEMO_WORKSPACE_ID]
    done = run_recipe(RECIPE, *ids, EMAIL="", NEW_MEMBER_TYPE="")
    assert done.returncode == 0, done.stderr
    assert "Member exists already: vic@example.com" in done.stdout
    organization = sandbox.state.organization
    grants = organization.grants[seed.DEMO_WORKSPACE_ID]
    assert [g.permission for g in grants if g.memberId == seed.VIEWER_ID] == ["view"]
    assert len(organization.workspaces) == 12


def test_a_deactivated_or_unknown_member_is_not_taken_up(run_recipe, sandbox):
    organization = sandbox.state.organization
    gone = next(m for m in organization.members.values() if m.isArchived)
    for arguments, settings, cause in (
        (["--member-id", gone.memberId], {}, f"Member {gone.memberId} is deactivated"),
        ([], {"UNIQUE_EMAIL": "false", "EMAIL": gone.email}, "is deactivated. Reactivate"),
        (["--member-id", "nobody"], {}, "Member nobody not found"),
    ):
        done = run_recipe(RECIPE, *arguments, **settings)
        assert done.returncode == 1
        assert cause in done.stderr
        assert "Steps done: none. " in done.stderr
    assert len(organization.workspaces) == 12


@pytest.mark.parametrize("option", ["--member-id", "--workspace-id"])
def test_refuses_options_that_would_change_the_address(option, run_recipe, sandbox):
    done = run_recipe(RECIPE, option, "../whoami")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"Error: {option} is '../whoami', which is not an ID" in done.stderr
    assert not sandbox.state.log.entries


def test_reads_all_settings_before_anything_is_sent(monkeypatch):
    for name in ("TEAMID", "CONNECTIONID"):
        with monkeypatch.context() as changed:
            changed.setenv(name, "no such/id")
            with pytest.raises(SigmaError, match=f"{name} is .*, which is not an ID"):
                main(command_line().parse_args([]))


def test_an_answer_without_an_id_is_a_failed_step(sigma):
    sigma.post(f"{BASE_URL}/members", json={"memberId": "m-1"})
    sigma.post(f"{BASE_URL}/workspaces", json={"name": "?"})
    with pytest.raises(SigmaError) as failed:
        main(command_line().parse_args([]))
    assert re.search(
        r"has no 'workspaceId'. It may have .* again. Steps done: member. To go on: python .*"
        r"master_script.py --member-id m-1$",
        str(failed.value),
    )
