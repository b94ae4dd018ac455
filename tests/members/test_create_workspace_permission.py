"""Tests of members/create_workspace_permission.py."""

import pytest
from responses.matchers import json_params_matcher

from members.create_workspace_permission import main
from sandbox import seed
from sigma_client import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/workspaces/w1/grants"
RECIPE = "members/create_workspace_permission.py"


@pytest.fixture(autouse=True)
def ids(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m1")
    monkeypatch.setenv("WORKSPACEID", "w1")


@pytest.mark.parametrize("permission", ["", "view", "explore", "organize", "edit"])
def test_grants_view_or_what_permission_says(permission, sigma, capsys, monkeypatch):
    monkeypatch.setenv("PERMISSION", permission)
    granted = permission or "view"
    body = {"grants": [{"grantee": {"memberId": "m1"}, "permission": granted}]}
    sigma.post(URL, match=[json_params_matcher(body)], json={})
    main()
    expected = f"Permission: {granted}\nNew workspace permission added successfully: {{}}\n"
    assert capsys.readouterr().out == expected


def test_refuses_a_permission_of_connections(monkeypatch):
    monkeypatch.setenv("PERMISSION", "usage")
    with pytest.raises(SigmaError, match="PERMISSION"):
        main()


def test_an_error_object_is_a_failure(sigma, capsys):
    sigma.post(URL, json={"code": "forbidden", "message": "Not yours", "requestId": "r1"})
    with pytest.raises(SigmaError, match="Not yours"):
        main()
    assert capsys.readouterr().out == ""


def test_two_runs_in_the_sandbox_leave_one_grant(call_recipe, sandbox):
    for _ in range(2):
        assert call_recipe(RECIPE, PERMISSION="edit").returncode == 0
    grants = sandbox.state.organization.grants[seed.DEMO_WORKSPACE_ID]
    given = [grant.permission for grant in grants if grant.memberId == seed.DEMO_MEMBER_ID]
    assert given == ["edit"]
