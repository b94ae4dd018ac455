"""Tests of sandbox/openapi.py: the description of the sandbox, as Postman imports it."""

import pytest
import requests


@pytest.fixture
def description(sandbox):
    """What GET /openapi.json answers."""
    return requests.get(f"{sandbox.address}/openapi.json", timeout=5).json()


def test_names_its_own_address(description, sandbox):
    assert [server["url"] for server in description["servers"]] == [sandbox.address]
    flow = description["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == f"{sandbox.address}/v2/auth/token"


def test_every_operation_has_a_name_and_its_security(description):
    operations = {
        f"{method} {path}": operation
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
        if path.startswith("/v2")
    }
    assert len(operations) > 20
    for name, operation in operations.items():
        assert operation["operationId"].isidentifier(), name
        assert operation["summary"] and operation["description"] and operation["tags"], name
        wanted = "HTTPBasic" if name == "post /v2/auth/token" else "oauth2"
        assert [list(need) for need in operation["security"]] == [[wanted]], name
        answers = operation["responses"]
        good, bad = answers.get("200") or answers["201"], answers["default"]
        (content,) = good["content"].values()
        assert content["schema"], name
        assert bad["content"]["application/json"]["schema"]["$ref"].endswith("/ApiError")


def test_the_frameworks_own_422_appears_nowhere(description, sandbox):
    answers = [
        status
        for operations in description["paths"].values()
        for operation in operations.values()
        for status in operation["responses"]
    ]
    assert "200" in answers
    assert "422" not in answers
    assert "ValidationError" not in str(description)
    answer = requests.post(f"{sandbox.address}/v2/auth/token", timeout=5)
    assert answer.status_code == 400
    assert answer.json()["message"] == "grant_type: Field required"


def test_bodies_and_lists_are_described(description):
    schemas = description["components"]["schemas"]
    assert schemas["NewMember"]["required"] == ["email", "firstName", "lastName"]
    assert {"entries", "nextPage"} == set(schemas["Page_Member_"]["required"])
    listed = description["paths"]["/v2/members"]["get"]
    assert {"limit", "page", "email", "includeArchived"} <= {
        p["name"] for p in listed["parameters"]
    }
