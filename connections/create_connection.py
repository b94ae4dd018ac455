"""Create a connection to Snowflake.

If a connection with this name exists, no other one is created: the recipe prints its ID.

Endpoint:  POST /v2/connections, after GET /v2/connections to look for the name
Docs:      https://help.sigmacomputing.com/reference/createconnection
.env:      CONNECTION_NAME, the name of the new connection
           SNOWFLAKE_ACCOUNT, SNOWFLAKE_HOST, SNOWFLAKE_USER, SNOWFLAKE_PASSWORD,
           SNOWFLAKE_ROLE, SNOWFLAKE_WAREHOUSE
Run:       python connections/create_connection.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/connections?limit=1000&search=Snowflake+via+API
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/connections
    New connectionId: 94293ebd-8ac7-540d-8f75-d3a57187283d
    Connection created successfully: Snowflake via API
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, SigmaError, keep_secret, require_env, run


# 2: Describe the connection in the fields that Sigma expects. Other warehouses have other fields
def read_details() -> dict[str, str]:
    """Return the details of the Snowflake connection in the settings."""
    return {
        "type": "snowflake",
        "account": require_env("SNOWFLAKE_ACCOUNT"),
        "host": require_env("SNOWFLAKE_HOST"),
        "user": require_env("SNOWFLAKE_USER"),
        "password": keep_secret(require_env("SNOWFLAKE_PASSWORD")),  # *** in error messages
        "role": require_env("SNOWFLAKE_ROLE"),
        "warehouse": require_env("SNOWFLAKE_WAREHOUSE"),
    }


# 3: Look for a connection with this name: Sigma would create a second one
def find_connections(client: SigmaClient, name: str) -> list[str]:
    """Return the IDs of the connections with a name. Upper and lower case count as the same."""
    # search isn't documented as exact, so compare
    connections = client.get_all("/connections", search=name)
    same = [c for c in connections if str(c.get("name")).casefold() == name.casefold()]
    return [connection["connectionId"] for connection in same]


# 4: Create the connection. Sigma doesn't try the password yet: to test it, open one of its tables
def create_connection(client: SigmaClient, name: str, details: dict[str, str]) -> dict[str, Any]:
    """Create a connection, and return it."""
    body = {"name": name, "details": details}
    connection: dict[str, Any] = client.post("/connections", json=body)
    return connection


def main() -> None:
    # 5: Read all settings before anything is sent
    name = require_env("CONNECTION_NAME")
    details = read_details()

    # 6: Create the connection, unless it exists
    with SigmaClient(get_bearer_token) as client:
        if known := find_connections(client, name):
            print(f"Connection already exists: {name}")
            print(f"connectionId: {', '.join(known)}")
            return
        client.require_complete_lists()  # the name may belong to an entry that Sigma couldn't read
        connection = create_connection(client, name, details)
    print(f"New connectionId: {connection['connectionId']}")

    # 7: Trust what Sigma's response says, not what you asked for
    if (connection.get("name") or name) != name:
        raise SigmaError(f"Sigma created the connection, but named it {connection['name']!r}")
    print(f"Connection created successfully: {name}")


if __name__ == "__main__":
    run(main)
