"""The documents in a browser, with GitHub's style: nothing scrolls sideways.

Needs Chromium and Node.js (for the style, the npm package github-markdown-css). Without them these
tests are skipped, except in CI on Linux.
"""

import re
import shutil
import subprocess
import tarfile

import pytest
from markdown_it import MarkdownIt

from tests.conftest import ROOT
from tests.promises.test_documents import DOCUMENTS
from tests.support.browser import MUST_RUN, browser, needs_chromium  # noqa: F401

pytestmark = [pytest.mark.slow, needs_chromium]
WIDTH = 832  # of a README on GitHub, in pixels
SCROLLS = (
    "[...document.querySelectorAll('pre, table')].filter((e) => e.scrollWidth > e.clientWidth)"
)
ROWS = "[...document.querySelectorAll('tr')].filter((row) => row.querySelector('a'))"


@pytest.fixture(scope="module")
def style(tmp_path_factory):
    """Return the CSS of GitHub's documents."""
    npm, folder = shutil.which("npm"), tmp_path_factory.mktemp("style")
    if not npm and not MUST_RUN:
        pytest.skip("npm wasn't found: install Node.js")
    subprocess.run([npm, "pack", "github-markdown-css@5.9.0"], cwd=folder, check=True)
    with tarfile.open(next(folder.glob("*.tgz"))) as package:
        return package.extractfile("package/github-markdown-light.css").read().decode()


@pytest.fixture
def open_document(browser, style, tmp_path):  # noqa: F811
    def open_document(text):
        html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
        style_of_page = f"<style>{style} .markdown-body {{ width: {WIDTH}px }}</style>"
        page = tmp_path / "document.html"
        article = f"{style_of_page}<article class=markdown-body>{html}</article>"
        page.write_text(f"<!doctype html><meta charset=utf-8>{article}", encoding="utf-8")
        opened = browser.new_page()
        opened.goto(page.as_uri())
        return opened

    return open_document


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_box_and_no_table_scrolls_sideways(document, open_document):
    text = document.read_text(encoding="utf-8")
    if document != ROOT / "README.md":  # what a recipe prints is shown as it is
        text = re.sub(r"^```text\n.*?^```", "", text, flags=re.M | re.S)
    page = open_document(text)
    assert page.evaluate(f"{SCROLLS}.map((e) => e.innerText)") == []


def test_every_recipe_is_one_line_of_the_readme(open_document):
    page = open_document((ROOT / "README.md").read_text(encoding="utf-8"))
    heights = page.evaluate(f"{ROWS}.map((row) => row.offsetHeight)")
    assert len(heights) == 58 and len(set(heights)) == 1


def test_a_line_that_is_too_long_scrolls(open_document):
    assert open_document(f"```text\n{'x' * 100}\n```").evaluate(f"{SCROLLS}.length") == 1
