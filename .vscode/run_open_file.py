"""What F5 starts: it runs the file that is open in the editor, if that is a Python file.

Without it, F5 would run .env.sandbox, README.md or a CSV file as Python, and print a traceback.
"""

import os
import runpy
import sys
from pathlib import Path

sys.argv = sys.argv[1:]
file = Path(sys.argv[0])
sys.path[0] = str(file.parent)  # as if Python had started the file
try:
    if file.suffix != ".py":
        fix = "Open a recipe, such as members/list_all.py, and press F5 again"
        sys.exit(f"Error: {file.name} isn't a recipe. {fix}")
    runpy.run_path(str(file), run_name="__main__")
except SystemExit as end:  # caught, because VSCode would stop in the code that raised it
    if isinstance(end.code, str):
        print(end.code, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(end.code if isinstance(end.code, int) else bool(end.code))
