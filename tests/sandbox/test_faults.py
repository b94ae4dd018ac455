"""Faults on demand, and what the request log keeps of them."""

import pytest
import requests

from sandbox import seed
from sandbox.faults import CHANGED, DOWNLOAD, REFUSED, Fault
from tests.support.sandbox_client import Client


@pytest.fixture
def ask(sandbox):
    """Send a request with a good token."""
    session = Client(sandbox.address).session

    def send(method, path, **sent):
        return session.request(method, f"{sandbox.address}{path}", timeout=0.5, **sent)

    return send


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("429", {"kind": "429"}),
        ("early-404 times=2", {"kind": "early-404", "match": DOWNLOAD, "times": 2}),
        (
            "503-html GET /v2/members* times=2 after=3 seconds=0.5",
            {
                "kind": "503-html",
                "match": "GET /v2/members*",
                "times": 2,
                "after": 3,
                "seconds": 0.5,
            },
        ),
        (
            "null-field GET /v2/members field=email",
            {"kind": "null-field", "match": "GET /v2/members", "field": "email"},
        ),
    ],
)
def test_a_rule_in_its_written_form(text, rule):
    plain = {"match": "*", "times": 1, "after": 0, "seconds": 1, "field": "", "seen": 0}
    assert Fault.parse(text).model_dump() == {**plain, **rule}


WRONG = """
999
200
explode
503 time=1
503 times=-1
503 GET
503 get /v2/x
503 /v2/x
503 GET /members
missing-field GET /v2/members
503 GET /v2/members field=email
"""


@pytest.mark.parametrize("text", WRONG.splitlines()[:-1])
def test_a_wrong_rule(text):
    with pytest.raises(ValueError):
        Fault.parse(text)


def test_applies_after_some_requests_and_only_so_often(ask, sandbox):
    sandbox.state.rules.append(Fault(kind="503", match="GET /v2/who*", times=2, after=1))
    answers = [ask("GET", "/v2/whoami") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert ["X-Sandbox-Fault" in answer.headers for answer in answers] == [False, True, True, False]
    assert set(answers[1].json()) == {"requestId", "message", "code"}
    assert ask("GET", "/v2/teams").status_code == 200
    assert [e.fault for e in sandbox.state.log.entries][2:4] == ["503", "503"]


def test_429_has_retry_after_and_its_page_has_not(ask, sandbox):
    sandbox.state.rules += [Fault(kind="429", seconds=7), Fault(kind="429-html")]
    assert ask("GET", "/v2/whoami").headers["Retry-After"] == "7"
    page = ask("GET", "/v2/whoami")
    assert (page.status_code, page.headers.get("Retry-After")) == (429, None)
    assert "<html>" in page.text


# Every other kind of fault has a test of its own below
@pytest.mark.parametrize(
    "kind",
    sorted(
        {*CHANGED, *REFUSED}
        - {"repeat-page", "error-row", "missing-field", "null-field", "failed-job", "skipped-job"}
    ),
)
def test_the_work_is_done_or_not_and_the_response_is_spoiled(kind, ask, sandbox):
    sandbox.state.rules.append(Fault(kind=kind, match="POST *", seconds=0.1, times=0))
    body = {"name": "Made"}
    if kind in ("hang", "drop", "truncate"):
        with pytest.raises(requests.RequestException) as lost:
            ask("POST", "/v2/workspaces", json=body)
        assert isinstance(lost.value, requests.Timeout) == (kind == "hang")
    else:
        answer = ask("POST", "/v2/workspaces", json=body)
        assert answer.headers["X-Sandbox-Fault"] == kind
        status, text = answer.status_code, answer.text
        assert {
            "slow": status == 200 and answer.elapsed.total_seconds() > 0.1,
            "broken-json": text.startswith("{") and not text.endswith("}"),
            "empty": (status, text) == (200, ""),
            "html": status == 200 and answer.headers["Content-Type"].startswith("text/html"),
            "expired-token": status == 401 and "jwt expired" in text,
            "early-404": status == 404 and "not_found" in text and "expired" not in text,
            "failed-rendering": status == 500 and "internal_error" in text,
        }[kind]
    names = [workspace.name for workspace in sandbox.state.organization.workspaces.values()]
    assert ("Made" in names) == (kind in CHANGED)
    assert sandbox.state.log.entries[-1].fault == kind
    sandbox.state.rules.clear()
    # The token is invalid after expired-token, and only then
    assert ask("GET", "/v2/whoami").status_code == (401 if kind == "expired-token" else 200)


def test_repeated_pages_and_error_rows(ask, sandbox):
    first = ask("GET", "/v2/teams?limit=3").json()
    sandbox.state.rules.append(Fault(kind="repeat-page", match="GET /v2/teams"))
    second = ask("GET", f"/v2/teams?limit=3&page={first['nextPage']}").json()
    assert second["nextPage"] == first["nextPage"]
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/teams"))
    rows = ask("GET", "/v2/teams?limit=3").json()["entries"]
    assert [set(row) == {"code", "message", "requestId"} for row in rows].count(True) == 1
    assert len(rows) == 4


@pytest.mark.parametrize("kind", ["missing-field", "null-field"])
@pytest.mark.parametrize("path", ["teams", f"teams/{seed.DEMO_TEAM_ID}"])
@pytest.mark.parametrize("bare", [False, True])
def test_a_field_that_is_missing_or_null(kind, path, bare, ask, sandbox):
    def rows_of(answer):
        return answer if isinstance(answer, list) else answer.get("entries", [answer])

    sandbox.state.organization.options.bare_lists = bare
    sandbox.state.rules.append(Fault(kind=kind, match=f"GET /v2/{path}", field="name"))
    spoiled, whole = [ask("GET", f"/v2/{path}").json() for _ in range(2)]
    for before, after in zip(rows_of(whole), rows_of(spoiled), strict=True):
        assert before.pop("name")
        assert after.pop("name", "missing") == (None if kind == "null-field" else "missing")
        assert after == before


def test_the_log_masks_secrets_and_shows_what_was_ignored(ask, sandbox):
    ask("POST", "/v2/workspaces", json={"name": "W", "nodupes": True, "apiToken": "hidden"})
    token, made = sandbox.state.log.entries
    assert token.body["client_secret"] == "***"
    assert made.body == {"name": "W", "nodupes": True, "apiToken": "***"}
    assert made.ignored == ["nodupes", "apiToken"]
    assert (made.method, made.path, made.status, made.fault) == ("POST", "/v2/workspaces", 200, "")
    assert (token.number, made.number, made.atOnce) == (1, 2, 1)


def test_latency(ask, sandbox):
    sandbox.state.organization.options.latency = 0.1
    assert ask("GET", "/v2/whoami").elapsed.total_seconds() >= 0.1
