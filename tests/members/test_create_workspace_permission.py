"""Tests of members/create_workspace_permission.py."""

import pytest
from responses.matchers import json_params_matcher

from members.create_workspace_permission import main
from sandbox import seed
from sigma_session import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/workspaces/w-1/grants"


@pytest.fixture(autouse=True)
def ids(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m-1")
    monkeypatch.setenv("WORKSPACEID", "w-1")


@pytest.mark.parametrize("permission", ["", "view", "explore", "organize", "edit"])
def test_grants_view_or_what_permission_says(permission, sigma, capsys, monkeypatch):
    monkeypatch.setenv("PERMISSION", permission)
    granted = permission or "view"
    body = {"grants": [{"grantee": {"memberId": "m-1"}, "permission": granted}]}
    sigma.post(URL, match=[json_params_matcher(body)], json={})
    main()
    assert capsys.readouterr().out == (
        f"Permission: {granted}\nNew workspace permission added successfully: {{}}\n"
    )


def test_refuses_a_permission_of_connections(monkeypatch):
    monkeypatch.setenv("PERMISSION", "usage")
    with pytest.raises(SigmaError, match="PERMISSION is 'usage'. It can be view, explore, org"):
        main()


def test_a_second_grant_replaces_the_first_in_the_sandbox(run_recipe, sandbox):
    recipe = "members/create_workspace_permission.py"
    assert run_recipe(recipe).returncode == 0
    assert run_recipe(recipe, PERMISSION="edit").returncode == 0
    grants = sandbox.state.organization.grants[seed.DEMO_WORKSPACE_ID]
    given = [grant.permission for grant in grants if grant.memberId == seed.DEMO_MEMBER_ID]
    assert given == ["edit"]


def test_an_unknown_workspace(run_recipe):
    done = run_recipe("members/create_workspace_permission.py", WORKSPACEID="nowhere")
    assert done.returncode == 1
    assert "404 from POST" in done.stderr
    assert "Workspace nowhere not found (requestId " in done.stderr
