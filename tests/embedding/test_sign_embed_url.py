"""Tests of embedding/sign_embed_url.py."""

import json
import time
from html.parser import HTMLParser

import jwt
import pytest
from flask import Flask, render_template_string

from embedding.sign_embed_url import MAX_SECONDS, sign_embed_url
from sigma_client import SigmaError

RECIPE = "embedding/sign_embed_url.py"
SECRET = "0123456789abcdef" * 8  # as long as Sigma's
URL = "https://app.sigmacomputing.com/acme/workbook/Sales-7sYWojYnccxJqdqkNKAw6S"
ADA = "ada@example.com"
SETTINGS = {"EMBED_URL": URL, "EMBED_EMAIL": ADA, "CLIENT_ID": "embed-id", "SECRET": SECRET}
OPTIONAL = ("ACCOUNT_TYPE", "TEAMS", "USER_ATTRIBUTES", "SECONDS", "CLIENT_ID", "SECRET")
SETTINGS |= {f"EMBED_{name}": "" for name in OPTIONAL}


def signed(url=URL, email=ADA, client_id="embed-id", secret=SECRET, **options):
    return sign_embed_url(url, email, client_id, secret, **options)


def token_of(url):
    return url.partition("&:jwt=")[2]


def claims_of(url, secret=SECRET):
    """Return the claims, after PyJWT has verified the signature and the times."""
    return jwt.decode(token_of(url), secret, algorithms=["HS256"])


def test_the_token_has_these_claims_and_no_others():
    url = signed(
        account_type="View", teams=["Sales, EU"], user_attributes={"Region": "West"}, seconds=60
    )
    assert url.partition("&:jwt=")[0] == f"{URL}?:embed=true"
    header = jwt.get_unverified_header(token_of(url))
    assert header == {"alg": "HS256", "typ": "JWT", "kid": "embed-id"}
    claims = claims_of(url)
    assert abs(claims["iat"] - time.time()) < 10  # seconds, not milliseconds
    assert claims.pop("exp") - claims.pop("iat") == 60
    assert len(claims.pop("jti")) == 36
    assert claims == {
        "sub": ADA,
        "iss": "embed-id",
        "account_type": "View",
        "teams": ["Sales, EU"],
        "user_attributes": {"Region": "West"},
    }
    with pytest.raises(jwt.InvalidSignatureError):
        claims_of(url, SECRET[::-1])


def test_claims_of_embed_users_are_sent_only_if_given():
    assert set(claims_of(signed())) == {"sub", "iss", "jti", "iat", "exp"}
    assert claims_of(signed(teams=[]))["teams"] == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{URL}/tag/Production", "/tag/Production?:embed=true"),
        (f"{URL}/tag/On%20hold/page/a-B_9", "/tag/On%20hold/page/a-B_9?:embed=true"),
        (f"{URL}/element/x1?", "/element/x1?:embed=true"),
        (f"{URL}?:theme=Dark&:embed=true", "?:embed=true&:theme=Dark"),
        (f"{URL}?:embed=false", "?:embed=true"),
        (f"{URL}?%3Aembed=true&%3atheme=Dark&A=%3A", "?:embed=true&:theme=Dark&A=%3A"),
        (
            f"{URL}?Area=A%20B&Day=min:2026-01-01,max:",
            "?:embed=true&Area=A%20B&Day=min:2026-01-01,max:",
        ),
    ],
)
def test_the_path_and_the_known_parameters_stay_as_they_are(url, expected):
    assert signed(url).partition("&:jwt=")[0] == URL + expected


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        (URL.replace("https", "http"), "/workbook/"),
        (URL.replace("/workbook/", "/data-model/"), "/workbook/"),
        ("https://app.sigmacomputing.com/acme/workbook/", "/workbook/"),
        ("https://aws-api.sigmacomputing.com/v2/workbooks/1", "/workbook/"),
        ("https://app.sigmacomputing.com/embed/1-CQjB", "/workbook/"),
        (URL.replace("app.", "user:password@app."), "/workbook/"),
        (f"{URL}/edit", "not /edit"),
        (f"{URL}/page/a/element/b", "/element/ID"),
        (f"{URL} ", "/workbook/"),
        (f"{URL}#x", "/workbook/"),
        (f"{URL}?:theme=My theme", "/workbook/"),
        (f"{URL}?:nodeId=abc", "/element/ID"),
        (f"{URL}?:theme=Dark&:hide_title=true", ":hide_title"),
        (f"{URL}?:embed=true&:jwt=eyJhbGciOi.x.y", ":jwt"),
        (f"{URL}?:embed=true&%3Ajwt=eyJhbGciOi.x.y", ":jwt"),
        (f"{URL}/edit?:jwt=eyJhbGciOi.x.y", "/edit"),
    ],
)
def test_urls_that_sigma_would_refuse(url, advice):
    with pytest.raises(SigmaError, match=f"EMBED_URL.*{advice}") as error:
        signed(url)
    assert "eyJ" not in str(error.value)


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("email", ["", "Ada", "ada lovelace@example.com", "ada@my_company.com"]),
        ("teams", ["Sales", {"Sales": 1}, [""], [7], [["Sales"]]]),
        ("user_attributes", ["West", ["West"], {"Region": 7}, {"Region": ["West"]}]),
        ("seconds", [0, -1, MAX_SECONDS + 1, 3_600_000, 60.5, "60"]),
    ],
)
def test_values_that_sigma_would_refuse(option, values):
    for value in values:
        with pytest.raises(SigmaError, match=f"EMBED_{option.upper()}"):
            signed(**{option: value})


