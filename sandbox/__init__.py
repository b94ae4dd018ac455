"""A local stand-in for one Sigma organization, to run the recipes without an account."""

import sys

# This file runs before all others of the sandbox, and an older Python can't run those
if sys.version_info < (3, 10):  # noqa: UP036
    sys.exit(
        "Error: Python 3.10 or newer is needed. %s is %s" % (sys.executable, sys.version.split()[0])  # noqa: UP031
    )
