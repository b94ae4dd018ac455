"""Tests of members/batch_update.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from members.batch_update import main
from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/members"
RECIPE = "members/batch_update.py"
HEADER = "Email,First Name,Last Name,New Email,Member Type,isArchived\n"
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
    """Ada and Bela. The credentials belong to m-0."""
    sigma.get(f"{BASE_URL}/whoami", json={"userId": "m-0"})
    query = query_param_matcher(
        {"includeArchived": "true", "includeInactive": "true", "limit": 1000}
    )
    sigma.get(URL, match=[query], json={"entries": [ADA, BELA], "nextPage": None})
    return sigma


def patches(sandbox):
    return [entry for entry in sandbox.state.log.entries if entry.method == "PATCH"]


def test_shows_what_differs_and_changes_nothing(members, capsys, updates):
    updates(
        "ADA@example.com,,Lovelace,ada.l@example.com,View,\n"
        "bela@example.com,Bela,,BELA@example.com,Build,FALSE\n"
    )
    main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == [
        "To change: line 2, ADA@example.com",
        "    lastName: Byron -> Lovelace",
        "    email: ada@example.com -> ada.l@example.com",
        "    memberType: build -> View",
        "Unchanged: line 3, bela@example.com",  # only names are case-sensitive
    ]


def test_sends_only_what_differs(members, monkeypatch, updates):
    monkeypatch.setenv("DRY_RUN", "false")
    updates('ada@example.com,"ada\nM.",Byron,,BUILD,\nbela@example.com,,,,,true\n')
    members.patch(f"{URL}/m-1", match=[json_params_matcher({"firstName": "ada M."})], json={})
    archive = {"isArchived": True, "newOwnerId": "m-0"}
    members.patch(f"{URL}/m-2", match=[json_params_matcher(archive)], json={})
    main()


@pytest.mark.parametrize("header", [HEADER.replace(",", ";"), f"sep=;\n{HEADER.replace(',', ';')}"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_reads_what_excel_writes(header, encoding, members, capsys, updates):
    lines = header.count("\n")
    row = '\n;;;;;\nada@example.com;"Ada; ""Zoë""\nMaria";;;;;;\n'
    updates(row.replace("\n", "\r\n"), header.replace("\n", "\r\n"), encoding)
    main()
    assert capsys.readouterr().out.startswith(
        f'To change: line {lines + 3}, ada@example.com\n    firstName: Ada -> Ada; "Zoë" Maria\n'
    )


def test_columns_may_have_any_order_and_empty_ones_are_skipped(members, capsys, updates):
    updates(
        "true,View,,,,,ada@example.com,\n",
        "isArchived,Member Type,New Email,,Last Name,First Name,Email,\n",
    )
    main()
    assert "memberType: build -> View\n    isArchived: False -> True\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("header", "rows", "problem"),
    [
        ("", "", "line 1: the columns"),
        (HEADER.replace("Last Name,", ""), "", "line 1: the columns"),
        (HEADER.replace("\n", ",Team\n"), "", "line 1: the columns"),
        (HEADER.replace("\n", ",Email\n"), "", "line 1: the columns"),
        (HEADER, "", "there are no rows"),
        (HEADER, "a@example.com,,,,,,x\n", "line 2: more values"),
        (HEADER, ",Ada,,,,\n", "line 2: ''"),
        (HEADER, "a@example.com,,,b,,\n", "line 2: 'b'"),
        (HEADER, "mailto:a@example.com,,,,,\n", "line 2: 'mailto:a@example.com'"),
        (HEADER, "a@example.com,,,,,yes\n", "line 2: isArchived"),
        (HEADER, 'a@example.com,"b"c,,,,\n', "line 2: .* quotes"),
        (HEADER, '\na@example.com,"b,,,,\nc@example.com,,,,,\n', "line 3: .* quotes"),
        (HEADER, "a,,,,,\nb@example.com,,,,,\nc,,,,,\n", "line 2: 'a'.*; line 4: 'c'"),
        # Five changes at a time: no row may depend on another
        (HEADER, "a@x.example,,,,,\n\nA@x.example,,,,,\n", "line 4: a@x.example is also in line 2"),
        (HEADER, "a@x.example,,,n@x.example,,\nb@x.example,,,N@x.example,,\n", "line 3: n@x"),
        (HEADER, "a@x.example,,,n@x.example,,\nb@x.example,,,A@x.example,,\n", "line 3: a@x"),
        (HEADER, "b@x.example,,,A@x.example,,\na@x.example,,,n@x.example,,\n", "line 3: a@x"),
    ],
)
def test_mistakes_are_refused_by_line_before_anything_is_sent(header, rows, problem, updates):
    file = updates(rows, header)
    with pytest.raises(SigmaError, match=f"^{file}, .*{problem}"):
        main()


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        # The first Email is mistyped. Bela has the new email, but isn't Adele
        ("adele@example.com,Adele,,bela@example.com,,", "no members"),
        ("ada@example.com,,,BELA@example.com,,", "another member"),
    ],
)
def test_a_row_that_fits_no_member_is_refused(row, problem, members, capsys, monkeypatch, updates):
    monkeypatch.setenv("DRY_RUN", "false")
    updates(row)
    with pytest.raises(SigmaError, match="Failed: 1"):
        main()
    assert f"Failed: line 2, {row.split(',')[0]}: {problem}" in capsys.readouterr().err


def test_an_email_of_two_members_is_not_guessed(sigma, capsys, updates):
    updates("ada@example.com,,,,,true\n")
    sigma.get(f"{BASE_URL}/whoami", json={"userId": "m-0"})
    other = {**ADA, "memberId": "m-9", "email": "ADA@example.com"}
    sigma.get(URL, json={"entries": [ADA, other], "nextPage": None})
    with pytest.raises(SigmaError, match="1 of 1 rows"):
        main()
    assert "2 members have this email" in capsys.readouterr().err


@pytest.mark.parametrize(
    "row",
    [
        "ada@example.com,,,,,true",
        "ada@example.com,,,,View,",
        "scheduler-robot@example.com,Robby,,,,",
    ],
)
def test_the_robot_and_the_owner_are_left_alone(row, call_recipe, sandbox, updates):
    file = updates(f"{row}\nvic@example.com,Victor,,,,\n")
    done = call_recipe(RECIPE, DRY_RUN="false", MEMBER_UPDATES=file)
    assert done.returncode == 1
    assert f"Failed: line 2, {row.split(',')[0]}: " in done.stderr
    assert sandbox.state.organization.find_email("vic@example.com").firstName == "Victor"
    assert len(patches(sandbox)) == 1


def test_the_owner_of_the_credentials_may_get_another_name(call_recipe, sandbox, updates):
    file = updates("ada@example.com,,Lovelace,,Admin,false\n")
    assert call_recipe(RECIPE, DRY_RUN="false", MEMBER_UPDATES=file).returncode == 0
    assert sandbox.state.organization.members[seed.OWNER_ID].lastName == "Lovelace"


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ("ada@example.com,,,,,true", {**ADA, "isArchived": False}),
        ("ada@example.com,,Lovelace,,,", ADA),
        ("ada@example.com,Adele,,,View,", {**ADA, "firstName": "Adele"}),
    ],
)
def test_a_response_without_the_change_is_a_failure(
    row, answer, members, capsys, monkeypatch, updates
):
    monkeypatch.setenv("DRY_RUN", "false")
    updates(row)
    members.patch(f"{URL}/m-1", json=answer)
    with pytest.raises(SigmaError, match="Changed: 0.* Failed: 1"):
        main()
    assert "Changed: line" not in capsys.readouterr().out


def test_text_of_others_adds_no_line_to_the_plan(sigma, capsys, updates):
    updates("ada@example.com,,X,,,\n")
    sigma.get(f"{BASE_URL}/whoami", json={"userId": "m-0"})
    odd = {**ADA, "lastName": "B\nTo change: line 9, bela@example.com"}
    sigma.get(URL, json={"entries": [odd], "nextPage": None})
    main()
    assert capsys.readouterr().out.count("\nTo change: ") == 0


def test_changes_the_sandbox_and_a_second_run_finds_all_done(call_recipe, sandbox):
    organization = sandbox.state.organization
    chidi, dana, elif_ = (
        organization.find_email(f"{name}@example.com")
        for name in ("chidi.okafor", "dana.varga", "elif.castillo")
    )
    workbook = next(iter(organization.workbooks.values()))
    workbook.ownerId = elif_.memberId
    assert call_recipe(RECIPE).returncode == 0
    assert patches(sandbox) == []
    done = call_recipe(RECIPE, DRY_RUN="false")
    assert done.stdout.endswith("Changed: 3. Unchanged: 0. Failed: 0. Not tried: 0.\n")
    assert chidi.memberType == "Build"
    assert (dana.lastName, dana.email) == ("Varga-Lindqvist", "dana.lindqvist@example.com")
    assert elif_.isArchived
    assert workbook.ownerId == seed.OWNER_ID
    again = call_recipe(RECIPE, DRY_RUN="false")
    assert again.stdout.endswith("Changed: 0. Unchanged: 3. Failed: 0. Not tried: 0.\n")
    assert len(patches(sandbox)) == 3


def test_activates_a_member_again(call_recipe, sandbox, updates):
    file = updates("gone1@example.com,,,,,False\n")
    assert call_recipe(RECIPE, DRY_RUN="false", MEMBER_UPDATES=file).returncode == 0
    assert not sandbox.state.organization.find_email("gone1@example.com").isArchived


def test_goes_on_after_a_failure(call_recipe, sandbox, updates):
    file = updates(
        "chidi.okafor@example.com,,,,Emperor,\n"
        "dana.varga@example.com,,,,King,\n"
        "elif.castillo@example.com,,,,View,\n"
    )
    done = call_recipe(RECIPE, DRY_RUN="false", MEMBER_UPDATES=file)
    assert done.returncode == 1
    assert "Failed: line 2, chidi.okafor@example.com: 404 from PATCH" in done.stderr
    assert "Failed: line 3, dana.varga@example.com: 404 from PATCH" in done.stderr
    assert "Changed: line 4, elif.castillo@example.com\n" in done.stdout
    assert "Error: Changed: 1. Unchanged: 0. Failed: 2. Not tried: 0." in done.stderr


@pytest.mark.parametrize("kind", ["401", "drop", "503"])
def test_an_error_that_would_meet_all_stops_the_run(kind, call_recipe, sandbox, updates):
    members = [m.email for m in sandbox.state.organization.members.values() if not m.isArchived]
    rows = "".join(f"{email},,New,,,\n" for email in members[2:62])
    sandbox.state.rules.append(Fault(kind=kind, match="PATCH *", after=1, times=0))
    done = call_recipe(RECIPE, DRY_RUN="false", MEMBER_UPDATES=updates(rows))
    assert done.returncode == 1
    assert "Error: Changed: 1. Unchanged: 0. Failed: " in done.stderr
    assert len(patches(sandbox)) < 30  # of 60, and 401 is tried with a new token as well
