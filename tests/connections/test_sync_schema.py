"""Tests of connections/sync_schema.py."""

import json

import pytest
from responses.matchers import json_params_matcher

from connections.sync_schema import main
from sigma_session import SigmaError
from tests.conftest import BASE_URL

SYNC = f"{BASE_URL}/connections/c-1/sync"
LOOKUP = f"{BASE_URL}/connection/c-1/lookup"  # really without an s


@pytest.fixture(autouse=True)
def connection(monkeypatch):
    monkeypatch.setenv("CONNECTIONID", "c-1")
    monkeypatch.setenv("SYNC_PATH", '["RETAIL", "PLUGS"]')


def test_syncs_and_says_what_it_is(sigma, capsys):
    body = [json_params_matcher({"path": ["RETAIL", "PLUGS"]})]
    sigma.post(SYNC, match=body, json={})
    sigma.post(LOOKUP, match=body, json={"kind": "scope", "inodeId": "i", "url": "u"})
    main()
    assert capsys.readouterr().out == "Synced successfully: RETAIL.PLUGS (scope)\n"


@pytest.mark.parametrize("path", ["RETAIL", "[]", '["a","b","c","d"]', '["a",1]', '[""]', '"a"'])
def test_refuses_what_is_no_path(path, monkeypatch):
    monkeypatch.setenv("SYNC_PATH", path)
    with pytest.raises(SigmaError, match="SYNC_PATH is .* Write a JSON list of 1 to 3 names"):
        main()


def test_an_unknown_path_is_explained(sigma):
    sigma.post(SYNC, status=404, json={"message": "Not found", "requestId": "r-1"})
    with pytest.raises(SigmaError, match=r"requestId r-1\)\. Check CONNECTIONID, and the names"):
        main()


def test_a_path_that_is_not_listed_yet_was_synced_nevertheless(sigma):
    sigma.post(SYNC, json={})
    sigma.post(LOOKUP, status=404, json={"message": "Not found"})
    with pytest.raises(
        SigmaError, match=r"404 from POST .* Sigma took the sync, but does not know"
    ):
        main()


def test_a_path_that_the_sandbox_does_not_have(run_recipe):
    done = run_recipe("connections/sync_schema.py", SYNC_PATH=json.dumps(["NO", "SUCH"]))
    assert done.returncode == 1
    assert "404 from POST" in done.stderr
    assert "successfully" not in done.stdout
