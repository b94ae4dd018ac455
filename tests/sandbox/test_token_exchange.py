"""An administrator exchanges a signed JWT for a token of another member, or of a tenant."""

import base64
import time
import warnings

import jwt
import pytest
import requests

from sandbox import seed
from tests.support.sandbox_client import Client

TYPE = "urn:ietf:params:oauth:token-type:"
# The sandbox's secrets are short, and pytest undoes the filter in auth.py
pytestmark = pytest.mark.filterwarnings("ignore:The HMAC key is")


def signed(claims, secret=seed.SECRET, kid=seed.CLIENT_ID, algorithm="HS256"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return jwt.encode(claims, secret, algorithm, headers={"kid": kid} if kid else {})


def exchange(api, token, bearer=None, **changes):
    actor = api.session.headers["Authorization"].removeprefix("Bearer ")
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": token,
        "subject_token_type": f"{TYPE}jwt",
        "actor_token": actor,
        "actor_token_type": f"{TYPE}access_token",
        **changes,
    }
    headers = {"Authorization": f"Bearer {actor}"} if bearer is None else {"Authorization": bearer}
    return requests.post(f"{api.address}/v2/auth/token", data=form, headers=headers, timeout=5)


def client_of(api, token):
    answer = exchange(api, token)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body.keys() == {"access_token", "issued_token_type", "token_type", "expires_in"}
    assert body["issued_token_type"] == f"{TYPE}access_token"
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3599)
    client = Client(api.address)
    client.session.headers["Authorization"] = f"Bearer {body['access_token']}"
    return client


def full(**changes):
    """Return all claims that Sigma knows."""
    now = int(time.time())
    known = {"sub": "vic@example.com", "aud": "sigmacomputing", "iss": seed.CLIENT_ID}
    return {**known, "ver": "1.1", "jti": "1", "iat": now, "exp": now + 300, **changes}


@pytest.mark.parametrize("claims", [{"sub": "vic@example.com"}, full(sub="VIC@example.com")])
def test_a_token_of_a_member_acts_as_the_member(api, viewer, claims):
    vic = client_of(api, signed(claims))
    assert vic("GET", "/v2/whoami") == viewer("GET", "/v2/whoami")
    assert vic("GET", "/v2/whoami")["userId"] == seed.VIEWER_ID
    assert vic.whole_list("/v2/files") == viewer.whole_list("/v2/files")
    new = {"email": "n@example.com", "firstName": "N", "lastName": "M"}
    vic("POST", "/v2/members", 403, json=new)
    assert api("GET", "/v2/whoami")["userId"] == seed.OWNER_ID


def raw(payload, header=b'{"alg":"HS256","kid":"sandbox-client-id"}'):
    """Return a well signed token whose parts may not be what they should be."""
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload)]
    key = jwt.get_algorithm_by_name("HS256")
    signature = key.sign(b".".join(parts), seed.SECRET.encode())
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


NOW = int(time.time())
REFUSED = {
    "wrong signature": signed(full(), secret="wrong"),
    "wrong key ID": signed(full(), kid="nothing"),
    "no key ID": signed(full(), kid=""),
    "key of another member": signed(full(), seed.VIEWER_SECRET, seed.VIEWER_CLIENT_ID),
    "not signed": signed(full(), None, algorithm="none"),
    "another algorithm": signed(full(), algorithm="HS512"),
    "expired": signed(full(iat=NOW - 600, exp=NOW - 300)),
    "issued in the future": signed(full(iat=NOW + 3600, exp=NOW + 7200)),
    "too long": signed(full(exp=NOW + 2_592_000 + 3600)),
    "too long without iat": signed({"sub": "vic@example.com", "exp": NOW + 2_592_000 + 3600}),
    "wrong audience": signed(full(aud="other")),
    "wrong issuer": raw(b'{"sub":"vic@example.com","iss":["x"]}'),
    "unknown member": signed(full(sub="nobody@example.com")),
    "deactivated member": signed(full(sub="gone1@example.com")),
    "no member": signed({"aud": "sigmacomputing"}),
    "unknown tenant": signed({"tenant": "x"}),
    "tenant is a list": signed({"tenant": [seed.TENANT_ID]}),
    "member of another organization": signed(full(tenant=seed.TENANT_ID)),
    "sub is a number": raw(b'{"sub":1}'),
    "sub is null": raw(b'{"sub":null}'),
    "endless": raw(b'{"sub":"vic@example.com","exp":Infinity}'),
    "exp is a list": raw(b'{"sub":"vic@example.com","exp":[]}'),
    "iat is null": raw(b'{"sub":"vic@example.com","iat":null}'),
    "exp is null": raw(b'{"sub":"vic@example.com","exp":null}'),
    "not an object": raw(b"[]"),
    "not JSON": raw(b"{"),
    "not Unicode": raw(b"\xff"),
    "deep": raw(b"[" * 100_000),
    "key ID is a list": raw(b"{}", b'{"alg":"HS256","kid":[]}'),
    "key ID is null": raw(b"{}", b'{"alg":"HS256","kid":null}'),
    "half a character": raw(b"{}", rb'{"alg":"HS256","kid":"sandbox-client-id","crit":["\ud800"]}'),
    "detached": raw(b"{}", b'{"alg":"HS256","kid":"sandbox-client-id","b64":false,"crit":["b64"]}'),
    "header is a list": raw(b"{}", b"[]"),
    "header is not Unicode": raw(b"{}", b"\xff"),
    "deep header": raw(b"{}", b"[" * 100_000),
    "no token": "",
    "not a token": "x.y.z",
    "letters": "ä.ö.ü",
}


