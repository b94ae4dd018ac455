"""The contract test: requests and responses are as Sigma describes them.

Set SIGMA_OPENAPI to a contract file. Sigma offers one for download in its API reference
("Download the Sigma OpenAPI Definitions").
"""

import json
import os
import re
from pathlib import Path

import pytest
import requests

from sandbox import seed
from sandbox.organization import make_short_id, make_uuid
from sandbox.resources.not_supported import operations
from sandbox.server import Server
from tests.conftest import fresh
from tests.support.contract import Contract, Exchange, Recorder
from tests.support.recipes import SENDERS, endpoints

FILE = os.environ.get("SIGMA_OPENAPI", "")
needs_file = pytest.mark.skipif(
    not FILE,
    reason="set SIGMA_OPENAPI to the file that 'Download the Sigma OpenAPI Definitions' in"
    " Sigma's API reference gives you",
)


@pytest.fixture(scope="session")
def contract():
    """The contract that SIGMA_OPENAPI names."""
    if not Path(FILE).is_file():
        pytest.fail(f"SIGMA_OPENAPI does not name a file: {FILE}")
    return Contract.load(FILE)


@pytest.fixture(scope="session")
def recorder():
    """Keeps what goes over the wire."""
    return Recorder()


@pytest.fixture(scope="session")
def recorded_server(recorder):
    """A sandbox of its own, with the recorder in front."""
    with Server(wrap=recorder.wrap) as server:
        yield server


@pytest.fixture(params=[False, True], ids=["pages", "bare-lists"])
def recorded(request, recorded_server, recorder):
    """The recorded sandbox as it is on start, in both list forms."""
    recorder.exchanges.clear()
    return fresh(recorded_server, members=20, workbooks=20, bare_lists=request.param, polls=0)


def violations(contract, recorder):
    assert recorder.exchanges
    return [problem for exchange in recorder.exchanges for problem in contract.violations(exchange)]


# The ways through a recipe: by default, with its changes (twice: what exists already), and refused
WAYS = [
    {},
    *[
        {"DRY_RUN": "false", "UNIQUE_EMAIL": "false", "SEND_INVITE": "false", "LIMIT": "7"}
        | {"ALL_WORKBOOKS": "true", "GRANT_TO": "team", "MEMBER_EMAILS": "emails"}
        | {"EXPORT_SCOPE": "element", "EXPORT_FORMAT": "csv", "USER_NAME_PATTERN": "^(dana|elif)"}
        | {
            "TEAM_EMAILS": "emails",
            "ALLOW_LARGE_CHANGE": "true",
            "RESTORE_VERSION": "4",
            "TAG_SWAP": "true",
            "REVIEW_OF": "member",
            "TABLE_PATH": "[]",
        }
    ]
    * 2,
    {"MEMBERID": "nobody", "NEW_MEMBER_TYPE": "Emperor", "NEW_OWNER_EMAIL": "", "DRY_RUN": "false"}
    | {"EXPORT_SCOPE": "page", "EXPORT_FORMAT": "png", "USER_ATTRIBUTE": "region"},
    {"MEMBERID": "", "EMAIL": "gone1@example.com", "REVIEW_OF": "workbook"}
    | {"OWNER_EMAIL": "ada@example.com"},
    {"SECRET": "wrong"},
]


@pytest.mark.slow
@needs_file
@pytest.mark.parametrize("recipe", SENDERS)
@pytest.mark.parametrize("recorded", [pytest.param(False, id="pages")], indirect=True)
def test_no_recipe_violates_the_contract(
    recipe, recorded, recorder, contract, call_recipe, tmp_path
):
    (tmp_path / "emails").write_text("new@example.com, dana.varga@example.com", encoding="utf-8")
    changes = {method for method, _ in endpoints(recipe)} != {"GET"}
    ways = [way for n, way in enumerate(WAYS) if changes or way not in WAYS[:n]]  # reports once
    codes = [call_recipe(recipe, address=recorded.address, **way).returncode for way in ways]
    assert codes[0] == 0
    assert violations(contract, recorder) == []


