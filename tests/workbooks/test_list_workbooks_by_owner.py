"""Tests of workbooks/list_workbooks_by_owner.py."""

import itertools
import json

import pytest
from responses.matchers import query_param_matcher

import sigma_client
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL
from workbooks.list_workbooks_by_owner import main

RECIPE = "workbooks/list_workbooks_by_owner.py"
ALL_MEMBERS = {"limit": 1000, "includeArchived": "true", "includeInactive": "true"}
ADA = {"memberId": "m-1", "firstName": "Ada", "lastName": "Abbott", "email": "ada@example.com"}
NO_NAME = {"memberId": "m-4", "email": None}


def answers(sigma, members, workbooks, **query):
    """Answer the requests for both lists. workbooks has the owner's ID by the workbook's name."""
    match = [query_param_matcher(ALL_MEMBERS)]
    sigma.get(f"{BASE_URL}/members", match=match, json={"entries": members, "nextPage": None})
    rows = [{"workbookId": name, "name": name, "ownerId": workbooks[name]} for name in workbooks]
    match = [query_param_matcher({"limit": 1000, **query})]
    sigma.get(f"{BASE_URL}/workbooks", match=match, json={"entries": rows, "nextPage": None})


def printed(capsys):
    rows = json.loads(capsys.readouterr().out)
    return [(row["ownerName"], row["ownerEmail"], row["name"]) for row in rows]


@pytest.fixture(autouse=True)
def as_json(monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")


def test_groups_by_owner_even_if_two_have_one_name_or_the_owner_is_unknown(sigma, capsys):
    twin = {**ADA, "memberId": "m-0", "email": "twin@example.com"}
    owned = {"D": "m-1", "B": "m-0", "A": "m-1", "C": "m-9", "E": "m-4"}
    answers(sigma, [ADA, twin, NO_NAME], owned)
    main()
    assert printed(capsys) == [
        ("Ada Abbott", "twin@example.com", "B"),
        ("Ada Abbott", "ada@example.com", "A"),
        ("Ada Abbott", "ada@example.com", "D"),
        ("m-4", "", "E"),
        ("m-9", "", "C"),
    ]


def test_lists_one_owner_by_the_exact_email(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OWNER_EMAIL", "ADA@example.com")
    other = {**ADA, "memberId": "m-3", "email": "ada@example.com.au"}
    answers(sigma, [ADA, other, NO_NAME], {"A": "m-3", "B": "m-1", "C": "m-4", "D": "m-9"})
    main()
    out, trace = capsys.readouterr()
    assert [row["name"] for row in json.loads(out)] == ["B"]
    assert "OWNER_EMAIL" in trace  # a forgotten setting is announced


@pytest.mark.parametrize("email", ["nobody@example.com", "ada@example", "none"])
def test_an_unknown_email_is_an_error_not_an_empty_list(email, sigma, capsys, monkeypatch):
    monkeypatch.setenv("OWNER_EMAIL", email)
    sigma.get(f"{BASE_URL}/members", json={"entries": [ADA, NO_NAME], "nextPage": None})
    with pytest.raises(SigmaError, match=f"OWNER_EMAIL is '{email}'"):
        main()
    assert capsys.readouterr().out == ""


def test_gets_all_workbooks_on_demand(sigma, monkeypatch, capsys):
    monkeypatch.setenv("ALL_WORKBOOKS", "true")
    answers(sigma, [ADA], {}, skipPermissionCheck="true", excludeExplorations="true")
    main()
    assert printed(capsys) == []


def test_needs_two_lists_in_an_organization_of_any_size(sandbox, call_recipe, monkeypatch):
    monkeypatch.setattr(sigma_client, "PAGE_SIZE", 130)
    left = sandbox.state.organization.find_email("chidi.okafor@example.com")
    left.isArchived = True  # former members may still own workbooks
    rows = json.loads(call_recipe(RECIPE).stdout)
    assert len(rows) == 260
    assert "Chidi Okafor" in {row["ownerName"] for row in rows}
    groups = [owner for owner, _ in itertools.groupby(rows, key=lambda row: row["ownerId"])]
    assert len(groups) == len(set(groups)) > 20
    assert len(sandbox.state.log.entries) == 1 + 1 + 2  # the token, the members, the workbooks


def test_prints_what_it_has_if_an_entry_is_unreadable(call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/members"))
    done = call_recipe(RECIPE)
    assert done.returncode == 1
    assert "fault-1" in done.stderr
    assert len(json.loads(done.stdout)) == 260
