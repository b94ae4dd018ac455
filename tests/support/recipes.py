"""Finds the recipes, and what their cards and sources say."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import demo

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = ("members", "workbooks", "teams", "connections", "embedding", "audit")
SHARED = ("get_access_token.py", "sigma_client.py")
RECIPES = sorted(
    path.relative_to(ROOT).as_posix() for name in FOLDERS for path in (ROOT / name).glob("*.py")
)
SCRIPTS = [*RECIPES, SHARED[0]]
each_recipe = pytest.mark.parametrize("recipe", RECIPES)
each_script = pytest.mark.parametrize("recipe", SCRIPTS)


@functools.cache
def source(recipe: str | Path) -> str:
    """Return the text of a recipe."""
    return (ROOT / recipe).read_text(encoding="utf-8")


@functools.cache
def docstring(recipe: str | Path) -> str:
    """Return the card of a recipe."""
    return ast.get_docstring(ast.parse(source(recipe))) or ""


def sample(recipe: str) -> str:
    """Return the sample output on the card of a recipe."""
    _, _, text = docstring(recipe).partition("Sample output:\n\n")
    return "".join(line.removeprefix("    ") + "\n" for line in text.splitlines())


def endpoints(recipe: str) -> list[tuple[str, str]]:
    """Return the requests on the card of a recipe: [("GET", "/v2/members/{memberId}")]."""
    card = re.search(r"^Endpoint:(.*?)^Docs:", docstring(recipe), re.DOTALL | re.MULTILINE)
    return re.findall(r"\b([A-Z]+)\s+(/v2/[\w/{}-]+)", card[1] if card else "")


# All but those that only compute something
SENDERS = [script for script in SCRIPTS if endpoints(script)]


def files_of(recipe: str) -> Iterator[Path]:
    """Yield a recipe, and the recipes next to it that it imports."""
    folder = (ROOT / recipe).parent
    yield ROOT / recipe
    for name in re.findall(r"^from (\w+) import", source(recipe), re.MULTILINE):
        if folder != ROOT and (folder / f"{name}.py").exists():
            yield folder / f"{name}.py"


def settings_of(recipe: str, files: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Return the settings that a recipe reads, each with the function that reads it."""
    text = "".join(source(path) for path in (*files_of(recipe), *files))
    found = re.findall(r'\b((?:require|read)_\w+)\(\s*"(\w+)"', text)
    several = re.findall(r'\brequire_all\(((?:\s*"\w+",?)+)', text)
    found += [("require_all", name) for names in several for name in re.findall(r"\w+", names)]
    found += [("read_dry_run", "DRY_RUN")] * ("read_dry_run()" in text)
    return sorted(set(found))


def leftovers(recipe: str) -> dict[str, str]:
    """Return a useless value for each setting that only other recipes read."""
    used = {name for _, name in settings_of(recipe, SHARED)} | set(demo.demo_settings(""))
    return {name: "left over" for name in demo.names() if name not in used}
