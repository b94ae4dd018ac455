"""Tests of connections/sync_schema.py."""

import pytest
from responses.matchers import json_params_matcher

from connections.sync_schema import main
from sigma_client import SigmaError
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


@pytest.mark.parametrize(
    "path", ["RETAIL", "[]", '["a","b","c","d"]', '["a",1]', '[""]', '"a"', "[" * 100_000]
)
def test_refuses_what_is_not_a_path(path, monkeypatch):
    monkeypatch.setenv("SYNC_PATH", path)
    with pytest.raises(SigmaError, match="SYNC_PATH"):
        main()


def test_an_unknown_path_is_explained(sigma):
    sigma.post(SYNC, status=404, json={"message": "Not found", "requestId": "r-1"})
    with pytest.raises(SigmaError, match=r"r-1.*CONNECTIONID.*SYNC_PATH"):
        main()


@pytest.mark.parametrize("status", [404, 403])
def test_a_failed_lookup_says_that_the_sync_was_accepted(status, sigma, capsys):
    sigma.post(SYNC, json={})
    sigma.post(LOOKUP, status=status, json={"message": "No"})
    with pytest.raises(SigmaError, match=f"{status} from POST .*Sigma accepted the sync"):
        main()
    assert "successfully" not in capsys.readouterr().out
