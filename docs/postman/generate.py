"""Write the files that Postman and newman read: one collection and two environments.

python docs/postman/generate.py            writes them into this folder
python docs/postman/generate.py --check    writes nothing; ends with exit code 1 if one differs

The collection has a request for each step of the tutorial, in its order. tests/test_postman.py
compares it with the recipes and with the sandbox, and runs it.
"""

import argparse
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent.parent))
from sandbox.demo import demo_settings  # noqa: E402 - found by the line above

# --- The environments ---


@dataclass
class Variable:
    """A variable of both environments: what it holds for Sigma, and for the sandbox."""

    name: str
    value: str = ""
    demo: str | None = None  # the same as value when None
    secret: bool = False


SIGMA = "https://aws-api.sigmacomputing.com"
SANDBOX = "http://127.0.0.1:8765"
DEMO = demo_settings(SANDBOX)

VARIABLES = [
    Variable("baseUrl", SIGMA, SANDBOX),
    Variable("tokenBaseURL", f"{SIGMA}/v2/auth/token", DEMO["authURL"]),
    Variable("clientID", demo=DEMO["CLIENT_ID"]),
    Variable("secret", demo=DEMO["SECRET"], secret=True),
    # Authenticate fills in these four
    Variable("access_token", secret=True),
    Variable("refresh_token", secret=True),
    Variable("token_type"),
    Variable("expires_in"),
    # What .env holds for the recipes
    Variable("memberId", demo=DEMO["MEMBERID"]),
    Variable("teamId", demo=DEMO["TEAMID"]),
    Variable("connectionId", demo=DEMO["CONNECTIONID"]),
    Variable("workbookId", demo=DEMO["WORKBOOK_ID"]),
    Variable("elementId", demo=DEMO["ELEMENT_ID"]),
    Variable("email", demo=DEMO["EMAIL"]),
    Variable("newMemberFirstName", DEMO["NEW_MEMBER_FIRST_NAME"]),
    Variable("newMemberLastName", DEMO["NEW_MEMBER_LAST_NAME"]),
    Variable("newMemberType", "View", DEMO["NEW_MEMBER_TYPE"]),
    Variable("sendInvite", "false"),
    Variable("memberEmails", demo="chidi.okafor@example.com, dana.varga@example.com"),
    Variable("limit", "50"),
    Variable("dateFilterControl", "DateFilter"),
    Variable("dateFrom", DEMO["DATE_FROM"]),
    Variable("dateTo", DEMO["DATE_TO"]),
    Variable("newWorkbookName", "Copied with Postman"),
    Variable("connectionName", "Snowflake via API POST"),
    Variable("snowflakeAccount", demo=DEMO["SNOWFLAKE_ACCOUNT"]),
    Variable("snowflakeHost", demo=DEMO["SNOWFLAKE_HOST"]),
    Variable("snowflakeUser", demo=DEMO["SNOWFLAKE_USER"]),
    Variable("snowflakePassword", demo=DEMO["SNOWFLAKE_PASSWORD"], secret=True),
    Variable("snowflakeRole", demo=DEMO["SNOWFLAKE_ROLE"]),
    Variable("snowflakeWarehouse", demo=DEMO["SNOWFLAKE_WAREHOUSE"]),
    # Requests fill in these two
    Variable("newMemberId"),
    Variable("workspaceId"),
]

# What one request hands to a later one. pollPause: milliseconds between two looks at a job.
# wrongId: an ID that nobody has
HANDED_ON = {
    "pollPause": "2000",
    "oldEmail": "",
    "nextPage": "",
    "seen": "",
    "urlStart": "",
    "workbookUrlId": "",
    "pageId": "",
    "sheetId": "",
    "materializationId": "",
    "queryId": "",
    "homeFolderId": "",
    "copyId": "",
    "memberIds": "",
    "wrongId": "nobody",
    "longWorkbookId": "",
}

# --- Scripts ---

BEFORE_EACH = """\
// An address that nobody has yet, from the one in the environment: ada+1714640040000@example.com
const [local, domain] = (pm.environment.get("email") || "").split("@");
pm.variables.set("uniqueEmail", domain ? `${local}+${Date.now()}@${domain}` : "");

// Like the recipes: send nothing when a value is missing, and say which one
const used = JSON.stringify(pm.request.toJSON()).match(/{{\\w+}}/g) || [];
const missing = used.map((name) => name.slice(2, -2)).filter((name) => !pm.variables.get(name));
if (missing.length > 0) {
    const list = missing.join(", ").replace("uniqueEmail", "email");
    const problem = `No value for ${list}. Fill in the environment, or send the step before`;
    console.error(problem);
    pm.test(problem, () => pm.expect(missing).to.be.empty);
    pm.execution.skipRequest();
}"""

