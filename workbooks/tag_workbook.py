"""Put a version tag, such as Production, on a version of a workbook.

Only one version of a workbook can have the tag, so the tag moves. Members and embeds that use the
tagged version then see the new one. Data models aren't frozen: later changes to them show in the
tagged version. You need edit access to the workbook, and permission to apply the tag.
With TAG_SWAP=true, the tagged version reads another connection. Sigma doesn't document what happens
if you set no paths, so check the result.
By default this is a dry run. Set DRY_RUN=false to tag the version.

Endpoint:  POST /v2/workbooks/tag
           GET /v2/workbooks/{workbookId}, GET /v2/workbooks/{workbookId}/version-history,
           GET /v2/workbooks/{workbookId}/tags and GET /v2/tags for the plan
           With TAG_SWAP=true, GET /v2/connections/{connectionId} and
           POST /v2/connection/{connectionId}/lookup to check the connections and paths
Docs:      https://help.sigmacomputing.com/reference/tagworkbook
.env:      WORKBOOK_ID, the workbook: its ID or URL (workbooks/list_all.py prints the URLs)
           VERSION_TAG, the name of the tag. It isn't case-sensitive
           WORKBOOK_VERSION, the published version to tag (default: the latest)
           TAG_SWAP=false (true: swap the connection of the tagged version). Only then:
           SWAP_FROM_CONNECTIONID, SWAP_TO_CONNECTIONID, the old and the new connection
           SWAP_FROM_PATH, SWAP_TO_PATH, the paths if they differ: ["DATABASE","SCHEMA"]
           DRY_RUN=true (false: tag the version)
Run:       python workbooks/tag_workbook.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    ...
    Workbook: Plugs Sales Performance
    Tag:      Production, now on version 4
    To tag:   version 6
    Dry run: nothing was changed. To apply the plan once: DRY_RUN=false python workbooks/tag_workbook.py
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import (
    SigmaClient,
    SigmaError,
    dry_run_note,
    printable,
    read_dry_run,
    read_env,
    read_flag,
    read_number,
    read_table_path,
    require_all,
    run,
)


# 2: Read the swap
def read_swap() -> dict[str, Any]:
    """Return the swap as Sigma expects it. The list of paths is required, even if it's empty."""
    from_id, to_id = require_all("SWAP_FROM_CONNECTIONID", "SWAP_TO_CONNECTIONID")
    old, new = read_table_path("SWAP_FROM_PATH"), read_table_path("SWAP_TO_PATH")
    if len(old) != len(new):
        raise SigmaError("SWAP_FROM_PATH and SWAP_TO_PATH must have the same number of names")
    paths = [{"fromPath": old, "toPath": new}] if old else []
    return {"fromConnectionId": from_id, "toConnectionId": to_id, "paths": paths}


# 3: Check the swap. Sigma doesn't report sources without a match: they stay on their connection
def describe_swap(client: SigmaClient, swap: dict[str, Any]) -> str:
    """Return a swap in words. Raises SigmaError if a connection or path doesn't exist."""
    described = []
    for side in ("from", "to"):
        connection_id = swap[f"{side}ConnectionId"]
        path = [name for pair in swap["paths"] for name in pair[f"{side}Path"]]
        try:
            connection = client.get(f"/connections/{connection_id}")
            if path:
                client.post(f"/connection/{connection_id}/lookup", json={"path": path})
        except SigmaError as error:
            if error.status not in (400, 404):
                raise
            fix = f"Check SWAP_{side.upper()}_CONNECTIONID and SWAP_{side.upper()}_PATH"
            raise SigmaError(f"{error}. {fix}", error.status) from error
        described.append(".".join([connection.get("name") or connection_id, *path]))
    return printable(" -> ".join(described))


