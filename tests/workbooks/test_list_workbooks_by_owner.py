"""Tests of workbooks/list_workbooks_by_owner.py."""

import itertools
import json

import pytest
from responses.matchers import query_param_matcher

from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL, fresh
from workbooks.list_workbooks_by_owner import main

RECIPE = "workbooks/list_workbooks_by_owner.py"
WORKBOOKS = f"{BASE_URL}/workbooks"
MEMBERS = f"{BASE_URL}/members"
EVERYBODY = {"limit": 1000, "includeArchived": "true", "includeInactive": "true"}


def workbook(name, owner_id):
    return {"workbookId": f"id-{name}", "name": name, "path": "Sales", "ownerId": owner_id}


def member(member_id, first, last, email):
    return {"memberId": member_id, "firstName": first, "lastName": last, "email": email}


ADA = member("m-1", "Ada", "Abbott", "ada@example.com")
BELA = {**member("m-2", "Bela", "Brandt", "bela@example.com"), "isArchived": True}


def members(sigma, *entries):
    page = {"entries": list(entries), "nextPage": None}
    sigma.get(MEMBERS, match=[query_param_matcher(EVERYBODY)], json=page)


def workbooks(sigma, *entries, **query):
    page = {"entries": list(entries), "nextPage": None}
    match = [query_param_matcher({"limit": 1000, **query})]
    sigma.get(WORKBOOKS, match=match, json=page)


def printed(capsys):
    return [row.split() for row in capsys.readouterr().out.splitlines()[2:]]


def test_puts_the_workbooks_of_an_owner_together_even_if_the_owner_left(sigma, capsys):
    sigma.get(MEMBERS, json={"entries": [BELA], "nextPage": "p2"})
    match = [query_param_matcher({**EVERYBODY, "page": "p2"})]
    sigma.get(MEMBERS, match=match, json={"entries": [ADA], "nextPage": None})
    sigma.get(WORKBOOKS, json={"entries": [workbook("Orders", "m-1")], "nextPage": "p2"})
    more = [workbook("Churn", "m-2"), workbook("Margins", "m-1")]
    match = [query_param_matcher({"limit": 1000, "page": "p2"})]
    sigma.get(WORKBOOKS, match=match, json={"entries": more, "nextPage": None})
    main()
    assert printed(capsys) == [
        ["Ada", "Abbott", "ada@example.com", "Margins", "Sales"],
        ["Ada", "Abbott", "ada@example.com", "Orders", "Sales"],
        ["Bela", "Brandt", "bela@example.com", "Churn", "Sales"],
    ]


def test_two_owners_of_one_name_stay_apart(sigma, capsys):
    twin = member("m-0", "Ada", "Abbott", "twin@example.com")
    members(sigma, ADA, twin)
    workbooks(sigma, workbook("A", "m-1"), workbook("B", "m-0"), workbook("C", "m-1"))
    main()
    assert [row[2:4] for row in printed(capsys)] == [
        ["twin@example.com", "B"],
        ["ada@example.com", "A"],
        ["ada@example.com", "C"],
    ]


def test_an_owner_in_no_list_is_shown_by_the_id(sigma, capsys):
    members(sigma, {"memberId": "m-1", "email": "ada@example.com"})
    workbooks(sigma, workbook("Orders", "nobody"), workbook("Churn", "m-1"))
    main()
    assert printed(capsys) == [
        ["m-1", "ada@example.com", "Churn", "Sales"],
        ["nobody", "Orders", "Sales"],
    ]


def test_lists_one_owner_found_by_the_exact_address(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OWNER_EMAIL", "ADA@example.com")
    other = member("m-3", "Ada", "Abbott", "ada@example.com.au")
    members(sigma, ADA, other, {"memberId": "m-4", "email": None})
    workbooks(sigma, workbook("Orders", "m-3"), workbook("Churn", "m-1"), workbook("X", "m-4"))
    main()
    out, trace = capsys.readouterr()
    assert [row.split() for row in out.splitlines()[2:]] == [
        ["Ada", "Abbott", "ada@example.com", "Churn", "Sales"]
    ]
    assert trace.startswith("OWNER_EMAIL is set: only the workbooks of ADA@example.com\n")


@pytest.mark.parametrize("email", ["nobody@example.com", "ada@example", "none"])
def test_an_unknown_address_is_an_error_not_an_empty_list(email, sigma, capsys, monkeypatch):
    monkeypatch.setenv("OWNER_EMAIL", email)
    members(sigma, ADA, {"memberId": "m-4", "email": None})
    with pytest.raises(SigmaError, match=f"OWNER_EMAIL is '{email}', and no member has this add"):
        main()
    assert capsys.readouterr().out == ""


def test_all_workbooks_on_demand(sigma, monkeypatch, capsys):
    monkeypatch.setenv("ALL_WORKBOOKS", "true")
    members(sigma, ADA)
    workbooks(sigma, skipPermissionCheck="true", excludeExplorations="true")
    main()
    assert capsys.readouterr().out == "There are no such workbooks.\n"


def test_needs_two_lists_in_an_organization_of_any_size(running_sandbox, run_recipe):
    large = fresh(running_sandbox, workbooks=2500)
    done = run_recipe(RECIPE, OUTPUT_FORMAT="json")
    rows = json.loads(done.stdout)
    assert len(rows) == 2500
    groups = [owner for owner, _ in itertools.groupby(rows, key=lambda row: row["ownerId"])]
    assert len(groups) == len(set(groups)) > 20
    assert len(large.state.log.entries) == 1 + 1 + 3  # the token, the members, the workbooks


def test_a_deactivated_owner_in_the_sandbox(run_recipe, sandbox):
    organization = sandbox.state.organization
    left = organization.find_email("chidi.okafor@example.com")
    left.isArchived = True
    done = run_recipe(RECIPE, OWNER_EMAIL="Chidi.Okafor@example.com", OUTPUT_FORMAT="json")
    rows = json.loads(done.stdout)
    assert len(rows) == 7
    assert {row["ownerName"] for row in rows} == {"Chidi Okafor"}


def test_an_unreadable_member_is_named_and_the_exit_code_is_1(run_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/members"))
    done = run_recipe(RECIPE)
    assert done.returncode == 1
    assert "An entry of /members is missing: Not readable (requestId fault-1)" in done.stderr
    assert len(done.stdout.splitlines()) == 2 + 260