ASK_FOR_NEXT_PAGE = """\
// The first request names no page; each later one names the nextPage of the answer before
const page = pm.collectionVariables.get("nextPage");
pm.collectionVariables.set("nextPage", "");
if (page) {
    pm.request.url.addQueryParams(`page=${encodeURIComponent(page)}`);
} else {
    pm.collectionVariables.set("seen", "0");
}"""

GO_ON_TO_NEXT_PAGE = """\
const seen = Number(pm.collectionVariables.get("seen")) + answer.entries.length;
console.log(`${answer.entries.length} on this page, ${seen} so far`);
pm.collectionVariables.set("seen", String(seen));
pm.test("The page has entries, not more than the limit", () => {
    pm.expect(answer.entries.length).to.be.within(1, Number(pm.environment.get("limit")));
});
const page = pm.request.url.query.get("page");
pm.test("The next page is another one", () => pm.expect(answer.nextPage).to.not.equal(page));
// A run sends this request again until nextPage is null. With Send, press Send for the next page
if (answer.nextPage && answer.nextPage !== page) {
    pm.collectionVariables.set("nextPage", answer.nextPage);
    pm.execution.setNextRequest(pm.info.requestName);
}"""

# Expects const waiting: whether the job is still at work
LOOK_AGAIN = """\
// Still at work: a run sends this request again after a pause. With Send, press Send again
const looks = Number(pm.variables.get("looks") || 0) + 1;
pm.variables.set("looks", waiting && looks <= 300 ? looks : 0);
pm.test("It is done within 300 looks", () => pm.expect(looks).to.be.at.most(300));
if (waiting && looks <= 300) {
    setTimeout(() => {}, Number(pm.variables.get("pollPause")));
    pm.execution.setNextRequest(pm.info.requestName);
}"""


def save_file(test: str) -> str:
    """Return the script of a download; test is about the file."""
    return f"""\
// 204: not ready yet. In the first seconds Sigma may not know the export, and answers 404
const text = pm.response.text();
const early = pm.response.code === 404 && !text.includes("expired")
    && Number(pm.variables.get("looks") || 0) < 15;
const waiting = pm.response.code === 204 || early;
pm.test("The file is there, or on its way", () => {{
    pm.expect(waiting || pm.response.code === 200, text.slice(0, 200)).to.be.true;
}});
if (pm.response.code === 200) {{
    {test}
}}
{LOOK_AGAIN}"""


def note_id(name: str, value: str, scope: str = "collectionVariables") -> str:
    """Return a test that the answer holds an ID, and a line that hands it on under a name."""
    return f"""\
pm.test("{name} is there", () => pm.expect({value}).to.be.a("string").and.not.be.empty);
pm.{scope}.set("{name}", {value});"""


HAS_NEW_TYPE = """\
const type = pm.environment.get("newMemberType").toLowerCase();
pm.test("The member has the type", () => pm.expect(answer.memberType.toLowerCase()).to.equal(type));
"""


def every_entry(*fields: str) -> str:
    """Return a test: the list has entries, and each has these fields."""
    return f"""\
pm.test("Every entry has {", ".join(fields)}", () => {{
    pm.expect(answer.entries).to.not.be.empty;
    const fields = {json.dumps(fields)};
    answer.entries.forEach((entry) => pm.expect(entry).to.include.all.keys(fields));
}});"""


def is_granted(permission: str) -> str:
    """Return a test: the new member stands in a list of grants with this permission."""
    return f"""\
pm.test("The new member has {permission}", () => {{
    const memberId = pm.environment.get("newMemberId");
    const grant = answer.entries.find((entry) => entry.memberId === memberId);
    pm.expect(grant, "a grant for the new member").to.exist;
    pm.expect(grant.permission).to.equal("{permission}");
}});"""


# --- The requests ---


@dataclass
class Step:
    """A request. path begins with /v2; recipe is the file that sends the same, if there is one."""

    name: str
    method: str
    path: str
    recipe: str
    about: str
    after: str  # the script that runs after the answer, without the test of the status
    body: dict[str, Any] = field(default_factory=dict)
    before: str = ""
    status: int | None = 200  # None: the script looks at it


