"""A headless Chromium; tests skip where it or Playwright is missing."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

TOKEN = "a-secret"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """While it runs, this thread has an event loop: tests of other modules may not see it."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    place = next(filter(None, map(shutil.which, NAMES)), None)
    if place is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=place, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def new_tab(chromium: Any, address: str) -> Iterator[Callable[..., Any]]:
    """Open the page in a browser of its own; what goes wrong in it fails the test."""
    contexts, faults = [], []

    def open_tab(**options: Any) -> Any:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}} | options)
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(30_000)
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("dialog", lambda dialog: faults.append(dialog.message))
        tab.goto(f"{address}/?token={TOKEN}")
        tab.wait_for_selector(".cell.active")
        return tab

    yield open_tab
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def tab(new_tab: Callable[..., Any]) -> Any:
    return new_tab()
