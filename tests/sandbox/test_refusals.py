"""What Sigma refuses, the sandbox refuses in the same form, and then nothing changes."""

import json

import requests

from sandbox import seed
from sandbox.changes import snapshot
from sandbox.organization import make_uuid
from sandbox.resources import not_supported

# Who sends what, the status, the body, and what the message contains. $NAME is an ID, see below.
REFUSED = r"""
admin  GET    /v2/no/such/path                 404  -                             /v2/no/such/path
admin  GET    /v2/members/                     404  -                             /v2/members/
admin  PUT    /v2/members/$MEMBER              405  -                             PUT
admin  POST   /v2/favorites                    501  {}                            does not support POST /v2/favorites
admin  POST   /v2/files                        501  {"type": "workbook", "name": "N"}  workbook
admin  POST   /v2/files                        400  {"type": "folder", "name": "N", "parentId": "$BOOK"}  is a workbook
admin  DELETE /v2/files/$SPACE                 400  -                             $SPACE
admin  POST   /v2/teams                        404  {"name": "N", "members": ["$VIEWER", "x"]}  Member x not found
admin  PATCH  /v2/teams/$TEAM                  400  {"name": "N", "visibility": "secret"}  visibility
admin  POST   /v2/user-attributes              400  {"name": "N", "defaultValue": {"val": 1, "type": "string"}}  defaultValue.val
admin  GET    /v2/user-attributes/$NONE        404  -                             $NONE not found
admin  GET    /v2/reports/x/pages              501  -                             does not support GET /v2/reports/x/pages
admin  POST   /v2/dataModels/x/swapSources     501  {}                            does not support POST
viewer POST   /v2/dataModels/$MODEL:materialize  403  {"sheetId": "x"}             Admin
admin  PUT    /v2/reports/x                    405  -                             PUT
admin  GET    /v2/members?limit=undefined      400  -                             Expecting integer at limit but instead got: "undefined"
admin  GET    /v2/members?limit=0              400  -                             limit
admin  GET    /v2/members?page=-1              400  -                             page
admin  GET    /v2/members?page=                400  -                             page
admin  GET    /v2/members?page=ä               400  -                             page
admin  GET    /v2/accountTypes?pageToken=x     400  -                             page
admin  GET    /v2/members?search=a&email=b     400  -                             search
admin  GET    /v2/files?typeFilters=x          400  -                             typeFilters
admin  POST   /v2/members                      400  -                             body
admin  POST   /v2/members                      400  []                            body
admin  POST   /v2/members                      400  {}                            Expecting a value at email but instead got: undefined
admin  POST   /v2/members                      400  {$NEW, "email": "\ud800"}     Unicode
admin  POST   /v2/members                      400  {$NEW, "email": 1}            Expecting string at email but instead got: 1
admin  POST   /v2/members                      400  {$NEW, "email": "nobody"}     email
admin  POST   /v2/members                      400  {$NEW, "firstName": null}     firstName
admin  POST   /v2/members                      400  {$NEW, "isGuest": "true"}     isGuest
admin  POST   /v2/members                      400  {$NEW, "userKind": "boss"}    'internal', 'guest' or 'embed'
admin  POST   /v2/members                      400  {$NEW, "addToTeams": [{}]}    addToTeams.0.teamId
admin  POST   /v2/members                      404  {$NEW, "addToTeams": [{"teamId": "$NONE"}]}  Team $NONE not found
admin  POST   /v2/members                      404  {$NEW, "memberType": "King"}  Member type name is not found
admin  POST   /v2/members                      409  {$NEW, "email": "VIC@example.com"}  member-id=$VIEWER
admin  PATCH  /v2/members/$MEMBER              404  {"memberType": "King"}        Member type name is not found
admin  PATCH  /v2/members/$MEMBER              409  {"email": "ADA@example.com"}  Duplicate record
admin  PATCH  /v2/members/x                    404  {}                            Member x not found
admin  PATCH  /v2/members/$MEMBER              404  {"isArchived": true, "newOwnerId": "x"}  Member x not found
admin  PATCH  /v2/members/$MEMBER              400  {"isArchived": true, "newOwnerId": "$GONE"}  newOwnerId
admin  PATCH  /v2/members/$MEMBER              400  {"firstName": "X", "archiveDocuments": true}  isArchived
admin  POST   /v2/members/x/revoke             404  {}                            Member x not found
admin  POST   /v2/credentials                  404  {"ownerId": "x", "name": "N"}  Member x not found
admin  POST   /v2/credentials                  400  {"ownerId": "$VIEWER", "name": "N", "scopes": ["all"]}  scopes.0
viewer POST   /v2/members/$MEMBER/revoke       403  {}                            Admin
viewer POST   /v2/credentials                  403  {"ownerId": "$VIEWER", "name": "N"}  Admin
viewer DELETE /v2/credentials/sandbox-viewer-id  403  -                           Admin
admin  PATCH  /v2/teams/$TEAM/members          400  {"remove": ["$GONE"]}         $GONE
admin  POST   /v2/user-attributes/$ATTR/users  400  {"assignments": [$ONE$HUNDRED]}  assignments
admin  DELETE /v2/members/$OWNER               400  -                             $OWNER
admin  DELETE /v2/members/SigmaSchedulerRobot  400  -                             SigmaSchedulerRobot
admin  PATCH  /v2/teams/$TEAM/members          404  {"add": ["$VIEWER", "x"]}     Member x not found
admin  PATCH  /v2/teams/$TEAM/members          400  {"add": ["$VIEWER", "$GONE"]}  $GONE
admin  POST   /v2/workspaces/$SPACE/grants     400  {"grants": [{"grantee": {$TO}, "permission": "usage"}]}  grants.0.permission
admin  POST   /v2/connections/$CONN/grants     400  {"grants": [{"grantee": {$TO}, "permission": "view"}]}  grants.0.permission
admin  POST   /v2/workbooks/$BOOK/grants       400  {"grants": [{"grantee": {$TO}, "permission": "organize"}]}  grants.0.permission
admin  POST   /v2/workbooks/$BOOK/grants       400  {"grants": [{"grantee": {}, "permission": "view"}]}  exactly one
admin  POST   /v2/workbooks/$BOOK/grants       400  {"grants": [{"grantee": {$TO, "teamId": "$TEAM"}, "permission": "view"}]}  exactly one
admin  POST   /v2/workbooks/$BOOK/grants       404  {"grants": [{"grantee": {"memberId": "x"}, "permission": "view"}]}  Member x not found
admin  POST   /v2/workbooks/$BOOK/grants       404  {"grants": [{"grantee": {"teamId": "$NONE"}, "permission": "view"}]}  Team $NONE not found
admin  POST   /v2/user-attributes/$NONE/users  404  {"assignments": []}           $NONE not found
admin  POST   /v2/user-attributes/$ATTR/users  400  {"assignments": [{"userId": "x"}]}  assignments.0.value
admin  POST   /v2/user-attributes/$ATTR/users  400  {"assignments": [{"userId": "$VIEWER", "value": {"val": 1, "type": "string"}}]}  value.val
admin  POST   /v2/user-attributes/$ATTR/users  404  {"assignments": [$ONE, {"userId": "x", "value": {"val": "E", "type": "string"}}]}  Member x
admin  POST   /v2/connections                  400  {"name": "N", "details": {}}  details.type
admin  POST   /v2/connections                  400  {"name": "N", "details": {"type": "excel"}}  details.type
admin  POST   /v2/connections                  400  {"name": "N", "details": {$FLAKE, "user": 1}}  details.user
admin  POST   /v2/connections                  400  {"name": "N", "details": {$FLAKE, "authType": "guess"}}  details.authType
admin  POST   /v2/connections/$CONN/sync       404  {"path": ["RETAIL", "NO"]}    RETAIL.NO not found in Snowflake Production
admin  POST   /v2/connections/$CONN/sync       404  {"path": ["retail"]}          retail
admin  POST   /v2/connections/$CONN/sync       400  {"path": ["a", "b", "c", "d"]}  path
admin  POST   /v2/connection/$CONN/lookup      404  {"path": ["RETAIL", "LOGISTICS", "NO"]}  RETAIL.LOGISTICS.NO
admin  POST   /v2/connection/$CONN/lookup      400  {"path": "RETAIL"}            path
admin  POST   /v2/connection/$NONE/lookup      404  {"path": []}                  Connection $NONE not found
admin  POST   /v2/connections/$CONN/lookup     404  {"path": []}                  lookup
admin  GET    /v2/files/$NONE                  404  -                             $NONE not found
admin  PATCH  /v2/files/$BOOK                  404  {"name": "N", "ownerId": "x"}  Member x not found
admin  PATCH  /v2/files/$BOOK                  400  {"name": "N", "ownerId": "$GONE"}  ownerId
admin  PATCH  /v2/files/$BOOK                  400  {"name": "N", "ownerId": 1}   ownerId
admin  PATCH  /v2/files/$BOOK                  404  {"name": "N", "parentId": "$NONE"}  $NONE not found
admin  PATCH  /v2/files/$BOOK                  400  {"name": "N", "parentId": "$OTHER"}  is a workbook
admin  PATCH  /v2/files/$FOLDER                400  {"name": "N", "parentId": "$FOLDER"}  parentId
admin  PATCH  /v2/files/$SPACE                 400  {"name": "N"}                 $SPACE
admin  PATCH  /v2/files/$TABLE                 400  {"name": "N"}                 $TABLE
admin  PATCH  /v2/files/$BOOK                  400  {"parentId": "$TABLE"}        is a table
admin  GET    /v2/dataModels/$NONE             404  -                             $NONE not found
admin  GET    /v2/workbooks/$NONE              404  -                             Workbook $NONE not found
admin  GET    /v2/workbooks/x                  400  -                             Expecting UUID at workbookId but instead got: "x"
admin  GET    /v2/teams/x                      400  -                             teamId
admin  GET    /v2/workbooks/$BOOK/pages?tag=v1         404  -                     Tag v1
admin  GET    /v2/workbooks/$BOOK/pages?bookmarkId=b   404  -                     Bookmark b
admin  GET    /v2/workbooks/$BOOK/elements?tagName=v1  404  -                     Tag v1
admin  GET    /v2/workbooks/$BOOK/pages/x/elements     404  -                     Page x not found
admin  GET    /v2/workbooks/$BOOK/elements/x/columns   404  -                     Element x not found
admin  POST   /v2/workbooks/$BOOK/copy         404  {"name": "N", "destinationFolderId": "$NONE"}  $NONE not found
admin  POST   /v2/workbooks/$BOOK/copy         400  {"name": "N", "destinationFolderId": "$OTHER"}  is a workbook
admin  POST   /v2/workbooks/$BOOK/copy         400  {"name": 1, "destinationFolderId": "$SPACE"}  name
admin  POST   /v2/workbooks/$BOOK/materializations     404  {"sheetId": "$ELEMENT"}  $ELEMENT
admin  POST   /v2/workbooks/$BOOK/materializations     400  {}                    sheetId
admin  GET    /v2/workbooks/$BOOK/materializations/x   404  -                     x not found
admin  POST   /v2/workbooks/$BOOK/export       400  {}                            format
admin  POST   /v2/workbooks/$BOOK/export       400  {"format": {"type": "docx"}}  format.type
admin  POST   /v2/workbooks/$BOOK/export       400  {"format": {"type": "pdf"}}   format.layout
admin  POST   /v2/workbooks/$BOOK/export       404  {$CSV, "elementId": "x"}      Element x not found
admin  POST   /v2/workbooks/$BOOK/export       400  {$CSV, $EL, "pageId": "x"}    pageId
admin  POST   /v2/workbooks/$BOOK/export       404  {$CSV, $EL, "tag": "x"}       Tag x not found
admin  POST   /v2/workbooks/$BOOK/export       404  {$CSV, $EL, "exportAs": "x"}  Member x not found
admin  POST   /v2/workbooks/$BOOK/export       400  {$CSV, $EL, "rowLimit": 0}    rowLimit
admin  POST   /v2/workbooks/$BOOK/export       400  {$CSV, $EL, "offset": 0}      offset
admin  POST   /v2/workbooks/$BOOK/export       400  {$CSV, $EL, "resultsValidityTimeMs": 21600001}  resultsValidityTimeMs
admin  POST   /v2/workbooks/$BOOK/export       400  {$CSV, $EL, "parameters": {"a": 1}}  parameters.a
admin  POST   /v2/workbooks/$BOOK/export       400  {$CSV, $EL, "parameters": {"DateFilter": ""}}  parameters.DateFilter
admin  POST   /v2/workbooks/$BOOK/export       400  {$CSV, $EL, "parameters": {"DateFilter": "min:2024-04-16"}}  parameters.DateFilter
admin  POST   /v2/workbooks/$BOOK/export       400  {$CSV, $EL, "parameters": {"DateFilter": "min:16.04.2024,max:"}}  parameters.DateFilter
admin  POST   /v2/workbooks/$BOOK/export       400  {$CSV, $EL, "parameters": {"DateFilter": "min:2024-04-31,max:"}}  parameters.DateFilter
admin  POST   /v2/workbooks/$BOOK/export       400  {$CSV, $EL, "parameters": {"DateFilter": "max:2024-04-17,min:2024-04-16"}}  parameters.DateFilter
admin  POST   /v2/workbooks/$BOOK/schedules    400  {$WHEN, $MAIL, "target": []}  target
admin  POST   /v2/workbooks/$BOOK/schedules    400  {$WHEN, $MAIL}                target
admin  POST   /v2/workbooks/$BOOK/schedules    400  {$WHEN, $MAIL, "target": [{$AT}, {"email": "nobody"}]}  target.1.email
admin  POST   /v2/workbooks/$BOOK/schedules    400  {$MAIL, "target": [{$AT}], "schedule": {"cronSpec": "0 0 8 * * 1", "timezone": "Etc/UTC"}}  schedule.cronSpec
admin  POST   /v2/workbooks/$BOOK/schedules    400  {$WHEN, "target": [{$AT}]}    configV2
admin  POST   /v2/workbooks/$BOOK/schedules    400  {$WHEN, "target": [{$AT}], "configV2": {"title": "T", "messageBody": "M", "exportAttachments": [{"formatOptions": {"type": "EXCEL"}, "workbookExportSource": {"type": "all"}}]}}  XLSX
admin  POST   /v2/workbooks/$BOOK/send         400  {$LETTER, "targets": [], "attachments": [$FILE]}  targets
admin  POST   /v2/workbooks/$BOOK/send         400  {$LETTER, "targets": [{"type": "email", $AT}]}  attachments
admin  POST   /v2/workbooks/$BOOK/send         400  {$LETTER, "targets": [{"type": "email", "email": "nobody"}], "attachments": [$FILE]}  targets.0.email
admin  POST   /v2/workbooks/$BOOK/send         400  {$LETTER, "targets": [{"type": "email", $AT}], "attachments": [{"formatOptions": {"type": "XLSX"}, "source": {"type": "all"}}]}  EXCEL
admin  POST   /v2/workbooks/$BOOK/swapSources  400  {"sourceMapping": []}         connectionMapping
admin  POST   /v2/workbooks/$BOOK/swapSources  404  {"connectionMapping": [{"fromId": "$NONE", "toId": "$CONN"}]}  Connection $NONE
viewer POST   /v2/workbooks/$BOOK/schedules    403  {$WHEN, $MAIL, "target": [{$AT}]}  Admin
viewer POST   /v2/workbooks/$PRIVATE/send      403  {$LETTER, "targets": [{"type": "email", $AT}], "attachments": [$FILE]}  $PRIVATE
viewer GET    /v2/members/$MEMBER/schedules    403  -                             Admin
viewer POST   /v2/members                      403  {$NEW}                        Admin
viewer PATCH  /v2/members/$MEMBER              403  {"firstName": "X"}            Admin
viewer DELETE /v2/members/$MEMBER              403  -                             Admin
viewer GET    /v2/members/$MEMBER/teams        403  -                             Admin
viewer POST   /v2/teams                        403  {"name": "N"}                 Admin
viewer DELETE /v2/teams/$TEAM                  403  -                             Admin
viewer POST   /v2/files                        403  {"type": "folder", "name": "N"}  Admin
viewer DELETE /v2/files/$BOOK                  403  -                             Admin
viewer POST   /v2/user-attributes              403  {"name": "N"}                 Admin
viewer DELETE /v2/user-attributes/$ATTR        403  -                             Admin
viewer PATCH  /v2/teams/$TEAM/members          403  {"add": ["$VIEWER"]}          Admin
viewer POST   /v2/workspaces                   403  {"name": "X"}                 Admin
viewer POST   /v2/workspaces/$SPACE/grants     403  {"grants": []}                Admin
viewer POST   /v2/connections                  403  {"name": "X", "details": {"type": "mysql"}}  Admin
viewer POST   /v2/connections/$CONN/grants     403  {"grants": []}                Admin
viewer POST   /v2/connections/$CONN/sync       403  {"path": []}                  Admin
viewer POST   /v2/user-attributes/$ATTR/users  403  {"assignments": [$ONE]}       Admin
viewer PATCH  /v2/files/$BOOK                  403  {"ownerId": "$VIEWER"}        Admin
viewer POST   /v2/workbooks/tag                403  {"workbookId": "$BOOK", "tag": "QA"}  Admin
viewer POST   /v2/workbooks/$BOOK/restoreVersion  403  {"version": 1}                 Admin
viewer POST   /v2/workbooks/$BOOK/swapSources  403  {"connectionMapping": []}         Admin
viewer GET    /v2/workbooks/$PRIVATE/sources   403  -                             $PRIVATE
viewer GET    /v2/files/$PRIVATE               403  -                             $PRIVATE
viewer GET    /v2/workbooks?skipPermissionCheck=true   403  -                     Admin
viewer GET    /v2/dataModels?skipPermissionCheck=true  403  -                     Admin
viewer GET    /v2/reports?skipPermissionCheck=true     403  -                     Admin
viewer GET    /v2/grants?inodeId=$BOOK         403  -                             Admin
viewer POST   /v2/grants                       403  {"inodeId": "$BOOK", "permission": "view", "grantee": {$TO}}  Admin
viewer DELETE /v2/grants/$NONE                 403  -                             Admin
viewer DELETE /v2/connections/$CONN/grants/$NONE   403  -                         Admin
admin  DELETE /v2/grants/$NONE                 404  -                             Grant
admin  DELETE /v2/grants/x                     400  -                             grantId
admin  DELETE /v2/connections/$CONN/grants/$INHERITED  404  -                     Grant
admin  POST   /v2/grants                       400  {"inodeId": "$BOOK", "permission": "view", "grantee": {}}  grantee
admin  POST   /v2/grants                       400  {"inodeId": "$BOOK", "permission": "view", "grantee": {$TO, "teamId": "$TEAM"}}  grantee
admin  POST   /v2/grants                       400  {"inodeId": "$FOLDER", "permission": "usage", "grantee": {$TO}}  permission
admin  POST   /v2/grants                       404  {"inodeId": "$NONE", "permission": "view", "grantee": {$TO}}  inode
admin  POST   /v2/grants                       404  {"inodeId": "$BOOK", "permission": "view", "grantee": {"teamId": "$NONE"}}  Team
viewer GET    /v2/files/$TABLE                 403  -                             $TABLE
viewer GET    /v2/workbooks/$PRIVATE           403  -                             $PRIVATE
viewer GET    /v2/workbooks/$PRIVATE/columns   403  -                             $PRIVATE
viewer POST   /v2/workbooks/$PRIVATE/export    403  {$CSV, $EL}                   $PRIVATE
viewer POST   /v2/workbooks/$BOOK/copy         403  {"name": "N", "destinationFolderId": "$SPACE"}  Admin
viewer POST   /v2/workbooks/$BOOK/grants       403  {"grants": []}                Admin
viewer POST   /v2/workbooks/$BOOK/materializations     403  {"sheetId": "$SHEET"}  Admin
"""
NAMES = {
    "$HUNDRED": ", $ONE" * 100,
    "$NONE": make_uuid("nothing", 0),
    "$PRIVATE": make_uuid("workbook", 260),
    "$MEMBER": seed.DEMO_MEMBER_ID,
    "$ELEMENT": seed.DEMO_ELEMENT_ID,
    "$FOLDER": make_uuid("folder", 0),
    "$REPORT": make_uuid("report", 0),
    "$INHERITED": make_uuid("grant", (make_uuid("workspace", 0), seed.OWNER_ID, None)),
    "$VIEWER": seed.VIEWER_ID,
    "$OWNER": seed.OWNER_ID,
    "$GONE": seed.make_short_id("member", "left 0", 28),
    "$TEAM": seed.DEMO_TEAM_ID,
    "$SPACE": seed.DEMO_WORKSPACE_ID,
    "$CONN": seed.DEMO_CONNECTION_ID,
    "$MODEL": make_uuid("data model", 0),
    "$ATTR": seed.DEMO_USER_ATTRIBUTE_ID,
    "$TABLE": make_uuid("inode", (seed.DEMO_CONNECTION_ID, "RETAIL", "LOGISTICS", "RETURNS")),
    "$BOOK": seed.DEMO_WORKBOOK_ID,
    "$OTHER": seed.PAUSED_WORKBOOK_ID,
    "$SHEET": seed.DEMO_SHEET_ID,
    "$NEW": '"email": "n@example.com", "firstName": "N", "lastName": "M"',
    "$TO": f'"memberId": "{seed.DEMO_MEMBER_ID}"',
    "$ONE": f'{{"userId": "{seed.VIEWER_ID}", "value": {{"val": "E", "type": "string"}}}}',
    "$FLAKE": '"type": "snowflake", "account": "a", "user": "u", "password": "p"',
    "$CSV": '"format": {"type": "csv"}',
    "$WHEN": '"schedule": {"cronSpec": "0 8 * * 1", "timezone": "Etc/UTC"}',
    "$MAIL": '"configV2": {"title": "T", "messageBody": "M", "exportAttachments": []}',
    "$AT": '"email": "a@example.com"',
    "$LETTER": '"config": {"title": "T", "messageBody": "M"}',
    "$FILE": '{"formatOptions": {"type": "PDF"}, "source": {"type": "all"}}',
    "$EL": f'"elementId": "{seed.DEMO_ELEMENT_ID}"',
}


