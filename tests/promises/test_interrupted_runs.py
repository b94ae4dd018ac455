"""Nothing lost, and nothing twice: runs that are killed and started again."""

import contextlib
import functools
import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import NamedTuple

import pytest
from pydantic_core import to_jsonable_python

from sandbox import seed
from sandbox.faults import Fault
from sandbox.organization import Options
from tests.conftest import ROOT, environment, fresh

SMALL = {"members": 30, "workbooks": 75}
EMAILS = "anna.lee@example.com, ben.ode@example.com\nvic@example.com\ncleo.roe@example.com"
TEAM = "chidi.okafor@example.com\ndana.varga@example.com\nelif.castillo@example.com"
UPDATES = """\
Email,First Name,Last Name,New Email,Member Type,isArchived
chidi.okafor@example.com,,,,Build,
dana.varga@example.com,Dana,Varga-Lindqvist,dana.lindqvist@example.com,Act,
elif.castillo@example.com,,,elif@example.com,,true
gone1@example.com,,Again,,,false
"""
ATTRIBUTES = """\
Email,Region,Department
chidi.okafor@example.com,West,Sales
dana.varga@example.com,East,Legal
"""
SALES = seed.make_uuid("team", "Sales")

# The recipes that promise that it's safe to run them again, and settings that change something
CASES = {
    "members/bulk_create.py": {"MEMBER_EMAILS": EMAILS, "DRY_RUN": "false"},
    "members/bulk_deactivate.py": {
        "USER_NAME_PATTERN": "^(dana|elif|farid)",
        "DRY_RUN": "false",
    },
    "members/batch_update.py": {"MEMBER_UPDATES": UPDATES, "DRY_RUN": "false"},
    "members/create_workspace.py": {},
    "members/master_script.py": {"UNIQUE_EMAIL": "false"},
    "members/offboard_member.py": {"DRY_RUN": "false"},
    "members/bulk_set_user_attributes.py": {"USER_ATTRIBUTES": ATTRIBUTES, "DRY_RUN": "false"},
    "teams/sync_team.py": {
        "TEAM_EMAILS": TEAM,
        "TEAMID": SALES,
        "ALLOW_LARGE_CHANGE": "true",
        "DRY_RUN": "false",
    },
    "teams/bulk_assign_team.py": {"MEMBER_EMAILS": TEAM},
    "teams/bulk_remove_team.py": {"MEMBER_EMAILS": TEAM, "TEAMID": SALES, "DRY_RUN": "false"},
    "workbooks/transfer_all_workbooks.py": {"DRY_RUN": "false"},
    "workbooks/copy_workbook_folder.py": {},
    "connections/create_connection.py": {},
    "workbooks/create_schedule.py": {"DRY_RUN": "false"},
    "workbooks/tag_workbook.py": {"DRY_RUN": "false"},
}
# Their steps may be repeated: noDuplicates, grants, members of a team, and revoked sign-ins. The new
# member may not
REPEATS = (
    "members/master_script.py",
    "members/create_workspace.py",
    "members/offboard_member.py",
)
# It refuses a name that is taken, and doesn't guess who made that copy
REFUSES = ("workbooks/copy_workbook_folder.py",)


class Undisturbed(NamedTuple):
    """What a single run leaves behind, and what it sent."""

    state: list[str]
    changes: list[str]
    methods: list[str]


@pytest.fixture
def settings_of(tmp_path):
    """Return the settings of a recipe, with the paths of its files."""

    def settings(recipe):
        values = dict(CASES[recipe])
        for name in ("MEMBER_EMAILS", "MEMBER_UPDATES", "TEAM_EMAILS", "USER_ATTRIBUTES"):
            if name in values:
                path = tmp_path / name
                path.write_text(values[name], encoding="utf-8")
                values[name] = str(path)
        return values

    return settings


@pytest.fixture
def undisturbed(sandbox, call_recipe, settings_of):
    """Run a recipe alone, on a fresh organization."""

    def run(recipe):
        fresh(sandbox, **SMALL)
        done = call_recipe(recipe, **settings_of(recipe))
        assert done.returncode == 0, done.stderr
        changes = changes_in(sandbox)
        assert changes  # a run that changes nothing would prove nothing
        methods = [entry.method for entry in sandbox.state.log.entries]
        return Undisturbed(state_of(sandbox), changes, methods)

    return run


