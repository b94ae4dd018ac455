"""A local stand-in for one Sigma organization, to run the recipes without an account."""

import sys

# Checked here because this file runs first, and an older Python can't run the others
if sys.version_info < (3, 10):  # noqa: UP036
    fix = "Activate .venv, or create it again with Python 3.10 or newer"
    sys.exit(f"Error: {sys.executable} is Python {sys.version.split()[0]}. {fix}")
