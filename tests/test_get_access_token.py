"""Tests of get_access_token.py."""

import threading
import time

import pytest
from responses.matchers import urlencoded_params_matcher

import get_access_token
from get_access_token import get_bearer_token
from sandbox.faults import Fault
from sigma_session import SigmaError
from tests.conftest import TOKEN_URL

FORM = {"grant_type": "client_credentials", "client_id": "test-id", "client_secret": "test-secret"}


def hand_out(sigma, token, lifetime=3600):
    sigma.post(TOKEN_URL, json={"access_token": token, "expires_in": lifetime})


@pytest.fixture
def clock(monkeypatch):
    """A clock to turn by hand."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_sends_the_credentials_as_a_form(sigma):
    sigma.replace("POST", TOKEN_URL, json={"access_token": "token-1", "expires_in": 3600})
    sigma.registered()[0].match = [urlencoded_params_matcher(FORM)]
    assert get_bearer_token() == "token-1"


def test_keeps_the_token_until_a_minute_before_it_expires(sigma, clock):
    assert get_bearer_token() == "token-1"
    clock[0] += 3539
    assert get_bearer_token() == "token-1"
    hand_out(sigma, "token-2")
    clock[0] += 2
    assert get_bearer_token() == "token-2"


def test_replaces_a_rejected_token_but_only_that_one(sigma):
    assert get_bearer_token() == "token-1"
    hand_out(sigma, "token-2")
    assert get_bearer_token(rejected="token-1") == "token-2"
    assert get_bearer_token(rejected="token-1") == "token-2"  # rejected before it was renewed


def test_many_threads_share_one_token(running_sandbox, sandbox, monkeypatch):
    use(sandbox, monkeypatch)
    tokens = []
    threads = [threading.Thread(target=lambda: tokens.append(get_bearer_token())) for _ in "123456"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 6
    assert len(set(tokens)) == 1
    assert len(sandbox.state.log.entries) == 1


def test_asks_for_at_most_one_token_a_second(sandbox, monkeypatch):
    use(sandbox, monkeypatch)
    pauses = []
    monkeypatch.setattr(get_access_token, "SECONDS_BETWEEN_TOKENS", 1.0)
    monkeypatch.setattr(get_access_token, "_asked_at", float("-inf"))
    monkeypatch.setattr(time, "sleep", pauses.append)
    first = get_bearer_token()
    assert pauses == [0]
    get_bearer_token(rejected=first)
    assert 0.5 < pauses[1] <= 1


def use(sandbox, monkeypatch):
    monkeypatch.setenv("authURL", f"{sandbox.address}/v2/auth/token")
    monkeypatch.setenv("CLIENT_ID", "sandbox-client-id")
    monkeypatch.setenv("SECRET", "sandbox-client-secret")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        "token",
        None,
        {"access_token": "token-1"},
        {"access_token": "", "expires_in": 3600},
        {"access_token": None, "expires_in": 3600},
        {"access_token": "line\nbreak", "expires_in": 3600},
        {"access_token": "token-1", "expires_in": "soon"},
        {"access_token": "token-1", "expires_in": None},
    ],
)
def test_an_answer_without_a_token_is_an_error(answer, monkeypatch):
    import responses

    with responses.RequestsMock() as canned:
        canned.post(TOKEN_URL, json=answer)
        with pytest.raises(SigmaError, match=f"answer from .*{TOKEN_URL}") as refused:
            get_bearer_token()
    assert "line" not in str(refused.value)


@pytest.mark.parametrize("kind", ["broken-json", "truncate"])
def test_a_broken_answer_shows_no_part_of_the_token(kind, run_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind=kind, match="* /v2/auth/token"))
    done = run_recipe("get_access_token.py")
    (token,) = sandbox.state.organization.tokens
    assert done.returncode == 1
    assert token[:10] not in done.stdout + done.stderr
    assert "may have been carried out" not in done.stderr  # a second token does no harm


def test_run_alone_it_shows_whose_token_it_is_and_masks_it(run_recipe, sandbox):
    done = run_recipe("get_access_token.py")
    (token,) = sandbox.state.organization.tokens
    assert f"successfully: {token[:6]}... ({len(token)} characters)" in done.stdout
    assert "valid for 3599 seconds" in done.stdout
    assert "lvnNwtHRO64x1CvbzHy4CaFCRA5P" in done.stdout
    assert "d970e1cc-c530-55e7-be9f-779a12b97be3" in done.stdout
    assert token not in done.stdout + done.stderr


def test_show_token_prints_it(run_recipe, sandbox):
    done = run_recipe("get_access_token.py", "--show-token")
    (token,) = sandbox.state.organization.tokens
    assert done.stdout.splitlines()[-1] == token


def test_wrong_secret(run_recipe):
    done = run_recipe("get_access_token.py", SECRET="wrong-secret")
    assert done.returncode == 1
    assert "We cannot verify your identity" in done.stderr
    assert "Check CLIENT_ID and SECRET, that authURL and baseURL are those of your" in done.stderr
    assert "wrong-secret" not in done.stderr