ID = re.compile(r'"[0-9A-Za-z]{22,28}"|"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"')


def text_of(organization):
    kept = {k: v for k, v in vars(organization).items() if "tokens" not in k and k != "tenants"}
    text = json.dumps(to_jsonable_python(kept), sort_keys=True)
    return re.sub(r'"20\d\d-\d\d-\d\dT[\d:.]+Z"', '"a time"', text)


@functools.cache
def seeded():
    """Return the IDs of the organization as it is at the start."""
    return {found[0] for found in ID.finditer(text_of(seed.seed(Options(**SMALL))))}


def state_of(server):
    """Return what the organization holds, without times and tokens.

    New IDs are masked, and the order is ignored: five requests at a time come in any order. But the
    state has the number of IDs that were issued, so what is created twice shows in any case.
    """
    text = text_of(server.state.organization)
    text = ID.sub(lambda found: found[0] if found[0] in seeded() else '"new"', text)
    return sorted(re.findall(r"[^{}]+", text))


def changes_in(server):
    """Return the changes that were carried out; status 0 is a response that was withheld."""
    return sorted(
        f"{entry.method} {entry.path}?{entry.query} {json.dumps(entry.body)}"
        for entry in server.state.log.entries
        if entry.method != "GET" and not entry.path.endswith("/token") and entry.status < 400
    )


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@contextlib.contextmanager
def started(recipe, server, settings, folder):
    """Start a recipe in a process that doesn't outlive the test."""
    with subprocess.Popen(
        [sys.executable, ROOT / recipe],
        env=environment(server.address, settings),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(
    "recipe",
    [pytest.param(r, marks=[] if "bulk_create" in r else pytest.mark.slow) for r in CASES],
)
def test_a_run_that_is_killed_and_started_again_does_everything_once(
    recipe, sandbox, undisturbed, call_recipe, settings_of, tmp_path
):
    alone = undisturbed(recipe)
    changing = [number for number, method in enumerate(alone.methods) if method != "GET"]
    # At the request before the first change, at each change, and at the last request
    numbers = sorted({changing[1] - 1, *changing[1:], len(alone.methods) - 1})
    for number in numbers:
        state = fresh(sandbox, **SMALL).state
        rule = Fault(kind="hang", after=number)
        state.rules.append(rule)
        with started(recipe, sandbox, settings_of(recipe), tmp_path) as killed:
            wait_until(lambda: rule.seen > number)  # noqa: B023  it's called at once
            killed.send_signal(signal.SIGKILL)
        assert killed.returncode == -signal.SIGKILL
        wait_until(lambda: not state.log.under_way)  # noqa: B023  the sandbox has finished
        state.rules.clear()

        again = call_recipe(recipe, **settings_of(recipe))
        changes = changes_in(sandbox)
        if recipe in REFUSES and again.returncode:
            assert not Counter(changes) - Counter(alone.changes), number
            continue
        assert (again.returncode, again.stderr.count("Error")) == (0, 0), (number, again.stderr)
        assert state_of(sandbox) == alone.state, number
        if recipe in REPEATS:
            assert sum("POST /v2/members?" in change for change in changes) <= 1
            assert set(changes) == set(alone.changes)
        else:
            assert changes == alone.changes, number


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_materializations_after_a_kill(sandbox, call_recipe, tmp_path):
    # The API has no list of jobs, so a second run starts them again. Sigma skips what is running
    recipe = "workbooks/materialize_all.py"
    for number in range(3):
        state = fresh(sandbox, **SMALL, polls=0).state
        rule = Fault(kind="hang", match="POST /v2/*materializ*", after=number)
        state.rules.append(rule)
        with started(recipe, sandbox, {}, tmp_path) as killed:
            wait_until(lambda: rule.seen > number)  # noqa: B023  it's called at once
            killed.send_signal(signal.SIGKILL)
        wait_until(lambda: not state.log.under_way)  # noqa: B023
        state.rules.clear()
        before = len(state.organization.materializations)
        again = call_recipe(recipe, OUTPUT_FORMAT="json")
        assert again.returncode == 0, again.stderr
        results = [row["result"] for row in json.loads(again.stdout)]
        jobs = state.organization.materializations
        assert len(jobs) - before == results.count("ready") == 4  # each once, and no paused one
        assert set(results) == {"ready", "paused"}
