"""An optional test against a real organization: the recipes that only read.

SMOKE_ENV_FILE names the file with its settings; without it, nothing is run. A recipe is skipped if
the file lacks a setting that it needs.
"""

import json
import os
import subprocess
import sys

import pytest
from dotenv import dotenv_values

from sandbox import demo
from tests.support.recipes import RECIPES, ROOT, SHARED, endpoints, settings_of, source

FILE = os.environ.get("SMOKE_ENV_FILE", "")
READERS = [r for r in RECIPES if {method for method, _ in endpoints(r)} == {"GET"}]


@pytest.mark.parametrize("recipe", [SHARED[0], *READERS] if FILE else [])
def test_a_recipe_that_only_reads(recipe, tmp_path):
    settings = dotenv_values(ROOT / FILE)
    needed = {name for function, name in settings_of(recipe) if function.startswith("require")}
    missing = sorted(name for name in needed if not settings.get(name))
    if missing:
        pytest.skip(f"{FILE} lacks {', '.join(missing)}")
    kept = {name: value for name, value in os.environ.items() if name not in demo.names()}
    done = subprocess.run(
        [sys.executable, ROOT / recipe],
        env={**kept, "SIGMA_ENV_FILE": FILE, "OUTPUT_FORMAT": "json"},
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    assert done.returncode == 0, done.stderr.splitlines()[-1]
    if "print_rows" in source(recipe):
        assert isinstance(json.loads(done.stdout), list)
