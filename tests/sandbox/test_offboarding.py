"""What a member leaves behind: sign-ins, credentials, documents, schedules, teams and grants."""

import pytest

from sandbox import seed
from tests.support.sandbox_client import Client


@pytest.fixture
def leaver(api):
    (member,) = api.whole_list("/v2/members", email=seed.LEAVER_EMAIL)
    return member["memberId"]


def test_the_leaver_has_something_of_everything(api, sandbox, leaver):
    files = api.whole_list(f"/v2/members/{leaver}/files")
    assert len([file for file in files if file.get("ownerId") == leaver]) > 5
    assert api.whole_list(f"/v2/members/{leaver}/schedules")
    assert api.whole_list(f"/v2/members/{leaver}/teams")
    grants = api.whole_list("/v2/grants", userId=leaver, directGrantsOnly="true")
    assert sorted(grant["inodeType"] for grant in grants) == ["folder", "workbook"]
    connections = [c["connectionId"] for c in api.whole_list("/v2/connections")]
    lists = [api.whole_list(f"/v2/connections/{key}/grants") for key in connections]
    assert leaver in [grant["memberId"] for some in lists for grant in some]
    own = Client(sandbox.address, seed.LEAVER_CLIENT_ID, seed.LEAVER_SECRET)
    assert own("GET", "/v2/whoami")["userId"] == leaver


def test_sign_ins_are_revoked_once(api, leaver):
    path = f"/v2/members/{leaver}/revoke"
    for revoked in (2, 0):
        results = {"oauth": {"tokensRevoked": revoked}}
        assert api("POST", path, json={}) == {"memberId": leaver, "results": results}


def test_credentials_are_created_and_deleted(api, sandbox, leaver):
    new = {"ownerId": leaver, "name": "Nightly", "description": "D"}
    made = api("POST", "/v2/credentials", json=new)
    client = Client(sandbox.address, made["clientId"], made["clientSecret"])
    assert client("GET", "/v2/whoami")["userId"] == leaver
    embed = api("POST", "/v2/credentials", json={**new, "scopes": ["embed"]})
    form = {"client_id": embed["clientId"], "client_secret": embed["clientSecret"]}
    assert api.token(**form).status_code == 401  # these are for embeds only

    form = {"client_id": made["clientId"], "client_secret": made["clientSecret"]}
    refresh = {"grant_type": "refresh_token", "refresh_token": api.token(**form).json()}
    refresh["refresh_token"] = refresh["refresh_token"]["refresh_token"]
    assert api("DELETE", f"/v2/credentials/{made['clientId']}") == {}
    assert api.token(**form).status_code == api.token(**refresh).status_code == 401
    api("DELETE", f"/v2/credentials/{made['clientId']}", 404)
    assert made["clientSecret"] not in str(sandbox.state.log.entries)


def test_a_deactivation_ends_credentials_and_tokens_at_once(api, viewer, sandbox, leaver):
    form = {"client_id": seed.LEAVER_CLIENT_ID, "client_secret": seed.LEAVER_SECRET}
    own = Client(sandbox.address, *form.values())
    api("PATCH", f"/v2/members/{leaver}", json={"isArchived": True, "newOwnerId": seed.VIEWER_ID})
    own("GET", "/v2/whoami", 401)
    assert api.token(**form).status_code == 401
    assert viewer("GET", "/v2/whoami")["userId"] == seed.VIEWER_ID


def test_grants_and_teams_stay_after_a_deactivation(api, leaver):
    grants = api.whole_list("/v2/grants", userId=leaver)
    (team,) = api.whole_list(f"/v2/members/{leaver}/teams")
    api("DELETE", f"/v2/members/{leaver}")
    assert api.whole_list("/v2/grants", userId=leaver) == grants
    members = f"/v2/teams/{team['teamId']}/members"
    api("PATCH", members, 400, json={"remove": [leaver]})
    assert leaver in [row["userId"] for row in api.whole_list(members)]
