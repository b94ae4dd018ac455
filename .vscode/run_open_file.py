"""What F5 starts: it runs the file that is open in the editor, if that is a Python file.

Without it, F5 would run .env.sandbox, README.md or a CSV file as Python, and print a traceback.
"""

import atexit
import os
import runpy
import sys
from pathlib import Path


def leave() -> None:
    """End with the exit code of the file. At sys.exit, VSCode would stop in the code that failed."""
    if code:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


code = 0
atexit.register(leave)  # the first to register runs last, after the file's own exit functions
sys.argv = sys.argv[1:] or sys.argv
file = Path(sys.argv[0])
sys.path[0] = str(file.parent)  # as if Python had started the file
try:
    if file.suffix != ".py" or file == Path(__file__):
        fix = "Open a recipe, such as members/list_all.py, and press F5 again"
        sys.exit(f"Error: {file.name} isn't a recipe. {fix}")
    runpy.run_path(str(file), run_name="__main__")
except SystemExit as end:
    code = end.code if isinstance(end.code, int) else int(end.code is not None)
    if end.code is not None and not isinstance(end.code, int):
        print(end.code, file=sys.stderr)
