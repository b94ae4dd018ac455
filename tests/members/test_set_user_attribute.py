"""Tests of members/set_user_attribute.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from members.set_user_attribute import main
from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/user-attributes"
RECIPE = "members/set_user_attribute.py"


@pytest.fixture
def found(sigma, monkeypatch):
    """A function that makes Sigma find attributes with these names for Region."""
    monkeypatch.setenv("MEMBERID", "m1")
    monkeypatch.setenv("USER_ATTRIBUTE", "Region")
    monkeypatch.setenv("USER_ATTRIBUTE_VALUE", "West & South")

    def find(*names):
        entries = [{"userAttributeId": f"u{n}", "name": name} for n, name in enumerate(names)]
        query = [query_param_matcher({"name": "Region", "limit": 1000})]
        sigma.get(URL, match=query, json={"entries": entries, "nextPage": None})

    return find


def test_sets_the_attribute_with_exactly_this_name(found, sigma, capsys):
    found("RegionManager", "region", "Region", None)
    value = {"val": "West & South", "type": "string"}
    body = {"assignments": [{"userId": "m1", "value": value}]}
    sigma.post(f"{URL}/u2/users", match=[json_params_matcher(body)], json={})
    main()
    assert "successfully" in capsys.readouterr().out


@pytest.mark.parametrize("names", [[], ["region", "Regional"], ["Region", "Region"]])
def test_another_name_is_refused_and_similar_ones_are_shown(names, found):
    found(*names)
    with pytest.raises(SigmaError, match="USER_ATTRIBUTE.*" + ", ".join(names)):
        main()


def test_a_refusal_is_passed_on(found, sigma, capsys):
    found("Region")
    sigma.post(f"{URL}/u0/users", status=404, json={"message": "No", "requestId": "r-1"})
    with pytest.raises(SigmaError, match=r"No \(requestId r-1\)$"):
        main()
    assert "successfully" not in capsys.readouterr().out


def test_nothing_is_set_if_sigma_could_not_read_an_attribute(call_recipe, sandbox):
    sandbox.state.rules.append(Fault(kind="error-row", match="GET /v2/user-attributes"))
    assert call_recipe(RECIPE).returncode == 1
    assert not [entry for entry in sandbox.state.log.entries if entry.path.endswith("/users")]


def test_a_second_value_replaces_the_first_in_the_sandbox(call_recipe, sandbox):
    attributes = sandbox.state.organization.user_attributes
    for value in ("West", "East"):
        assert call_recipe(RECIPE, USER_ATTRIBUTE_VALUE=value).returncode == 0
        assignments = attributes[seed.DEMO_USER_ATTRIBUTE_ID].assignments
        values = {member: assigned.value.val for member, assigned in assignments.items()}
        assert values == {seed.DEMO_MEMBER_ID: value}
