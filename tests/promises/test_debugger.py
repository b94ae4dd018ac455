"""F5 in VSCode: a recipe that fails shows its error and ends. The debugger doesn't stop in it."""

import importlib.util
import json
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT, environment
from tests.support.debug_adapter import DebugAdapter

# Not importorskip: with debugpy in this process, run() would take it for a debugger
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not importlib.util.find_spec("debugpy"), reason="needs debugpy"),
]


@pytest.mark.parametrize(
    ("file", "settings", "code", "category", "text"),
    [
        ("members/master_script.py", {}, 0, "stdout", "completed successfully"),
        ("members/list_all.py", {"SECRET": "wrong"}, 1, "stderr", "Error: 401"),
        (".env.example", {}, 1, "stderr", "Error: .env.example isn't a recipe"),
    ],
)
def test_f5_runs_the_open_file_to_the_end(sandbox, file, settings, code, category, text):
    launch = (ROOT / ".vscode" / "launch.json").read_text(encoding="utf-8")
    launch = re.sub(r"^\s*//.*$", "", launch, flags=re.MULTILINE)
    launch = launch.replace("${workspaceFolder}", ROOT.as_posix())
    launch = launch.replace("${file}", (ROOT / file).as_posix())
    f5 = json.loads(launch)["configurations"][0]
    with DebugAdapter() as debugger:
        env = environment(sandbox.address, settings)
        end = debugger.launch(f5["program"], f5["args"], env)
        assert end == "terminated"
        assert text in debugger.output(category)
        assert debugger.exit_code() == code


def test_f5_ends_as_python_does(tmp_path):
    program = tmp_path / "mine.py"
    program.write_text(
        "import sys, threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.1), print('done'))).start()\n"
        "sys.exit(sys.argv[1:] or None)\n",
        encoding="utf-8",
    )
    for arguments, expected in ([], (0, "done\n", "")), (["x"], (1, "done\n", "['x']\n")):
        command = [sys.executable, ROOT / ".vscode" / "run_open_file.py", program, *arguments]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=30)
        assert (done.returncode, done.stdout, done.stderr) == expected
