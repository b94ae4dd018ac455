"""Tests of sandbox/faults.py, and of what the request log keeps."""

import pytest
import requests

from sandbox import seed
from sandbox.faults import CHANGED, DOWNLOAD, REFUSED, Fault


@pytest.fixture
def ask(sandbox):
    """Send a request with a good token."""
    form = {
        "grant_type": "client_credentials",
        "client_id": seed.CLIENT_ID,
        "client_secret": seed.SECRET,
    }
    token = requests.post(f"{sandbox.address}/v2/auth/token", data=form, timeout=5).json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}

    def send(method, path, **sent):
        url = f"{sandbox.address}{path}"
        return requests.request(method, url, headers=headers, timeout=0.5, **sent)

    return send


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (
            "early-404 times=2",
            {"kind": "early-404", "match": DOWNLOAD, "times": 2},
        ),
        ("429", {"kind": "429"}),
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


@pytest.mark.parametrize(
    "text",
    [
        "",
        "999",
        "200",
        "explode",
        "503 time=1",
        "503 times=-1",
        "503 GET",
        "503 get /v2/x",
        "503 /v2/x",
        "503 GET /members",
        "missing-field GET /v2/members",
        "503 GET /v2/members field=email",
    ],
)
def test_a_rule_that_is_none(text):
    with pytest.raises(
        ValueError,
        match="is not a fault|not an option|greater than or equal|matches no request|field=",
    ):
        Fault.parse(text)


def test_strikes_after_some_and_only_so_often(ask, sandbox):
    sandbox.state.rules.append(Fault(kind="503", match="GET /v2/who*", times=2, after=1))
    answers = [ask("GET", "/v2/whoami") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert ["X-Sandbox-Fault" in answer.headers for answer in answers] == [False, True, True, False]
    assert set(answers[1].json()) == {"requestId", "message", "code"}
    assert ask("GET", "/v2/teams").status_code == 200
    assert [e.fault for e in sandbox.state.log.entries][2:4] == ["503", "503"]


def test_429_names_the_seconds_and_its_page_does_not(ask, sandbox):
    sandbox.state.rules += [Fault(kind="429", seconds=7), Fault(kind="429-html")]
    assert ask("GET", "/v2/whoami").headers["Retry-After"] == "7"
    page = ask("GET", "/v2/whoami")
    assert (page.status_code, page.headers.get("Retry-After")) == (429, None)
    assert "<html>" in page.text


# Every kind does the work (or not), and spoils the answer in its way
@pytest.mark.parametrize("kind", [k for k in [*CHANGED, *REFUSED] if "-field" not in k])
def test_every_kind(kind, ask, sandbox):
    spoils_lists = kind in ("repeat-page", "error-row")
    match = "GET /v2/teams" if spoils_lists else "POST *"
    sandbox.state.rules.append(Fault(kind=kind, match=match, seconds=0.1, times=0))
    if spoils_lists:
        assert any(seen(ask, kind))
        return
    if kind == "failed-job":
        assert states_of_a_job(ask) == ["pending", "building", "failed", "failed"]
        return
    body = {"name": "Made"}
    if kind in ("hang", "drop", "truncate"):
        with pytest.raises(requests.RequestException) as lost:
            ask("POST", "/v2/workspaces", json=body)
        assert isinstance(lost.value, requests.Timeout) == (kind == "hang")
    else:
        answer = ask("POST", "/v2/workspaces", json=body)
        assert answer.headers["X-Sandbox-Fault"] == kind
        expected = {
            "slow": lambda: (
                answer.json()["name"] == "Made" and answer.elapsed.total_seconds() > 0.1
            ),
            "broken-json": lambda: answer.text.startswith("{") and not answer.text.endswith("}"),
            "empty": lambda: (answer.status_code, answer.content) == (200, b""),
            "html": lambda: answer.headers["Content-Type"].startswith("text/html"),
            "expired-token": lambda: answer.json()["message"] == "jwt expired",
            "early-404": lambda: (
                (answer.status_code, answer.json()["code"]) == (404, "not_found")
                and "expired" not in answer.text
            ),
            "failed-rendering": lambda: (
                (answer.status_code, answer.json()["code"]) == (500, "internal_error")
            ),
        }
        assert expected[kind]()
    names = [workspace.name for workspace in sandbox.state.organization.workspaces.values()]
    assert ("Made" in names) == (kind in CHANGED)
    assert sandbox.state.log.entries[-1].fault == kind
    sandbox.state.rules.clear()
    # The token is dead after expired-token, and only then
    assert ask("GET", "/v2/whoami").status_code == (401 if kind == "expired-token" else 200)


@pytest.mark.parametrize("kind", ["missing-field", "null-field"])
@pytest.mark.parametrize("path", ["teams", f"teams/{seed.DEMO_TEAM_ID}"])
@pytest.mark.parametrize("bare", [False, True])
def test_a_field_that_is_missing_or_null(kind, path, bare, ask, sandbox):
    sandbox.state.organization.options.bare_lists = bare
    sandbox.state.rules.append(Fault(kind=kind, match=f"GET /v2/{path}", field="name"))
    spoiled, whole = [ask("GET", f"/v2/{path}").json() for _ in range(2)]
    for before, after in zip(rows_of(whole), rows_of(spoiled), strict=True):
        assert before.pop("name")
        assert after.pop("name", "missing") == (None if kind == "null-field" else "missing")
        assert after == before


def rows_of(answer):
    return answer if isinstance(answer, list) else answer.get("entries", [answer])


def seen(ask, kind):
    first = ask("GET", "/v2/teams?limit=3").json()
    second = ask("GET", f"/v2/teams?limit=3&page={first['nextPage']}").json()
    if kind == "repeat-page":
        return [second["nextPage"] == first["nextPage"]]
    return [set(row) == {"code", "message", "requestId"} for row in first["entries"]]


def states_of_a_job(ask):
    jobs = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}/materializations"
    started = ask("POST", jobs, json={"sheetId": seed.DEMO_SHEET_ID})
    assert started.headers["X-Sandbox-Fault"] == "failed-job"
    job = f"{jobs}/{started.json()['materializationId']}"
    answers = [ask("GET", job).json() for _ in range(4)]
    assert ["error" in answer for answer in answers] == [False, False, True, True]
    assert "readyAt" not in answers[-1]
    return [answer["status"] for answer in answers]


def test_the_log_masks_secrets_and_shows_what_was_ignored(ask, sandbox):
    ask("POST", "/v2/workspaces", json={"name": "W", "nodupes": True, "apiToken": "hidden"})
    token, made = sandbox.state.log.entries
    assert token.body == {
        "grant_type": "client_credentials",
        "client_id": seed.CLIENT_ID,
        "client_secret": "***",
    }
    assert made.body == {"name": "W", "nodupes": True, "apiToken": "***"}
    assert made.ignored == ["nodupes", "apiToken"]
    assert (made.method, made.path, made.status, made.fault) == ("POST", "/v2/workspaces", 200, "")
    assert (token.number, made.number, made.atOnce) == (1, 2, 1)


def test_latency(ask, sandbox):
    sandbox.state.organization.options.latency = 0.1
    assert ask("GET", "/v2/whoami").elapsed.total_seconds() >= 0.1
