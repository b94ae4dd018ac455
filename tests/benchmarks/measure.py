"""Run one command, and write how long it took, its exit code and its peak memory.

python measure.py REPORT COMMAND [ARGS...]

A small process of its own, without imports that cost memory: Linux counts what the parent holds as
the child's, too.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def main(report: str, *command: str) -> None:
    begin = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        peak = None
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            # Linux counts in 1024 bytes, macOS in bytes
            peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    seconds = time.perf_counter() - begin
    measured = {"seconds": seconds, "code": process.returncode, "peak": peak}
    Path(report).write_text(json.dumps(measured), encoding="utf-8")


main(*sys.argv[1:])
