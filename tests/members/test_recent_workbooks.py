"""Tests of members/recent_workbooks.py."""

import csv
import io

import pytest

from members.recent_workbooks import main
from sandbox.faults import Fault
from tests.conftest import BASE_URL

URL = f"{BASE_URL}/members/m1/files/recents"
RECIPE = "members/recent_workbooks.py"


@pytest.fixture
def printed(sigma, monkeypatch, capsys):
    """A function that returns the rows for the files that Sigma sends."""
    monkeypatch.setenv("MEMBERID", "m1")
    monkeypatch.setenv("OUTPUT_FORMAT", "csv")

    def rows(*files):
        sigma.get(URL, json={"entries": files, "nextPage": None})
        main()
        return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))

    return rows


def workbook(name, used, **fields):
    return {"id": name, "name": name, "type": "workbook", "lastInteractionAt": used, **fields}


def test_the_latest_comes_first_whatever_the_form_of_the_time(printed):
    rows = printed(
        workbook("second", "2024-05-02T08:00:00Z"),
        workbook("last", "2024-05-02T09:00:00+10:00"),
        workbook("first", "2024-05-02T08:00:00.500Z"),
        workbook("fourth", "2024-05-02T07:59:59"),
        workbook("third", "2024-05-02T07:59:59.123456789Z"),
    )
    assert [row["Name"] for row in rows] == ["first", "second", "third", "fourth", "last"]
    times = [row["Last used (UTC)"][11:] for row in rows]
    assert times == ["08:00", "08:00", "07:59", "07:59", "23:00"]


def test_a_workbook_without_a_time_comes_last(printed):
    unknown = workbook("unknown", None)
    never = {"id": "never", "name": "never", "type": "workbook", "permission": "view"}
    rows = printed(unknown, never, workbook("used", "2024-05-02T08:00:00Z", permission="edit"))
    assert [list(row.values()) for row in rows] == [
        ["used", "edit", "2024-05-02 08:00"],
        ["unknown", "", ""],
        ["never", "view", ""],
    ]


def test_other_files_are_left_out(printed):
    files = [{"id": kind, "name": kind, "type": kind} for kind in ("folder", "data-model")]
    (row,) = printed(*files, workbook("Sales", "2024-05-02T08:00:00Z"))
    assert row["Name"] == "Sales"


def test_lists_the_workbooks_of_the_member_of_the_sandbox(call_recipe):
    done = call_recipe(RECIPE, OUTPUT_FORMAT="csv")
    times = [row["Last used (UTC)"] for row in csv.DictReader(io.StringIO(done.stdout))]
    assert len(times) > 3
    assert times == sorted(times, reverse=True)


def test_an_unknown_member_is_an_error(call_recipe):
    done = call_recipe(RECIPE, MEMBERID="unknown")
    assert (done.returncode, done.stdout) == (1, "")
    assert "unknown" in done.stderr


def test_an_unreadable_entry_is_reported_and_the_others_are_printed(call_recipe, sandbox):
    whole = call_recipe(RECIPE)
    sandbox.state.rules.append(Fault(kind="error-row", match="GET *recents"))
    done = call_recipe(RECIPE)
    assert (done.returncode, done.stdout) == (1, whole.stdout)
    assert "fault-1" in done.stderr
