"""Tests of members/bulk_create.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from members.bulk_create import main, name_in_address
from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/members"
RECIPE = "members/bulk_create.py"
EVERYBODY = {"includeArchived": "true", "includeInactive": "true", "limit": 1000}


@pytest.fixture(autouse=True)
def emails(monkeypatch, tmp_path):
    """A function that writes the file of addresses."""
    file = tmp_path / "emails.txt"
    monkeypatch.setenv("MEMBER_EMAILS", str(file))
    monkeypatch.setenv("NEW_MEMBER_TYPE", "View")

    def write(text):
        file.write_text(text, encoding="utf-8")
        return str(file)

    write("ada.byron@example.com, Bela.Abbott@example.com\ncarl@example.com")
    return write


def body(email, first, last):
    return {"email": email, "firstName": first, "lastName": last, "memberType": "View"}


def sent(sandbox, method):
    return [entry for entry in sandbox.state.log.entries if entry.method == method]


@pytest.mark.parametrize(
    ("email", "name"),
    [
        ("anna.lee@example.com", ("Anna", "Lee")),
        ("ANNA_LEE@example.com", ("Anna", "Lee")),
        ("anna-maria.de.lee@example.com", ("Anna", "Maria De Lee")),
        ("anna.lee+sigma.test@example.com", ("Anna", "Lee")),
        (".anna..lee.@example.com", ("Anna", "Lee")),
        ("anna@example.com", None),
        ("anna+lee@example.com", None),
        ("...@example.com", None),
    ],
)
def test_reads_the_name_from_the_address(email, name):
    assert name_in_address(email) == name


def test_shows_first_and_changes_nothing(sigma, capsys, monkeypatch):
    monkeypatch.setenv("NEW_MEMBER_FIRST_NAME", "API")
    monkeypatch.setenv("NEW_MEMBER_LAST_NAME", "Generated")
    sigma.get(
        URL,
        match=[query_param_matcher(EVERYBODY)],
        json={"entries": [{"email": None}], "nextPage": "p2"},
    )
    sigma.get(
        URL,
        match=[query_param_matcher({**EVERYBODY, "page": "p2"})],
        json={"entries": [{"email": "bela.abbott@EXAMPLE.com"}], "nextPage": None},
    )
    main()
    assert capsys.readouterr().out.splitlines() == [
        "Exists already: Bela.Abbott@example.com",
        "To create:      ada.byron@example.com as Ada Byron",
        "To create:      carl@example.com as API Generated",
        "Plan: create 2 of 3 as View, with an invitation by mail",
        "Nothing was changed. To create the members, set DRY_RUN=false and run it again.",
    ]


@pytest.mark.parametrize("invite", ["true", "false"])
def test_creates_them_and_takes_a_conflict_for_a_member_who_exists(
    invite, sigma, capsys, monkeypatch, emails
):
    emails("ada.byron@example.com bela.abbott@example.com")
    monkeypatch.setenv("DRY_RUN", "false")
    monkeypatch.setenv("SEND_INVITE", invite)
    sigma.get(URL, json={"entries": [], "nextPage": None})
    query = query_param_matcher({"sendInvite": invite})
    ada = body("ada.byron@example.com", "Ada", "Byron")
    bela = body("bela.abbott@example.com", "Bela", "Abbott")
    sigma.post(URL, match=[query, json_params_matcher(ada)], json={**ada, "memberId": "m-1"})
    sigma.post(URL, match=[query, json_params_matcher(bela)], status=409, json={"message": "Taken"})
    main()
    lines = capsys.readouterr().out.splitlines()
    assert f"with{'' if invite == 'true' else 'out'} an invitation" in lines[2]
    assert lines[3:] == [
        "Created: ada.byron@example.com, memberId m-1",
        "Exists already: bela.abbott@example.com",
        "Created 1, existed already 1, failed 0",
    ]


def test_an_address_without_two_names_needs_the_names_of_env(sigma, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    monkeypatch.setenv("NEW_MEMBER_FIRST_NAME", "API")
    sigma.get(URL, json={"entries": [], "nextPage": None})
    with pytest.raises(SigmaError, match="carl@example.com does .* and NEW_MEMBER_LAST_NAME for"):
        main()


def test_a_bad_file_is_refused_before_anything_is_sent(emails):
    emails("ada.byron@example.com\nbela.abbott")
    with pytest.raises(SigmaError, match="line 2: 'bela.abbott' is not an email address"):
        main()
    emails("# nobody")
    with pytest.raises(SigmaError, match="there is no email address in"):
        main()


def test_creates_in_the_sandbox_what_the_dry_run_showed(call_recipe, sandbox):
    shown = call_recipe(RECIPE)
    assert not sandbox.state.organization.find_email("nobody.here@example.com")
    done = call_recipe(RECIPE, DRY_RUN="false", SEND_INVITE="false")
    assert "To create:      nobody.here@example.com as Nobody Here\n" in shown.stdout
    member = sandbox.state.organization.find_email("nobody.here@example.com")
    assert f"Created: nobody.here@example.com, memberId {member.memberId}\n" in done.stdout
    assert done.stdout.endswith("Created 1, existed already 3, failed 0\n")
    assert (member.firstName, member.lastName, member.memberType) == ("Nobody", "Here", "Build")
    assert [entry.query for entry in sent(sandbox, "POST")[2:]] == ["sendInvite=false"]


def test_goes_on_after_a_failure_and_continues_when_run_again(call_recipe, sandbox, emails):
    file = emails("ada.one@example.com ada.two@example.com ada.three@example.com ada@example.com")
    sandbox.state.rules.append(Fault(kind="500", match="POST /v2/members", after=1))
    settings = {"DRY_RUN": "false", "MEMBER_EMAILS": file}
    done = call_recipe(RECIPE, **settings)
    assert done.returncode == 1
    assert "Failed: ada.two@example.com: 500 from POST" in done.stderr
    assert done.stderr.endswith("Error: Created 2, existed already 1, failed 1\n")
    before = len(sandbox.state.organization.members)
    again = call_recipe(RECIPE, **settings)
    assert again.stdout.endswith("Created 1, existed already 3, failed 0\n")
    assert len(sandbox.state.organization.members) == before + 1
    posts = [entry for entry in sent(sandbox, "POST") if entry.path == "/v2/members"]
    assert len(posts) == 3 + 1  # nobody twice


@pytest.mark.parametrize(
    ("kind", "times", "settings", "cause"),
    [
        ("401", 0, {}, "401 from POST"),
        ("drop", 1, {}, "It may have been carried out"),
        ("404", 1, {}, "404 from POST"),
    ],
)
def test_a_failure_of_all_stops_the_run_and_says_what_is_done(
    kind, times, settings, cause, call_recipe, sandbox, emails
):
    file = emails("ada.one@example.com ada.two@example.com ada.three@example.com")
    rule = Fault(kind=kind, match="POST /v2/members", after=1, times=times)
    sandbox.state.rules.append(rule)
    done = call_recipe(RECIPE, DRY_RUN="false", MEMBER_EMAILS=file)
    assert done.returncode == 1
    error = done.stderr.splitlines()[-1]
    assert error.startswith("Error: ada.two@example.com: ")
    assert cause in error
    assert error.endswith("Created before: 1 of 3")
    assert not sandbox.state.organization.find_email("ada.three@example.com")


def test_an_unknown_account_type_stops_at_the_first(call_recipe, sandbox, emails):
    file = emails("ada.one@example.com ada.two@example.com")
    settings = {"DRY_RUN": "false", "MEMBER_EMAILS": file, "NEW_MEMBER_TYPE": "Emperor"}
    done = call_recipe(RECIPE, **settings)
    assert "Member type name is not found" in done.stderr
    assert done.stderr.endswith("Created before: 0 of 2\n")