# 4: Find the tag and the version
def find_tag(client: SigmaClient, name: str) -> dict[str, Any]:
    """Return the tag with this name, or raise SigmaError with the names of all tags."""
    rows: list[dict[str, Any]] = client.get_all("/tags")
    tags = [tag for tag in rows if tag.get("name") and not tag.get("isArchived")]
    for tag in tags:
        if str(tag["name"]).casefold() == name.casefold():
            return tag
    known = ", ".join(sorted(str(tag["name"]) for tag in tags)) or "none"
    raise SigmaError(f"VERSION_TAG is {name!r}, but no tag has this name. Known tags: {known}")


def choose_version(client: SigmaClient, workbook_id: str, wanted: int) -> int:
    """Return the version to tag, which must be published. If wanted is 0, it's the latest."""
    history = client.get_all(f"/workbooks/{workbook_id}/version-history")
    published = sorted((int(entry["version"]) for entry in history), reverse=True)
    version = wanted or max(published, default=0)
    if version not in published:
        raise SigmaError(f"WORKBOOK_VERSION must be published. Latest published: {published[:5]}")
    return version


# 5: Find the version that has the tag now. After a move, the list can still have the tag's old row,
#    marked as isArchived
def tagged_version(client: SigmaClient, workbook_id: str, tag_id: str) -> int | None:
    """Return the version of a workbook that has a tag, or None."""
    rows = client.get_all(f"/workbooks/{workbook_id}/tags")
    rows = [row for row in rows if row["versionTagId"] == tag_id and not row.get("isArchived")]
    rows.sort(key=lambda row: str(row.get("workbookTaggedAt") or ""))  # if isArchived is missing
    return int(rows[-1]["sourceWorkbookVersion"]) if rows else None


# 6: Tag the version. Sigma expects the name of the tag here, not its ID
def tag_workbook(
    client: SigmaClient, workbook_id: str, tag: dict[str, Any], version: int, swaps: list[Any]
) -> None:
    """Put a tag on a version of a workbook. Raises SigmaError if it isn't there afterwards."""
    body: dict[str, Any] = {"workbookId": workbook_id, "tag": tag["name"]}
    body["workbookVersion"] = version
    if swaps:
        body["sourceMappingConfig"] = swaps
    response = client.post("/workbooks/tag", json=body)
    # The response lacks this version: taggedWorkbookVersion is a version of the tagged copy
    now = tagged_version(client, workbook_id, response["versionTagId"])
    if response["versionTagId"] != tag["versionTagId"] or now != version:
        raise SigmaError(f"Sigma accepted the change, but {tag['name']} isn't on version {version}")


def main() -> None:
    # 7: Read all settings before anything is sent
    workbook_id, name = require_all("WORKBOOK_ID", "VERSION_TAG")
    wanted = read_number("WORKBOOK_VERSION", 1, 1, 1e9) if read_env("WORKBOOK_VERSION") else 0
    swaps = [read_swap()] if read_flag("TAG_SWAP", default=False) else []
    dry_run = read_dry_run()

    with SigmaClient(get_bearer_token) as client:
        # 8: Print the plan, and carry it out
        workbook = client.get(f"/workbooks/{workbook_id}")
        workbook_id = workbook["workbookId"]  # the long ID, if you pasted a URL
        tag = find_tag(client, name)
        version = choose_version(client, workbook_id, wanted)
        now = tagged_version(client, workbook_id, tag["versionTagId"])
        url = f"{workbook['url']}/tag/{quote(tag['name'], safe='')}"
        print(f"Workbook: {printable(workbook.get('name') or workbook_id)}")
        where = f"version {now}" if now else "no version"
        print(f"Tag:      {printable(tag['name'])}, now on {where}")
        print(f"To tag:   version {version}{' again' if now == version and swaps else ''}")
        for swap in swaps:
            print(f"Swap:     {describe_swap(client, swap)}")
        client.require_complete_lists()
        if now == version and not swaps:  # Sigma doesn't show if a version was swapped
            print("The tag is already on this version. Nothing was changed.")
            return
        if dry_run:
            print(dry_run_note())
            return
        tag_workbook(client, workbook_id, tag, version, swaps)
    print(f"Tagged successfully: {url}")


if __name__ == "__main__":
    run(main)
