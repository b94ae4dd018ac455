"""F5 in VSCode: a recipe that fails shows its error and ends. The debugger doesn't stop in it."""

import importlib.util

import pytest

from tests.conftest import ROOT, environment
from tests.support.debug_adapter import DebugAdapter

# Not importorskip: with debugpy in this process, run() would take it for a debugger
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not importlib.util.find_spec("debugpy"), reason="needs debugpy"),
]


@pytest.mark.parametrize(
    ("settings", "code", "category", "text"),
    [
        ({}, 0, "stdout", "Sales Rep"),
        ({"SECRET": "wrong"}, 1, "stderr", "Error: 401"),
        ({"OUTPUT_FORMAT": "tables"}, 1, "stderr", "Error: OUTPUT_FORMAT"),
    ],
)
def test_f5_runs_to_the_end(sandbox, settings, code, category, text):
    with DebugAdapter() as debugger:
        end = debugger.launch(ROOT / "members/list_all.py", environment(sandbox.address, settings))
        assert end == "terminated"
        assert text in debugger.output(category)
        assert debugger.exit_code() == code
