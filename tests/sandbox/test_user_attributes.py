"""Tests of sandbox/resources/user_attributes.py: what is known about members."""

import pytest

from sandbox import seed

ATTRIBUTES = "/v2/user-attributes"
USERS = f"{ATTRIBUTES}/{seed.DEMO_USER_ATTRIBUTE_ID}/users"


def assignments(*user_ids, value="East"):
    rows = [{"userId": user_id, "value": {"val": value, "type": "string"}} for user_id in user_ids]
    return {"assignments": rows}


def test_lists_attributes(api):
    names = [row["name"] for row in api.whole_list(ATTRIBUTES, limit=2)]
    assert names == ["Sales Region", "Department", "Region"]
    # A search by a part of the name finds another one first
    found = api.whole_list(ATTRIBUTES, name="REGION")
    assert [row["name"] for row in found] == ["Sales Region", "Region"]
    assert found[1]["name"] == seed.DEMO_USER_ATTRIBUTE
    assert found[1]["userAttributeId"] == seed.DEMO_USER_ATTRIBUTE_ID
    assert "assignments" not in found[0]
    assert api.whole_list(ATTRIBUTES, name="nothing") == []


def test_some_have_values_and_the_demo_has_none(api):
    assert api.whole_list(USERS) == []
    department = api.whole_list(ATTRIBUTES, name="Dep")[0]["userAttributeId"]
    users = api.whole_list(f"{ATTRIBUTES}/{department}/users")
    assert len(users) == len({row["userId"] for row in users}) == 60
    assert users[0]["value"] == {"val": "Finance", "type": "string"}


def test_sets_and_deletes_values(api):
    both = assignments(seed.DEMO_MEMBER_ID, seed.VIEWER_ID)
    assert api("POST", USERS, json=both) == {}
    first = api.whole_list(USERS)
    assert [row["userId"] for row in first] == [seed.DEMO_MEMBER_ID, seed.VIEWER_ID]
    assert api("POST", USERS, json=assignments(seed.VIEWER_ID, value="West")) == {}
    assert [row["value"]["val"] for row in api.whole_list(USERS)] == ["East", "West"]
    assert api.whole_list(USERS)[1]["createdAt"] == first[1]["createdAt"]
    gone = {"delete": [{"userId": seed.DEMO_MEMBER_ID}]}
    for _ in range(2):  # the second time there is nothing to delete
        assert api("PATCH", USERS, json=gone) == {}
        assert [row["userId"] for row in api.whole_list(USERS)] == [seed.VIEWER_ID]


def test_sets_and_deletes_for_all_or_nobody(api):
    refused = api("POST", USERS, 404, json=assignments(seed.VIEWER_ID, "nobody"))
    assert refused["message"] == "Member nobody not found"
    assert api.whole_list(USERS) == []
    api("POST", USERS, json=assignments(seed.VIEWER_ID))
    api("PATCH", USERS, 404, json={"delete": [{"userId": seed.VIEWER_ID}, {"userId": "nobody"}]})
    assert len(api.whole_list(USERS)) == 1


@pytest.mark.parametrize(
    ("method", "body", "words"),
    [
        ("POST", {}, "assignments: Field required"),
        ("POST", {"assignments": [{"userId": "x"}]}, "assignments.0.value: Field required"),
        ("POST", assignments("x", value=1), "assignments.0.value.val: Input should be a valid str"),
        (
            "POST",
            {"assignments": [{"userId": "x", "value": {"val": "1", "type": "number"}}]},
            "assignments.0.value.type: Input should be 'string'",
        ),
        ("PATCH", {}, "delete: Field required"),
        ("PATCH", {"delete": ["x"]}, "delete.0: Input should be a valid dictionary"),
    ],
)
def test_refuses_bodies(method, body, words, api):
    assert words in api(method, USERS, 400, json=body)["message"]


def test_an_unknown_attribute(api):
    for method, body in (
        ("GET", None),
        ("POST", assignments(seed.VIEWER_ID)),
        ("PATCH", {"delete": []}),
    ):
        refused = api(method, f"{ATTRIBUTES}/x/users", 404, json=body)
        assert refused["message"] == "User attribute x not found"
    assert "does not support" in api("POST", ATTRIBUTES, 501, json={"name": "X"})["message"]


def test_a_viewer_may_only_look(viewer):
    assert viewer("POST", USERS, 403, json=assignments(seed.VIEWER_ID))["code"] == "forbidden"
    assert viewer("PATCH", USERS, 403, json={"delete": []})["code"] == "forbidden"
    assert viewer.whole_list(USERS) == []
