"""Tests of audit/find_dependents.py."""

import json

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from audit.find_dependents import main
from sandbox import seed
from sigma_client import SigmaError
from tests.conftest import BASE_URL, fresh

RECIPE = "audit/find_dependents.py"
ORDERS = ["RETAIL", "PLUGS", "ORDERS"]
EVERYTHING = {"skipPermissionCheck": "true", "excludeTags": "true"}
OTHER_SQL = {"type": "custom-sql", "connectionId": "c-2", "definition": "select 1 from ORDERS"}
DATASET = {"type": "dataset", "inodeId": "d-1", "url": "u"}
REFUSED = {"status": 403, "json": {"message": "No rights"}}


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "json")
    monkeypatch.setenv("CONNECTIONID", "C-1")
    monkeypatch.setenv("TABLE_PATH", json.dumps(ORDERS))


def answer(sigma, path, *entries, **query):
    match = [query_param_matcher(query)]
    body = {"entries": list(entries), "nextPage": None}
    sigma.get(f"{BASE_URL}{path}", match=match, json=body)


def look_up(sigma, path=ORDERS, kind="table", **refusal):
    # The setting is spelled in another way than the ID in Sigma's responses
    sigma.get(f"{BASE_URL}/connections/C-1", json={"connectionId": "c-1", "name": "Snow\nflake"})
    match = [json_params_matcher({"path": path})]
    found = refusal or {"json": {"kind": kind, "inodeId": "short", "url": "u"}}
    sigma.post(f"{BASE_URL}/connection/C-1/lookup", match=match, **found)


def organization(sigma, **documents):
    """Let Sigma respond with documents whose IDs begin with w, r or m, and with their sources."""
    books, reports, models = ([key for key in documents if key[0] == kind] for kind in "wrm")
    books = [{"workbookId": key, "name": f"Name {key}", "ownerId": "u-9"} for key in books]
    books[:1] = [{**book, "ownerId": "u-1"} for book in books[:1]]
    reports = [{"reportId": key, "name": f"Name {key}"} for key in reports]
    models = [{"dataModelId": key, "name": f"Name {key}"} for key in models]
    answer(sigma, "/workbooks", *books, limit=1000, excludeExplorations="true", **EVERYTHING)
    answer(sigma, "/reports", *reports, limit=1000, **EVERYTHING)
    answer(sigma, "/dataModels", *models, limit=1000, **EVERYTHING)
    for key, sources in documents.items():
        kind = {"w": "workbooks", "r": "reports", "m": "dataModels"}[key[0]]
        if isinstance(sources, dict):
            sigma.get(f"{BASE_URL}/{kind}/{key}/sources", **sources)
        elif kind == "dataModels":
            answer(sigma, f"/dataModels/{key}/sources", *sources, pageSize=1000)
        else:  # a list without pages, which takes no query
            match = [query_param_matcher({})]
            sigma.get(f"{BASE_URL}/{kind}/{key}/sources", match=match, json=sources)
    members = [{"memberId": "u-1", "email": "ada@example.com"}]
    everyone = {"includeArchived": "true", "includeInactive": "true"}
    answer(sigma, "/members", *members, limit=1000, **everyone)


def tables(sigma, **paths):
    for key, path in paths.items():
        place = {"connectionId": "c-1", "path": path}
        sigma.get(f"{BASE_URL}/connections/paths/{key}", json=place)


def table(key):
    return {"type": "table", "inodeId": key}


def model(key):
    return {"type": "data-model", "dataModelId": key, "elementIds": ["e"]}


def sql(text="select 1"):
    return {"type": "custom-sql", "connectionId": "c-1", "definition": text, "customSqlId": "s"}


def printed(capsys):
    return [(row["name"][-2:], row["reads"]) for row in json.loads(capsys.readouterr().out)]


