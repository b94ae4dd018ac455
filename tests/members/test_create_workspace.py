"""Tests of members/create_workspace.py."""

import pytest
from responses.matchers import json_params_matcher

from members.create_workspace import main
from sigma_session import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/workspaces"
BODY = {"name": "Workspace for Member m-1", "noDuplicates": True}


@pytest.fixture(autouse=True)
def member(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m-1")


def test_creates_it_and_prints_its_id(sigma, capsys):
    sigma.post(URL, match=[json_params_matcher(BODY)], json={"workspaceId": "w-1"})
    main()
    assert capsys.readouterr().out.splitlines() == [
        "Workspace created successfully:",
        "name:        Workspace for Member m-1",
        "workspaceId: w-1",
    ]


def test_finds_the_one_that_is_there(sigma, capsys):
    # For a name that exists Sigma answers with success, too, but in another form
    sigma.post(URL, json={"workspaceIds": ["w-1", "w-2"], "workspaceUrlIds": ["a", "b"]})
    main()
    printed = capsys.readouterr().out
    assert "exists already" in printed
    assert printed.endswith("workspaceId: w-1\n")


def test_an_empty_list_of_workspaces_is_no_success(sigma):
    sigma.post(URL, json={"workspaceIds": []})
    with pytest.raises(SigmaError, match="'Workspace for Member m-1' exists, but not which"):
        main()


def test_twice_makes_one_workspace_in_the_sandbox(run_recipe, sandbox):
    first = run_recipe("members/create_workspace.py")
    second = run_recipe("members/create_workspace.py")
    assert "created successfully" in first.stdout
    assert "exists already" in second.stdout
    assert first.stdout.splitlines()[1:] == second.stdout.splitlines()[1:]
    names = [w.name for w in sandbox.state.organization.workspaces.values()]
    assert len([name for name in names if name.startswith("Workspace for Member")]) == 1
