"""Nothing lost, nothing twice: runs that are killed and started again, and two runs at once."""

import asyncio
import contextlib
import json
import re
import signal
import subprocess
import sys
import time
from typing import NamedTuple

import pytest
from pydantic_core import to_jsonable_python

from sandbox import seed
from sandbox.faults import Fault
from sandbox.server import Server
from tests.conftest import ROOT, environment, fresh

SMALL = {"members": 30, "workbooks": 75}
COPY = "workbooks/copy_workbook_folder.py"
CONNECTION = "connections/create_connection.py"
FILES = {
    "new.txt": "anna.lee@example.com, ben.ode@example.com\nvic@example.com\ncleo.roe@example.com",
    "team.txt": "chidi.okafor@example.com\ndana.varga@example.com\nelif.castillo@example.com",
    "updates.csv": "Email,First Name,Last Name,New Email,Member Type,isArchived\n"
    "chidi.okafor@example.com,,,,Build,\n"
    "dana.varga@example.com,Dana,Varga-Lindqvist,dana.lindqvist@example.com,Act,\n"
    "elif.castillo@example.com,,,elif@example.com,,true\n"
    "gone1@example.com,,Again,,,false\n",
}


class Case(NamedTuple):
    """A recipe, and for each request of a run what the next run says if this one is killed at it."""

    recipe: str
    says: list[str]
    settings: dict[str, str]


CASES = [
    Case(
        "members/bulk_create.py",
        ["Created 3, existed already 1, failed 0"] * 2
        + [f"Created {3 - n}, existed already {1 + n}, failed 0" for n in (1, 2, 3)],
        {"MEMBER_EMAILS": "new.txt", "DRY_RUN": "false"},
    ),
    Case(
        "teams/bulk_assign_team.py",
        ["Added 3, in the team already 0, cannot be added 0"] * 3
        + ["Added 0, in the team already 3, cannot be added 0"],
        {"MEMBER_EMAILS": "team.txt"},
    ),
    Case(
        "workbooks/transfer_all_workbooks.py",
        ["Transferred 3, failed 0"] * 4
        + ["Transferred 2, failed 0", "Transferred 1, failed 0", "owns no workbooks."],
        {"DRY_RUN": "false"},
    ),
    Case(
        "members/batch_update.py",
        ["Changed 4, unchanged 0, failed 0"] * 3
        + [f"Changed {4 - n}, unchanged {n}, failed 0" for n in (1, 2, 3, 4)],
        {"MEMBER_UPDATES": "updates.csv", "DRY_RUN": "false"},
    ),
    Case(
        "members/master_script.py",
        [
            "New member created successfully:",
            "Member exists already: new.member@example.com",
            *["Workspace exists already:"] * 4,
        ],
        {"UNIQUE_EMAIL": "false"},
    ),
    Case(
        COPY,
        ["Copied:   Plugs Sales Performance"] * 6
        + ["Exists already: Plugs Sales Performance, ID "] * 4,
        {},
    ),
    Case(
        CONNECTION,
        ["Connection created successfully: Snowflake via API"] * 2
        + ["Connection exists already: Snowflake via API"] * 2,
        {},
    ),
    Case(
        "members/bulk_deactivate.py",
        ["Deactivated 3, failed 0"] * 3 + [f"Deactivated {n}, failed 0" for n in (2, 1, 0)],
        {"USER_NAME_PATTERN": "^(dana|elif|farid)", "DRY_RUN": "false"},
    ),
]


def each_request(*fast):
    """Return every case with the number of every request, from 0; all but some are slow."""
    return [
        pytest.param(
            case,
            number,
            id=f"{case.recipe}-{number}",
            marks=() if (case.recipe, number) in fast else pytest.mark.slow,
        )
        for case in CASES
        for number in range(len(case.says))
    ]


