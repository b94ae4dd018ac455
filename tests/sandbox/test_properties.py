"""Whatever a client sends, the sandbox answers without failing: requests made up by schemathesis."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from sandbox import seed

SECONDS = 40


@pytest.mark.slow
def test_no_request_makes_the_sandbox_fail(sandbox, tmp_path):
    form = {"grant_type": "client_credentials"}
    basic = (seed.CLIENT_ID, seed.SECRET)
    url = f"{sandbox.address}/v2/auth/token"
    token = requests.post(url, data=form, auth=basic, timeout=5).json()["access_token"]
    schemathesis = shutil.which("st", path=str(Path(sys.executable).parent))
    assert schemathesis, "install requirements-dev.txt"
    done = subprocess.run(
        [
            schemathesis,
            "run",
            f"{sandbox.address}/openapi.json",
            "--header",
            f"Authorization: Bearer {token}",
            "--checks",
            "not_a_server_error",
            "--exclude-path-regex",
            "^/sandbox/",
            "--max-time",
            str(SECONDS),
            "--seed",
            "1",
            "--no-color",
            "--suppress-health-check",
            "all",
        ],
        cwd=tmp_path,  # it leaves files behind
        capture_output=True,
        encoding="utf-8",
        timeout=6 * SECONDS,
    )
    # It also tries methods that are not described, and the sandbox answers 501 to some: that is no
    # failure, so the log decides
    requests_made = sandbox.state.log.entries
    failed = [entry for entry in requests_made if entry.status >= 500 and entry.status != 501]
    assert not failed, done.stdout[-4000:]
    assert "Fuzzing" in done.stdout, done.stdout + done.stderr
    asked = {(entry.method, entry.path.split("/")[2]) for entry in requests_made}
    assert {("GET", "members"), ("POST", "workbooks"), ("PATCH", "files")} <= asked
    assert len(requests_made) > 500
