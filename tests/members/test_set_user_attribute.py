"""Tests of members/set_user_attribute.py."""

import pytest
from responses.matchers import header_matcher, json_params_matcher, query_param_matcher

from members.set_user_attribute import main
from sandbox import seed
from sigma_session import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/user-attributes"
RECIPE = "members/set_user_attribute.py"


@pytest.fixture(autouse=True)
def names(monkeypatch):
    monkeypatch.setenv("MEMBERID", "m-1")
    monkeypatch.setenv("USER_ATTRIBUTE", "Region")
    monkeypatch.setenv("USER_ATTRIBUTE_VALUE", "West & South")


def attributes(*names):
    entries = [{"userAttributeId": f"u-{name}", "name": name} for name in names]
    return {"entries": entries, "nextPage": None}


def test_sets_the_attribute_of_exactly_this_name(sigma, capsys):
    with_token = header_matcher({"Authorization": "Bearer token-1"})
    query = {"name": "Region", "limit": 1000}
    sigma.get(
        URL,
        match=[with_token, query_param_matcher(query)],
        json={**attributes("RegionManager", "region"), "nextPage": "p2"},
    )
    sigma.get(
        URL,
        match=[with_token, query_param_matcher({**query, "page": "p2"})],
        json=attributes("Region"),
    )
    value = {"val": "West & South", "type": "string"}
    sigma.post(
        f"{URL}/u-Region/users",
        match=[
            with_token,
            json_params_matcher({"assignments": [{"userId": "m-1", "value": value}]}),
        ],
        json={},
    )
    main()
    assert capsys.readouterr().out.splitlines() == [
        "User attribute: Region (u-Region)",
        "User attribute set successfully to 'West & South': {}",
    ]


@pytest.mark.parametrize(
    ("known", "problem"),
    [
        ([], "no user attributes have this name. Names like it: none"),
        (["region", "Regional"], "no user attributes have this name. .*: region, Regional"),
        (["Region", "Region"], "2 user attributes have this name"),
    ],
)
def test_another_name_is_not_taken(known, problem, sigma):
    sigma.get(URL, json=attributes(*known))
    with pytest.raises(SigmaError, match=f"USER_ATTRIBUTE is 'Region', and {problem}"):
        main()


def test_a_refusal_is_passed_on(sigma, capsys):
    sigma.get(URL, json=attributes("Region"))
    sigma.post(f"{URL}/u-Region/users", status=404, json={"message": "No", "requestId": "r-1"})
    with pytest.raises(SigmaError, match=r"No \(requestId r-1\)$"):
        main()
    assert "successfully" not in capsys.readouterr().out


def test_a_second_value_replaces_the_first_in_the_sandbox(call_recipe, sandbox):
    assignments = sandbox.state.organization.user_attributes[
        seed.DEMO_USER_ATTRIBUTE_ID
    ].assignments
    for value in ("West", "East"):
        done = call_recipe(RECIPE, USER_ATTRIBUTE_VALUE=value)
        assert done.returncode == 0
        assert f"set successfully to '{value}': {{}}" in done.stdout
        assert {key: known.value.val for key, known in assignments.items()} == {
            seed.DEMO_MEMBER_ID: value
        }


def test_an_unknown_attribute_in_the_sandbox_names_those_like_it(call_recipe):
    done = call_recipe(RECIPE, USER_ATTRIBUTE="region")
    assert done.returncode == 1
    assert "Names like it: " in done.stderr
    assert "Region" in done.stderr.split("Names like it: ")[1]