def test_30_days_and_an_underscore_before_the_at_sign_are_accepted():
    claims = claims_of(signed(email="ada_l@example.com", seconds=MAX_SECONDS))
    assert claims["exp"] - claims["iat"] == 2_592_000


@pytest.mark.parametrize(
    "wrong", [{"client_id": ""}, {"secret": ""}, {"secret": None}, {"secret": "\udcff" * 128}]
)
def test_credentials_that_are_missing(wrong):
    with pytest.raises(SigmaError, match="EMBED_SECRET"):
        signed(**wrong)


# --- As a script ---


def test_prints_only_the_url_on_stdout_and_sends_nothing(call_recipe, sandbox):
    options = {"ACCOUNT_TYPE": "View", "TEAMS": " Sales, West ,", "SECONDS": "60"}
    options["USER_ATTRIBUTES"] = json.dumps({"Region": "West"})
    done = call_recipe(RECIPE, **SETTINGS | {f"EMBED_{k}": v for k, v in options.items()})
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(URL)
    claims = claims_of(done.stdout.rstrip("\n"))
    assert claims["exp"] - claims["iat"] == 60
    found = [claims[name] for name in ("account_type", "teams", "user_attributes")]
    assert found == ["View", ["Sales", "West"], {"Region": "West"}]
    assert SECRET not in done.stderr
    assert "EMBED_ACCOUNT_TYPE" not in done.stderr
    assert not sandbox.state.log.entries


def test_needs_no_account_type_but_warns(call_recipe):
    done = call_recipe(RECIPE, **SETTINGS, authURL="", baseURL="")
    assert done.returncode == 0, done.stderr
    assert set(claims_of(done.stdout.strip())) == {"sub", "iss", "jti", "iat", "exp"}
    assert "EMBED_ACCOUNT_TYPE" in done.stderr


def test_credentials_of_their_own_come_first(call_recipe):
    own = {"EMBED_CLIENT_ID": "own-id", "EMBED_SECRET": SECRET[::-1]}
    done = call_recipe(RECIPE, **SETTINGS | own | {"CLIENT_ID": "", "SECRET": ""})
    assert claims_of(done.stdout.strip(), SECRET[::-1])["iss"] == "own-id"


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [
        ("EMBED_CLIENT_ID", "own-id", "EMBED_SECRET"),
        ("EMBED_SECRET", "own-secret", "EMBED_CLIENT_ID"),
        ("CLIENT_ID", "", "CLIENT_ID"),
        ("EMBED_USER_ATTRIBUTES", "Region=West", "EMBED_USER_ATTRIBUTES"),
        ("EMBED_USER_ATTRIBUTES", '{"Region":7}', "EMBED_USER_ATTRIBUTES"),
        ("EMBED_SECONDS", "2592001", "EMBED_SECONDS"),
        ("EMBED_EMAIL", "", "EMBED_EMAIL"),
        ("EMBED_URL", SECRET, "EMBED_URL"),  # in the wrong line
    ],
)
def test_wrong_settings_are_named(setting, value, named, call_recipe):
    done = call_recipe(RECIPE, **SETTINGS | {setting: value})
    assert (done.returncode, done.stdout) == (1, "")
    (error,) = done.stderr.splitlines()
    assert named in error
    assert not [secret for secret in ("own-secret", SECRET) if secret in error]


def test_without_pyjwt_one_line_says_how_to_install_it(run_recipe, tmp_path):
    (tmp_path / "jwt.py").write_text("", encoding="utf-8")  # such as another package's
    done = run_recipe(RECIPE, PYTHONPATH=str(tmp_path), **SETTINGS)
    assert (done.returncode, done.stdout) == (1, "")
    (error,) = done.stderr.splitlines()
    assert error.startswith("Error: ")
    assert error.endswith(" -m pip install PyJWT")


# --- In a view ---

app = Flask(__name__)


@app.get("/report")
def report():
    """A page with an embed. In a real view, the email is that of the user who has signed in."""
    url = sign_embed_url(URL, ADA, "embed-id", SECRET, account_type="View", teams=["Sales"])
    page = render_template_string('<iframe src="{{ url }}"></iframe>', url=url)
    return page, {"Cache-Control": "no-store"}  # a cached page would have a used token


class Frames(HTMLParser):
    """Collects the src of every iframe, as a browser reads it."""

    def __init__(self, page):
        super().__init__()
        self.urls = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.urls += [dict(attributes)["src"]] * (tag == "iframe")


def test_a_flask_view_serves_an_iframe_with_a_new_signed_url_each_time():
    browser = app.test_client()
    urls = []
    for _ in range(2):
        response = browser.get("/report")
        assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
        assert SECRET not in response.text
        urls += Frames(response.text).urls
    first, second = (claims_of(url) for url in urls)
    assert urls[0].startswith(f"{URL}?:embed=true&:jwt=")
    assert (first["sub"], first["teams"]) == (ADA, ["Sales"])
    assert first["jti"] != second["jti"]
