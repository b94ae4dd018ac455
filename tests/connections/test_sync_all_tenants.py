"""Tests of connections/sync_all_tenants.py."""

from urllib.parse import parse_qs

import jwt
import pytest
import responses
from responses.matchers import header_matcher, json_params_matcher, query_param_matcher

from connections import sync_all_tenants
from connections.sync_all_tenants import main
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL, TOKEN_URL

RECIPE = "connections/sync_all_tenants.py"
SECRET = "0123456789abcdef" * 8  # as long as Sigma's
EU_URL = "https://eu.test/v2"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setenv("SECRET", SECRET)
    monkeypatch.setenv("DRY_RUN", "false")
    monkeypatch.setattr(sync_all_tenants.time, "sleep", lambda seconds: None)


def tenant(key="t1", **fields):
    return {"tenantOrganizationId": key, "tenantOrganizationName": f"Tenant {key}", **fields}


def tenants(sigma, *rows):
    sigma.get(f"{BASE_URL}/tenants", json={"entries": list(rows)})


def exchanges(sigma, *tokens, **refusal):
    """Let the next exchanges of a token return these."""
    for token in tokens:
        sigma.post(TOKEN_URL, json={"access_token": token, "expires_in": 3600})
    if refusal:
        sigma.post(TOKEN_URL, **refusal)


def with_token(token):
    return header_matcher({"Authorization": f"Bearer {token}"})


def connections(sigma, *rows, token="tenant-1", url=BASE_URL):
    page = {"entries": list(rows), "nextPage": None}
    sigma.get(f"{url}/connections", match=[with_token(token)], json=page)


def connection(key="c1", **fields):
    flags = {"isSample": False, "isAuditLog": False, "isArchived": False, "useOauth": False}
    return {"connectionId": key, "name": f"Warehouse {key}", **flags, **fields}


def sync(sigma, key="c1", token="tenant-1", url=BASE_URL, path=(), query=None, **response):
    match = [with_token(token), json_params_matcher({"path": list(path)})]
    match.append(query_param_matcher(query or {}))
    return sigma.post(f"{url}/connections/{key}/sync", match=match, **(response or {"json": {}}))


def test_the_token_of_a_tenant_is_exchanged_as_sigma_asks_for(sigma, capsys):
    tenants(sigma, tenant("t1"))
    exchanges(sigma, "tenant-1")
    connections(sigma)
    main()
    sent = sigma.calls[2].request
    form = {name: value for name, (value,) in parse_qs(sent.body).items()}
    subject = form.pop("subject_token")
    assert form == {
        "grant_type": EXCHANGE,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "actor_token": "token-1",
        "actor_token_type": "urn:ietf:params:oauth:token-type:access_token",
    }
    assert sent.headers["Authorization"] == "Bearer token-1"
    assert jwt.get_unverified_header(subject) == {"alg": "HS256", "typ": "JWT", "kid": "test-id"}
    claims = jwt.decode(subject, SECRET, algorithms=["HS256"], audience="sigmacomputing")
    assert claims["tenant"] == "t1"
    assert claims["exp"] - claims["iat"] == 300
    assert "sub" not in claims
    assert not [s for s in (subject, "tenant-1", SECRET) if s in str(capsys.readouterr())]


def test_syncs_whole_connections_but_no_samples_audit_logs_and_deleted_ones(sigma, capsys):
    tenants(sigma, tenant("t1"))
    exchanges(sigma, "tenant-1")
    left_out = [connection(n, **{n: True}) for n in ("isSample", "isAuditLog", "isArchived")]
    connections(sigma, connection("c2", useOauth=True), *left_out, connection("c1"))
    sync(sigma, "c1")
    sync(sigma, "c2", query={"useServiceAccount": "true"})
    main()
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "accepted:" in line] == [
        "Sync accepted: Tenant t1: Warehouse c1",
        "Sync accepted: Tenant t1: Warehouse c2",
    ]


@pytest.mark.parametrize(
    ("api_url", "url"),
    [
        ("https://eu.test/v2", EU_URL),
        ("https://eu.test/", EU_URL),
        (None, BASE_URL),
    ],
)
def test_a_tenant_can_have_its_own_url_but_the_parent_issues_the_token(api_url, url, sigma):
    tenants(sigma, tenant("t1", tenantApiUrl=api_url))
    exchanges(sigma, "tenant-1")
    connections(sigma, connection(), url=url)
    sync(sigma, url=url)
    main()


