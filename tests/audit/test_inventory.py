"""Tests of audit/inventory.py."""

import csv
import json
import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from responses.matchers import query_param_matcher

import sigma_client
from audit.inventory import main
from sandbox.faults import Fault
from tests.conftest import BASE_URL

RECIPE = "audit/inventory.py"
KINDS = ["connections", "data-models", "members", "teams", "workbooks", "workspaces"]
TODAY = date.today()
EARLIER = (TODAY - timedelta(days=3)).isoformat()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of the inventories, which doesn't exist yet."""
    path = tmp_path / "some" / "inventories"
    monkeypatch.setenv("INVENTORY_FOLDER", str(path))
    monkeypatch.setenv("OUTPUT_FORMAT", "json")
    return path


def answers(sigma, **lists):
    """Answer the requests for all lists, each in two pages."""
    everything = {"skipPermissionCheck": "true", "excludeTags": "true"}
    queries = {
        "members": {"includeArchived": "true", "includeInactive": "true"},
        "teams": {},
        "workspaces": {},
        "connections": {},
        "workbooks": {**everything, "excludeExplorations": "true"},
        "dataModels": everything,
    }
    for name, query in queries.items():
        rows = lists.get(name, [])
        for page, entries, following in (({}, rows[:1], "1"), ({"page": "1"}, rows[1:], None)):
            match = [query_param_matcher({"limit": 1000, **query, **page})]
            answer = {"entries": entries, "nextPage": following}
            sigma.get(f"{BASE_URL}/{name}", match=match, json=answer)


def saved(folder, kind, day=None):
    path = folder / (day or TODAY.isoformat()) / f"{kind}.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def earlier(folder, kind, text, day=EARLIER):
    """Write a file of an earlier day."""
    path = folder / day / f"{kind}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8-sig", newline="")


def changes(capsys):
    rows = json.loads(capsys.readouterr().out)
    return [(r["kind"], r["id"], r["name"], r["change"], r["before"], r["after"]) for r in rows]


def inside(folder):
    return {path.name for path in folder.iterdir()}


def test_saves_a_file_for_each_kind_and_nothing_that_is_secret(sigma, folder, capsys):
    names = {"firstName": "Ada", "lastName": "Abbott", "memberType": "admin"}
    book = {"workbookId": "w-1", "name": "Sales", "path": "Finance", "latestVersion": 3}
    book["updatedAt"] = "2026-01-31T08:00:00.000Z"
    hidden = dict.fromkeys(("host", "user", "role", "account", "warehouse"), "secret")
    answers(
        sigma,
        members=[
            {"memberId": "m-2", "email": "gone@example.com", "isArchived": True},
            {"memberId": "m-1", "email": "ada@example.com", **names},
            {"memberId": "m-3", "email": "left@example.com", "isInactive": True},
        ],
        connections=[{"connectionId": "c-1", "name": "Main", "type": "snowflake", **hidden}],
        workbooks=[{**book, "ownerId": "m-2"}, {"workbookId": "w-0", "ownerId": "m-9"}],
        dataModels=[{"dataModelId": "d-1", "name": None, "ownerId": None}],
    )
    main()
    assert json.loads(capsys.readouterr().out) == []
    files = {path.stem: path.read_bytes() for path in folder.rglob("*.csv")}
    assert sorted(files) == KINDS
    assert not [kind for kind, data in files.items() if b"secret" in data]
    assert all(data.startswith(b"\xef\xbb\xbf") for data in files.values())  # for Excel
    assert [(row["memberId"], row["status"]) for row in saved(folder, "members")] == [
        ("m-2", "deactivated"),
        ("m-3", "deactivated"),
        ("m-1", "active"),
    ]
    first, second = saved(folder, "workbooks")
    assert (first["workbookId"], first["owner"], first["name"]) == ("w-0", "m-9", "")
    assert second == {**{k: str(v) for k, v in book.items()}, "owner": "gone@example.com"}
    assert saved(folder, "data-models")[0]["owner"] == ""