# A request for every operation of the sandbox: what is sent, besides the path
SWAP = {"fromId": seed.DEMO_CONNECTION_ID, "toId": seed.STAGING_CONNECTION_ID, "paths": []}
MODEL_ID = make_uuid("data model", 0)
BODIES = {
    "tagWorkbook": {"json": {"workbookId": seed.DEMO_WORKBOOK_ID, "tag": "QA", "isDefault": True}},
    "restoreWorkbookVersion": {"json": {"version": 1}},
    "sourceSwapWorkbook": {"json": {"connectionMapping": [{**SWAP, "swapTables": True}]}},
    "createCredentials": {"json": {"ownerId": seed.VIEWER_ID, "name": "N", "scopes": ["embed"]}},
    "createMember": {"json": {"email": "b@example.com", "firstName": "B", "lastName": "B"}},
    "revokeMemberTokens": {"json": {}},
    "updateMember": {"json": {"firstName": "Other", "isArchived": True}},
    "updateTeamMembers": {"json": {"add": [seed.VIEWER_ID], "remove": [seed.VIEWER_ID]}},
    "createWorkspace": {"json": {"name": "Shared Reports", "noDuplicates": True}},
    "createTeam": {"json": {"name": "T", "members": [seed.VIEWER_ID], "visibility": "public"}},
    "updateTeam": {"json": {"description": "D"}},
    "filesCreate": {"json": {"type": "folder", "name": "F", "description": "D"}},
    "createUserAttribute": {"json": {"name": "N", "defaultValue": {"val": "x", "type": "string"}}},
    "createWorkspaceGrant": {
        "json": {"grants": [{"grantee": {"memberId": seed.VIEWER_ID}, "permission": "edit"}]}
    },
    "createConnectionGrant": {
        "json": {"grants": [{"grantee": {"teamId": seed.DEMO_TEAM_ID}, "permission": "annotate"}]}
    },
    "listMembers": {"params": {"email": "ada@example.com", "includeArchived": "true"}},
    "listAccountTypes": {"params": {"pageSize": "3"}},
    "listWorkspaces": {"params": {"exactName": "Finance"}},
    "listAccessibleInodes": {"params": {"typeFilters": "workspace", "limit": "5"}},
    "createGrant": {
        "json": {
            "inodeId": seed.DEMO_WORKBOOK_ID,
            "grantee": {"teamId": seed.DEMO_TEAM_ID},
            "permission": "view",
        }
    },
    "listGrants": {"params": {"inodeId": make_uuid("data model", 0)}},
    "listWorkbooks": {"params": {"skipPermissionCheck": "true"}},
    "copyWorkbook": {
        "json": {"destinationFolderId": seed.DEMO_WORKSPACE_ID, "name": "C", "description": "D"}
    },
    "createWorkbookGrant": {
        "json": {"grants": [{"grantee": {"memberId": seed.VIEWER_ID}, "permission": "explore"}]}
    },
    "materializeDataModelElement": {
        "json": {"sheetId": make_short_id("sheet", make_short_id("element", MODEL_ID, 10), 10)}
    },
    "materializeWorkbookElement": {"json": {"sheetId": seed.DEMO_SHEET_ID}},
    "filesList": {"params": {"typeFilters": "workbook", "parentId": seed.DEMO_WORKSPACE_ID}},
    "filesUpdate": {"json": {"ownerId": seed.VIEWER_ID, "description": "D"}},
    "createConnection": {
        "json": {
            "name": "New",
            "details": {"type": "snowflake", "account": "a", "user": "u", "password": "p"},
        }
    },
    "lookupConnection": {"json": {"path": ["RETAIL", "LOGISTICS", "RETURNS"]}},
    "syncConnectionPath": {"json": {"path": ["RETAIL", "LOGISTICS"]}},
    "listUserAttributes": {"params": {"name": "region"}},
    "setUserAttributeForUsers": {
        "json": {
            "assignments": [
                {"userId": seed.DEMO_MEMBER_ID, "value": {"val": "East", "type": "string"}}
            ]
        }
    },
    "updateWorkbookSchedule": {"json": {"suspensionAction": "pause"}},
    "postWorkbookSchedule": {
        "json": {
            "target": [{"email": "b@example.com"}],
            "schedule": {"cronSpec": "0 8 * * 1", "timezone": "Etc/UTC"},
            "configV2": {
                "title": "T",
                "messageBody": "M",
                "exportAttachments": [
                    {
                        "formatOptions": {"type": "XLSX"},
                        "workbookExportSource": {"type": "page", "pageIds": [seed.DEMO_PAGE_ID]},
                    }
                ],
                "exportName": "E",
            },
        }
    },
    "sendWorkbook": {
        "json": {
            "targets": [{"type": "email", "email": "b@example.com"}],
            "config": {"title": "T", "messageBody": "M"},
            "attachments": [{"formatOptions": {"type": "EXCEL"}, "source": {"type": "all"}}],
        }
    },
    "exportWorkbook": {
        "json": {
            "elementId": seed.DEMO_ELEMENT_ID,
            "format": {"type": "csv"},
            "parameters": {"DateFilter": "min:2024-04-16,max:2024-04-17"},
        }
    },
}
IDS = {
    "memberId": seed.DEMO_MEMBER_ID,
    "clientId": seed.LEAVER_CLIENT_ID,
    "teamId": seed.DEMO_TEAM_ID,
    "workspaceId": seed.DEMO_WORKSPACE_ID,
    "connectionId": seed.DEMO_CONNECTION_ID,
    "inodeId": seed.DEMO_WORKBOOK_ID,
    "tableId": make_uuid("inode", (seed.DEMO_CONNECTION_ID, "RETAIL", "LOGISTICS", "RETURNS")),
    "workbookId": seed.DEMO_WORKBOOK_ID,
    "pageId": seed.DEMO_PAGE_ID,
    "elementId": seed.DEMO_ELEMENT_ID,
    # Of the first job of a workbook
    "materializationId": make_uuid("materialization", (seed.DEMO_WORKBOOK_ID, 0)),
    "userAttributeId": seed.DEMO_USER_ATTRIBUTE_ID,
    "dataModelId": MODEL_ID,
    "grantId": make_uuid("grant", (MODEL_ID, None, make_uuid("team", "Engineering"))),
    "reportId": make_uuid("report", 0),
    "scheduleId": make_uuid("scheduled export", (seed.DEMO_WORKBOOK_ID, 0)),
    "queryId": make_short_id("query", 1, 22),  # of the first export
}

