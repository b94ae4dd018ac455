"""List the versions of a workbook, or restore one of them.

Restoring publishes a new version with the contents of an older one, for all who use the workbook.
(In Sigma's UI, restoring only creates a draft.) No version is deleted, and tags stay on their
versions. Each run publishes another version, so if a run was interrupted, list the versions before
you repeat it. You need edit access to the workbook.
By default, restoring is a dry run. Set DRY_RUN=false to restore the version.

Endpoint:  POST /v2/workbooks/{workbookId}/restoreVersion
           GET /v2/workbooks/{workbookId}/version-history for the versions,
           GET /v2/workbooks/{workbookId} for the latest one, and
           GET /v2/workbooks/{workbookId}/tags and GET /v2/members for the names
Docs:      https://help.sigmacomputing.com/reference/restoreworkbookversion
.env:      WORKBOOK_ID, the workbook: its ID or URL (workbooks/list_all.py prints the URLs)
           RESTORE_VERSION, the version to restore (default: only list the versions)
           DRY_RUN=true (false: restore the version)
           OUTPUT_FORMAT=table (json: for another program; csv: for a spreadsheet)
Run:       python workbooks/restore_version.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1
    ...
    Version    Published                 By                                         Tags
    ---------  ------------------------  -----------------------------------------  ----------
    6          2024-01-07T08:00:00.000Z  Greta Quist <greta.quist@example.com>      Staging
    5          2024-01-06T08:00:00.000Z  Ada Admin <ada@example.com>
    4          2024-01-05T08:00:00.000Z  Elif Castillo <elif.castillo@example.com>  Production
    ...
    To restore a version, set RESTORE_VERSION. Nothing changes without DRY_RUN=false
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import (
    SigmaClient,
    SigmaError,
    dry_run_note,
    member_label,
    print_rows,
    printable,
    read_dry_run,
    read_env,
    read_number,
    require_id,
    run,
    say,
)


# 2: List the versions. The history has the IDs of members and tags, but not their names
def list_versions(client: SigmaClient, workbook_id: str) -> list[dict[str, Any]]:
    """Return the published versions of a workbook, newest first, with author and tagNames added."""
    history = client.get_all(f"/workbooks/{workbook_id}/version-history")
    members = client.get_all("/members", includeArchived=True, includeInactive=True)
    names = {member["memberId"]: member_label(member) for member in members}
    tags: dict[int, list[str]] = {}
    for tag in client.get_all(f"/workbooks/{workbook_id}/tags"):
        if not tag.get("isArchived"):  # archived: the tag has moved to another version
            tags.setdefault(tag["sourceWorkbookVersion"], []).append(str(tag["name"]))
    rows = []
    for entry in history:
        author = names.get(entry.get("publishedBy")) or entry.get("publishedBy") or "unknown"
        tag_names = ", ".join(sorted(tags.get(entry["version"], [])))
        rows.append({**entry, "author": author, "tagNames": tag_names})
    return sorted(rows, key=lambda row: row["version"], reverse=True)


# 3: Restore a version
def restore_version(client: SigmaClient, workbook_id: str, version: int) -> int:
    """Publish the contents of an older version again, and return the number of the new version."""
    path = f"/workbooks/{workbook_id}/restoreVersion"
    return int(client.post(path, json={"version": version})["latestVersion"])


# 4: If the response is lost, look for the new version. A second request would publish another one
def find_new_version(client: SigmaClient, workbook_id: str, latest: int, why: SigmaError) -> int:
    """Return the latest version if it's new. Otherwise, raise why, the error of the request."""
    try:
        new = int(client.get(f"/workbooks/{workbook_id}")["latestVersion"])
    except SigmaError:
        raise why from None
    if new <= latest:
        raise SigmaError(f"{why}. The latest version is still {latest}", why.status) from why
    return new


def main() -> None:
    # 5: Read all settings before anything is sent
    workbook_id = require_id("WORKBOOK_ID")
    version = read_number("RESTORE_VERSION", 1, 1, 1e9) if read_env("RESTORE_VERSION") else 0
    dry_run = read_dry_run()

    with SigmaClient(get_bearer_token) as client:
        # 6: Without a version to restore, print the list
        workbook = client.get(f"/workbooks/{workbook_id}")
        workbook_id = workbook["workbookId"]  # the long ID, if you pasted a URL
        rows = list_versions(client, workbook_id)
        if not version:
            columns = {"Version": "version", "Published": "publishedAt"}
            columns |= {"By": "author", "Tags": "tagNames"}
            print_rows(rows, columns, empty="This workbook has no published versions.")
            say("To restore a version, set RESTORE_VERSION. Nothing changes without DRY_RUN=false")
            return

        # 7: Print the plan
        latest = int(workbook["latestVersion"])
        known = {row["version"]: row for row in rows}
        if version == latest or version not in known:
            why = "already the latest version" if version == latest else "not a published version"
            others = [str(number) for number in known if number != latest]
            last = ", ".join(others[:10]) or "none"
            raise SigmaError(f"RESTORE_VERSION is {version}, {why}. You can restore: {last}")
        when = known[version].get("publishedAt") or "unknown"
        author = known[version]["author"]
        print(f"Workbook:   {printable(workbook.get('name') or workbook_id)}")
        print(f"Latest:     version {latest}")
        print(f"To restore: version {version} (published: {when}, by {author})")
        client.require_complete_lists()
        if dry_run:
            print(dry_run_note())
            return

        # 8: Restore the version. If Sigma refuses, nothing has changed. If the response is lost,
        #    the version may have been published
        note = ""
        try:
            new = restore_version(client, workbook_id, version)
        except SigmaError as error:
            if (error.status or 500) < 500:
                raise
            new = find_new_version(client, workbook_id, latest, error)
            note = ". Sigma's response was lost, so check that no other member published it"
        if new <= latest:
            raise SigmaError(f"Sigma accepted the change, but the latest version is still {new}")
    print(f"Restored successfully: version {new} has the contents of version {version}{note}")


if __name__ == "__main__":
    run(main)
