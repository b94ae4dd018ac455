"""Tests of workbooks/grant_workbook_permission.py."""

import pytest
from responses.matchers import json_params_matcher

from sandbox import seed
from sigma_session import SigmaError
from tests.conftest import BASE_URL
from workbooks.grant_workbook_permission import main

RECIPE = "workbooks/grant_workbook_permission.py"


@pytest.fixture(autouse=True)
def ids(monkeypatch):
    monkeypatch.setenv("WORKBOOK_ID", "short1")
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
    granted = permission or "view"
    answers(sigma, {"memberId": "m-1"}, granted)
    main()
    assert capsys.readouterr().out.splitlines() == [
        "Workbook:   Orders",
        "Granted to: member m-1",
        f"Permission: {granted}",
        "New workbook permission added successfully: {}",
    ]


def test_grants_the_team_when_told_so(sigma, capsys, monkeypatch):
    monkeypatch.setenv("GRANT_TO", "team")
    monkeypatch.setenv("MEMBERID", "")  # not needed then
    answers(sigma, {"teamId": "t-1"}, "view")
    main()
    assert "Granted to: team t-1\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "value", "choices"),
    [
        ("WORKBOOK_PERMISSION", "organize", "view, explore, edit"),
        ("GRANT_TO", "everybody", "member, team"),
    ],
)
def test_refuses_what_cannot_be_granted(name, value, choices, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(SigmaError, match=f"{name} is '{value}'. It can be {choices}$"):
        main()


@pytest.mark.parametrize(
    ("grant_to", "name"),
    [("member", "WORKBOOK_ID"), ("member", "MEMBERID"), ("team", "TEAMID"), ("", "MEMBERID")],
)
def test_missing_setting(grant_to, name, monkeypatch):
    monkeypatch.setenv("GRANT_TO", grant_to)
    monkeypatch.setenv(name, "")
    with pytest.raises(SigmaError, match=f"{name} is not set"):
        main()


def test_a_refusal_is_passed_on(sigma, capsys):
    sigma.get(f"{BASE_URL}/workbooks/short1", json={"workbookId": "long-1", "name": "Orders"})
    refusal = {"message": "No rights", "requestId": "r-1"}
    sigma.post(f"{BASE_URL}/workbooks/long-1/grants", status=403, json=refusal)
    with pytest.raises(SigmaError, match=r"403 from POST .*No rights \(requestId r-1\)"):
        main()
    assert "successfully" not in capsys.readouterr().out


def test_a_second_grant_replaces_the_first_in_the_sandbox(run_recipe, sandbox):
    organization = sandbox.state.organization
    url = organization.workbooks[seed.DEMO_WORKBOOK_ID].url
    assert run_recipe(RECIPE, WORKBOOK_ID=url).returncode == 0
    assert run_recipe(RECIPE, WORKBOOK_PERMISSION="edit").returncode == 0
    assert run_recipe(RECIPE, GRANT_TO="team", WORKBOOK_PERMISSION="explore").returncode == 0
    grants = organization.grants[seed.DEMO_WORKBOOK_ID]
    assert [(g.memberId, g.teamId, g.permission) for g in grants] == [
        (seed.DEMO_MEMBER_ID, None, "edit"),
        (None, seed.DEMO_TEAM_ID, "explore"),
    ]


def test_an_unknown_team_in_the_sandbox(run_recipe):
    done = run_recipe(RECIPE, GRANT_TO="team", TEAMID="nobody")
    assert done.returncode == 1
    assert "Team nobody not found (requestId " in done.stderr
    assert "successfully" not in done.stdout
