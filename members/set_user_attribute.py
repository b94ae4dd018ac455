"""Set a user attribute of a member: the value by which row-level security filters data.

Endpoint:  POST /v2/user-attributes/{userAttributeId}/users
           GET /v2/user-attributes to find the attribute by its name
Docs:      https://help.sigmacomputing.com/reference/setuserattributeforusers
.env:      USER_ATTRIBUTE, the name of the attribute (Administration > User Attributes)
           USER_ATTRIBUTE_VALUE, the member's value
           MEMBERID, the member (members/list_all.py prints every ID)
Run:       python members/set_user_attribute.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/user-attributes?limit=1000&name=Region
    User attribute: Region (97c9dda5-d7b7-5c13-bbc4-b7d693226b45)
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/user-attributes/97c9dda5-d7b7-5c13-bbc4-b7d693226b45/users
    User attribute set successfully to 'West': {}
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaError, SigmaSession, checked_id, require_env, require_id, run


# 2: Find the attribute by its name
def find_attribute_id(session: SigmaSession, name: str) -> str:
    """Return the ID of the user attribute with a name; raise SigmaError if there is none."""
    # The filter also finds names that only contain the text. The wrong attribute could open data
    # to somebody, so the name must be the same, upper and lower case included
    similar = list(session.get_entries("/user-attributes", name=name))
    found = [attribute for attribute in similar if attribute["name"] == name]
    if len(found) != 1:
        names = ", ".join(attribute["name"] for attribute in similar) or "none"
        raise SigmaError(
            f"USER_ATTRIBUTE is {name!r}, and {len(found) or 'no'} user attributes have this name."
            f" Names like it: {names}"
        )
    return checked_id(found[0]["userAttributeId"], "userAttributeId in Sigma's answer")


# 3: Ask Sigma to set the value
def set_attribute(
    session: SigmaSession, attribute_id: str, member_id: str, value: str
) -> dict[str, Any]:
    """Set a user attribute of a member, and return Sigma's answer: an empty object."""
    # One request can set the values of many members. Sigma calls the member's ID userId here, and
    # every value is a text
    assignment = {"userId": member_id, "value": {"val": value, "type": "string"}}
    path = f"/user-attributes/{attribute_id}/users"
    answer: dict[str, Any] = session.post(path, json={"assignments": [assignment]}).json()
    return answer


def main() -> None:
    # 4: Read the settings from .env, all of them before anything is sent
    name = require_env("USER_ATTRIBUTE")
    value = require_env("USER_ATTRIBUTE_VALUE")
    member_id = require_id("MEMBERID")

    # 5: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 6: Set the value. Whatever the member had before is replaced
    attribute_id = find_attribute_id(session, name)
    print(f"User attribute: {name} ({attribute_id})")
    answer = set_attribute(session, attribute_id, member_id, value)
    print(f"User attribute set successfully to {value!r}: {answer}")


# 7: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