def test_finds_readers_of_the_table_and_of_the_data_models_above_it(sigma, capsys):
    look_up(sigma)
    organization(
        sigma,
        w1=[table("t1"), table("t2")],
        w2=[table("t3"), model("m2")],
        w3=[table("t2"), table("t4"), OTHER_SQL],
        r1=[table("short")],  # the same table, by its other ID
        m1=[{"type": "table", "tableId": "t1"}],
        m2=[model("m1")],
        m3=[{"type": "table", "tableId": "t2"}],
    )
    # Each table is looked up once
    tables(sigma, t1=ORDERS, short=ORDERS, t2=["RETAIL", "PLUGS", "ORDER"], t3=ORDERS[:2])
    elsewhere = {"connectionId": "c-2", "path": ORDERS}
    sigma.get(f"{BASE_URL}/connections/paths/t4", json=elsewhere)
    main()
    out, trace = capsys.readouterr()
    found = json.loads(out)
    assert "Snow flake.RETAIL.PLUGS.ORDERS: 5" in trace.splitlines()[-1]
    assert [row["owner"] for row in found] == [None, None, None, "ada@example.com", "u-9"]
    assert [(row["name"][-2:], row["reads"]) for row in found] == [
        ("m1", "table RETAIL.PLUGS.ORDERS"),
        ("m2", "data model Name m1"),
        ("r1", "table RETAIL.PLUGS.ORDERS"),
        ("w1", "table RETAIL.PLUGS.ORDERS"),
        ("w2", "data model Name m2"),
    ]


def test_a_path_in_another_case_is_a_maybe(sigma, capsys):
    look_up(sigma)  # names are case-sensitive, but it isn't known if this request is as strict
    organization(sigma, w1=[table("t1")], w2=[model("m1")], m1=[{"type": "table", "tableId": "t1"}])
    tables(sigma, t1=["RETAIL", "PLUGS", "orders"])
    main()
    assert printed(capsys) == [
        ("m1", "table RETAIL.PLUGS.orders: maybe"),
        ("w1", "table RETAIL.PLUGS.orders: maybe"),
        ("w2", "data model Name m1: maybe"),
    ]


def test_data_models_in_a_circle(sigma, capsys):
    look_up(sigma)
    organization(sigma, m1=[model("m2"), table("t1")], m2=[model("m1")], m3=[model("m3")])
    tables(sigma, t1=ORDERS)
    main()
    assert printed(capsys) == [
        ("m1", "data model Name m2"),
        ("m1", "table RETAIL.PLUGS.ORDERS"),
        ("m2", "data model Name m1"),
    ]


def test_what_cannot_be_told_is_a_maybe(sigma, capsys):
    look_up(sigma)
    unread = model("archived")  # no list has it
    organization(
        sigma,
        w1=[sql("Select * From Retail.Plugs.Orders"), sql(), DATASET],
        w2=[unread, {**sql(), "connectionId": None}],
        w3=[model("m1")],
        m1=[sql(), {"type": "dataset", "datasetId": "d-2"}],
    )
    main()
    assert printed(capsys) == [
        ("m1", "custom SQL: maybe"),
        ("m1", "dataset d-2: maybe"),
        ("w1", "custom SQL that contains ORDERS: maybe"),
        ("w1", "custom SQL: maybe"),
        ("w1", "dataset d-1: maybe"),
        ("w2", "custom sql: maybe"),
        ("w2", "data model archived: maybe"),
        ("w3", "data model Name m1: maybe"),
    ]


def test_a_schema_and_the_whole_connection_have_all_tables_below(sigma, capsys, monkeypatch):
    monkeypatch.setenv("TABLE_PATH", '["RETAIL", "PLUGS"]')
    documents = {"w1": [table("t1"), sql()], "w2": [table("t2")]}
    look_up(sigma, ORDERS[:2], kind="scope")
    organization(sigma, **documents)
    tables(sigma, t1=ORDERS, t2=["RETAIL", "PLUGS 2", "ORDERS"])
    main()
    orders = ("w1", "table RETAIL.PLUGS.ORDERS")
    assert printed(capsys) == [("w1", "custom SQL: maybe"), orders]

    monkeypatch.setenv("TABLE_PATH", "")  # then there is nothing to look up
    main_again = [("w1", "custom SQL"), orders, ("w2", "table RETAIL.PLUGS 2.ORDERS")]
    main()
    assert printed(capsys) == main_again


