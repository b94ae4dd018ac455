"""Tests of members/list_workspaces.py."""

import json

import pytest
from responses.matchers import header_matcher, query_param_matcher

from members.list_workspaces import main
from sigma_session import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/workspaces"


def test_prints_the_workspaces_of_all_pages(sigma, capsys):
    with_token = header_matcher({"Authorization": "Bearer token-1"})
    sigma.get(
        URL,
        match=[with_token, query_param_matcher({"limit": 1000})],
        json={"entries": [{"name": "Sales", "workspaceId": "w-1"}], "nextPage": "p2"},
    )
    sigma.get(
        URL,
        match=[with_token, query_param_matcher({"limit": 1000, "page": "p2"})],
        json={"entries": [{"name": "Sales", "workspaceId": "w-2"}], "nextPage": None},
    )
    main()
    heading, _, *rows = capsys.readouterr().out.splitlines()
    assert heading.split() == ["Name", "Workspace", "ID"]
    assert [row.split() for row in rows] == [["Sales", "w-1"], ["Sales", "w-2"]]


def test_says_so_when_there_are_none(sigma, capsys):
    sigma.get(URL, json={"entries": [], "nextPage": None})
    main()
    assert capsys.readouterr().out == "There are no workspaces.\n"


def test_a_refusal_prints_no_part_of_the_list(sigma, capsys):
    sigma.get(URL, json={"entries": [{"name": "Sales", "workspaceId": "w-1"}], "nextPage": "p2"})
    sigma.get(URL, status=403, json={"message": "No", "requestId": "r-1"})
    with pytest.raises(SigmaError, match=r"page=p2: No \(requestId r-1\)"):
        main()
    assert capsys.readouterr().out == ""


def test_lists_both_workspaces_of_one_name(call_recipe, sandbox):
    rows = json.loads(call_recipe("members/list_workspaces.py", OUTPUT_FORMAT="json").stdout)
    assert {row["workspaceId"] for row in rows} == sandbox.state.organization.workspaces.keys()
    assert [row["name"] for row in rows].count("Shared Reports") == 2
