"""Tests of workbooks/grant_workbook_permission.py."""

import pytest
from responses.matchers import json_params_matcher

from sandbox import seed
from sandbox.faults import Fault
from sandbox.organization import make_uuid
from sigma_client import SigmaError
from tests.conftest import BASE_URL
from workbooks.grant_workbook_permission import main

RECIPE = "workbooks/grant_workbook_permission.py"


@pytest.fixture(autouse=True)
def ids(monkeypatch):
    monkeypatch.setenv("WORKBOOK_ID", "https://app.sigmacomputing.com/acme/workbook/Orders-short1")
    monkeypatch.setenv("MEMBERID", "m-1")
    monkeypatch.setenv("TEAMID", "t-1")


def answers(sigma, grantee, permission):
    sigma.get(f"{BASE_URL}/workbooks/short1", json={"workbookId": "long-1", "name": "Orders"})
    body = {"grants": [{"grantee": grantee, "permission": permission}]}
    url = f"{BASE_URL}/workbooks/long-1/grants"
    sigma.post(url, match=[json_params_matcher(body)], json={})


@pytest.mark.parametrize("permission", ["", "view", "explore", "edit"])
def test_grants_the_member_view_or_what_the_setting_says(permission, sigma, capsys, monkeypatch):
    monkeypatch.setenv("WORKBOOK_PERMISSION", permission)
    answers(sigma, {"memberId": "m-1"}, permission or "view")
    main()
    out = capsys.readouterr().out
    assert "Orders" in out
    assert "m-1" in out
    assert out.endswith("\nNew workbook permission added successfully: {}\n")


def test_grants_the_team_on_demand(sigma, capsys, monkeypatch):
    monkeypatch.setenv("GRANT_TO", "team")
    monkeypatch.setenv("MEMBERID", "")  # not needed then
    answers(sigma, {"teamId": "t-1"}, "view")
    main()
    assert "t-1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "value"), [("WORKBOOK_PERMISSION", "organize"), ("GRANT_TO", "everybody")]
)
def test_refuses_what_cannot_be_granted(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(SigmaError, match=f"{name} is '{value}'"):
        main()


@pytest.mark.parametrize(("grant_to", "name"), [("member", "MEMBERID"), ("team", "TEAMID")])
def test_names_the_missing_setting(grant_to, name, monkeypatch):
    monkeypatch.setenv("GRANT_TO", grant_to)
    monkeypatch.setenv(name, "")
    with pytest.raises(SigmaError, match=name):
        main()


def test_a_second_grant_replaces_the_first(call_recipe, sandbox):
    assert call_recipe(RECIPE).returncode == 0
    assert call_recipe(RECIPE, WORKBOOK_PERMISSION="edit").returncode == 0
    assert call_recipe(RECIPE, GRANT_TO="team", WORKBOOK_PERMISSION="explore").returncode == 0
    grants = sandbox.state.organization.grants[seed.DEMO_WORKBOOK_ID]
    assert [(g.memberId, g.teamId, g.permission) for g in grants] == [
        (seed.DEMO_MEMBER_ID, None, "edit"),
        (None, seed.DEMO_TEAM_ID, "explore"),
    ]


def test_a_workbook_without_a_name_gets_its_grant(call_recipe, sandbox):
    fault = "null-field GET /v2/workbooks/* field=name"
    sandbox.state.rules.append(Fault.parse(fault))
    done = call_recipe(RECIPE)
    assert done.returncode == 0, done.stderr
    assert sandbox.state.organization.grants[seed.DEMO_WORKBOOK_ID]


def test_claims_no_success_after_a_refusal(call_recipe):
    done = call_recipe(RECIPE, GRANT_TO="team", TEAMID=make_uuid("team", "unknown"))
    assert done.returncode == 1
    assert "404 from POST" in done.stderr
    assert "successfully" not in done.stdout
