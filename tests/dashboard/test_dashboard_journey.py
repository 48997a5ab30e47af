"""In a real browser: from the link in a message to the trace that shows the cause."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from driven_browser import assert_no_page_failed, drawn, fresh_page, opened
from seeded_quality import labels_of
from seeded_warehouse import Seeded, build
from test_dashboard_serve import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]


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
    assert_no_page_failed(page)
    assert page.evaluate("window.alerted === undefined")
    assert not outside, "the dashboard needs no network"
    context.close()


def test_the_root_lands_on_the_incident_and_a_phone_does_not_scroll_sideways(
    browser: Any, seeded: Seeded, served: str
) -> None:
    page = fresh_page(browser, viewport={"width": 390, "height": 844}, color_scheme="dark")
    page.goto(served)
    page.wait_for_url(re.compile(rf"/incident\?incident={seeded.incident_id}"))
    pages = ("overview", "component", "traces", "quality", "compare", "monitors", "data", "help")
    for path in ("incident", *pages):
        opened(page, f"{served}/{path}")
        wide = page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollWidth")
        assert wide <= 390, path
    page.context.close()


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
            drawn(page)
            page.keyboard.press(str(grade))
        page.get_by_text("10 graded by you").wait_for(timeout=60_000)
        drawn(page)
        page.keyboard.press("b")
        page.get_by_text("You gave it 2.").wait_for(timeout=60_000)
        assert_no_page_failed(page)
    labels = labels_of(made, "cleo")
    assert [label["score"] for label in labels] == given
    assert [label["comment"] for label in labels] == ["3 of 3", *[None] * 9]


def _ours(address: str, url: str) -> bool:
    return address.startswith((url, url.replace("http", "ws"), "data:", "blob:"))
