"""Create a connection to Snowflake.

If a connection with this name already exists, the recipe prints its ID, and doesn't create another.

Endpoint:  POST /v2/connections, and GET /v2/connections to look for the name
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
from sigma_client import SigmaClient, SigmaError, keep_secret, require_all, run


# 2: Describe the connection in the fields that Sigma expects. Other warehouses need other fields
def read_connection() -> tuple[str, dict[str, str]]:
    """Return the name and the details of the Snowflake connection that the settings describe."""
    name, account, host, user, password, role, warehouse = require_all(
        "CONNECTION_NAME",
        "SNOWFLAKE_ACCOUNT",
        "SNOWFLAKE_HOST",
        "SNOWFLAKE_USER",
        "SNOWFLAKE_PASSWORD",
        "SNOWFLAKE_ROLE",
        "SNOWFLAKE_WAREHOUSE",
    )
    return name, {
        "type": "snowflake",
        "account": account,
        "host": host,
        "user": user,
        "password": keep_secret(password),  # *** in error messages
        "role": role,
        "warehouse": warehouse,
    }


# 3: Look for a connection with this name: Sigma would create a second one
def find_connections(client: SigmaClient, name: str) -> list[str]:
    """Return the IDs of the connections with a name, ignoring case."""
    # The search isn't documented as exact, so compare
    connections = client.get_all("/connections", search=name)
    same = [c for c in connections if str(c.get("name")).casefold() == name.casefold()]
    return [connection["connectionId"] for connection in same]


# 4: Create the connection. Sigma doesn't check the password yet: to test it, open a table in Sigma
def create_connection(client: SigmaClient, name: str, details: dict[str, str]) -> dict[str, Any]:
    """Create a connection, and return it."""
    body = {"name": name, "details": details}
    connection: dict[str, Any] = client.post("/connections", json=body)
    return connection


def main() -> None:
    # 5: Read all settings before anything is sent
    name, details = read_connection()

    # 6: Create the connection, unless it already exists
    with SigmaClient(get_bearer_token) as client:
        if known := find_connections(client, name):
            print(f"Connection already exists: {name}")
            print(f"connectionId: {', '.join(known)}")
            return
        client.require_complete_lists()  # a missing entry may be a connection with this name
        connection = create_connection(client, name, details)
    print(f"New connectionId: {connection['connectionId']}")

    # 7: Check that the response has the right name
    if (connection.get("name") or name) != name:
        raise SigmaError(f"Sigma created the connection, but named it {connection['name']!r}")
    print(f"Connection created successfully: {name}")


if __name__ == "__main__":
    run(main)
