"""Set a user attribute of a member: row-level security uses its value to filter data.

Endpoint:  POST /v2/user-attributes/{userAttributeId}/users
           GET /v2/user-attributes to find the attribute by name
Docs:      https://help.sigmacomputing.com/reference/setuserattributeforusers
.env:      USER_ATTRIBUTE, the name of the attribute (Administration > User Attributes)
           USER_ATTRIBUTE_VALUE, the new value, which replaces the old one
           MEMBERID, the member (members/list_all.py prints the IDs)
Run:       python members/set_user_attribute.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/user-attributes?limit=1000&name=Region
    User attribute: Region (97c9dda5-d7b7-5c13-bbc4-b7d693226b45)
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/user-attributes/97c9dda5-d7b7-5c13-bbc4-b7d693226b45/users
    User attribute set successfully: Region='West' for BoZP1WBp0e4AfKubatpUfasbLVYr
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, SigmaError, require_all, run


# 2: Find the attribute by name
def find_attribute_id(client: SigmaClient, name: str) -> str:
    """Return the ID of the user attribute. Raises SigmaError unless there is exactly one."""
    # The filter also finds longer names. A wrong attribute could show data to the wrong people, so
    # the name must match exactly, including upper and lower case
    similar = client.get_all("/user-attributes", name=name)
    client.require_complete_lists()
    ids = [entry["userAttributeId"] for entry in similar if entry.get("name") == name]
    if len(ids) != 1:
        names = ", ".join(str(entry.get("name")) for entry in similar) or "none"
        count = len(ids) or "no"
        error = f"USER_ATTRIBUTE is {name!r}, but {count} user attributes have this name"
        raise SigmaError(f"{error}. Similar names: {names}")
    return str(ids[0])


# 3: Set the value. One request can do this for many members. Here, Sigma calls a memberId userId
def set_attribute(client: SigmaClient, attribute_id: str, member_id: str, value: str) -> None:
    """Set a user attribute of a member. The response is an empty object."""
    assignment = {"userId": member_id, "value": {"val": value, "type": "string"}}
    client.post(f"/user-attributes/{attribute_id}/users", json={"assignments": [assignment]})


def main() -> None:
    name, value, member_id = require_all("USER_ATTRIBUTE", "USER_ATTRIBUTE_VALUE", "MEMBERID")

    # 4: Find the attribute, and set the value
    with SigmaClient(get_bearer_token) as client:
        attribute_id = find_attribute_id(client, name)
        print(f"User attribute: {name} ({attribute_id})")
        set_attribute(client, attribute_id, member_id, value)
    print(f"User attribute set successfully: {name}={value!r} for {member_id}")


if __name__ == "__main__":
    run(main)