def grants(permission: str) -> dict[str, Any]:
    """Return the body that gives the new member a permission."""
    grantee = {"memberId": "{{newMemberId}}"}
    return {"grants": [{"grantee": grantee, "permission": permission}]}


EMPTY = 'pm.test("The answer is {}", () => pm.expect(answer).to.eql({}));'

FOLDERS = {
    "Authentication": [
        Step(
            "Authenticate",
            "POST",
            "/v2/auth/token",
            "get_access_token.py",
            "Trades clientID and secret for an access token, and stores it in the environment. It"
            " is good for an hour: when an answer says 401, send this again.",
            """\
pm.test("The answer holds a bearer token", () => {
    pm.expect(answer.access_token).to.be.a("string").and.not.be.empty;
    pm.expect(answer.token_type.toLowerCase()).to.equal("bearer");
    pm.expect(answer.expires_in).to.be.above(0);
});
pm.environment.set("access_token", answer.access_token);
pm.environment.set("refresh_token", answer.refresh_token);
pm.environment.set("token_type", answer.token_type);
pm.environment.set("expires_in", answer.expires_in);""",
        ),
        Step(
            "Who am I",
            "GET",
            "/v2/whoami",
            "get_access_token.py",
            "Shows whose token it is.",
            """\
pm.test("The answer names user and organization", () => {
    pm.expect(answer.userId).to.be.a("string").and.not.be.empty;
    pm.expect(answer.organizationId).to.be.a("string").and.not.be.empty;
});""",
        ),
    ],
    "Connections": [
        Step(
            "List connections",
            "GET",
            "/v2/connections?limit=1000",
            "connections/list_all_connections.py",
            "The first request of Sigma's QuickStart. Choose a connection without a grant, and put"
            " its ID into connectionId.",
            every_entry("name", "connectionId", "type"),
        ),
        Step(
            "Create a connection",
            "POST",
            "/v2/connections",
            "connections/create_connection.py",
            "Creates a Snowflake connection. Sigma does not try the password now, and makes a"
            " second connection when it is sent again: the recipe looks for the name first.",
            """\
pm.test("The connection has the name, the type and an ID", () => {
    pm.expect(answer.name).to.equal(pm.environment.get("connectionName"));
    pm.expect(answer.type).to.equal("snowflake");
    pm.expect(answer.connectionId).to.be.a("string").and.not.be.empty;
});
pm.test("The answer does not hold the password", () => {
    pm.expect(pm.response.text()).to.not.include(pm.environment.get("snowflakePassword"));
});""",
            {
                "name": "{{connectionName}}",
                "details": {
                    "type": "snowflake",
                    "account": "{{snowflakeAccount}}",
                    "host": "{{snowflakeHost}}",
                    "user": "{{snowflakeUser}}",
                    "password": "{{snowflakePassword}}",
                    "role": "{{snowflakeRole}}",
                    "warehouse": "{{snowflakeWarehouse}}",
                },
            },
            status=201,
        ),
    ],
    "Members": [
        Step(
            "List members",
            "GET",
            "/v2/members?limit=1000",
            "members/list_all.py",
            "Choose a test member, and put the ID into memberId. The recipe lists all pages; this"
            " request shows the first 1000.",
            every_entry("email", "memberType", "memberId"),
        ),
        Step(
            "Update a member",
            "PATCH",
            "/v2/members/{{memberId}}",
            "members/update.py",
            "Gives the test member the account type newMemberType.",
            HAS_NEW_TYPE,
            {"memberType": "{{newMemberType}}"},
        ),
        Step(
            "Look at the old email",
            "GET",
            "/v2/members/{{memberId}}",
            "members/change_email.py",
            "Notes the address of the test member, to change it back later.",
            """\
pm.test("The member has an address", () => pm.expect(answer.email).to.include("@"));
pm.collectionVariables.set("oldEmail", answer.email);""",
        ),
        Step(
            "Change the email",
            "PATCH",
            "/v2/members/{{memberId}}",
            "members/change_email.py",
            "Gives the test member a new address: that in email, made unique by the time.",
            """\
pm.test("The member has the new address", () => {
    pm.expect(answer.email).to.equal(pm.variables.get("uniqueEmail"));
});""",
            {"email": "{{uniqueEmail}}"},
        ),
        Step(
            "Change the email back",
            "PATCH",
            "/v2/members/{{memberId}}",
            "members/change_email.py",
            "Gives the test member the old address again.",
            """\
pm.test("The member has the old address", () => {
    pm.expect(answer.email).to.equal(pm.collectionVariables.get("oldEmail"));
});""",
            {"email": "{{oldEmail}}"},
        ),
        Step(
            "List recent files",
            "GET",
            "/v2/members/{{memberId}}/files/recents?limit=1000",
            "members/recent_workbooks.py",
            "Lists what the test member used last, in no order; the recipe sorts it.",
            every_entry("name", "type", "permission"),
        ),
        Step(
            "List members page by page",
            "GET",
            "/v2/members?limit={{limit}}",
            "members/pagination.py",
            "How page and limit work: each answer names the next page.",
            GO_ON_TO_NEXT_PAGE,
            before=ASK_FOR_NEXT_PAGE,
        ),
    ],
    "Onboarding": [
        Step(
            "Create a member",
            "POST",
            "/v2/members?sendInvite={{sendInvite}}",
            "members/create_new.py",
            "Creates a member with a unique address, and stores the ID in newMemberId. With"
            " sendInvite=true Sigma mails an invitation.",
            """\
pm.test("The member has the address", () => {
    pm.expect(answer.email).to.equal(pm.variables.get("uniqueEmail"));
});
"""
            + HAS_NEW_TYPE
            + note_id("newMemberId", "answer.memberId", "environment"),
            {
                "email": "{{uniqueEmail}}",
                "firstName": "{{newMemberFirstName}}",
                "lastName": "{{newMemberLastName}}",
                "memberType": "{{newMemberType}}",
            },
        ),
        Step(
            "Create a workspace",
            "POST",
            "/v2/workspaces",
            "members/create_workspace.py",
            "Creates the new member's workspace, or finds it when it exists, and stores its ID in"
            " workspaceId.",
            """\
// For a name that exists Sigma answers with a list of IDs
const workspaceId = answer.workspaceId || (answer.workspaceIds || [])[0];
"""
            + note_id("workspaceId", "workspaceId", "environment"),
            {"name": "Workspace for Member {{newMemberId}}", "noDuplicates": True},
        ),
        Step(
            "Grant the workspace",
            "POST",
            "/v2/workspaces/{{workspaceId}}/grants",
            "members/create_workspace_permission.py",
            "Lets the new member view the workspace.",
            EMPTY,
            grants("view"),
        ),
        Step(
            "List teams",
            "GET",
            "/v2/teams?limit=1000",
            "teams/list_all.py",
            "Choose a team, and put its ID into teamId.",
            every_entry("name", "teamId", "visibility"),
        ),
        Step(
            "Add the member to a team",
            "PATCH",
            "/v2/teams/{{teamId}}/members",
            "members/add_member_to_team.py",
            "Adds the new member to the team.",
            EMPTY,
            {"add": ["{{newMemberId}}"]},
        ),
        Step(
            "Grant the connection",
            "POST",
            "/v2/connections/{{connectionId}}/grants",
            "members/create_connection_permission.py",
            "Lets the new member use the connection.",
            EMPTY,
            grants("usage"),
        ),
        Step(
            "Check the workspace",
            "GET",
            "/v2/workspaces/{{workspaceId}}/grants?limit=1000",
            "",
            "What the tutorial checks in the Sigma UI: who may use the workspace.",
            is_granted("view"),
        ),
        Step(
            "Check the team",
            "GET",
            "/v2/members/{{newMemberId}}/teams?limit=1000",
            "",
            "What the tutorial checks in the Sigma UI: which teams the new member is in.",
            """\
pm.test("The new member is in the team", () => {
    pm.expect(answer.entries.map((team) => team.teamId)).to.include(pm.environment.get("teamId"));
});""",
        ),
        Step(
            "Check the connection",
            "GET",
            "/v2/connections/{{connectionId}}/grants?limit=1000",
            "",
            "What the tutorial checks in the Sigma UI: who may use the connection.",
            is_granted("usage"),
        ),
    ],
    "Workbooks": [
        Step(
            "List workbooks page by page",
            "GET",
            "/v2/workbooks?limit={{limit}}",
            "workbooks/pagination.py",
            "How page and limit work. The answer may also say how long the list is.",
            GO_ON_TO_NEXT_PAGE
            + """
if (!answer.nextPage && answer.total !== undefined) {
    pm.test("All pages together hold the whole list", () => pm.expect(seen).to.equal(answer.total));
}""",
            before=ASK_FOR_NEXT_PAGE,
        ),
        Step(
            "List workbooks",
            "GET",
            "/v2/workbooks?limit=1000",
            "workbooks/list_all.py",
            "Choose a workbook, and put its ID into workbookId.",
            every_entry("name", "workbookId", "url", "latestVersion")
            + """
// Every address begins with https://app.sigmacomputing.com/{organization}
pm.collectionVariables.set("urlStart", answer.entries[0].url.split("/workbook/")[0]);""",
        ),
        Step(
            "List a member's workbooks",
            "GET",
            "/v2/members/{{memberId}}/files?typeFilters=workbook&limit=1000",
            "workbooks/shared_with_member_id.py",
            "Lists the workbooks that the test member can open.",
            every_entry("name", "permission", "urlId")
            + """
pm.test("There are only workbooks", () => {
    answer.entries.forEach((file) => pm.expect(file.type).to.equal("workbook"));
});""",
        ),
        Step(
            "List materialization schedules",
            "GET",
            "/v2/workbooks/{{workbookId}}/materialization-schedules?limit=1000",
            "workbooks/initiate_materialization.py",
            "Finds the schedule to run: the first one that is not paused.",
            """\
const schedule = answer.entries.find((entry) => !entry.paused);
pm.test("A schedule is not paused", () => pm.expect(schedule, pm.response.text()).to.exist);
pm.collectionVariables.set("sheetId", schedule.sheetId);""",
        ),
        Step(
            "Start a materialization",
            "POST",
            "/v2/workbooks/{{workbookId}}/materializations",
            "workbooks/initiate_materialization.py",
            "Starts the job of the schedule. Each request starts another one.",
            note_id("materializationId", "answer.materializationId"),
            {"sheetId": "{{sheetId}}"},
        ),
        Step(
            "Wait for the materialization",
            "GET",
            "/v2/workbooks/{{workbookId}}/materializations/{{materializationId}}",
            "workbooks/initiate_materialization.py",
            "Asks for the status until it is ready.",
            f"""\
console.log(`Status: ${{answer.status}}`);
pm.test("The job is pending, building or ready", () => {{
    pm.expect(["pending", "building", "ready"], answer.error).to.include(answer.status);
}});
const waiting = ["pending", "building"].includes(answer.status);
{LOOK_AGAIN}""",
        ),
        Step(
            "List elements",
            "GET",
            "/v2/workbooks/{{workbookId}}/elements?limit=1000",
            "workbooks/all_input_tables.py",
            "Lists the elements of one workbook, and names the input tables; the recipe goes"
            " through all workbooks. Put the ID of a table into elementId.",
            """\
pm.test("The workbook has elements with IDs and types", () => {
    const typed = answer.entries.filter((element) => element.elementId && element.type);
    pm.expect(typed).to.not.be.empty;
});
// name and type are optional
const tables = answer.entries.filter((element) => element.type === "input-table");
console.log(`Input tables: ${tables.map((table) => table.name).join(", ") || "none"}`);""",
        ),
        Step(
            "Look up the workbook",
            "GET",
            "/v2/workbooks/{{workbookId}}",
            "workbooks/get_column_names_all_pages.py",
            "Shows name, owner and address of the workbook, and notes its short ID, which stands in"
            " its address in Sigma.",
            """\
pm.test("The workbook has a name", () => pm.expect(answer.name).to.be.a("string"));
"""
            + note_id("workbookUrlId", "answer.workbookUrlId"),
        ),
        Step(
            "List the pages",
            "GET",
            "/v2/workbooks/{{workbookId}}/pages?limit=1000",
            "workbooks/get_column_names_all_pages.py",
            "Lists the pages of the workbook, hidden ones too, and notes the first.",
            every_entry("pageId")
            + """
pm.collectionVariables.set("pageId", answer.entries[0].pageId);""",
        ),
        Step(
            "List the elements of a page",
            "GET",
            "/v2/workbooks/{{workbookId}}/pages/{{pageId}}/elements?limit=1000",
            "workbooks/get_column_names_all_pages.py",
            "Lists what is on that page; the recipe goes through all pages.",
            """\
pm.test("Every entry has an elementId", () => {
    answer.entries.forEach((element) => pm.expect(element).to.include.all.keys("elementId"));
});""",
        ),
        Step(
            "List the columns of an element",
            "GET",
            "/v2/workbooks/{{workbookId}}/elements/{{elementId}}/columns?limit=1000",
            "workbooks/get_column_names_all_pages.py",
            "Lists the columns of the table in elementId; the recipe goes through all elements."
            " Texts and controls have none.",
            every_entry("columnId", "label"),
        ),
        Step(
            "Export an element as CSV",
            "POST",
            "/v2/workbooks/{{workbookId}}/export",
            "workbooks/export_workbook_element_csv.py",
            "Starts the export of an element. dateFilterControl is the ID of the date control of"
            " the workbook.",
            note_id("queryId", "answer.queryId"),
            {
                "elementId": "{{elementId}}",
                "format": {"type": "csv"},
                "parameters": {"{{dateFilterControl}}": "min:{{dateFrom}},max:{{dateTo}}"},
            },
        ),
        Step(
            "Download the CSV",
            "GET",
            "/v2/query/{{queryId}}/download",
            "workbooks/export_workbook_element_csv.py",
            "Asks for the file until it is ready. To keep it, choose Save response to file.",
            save_file(
                """\
pm.test("The file is a CSV with a row below the header", () => {
        pm.expect(pm.response.headers.get("Content-Type")).to.include("csv");
        pm.expect(text.trim().split("\\n").length).to.be.above(1);
    });"""
            ),
            status=None,
        ),
        Step(
            "Export the workbook as PDF",
            "POST",
            "/v2/workbooks/{{workbookId}}/export",
            "workbooks/export_workbook_pdf.py",
            "Starts the export of the whole workbook.",
            note_id("queryId", "answer.queryId"),
            {"format": {"type": "pdf", "layout": "portrait"}},
        ),
        Step(
            "Download the PDF",
            "GET",
            "/v2/query/{{queryId}}/download",
            "workbooks/export_workbook_pdf.py",
            "Asks for the file until it is ready. To keep it, choose Save response to file.",
            save_file(
                'pm.test("The file is a PDF", () => pm.expect(text.slice(0, 5)).to.equal("%PDF-"));'
            ),
            status=None,
        ),
        Step(
            "Export an element as XLSX",
            "POST",
            "/v2/workbooks/{{workbookId}}/export",
            "workbooks/export_workbook.py",
            "Starts the export of an element in another format. For csv, json, jsonl, pdf or png"
            " change type in the body; with pageId in place of elementId it is a page.",
            note_id("queryId", "answer.queryId"),
            {"elementId": "{{elementId}}", "format": {"type": "xlsx"}},
        ),
        Step(
            "Download the XLSX",
            "GET",
            "/v2/query/{{queryId}}/download",
            "workbooks/export_workbook.py",
            "Asks for the file until it is ready. To keep it, choose Save response to file.",
            save_file(
                'pm.test("The file is an XLSX", () => pm.expect(text.slice(0, 2)).to.equal("PK"));'
            ),
            status=None,
        ),
        Step(
            "Find My Documents",
            "GET",
            "/v2/members/{{memberId}}",
            "workbooks/copy_workbook_folder.py",
            "Notes the folder that the copy goes into.",
            """\
pm.test("The member is active", () => {
    pm.expect(answer.isArchived || answer.isInactive || false).to.be.false;
});
"""
            + note_id("homeFolderId", "answer.homeFolderId"),
        ),
        Step(
            "Copy the workbook",
            "POST",
            "/v2/workbooks/{{workbookId}}/copy",
            "workbooks/copy_workbook_folder.py",
            "Copies the workbook into the test member's My Documents. Each request makes another"
            " copy.",
            """\
pm.test("The copy has the name, and an ID of its own", () => {
    pm.expect(answer.name).to.equal(pm.environment.get("newWorkbookName"));
    pm.expect(answer.workbookId).to.not.equal(pm.environment.get("workbookId"));
});
"""
            + note_id("copyId", "answer.workbookId"),
            {"destinationFolderId": "{{homeFolderId}}", "name": "{{newWorkbookName}}"},
        ),
        Step(
            "Change the owner of the copy",
            "PATCH",
            "/v2/files/{{copyId}}",
            "workbooks/copy_workbook_folder.py",
            "Makes the test member the owner. A workbook is a file among others here.",
            """\
pm.test("The member owns the copy", () => {
    pm.expect(answer.id).to.equal(pm.collectionVariables.get("copyId"));
    // ownerId is optional in the answer; where it is there, it is the new one
    const memberId = pm.environment.get("memberId");
    pm.expect(answer.ownerId || memberId).to.equal(memberId);
});""",
            {"ownerId": "{{memberId}}"},
        ),
    ],
    "Embedding": [
        Step(
            "Generate embed paths",
            "GET",
            "/v2/members/{{memberId}}/files?typeFilters=workbook&limit=1000",
            "embedding/generate_workbook_embed_path.py",
            "Prints the embed path of every workbook that the test member can open to the console."
            " Send List workbooks first: it notes how the addresses begin.",
            """\
const start = pm.collectionVariables.get("urlStart");
const paths = answer.entries.map((file) => `${start}/workbook/${file.urlId}`);
pm.test("Every path is an address", () => {
    pm.expect(paths).to.not.be.empty;
    const address = /^https:\\/\\/[^/]+\\/[^/]+\\/workbook\\/\\w+$/;
    paths.forEach((path) => pm.expect(path).to.match(address));
});
paths.forEach((path, n) => console.log(`#${n + 1}: ${answer.entries[n].name}: ${path}`));""",
        ),
    ],
    "Teams": [
        Step(
            "Find members by email",
            "GET",
            "/v2/members?limit=1000&includeArchived=true&includeInactive=true",
            "teams/bulk_assign_team.py",
            "Finds the members whose addresses stand in memberEmails, separated by commas, among"
            " the first 1000. Addresses are compared exactly, but for the case.",
            """\
const emails = pm.environment.get("memberEmails").toLowerCase().split(",");
const wanted = emails.map((email) => email.trim());
const found = answer.entries.filter((member) => wanted.includes(member.email.toLowerCase()));
pm.test("Every address belongs to a member", () => {
    pm.expect(found.map((member) => member.email.toLowerCase())).to.have.members(wanted);
});
pm.collectionVariables.set("memberIds", JSON.stringify(found.map((member) => member.memberId)));""",
        ),
        Step(
            "Add members to the team",
            "PATCH",
            "/v2/teams/{{teamId}}/members",
            "teams/bulk_assign_team.py",
            "Adds all of them in one request.",
            EMPTY,
            {"add": "{{memberIds}}"},
        ),
        Step(
            "Check the team members",
            "GET",
            "/v2/teams/{{teamId}}/members?limit=1000",
            "",
            "What the tutorial checks in the Sigma UI: who is in the team.",
            """\
pm.test("All of them are in the team", () => {
    const ids = answer.entries.map((entry) => entry.userId);
    pm.expect(ids).to.include.members(JSON.parse(pm.collectionVariables.get("memberIds")));
});""",
        ),
    ],
    "When something goes wrong": [
        Step(
            "Ask for a member who does not exist",
            "GET",
            "/v2/members/{{wrongId}}",
            "members/get_member_details.py",
            "The failure that you will see most often, a wrong ID: the status is 404. Sigma Support"
            " asks for the requestId in the answer.",
            """\
pm.test("The answer says what is wrong, and has a requestId", () => {
    pm.expect(answer).to.include.all.keys("message", "requestId");
});
console.log(`404: ${answer.message} (requestId ${answer.requestId})`);""",
            status=404,
        ),
        Step(
            "Look at the new member",
            "GET",
            "/v2/members/{{newMemberId}}",
            "members/get_member_details.py",
            "Shows name, address and account type of the new member.",
            HAS_NEW_TYPE
            + """\
pm.test("It is the new member", () => {
    pm.expect(answer.memberId).to.equal(pm.environment.get("newMemberId"));
});""",
        ),
        Step(
            "List the new member's teams",
            "GET",
            "/v2/members/{{newMemberId}}/teams?limit=1000",
            "members/get_member_details.py",
            "Shows the teams of the new member.",
            every_entry("name", "teamId"),
        ),
    ],
    "Identifying Sigma IDs": [
        Step(
            "Look up the short ID",
            "GET",
            "/v2/workbooks/{{workbookUrlId}}",
            "workbooks/grant_workbook_permission.py",
            "Asks for the workbook by the short ID of its address, and notes the long one.",
            """\
pm.test("It is the same workbook", () => {
    pm.expect(answer.workbookUrlId).to.equal(pm.collectionVariables.get("workbookUrlId"));
});
"""
            + note_id("longWorkbookId", "answer.workbookId"),
        ),
        Step(
            "Grant the workbook",
            "POST",
            "/v2/workbooks/{{longWorkbookId}}/grants",
            "workbooks/grant_workbook_permission.py",
            "Lets the new member view the workbook.",
            EMPTY,
            grants("view"),
        ),
        Step(
            "Check the workbook",
            "GET",
            "/v2/members/{{newMemberId}}/files?typeFilters=workbook&limit=1000",
            "",
            "What the tutorial checks in the Sigma UI: the new member can open the workbook.",
            """\
pm.test("The new member can open the workbook", () => {
    const workbookId = pm.collectionVariables.get("longWorkbookId");
    pm.expect(answer.entries.map((file) => file.id)).to.include(workbookId);
});""",
        ),
    ],
}


