"""Chromium, for the tests of pages and documents."""

import os
import shutil
import sys

import pytest
from playwright.sync_api import sync_playwright

NAMES = "chromium", "chromium-browser", "google-chrome"
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
MUST_RUN = bool(os.environ.get("CI")) and sys.platform == "linux"
needs_chromium = pytest.mark.skipif(
    not CHROMIUM and not MUST_RUN, reason="there is no Chromium: apt-get install chromium"
)


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests of a file."""
    assert CHROMIUM, "install chromium: .ci/run does"
    with sync_playwright() as playwright:
        # root, which CI is, can't have the browser's own sandbox
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
