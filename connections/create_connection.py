"""Create a connection to Snowflake.

A connection of the same name is not made twice: running the recipe again says which one it is.

Endpoint:  POST /v2/connections, and GET /v2/connections to look for the name
Docs:      https://help.sigmacomputing.com/reference/createconnection
.env:      CONNECTION_NAME, the name of the new connection
           SNOWFLAKE_ACCOUNT, SNOWFLAKE_HOST, SNOWFLAKE_USER, SNOWFLAKE_PASSWORD,
           SNOWFLAKE_ROLE, SNOWFLAKE_WAREHOUSE
Run:       python connections/create_connection.py

Sample output:

    ...
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaSession, checked_id, keep_secret, require_env, run


# 2: Describe the connection in the fields that Sigma expects. Other warehouses have other fields
def read_details() -> dict[str, str]:
    """Return the details of the Snowflake connection that .env describes."""
    return {
        "type": "snowflake",
        "account": require_env("SNOWFLAKE_ACCOUNT"),
        "host": require_env("SNOWFLAKE_HOST"),
        "user": require_env("SNOWFLAKE_USER"),
        "password": keep_secret(require_env("SNOWFLAKE_PASSWORD")),
        "role": require_env("SNOWFLAKE_ROLE"),
        "warehouse": require_env("SNOWFLAKE_WAREHOUSE"),
    }


# 3: Look for a connection of that name: Sigma itself would make a second one
def find_connection(session: SigmaSession, name: str) -> str | None:
    """Return the ID of the connection with a name, or None."""
    # search finds every name that holds the text, so compare
    for connection in session.get_entries("/connections", search=name):
        if str(connection.get("name")).casefold() == name.casefold():
            return checked_id(connection["connectionId"], "connectionId in Sigma's answer")
    return None


# 4: Ask Sigma to create it
def create_connection(session: SigmaSession, name: str, details: dict[str, str]) -> str:
    """Create a connection, and return its ID."""
    body: dict[str, Any] = {"name": name, "details": details}
    answer = session.post("/connections", json=body).json()
    return checked_id(answer["connectionId"], "connectionId in Sigma's answer")


def main() -> None:
    # 5: Read the settings from .env, all of them before anything is sent
    name = require_env("CONNECTION_NAME")
    details = read_details()

    # 6: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 7: Create the connection, unless it is there. Sigma does not try the password now: the test is
    #    to open a table of the connection
    connection_id = find_connection(session, name)
    if connection_id:
        print(f"Connection exists already: {name}")
    else:
        connection_id = create_connection(session, name, details)
        print(f"Connection created successfully: {name}")
    print(f"connectionId: {connection_id}")


# 8: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
