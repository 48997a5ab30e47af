"""In a real browser: from the link in a message to the trace that shows the cause."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from seeded_quality import labels_of
from seeded_warehouse import Seeded, build
from test_dashboard_serve import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: the browser journey was NOT tested")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def served(browser: Any, seeded: Seeded) -> Iterator[str]:
    """The address of a dashboard over the seeded chain; nothing of this file writes to it."""
    with serving(seeded.home) as (url, _):
        yield url


def test_from_the_message_to_the_trace(browser: Any, seeded: Seeded, served: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id="Europe/Berlin")
    page = context.new_page()
    outside: list[str] = []
    page.on("request", lambda r: outside.append(r.url) if not _ours(r.url, served) else None)
    page.goto(f"{served}/incident?incident={seeded.incident_id}")
    page.get_by_role("heading", name="retriever: output changed").wait_for(timeout=60_000)
    page.get_by_text("Thu 5 Mar 05:48").first.wait_for()
    page.get_by_text("<script>alert(1)</script>").first.wait_for()

    page.get_by_role("link", name="retriever over time").click()
    page.get_by_role("heading", name="Component", exact=True).wait_for(timeout=60_000)
    page.wait_for_url(re.compile(r"/component\?.*component=retriever"))
    page.get_by_text("Versions side by side").wait_for()

    page.goto(f"{served}/incident?incident={seeded.incident_id}")
    page.get_by_role("link", name="Its trace").first.click()
    page.wait_for_url(re.compile(r"/traces\?.*trace=[0-9a-f]{32}"), timeout=60_000)
    page.get_by_text("in 6 steps").wait_for(timeout=60_000)
    assert page.locator("text=This page could not be drawn").count() == 0
    assert page.evaluate("window.alerted === undefined")
    assert not outside, "the dashboard needs no network"
    context.close()


def test_the_root_lands_on_the_incident_and_a_phone_does_not_scroll_sideways(
    browser: Any, seeded: Seeded, served: str
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = context.new_page()
    page.goto(served)
    page.wait_for_url(re.compile(rf"/incident\?incident={seeded.incident_id}"), timeout=60_000)
    pages = ("overview", "component", "traces", "quality", "compare", "monitors", "data", "help")
    for path in ("incident", *pages):
        page.goto(f"{served}/{path}")
        page.locator("h1").first.wait_for(timeout=60_000)
        _drawn(page)
        wide = page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollWidth")
        assert wide <= 390, path
    context.close()


def _drawn(page: Any) -> None:
    """Wait until the page's script is at its end, no part is still loading, and all has found its place."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=60_000)
    page.wait_for_function("document.querySelectorAll('[data-testid=\"stSkeleton\"]').length === 0")
    page.wait_for_timeout(300)


def test_ten_answers_are_labelled_by_keyboard(browser: Any, tmp_path: Path) -> None:
    made = build(tmp_path / "label", days=1, traces_per_day=40, parts=(), with_incident=False)
    with serving(made.home) as (url, _):
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.goto(f"{url}/quality?view=label")
        page.get_by_label("Your name").fill("cleo", timeout=60_000)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Draw 20 answers").click()
        page.get_by_text("0 graded by you").wait_for(timeout=60_000)
        # Digits that are typed into the comment are a comment.
        page.get_by_label("Comment").fill("")
        page.keyboard.type("3 of 3")
        page.keyboard.press("Enter")
        page.get_by_text("Documents").or_(page.get_by_text("Answer", exact=True)).first.click()
        given = [3, 2, 1, 0, 3, 3, 2, 1, 3, 2]
        for place, grade in enumerate(given):
            page.get_by_text(f"{place} graded by you").wait_for(timeout=60_000)
            _drawn(page)
            page.keyboard.press(str(grade))
        page.get_by_text("10 graded by you").wait_for(timeout=60_000)
        _drawn(page)
        page.keyboard.press("b")
        page.get_by_text("You gave it 2.").wait_for(timeout=60_000)
        assert page.locator("text=This page could not be drawn").count() == 0
    labels = labels_of(made, "cleo")
    assert [label["score"] for label in labels] == given
    assert [label["comment"] for label in labels] == ["3 of 3", *[None] * 9]


def _ours(address: str, url: str) -> bool:
    return address.startswith((url, url.replace("http", "ws"), "data:", "blob:"))
