"""Tests of get_access_token.py."""

import runpy
import sys
import threading
import time

import pytest
import responses
from responses.matchers import urlencoded_params_matcher

import get_access_token
from get_access_token import get_bearer_token
from sandbox import seed
from sigma_client import Credentials, SigmaError, read_credentials
from tests.conftest import BASE_URL, TOKEN_URL

FORM = {"grant_type": "client_credentials", "client_id": "test-id", "client_secret": "test-secret"}


def issue(sigma, token):
    sigma.post(TOKEN_URL, json={"access_token": token, "expires_in": 3600})


@pytest.fixture
def clock(monkeypatch):
    """A clock to turn by hand."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def use_sandbox(sandbox, monkeypatch):
    """Settings that work with the sandbox."""
    monkeypatch.setenv("baseURL", f"{sandbox.address}/v2")
    monkeypatch.setenv("authURL", f"{sandbox.address}/v2/auth/token")
    monkeypatch.setenv("CLIENT_ID", seed.CLIENT_ID)
    monkeypatch.setenv("SECRET", seed.SECRET)


def test_the_credentials_are_sent_as_a_form(sigma):
    sigma.registered()[0].match = [urlencoded_params_matcher(FORM)]
    assert get_bearer_token() == "token-1"
    assert "Authorization" not in sigma.calls[0].request.headers


def test_a_token_is_kept_until_a_minute_before_it_expires(sigma, clock):
    assert get_bearer_token() == "token-1"
    clock[0] += 3539
    assert get_bearer_token() == "token-1"
    issue(sigma, "token-2")
    clock[0] += 2
    assert get_bearer_token() == "token-2"


def test_a_rejected_token_is_replaced_but_no_newer_one(sigma):
    assert get_bearer_token() == "token-1"
    issue(sigma, "token-2")
    for _ in range(2):  # two threads whose requests were refused
        assert get_bearer_token(rejected="token-1") == "token-2"


def test_a_token_belongs_to_its_credentials(sigma):
    issue(sigma, "token-2")
    first = read_credentials()
    other = Credentials(BASE_URL, TOKEN_URL, "test-id", "other-secret")
    tokens = [get_bearer_token(credentials) for credentials in (first, other, first, None)]
    assert tokens == ["token-1", "token-2", "token-1", "token-1"]
    assert "secret" not in repr(other).replace("base_url", "")


def test_many_threads_share_one_token(sandbox, use_sandbox):
    tokens = []
    threads = [threading.Thread(target=lambda: tokens.append(get_bearer_token())) for _ in "123456"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 6
    assert len(set(tokens)) == len(sandbox.state.log.entries) == 1


def test_at_most_one_token_a_second_is_requested(use_sandbox, monkeypatch):
    pauses = []
    monkeypatch.setattr(get_access_token, "SECONDS_BETWEEN_REQUESTS", 1.0)
    monkeypatch.setattr(time, "sleep", pauses.append)
    first = get_bearer_token()
    assert pauses == [0]
    get_bearer_token(rejected=first)
    assert 0.5 < pauses[1] <= 1


@pytest.mark.parametrize(
    "reply",
    [
        [],
        "token",
        {"expires_in": 3600},
        {"access_token": "tok-en-1"},
        {"access_token": None, "expires_in": 3600},
        {"access_token": "tok-\nen-1", "expires_in": 3600},  # can't be sent in a header
        {"access_token": "tok-en-1", "expires_in": "soon"},
    ],
)
def test_a_response_without_a_token_is_an_error(reply):
    with responses.RequestsMock() as canned:
        canned.post(TOKEN_URL, json=reply)
        with pytest.raises(SigmaError, match=TOKEN_URL) as refused:
            get_bearer_token()
    assert refused.value.stops_the_run
    assert "tok-" not in str(refused.value)


def test_a_refusal_stops_the_run_and_has_no_status(sigma):
    sigma.replace("POST", TOKEN_URL, status=409, json={"message": "no"})
    with pytest.raises(SigmaError, match="409 from POST .*no.*CLIENT_ID") as refused:
        get_bearer_token()
    # or the caller would take it for the response to its own request: a member that exists
    assert (refused.value.status, refused.value.stops_the_run) == (None, True)


def test_without_the_other_shared_file_it_ends_with_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "sigma_client", None)  # as if it weren't there
    with pytest.raises(SystemExit, match="^Error: .*Copy .*sigma_client.py"):
        runpy.run_path(get_access_token.__file__)


def test_run_alone_it_shows_whose_token_it_is_and_masks_it(call_recipe, sandbox):
    done = call_recipe("get_access_token.py")
    (token,) = sandbox.state.organization.tokens
    lifetime = str(sandbox.state.organization.options.token_seconds)
    for shown in (token[:6], f"{len(token)} characters", lifetime, seed.OWNER_ID, "d970e1cc-"):
        assert shown in done.stdout
    assert token not in done.stdout + done.stderr
    shown = call_recipe("get_access_token.py", "--show-token").stdout.splitlines()[-1]
    assert shown in sandbox.state.organization.tokens
    assert call_recipe("get_access_token.py", "--s").returncode == 2  # not by accident
