"""Tests of members/deactivate_existing.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from members.deactivate_existing import main
from sandbox import seed
from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/members"
RECIPE = "members/deactivate_existing.py"
ROBOT = "SigmaSchedulerRobot"


def person(member_id, first, **fields):
    email = f"{first.lower()}@example.com"
    return {
        "memberId": member_id,
        "firstName": first,
        "lastName": "Byron",
        "email": email,
        **fields,
    }


def methods(sandbox):
    return [entry.method for entry in sandbox.state.log.entries]


@pytest.fixture(autouse=True)
def member(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m-1")


@pytest.fixture
def known(sigma):
    """Sigma, where m-1 owns one of four documents and the credentials belong to m-0."""
    sigma.get(f"{URL}/m-1", json=person("m-1", "Ada"))
    sigma.get(f"{BASE_URL}/whoami", json={"userId": "m-0", "organizationId": "o"})
    return sigma


def add_files(sigma):
    sigma.get(
        f"{URL}/m-1/files",
        match=[query_param_matcher({"limit": 1000})],
        json={"entries": [{"id": "f-1", "ownerId": "m-1"}, {"id": "f-2"}], "nextPage": "p2"},
    )
    entries = [{"id": "f-3", "ownerId": "m-0"}, {"id": "f-4", "ownerId": None}]
    sigma.get(
        f"{URL}/m-1/files",
        match=[query_param_matcher({"limit": 1000, "page": "p2"})],
        json={"entries": entries, "nextPage": None},
    )


def test_shows_first_and_changes_nothing(known, capsys):
    add_files(known)
    known.get(f"{URL}/m-0", json=person("m-0", "Olga", lastName=None))
    main()
    assert capsys.readouterr().out.splitlines() == [
        "To deactivate: Ada Byron <ada@example.com>",
        "Documents:     owns 1 of the 4 that the member can open,"
        " and for 2 Sigma does not say whose they are",
        "New owner:     Olga <olga@example.com> (the owner of the credentials)",
        "Nothing was changed. To deactivate the member, set DRY_RUN=false and run it again.",
    ]


def test_deletes_without_a_new_owner(known, capsys, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    add_files(known)
    known.get(f"{URL}/m-0", json=person("m-0", "Olga"))
    known.delete(f"{URL}/m-1", json={})
    main()
    assert capsys.readouterr().out.endswith("Member deactivated successfully: m-1\n")


def test_hands_the_documents_to_the_new_owner(known, capsys, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    monkeypatch.setenv("NEW_OWNER_EMAIL", "Vera@example.com")
    add_files(known)
    hits = [person("m-3", "Vera", email="vera@example.com.au"), person("m-2", "Vera")]
    known.get(
        URL,
        match=[query_param_matcher({"email": "Vera@example.com", "limit": 1000})],
        json={"entries": hits, "nextPage": None},
    )
    body = {"isArchived": True, "newOwnerId": "m-2"}
    known.patch(f"{URL}/m-1", match=[json_params_matcher(body)], json={})
    main()
    printed = capsys.readouterr().out
    assert "New owner:     Vera Byron <vera@example.com> (NEW_OWNER_EMAIL)\n" in printed
    assert printed.endswith("Member deactivated successfully: m-1\n")


@pytest.mark.parametrize(
    ("hits", "problem"),
    [
        ([], "no active members have this address"),
        ([person("m-3", "Vera", email="vera@example.com.au")], "no active members"),
        ([person(ROBOT, "Vera")], "no active members"),
        ([person("m-2", "Vera"), person("m-3", "Vera")], "2 active members"),
        ([person("m-1", "Vera")], "NEW_OWNER_EMAIL is the address of the member to deactivate"),
    ],
)
def test_a_new_owner_who_cannot_be_one_is_refused(hits, problem, known, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    monkeypatch.setenv("NEW_OWNER_EMAIL", "vera@example.com")
    known.get(URL, json={"entries": hits, "nextPage": None})
    with pytest.raises(SigmaError, match=problem):
        main()


def test_the_robot_is_refused_before_anything_is_sent(monkeypatch):
    monkeypatch.setenv("MEMBERID", ROBOT)
    monkeypatch.setenv("DRY_RUN", "false")
    with pytest.raises(SigmaError, match="which Sigma needs for scheduled exports"):
        main()


def test_the_owner_of_the_credentials_is_refused(sigma, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    sigma.get(f"{URL}/m-1", json=person("m-1", "Ada"))
    sigma.get(f"{BASE_URL}/whoami", json={"userId": "m-1"})
    with pytest.raises(SigmaError, match="Ada Byron <ada@example.com> owns these credentials"):
        main()


@pytest.mark.parametrize("value", ["no", "False", "0"])
def test_a_typing_error_in_dry_run_is_no_permission(value, monkeypatch):
    monkeypatch.setenv("DRY_RUN", value)
    with pytest.raises(SigmaError, match=f"DRY_RUN is '{value}'. It can be true, false"):
        main()


def test_the_dry_run_changes_nothing_in_the_sandbox(call_recipe, sandbox):
    assert call_recipe(RECIPE).returncode == 0
    assert not sandbox.state.organization.members[seed.DEMO_MEMBER_ID].isArchived
    assert methods(sandbox)[1:] == ["GET"] * 4


@pytest.mark.parametrize("new_owner", ["vic@example.com", ""])
def test_the_documents_move_and_a_second_run_does_nothing(call_recipe, sandbox, new_owner):
    organization = sandbox.state.organization
    chidi = organization.find_email("chidi.okafor@example.com")
    owned = [w for w in organization.workbooks.values() if w.ownerId == chidi.memberId]
    assert owned
    settings = {"MEMBERID": chidi.memberId, "NEW_OWNER_EMAIL": new_owner, "DRY_RUN": "false"}
    done = call_recipe(RECIPE, **settings)
    assert done.returncode == 0
    assert f"owns {len(owned)} of the " in done.stdout
    assert chidi.isArchived
    heir = organization.find_email(new_owner or "ada@example.com").memberId
    assert {workbook.ownerId for workbook in owned} == {heir}
    sent = len(methods(sandbox))
    again = call_recipe(RECIPE, **settings)
    assert "is deactivated already, so nothing was changed." in again.stdout
    assert methods(sandbox)[sent:] == ["POST", "GET", "GET"]  # the token, who it is, who I am


def test_a_refused_deactivation_is_no_success(call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="403", match="PATCH /v2/members/*"))
    done = call_recipe(RECIPE, DRY_RUN="false")
    assert done.returncode == 1
    assert "403 from PATCH" in done.stderr
    assert "successfully" not in done.stdout
