"""Tests of members/offboard_member.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from members.offboard_member import main
from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL, fresh

RECIPE = "members/offboard_member.py"
ADA = {"memberId": "m1", "email": "Ada@example.com", "firstName": "Ada"}
ADA_AU = {"memberId": "m9", "email": "ada@example.com.au"}
VERA = {"memberId": "m2", "email": "vera@example.com", "firstName": "Vera"}
SALES, UNLISTED = {"teamId": "t1", "name": "Sales"}, {"teamId": "t2"}
ARCHIVED = {**ADA, "isArchived": True}


def grant(key, on, member="m1", team=None, **more):
    who = {"memberId": member, "teamId": team}
    return {"grantId": key, "inodeId": on, "permission": "edit", **who, **more}


GRANTS = [
    grant("g1", "u2", inodeType="workbook"),
    grant("g2", "u2", member=None, team="t1"),  # a team's
    grant("g3", "u2", member="m9"),  # another member's
    grant("g5", "u-c1", inodeType="scope"),  # also in the list of the connection
]
OF_CONNECTION = [grant("g4", "u-c1", member="m2"), grant("g5", "u-c1")]


def file(key, owner, kind="workbook"):
    names = {"id": f"f{key}", "urlId": f"u{key}", "name": f"Book {key}"}
    return {**names, "type": kind, "ownerId": owner}


def schedules(*keys):
    return [{"scheduledNotificationId": key} for key in keys]


def lists(sigma, entries, **query):
    """Add a response of one page for each path."""
    match = [query_param_matcher(query, strict_match=False)]
    for path, rows in entries.items():
        page = {"entries": rows, "nextPage": None}
        sigma.get(f"{BASE_URL}/{path}", match=match, json=page)


def found(sigma, *members):
    lists(sigma, {"members": [*members]}, email="ada@example.com", includeArchived="true")


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setenv("LEAVER_EMAIL", "ada@example.com")
    monkeypatch.setenv("NEW_OWNER_EMAIL", "vera@example.com")
    monkeypatch.setenv("DRY_RUN", "false")


def plan(sigma, leaver=ADA, files=(), sent=(), teams=(), admins=(), grants=(), connection=()):
    """Add responses for the plan."""
    found(sigma, ADA_AU, leaver)
    lists(sigma, {"members": [VERA]}, email="vera@example.com")
    sigma.get(f"{BASE_URL}/whoami", json={"userId": "m0"})
    first = {"entries": list(grants[:1]), "nextPage": "2"}
    only_direct = query_param_matcher({"directGrantsOnly": "true"}, strict_match=False)
    sigma.get(f"{BASE_URL}/grants", match=[only_direct], json=first)
    entries = {"members/m1/files": [*files], "members/m1/schedules": schedules(*sent)}
    entries |= {"members/m1/teams": [*teams], "teams": [SALES], "grants": grants[1:]}
    entries |= {"workspaces": [{"workspaceUrlId": "u-w1", "name": "Finance"}]}
    entries |= {"connections": [{"connectionId": "c1", "name": "Snowflake"}]}
    entries |= {"connections/c1/grants": [*connection]}
    if leaver is ADA and SALES in teams:
        people = [{"userId": f"m{n}", "isTeamAdmin": f"m{n}" in admins} for n in range(3)]
        entries["teams/t1/members"] = people
    lists(sigma, entries)


def steps(sigma, hand_over=ARCHIVED, files=(), sent=(), delete=()):
    """Add responses for the steps, and what the new owner has after them."""
    if hand_over:
        revoked = {"memberId": "m1", "results": {"oauth": {"tokensRevoked": 2}}}
        sigma.post(f"{BASE_URL}/members/m1/revoke", match=[json_params_matcher({})], json=revoked)
        body = json_params_matcher({"isArchived": True, "newOwnerId": "m2"})
        sigma.patch(f"{BASE_URL}/members/m1", match=[body], json=hand_over)
    for path in delete:
        sigma.delete(f"{BASE_URL}/{path}", json={})
    if hand_over in (None, ARCHIVED):
        theirs = {"members/m2/files": [*files], "members/m2/schedules": schedules(*sent)}
        lists(sigma, theirs)


def changes(sigma):
    sent = [(call.request.method, call.request.path_url[3:]) for call in sigma.calls]
    return [f"{method} {path}" for method, path in sent[1:] if method != "GET"]


def test_the_plan_has_what_will_be_taken_back_and_nothing_of_others(sigma, monkeypatch, capsys):
    monkeypatch.setenv("DRY_RUN", "true")
    files = [file(1, "m1"), file(2, "m9"), file(3, None), file(4, "m1", "folder")]
    files.append(file(5, None, "table"))  # isn't transferred
    workspace = grant("g6", "u-w1", inodeType="folder", permission="view")
    grants = [*GRANTS, workspace, grant("g7", "x\nAccess: all", inodeType="table")]
    has = {"files": files, "teams": [SALES, UNLISTED], "admins": ["m1"], "sent": ["s1"]}
    plan(sigma, **has, grants=grants, connection=OF_CONNECTION)
    main()
    *lines, warning, note = capsys.readouterr().out.splitlines()
    assert lines == [
        "To offboard: Ada <Ada@example.com>",
        "New owner:   Vera <vera@example.com>",
        "Documents:   1 (Sigma doesn't name the owner of 1 more), schedules: 1",
        "Access:      team Sales (its only admin)",
        "Access:      team t2 (can't be removed)",
        "Access:      edit on workbook Book 2 (u2)",
        "Access:      edit on connection Snowflake (u-c1)",
        "Access:      view on workspace Finance (u-w1)",
        "Access:      edit on table ? (x Access: all)",
    ]
    assert warning.startswith("Warning: ")
    assert "DRY_RUN=false" in note
    assert changes(sigma) == []


def test_takes_everything_back_before_the_deactivation(sigma, capsys):
    has = {"teams": [SALES, UNLISTED], "admins": ["m0", "m1"], "connection": OF_CONNECTION}
    plan(sigma, files=[file(1, "m1"), file(2, "m9")], sent=["s1"], grants=GRANTS, **has)
    delete = ["grants/g1", "connections/c1/grants/g5"]
    steps(sigma, files=[file(1, "m2"), file(7, "m2")], sent=["s0", "s1"], delete=delete)
    leave = json_params_matcher({"remove": ["m1"]})
    sigma.patch(f"{BASE_URL}/teams/t1/members", match=[leave], json={})
    main()
    first, *deleted, team, member = changes(sigma)
    assert first == "POST /members/m1/revoke"
    assert sorted(deleted) == ["DELETE /connections/c1/grants/g5", "DELETE /grants/g1"]
    assert (team, member) == ("PATCH /teams/t1/members", "PATCH /members/m1")
    out = capsys.readouterr().out
    assert "Tokens revoked: 2\n" in out
    assert "only admin" not in out
    assert out.endswith("Member offboarded successfully: Ada <Ada@example.com>\n")


def test_a_member_who_has_nothing_is_only_deactivated(sigma):
    plan(sigma)
    steps(sigma)
    main()
    assert changes(sigma) == ["POST /members/m1/revoke", "PATCH /members/m1"]


@pytest.mark.parametrize("field", ["isArchived", "isInactive"])
def test_of_a_deactivated_member_only_grants_are_deleted(field, sigma, capsys):
    plan(sigma, {**ADA, field: True}, teams=[SALES], grants=GRANTS[:3])
    sigma.delete(f"{BASE_URL}/grants/g1", status=404, json={"message": "Not found"})  # gone already
    steps(sigma, hand_over=None)
    main()
    assert changes(sigma) == ["DELETE /grants/g1"]
    assert "Access:      team Sales (can't be removed)\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    "response", [{**ADA, "isArchived": False}, {"code": "x", "message": "Managed by SCIM"}]
)
def test_a_member_who_stays_active_is_a_failure(response, sigma, capsys):
    plan(sigma)
    steps(sigma, response)
    with pytest.raises(SigmaError, match="Steps done: tokens, grants, teams. To continue"):
        main()
    assert "successfully" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("files", "sent", "left"),
    [
        ([file(1, None)], ["s1"], 0),  # ownerId is optional
        ([file(1, "m1")], ["s1"], 1),  # shared with the new owner
        ([], ["s1"], 1),
        ([file(1, "m2")], ["s0"], 1),
    ],
)
def test_what_was_not_transferred_is_a_failure(files, sent, left, sigma, capsys):
    plan(sigma, files=[file(1, "m1")], sent=["s1"])
    steps(sigma, files=files, sent=sent)
    if left:
        with pytest.raises(SigmaError, match=f"Not transferred: {left}, .* deactivation. To cont"):
            main()
    else:
        main()
    assert ("successfully" in capsys.readouterr().out) == (not left)


@pytest.mark.parametrize(
    ("members", "whoami"),
    [
        ([ADA_AU], None),
        ([ADA, {**ADA, "memberId": "m7"}], None),
        ([{**ADA, "memberId": "SigmaSchedulerRobot"}], "m0"),
        ([ADA], "m1"),
    ],
)
def test_who_can_not_be_offboarded(members, whoami, sigma):
    found(sigma, *members)
    if whoami:
        sigma.get(f"{BASE_URL}/whoami", json={"userId": whoami})
    with pytest.raises(SigmaError, match="LEAVER_EMAIL"):
        main()


def test_the_same_member_on_both_sides_is_refused(monkeypatch):
    monkeypatch.setenv("NEW_OWNER_EMAIL", "ADA@example.com")
    with pytest.raises(SigmaError, match="LEAVER_EMAIL and NEW_OWNER_EMAIL"):
        main()


STEPS = {  # the request of each step, and the steps that are done when it fails
    f"GET /v2/connections/{seed.DEMO_CONNECTION_ID}/grants": None,
    "POST /v2/members/*/revoke": "none",
    "DELETE /v2/grants/*": "tokens",
    "DELETE /v2/connections/*": "tokens",
    "PATCH /v2/teams/*": "tokens, grants",
    "PATCH /v2/members/*": "tokens, grants, teams",
}


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_after_a_failure_a_second_run_continues(step, call_recipe, sandbox):
    fresh(sandbox, workbooks=100)
    organization = sandbox.state.organization
    leaver = organization.find_email(seed.LEAVER_EMAIL)
    of_leaver = [d for d in organization.documents() if d.ownerId == leaver.memberId]
    owned = [d for d in of_leaver if d.type != "folder"]  # the home folder stays
    exports = organization.scheduled_exports.values()
    scheduled = [one for one in exports if one.ownerId == leaver.memberId]
    others = [g for g in grants_in(organization) if g.memberId != leaver.memberId]
    sandbox.state.rules.append(Fault(kind="403", match=step))
    run = {"LEAVER_EMAIL": seed.LEAVER_EMAIL, "DRY_RUN": "false"}
    failed = call_recipe(RECIPE, **run)
    assert failed.returncode == 1
    assert (leaver.isArchived, "successfully" in failed.stdout) == (False, False)
    if STEPS[step]:
        assert f"Steps done: {STEPS[step]}. To continue" in failed.stderr.splitlines()[-1]
    else:  # the plan wasn't complete
        assert carried_out(sandbox) == []

    done = call_recipe(RECIPE, **run)
    assert done.returncode == 0, done.stderr
    assert leaver.isArchived
    assert {one.ownerId for one in owned} == {seed.VIEWER_ID}
    assert {one.ownerId for one in scheduled} == {seed.VIEWER_ID}
    assert organization.teams_of(leaver.memberId) == []
    assert grants_in(organization) == others
    once = [change for change in carried_out(sandbox) if not change.endswith("/revoke")]
    assert len(once) == len({*once})

    sandbox.state.log.clear()
    assert call_recipe(RECIPE, **run).returncode == 0
    assert carried_out(sandbox) == []


def grants_in(organization):
    return [grant for grants in organization.grants.values() for grant in grants]


def carried_out(sandbox):
    entries = [e for e in sandbox.state.log.entries if e.method != "GET" and e.status < 400]
    return [f"{e.method} {e.path}" for e in entries if "/auth/" not in e.path]


def test_the_dry_run_sends_no_request_per_document(call_recipe, sandbox):
    organization = sandbox.state.organization
    assert call_recipe(RECIPE, LEAVER_EMAIL=seed.LEAVER_EMAIL, DRY_RUN=None).returncode == 0
    assert carried_out(sandbox) == []
    teams = organization.teams_of(organization.find_email(seed.LEAVER_EMAIL).memberId)
    assert len(sandbox.state.log.entries) == 11 + len(teams) + len(organization.connections)
