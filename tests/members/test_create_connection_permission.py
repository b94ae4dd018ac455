"""Tests of members/create_connection_permission.py."""

import pytest
from responses.matchers import json_params_matcher

from members.create_connection_permission import main
from sandbox import seed
from sigma_session import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/connections/c-1/grants"


@pytest.fixture(autouse=True)
def ids(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m-1")
    monkeypatch.setenv("CONNECTIONID", "c-1")


@pytest.mark.parametrize("permission", ["", "usage", "annotate"])
def test_grants_usage_or_what_connection_permission_says(permission, sigma, capsys, monkeypatch):
    monkeypatch.setenv("CONNECTION_PERMISSION", permission)
    granted = permission or "usage"
    body = {"grants": [{"grantee": {"memberId": "m-1"}, "permission": granted}]}
    sigma.post(URL, match=[json_params_matcher(body)], json={})
    main()
    assert capsys.readouterr().out == (
        f"Permission: {granted}\nNew connection permission added successfully: {{}}\n"
    )


def test_the_permission_of_workspaces_is_another_setting(sigma, monkeypatch, capsys):
    monkeypatch.setenv("PERMISSION", "edit")
    sigma.post(URL, json={})
    main()
    assert "Permission: usage" in capsys.readouterr().out


def test_refuses_a_permission_of_workspaces(monkeypatch):
    monkeypatch.setenv("CONNECTION_PERMISSION", "view")
    with pytest.raises(SigmaError, match="CONNECTION_PERMISSION is 'view'. It can be usage, ann"):
        main()


def test_a_second_grant_replaces_the_first_in_the_sandbox(run_recipe, sandbox):
    recipe = "members/create_connection_permission.py"
    assert run_recipe(recipe).returncode == 0
    assert run_recipe(recipe, CONNECTION_PERMISSION="annotate").returncode == 0
    (grant,) = sandbox.state.organization.grants[seed.DEMO_CONNECTION_ID]
    assert (grant.memberId, grant.permission) == (seed.DEMO_MEMBER_ID, "annotate")


def test_an_unknown_member(run_recipe, sandbox):
    done = run_recipe("members/create_connection_permission.py", MEMBERID="nobody")
    assert done.returncode == 1
    assert "Member nobody not found (requestId " in done.stderr
    assert seed.DEMO_CONNECTION_ID not in sandbox.state.organization.grants
