"""Test all connections, and end with exit code 1 if one of them fails.

Sigma runs each test as the owner of the credentials, so a connection that fails here may work for
other members. With OAuth, it uses the owner's own token. Sigma gives no reason for a failure. If
write access is off, the write test is DISABLED, which isn't a failure.
The recipe needs credentials whose owner has the Admin account type: other members can't see all
connections. It sends one request for each connection. A test may wake the warehouse, which takes
time and can cost money. If tests time out, set SIGMA_TIMEOUT=300.

Endpoint:  GET /v2/connections/{connectionId}/test for each connection
           GET /v2/connections to list them
Docs:      https://help.sigmacomputing.com/reference/testconnection
.env:      OUTPUT_FORMAT=table (json: for another program; csv: for a spreadsheet)
Run:       python audit/check_connections.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/connections?limit=1000
    ...
    Name                   Type       Read     Write
    ---------------------  ---------  -------  --------
    ...
    Snowflake Production   snowflake  SUCCESS  SUCCESS
    ...
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, SigmaError, print_rows, print_summary, run


# 2: Test one connection. The status is 200 even if the test fails: the result is in the response
def test_connection(client: SigmaClient, connection: dict[str, Any]) -> dict[str, Any]:
    """Return the name, ID and type of a connection, and the results of its tests."""
    result = client.get(f"/connections/{connection['connectionId']}/test")
    # The list also has the warehouse's host, user and role. Leave them out, even for JSON
    return {
        "name": connection.get("name"),
        "connectionId": connection["connectionId"],
        "type": connection.get("type"),
        "read": result["read"],
        "write": result["write"],
    }


def passed(row: dict[str, Any]) -> bool:
    """Return True if no test of a connection failed. An unknown result counts as a failure."""
    return all(row[test] in ("SUCCESS", "DISABLED") for test in ("read", "write"))


# 3: Test all connections, five at a time. If a test can't be run, continue with the others
def check_connections(client: SigmaClient) -> list[dict[str, Any]]:
    """Return a row for each connection that was tested. Those that failed come first."""
    tested = client.read_each(
        client.get_all("/connections"),
        lambda connection: test_connection(client, connection),
        lambda connection: connection.get("name") or connection["connectionId"],
        "connections",
    )
    rows = [row for _, row in tested]
    return sorted(
        rows, key=lambda row: (passed(row), (row["name"] or "").casefold(), row["connectionId"])
    )


def main() -> None:
    # 4: Print the results
    with SigmaClient(get_bearer_token) as client:
        rows = check_connections(client)
        columns = {"Name": "name", "Type": "type", "Read": "read", "Write": "write"}
        print_rows(rows, columns, empty="No connections were tested.")

        # 5: Print the summary. A connection that wasn't tested counts as a failure
        failed = [row for row in rows if not passed(row)]
        summary = f"Passed: {len(rows) - len(failed)}. Failed: {len(failed)}."
        summary += f" Not tested: {client.unreadable}."
        if failed or client.unreadable:
            raise SigmaError(summary)
    print_summary(summary)


if __name__ == "__main__":
    run(main)