# --- The files ---


def event(listen: str, script: str) -> dict[str, Any]:
    """Return a script in Postman's form; listen is prerequest or test."""
    return {"listen": listen, "script": {"type": "text/javascript", "exec": script.split("\n")}}


def item(step: Step) -> dict[str, Any]:
    """Return a request in Postman's form."""
    about = step.about + (f"\n\nThe same in Python: {step.recipe}" if step.recipe else "")
    url = "{{baseUrl}}" + step.path
    request: dict[str, Any] = {"method": step.method, "url": url, "description": about}
    if step.name == "Authenticate":  # the one request without a token; its body is a form
        form = {
            "grant_type": "client_credentials",
            "client_id": "{{clientID}}",
            "client_secret": "{{secret}}",
        }
        request["url"] = "{{tokenBaseURL}}"
        request["auth"] = {"type": "noauth"}
        fields = [{"key": key, "value": value, "type": "text"} for key, value in form.items()]
        request["body"] = {"mode": "urlencoded", "urlencoded": fields}
    elif step.body:
        # A variable that holds a list stands without quotation marks
        text = json.dumps(step.body, indent=4).replace('"{{memberIds}}"', "{{memberIds}}")
        options = {"raw": {"language": "json"}}
        request["body"] = {"mode": "raw", "raw": text, "options": options}
    after = step.after
    if step.status is not None:
        code = step.status
        test = f'pm.test("The status is {code}", () => pm.response.to.have.status({code}));'
        after = f"{test}\nconst answer = pm.response.json();\n{after}"
    events = [event("prerequest", step.before)] if step.before else []
    return {"name": step.name, "event": [*events, event("test", after)], "request": request}


