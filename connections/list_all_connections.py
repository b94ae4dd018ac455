"""List every connection in the order of the alphabet: this is where CONNECTIONID comes from.

Endpoint:  GET /v2/connections
Docs:      https://help.sigmacomputing.com/reference/listconnections
.env:      OUTPUT_FORMAT=table (json or csv, for another program)
Run:       python connections/list_all_connections.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/connections?limit=1000
    Name                   Type       Connection ID
    ---------------------  ---------  ------------------------------------
    BigQuery Marketing     bigQuery   f69a0356-ebf5-555d-9232-1f815b2ee06a
    Sigma Sample Database  snowflake  55bf2fc2-9265-5832-a5f8-c4e7fefbbe01
    Snowflake Production   snowflake  731b8533-1a07-5071-9103-68a70259b8e2
"""

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaSession, print_rows, run


# 2: Ask Sigma. get_entries asks for 1000 connections at a time, page after page, until the last
def list_connections(session: SigmaSession) -> list[dict[str, Any]]:
    """Return name, ID and type of every connection, in the order of their names."""
    # Sigma also sends the host, the user and the role that the connection has in the warehouse.
    # They belong neither on a screen nor into a file, so only these three are kept
    connections = [
        {
            "name": entry.get("name"),
            "connectionId": entry["connectionId"],
            "type": entry.get("type"),
        }
        for entry in session.get_entries("/connections")
    ]
    return sorted(connections, key=lambda connection: str(connection["name"] or "").casefold())


def main() -> None:
    # 3: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 4: Fetch the connections, and print them as a table. Every organization has one: Sigma's
    #    sample database
    columns = {"Name": "name", "Type": "type", "Connection ID": "connectionId"}
    print_rows(list_connections(session), columns, empty="There are no connections.")


# 5: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)
