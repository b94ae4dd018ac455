"""Tests of members/bulk_set_user_attributes.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from members.bulk_set_user_attributes import main
from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL, fresh

URL = f"{BASE_URL}/user-attributes"
RECIPE = "members/bulk_set_user_attributes.py"
ALL = {"includeArchived": "true", "includeInactive": "true", "limit": 1000}


@pytest.fixture(autouse=True)
def write(monkeypatch, tmp_path):
    """A function that writes the file, and returns its path."""
    file = tmp_path / "attributes.csv"
    monkeypatch.setenv("USER_ATTRIBUTES", str(file))

    def write(text):
        file.write_text(text, encoding="utf-8")
        return str(file)

    return write


def person(name, **fields):
    return {"memberId": f"m-{name}", "email": f"{name}@example.com", **fields}


PEOPLE = [person("ada"), person("bela"), person("carl", isArchived=True)]
PEOPLE += [person("dora", isInactive=True), {"memberId": "m-0", "email": None}]


def page(*entries, following=None):
    return {"entries": list(entries), "nextPage": following}


def attributes(sigma, name, *found):
    entries = [{"userAttributeId": key, "name": named} for key, named in found]
    query = [query_param_matcher({"name": name, "limit": 1000})]
    sigma.get(URL, match=query, json=page(*entries))


def members(sigma, *people):
    sigma.get(f"{BASE_URL}/members", match=[query_param_matcher(ALL)], json=page(*people))


def assigned(name, value):
    return {"userId": f"m-{name}", "value": {"val": value, "type": "string"}}


def values(sigma, key, *entries, following=None, **query):
    match = [query_param_matcher({"limit": 1000, **query})]
    sigma.get(f"{URL}/{key}/users", match=match, json=page(*entries, following=following))


def posts(server):
    return [e for e in server.state.log.entries if e.method == "POST" and "auth" not in e.path]


def test_plans_what_differs_and_names_deactivated_members(sigma, capsys, write):
    write(
        "Region;Email;Cost Center;\nWest;ADA@example.com;;\n"
        "East;bela@example.com; 17  B;\nWest;carl@example.com;;\nWest;dora@example.com;;\n"
    )
    attributes(sigma, "Region", ("u2", "RegionManager"), ("u3", "region"), ("u1", "Region"))
    attributes(sigma, "Cost Center", ("u4", "Cost Center"))
    members(sigma, *PEOPLE)
    values(sigma, "u1", assigned("ada", "North\nTo set: line 9"), following="2")
    values(sigma, "u1", assigned("bela", "East"), page="2")
    values(sigma, "u4")
    main()
    assert capsys.readouterr().out.splitlines()[:5] == [
        "To set: line 2, ADA@example.com, Region: 'North\\nTo set: line 9' -> 'West'",
        "To set: line 3, bela@example.com, Cost Center: not set -> '17 B'",
        "Deactivated: line 4, carl@example.com",
        "Deactivated: line 5, dora@example.com",
        "Plan: set 2 values",
    ]


def test_claims_only_what_sigma_shows_afterwards(sigma, capsys, monkeypatch, write):
    monkeypatch.setenv("DRY_RUN", "false")
    write("Email,Region\nada@example.com,West\nbela@example.com,East\n")
    attributes(sigma, "Region", ("u1", "Region"))
    members(sigma, *PEOPLE)
    values(sigma, "u1")
    body = {"assignments": [assigned("ada", "West"), assigned("bela", "East")]}
    sigma.post(f"{URL}/u1/users", match=[json_params_matcher(body)], json={})
    values(sigma, "u1", assigned("ada", "West"), assigned("bela", "West"))
    with pytest.raises(SigmaError, match=r"^Set: 1 of 2\."):
        main()
    (failed,) = [x for x in capsys.readouterr().err.splitlines() if x.startswith("Failed: ")]
    assert "Region of bela@example.com" in failed


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Mail,Region\na@b.c,West\n", "line 1: the columns"),
        ("Email,Email,Region\na@b.c,a@b.c,West\n", "line 1: the columns"),
        ("Email,Region,Region\na@b.c,West,East\n", "line 1: the columns"),
        ("Email,Region\n", "there are no values"),
        ("Email,Region\na@b.c,\n", "there are no values"),
        ("Email,Region\n,West\n*,West\n", r"line 2: ''.*line 3: '\*'"),
        ("Email,Region\na@b.c,West\n\nA@b.c,East\n", "line 4: A@b.c is also in line 2"),
    ],
)
def test_a_file_that_is_not_clear_is_refused_before_anything_is_sent(text, problem, write):
    write(text)
    with pytest.raises(SigmaError, match=problem):
        main()


@pytest.mark.parametrize(
    ("found", "people", "problem"),
    [
        ([], PEOPLE, "column 'Region': no"),
        ([("u1", "region")], PEOPLE, "column 'Region': no"),
        ([("u1", "Region"), ("u2", "Region")], PEOPLE, "column 'Region': 2"),
        ([("u1", "Region")], PEOPLE[2:], "line 2: no .*ada@example.com; line 3: no"),
        ([("u1", "Region")], [*PEOPLE, person("ADA")], "line 2: 2"),
        ([("u1", "Region")], [person("ada", memberId="SigmaSchedulerRobot")], "line 2: no"),
    ],
)
def test_unknown_attributes_and_emails_are_refused(
    found, people, problem, sigma, monkeypatch, write
):
    monkeypatch.setenv("DRY_RUN", "false")
    write("Email,Region\nada@example.com,West\nbela@example.com,East\n")
    attributes(sigma, "Region", *found)
    if problem.startswith("line"):
        members(sigma, *people)
    with pytest.raises(SigmaError, match=problem):
        main()


@pytest.mark.parametrize("path", ["/user-attributes", "/members", "/user-attributes/*/users"])
def test_nothing_is_set_if_sigma_could_not_read_an_entry(path, call_recipe, sandbox, write):
    file = write("Email,Department\nada@example.com,Sales\n")
    sandbox.state.rules.append(Fault(kind="error-row", match=f"GET /v2{path}"))
    done = call_recipe(RECIPE, USER_ATTRIBUTES=file, DRY_RUN="false")
    assert (done.returncode, posts(sandbox)) == (1, [])


def test_100_members_a_request_and_a_second_run_continues(running_sandbox, call_recipe, write):
    server = fresh(running_sandbox, members=520, workbooks=10, latency=0.02)
    organization = server.state.organization
    people = [m for m in organization.members.values() if not m.isArchived][:500]
    file = write("Email,Region\n" + "".join(f"{m.email},Area {n}\n" for n, m in enumerate(people)))
    server.state.rules.append(Fault(kind="403", match="POST /v2/user-attributes/*", after=1))
    done = call_recipe(RECIPE, USER_ATTRIBUTES=file, DRY_RUN="false")
    assert done.returncode == 1
    (failed,) = [line for line in done.stderr.splitlines() if line.startswith("Failed: ")]
    assert (failed.startswith("Failed: Region of "), failed.count("@example.com")) == (True, 100)
    assert "Error: Set: 400 of 500." in done.stderr
    assert len(posts(server)) == 5
    assert 1 < max(entry.atOnce for entry in posts(server)) <= 5

    done = call_recipe(RECIPE, USER_ATTRIBUTES=file, DRY_RUN="false")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Set: 100 of 100.")
    assert len(posts(server)) == 6
    assignments = organization.user_attributes[seed.DEMO_USER_ATTRIBUTE_ID].assignments
    expected = {m.memberId: f"Area {n}" for n, m in enumerate(people)}
    assert {key: entry.value.val for key, entry in assignments.items()} == expected
