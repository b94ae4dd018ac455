"""Tests of members/bulk_create.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from members.bulk_create import describe_member, main
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL, fresh

URL = f"{BASE_URL}/members"
RECIPE = "members/bulk_create.py"
ALL = {"includeArchived": "true", "includeInactive": "true", "limit": 1000}


@pytest.fixture(autouse=True)
def emails(monkeypatch, tmp_path):
    """A function that writes the file of emails."""
    file = tmp_path / "emails.txt"
    monkeypatch.setenv("MEMBER_EMAILS", str(file))
    monkeypatch.setenv("NEW_MEMBER_TYPE", "View")

    def write(text):
        file.write_text(text, encoding="utf-8")
        return str(file)

    write("ada.byron@example.com")
    return write


@pytest.fixture
def taken(sigma, monkeypatch):
    """A function: Sigma refuses Ada with 409, and a lookup then finds some members."""
    monkeypatch.setenv("DRY_RUN", "false")

    def refuse(message, *found):
        sigma.get(URL, match=[query_param_matcher(ALL)], json={"entries": [], "nextPage": None})
        sigma.post(URL, status=409, json={"message": message})
        query = query_param_matcher({**ALL, "email": "ada.byron@example.com"})
        sigma.get(URL, match=[query], json={"entries": list(found), "nextPage": None})

    return refuse


def posts(sandbox):
    return [e for e in sandbox.state.log.entries if (e.method, e.path) == ("POST", "/v2/members")]


@pytest.mark.parametrize(
    ("email", "name"),
    [
        ("anna.lee@example.com", ("Anna", "Lee")),
        ("anna-maria.de_LEE+sigma.test@example.com", ("Anna", "Maria De Lee")),
        (".anna..lee.@example.com", ("Anna", "Lee")),
        ("anna+lee@example.com", ("API", "Generated")),
    ],
)
def test_reads_the_name_from_the_email(email, name):
    member = describe_member(email, "View", ("API", "Generated"))
    assert (member["firstName"], member["lastName"]) == name


def test_an_email_without_two_names_needs_the_names_of_env(sigma, monkeypatch, emails):
    emails("carl@example.com")
    monkeypatch.setenv("DRY_RUN", "false")
    monkeypatch.setenv("NEW_MEMBER_FIRST_NAME", "API")
    sigma.get(URL, json={"entries": [], "nextPage": None})
    with pytest.raises(SigmaError, match="carl@example.com.* NEW_MEMBER_LAST_NAME"):
        main()


@pytest.mark.parametrize("invite", ["true", "false"])
def test_sends_the_names_the_type_and_the_choice_about_invitations(invite, sigma, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    monkeypatch.setenv("SEND_INVITE", invite)
    sigma.get(URL, match=[query_param_matcher(ALL)], json={"entries": [], "nextPage": None})
    new = {"email": "ada.byron@example.com", "firstName": "Ada", "lastName": "Byron"}
    body = json_params_matcher({**new, "memberType": "View"})
    query = query_param_matcher({"sendInvite": invite})
    sigma.post(URL, match=[query, body], json={**new, "memberType": "view", "memberId": "m-1"})
    main()


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({}, "Exists: ada.byron@example.com, memberId m-1"),
        ({"isArchived": True}, "Deactivated: ada.byron@example.com, memberId m-1"),
        ({"isInactive": True}, "Deactivated: ada.byron@example.com, memberId m-1"),
    ],
)
def test_a_conflict_with_a_member_whom_a_lookup_finds_is_no_failure(state, says, taken, capsys):
    taken("Duplicate", {"memberId": "m-1", "email": "ADA.byron@example.com", **state})
    main()
    assert says in capsys.readouterr().out.splitlines()


def test_a_conflict_with_a_member_whom_sigma_names_is_no_failure(taken, capsys):
    taken("Duplicate member: email is taken, member-id=m-7")
    main()
    assert "Exists: ada.byron@example.com, memberId m-7\n" in capsys.readouterr().out


def test_another_conflict_is_a_failure_with_the_message_of_sigma(taken, capsys):
    taken("No seat left", {"memberId": "m-2", "email": "ada.byron@example.com.au"})
    with pytest.raises(SigmaError, match=r"Created: 0\. Failed: 1\. Not tried: 0"):
        main()
    out, err = capsys.readouterr()
    assert "No seat left" in err
    assert "Exists" not in out


def test_another_type_in_the_response_is_a_failure(sigma, monkeypatch, capsys):
    monkeypatch.setenv("DRY_RUN", "false")
    sigma.get(URL, json={"entries": [], "nextPage": None})
    sigma.post(URL, json={"memberId": "m-1", "memberType": "Admin"})
    with pytest.raises(SigmaError, match="Failed: 1"):
        main()
    assert "m-1, but with the type Admin" in capsys.readouterr().err


def test_a_list_that_may_lack_a_member_creates_none(sandbox, call_recipe):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/members"))
    assert call_recipe(RECIPE, DRY_RUN="false").returncode == 1
    assert not posts(sandbox)


def test_creates_what_the_dry_run_shows_and_skips_it_in_the_next_run(call_recipe, sandbox):
    sandbox.state.organization.find_email("elif.castillo@example.com").isArchived = True
    shown = call_recipe(RECIPE)
    assert "To create:   new.colleague@example.com as New Colleague\n" in shown.stdout
    assert "Deactivated: elif.castillo@example.com\n" in shown.stdout
    assert not posts(sandbox)
    done = call_recipe(RECIPE, DRY_RUN="false")
    member = sandbox.state.organization.find_email("new.colleague@example.com")
    assert (member.firstName, member.lastName, member.memberType) == ("New", "Colleague", "Build")
    assert f"Created: new.colleague@example.com, memberId {member.memberId}\n" in done.stdout
    again = call_recipe(RECIPE, DRY_RUN="false")
    assert (again.returncode, len(posts(sandbox))) == (0, 1)


def test_goes_on_after_a_failure_and_continues_when_run_again(call_recipe, sandbox, emails):
    names = [f"ada.no{n}@example.com" for n in range(9)]
    settings = {"DRY_RUN": "false", "MEMBER_EMAILS": emails("\n".join(names))}
    sandbox.state.rules.append(Fault(kind="500", match="POST /v2/members", after=1))
    done = call_recipe(RECIPE, **settings)
    assert (done.returncode, done.stderr.count("Failed: ada.no")) == (1, 1)
    assert "Error: Created: 8. Failed: 1. Not tried: 0." in done.stderr
    again = call_recipe(RECIPE, **settings)
    assert again.stdout.endswith("Created: 1. Failed: 0. Not tried: 0.\n")
    assert len(posts(sandbox)) == 9 + 1


def test_creates_five_at_a_time_and_prints_them_in_order(call_recipe, sandbox, emails):
    fresh(sandbox, latency=0.05)
    names = [f"ada.no{n}@example.com" for n in range(12)]
    done = call_recipe(RECIPE, DRY_RUN="false", MEMBER_EMAILS=emails("\n".join(names)))
    lines = [line for line in done.stdout.splitlines() if line.startswith("Created: ada")]
    assert [line.split()[1].strip(",") for line in lines] == names
    assert 1 < max(entry.atOnce for entry in posts(sandbox)) <= 5


def test_an_unknown_account_type_stops_the_run(call_recipe, sandbox, emails):
    file = emails("\n".join(f"ada.no{n}@example.com" for n in range(30)))
    settings = {"DRY_RUN": "false", "MEMBER_EMAILS": file, "NEW_MEMBER_TYPE": "Emperor"}
    done = call_recipe(RECIPE, **settings)
    assert done.returncode == 1
    assert "Member type name is not found" in done.stderr
    assert len(posts(sandbox)) < 15