def collection() -> dict[str, Any]:
    """Return the collection, in Postman's format 2.1."""
    return {
        "info": {
            "name": "Sigma API recipes",
            "description": "The steps of the tutorial, in its order. See docs/postman/README.md.",
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "auth": {
            "type": "bearer",
            "bearer": [{"key": "token", "value": "{{access_token}}", "type": "string"}],
        },
        "event": [event("prerequest", BEFORE_EACH)],
        "variable": [{"key": name, "value": value} for name, value in HANDED_ON.items()],
        "item": [
            {"name": name, "item": [item(step) for step in steps]}
            for name, steps in FOLDERS.items()
        ],
    }


def environment(name: str, is_sandbox: bool) -> dict[str, Any]:
    """Return an environment, with the demo values or for an organization of your own."""
    values = [
        {
            "key": variable.name,
            "value": variable.demo if is_sandbox and variable.demo else variable.value,
            "type": "secret" if variable.secret else "default",
            "enabled": True,
        }
        for variable in VARIABLES
    ]
    return {"name": name, "values": values, "_postman_variable_scope": "environment"}


def files() -> dict[Path, str]:
    """Return the text of each file."""
    contents = {
        "sigma-recipes.postman_collection.json": collection(),
        "sandbox.postman_environment.json": environment("Sigma sandbox", True),
        "aws-us-west.postman_environment.json": environment("Sigma AWS US (West)", False),
    }
    return {HERE / name: json.dumps(content, indent=4) + "\n" for name, content in contents.items()}


def main() -> None:
    """Write the files, or say which ones differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    differ = []
    for path, text in files().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            differ.append(path.name)
            if not check:
                path.write_text(text, encoding="utf-8", newline="\n")
    if check and differ:
        sys.exit(f"Error: not up to date: {', '.join(differ)}. Run {Path(__file__).name}")


if __name__ == "__main__":
    main()