def test_prints_what_is_new_gone_and_changed_since_the_latest_earlier_day(sigma, folder, capsys):
    header = "workbookId,name,path,owner,latestVersion,updatedAt\n"
    lines = "w-1,Kept,A,m-1,1,x\nw-2,Moved,A,m-1,1,x\nw-3,Gone,A,m-1,1,x\n"
    earlier(folder, "workbooks", header + lines)
    for kind, columns in {
        "members": "memberId,name,email,memberType,status",
        "teams": "teamId,name,visibility",
        "workspaces": "workspaceId,name",
        "connections": "connectionId,name,type",
        "data-models": "dataModelId,name,path,owner,latestVersion,updatedAt",
    }.items():
        earlier(folder, kind, f"{columns}\n")
    for other in ("2020-01-01", f"{EARLIER} copy", "2099-12-31"):
        earlier(folder, "workbooks", "nothing to see", other)
    kept = {"workbookId": "w-1", "name": "Kept", "path": "A", "ownerId": "m-1"}
    moved = {"workbookId": "w-2", "name": "Moved", "path": "B", "ownerId": "m-2"}
    answers(
        sigma,
        members=[{"memberId": "m-5", "firstName": "New", "email": "new@example.com"}],
        workbooks=[
            {**kept, "latestVersion": 1, "updatedAt": "y"},  # the time alone isn't compared
            {**moved, "latestVersion": 2, "updatedAt": "y"},
        ],
    )
    main()
    assert changes(capsys) == [
        ("members", "m-5", "new@example.com", "new", None, None),
        ("workbooks", "w-2", "Moved", "path", "A", "B"),
        ("workbooks", "w-2", "Moved", "owner", "m-1", "m-2"),
        ("workbooks", "w-2", "Moved", "latestVersion", "1", "2"),
        ("workbooks", "w-3", "Gone", "gone", None, None),
    ]


def test_values_are_saved_as_they_are_and_are_the_same_when_read_again(sigma, folder, capsys):
    names = ["=1+1", 'A "quoted", name', "  two\nlines ", "a;b\tc", "Zażółć 日本 😀", "\r", "sep=;"]
    teams = [{"teamId": f"t-{n}", "name": name} for n, name in enumerate(names)]
    answers(sigma, teams=teams)
    main()
    assert sorted(row["name"] for row in saved(folder, "teams")) == sorted(names)
    (folder / TODAY.isoformat()).rename(folder / EARLIER)
    capsys.readouterr()
    answers(sigma, teams=teams)
    main()
    out, trace = capsys.readouterr()
    assert json.loads(out) == []
    assert "Not compared" not in trace


@pytest.mark.parametrize(
    "text", [None, "", "teamId,name\nt-1,A\n", 'teamId,name,visibility\nt-1,"A,public\n']
)
def test_a_file_that_is_not_as_it_was_saved_is_named(text, call_recipe, folder, sandbox):
    call_recipe(RECIPE)
    (folder / TODAY.isoformat()).rename(folder / EARLIER)
    path = folder / EARLIER / "teams.csv"
    path.unlink()
    if text is not None:
        path.write_text(text, encoding="utf-8")
    team = next(iter(sandbox.state.organization.teams.values()))
    book = next(iter(sandbox.state.organization.workbooks.values()))
    team.name, book.name = "Renamed", "Renamed as well"
    done = call_recipe(RECIPE)
    assert done.returncode == 1  # not all changes are in the list
    assert [(row["change"], row["after"]) for row in json.loads(done.stdout)] == [
        ("name", "Renamed as well")
    ]
    assert "Not compared: teams: " in done.stderr
    assert str(path) in done.stderr
    assert saved(folder, "teams")


def test_what_excel_makes_of_a_file_is_no_change(call_recipe, folder):
    call_recipe(RECIPE)
    (folder / TODAY.isoformat()).rename(folder / EARLIER)
    path = folder / EARLIER / "teams.csv"
    text = path.read_text(encoding="utf-8-sig").replace(",", ";")
    path.write_text(text + ";;\n", encoding="utf-8-sig", newline="\r\n")
    done = call_recipe(RECIPE)
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    assert "Not compared" not in done.stderr


