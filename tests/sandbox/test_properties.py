"""No request makes the sandbox fail: requests made up by schemathesis."""

import shutil
import subprocess
import sys
from pathlib import Path

SECONDS = 12


def test_no_request_makes_the_sandbox_fail(api, sandbox, tmp_path):
    schemathesis = shutil.which("st", path=str(Path(sys.executable).parent))
    assert schemathesis, "install requirements-dev.txt"
    token = api.session.headers["Authorization"]
    options = "--checks not_a_server_error --exclude-path-regex ^/sandbox/ --seed 1 --no-color"
    options += f" --suppress-health-check all --max-time {SECONDS}"
    url = f"{sandbox.address}/openapi.json"
    done = subprocess.run(
        [schemathesis, "run", url, "--header", f"Authorization: {token}", *options.split()],
        cwd=tmp_path,  # it leaves files behind
        capture_output=True,
        encoding="utf-8",
        timeout=10 * SECONDS,
    )
    # It also tries methods that are not described, and 501 is no failure: so the log decides
    log = sandbox.state.log.entries
    failed = [entry for entry in log if entry.status >= 500 and entry.status != 501]
    assert not failed, done.stdout[-4000:]
    assert "Fuzzing" in done.stdout, done.stdout + done.stderr
    asked = {(entry.method, entry.path.split("/")[2]) for entry in log}
    assert {("GET", "members"), ("POST", "workbooks"), ("PATCH", "files")} <= asked
    assert len(log) > 30
