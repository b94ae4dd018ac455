"""Tests of members/master_script.py."""

import json
import os
import re
import shlex

import pytest
from responses.matchers import json_params_matcher

from members.master_script import command_line, main
from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL

RECIPE = "members/master_script.py"
STEPS = {  # the request of each step, and the steps that are done when it fails
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
        "UNIQUE_EMAIL": "false",
        "TEAMID": "t1",
        "CONNECTIONID": "c1",
        # Not read: they belong to the single steps
        "MEMBERID": "another-member",
        "WORKSPACEID": "another-workspace",
        "PERMISSION": "edit",
        "CONNECTION_PERMISSION": "annotate",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


def call_main(*arguments):
    main(command_line().parse_args(arguments))


def test_hands_the_ids_from_step_to_step(sigma, capsys):
    def expect(method, path, sent, response):
        sigma.add(method, f"{BASE_URL}{path}", match=[json_params_matcher(sent)], json=response)

    def grant(permission):
        return {"grants": [{"grantee": {"memberId": "m1"}, "permission": permission}]}

    sigma.post(f"{BASE_URL}/members", json={"memberId": "m1", "memberType": "View"})
    workspace = {"name": "Workspace for Member m1", "noDuplicates": True}
    expect("POST", "/workspaces", workspace, {"workspaceId": "w1"})
    expect("POST", "/workspaces/w1/grants", grant("view"), {})
    expect("PATCH", "/teams/t1/members", {"add": ["m1"]}, {})
    expect("POST", "/connections/c1/grants", grant("usage"), {})
    call_main()
    assert capsys.readouterr().out.splitlines() == [
        "Creating ada@example.com",
        "New member created successfully:",
        "memberId: m1",
        "Workspace created successfully:",
        "workspaceId: w1",
        "New workspace permission added successfully: {}",
        "Member successfully added to team: {}",
        "New connection permission added successfully: {}",
        "Connection permissions granted successfully.",
        "Onboarding process completed successfully.",
    ]


def state(sandbox):
    """Return members, workspaces, teams and grants, as one text."""
    organization = sandbox.state.organization
    kinds = [organization.members, organization.workspaces, organization.teams]
    grants = {k: [(g.memberId, g.permission) for g in v] for k, v in organization.grants.items()}
    return json.dumps([{k: v.model_dump() for k, v in kind.items()} for kind in kinds] + [grants])


def assert_onboarded(sandbox):
    """The last member has a workspace, both permissions and a team, each once."""
    organization = sandbox.state.organization
    member = list(organization.members.values())[-1]
    assert member.email == "new.member@example.com"
    (workspace,) = [w for w in organization.workspaces.values() if member.memberId in w.name]
    assert member.memberId in organization.teams[seed.DEMO_TEAM_ID].members
    for object_id, permission in (
        (workspace.workspaceId, "view"),
        (seed.DEMO_CONNECTION_ID, "usage"),
    ):
        grants = organization.grants[object_id]
        assert [g.permission for g in grants if g.memberId == member.memberId] == [permission]


def test_a_second_run_for_the_same_email_changes_nothing(call_recipe, sandbox):
    assert call_recipe(RECIPE, UNIQUE_EMAIL="false").returncode == 0
    assert_onboarded(sandbox)
    before = state(sandbox)
    again = call_recipe(RECIPE, UNIQUE_EMAIL="false")
    assert again.returncode == 0
    assert "Member already exists: API Generated <new.member@example.com>" in again.stdout
    assert "Workspace already exists:" in again.stdout
    assert state(sandbox) == before


@pytest.mark.parametrize("step", STEPS)
def test_a_failure_names_the_steps_done_and_the_command_that_continues(step, call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="403", match=step))
    failed = call_recipe(RECIPE, UNIQUE_EMAIL="false")
    assert failed.returncode == 1
    error, command = failed.stderr.splitlines()[-1].split(" To continue: ")
    assert error.startswith("Error: 403 from ")
    assert error.endswith(f". Steps done: {STEPS[step]}.")
    assert "completed" not in failed.stdout

    words = shlex.split(command)
    env_file, (script, *arguments) = words[0], words[words.index("python") + 1 :]
    done = call_recipe(script, *arguments, UNIQUE_EMAIL="false")
    assert done.returncode == 0, done.stderr
    assert env_file == f"SIGMA_ENV_FILE={os.environ['SIGMA_ENV_FILE']}"
    assert_onboarded(sandbox)
    created = [
        e for e in sandbox.state.log.entries if (e.method, e.path) == ("POST", "/v2/members")
    ]
    assert [entry.status for entry in created].count(200) == 1