def test_a_token_that_expires_in_the_middle_is_exchanged_again(sigma):
    tenants(sigma, tenant("t1"))
    exchanges(sigma, "tenant-1", "tenant-2")
    connections(sigma, connection())
    sync(sigma, status=401, json={"message": "expired"})
    sync(sigma, token="tenant-2")
    main()


def test_a_tenant_that_fails_is_named_and_the_others_go_on(sigma, capsys):
    rows = [tenant("t1"), tenant("t2"), tenant("t3", tenantApiUrl="ftp://x"), tenant("t4")]
    tenants(sigma, *rows, {"tenantOrganizationName": "No ID"}, tenant("t5", tenantApiUrl=7))
    exchanges(sigma, "tenant-1", status=400, json={"message": "No such tenant"})
    sigma.post(TOKEN_URL, json={"access_token": "tenant-4", "expires_in": 3600})
    refusal = {"status": 403, "json": {"message": "Not with tenant-1"}}  # it quotes the token
    sigma.get(f"{BASE_URL}/connections", match=[with_token("tenant-1")], **refusal)
    connections(sigma, connection("c4"), token="tenant-4")
    sync(sigma, "c4", token="tenant-4")
    with pytest.raises(SigmaError, match="Tenants that failed: 5"):
        main()
    printed, told = capsys.readouterr()
    assert "Sync accepted: Tenant t4: Warehouse c4" in printed
    failed = [line for line in told.splitlines() if line.startswith("Failed: ")]
    names = ["Tenant t1", "Tenant t2", "Tenant t3", "No ID", "Tenant t5"]
    assert [line.split(": ")[1] for line in failed] == names
    assert "tenantApiUrl" in failed[2]
    assert "tenant-1" not in told


def test_a_connection_that_fails_is_named_and_isnt_sent_twice(sigma, capsys, monkeypatch):
    monkeypatch.setenv("TENANT_SYNC_PATH", '["RETAIL"]')
    tenants(sigma, tenant("t1"))
    exchanges(sigma, "tenant-1")
    connections(sigma, connection("c1"), connection("c2"), connection("c3"))
    refused = sync(sigma, "c1", path=["RETAIL"], status=404, json={"message": "No path"})
    lost = sync(sigma, "c2", path=["RETAIL"], status=502, json={"message": "Down"})
    sync(sigma, "c3", path=["RETAIL"])
    with pytest.raises(SigmaError, match=r"TENANT_SYNC_PATH .*RETAIL"):
        main()
    printed, told = capsys.readouterr()
    assert [refused.call_count, lost.call_count] == [1, 1]
    assert "Failed: Tenant t1: Warehouse c1: 404" in told
    assert "Accepted: 1. Failed or not tried: 2." in printed


@pytest.mark.parametrize("path", ["RETAIL", '["a","b","c","d"]', '["a",1]'])
def test_refuses_what_is_not_a_path_before_anything_is_sent(path, monkeypatch):
    monkeypatch.setenv("TENANT_SYNC_PATH", path)
    with responses.RequestsMock(), pytest.raises(SigmaError, match="TENANT_SYNC_PATH"):
        main()


def test_without_pyjwt_one_line_says_how_to_install_it(run_recipe, sandbox, tmp_path):
    (tmp_path / "jwt.py").write_text("", encoding="utf-8")  # such as another package's
    done = run_recipe(RECIPE, PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    (error,) = done.stderr.splitlines()
    assert error.endswith(" -m pip install PyJWT")
    assert not sandbox.state.log.entries


@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_a_refused_connection_in_the_sandbox(dry_run, call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="403", match="POST /v2/connections/*/sync"))
    done = call_recipe(RECIPE, DRY_RUN=dry_run)
    planned = done.stdout.count("To sync: ")
    assert planned > 2
    synced = [e.path for e in sandbox.state.log.entries if e.path.endswith("/sync")]
    assert len(synced) == len(set(synced)) == (0 if dry_run == "true" else planned)
    assert done.returncode == (0 if dry_run == "true" else 1)
    assert done.stdout.count("Sync accepted: ") == max(0, len(synced) - 1)
