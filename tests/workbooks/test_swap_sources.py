"""Tests of workbooks/swap_sources.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from sandbox import seed
from sandbox.faults import Fault
from sigma_client import SigmaError
from tests.conftest import BASE_URL
from workbooks.swap_sources import main

RECIPE = "workbooks/swap_sources.py"
BOOK = {"workbookId": "w-1", "name": "Sales", "latestVersion": 3}
PATHS = {  # of tables, by inodeId
    "i-old": ("c-old", ["DB", "S", "ORDERS"]),
    "i-new": ("c-new", ["DB", "S", "ORDERS"]),
    "i-third": ("c-other", ["DB", "S", "ORDERS"]),
    "i-other": ("c-other", ["DB", "S", "OTHER"]),
}
OLD, NEW, THIRD, OTHER = ({"type": "table", "inodeId": key} for key in PATHS)
SQL = {
    "type": "custom-sql",
    "connectionId": "c-old",
    "customSqlId": "q-1",
    "definition": "select\n1",
}
NEW_SQL = {**SQL, "connectionId": "c-new"}
MODEL = {"type": "data-model", "dataModelId": "d-1", "elementIds": ["e-1"]}
DONE = {"unswappedSources": [], "unswappedConnections": []}


@pytest.fixture
def settings(monkeypatch):
    def use(**values):
        defaults = {"SWAP_FROM_CONNECTIONID": "c-old", "SWAP_TO_CONNECTIONID": "c-new"}
        for name, value in {
            "WORKBOOK_ID": "url-1",
            "DRY_RUN": "false",
            **defaults,
            **values,
        }.items():
            monkeypatch.setenv(name, value)

    use()
    return use


def page(*entries, following=None):
    return {"entries": list(entries), "nextPage": following}


def reads_connections(sigma):
    sigma.get(f"{BASE_URL}/workbooks/url-1", json=BOOK)
    old, new = ({"connectionId": key, "name": key.upper()} for key in ("c-old", "c-new"))
    sigma.get(f"{BASE_URL}/connections", json=page(old, following="2"))
    sigma.get(f"{BASE_URL}/connections", json=page(new))


def reads(sigma, *sources):
    """Add the sources of the workbook, and the path of each table once."""
    url = f"{BASE_URL}/workbooks/w-1/sources"
    sigma.get(url, match=[query_param_matcher({})], json=list(sources))
    for key in {source["inodeId"] for source in sources if source["type"] == "table"}:
        place = {"connectionId": PATHS[key][0], "path": PATHS[key][1]}
        sigma.get(f"{BASE_URL}/connections/paths/{key}", json=place)


def looked_up(sigma, status=200):
    body = json_params_matcher({"path": PATHS["i-old"][1]})
    url = f"{BASE_URL}/connection/c-new/lookup"
    sigma.post(url, match=[body], status=status, json={"kind": "table", "inodeId": "i-1"})


def swapped(sigma, answer, *sources):
    mapping = {"fromId": "c-old", "toId": "c-new", "swapTables": True}
    body = json_params_matcher({"connectionMapping": [mapping]})
    sigma.post(f"{BASE_URL}/workbooks/w-1/swapSources", match=[body], json=answer)
    reads(sigma, *sources)
    sigma.get(f"{BASE_URL}/workbooks/w-1", json={**BOOK, "latestVersion": 4})


def test_swaps_tables_and_custom_sql(settings, sigma, capsys):
    reads_connections(sigma)
    reads(sigma, OLD, OTHER, SQL, MODEL, OLD)
    sigma.get(f"{BASE_URL}/dataModels", json=page({"dataModelId": "d-1", "name": "The\nmodel"}))
    looked_up(sigma)
    # The lists can also have what isn't in the plan
    answer = {"unswappedSources": ["i-other", "d-1"], "unswappedConnections": ["c-other"]}
    swapped(sigma, answer, NEW, OTHER, NEW_SQL, MODEL)
    main()
    out = capsys.readouterr().out
    assert out.count("To swap:") == 2
    assert "To swap:   table DB.S.ORDERS\n" in out
    assert "To swap:   custom-sql select 1\n" in out
    assert "Unchanged: data-model The model\n" in out
    assert "Unchanged: table DB.S.OTHER\n" in out
    assert "3 before, 4 now" in out
    assert out.endswith("successfully: 2 sources\n")


def test_a_dry_run_only_looks(settings, sigma):
    settings(DRY_RUN="true")
    reads_connections(sigma)
    reads(sigma, OLD, SQL)
    looked_up(sigma)
    main()  # the fixture has no response to the swap


@pytest.mark.parametrize("sources", [[], [OTHER, NEW_SQL]])
def test_nothing_to_swap_is_no_failure(sources, settings, sigma, capsys):
    reads_connections(sigma)
    reads(sigma, *sources)
    main()
    assert "successfully" not in capsys.readouterr().out


@pytest.mark.parametrize("dry_run", ["true", "false"])
@pytest.mark.parametrize(
    ("status", "line", "problem"),
    [
        (400, "Missing:   table DB.S.ORDERS\n", "Missing tables: 1"),
        (404, "Missing:   table DB.S.ORDERS\n", "Missing tables: 1"),
        (403, "Failed: table DB.S.ORDERS: 403 ", "Not complete"),
    ],
)
def test_a_table_that_the_new_connection_lacks(
    dry_run, status, line, problem, settings, sigma, capsys
):
    settings(DRY_RUN=dry_run)
    reads_connections(sigma)
    reads(sigma, OLD, SQL)
    looked_up(sigma, status)
    with pytest.raises(SigmaError, match=problem):
        main()
    assert line in "".join(capsys.readouterr())


@pytest.mark.parametrize("dry_run", ["true", "false"])
@pytest.mark.parametrize("sources", [[SQL, OLD], [OLD]])
def test_a_table_without_a_path_stops_the_swap(sources, dry_run, settings, sigma, capsys):
    settings(DRY_RUN=dry_run)
    reads_connections(sigma)
    reads(sigma, *sources)
    sigma.replace("GET", f"{BASE_URL}/connections/paths/i-old", status=404, json={})
    with pytest.raises(SigmaError, match="Not complete"):
        main()
    assert "DRY_RUN=false" not in capsys.readouterr().out  # no plan to apply


TABLE, QUERY = "table DB.S.ORDERS", "custom-sql select 1"


@pytest.mark.parametrize(
    ("answer", "after", "left"),
    [
        # 200 with these lists is how Sigma tells a failure
        ({**DONE, "unswappedSources": ["i-old"]}, [NEW, NEW_SQL], [TABLE]),
        ({**DONE, "unswappedConnections": ["c-old"]}, [NEW, NEW_SQL], [QUERY]),
        # The sources tell something else than the response
        (DONE, [OLD, SQL], [QUERY, TABLE]),
        (DONE, [NEW_SQL], [TABLE]),
        (DONE, [THIRD, NEW_SQL], [TABLE]),
        (DONE, [NEW, NEW_SQL, {**SQL, "customSqlId": "q-2"}], [QUERY]),
        (DONE, [NEW, SQL, NEW_SQL], [QUERY]),  # the same ID on both connections
    ],
)
def test_what_was_not_swapped_is_a_failure(answer, after, left, settings, sigma, capsys):
    reads_connections(sigma)
    reads(sigma, OLD, SQL)
    looked_up(sigma)
    swapped(sigma, answer, *after)
    with pytest.raises(SigmaError, match=f"{len(left)} of 2"):
        main()
    out, err = capsys.readouterr()
    told = [line for line in err.splitlines() if not line.startswith("URL")]
    assert told == [f"Not swapped: {name}" for name in left]
    assert "successfully" not in out


@pytest.mark.parametrize("name", ["SWAP_FROM_CONNECTIONID", "SWAP_TO_CONNECTIONID"])
def test_an_unknown_connection_is_refused(name, settings, sigma):
    settings(**{name: "c-typo"})
    reads_connections(sigma)
    with pytest.raises(SigmaError, match=f"{name} is c-typo"):
        main()


def test_the_same_connection_on_both_sides_is_refused(settings):
    settings(SWAP_TO_CONNECTIONID="c-old")
    with pytest.raises(SigmaError, match="SWAP_TO_CONNECTIONID"):
        main()


def swaps(sandbox):
    return [entry for entry in sandbox.state.log.entries if entry.path.endswith("/swapSources")]


@pytest.mark.parametrize("lost", [False, True])
def test_a_second_run_finds_it_done(lost, call_recipe, sandbox, api):
    path = f"/v2/workbooks/{seed.DEMO_WORKBOOK_ID}/sources"
    before = api("GET", path)
    assert call_recipe(RECIPE).returncode == 0
    assert api("GET", path) == before
    if lost:
        sandbox.state.rules.append(Fault(kind="drop", match="POST *swapSources"))
    assert call_recipe(RECIPE, DRY_RUN="false").returncode == int(lost)
    changed = [old["type"] for old, new in zip(before, api("GET", path), strict=True) if old != new]
    assert sorted(changed) == ["custom-sql", "table", "table"]
    assert call_recipe(RECIPE, DRY_RUN="false").returncode == 0
    assert len(swaps(sandbox)) == 1


def test_a_workbook_with_a_table_that_staging_lacks_is_not_changed(call_recipe, sandbox):
    for workbook_id in sandbox.state.organization.workbooks:
        done = call_recipe(RECIPE, WORKBOOK_ID=workbook_id)
        if done.returncode:
            break
    assert "Missing:   table RETAIL.LOGISTICS.RETURNS\n" in done.stdout
    assert call_recipe(RECIPE, WORKBOOK_ID=workbook_id, DRY_RUN="false").returncode == 1
    assert not swaps(sandbox)
