"""Shared fixtures. No test can reach Sigma: .env is not read, and every setting is replaced."""

import functools
import gc
import os
import pickle
import runpy
import subprocess
import sys
import time
from pathlib import Path
from tempfile import gettempdir

import pytest
import responses

os.environ["NO_PROXY"] = os.environ["no_proxy"] = (
    "127.0.0.1,localhost"  # for the tests' own requests
)
# hypothesis keeps what it reads from the sources, which belongs into no repository
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(gettempdir()) / "hypothesis"))
import get_access_token
import sigma_client
from sandbox import demo, seed
from sandbox.organization import Options
from sandbox.server import Server
from sigma_client import SigmaClient
from tests.support.sandbox_client import Client

ROOT = Path(__file__).resolve().parent.parent
BASE_URL = "https://sigma.test/v2"
TOKEN_URL = f"{BASE_URL}/auth/token"
SETTINGS = demo.names()
SLEEP = time.sleep


def pytest_collection_finish():
    """Keep the garbage collector from examining every imported module in each test."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def settings_folder(tmp_path_factory):
    """The folder of the settings file, which each test finds empty."""
    return tmp_path_factory.mktemp("settings")


@pytest.fixture(autouse=True)
def env_file(monkeypatch, settings_folder):
    """Replace .env with an empty file, and the environment with credentials that don't exist."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("baseURL", BASE_URL)
    monkeypatch.setenv("authURL", TOKEN_URL)
    monkeypatch.setenv("CLIENT_ID", "test-id")
    monkeypatch.setenv("SECRET", "test-secret")
    monkeypatch.setenv("SIGMA_BACKOFF", "0")
    monkeypatch.setattr(get_access_token, "_tokens", {})
    monkeypatch.setattr(get_access_token, "_last_request", float("-inf"))
    monkeypatch.setattr(get_access_token, "SECONDS_BETWEEN_REQUESTS", 0)
    monkeypatch.setattr(sigma_client, "_secrets", set())
    path = settings_folder / ".env"
    path.write_text("", encoding="utf-8")
    monkeypatch.setenv("SIGMA_ENV_FILE", str(path))
    return path


@pytest.fixture
def sigma():
    """Canned responses. A test fails if it doesn't use them all, or sends any other request."""
    with responses.RequestsMock() as canned:
        canned.post(TOKEN_URL, json={"access_token": "token-1", "expires_in": 3600})
        yield canned


@pytest.fixture
def client():
    """A client that gets its token the way the recipes do."""
    with SigmaClient(get_access_token.get_bearer_token) as client:
        yield client


@pytest.fixture(scope="session")
def running_sandbox():
    """The sandbox, started once."""
    with Server() as server:
        yield server


@pytest.fixture
def sandbox(running_sandbox):
    """The sandbox as it is on start: see sandbox.state.organization, .log.entries and .rules."""
    return fresh(running_sandbox)


@functools.cache
def seeded(options):
    """Return a pickled organization: to load it is several times faster than to seed it."""
    return pickle.dumps(seed.seed(Options(**dict(options))))


def fresh(server, **options):
    """Reset a sandbox, and return it. CURSORS=opaque pytest ... tests with the other cursors."""
    state = server.state
    options = {"cursors": os.environ.get("CURSORS", "offset"), **options}
    state.organization = pickle.loads(seeded(tuple(sorted(options.items()))))
    state.rules.clear()
    state.log.clear()
    state.changes.look()
    return server


def environment(address, settings, recipe=""):
    """Return the environment of a process that runs a recipe against a sandbox."""
    # PYTHONUNBUFFERED would hide what is still in a buffer when a recipe ends
    ours = {*SETTINGS, "PYTHONUNBUFFERED"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    no_env_file = {"SIGMA_ENV_FILE": str(demo.DEMO_FILES / "empty.env")}
    values = demo.demo_settings(address, str(recipe))
    return {**kept, **no_env_file, **values, "SIGMA_BACKOFF": "0", **settings}


@pytest.fixture
def run_recipe(sandbox, tmp_path):
    """Start a recipe as a user would: a process of its own, from another folder."""

    def run(recipe, *arguments, address=None, **settings):
        if "export" in str(recipe):  # no test has the time to poll
            sandbox.state.organization.options.polls = 0
        return subprocess.run(
            [sys.executable, ROOT / recipe, *arguments],
            env=environment(address or sandbox.address, settings, recipe),
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )

    return run


@pytest.fixture
def call_recipe(sandbox, monkeypatch, capsys, tmp_path):
    """Start a recipe in this process: many times faster than run_recipe, with the same result.

    A setting that is None is not in the environment. merged puts stderr into stdout, in order.
    Pauses take no time.
    """

    def call(recipe, *arguments, merged=False, address=None, **settings):
        if "export" in str(recipe):
            sandbox.state.organization.options.polls = 0
        with monkeypatch.context() as changed:
            changed.chdir(tmp_path)
            if time.sleep is SLEEP:
                changed.setattr(time, "sleep", lambda seconds: None)
            settings = {**demo.demo_settings(address or sandbox.address, str(recipe)), **settings}
            for name, value in settings.items():
                if value is None:
                    changed.delenv(name, raising=False)
                else:
                    changed.setenv(name, value)
            changed.setattr(get_access_token, "_tokens", {})
            changed.setattr(sys, "argv", [str(ROOT / recipe), *arguments])
            if merged:
                changed.setattr(sys, "stderr", sys.stdout)
            try:
                runpy.run_path(str(ROOT / recipe), run_name="__main__")
                ended = 0
            except SystemExit as end:
                ended = end.code
        printed, trace = capsys.readouterr()
        if merged:
            printed, trace = printed + trace, ""
        return subprocess.CompletedProcess([recipe], ended, printed, trace)

    return call


@pytest.fixture
def api(sandbox):
    """The owner of the credentials: an administrator."""
    return Client(sandbox.address)


@pytest.fixture
def viewer(sandbox):
    """Credentials that a Viewer owns."""
    return Client(sandbox.address, seed.VIEWER_CLIENT_ID, seed.VIEWER_SECRET)