# What an operation leaves for another one: the ID in the path of the latter
LEFT = {
    "getDataModelMaterialization": make_uuid("materialization", (MODEL_ID, 0)),
    "deleteConnectionGrant": make_uuid("grant", (seed.DEMO_CONNECTION_ID, None, seed.DEMO_TEAM_ID)),
}


def served(server):
    """Return {operation ID: (method, path, operation)} of what the sandbox describes."""
    description = requests.get(f"{server.address}/openapi.json", timeout=10).json()
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
        if path.startswith("/v2")
    }


def call(server, method, path, **sent):
    token = server.state.organization.tokens and next(iter(server.state.organization.tokens))
    if not token:
        form = {"grant_type": "client_credentials"}
        basic = (seed.CLIENT_ID, seed.SECRET)
        url = f"{server.address}/v2/auth/token"
        token = requests.post(url, data=form, auth=basic, timeout=10).json()["access_token"]
    path = path.replace("paths/{inodeId}", "paths/{tableId}")
    url = server.address + path.format(**IDS)
    headers = {"Authorization": f"Bearer {token}", **sent.pop("headers", {})}
    return requests.request(method, url, headers=headers, timeout=10, **sent)


@pytest.mark.slow
@needs_file
def test_no_operation_of_the_sandbox_violates_the_contract(recorded, recorder, contract):
    operations = served(recorded)
    assert BODIES.keys() <= operations.keys()
    del operations["postToken"]  # call() asks for the token
    # The DELETE requests come last, those with the longest paths first
    deletes = [name for name, (method, *_) in operations.items() if method == "DELETE"]
    for name in sorted(deletes, key=lambda name: -operations[name][1].count("/")):
        operations[name] = operations.pop(name)
    for name, (method, path, _) in operations.items():
        if name in LEFT:
            path = re.sub(r"\{(grant|materialization)Id\}", LEFT[name], path)
        response = call(recorded, method, path, **BODIES.get(name, {}))
        while response.status_code == 204:  # a download that is not ready
            response = call(recorded, method, path)
        assert response.status_code in (200, 201), f"{name}: {response.text}"
    assert violations(contract, recorder) == []

    recorder.exchanges.clear()
    for method, path, _ in operations.values():
        call(recorded, method, path.replace("Id}", "Id}x"))
        call(recorded, method, path, params={"limit": "many"}, json={"grants": 1, "email": 2})
        call(recorded, method, path, data="{", headers={"Content-Type": "application/json"})
    assert {e.status for e in recorder.exchanges} == {200, 400, 404}
    assert [v for v in violations(contract, recorder) if ": response " in v] == []


@needs_file
def test_the_description_of_the_sandbox_follows_the_contract(recorded, contract):
    for name, (method, path, operation) in served(recorded).items():
        _, agreed = contract.find(method, path)
        assert agreed is not None, f"{method} {path}"
        assert (name, operation["summary"]) == (agreed["operationId"], agreed["summary"])
        names = {p["name"] for p in operation.get("parameters", [])}
        assert names == {p["name"] for p in agreed.get("parameters", [])}, name


@needs_file
def test_what_the_sandbox_lacks_is_listed(contract, recorded):
    known = {
        (method.upper(), re.sub(r"\{\w+\}", "*", path))
        for path, described in contract.spec["paths"].items()
        for method in described
        if method in ("get", "post", "put", "patch", "delete")
    }
    here = {
        (method, re.sub(r"\{\w+\}", "*", path)) for method, path, _ in served(recorded).values()
    }
    lacking = set(operations())
    assert here.isdisjoint(lacking)
    assert known <= here | lacking
    if len(known) > 200:  # Sigma also offers a shorter file
        assert known == here | lacking
    for method, path in lacking:
        answer = call(recorded, method, path.replace("*", "x"))
        assert answer.status_code == 501, path
        assert "The sandbox does not support" in answer.json()["message"]