def test_what_cannot_be_read_is_named_and_is_no_proof(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "table")
    look_up(sigma)
    organization(sigma, w1=REFUSED, w2=[table("t1")], w3=[model("m1")], m1=REFUSED)
    sigma.get(f"{BASE_URL}/connections/paths/t1", status=400, json={"message": "Not a table"})
    with pytest.raises(SigmaError, match="Not complete.*: 3"):
        main()
    out, trace = capsys.readouterr()
    assert [line.split()[2] for line in out.splitlines()[2:]] == ["w2", "w3"]
    assert out.count(": maybe") == 2
    assert "Dependents" not in out  # no total
    for name in ("Name w1: 403", "Name m1: 403", "table t1: 400"):
        assert f"Failed: {name}" in trace


def test_no_dependents_is_only_said_if_all_was_read(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "table")
    look_up(sigma)
    organization(sigma, w1=REFUSED)
    with pytest.raises(SigmaError, match="Not complete"):
        main()
    out, trace = capsys.readouterr()
    assert "ependents" not in out
    assert "Failed: Name w1" in trace


def test_no_dependents(sigma, capsys, monkeypatch):
    monkeypatch.setenv("OUTPUT_FORMAT", "table")
    look_up(sigma)
    organization(sigma, w1=[])
    main()
    assert "Snow flake.RETAIL.PLUGS.ORDERS: 0" in capsys.readouterr().out


@pytest.mark.parametrize("status", [400, 404])
def test_an_unknown_path_or_connection_is_explained(status, sigma):
    look_up(sigma, status=status, json={"message": "Not found", "requestId": "r-1"})
    with pytest.raises(SigmaError, match=r"r-1.*CONNECTIONID.*TABLE_PATH"):
        main()


def test_what_no_list_of_sources_has_is_refused(sigma):
    look_up(sigma, kind="semanticView")
    with pytest.raises(SigmaError, match="semanticView"):
        main()


@pytest.mark.parametrize("path", ["RETAIL", '["a","b","c","d"]', '["a",1]', '[""]', '"a"', "{}"])
def test_refuses_what_is_not_a_path(path, monkeypatch):
    monkeypatch.setenv("TABLE_PATH", path)
    with pytest.raises(SigmaError, match="TABLE_PATH"):
        main()


def test_every_kind_of_document_in_the_sandbox(call_recipe, sandbox):
    fresh(sandbox, members=30, workbooks=40, latency=0.005)
    done = call_recipe(RECIPE)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {row["type"] for row in found} == {"workbook", "report", "dataModel"}
    demo = [row["reads"] for row in found if row.get("workbookId") == seed.DEMO_WORKBOOK_ID]
    assert demo == [
        "custom SQL that contains ORDERS: maybe",
        "data model Plugs Orders",
        "table RETAIL.PLUGS_ELECTRONICS.ORDERS",
    ]
    organization, log = sandbox.state.organization, sandbox.state.log.entries
    read = [entry for entry in log if entry.path.endswith("/sources")]
    documents = (organization.workbooks, organization.reports, organization.data_models)
    assert len(read) == sum(map(len, documents))
    assert 1 < max(entry.atOnce for entry in read) <= 5
    paths = [entry.path for entry in log if "/connections/paths/" in entry.path]
    assert len(paths) == len(set(paths))


def test_a_table_that_nothing_reads(call_recipe, sandbox):
    fresh(sandbox, members=30, workbooks=40)
    path = '["PEOPLE","HEADCOUNT","DEPARTMENTS"]'
    done = call_recipe(RECIPE, TABLE_PATH=path, OUTPUT_FORMAT="table")
    assert done.returncode == 0, done.stderr
    reads = {line.rstrip()[-7:] for line in done.stdout.splitlines()[2:-1]}
    assert reads == {": maybe"}  # custom SQL and a dataset


def test_an_unknown_table(call_recipe):
    done = call_recipe(RECIPE, TABLE_PATH='["RETAIL","PLUGS_ELECTRONICS","orders"]')
    assert done.returncode == 1
    assert "TABLE_PATH" in done.stderr
