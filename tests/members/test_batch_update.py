"""Tests of members/batch_update.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from members.batch_update import main
from sandbox import seed
from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/members"
RECIPE = "members/batch_update.py"
HEADER = "Email,First Name,Last Name,New Email,Member Type,isArchived\n"
EVERYBODY = {"includeArchived": "true", "includeInactive": "true", "limit": 1000}
ADA = {
    "memberId": "m-1",
    "firstName": "Ada",
    "lastName": "Byron",
    "email": "ada@example.com",
    "memberType": "build",
}
BELA = {**ADA, "memberId": "m-2", "firstName": "Bela", "email": "bela@example.com"}


@pytest.fixture(autouse=True)
def updates(monkeypatch, tmp_path):
    """A function that writes the rows below the header, or a whole file."""
    file = tmp_path / "updates.csv"
    monkeypatch.setenv("MEMBER_UPDATES", str(file))

    def write(text, header=HEADER, encoding="utf-8"):
        file.write_bytes((header + text).encode(encoding))
        return str(file)

    return write


@pytest.fixture
def members(sigma):
    """Ada and Bela on two pages; the credentials belong to m-0."""
    sigma.get(f"{BASE_URL}/whoami", json={"userId": "m-0", "organizationId": "o"})
    sigma.get(
        URL,
        match=[query_param_matcher(EVERYBODY)],
        json={"entries": [ADA], "nextPage": "p2"},
    )
    sigma.get(
        URL,
        match=[query_param_matcher({**EVERYBODY, "page": "p2"})],
        json={"entries": [BELA], "nextPage": None},
    )
    return sigma


def test_shows_first_and_changes_nothing(members, capsys, updates):
    updates(
        "ADA@example.com,,Lovelace,ada.l@example.com,View,\n"
        ",,,,,\n"
        "bela@example.com,Bela,,BELA@example.com,Build,FALSE\n"
    )
    main()
    assert capsys.readouterr().out.splitlines() == [
        "To change: line 2, ADA@example.com",
        "    Last Name: Byron -> Lovelace",
        "    New Email: ada@example.com -> ada.l@example.com",
        "    Member Type: build -> View",
        "Unchanged: line 4, bela@example.com",  # upper and lower case of address and type are one
        "Plan: change 1 of 2",
        "Nothing was changed. To change the members, set DRY_RUN=false and run it again",
    ]


def test_sends_only_what_changes(members, capsys, monkeypatch, updates):
    monkeypatch.setenv("DRY_RUN", "false")
    updates("ada@example.com,Ada,Lovelace,,BUILD,\nbela@example.com,,,,,true\n")
    members.patch(f"{URL}/m-1", match=[json_params_matcher({"lastName": "Lovelace"})], json={})
    archive = {"isArchived": True, "newOwnerId": "m-0"}
    members.patch(f"{URL}/m-2", match=[json_params_matcher(archive)], json={})
    main()
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "Changed: line 2, ada@example.com",
        "Changed: line 3, bela@example.com",
        "Changed 2, unchanged 0, failed 0",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_reads_what_excel_writes(encoding, members, capsys, updates):
    header = HEADER.replace(",", ";").replace("\n", "\r\n")
    updates('ada@example.com;"Ada; Zoë";;;;\r\n', header, encoding)
    main()
    assert "    First Name: Ada -> Ada; Zoë\n" in capsys.readouterr().out


def test_columns_may_stand_in_any_order(members, capsys, updates):
    updates("true,View,,,,ada@example.com\n", ",".join(reversed(HEADER.strip().split(","))) + "\n")
    main()
    printed = capsys.readouterr().out
    assert "Member Type: build -> View\n    isArchived: False -> True\n" in printed


@pytest.mark.parametrize(
    ("header", "rows", "problem"),
    [
        ("", "", r"updates.csv, line 1: missing columns: \['Email', "),
        (
            HEADER.replace("Last Name,", ""),
            "",
            r"line 1: missing columns: \['Last Name'\], unknown",
        ),
        (HEADER.replace("\n", ",Team\n"), "", r"missing columns: none, .* repeated: \['Team'\]"),
        (HEADER.replace("\n", ",Email\n"), "", r"missing columns: none, .* repeated: \['Email'\]"),
        (HEADER, "", "holds no row below the names of the columns"),
        (HEADER, "ada@example.com,,,,\n", "line 2: 5 values for 6 columns"),
        (HEADER, "ada@example.com,,,,,,\n", "line 2: 7 values for 6 columns"),
        (HEADER, ",Ada,,,,\n", "line 2: Email is '', which is not an email address"),
        (HEADER, "a@example.com,,,b,,\n", "line 2: New Email is 'b', which is not"),
        (HEADER, "a@example.com,,,,,yes\n", "line 2: isArchived is 'yes'. It can be true, false"),
        (HEADER, "a@x.example,,,,,\n\nA@x.example,,,,,\n", "line 4: A@x.example is also in line 2"),
        (HEADER, 'a@example.com,"b"c,,,,\n', r"updates.csv, line 2: .* expected after"),
        (HEADER, "a,,,,,\nb@example.com,,,,,\nc,,,,,\n", "line 2: Email is 'a'.*; line 4: Email"),
    ],
)
def test_every_bad_line_is_named_before_anything_is_sent(header, rows, problem, updates):
    updates(rows, header)
    with pytest.raises(SigmaError, match=problem) as refused:
        main()
    assert "\n" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_named(monkeypatch, updates):
    updates("ada@example.com,Zoë,,,,\n", encoding="cp1252")
    with pytest.raises(SigmaError, match="updates.csv cannot be read: save it as CSV UTF-8"):
        main()
    monkeypatch.setenv("MEMBER_UPDATES", "nowhere.csv")
    with pytest.raises(SigmaError, match="nowhere.csv cannot be read: No such file"):
        main()


def test_a_new_address_of_somebody_else_is_no_earlier_run(members, capsys, updates):
    # The first Email is mistyped. Bela has the new address, but is not Adele
    updates("adele@example.com,Adele,,bela@example.com,,\n")
    with pytest.raises(SigmaError, match="^1 rows cannot be applied. Nothing was changed"):
        main()
    printed, trace = capsys.readouterr()
    assert "Failed: line 2, adele@example.com: not a member\n" in trace


def test_an_address_for_two_members_is_refused(updates):
    updates("ada@example.com,,,new@example.com,,\nbela@example.com,,,NEW@example.com,,\n")
    with pytest.raises(SigmaError, match="line 3: New Email NEW@example.com is also in line 2"):
        main()


def test_the_address_of_another_member_is_refused_before_anything_is_sent(
    members, capsys, monkeypatch, updates
):
    monkeypatch.setenv("DRY_RUN", "false")
    updates("ada@example.com,,,BELA@example.com,,\n")
    with pytest.raises(SigmaError, match="^Changed 0, unchanged 0, failed 1"):
        main()
    problem = "another member has the address BELA@example.com\n"
    assert f"Failed: line 2, ada@example.com: {problem}" in capsys.readouterr().err


def test_an_address_that_is_passed_on_is_refused(updates):
    # A second run would take Bela, who has Ada's address by then, for Ada
    updates("ada@example.com,,,ada.l@example.com,,\nbela@example.com,,,ADA@example.com,,\n")
    with pytest.raises(
        SigmaError,
        match="line 3: New Email ADA@example.com is the Email of line 2, so a second run could take"
        " one for the other. Nothing was changed$",
    ):
        main()


@pytest.mark.parametrize(
    ("email", "row", "problem"),
    [
        ("ada@example.com", ",,,,true", "owns these credentials, which would stop working"),
        ("scheduler-robot@example.com", "Robby,,,,", "Sigma's own member, which must stay"),
    ],
)
def test_the_robot_and_the_owner_are_left_alone(email, row, problem, call_recipe, sandbox, updates):
    file = updates(f"{email},{row}\nvic@example.com,Victor,,,,\n")
    done = call_recipe(RECIPE, DRY_RUN="false", MEMBER_UPDATES=file)
    assert done.returncode == 1
    assert f"Failed: line 2, {email}: {problem}" in done.stderr
    assert done.stderr.endswith("Error: Changed 1, unchanged 0, failed 1\n")
    assert sandbox.state.organization.find_email("vic@example.com").firstName == "Victor"
    left_alone = sandbox.state.organization.find_email(email)
    assert (left_alone.firstName, left_alone.isArchived) in [("Ada", False), ("Scheduler", False)]


def test_changes_the_sandbox_and_a_second_run_finds_all_done(call_recipe, sandbox):
    organization = sandbox.state.organization
    chidi, dana, elif_ = (
        organization.find_email(f"{name}@example.com")
        for name in ("chidi.okafor", "dana.varga", "elif.castillo")
    )
    workbook = next(iter(organization.workbooks.values()))
    workbook.ownerId = elif_.memberId
    assert call_recipe(RECIPE).returncode == 0
    assert (chidi.memberType, elif_.isArchived) == ("Analyze", False)
    done = call_recipe(RECIPE, DRY_RUN="false")
    assert done.stdout.endswith("Changed 3, unchanged 0, failed 0\n")
    assert chidi.memberType == "Build"
    assert (dana.lastName, dana.email) == ("Varga-Lindqvist", "dana.lindqvist@example.com")
    assert elif_.isArchived
    assert workbook.ownerId == seed.OWNER_ID
    again = call_recipe(RECIPE, DRY_RUN="false")
    assert again.stdout.endswith("Changed 0, unchanged 3, failed 0\n")
    assert [entry.method for entry in sandbox.state.log.entries].count("PATCH") == 3


def test_the_owner_of_the_credentials_may_get_another_name(call_recipe, sandbox, updates):
    file = updates("ada@example.com,,Lovelace,,,false\n")
    assert call_recipe(RECIPE, DRY_RUN="false", MEMBER_UPDATES=file).returncode == 0
    assert sandbox.state.organization.members[seed.OWNER_ID].lastName == "Lovelace"


def test_activates_a_member_again(call_recipe, sandbox, updates):
    file = updates("gone1@example.com,,,,,False\n")
    assert call_recipe(RECIPE, DRY_RUN="false", MEMBER_UPDATES=file).returncode == 0
    assert not sandbox.state.organization.find_email("gone1@example.com").isArchived


def test_goes_on_after_a_failure(call_recipe, sandbox, updates):
    file = updates(
        "chidi.okafor@example.com,,,,Emperor,\n"
        "dana.varga@example.com,,,,King,\n"
        "elif.castillo@example.com,,,,View,\n"
        "nobody@example.com,,,,View,\n"
    )
    done = call_recipe(RECIPE, DRY_RUN="false", MEMBER_UPDATES=file)
    assert done.returncode == 1
    assert "Failed: line 2, chidi.okafor@example.com: 404 from PATCH" in done.stderr
    assert "Failed: line 3, dana.varga@example.com: 404 from PATCH" in done.stderr
    assert "Failed: line 5, nobody@example.com: not a member\n" in done.stderr
    assert "Changed: line 4, elif.castillo@example.com\n" in done.stdout
    assert done.stderr.endswith("Error: Changed 1, unchanged 0, failed 3\n")


@pytest.mark.parametrize("kind", ["401", "drop", "429-html"])
def test_a_failure_of_all_stops_the_run_and_says_what_is_done(kind, call_recipe, sandbox):
    rule = Fault(kind=kind, match="PATCH /v2/members/*", after=1, times=0)
    sandbox.state.rules.append(rule)
    done = call_recipe(RECIPE, DRY_RUN="false")
    assert done.returncode == 1
    error = done.stderr.splitlines()[-1]
    assert error.startswith("Error: Line 3, dana.varga@example.com: ")
    assert error.endswith("Changed before: 1 of 3")
    assert not sandbox.state.organization.find_email("elif.castillo@example.com").isArchived


def test_an_address_of_two_members_is_not_guessed(sigma, capsys, updates):
    updates("ada@example.com,,,,,true\n")
    sigma.get(f"{BASE_URL}/whoami", json={"userId": "m-0"})
    other = {**ADA, "memberId": "m-9", "email": "ADA@example.com"}
    sigma.get(URL, json={"entries": [ADA, ADA, other], "nextPage": None})
    with pytest.raises(SigmaError, match="^1 rows cannot be applied"):
        main()
    problem = "Failed: line 2, ada@example.com: several members have this address\n"
    assert problem in capsys.readouterr().err
