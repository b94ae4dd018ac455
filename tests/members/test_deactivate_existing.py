"""Tests of members/deactivate_existing.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from members.deactivate_existing import main
from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/members"
RECIPE = "members/deactivate_existing.py"
ROBOT = "SigmaSchedulerRobot"


def person(member_id, first, **fields):
    email = f"{first.lower()}@example.com"
    names = {"firstName": first, "lastName": "Byron"}
    return {"memberId": member_id, "email": email, **names, **fields}


ADA, OLGA, VERA = person("m1", "Ada"), person("m0", "Olga", lastName=None), person("m2", "Vera")
VERA_AU = {**VERA, "memberId": "m3", "email": "vera@example.com.au"}


@pytest.fixture(autouse=True)
def member(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m1")


@pytest.fixture
def known(sigma):
    """Canned responses, where the credentials belong to m0."""
    sigma.get(f"{URL}/m1", json=ADA)
    sigma.get(f"{BASE_URL}/whoami", json={"userId": "m0"})
    return sigma


@pytest.fixture
def planned(known):
    """The same, where m1 owns one of four documents, and m0 is the new owner."""
    owners = ["m1", None, "m0"]
    files = [{"id": f"f{n}", "ownerId": owner} for n, owner in enumerate(owners)]
    page = {"entries": [*files, {"id": "f4"}], "nextPage": None}
    known.get(f"{URL}/m1/files", match=[query_param_matcher({"limit": 1000})], json=page)
    known.get(f"{URL}/m0", json=OLGA)
    return known


def test_the_plan_shows_member_new_owner_and_documents(planned, capsys):
    main()
    *plan, note = capsys.readouterr().out.splitlines()
    assert plan == [
        "To deactivate: Ada Byron <ada@example.com>",
        "New owner:     Olga <olga@example.com> (the owner of the credentials)",
        "Documents:     1 to transfer (Sigma doesn't name the owner of 2 more)",
    ]
    assert note.startswith("Dry run: nothing was changed.")


def test_deletes_without_a_new_owner(planned, capsys, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    planned.delete(f"{URL}/m1", json={})
    main()
    assert capsys.readouterr().out.endswith("Member deactivated successfully: m1\n")


@pytest.mark.parametrize("response", [{}, {**ADA, "isArchived": True}])
def test_transfers_the_documents_to_the_new_owner(response, known, capsys, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    monkeypatch.setenv("NEW_OWNER_EMAIL", "Vera@example.com")
    query = query_param_matcher({"email": "Vera@example.com", "limit": 1000})
    known.get(URL, match=[query], json={"entries": [VERA_AU, VERA], "nextPage": None})
    known.get(f"{URL}/m1/files", json={"entries": [], "nextPage": None})
    body = {"isArchived": True, "newOwnerId": "m2"}
    known.patch(f"{URL}/m1", match=[json_params_matcher(body)], json=response)
    main()
    out = capsys.readouterr().out
    assert "New owner:     Vera Byron <vera@example.com> (NEW_OWNER_EMAIL)\n" in out
    assert out.endswith("Member deactivated successfully: m1\n")


@pytest.mark.parametrize(
    "response", [{**ADA, "isArchived": False}, {"code": "conflict", "message": "Managed by SCIM"}]
)
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_member_who_stays_active_is_a_failure(method, response, known, capsys, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    if method == "PATCH":
        monkeypatch.setenv("NEW_OWNER_EMAIL", "vera@example.com")
        known.get(URL, json={"entries": [VERA], "nextPage": None})
    else:
        known.get(f"{URL}/m0", json=OLGA)
    known.get(f"{URL}/m1/files", json={"entries": [], "nextPage": None})
    known.add(method, f"{URL}/m1", json=response)
    with pytest.raises(SigmaError, match="m1"):
        main()
    assert "successfully" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("hits", "problem"),
    [
        ([VERA_AU], "No active members"),
        ([{**VERA, "memberId": ROBOT}], "No active members"),
        ([VERA, {**VERA, "memberId": "m3"}], "2 active members"),
        ([{**VERA, "memberId": "m1"}], "the member to deactivate"),
    ],
)
def test_a_new_owner_who_is_not_another_active_member_is_refused(hits, problem, known, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    monkeypatch.setenv("NEW_OWNER_EMAIL", "vera@example.com")
    known.get(URL, json={"entries": hits, "nextPage": None})
    with pytest.raises(SigmaError, match=f"NEW_OWNER_EMAIL.*{problem}"):
        main()


@pytest.mark.parametrize(
    ("name", "value"), [("MEMBERID", ROBOT), ("NEW_OWNER_EMAIL", "vera"), ("DRY_RUN", "no")]
)
def test_a_bad_setting_is_refused_before_anything_is_sent(name, value, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    monkeypatch.setenv(name, value)
    with pytest.raises(SigmaError, match=name):
        main()


def test_the_owner_of_the_credentials_is_refused(sigma, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    sigma.get(f"{URL}/m1", json=ADA)
    sigma.get(f"{BASE_URL}/whoami", json={"userId": "m1"})
    with pytest.raises(SigmaError, match="Ada Byron <ada@example.com> owns these credentials"):
        main()


def test_an_entry_that_sigma_could_not_read_stops_it_before_the_change(call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/members/*/files"))
    done = call_recipe(RECIPE, DRY_RUN="false")
    assert done.returncode == 1
    assert not sandbox.state.organization.members[seed.DEMO_MEMBER_ID].isArchived


def test_the_dry_run_changes_nothing_in_the_sandbox(call_recipe, sandbox):
    assert call_recipe(RECIPE).returncode == 0
    assert not sandbox.state.organization.members[seed.DEMO_MEMBER_ID].isArchived
    assert [entry.method for entry in sandbox.state.log.entries] == ["POST", *["GET"] * 4]


@pytest.mark.parametrize("new_owner", ["vic@example.com", ""])
def test_the_documents_move_and_a_second_run_does_nothing(call_recipe, sandbox, new_owner):
    organization = sandbox.state.organization
    chidi = organization.find_email("chidi.okafor@example.com")
    owned = [w for w in organization.workbooks.values() if w.ownerId == chidi.memberId]
    settings = {"MEMBERID": chidi.memberId, "NEW_OWNER_EMAIL": new_owner, "DRY_RUN": "false"}
    done = call_recipe(RECIPE, **settings)
    assert done.returncode == 0
    assert f"Documents:     {len(owned)} to transfer\n" in done.stdout
    assert chidi.isArchived
    new_owner_id = organization.find_email(new_owner or "ada@example.com").memberId
    assert {workbook.ownerId for workbook in owned} == {new_owner_id}
    sandbox.state.log.clear()
    again = call_recipe(RECIPE, **settings)
    assert again.returncode == 0
    assert "Already deactivated" in again.stdout
    assert [entry.method for entry in sandbox.state.log.entries] == ["POST", "GET", "GET"]