def test_a_second_run_on_a_day_replaces_the_files(call_recipe, folder, sandbox):
    call_recipe(RECIPE)
    today = folder / TODAY.isoformat()
    (today / "notes.txt").write_text("mine", encoding="utf-8")
    for end in ("new", "old"):  # of a run that was killed, with the same process ID
        earlier(folder, "workbooks", "", f".{today.name}.{os.getpid()}.{end}")
    count = len(saved(folder, "workbooks"))
    organization = sandbox.state.organization
    organization.workbooks.pop(next(iter(organization.workbooks)))
    done = call_recipe(RECIPE)
    assert (done.returncode, json.loads(done.stdout)) == (0, [])  # not compared with itself
    assert len(saved(folder, "workbooks")) == count - 1
    assert inside(folder) == {today.name}
    assert inside(today) == {"notes.txt", *(f"{kind}.csv" for kind in KINDS)}


@pytest.mark.parametrize(
    ("place", "step", "call"),
    [(csv.DictWriter, "writerows", 4), (Path, "rename", 1), (Path, "rename", 2)],
)
def test_a_run_that_is_stopped_leaves_the_earlier_files(
    place, step, call, call_recipe, folder, monkeypatch
):
    def contents():
        return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def stop(*arguments):
        calls.append(arguments)
        if len(calls) == call:
            raise KeyboardInterrupt
        return original(*arguments)

    call_recipe(RECIPE)
    before, calls, original = contents(), [], getattr(place, step)
    monkeypatch.setattr(place, step, stop)
    done = call_recipe(RECIPE)
    assert (done.returncode, done.stdout) == (130, "")
    assert contents() == before


@pytest.mark.parametrize("rule", ["error-row GET /v2/teams", "403 GET /v2/dataModels", "repeat"])
def test_saves_nothing_if_a_list_is_not_complete(rule, call_recipe, folder, sandbox, monkeypatch):
    if rule == "repeat":
        monkeypatch.setattr(sigma_client, "PAGE_SIZE", 100)
        rule = "repeat-page GET /v2/workbooks times=0 after=1"
    sandbox.state.rules.append(Fault.parse(rule))
    done = call_recipe(RECIPE)
    assert (done.returncode, done.stdout) == (1, "")
    assert inside(folder) == set()


def test_files_with_the_name_of_a_day_are_left_alone(call_recipe, folder):
    call_recipe(RECIPE)
    (folder / TODAY.isoformat()).rename(folder / EARLIER)
    yesterday = folder / (TODAY - timedelta(days=1)).isoformat()
    yesterday.write_text("mine", encoding="utf-8")
    done = call_recipe(RECIPE)
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    assert EARLIER in done.stderr

    today = folder / TODAY.isoformat()
    for path in today.iterdir():
        path.unlink()
    today.rmdir()
    today.write_text("mine", encoding="utf-8")
    assert call_recipe(RECIPE).returncode == 1
    assert today.read_text(encoding="utf-8") == "mine"
    assert inside(folder) == {EARLIER, yesterday.name, today.name}


def test_a_folder_that_is_a_file_is_refused(call_recipe, sandbox, tmp_path):
    path = tmp_path / "file"
    path.write_text("", encoding="utf-8")
    done = call_recipe(RECIPE, INVENTORY_FOLDER=str(path))
    assert done.returncode == 1
    assert "INVENTORY_FOLDER" in done.stderr
    assert not sandbox.state.log.entries


def test_prints_a_table_of_the_changes(call_recipe, sandbox, tmp_path):
    done = call_recipe(RECIPE)
    first = done.stdout.splitlines()
    assert len(first) == 3
    today = tmp_path / "inventory" / TODAY.isoformat()  # in the current folder
    assert str(today) in first[-1]
    today.rename(today.with_name(EARLIER))
    next(iter(sandbox.state.organization.workspaces.values())).name = "New name"
    done = call_recipe(RECIPE)
    assert done.returncode == 0
    *_, row, since, _ = done.stdout.splitlines()
    assert row.startswith("workspaces")
    assert row.endswith("New name")
    assert since == f"Changes since {EARLIER}: 1"
