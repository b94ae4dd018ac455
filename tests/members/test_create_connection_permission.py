"""Tests of members/create_connection_permission.py."""

import pytest
from responses.matchers import json_params_matcher

from members.create_connection_permission import main
from sandbox import seed
from sigma_client import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/connections/c1/grants"
RECIPE = "members/create_connection_permission.py"


@pytest.fixture(autouse=True)
def ids(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m1")
    monkeypatch.setenv("CONNECTIONID", "c1")
    monkeypatch.setenv("PERMISSION", "edit")  # belongs to workspaces


@pytest.mark.parametrize("permission", ["", "usage", "annotate"])
def test_grants_usage_or_what_connection_permission_says(permission, sigma, capsys, monkeypatch):
    monkeypatch.setenv("CONNECTION_PERMISSION", permission)
    granted = permission or "usage"
    body = {"grants": [{"grantee": {"memberId": "m1"}, "permission": granted}]}
    sigma.post(URL, match=[json_params_matcher(body)], json={})
    main()
    expected = f"Permission: {granted}\nNew connection permission added successfully: {{}}\n"
    assert capsys.readouterr().out == expected


def test_refuses_a_permission_of_workspaces(monkeypatch):
    monkeypatch.setenv("CONNECTION_PERMISSION", "view")
    with pytest.raises(SigmaError, match="CONNECTION_PERMISSION"):
        main()


def test_an_error_object_is_a_failure(sigma, capsys):
    sigma.post(URL, json={"code": "forbidden", "message": "Not yours", "requestId": "r1"})
    with pytest.raises(SigmaError, match="Not yours"):
        main()
    assert capsys.readouterr().out == ""


def test_two_runs_in_the_sandbox_leave_one_grant(call_recipe, sandbox):
    for _ in range(2):
        assert call_recipe(RECIPE, CONNECTION_PERMISSION="annotate").returncode == 0
    (grant,) = sandbox.state.organization.grants[seed.DEMO_CONNECTION_ID]
    assert (grant.memberId, grant.permission) == (seed.DEMO_MEMBER_ID, "annotate")
