"""Create a connection to Snowflake.

A connection of the same name is not made twice: running the recipe again says which one it is.
Two runs at the same moment may still make two, for Sigma takes a name twice: the error then names
both.

Endpoint:  POST /v2/connections, and GET /v2/connections before and after it to look for the name
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
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/connections?limit=1000&search=Snowflake+via+API
    Connection created successfully: Snowflake via API
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import (
    SigmaError,
    SigmaSession,
    checked_id,
    keep_secret,
    require_env,
    require_whole_lists,
    run,
)


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
def find_connections(session: SigmaSession, name: str) -> list[str]:
    """Return the IDs of the connections with a name."""
    # search finds every name that holds the text, so compare
    return [
        checked_id(connection["connectionId"], "connectionId in Sigma's answer")
        for connection in session.get_entries("/connections", search=name)
        if str(connection.get("name")).casefold() == name.casefold()
    ]


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
    known = find_connections(session, name)
    if known:
        print(f"Connection exists already: {name}")
        print(f"connectionId: {', '.join(known)}")
        return
    require_whole_lists()  # it may be an entry that Sigma could not read
    connection_id = create_connection(session, name, details)
    print(f"New connectionId: {connection_id}")

    # 8: Another run may have created one since step 7, and nothing in Sigma keeps two from doing
    #    so. Look again, and leave it to a person which one is to go
    known = sorted({connection_id, *find_connections(session, name)})
    if len(known) > 1:
        raise SigmaError(
            f"Another run created a connection at the same moment, so there are {len(known)} called"
            f" {name}: {', '.join(known)}. Delete in Sigma what is too many"
        )
    print(f"Connection created successfully: {name}")


# 9: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