def test_a_refused_request_changes_nothing(api, viewer, sandbox):
    before = snapshot(sandbox.state.organization)
    for line in REFUSED.strip().splitlines():
        for name, value in NAMES.items():
            line = line.replace(name, value)
        who, method, path, status, rest = line.split(maxsplit=4)
        body = None
        if not rest.startswith("-"):
            body, end = json.JSONDecoder().raw_decode(rest)
            rest = rest[end:]
        client = viewer if who == "viewer" else api
        # Not json=body: requests can't send half of a character
        sent = {} if body is None else {"data": json.dumps(body).encode()}
        headers = {"Content-Type": "application/json"}
        answer = client(method, path, int(status), headers=headers, **sent)
        assert rest.lstrip("- ") in answer["message"], line
        assert status != "400" or answer["code"] == "invalid_request", line
        assert snapshot(sandbox.state.organization) == before, line


def test_a_refused_secret_is_not_logged(api, sandbox):
    details = {"type": "snowflake", "account": "a", "user": "u", "password": 1234567}
    refused = api("POST", "/v2/connections", 400, json={"name": "N", "details": details})
    assert "details.password" in refused["message"]
    assert "1234567" not in str(refused) + str(sandbox.state.log.entries[-1])
    nested = {**details, "type": [{"password": "hush-hush"}]}
    refused = api("POST", "/v2/connections", 400, json={"name": "N", "details": nested})
    assert "details.type" in refused["message"] and "hush-hush" not in str(refused)


def test_what_sigma_knows_needs_a_token_and_what_it_does_not_know_is_404(sandbox):
    session = requests.Session()
    for method, path in not_supported.operations():
        answer = session.request(method, sandbox.address + path.replace("*", "x"), timeout=5)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), path
    assert requests.get(f"{sandbox.address}/v2/reportz", timeout=5).status_code == 404
