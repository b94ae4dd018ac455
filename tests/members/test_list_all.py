"""Tests of members/list_all.py."""

import csv
import io
import json

import pytest
from responses.matchers import header_matcher, query_param_matcher

from members.list_all import list_members, main
from sigma_session import SigmaError
from tests.conftest import BASE_URL, fresh

URL = f"{BASE_URL}/members"


def person(first, last="Abbott"):
    return {
        "firstName": first,
        "lastName": last,
        "email": f"{first}@example.com",
        "memberId": first,
    }


def test_prints_the_members_of_all_pages(sigma, capsys):
    with_token = header_matcher({"Authorization": "Bearer token-1"})
    sigma.get(
        URL,
        match=[with_token, query_param_matcher({"limit": 1000})],
        json={"entries": [person("Amara")], "nextPage": "p2"},
    )
    sigma.get(
        URL,
        match=[with_token, query_param_matcher({"limit": 1000, "page": "p2"})],
        json={"entries": [{**person("Bela"), "lastName": None}], "nextPage": None},
    )
    main()
    heading, line, *rows = capsys.readouterr().out.splitlines()
    assert heading.split("  ")[0] == "Name"
    assert [row.split() for row in rows] == [
        ["Amara", "Abbott", "Amara@example.com", "Amara"],
        ["Bela", "Bela@example.com", "Bela"],
    ]


def test_says_so_when_there_are_none(sigma, capsys):
    sigma.get(URL, json={"entries": [], "nextPage": None})
    main()
    assert capsys.readouterr().out == "There are no members.\n"


def test_prints_every_field_as_json(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")
    zoe = {**person("Zoë"), "memberId": "m-1", "userKind": "embed"}
    sigma.get(URL, json={"entries": [zoe], "nextPage": None})
    main()
    printed = capsys.readouterr().out
    assert json.loads(printed) == [{**zoe, "name": "Zoë Abbott"}]
    assert "Zoë" in printed


def test_prints_csv(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "csv")
    sigma.get(URL, json={"entries": [person("Amara", "Abbott, Jr.")], "nextPage": None})
    main()
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["Name"] == "Amara Abbott, Jr."
    assert row["Member ID"] == "Amara"


def test_a_failure_on_the_second_page_prints_no_part_of_the_list(sigma, capsys):
    sigma.get(URL, json={"entries": [person("Amara")], "nextPage": "p2"})
    sigma.get(URL, status=403, json={"message": "No", "requestId": "r-1"})
    with pytest.raises(SigmaError, match=r"403 from GET .*page=p2: No \(requestId r-1\)"):
        main()
    assert capsys.readouterr().out == ""


def test_has_the_robot_but_no_deactivated_members(run_recipe, sandbox):
    rows = json.loads(run_recipe("members/list_all.py", OUTPUT_FORMAT="json").stdout)
    assert len(rows) == 120
    assert rows[-1]["memberId"] == "SigmaSchedulerRobot"
    assert not [row for row in rows if row.get("isArchived")]
    everybody = sandbox.state.organization.members.values()
    assert len(everybody) > 120
    assert {m.memberId for m in everybody if not m.isArchived} == {r["memberId"] for r in rows}


@pytest.mark.slow
@pytest.mark.parametrize("bare_lists", [False, True])
def test_finds_everybody_in_a_large_organization(running_sandbox, run_recipe, bare_lists):
    large = fresh(running_sandbox, members=10_000, bare_lists=bare_lists)
    done = run_recipe("members/list_all.py", OUTPUT_FORMAT="json")
    ids = [row["memberId"] for row in json.loads(done.stdout)]
    active = [m for m in large.state.organization.members.values() if not m.isArchived]
    assert sorted(ids) == sorted(member.memberId for member in active)
    assert len(ids) == 10_000
    assert len(large.state.log.entries) <= 1 + 11  # the token, and at most 11 lists


def test_an_importer_gets_the_members_as_sigma_sent_them(sigma):
    from get_access_token import get_bearer_token
    from sigma_session import SigmaSession

    sigma.get(URL, json=[person("Amara")])
    assert list(list_members(SigmaSession(get_bearer_token))) == [person("Amara")]