def test_a_wrong_jwt_is_401(api, sandbox):
    before = dict(sandbox.state.organization.tokens)
    for what, token in REFUSED.items():
        answer = exchange(api, token)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), what
        assert set(answer.json()) == {"requestId", "message", "code"}, what
    assert sandbox.state.organization.tokens == before


def test_the_actor_is_an_administrator_who_sends_the_same_token_twice(api, viewer, sandbox):
    token = signed(full())
    assert exchange(api, token, bearer="").status_code == 401
    assert exchange(api, token, bearer="Bearer x").status_code == 401
    assert exchange(api, token, actor_token="x").status_code == 401
    own = signed(full(iss=seed.VIEWER_CLIENT_ID), seed.VIEWER_SECRET, seed.VIEWER_CLIENT_ID)
    assert exchange(viewer, own).status_code == 403
    for name in ("subject_token_type", "actor_token_type"):
        answer = exchange(api, token, **{name: "x"})
        assert answer.status_code == 400 and name in answer.json()["message"]
    assert token not in str(sandbox.state.log.entries)


def test_the_list_of_tenants(api):
    *rows, null = api("GET", "/v2/tenants")["entries"]
    assert null is None
    urls = [row.get("tenantApiUrl") for row in rows]
    assert urls == [None, f"{api.address}/v2", api.address]
    first = api("GET", "/v2/tenants?pageSize=3")
    assert first["entries"] == rows
    tail = f"pageSize=3&pageToken={first['nextPageToken']}"
    assert api("GET", f"/v2/tenants?{tail}") == {"entries": [None]}


def test_the_connections_of_tenants(api):
    found = []
    for n in range(3):
        tenant = client_of(api, signed({"tenant": seed.make_uuid("tenant", n)}))
        rows = tenant.whole_list("/v2/connections")
        (synced, *others) = [r for r in rows if not r["isSample"] and not r["isAuditLog"]]
        tenant("POST", f"/v2/connections/{synced['connectionId']}/sync", json={"path": []})
        api("GET", f"/v2/connections/{synced['connectionId']}", 404)
        found.append([len(rows), len(others), sum(row["useOauth"] for row in rows)])
    assert found == [[3, 1, 1], [3, 0, 0], [2, 0, 0]]


def test_a_tenant_is_an_organization_of_its_own(api, viewer):
    row = api("GET", "/v2/tenants")["entries"][0]
    assert row["tenantOrganizationId"] == seed.TENANT_ID
    viewer("GET", "/v2/tenants", 403)
    whoami = api("GET", "/v2/whoami")
    assert row["parentOrganizationId"] == whoami["organizationId"]
    tenant_id = row["tenantOrganizationId"]
    tenant = client_of(api, signed({"tenant": tenant_id}))
    (admin,) = tenant.whole_list("/v2/members")
    assert admin["organizationId"] == tenant_id
    assert tenant("GET", "/v2/whoami") == {
        "userId": admin["memberId"],
        "organizationId": tenant_id,
    }
    for path in ("teams", "workspaces", "workbooks", "files", "dataModels"):
        assert tenant.whole_list(f"/v2/{path}") == [], path
    assert tenant("GET", "/v2/tenants")["entries"] == []
    assert exchange(tenant, signed(full(sub=admin["email"]))).status_code == 401

    before = api.whole_list("/v2/workspaces")
    own = tenant("POST", "/v2/workspaces", json={"name": "N"})
    assert api.whole_list("/v2/workspaces") == before
    assert own["workspaceId"] != api("POST", "/v2/workspaces", json={"name": "N"})["workspaceId"]
    also = client_of(api, signed(full(tenant=tenant_id, sub=admin["email"])))
    assert [w["workspaceId"] for w in also.whole_list("/v2/workspaces")] == [own["workspaceId"]]
    # A session with the tenant's token can still get a new token of the parent
    form = {"client_id": seed.CLIENT_ID, "client_secret": seed.SECRET}
    form["grant_type"] = "client_credentials"
    new = tenant.session.post(f"{api.address}/v2/auth/token", data=form, timeout=5)
    tenant.session.headers["Authorization"] = f"Bearer {new.json()['access_token']}"
    assert tenant("GET", "/v2/whoami") == whoami