@pytest.fixture
def settings_of(tmp_path):
    """A function that returns the settings of a case, with the full paths of its files."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def settings(case):
        return {
            name: str(tmp_path / value) if value in FILES else value
            for name, value in case.settings.items()
        }

    return settings


class Undisturbed(NamedTuple):
    """What a single run leaves behind, and the changes that it asked for."""

    state: dict
    changes: list[str]


@pytest.fixture
def undisturbed(sandbox, call_recipe, settings_of):
    """A function that runs a case alone, on a fresh organization."""

    def run(case):
        fresh(sandbox, **SMALL)
        done = call_recipe(case.recipe, **settings_of(case))
        assert done.returncode == 0, done.stderr
        assert len(sandbox.state.log.entries) == len(case.says)
        changes = changes_in(sandbox)
        assert changes  # a run that changes nothing would prove nothing
        return Undisturbed(state_of(sandbox), changes)

    return run


def state_of(server):
    """Return what the organization holds, without times and tokens.

    It names how many IDs were handed out, too, so what is created twice shows in any case.
    """
    organization = vars(server.state.organization)
    kept = {k: v for k, v in organization.items() if k not in ("tokens", "refresh_tokens")}
    text = json.dumps(to_jsonable_python(kept))
    return json.loads(re.sub(r'"20\d\d-\d\d-\d\dT[\d:.]+Z"', '"a time"', text))


def changes_in(server):
    """Return the changes that were carried out; status 0 is an answer that was withheld."""
    return sorted(
        f"{entry.method} {entry.path}?{entry.query} {json.dumps(entry.body)}"
        for entry in server.state.log.entries
        if entry.method != "GET" and not entry.path.endswith("/token") and entry.status < 400
    )


@contextlib.contextmanager
def started(case, server, settings, folder):
    """Start a recipe as a process of its own, which does not outlive the test."""
    with subprocess.Popen(
        [sys.executable, ROOT / case.recipe],
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


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(
    ("case", "number"), each_request(("members/bulk_create.py", 3), (COPY, 6), (CONNECTION, 2))
)
def test_a_run_that_is_killed_and_started_again_does_all_once(
    case, number, sandbox, undisturbed, run_recipe, settings_of, tmp_path
):
    alone = undisturbed(case)
    state = fresh(sandbox, **SMALL).state
    rule = Fault(kind="hang", after=number)
    state.rules.append(rule)
    with started(case, sandbox, settings_of(case), tmp_path) as killed:
        wait_until(lambda: rule.seen > number)
        killed.send_signal(signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL
    wait_until(lambda: not state.log.under_way)  # the sandbox has done its work by then
    state.rules.clear()

    again = run_recipe(case.recipe, **settings_of(case))
    assert (again.returncode, again.stderr.count("Error")) == (0, 0), again.stderr
    assert case.says[number] in again.stdout
    assert state_of(sandbox) == alone.state
    changes = changes_in(sandbox)
    if case.recipe == "members/master_script.py":
        # It repeats what may be repeated: noDuplicates, grants, and who is in a team. The member is
        # created, and invited, once
        assert sum("POST /v2/members" in change for change in changes) == 1
        assert set(changes) == set(alone.changes)
    else:
        assert changes == alone.changes


class InStep:
    """ASGI middleware that makes two runs meet: each waits with a request for one of the other.

    The first run sends some requests alone before the second one begins.
    """

    def __init__(self):
        self.meet(alone=0)

    def meet(self, alone):
        """Begin with so many requests that pass without waiting."""
        self.alone, self.arrived, self.is_over = alone, 0, False

    def wrap(self, app):
        async def in_step(scope, receive, send):
            mine = self.arrived - self.alone
            self.arrived += 1
            other = self.alone + (mine ^ 1)  # the requests 0 and 1, 2 and 3, ... belong together
            while mine >= 0 and self.arrived <= other and not self.is_over:
                await asyncio.sleep(0.001)
            await app(scope, receive, send)

        return in_step


@pytest.fixture(scope="session")
def in_step():
    return InStep()


@pytest.fixture(scope="session")
def meeting_place(in_step):
    """A sandbox of its own, in which two runs meet."""
    with Server(wrap=in_step.wrap) as server:
        yield server


@pytest.fixture
def run_two(in_step, meeting_place, settings_of, tmp_path):
    """A function that lets two runs of a case meet, and returns them when both have ended."""

    def run(case, ahead):
        fresh(meeting_place, **SMALL)
        in_step.meet(alone=ahead)
        settings = settings_of(case)
        with started(case, meeting_place, settings, tmp_path) as first:
            wait_until(lambda: in_step.arrived > ahead)
            with started(case, meeting_place, settings, tmp_path) as second:
                runs = [first, second]
                wait_until(lambda: any(run.poll() is not None for run in runs))
                in_step.is_over = True
                said = [run.communicate(timeout=30) for run in runs]
        return [
            subprocess.CompletedProcess(run.args, run.returncode, *texts)
            for run, texts in zip(runs, said, strict=True)
        ]

    return run


@pytest.mark.parametrize(
    ("case", "ahead"), each_request(("members/bulk_create.py", 0), (COPY, 0), (CONNECTION, 0))
)
def test_two_runs_at_the_same_time_do_no_harm(case, ahead, undisturbed, run_two, meeting_place):
    alone = undisturbed(case)
    runs = run_two(case, ahead)
    made = made_in(meeting_place)
    # No request makes Sigma create a connection or a copy only once, so two runs that both look
    # before either creates make two. Not so when the first one has created it by then
    begins_later = ahead >= next(n for n, text in enumerate(case.says) if text != case.says[0])
    if case.recipe in (COPY, CONNECTION) and not begins_later and (ahead == 0 or len(made) > 1):
        assert len(made) == 2
        failed = [run.stderr.splitlines()[-1] for run in runs if run.returncode]
        assert len(failed) == 2 or (failed and ahead)  # whoever looks last sees both
        for error in failed:
            assert re.match("Error: Another run .* at the same moment, so there are 2", error)
            assert error.endswith(f": {', '.join(made)}. Delete in Sigma what is too many")
    else:
        assert [run.returncode for run in runs] == [0, 0], runs
        assert state_of(meeting_place) == alone.state


def made_in(server):
    """Return the IDs of the new connections and copies; a copy must be the member's."""
    organization, before = server.state.organization, seed.seed(server.state.organization.options)
    new = organization.workbooks.keys() - before.workbooks.keys()
    for workbook_id in new:
        assert organization.workbooks[workbook_id].ownerId == seed.DEMO_MEMBER_ID
    return sorted(new | (organization.connections.keys() - before.connections.keys()))
