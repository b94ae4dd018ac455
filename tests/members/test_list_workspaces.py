"""Tests of members/list_workspaces.py."""

import json

import pytest

from members.list_workspaces import main
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/workspaces"
RECIPE = "members/list_workspaces.py"


def test_prints_names_and_ids(sigma, capsys):
    sales, unnamed = {"name": "Sales", "workspaceId": "w1"}, {"name": None, "workspaceId": "w2"}
    sigma.get(URL, json={"entries": [sales, unnamed], "nextPage": None})
    main()
    heading, _, *rows = capsys.readouterr().out.splitlines()
    assert heading.split() == ["Name", "Workspace", "ID"]
    assert [row.split() for row in rows] == [["Sales", "w1"], ["w2"]]


def test_a_workspace_without_an_id_is_an_error(sigma, capsys):
    sigma.get(URL, json={"entries": [{"name": "Sales"}], "nextPage": None})
    with pytest.raises(SigmaError, match="workspaceId"):
        main()
    assert capsys.readouterr().out == ""


def test_lists_both_workspaces_of_one_name(call_recipe, sandbox):
    rows = json.loads(call_recipe(RECIPE, OUTPUT_FORMAT="json").stdout)
    assert {row["workspaceId"] for row in rows} == sandbox.state.organization.workspaces.keys()
    assert [row["name"] for row in rows].count("Shared Reports") == 2


def test_an_unreadable_entry_is_reported_and_the_others_are_printed(call_recipe, sandbox):
    whole = call_recipe(RECIPE)
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/workspaces"))
    done = call_recipe(RECIPE)
    assert (done.returncode, done.stdout) == (1, whole.stdout)
    assert "fault-1" in done.stderr
