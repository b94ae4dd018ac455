"""A local stand-in for one Sigma organization, to run the recipes without an account."""

import sys

# Checked here because this file runs first, and an older Python can't run the others
if sys.version_info < (3, 10):  # noqa: UP036
    sys.exit(f"Error: Python 3.10 or newer is needed. {sys.executable} is {sys.version.split()[0]}")
