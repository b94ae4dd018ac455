"""List the connections, with the IDs that you need for CONNECTIONID.

Endpoint:  GET /v2/connections
Docs:      https://help.sigmacomputing.com/reference/listconnections
.env:      OUTPUT_FORMAT=table (json: for another program; csv: for a spreadsheet)
Run:       python connections/list_all_connections.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/connections?limit=1000
    Name                   Type       Connection ID
    ---------------------  ---------  ------------------------------------
    BigQuery Marketing     bigQuery   f69a0356-ebf5-555d-9232-1f815b2ee06a
    Sigma Sample Database  snowflake  55bf2fc2-9265-5832-a5f8-c4e7fefbbe01
    Snowflake Production   snowflake  731b8533-1a07-5071-9103-68a70259b8e2
    Snowflake Staging      snowflake  4e6b10c0-1e73-500c-b910-761f5d413243
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, print_rows, run


# 2: Get the connections, and keep three fields of each
def list_connections(client: SigmaClient) -> list[dict[str, Any]]:
    """Return the name, ID and type of all connections, sorted by name."""
    # Sigma also sends the warehouse's host, user and role. Don't print those, not even as JSON
    connections = [
        {
            "name": entry.get("name"),
            "connectionId": entry["connectionId"],
            "type": entry.get("type"),
        }
        for entry in client.get_all("/connections")
    ]
    return sorted(connections, key=lambda connection: (connection["name"] or "").casefold())


def main() -> None:
    # 3: Open a client, and get the list
    with SigmaClient(get_bearer_token) as client:
        connections = list_connections(client)

        # 4: Print a table. It has at least Sigma's sample database
        columns = {"Name": "name", "Type": "type", "Connection ID": "connectionId"}
        print_rows(connections, columns, empty="There are no connections.")


if __name__ == "__main__":
    run(main)
