"""Tests of members/create_workspace.py."""

import pytest
from responses.matchers import json_params_matcher

from members.create_workspace import main
from sigma_client import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/workspaces"
BODY = {"name": "Workspace for Member m1", "noDuplicates": True}


@pytest.fixture(autouse=True)
def member(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m1")


def test_creates_it_and_prints_its_id(sigma, capsys):
    sigma.post(URL, match=[json_params_matcher(BODY)], json={"workspaceId": "w1", "name": None})
    main()
    assert capsys.readouterr().out.splitlines() == [
        "Workspace created successfully:",
        "name:        Workspace for Member m1",
        "workspaceId: w1",
    ]


def test_finds_an_existing_one(sigma, capsys):
    sigma.post(URL, json={"workspaceIds": ["w1", "w2"], "workspaceUrlIds": ["a", "b"]})
    main()
    out = capsys.readouterr().out
    assert "successfully" not in out
    assert out.endswith("workspaceId: w1\n")


@pytest.mark.parametrize(
    "response", [{"workspaceIds": []}, {"workspaceId": "w1", "name": "Another"}]
)
def test_a_response_without_the_workspace_is_a_failure(response, sigma, capsys):
    sigma.post(URL, json=response)
    with pytest.raises(SigmaError, match="workspace"):
        main()
    assert capsys.readouterr().out == ""


def test_two_runs_make_one_workspace_in_the_sandbox(call_recipe, sandbox):
    first = call_recipe("members/create_workspace.py")
    second = call_recipe("members/create_workspace.py")
    assert "created successfully" in first.stdout
    assert first.stdout.splitlines()[1:] == second.stdout.splitlines()[1:]
    names = [w.name for w in sandbox.state.organization.workspaces.values()]
    assert sum(name.startswith("Workspace for Member") for name in names) == 1