@pytest.mark.parametrize("kind", ["drop", "empty", "500"])
def test_a_creation_that_may_have_worked_says_what_to_look_for(kind, call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind=kind, match="POST /v2/members"))
    failed = call_recipe(RECIPE)
    assert failed.returncode == 1
    email = re.search(r"Creating (\S+)", failed.stdout)[1]
    error = failed.stderr.splitlines()[-1]
    assert re.search(f"Steps done: none.*{re.escape(email)}.*--member-id.*To continue:", error)
    assert (sandbox.state.organization.find_email(email) is None) == (kind == "500")


def test_ctrl_c_says_how_to_continue(sigma, capsys):
    def interrupt(request):
        raise KeyboardInterrupt

    sigma.post(f"{BASE_URL}/members", json={"memberId": "m1"})
    sigma.add_callback("POST", f"{BASE_URL}/workspaces", callback=interrupt)
    with pytest.raises(KeyboardInterrupt):
        call_main()
    line = capsys.readouterr().err.splitlines()[-1]
    assert "Steps done: member. To continue: " in line
    assert line.endswith(" --member-id m1")


@pytest.mark.parametrize(
    "response", [{"code": "forbidden", "message": "Not yours"}, ["not", "an", "object"]]
)
def test_a_grant_that_sigma_does_not_confirm_is_a_failed_step(response, sigma, capsys):
    sigma.post(f"{BASE_URL}/members", json={"memberId": "m1"})
    sigma.post(f"{BASE_URL}/workspaces", json={"workspaceIds": ["w1"]})
    sigma.post(f"{BASE_URL}/workspaces/w1/grants", json=response)
    with pytest.raises(SigmaError, match="done: member, workspace. .* --workspace-id w1$"):
        call_main()
    assert "permission" not in capsys.readouterr().out


def test_wrong_credentials_are_not_a_failed_step(call_recipe):
    done = call_recipe(RECIPE, SECRET="wrong")
    assert done.returncode == 1
    assert "CLIENT_ID" in done.stderr
    assert "Steps done" not in done.stderr


def test_onboards_an_existing_member_into_an_existing_workspace(call_recipe, sandbox):
    organization = sandbox.state.organization
    before = len(organization.members), len(organization.workspaces)
    ids = ["--member-id", seed.VIEWER_ID, "--workspace-id", seed.DEMO_WORKSPACE_ID]
    done = call_recipe(RECIPE, *ids, EMAIL="", NEW_MEMBER_TYPE="")
    assert done.returncode == 0, done.stderr
    assert "Member already exists: Vic Viewer <vic@example.com>" in done.stdout
    grants = organization.grants[seed.DEMO_WORKSPACE_ID]
    assert [g.permission for g in grants if g.memberId == seed.VIEWER_ID] == ["view"]
    assert (len(organization.members), len(organization.workspaces)) == before


def test_a_deactivated_or_unknown_member_is_not_onboarded(call_recipe, sandbox):
    organization = sandbox.state.organization
    gone = next(m for m in organization.members.values() if m.isArchived)
    before = state(sandbox)
    for arguments, settings, cause in (
        (["--member-id", gone.memberId], {}, f"{gone.email}> is deactivated"),
        ([], {"UNIQUE_EMAIL": "false", "EMAIL": gone.email}, f"{gone.email}> is deactivated"),
        (["--member-id", "unknown"], {}, "404 from GET"),
    ):
        done = call_recipe(RECIPE, *arguments, **settings)
        assert done.returncode == 1
        assert cause in done.stderr
        assert "Steps done: none." in done.stderr
    assert state(sandbox) == before


@pytest.mark.parametrize("option", ["--member-id", "--workspace-id"])
@pytest.mark.parametrize("value", ["../whoami", "", "undefined"])
def test_an_option_that_is_no_id_is_refused_before_anything_is_sent(
    option, value, call_recipe, sandbox
):
    done = call_recipe(RECIPE, option, value)
    assert (done.returncode, done.stdout) == (2, "")
    assert option in done.stderr
    assert not sandbox.state.log.entries


@pytest.mark.parametrize("name", ["TEAMID", "CONNECTIONID", "SEND_INVITE"])
def test_all_settings_are_read_before_anything_is_sent(name, monkeypatch):
    monkeypatch.setenv(name, "no such/id")
    with pytest.raises(SigmaError, match=name):
        call_main()