# --- The checks themselves. They need no file, and they must be able to fail. ---

SPEC = {
    "security": [{"oauth2": []}],
    "paths": {
        "/v2/things/{thingId}": {
            "post": {
                "parameters": [
                    {"name": "thingId", "in": "path", "required": True},
                    {"name": "limit", "in": "query", "schema": {"type": "number"}},
                ],
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "allOf": [
                                    {"required": ["a"], "properties": {"a": {"type": "string"}}},
                                    # Overlapping branches, as in Sigma's file
                                    {
                                        "oneOf": [
                                            {"properties": {"b": {"enum": ["x", "y"]}}},
                                            {"properties": {"b": {"enum": ["y", "z"]}}},
                                        ]
                                    },
                                ]
                            }
                        }
                    }
                },
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "array",
                                    "items": {"$ref": "#components/schemas/Row"},
                                }
                            }
                        }
                    },
                    "default": {"content": {"application/json": {"schema": {"type": "object"}}}},
                },
            }
        },
        "/v2/query/{queryId}/download": {
            "get": {
                "parameters": [{"name": "queryId", "in": "path", "required": True}],
                "responses": {"200": {"content": {"application/json": {"schema": {}}}}},
            }
        },
    },
    "components": {
        "schemas": {
            "Row": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string"},
                    "at": {"type": "string", "format": "date-time"},
                },
            }
        }
    },
}


def problems(**changes):
    """Return the violations of a good exchange with changes."""
    good = {
        "method": "POST",
        "path": "/v2/things/t-1",
        "query": "limit=5",
        "headers": {"authorization": "Bearer x", "content-type": "application/json"},
        "body": b'{"a": "text", "b": "y"}',
        "status": 200,
        "response_headers": {"content-type": "application/json; charset=utf-8"},
        "response": b'[{"id": "1", "at": "2024-05-02T09:14:00.000Z"}]',
    }
    return list(Contract(json.dumps(SPEC)).violations(Exchange(**{**good, **changes})))


def test_a_good_exchange_violates_nothing():
    assert problems() == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"path": "/v2/other"}, "no such operation"),
        ({"method": "GET"}, "no such operation"),
        ({"headers": {"content-type": "application/json"}}, "no Authorization"),
        ({"query": "limt=5"}, "query parameter limt is not declared"),
        ({"query": "limit=undefined"}, "query parameter limit=['undefined'] does not fit"),
        ({"query": "limit=1&limit=2"}, "query parameter limit=['1', '2'] does not fit"),
        ({"path": "/v2/things/undefined"}, "path parameter thingId has no value"),
        ({"body": b'{"a": "text", "c": 1}'}, "'c' was unexpected"),
        ({"body": b'{"b": "x"}'}, "'a' is a required property"),
        ({"body": b'{"a": 1}'}, "1 is not of type 'string'"),
        ({"body": b'{"a": "text", "b": "w"}'}, "is not valid under any of the given schemas"),
        ({"body": b"{"}, "request: the body is not JSON"),
        ({"body": b"", "headers": {"authorization": "Bearer x"}}, "the body is missing"),
        ({"status": 201}, "response 201: only 200, default are declared"),
        ({"status": 404, "response": b"[]"}, "[] is not of type 'object'"),
        ({"response": b'[{"id": "1", "x": 1}]'}, "'x' was unexpected"),
        ({"response": b"[{}]"}, "'id' is a required property"),
        ({"response": b'[{"id": null}]'}, "None is not of type 'string'"),
        ({"response": b'[{"id": "1", "at": "2024-05-02"}]'}, "'2024-05-02' is not a 'date-time'"),
        ({"response": b"[{"}, "the body is not JSON"),
        ({"response_headers": {"content-type": "text/html"}}, "the body is text/html"),
    ],
)
def test_every_sort_of_violation_is_found(changes, problem):
    assert len(found := problems(**changes)) >= 1
    assert any(problem in text for text in found), found


def test_overlapping_branches_are_no_violation():
    for value in "xyz":
        assert problems(body=json.dumps({"a": "t", "b": value}).encode()) == []


def test_what_is_exempt():
    fault = {"content-type": "text/html", "x-sandbox-fault": "html"}
    assert problems(response_headers=fault, response=b"<html>") == []
    download = {"method": "GET", "path": "/v2/query/q/download", "query": "", "body": b""}
    for status in (200, 204):
        assert problems(**download, status=status, response=b"%PDF") == []
    assert problems(**download, status=202) != []
