"""Tests of members/recent_workbooks.py."""

import pytest
from responses.matchers import header_matcher, query_param_matcher

import sigma_session
from members.recent_workbooks import main
from sigma_session import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/members/m-1/files/recents"


@pytest.fixture(autouse=True)
def member(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m-1")


def workbook(name, used):
    return {"type": "workbook", "name": name, "permission": "edit", "lastInteractionAt": used}


def test_prints_the_workbooks_of_all_pages_latest_first(sigma, capsys):
    folder = {"type": "folder", "name": "A folder"}
    unreadable = {"code": "x", "message": "unreadable", "requestId": "r-1"}
    with_token = header_matcher({"Authorization": "Bearer token-1"})
    sigma.get(
        URL,
        match=[with_token, query_param_matcher({"limit": 1000})],
        json={"entries": [workbook("Old", "2024-04-28T16:40:00.000Z"), folder], "nextPage": "p2"},
    )
    sigma.get(
        URL,
        match=[with_token, query_param_matcher({"limit": 1000, "page": "p2"})],
        json={
            "entries": [workbook("New", "2024-05-02T09:14:00.000Z"), unreadable],
            "nextPage": None,
        },
    )

    main()

    printed, trace = capsys.readouterr()
    assert f"URL sent to Sigma: {URL}?limit=1000&page=p2" in trace
    assert printed.endswith(
        "New     edit          2024-05-02 09:14\nOld     edit          2024-04-28 16:40\n"
    )
    assert "token-1" not in printed + trace
    assert "An entry of /members/m-1/files/recents is missing: unreadable (requestId r-1)" in trace
    assert sigma_session._unreadable


def test_says_so_when_there_are_none(sigma, capsys):
    sigma.get(URL, json={"entries": [], "nextPage": None})
    main()
    assert capsys.readouterr().out == "Member m-1 has no recent workbooks.\n"


def test_workbook_without_a_time_comes_last(sigma, capsys):
    sigma.get(
        URL,
        json={
            "entries": [
                {"type": "workbook", "name": "Never", "permission": "view"},
                workbook("Nobody knows", None),
                workbook("Used", "2024-05-02T09:14:00.000Z"),
            ],
            "nextPage": None,
        },
    )
    main()
    printed = capsys.readouterr().out
    assert printed.index("Used") < printed.index("Never") < printed.index("Nobody knows")


def test_an_unknown_member(run_recipe):
    done = run_recipe("members/recent_workbooks.py", MEMBERID="nobody")
    assert done.returncode == 1
    assert "/members/nobody/files/recents?limit=1000: Member nobody not found (req" in done.stderr


def test_an_unreadable_entry_is_named_and_the_exit_code_is_1(run_recipe, sandbox):
    from sandbox.faults import Fault

    sandbox.state.rules.append(Fault(kind="error-row", match="GET *recents"))
    done = run_recipe("members/recent_workbooks.py")
    assert done.returncode == 1
    assert "is missing: Not readable (requestId fault-1)" in done.stderr
    assert done.stderr.endswith("Error: not complete, Sigma could not read this many entries: 1\n")
    assert len(done.stdout.splitlines()) > 5


def test_the_older_name_of_the_setting_counts_too(run_recipe, sandbox):
    done = run_recipe("members/recent_workbooks.py", MEMBERID="", MEMBER_ID="nobody")
    assert "/members/nobody/files/recents" in done.stderr


def test_missing_setting(monkeypatch):
    monkeypatch.setenv("MEMBERID", "")
    with pytest.raises(SigmaError, match="MEMBERID is not set"):
        main()
