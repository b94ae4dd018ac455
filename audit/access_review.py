"""List who can access what in Sigma, and why.

REVIEW_OF=organization lists all owners and direct grants. Deactivated members come first, and teams
aren't expanded. REVIEW_OF=member lists what a member can open, and why. The Effective column shows
the resulting permission. REVIEW_OF=workbook lists who can open a workbook, and expands its teams.
The recipe needs credentials whose owner has the Admin account type. It sends one request for each
object and team that it reviews, five at a time. It doesn't review folders that the owner of the
credentials can't open, deleted documents, explorations, or grants on single schemas and tables.
A grant on a version tag looks like one on the document. A team that Sigma doesn't list, such as its
built-in team of all members, is shown as "unlisted team (all members)".

Endpoint:  GET /v2/grants, GET /v2/connections/{connectionId}/grants, GET /v2/members,
           GET /v2/teams, GET /v2/workspaces, GET /v2/files, GET /v2/workbooks, GET /v2/dataModels,
           GET /v2/reports, GET /v2/connections, GET /v2/teams/{teamId}/members,
           GET /v2/members/{memberId}/files, GET /v2/members/{memberId}/teams
Docs:      https://help.sigmacomputing.com/reference/listgrants
.env:      REVIEW_OF=organization (or member, workbook)
           MEMBERID, only for REVIEW_OF=member (members/list_all.py prints the IDs)
           WORKBOOK_ID, only for REVIEW_OF=workbook
           OUTPUT_FORMAT=table (json: with IDs, for another program; csv: for a spreadsheet)
Run:       python audit/access_review.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    ...
    Type        Name                      Path                    Permission    Holder                                          Since       Status
    ----------  ------------------------  ----------------------  ------------  ----------------------------------------------  ----------  -----------
    connection  Sigma Sample Database                             usage         Gone Person0 <gone0@example.com>                2024-01-30  deactivated
    report      Budget                    Finance                 owner         Gone Person2 <gone2@example.com>                            deactivated
    ...
    Grants: 52. Held by deactivated members: 3.
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import (
    SigmaClient,
    SigmaError,
    member_label,
    print_rows,
    print_summary,
    read_env,
    require_id,
    run,
)

Row = dict[str, Any]
Review = tuple[list[Row], str]  # the rows, and a summary

# 2: The lists to read: path, ID field and query parameters. skipPermissionCheck adds what the owner
#    of the credentials can't open. It also adds explorations, so exclude those
EVERYTHING = {"skipPermissionCheck": True, "excludeTags": True}
LISTS: dict[str, tuple[str, str, Row]] = {
    "workspace": ("/workspaces", "workspaceId", {}),
    "folder": ("/files", "id", {"typeFilters": "folder"}),
    "workbook": ("/workbooks", "workbookId", {**EVERYTHING, "excludeExplorations": True}),
    "data-model": ("/dataModels", "dataModelId", EVERYTHING),
    "report": ("/reports", "reportId", EVERYTHING),
    "connection": ("/connections", "connectionId", {}),
}
ALL_MEMBERS = "unlisted team (all members)"
COLUMNS = {
    "organization": "type name path permission holder since status",
    "member": "type name path effective permission why since",
    "workbook": "holder permission why since status",
}


@dataclass
class Organization:
    """Members and teams by ID. Objects, such as workbooks, by both ID and urlId."""

    members: dict[str, Row]
    teams: dict[str, str]
    objects: dict[str, Row]


# 3: Read the lists. Deactivated members may still hold grants, so include them: isArchived means
#    deactivated in Sigma, isInactive by the identity provider
def read_organization(client: SigmaClient) -> Organization:
    """Return all members and teams, and all objects that can have grants."""
    org = Organization({}, {}, {})
    for team in client.get_all("/teams"):
        org.teams[team["teamId"]] = f"team {team.get('name') or team['teamId']}"
    for member in client.get_all("/members", includeArchived=True, includeInactive=True):
        is_admin = str(member.get("memberType")).lower() == "admin"  # the case varies
        org.members[member["memberId"]] = {
            "holder": member_label(member) or member["memberId"],
            "status": "deactivated" if member.get("isArchived") or member.get("isInactive") else "",
            "isAdmin": is_admin and member["memberId"] != "SigmaSchedulerRobot",
            "isGuest": member.get("userKind") == "guest",
        }
    for kind, (path, id_name, query) in LISTS.items():
        for entry in client.get_all(path, **query):
            add_object(org, kind, entry, id_name)
    return org


def add_object(org: Organization, kind: str, entry: Row, id_name: str = "id") -> Row:
    """Add an object to the organization, and return the fields that rows show."""
    thing = {"id": entry[id_name], "type": kind}
    thing |= {name: entry.get(name) for name in ("name", "path", "ownerId")}
    url_id = entry.get("urlId") or entry.get(id_name.removesuffix("Id") + "UrlId")
    org.objects[thing["id"]] = org.objects[url_id or thing["id"]] = thing
    return thing


def describe(thing: Row) -> str:
    """Return the type and name of an object."""
    return f"{thing['type']} {thing.get('name') or thing['id']}"


# 4: Get the grants. By default, they include those inherited from the folders and the workspace
def read_rows(client: SigmaClient, org: Organization, things: list[Row], direct: bool) -> list[Row]:
    """Return a row for each owner and each grant. direct: skip inherited grants."""

    def read(thing: Row) -> list[Row]:
        if thing["type"] == "connection":
            return client.get_all(f"/connections/{thing['id']}/grants")
        grants = client.get_all("/grants", inodeId=thing["id"], directGrantsOnly=direct)
        owner = {"memberId": thing["ownerId"], "permission": "owner", "why": "owner"}
        return grants if thing["type"] == "workspace" else [owner, *grants]

    rows = []
    for thing, grants in client.read_each(things, read, describe, "objects"):
        for grant in grants:
            # inodeId is the urlId of the object with the grant. Connections don't inherit grants
            key = (thing["type"] != "connection" and grant.get("inodeId")) or thing["id"]
            on = org.objects.get(key) or {"id": key, "type": grant.get("inodeType") or "object"}
            if direct and on is not thing and key in org.objects:
                continue  # inherited: it's also in the list of the other object
            row = {**thing, **holder(org, grant.get("memberId")), "teamId": grant.get("teamId")}
            row |= {"permission": grant.get("permission"), "why": grant.get("why", "direct grant")}
            row["since"] = str(grant.get("createdAt") or "")[:10]
            if row["teamId"]:
                row["holder"] = row["why"] = org.teams.get(row["teamId"], ALL_MEMBERS)
            row["why"] += "" if on is thing else f" on {describe(on)}"
            rows.append(row)
    return rows


def holder(org: Organization, member_id: str | None) -> Row:
    """Return the fields of a row that describe a member."""
    unknown = {"holder": member_id or "unknown", "status": ""}
    return {**org.members.get(member_id or "", unknown), "memberId": member_id}


# 5: Review the organization
def review_organization(client: SigmaClient, org: Organization) -> Review:
    """Return a row for each owner and each direct grant."""

    def read(team_id: str) -> list[Row]:
        return client.get_all(f"/teams/{team_id}/members")

    for key, members in client.read_each([*org.teams], read, lambda key: org.teams[key], "teams"):
        org.teams[key] += f" ({len(members)} members)"
    things = [thing for key, thing in org.objects.items() if key == thing["id"]]
    rows = read_rows(client, org, things, direct=True)
    granted = [row["status"] for row in rows if row["why"] != "owner"]
    gone = len(granted) - granted.count("")
    return rows, f"Grants: {len(granted)}. Held by deactivated members: {gone}."


# 6: Review a member. The list of files has the resulting permissions. The grants explain them
def review_member(client: SigmaClient, org: Organization, member_id: str) -> Review:
    """Return a row for each reason why a member can use an object."""
    if member_id not in org.members:
        raise SigmaError(f"MEMBERID is {member_id!r}, but no member has this ID")
    member = org.members[member_id]
    teams = {team["teamId"] for team in client.get_all(f"/members/{member_id}/teams")}
    files = client.get_all(f"/members/{member_id}/files")
    things = {o["id"]: o for o in org.objects.values() if o["type"] in ("workspace", "connection")}
    for file in files:
        things[file["id"]] = org.objects.get(file["id"]) or add_object(org, file["type"], file)
    rows = [
        row
        for row in read_rows(client, org, [*things.values()], direct=False)
        if (row["teamId"] or row["memberId"]) in {member_id, *teams}
        or (row["holder"] == ALL_MEMBERS and not (member["status"] or member["isGuest"]))
    ]
    effective = {file["id"]: file.get("permission") for file in files}
    for file_id in effective.keys() - {row["id"] for row in rows}:
        rows.append({**things[file_id], "why": "unknown"})
    rows = [{**row, "effective": effective.get(row["id"])} for row in rows]
    summary = f"REVIEW_OF=member: {member['holder']} can open {len(files)} files."
    summary += " The member is deactivated." * (member["status"] != "")
    return rows, summary + " Administrators can open everything." * member["isAdmin"]


# 7: Review a workbook. Administrators can open it without a grant
def review_workbook(client: SigmaClient, org: Organization, workbook_id: str) -> Review:
    """Return a row for each reason why a member can open a workbook."""
    if workbook_id not in org.objects:
        raise SigmaError(f"WORKBOOK_ID is {workbook_id!r}, but no workbook has this ID")
    rows = []
    for row in read_rows(client, org, [org.objects[workbook_id]], direct=False):
        known = row["teamId"] in org.teams
        team = client.get_all(f"/teams/{row['teamId']}/members") if known else []
        rows += [{**row, **holder(org, person["userId"])} for person in team] or [row]
    admins = sum(member["isAdmin"] and not member["status"] for member in org.members.values())
    summary = f"REVIEW_OF=workbook: {describe(org.objects[workbook_id])}."
    return rows, f"{summary} Administrators, who can open everything: {admins}."


def main() -> None:
    # 8: Read all settings before anything is sent
    review_of = read_env("REVIEW_OF", "organization", choices=COLUMNS)
    member_id = require_id("MEMBERID") if review_of == "member" else ""
    workbook_id = require_id("WORKBOOK_ID") if review_of == "workbook" else ""

    with SigmaClient(get_bearer_token) as client:
        org = read_organization(client)
        if member_id:
            rows, summary = review_member(client, org, member_id)
        elif workbook_id:
            rows, summary = review_workbook(client, org, workbook_id)
        else:
            rows, summary = review_organization(client, org)

        # 9: Print the rows, deactivated members first. With json or csv, stdout has only the rows
        order = ("type", "path", "name", "id", "holder", "why")
        rows.sort(key=lambda row: [str(row.get(field) or "").casefold() for field in order])
        rows.sort(key=lambda row: not row.get("status"))
        columns = {name.capitalize(): name for name in COLUMNS[review_of].split()}
        print_rows(rows, columns, empty="There are no grants.")
        client.require_complete_lists()  # no totals of an incomplete list
        print_summary(summary)


if __name__ == "__main__":
    run(main)
