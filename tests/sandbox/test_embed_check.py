"""The page /embed-check opens signed embed URLs, and names what Sigma would refuse."""

import html
import re
import time
import uuid

import jwt
import pytest
import requests

from sandbox import seed
from sandbox.organization import make_uuid, url_id

APP = "https://app.sigmacomputing.com/sandbox/workbook"
DEMO = f"{APP}/{url_id(seed.DEMO_WORKBOOK_ID)}"
UNKNOWN = f"{APP}/Sales-{url_id(make_uuid('nothing', 0))}"
MEMBER = "ada@example.com"
NEW = "customer@partner.example"


def url_of(base=DEMO, tail="", secret=seed.SECRET, kid=seed.CLIENT_ID, **changes):
    now = int(time.time())
    known = {"sub": MEMBER, "jti": str(uuid.uuid4()), "iat": now, "exp": now + 300, **changes}
    claims = {name: value for name, value in known.items() if value is not None}
    token = jwt.encode(claims, secret, "HS256", headers={"kid": kid})
    return f"{base}?:embed=true{tail}&:jwt={token}"


@pytest.fixture
def open_embed(sandbox):
    """Send the form, and return the status and the text of the page."""

    def open_embed(url):
        page = requests.post(f"{sandbox.address}/embed-check", data={"url": url}, timeout=5)
        text = html.unescape(re.sub(r"<[^>]*>", " ", page.text))
        return page.status_code, " ".join(text.split())

    return open_embed


SEEN = {
    "administrator": (url_of(), "Sees Plugs Sales Performance Permission edit"),
    "name and ID": (url_of(f"{APP}/Plugs-{url_id(seed.DEMO_WORKBOOK_ID)}"), "Sees Plugs"),
    "tag": (url_of(f"{DEMO}/tag/production"), "Performance, production"),
    "page": (url_of(f"{DEMO}/page/{seed.DEMO_PAGE_ID}"), "Performance, page Dashboard"),
    "element": (url_of(f"{DEMO}/element/{seed.DEMO_ELEMENT_ID}"), "Performance, element Orders"),
    "parameters": (url_of(tail="&:theme=Dark&Region=West"), "Permission edit"),
    "member": (url_of(sub="sales_rep@example.com"), "Account type View Teams not changed"),
    "embed user": (
        url_of(sub=NEW, teams=["Finance"], account_type="View"),
        f"User {NEW} Account type View Teams Finance User attributes not changed"
        " Sees Plugs Sales Performance Permission explore",
    ),
}


def test_shows_who_sees_what(open_embed):
    for what, (url, seen) in SEEN.items():
        status, page = open_embed(url)
        assert status == 200 and seen in page, what
        status, page = open_embed(url)
        assert status == 400 and "jti" in page, what


REFUSED = {
    "no workbook's URL": ("https://app.sigmacomputing.com/x", "the URL of a workbook"),
    "no token": (f"{DEMO}?:embed=true", "token"),
    "parameter": (url_of(tail="&:nodeId=x"), ":nodeId"),
    "signature": (url_of(secret="wrong" * 8), "Signature"),
    "kid": (url_of(kid="x"), "kid"),
    "no sub": (url_of(sub=None), "sub"),
    "no jti": (url_of(jti=None), "jti"),
    "sub": (url_of(sub="Ada Admin"), "sub"),
    "expired": (url_of(iat=1, exp=2), "expired"),
    "milliseconds": (url_of(iat=int(time.time()) * 1000), "iat"),
    "31 days": (url_of(exp=int(time.time()) + 31 * 86400), "30 days"),
    "unknown workbook": (url_of(UNKNOWN), "not found"),
    "unknown tag": (url_of(f"{DEMO}/tag/x"), "tag x"),
    "unknown page": (url_of(f"{DEMO}/page/x"), "Page x"),
    "deactivated": (url_of(sub="gone1@example.com"), "deactivated"),
    "account type of a member": (url_of(account_type="View"), "account_type"),
    "teams of a member": (url_of(teams=["Finance"]), "teams"),
    "attributes of a member": (url_of(user_attributes={"Region": "West"}), "user_attributes"),
    "unknown team": (url_of(sub=NEW, teams=["Finance", "Fans"]), "Fans"),
    "ID of a team": (url_of(sub=NEW, teams=[seed.DEMO_TEAM_ID]), seed.DEMO_TEAM_ID),
    "not shared": (url_of(sub=NEW), "isn't shared"),
    "not shared with the team": (url_of(sub=NEW, teams=["Sales"]), "isn't shared"),
}


def test_names_what_sigma_would_refuse(open_embed, sandbox):
    for what, (url, problem) in REFUSED.items():
        status, page = open_embed(url)
        assert status >= 400 and problem in page.partition("Open")[2], what
        assert "Permission" not in page, what
    assert not sandbox.state.organization.opened_embeds


def test_embeds_go_dark_with_the_owner_of_their_credentials(api, open_embed):
    own = {"secret": seed.LEAVER_SECRET, "kid": seed.LEAVER_CLIENT_ID}
    assert open_embed(url_of(**own))[0] == 200
    (leaver,) = api.whole_list("/v2/members", email=seed.LEAVER_EMAIL)
    api("DELETE", f"/v2/members/{leaver['memberId']}")
    status, page = open_embed(url_of(**own))
    assert status == 400 and "kid" in page
