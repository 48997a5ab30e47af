"""A headless Chromium and what every test of a page in it needs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WAIT_MS = 120_000


@contextmanager
def chromium() -> Iterator[Any]:
    """A started browser; skips, loudly, where none is installed."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: the browser journey was NOT tested")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield found
        found.close()


def fresh_page(browser: Any, **options: Any) -> Any:
    """A page of a browser that was never here, as wide as a desk's unless `options` say otherwise."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    context.set_default_timeout(WAIT_MS)
    return context.new_page()


def drawn(page: Any) -> None:
    """Wait until the page's script is at its end, no part is still loading, and all has found its place."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=WAIT_MS)
    page.wait_for_function(
        "document.querySelectorAll('[data-testid=\"stSkeleton\"]').length === 0", timeout=WAIT_MS
    )
    page.wait_for_timeout(300)


def opened(page: Any, address: str) -> None:
    """Go there and wait until it is drawn."""
    page.goto(address)
    page.locator("h1").first.wait_for(timeout=WAIT_MS)
    drawn(page)


def assert_no_page_failed(page: Any) -> None:
    assert page.locator("text=This page could not be drawn").count() == 0
