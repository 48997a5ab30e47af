"""In a real browser: from the link in a message to the trace that shows the cause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from driven_browser import assert_no_page_failed, drawn, fresh_page, opened
from seeded_quality import labels_of
from seeded_warehouse import Seeded, build
from test_dashboard_serve import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_from_the_message_to_the_trace(browser: Any, seeded: Seeded, served: str) -> None:
    page = fresh_page(browser, timezone_id="Europe/Berlin")
    outside: list[str] = []
    page.on("request", lambda r: outside.append(r.url) if not _ours(r.url, served) else None)
    page.goto(f"{served}/incident?incident={seeded.incident_id}")
    page.get_by_role("heading", name="retriever: output changed").wait_for()
    page.get_by_text("Thu 5 Mar 05:48").first.wait_for()
    page.get_by_text("<script>alert(1)</script>").first.wait_for()

    page.get_by_role("link", name="retriever over time").click()
    page.get_by_role("heading", name="Component", exact=True).wait_for()
    page.wait_for_url(re.compile(r"/component\?.*component=retriever"))
    page.get_by_text("Out of band now: latency, output").wait_for()
    page.get_by_role("radio", name="Versions").or_(page.get_by_role("button", name="Versions")).first.click()
    page.wait_for_url(re.compile(r"view=versions"))
    page.get_by_text("Versions side by side").wait_for()

    page.goto(f"{served}/incident?incident={seeded.incident_id}")
    page.get_by_role("link", name="Its trace").first.click()
    page.wait_for_url(re.compile(r"/traces\?.*trace=[0-9a-f]{32}"))
    page.get_by_text("in 6 steps").wait_for()
    assert_no_page_failed(page)
    assert page.evaluate("window.alerted === undefined")
    assert not outside, "the dashboard needs no network"
    page.context.close()


def test_find_the_slow_component_and_the_request_that_shows_it(browser: Any, served: str) -> None:
    page = fresh_page(browser, timezone_id="UTC")
    opened(page, f"{served}/overview?range=7d")
    page.get_by_role("link", name="generator", exact=True).click()
    page.wait_for_url(re.compile(r"/component\?.*component=generator"))
    page.get_by_text(re.compile("^Half take .* s, one in twenty more than .* s(, |$)")).wait_for()
    drawn(page)

    # Dragging across a chart narrows the range of the page, and the address says so.
    chart = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    middle = chart["y"] + chart["height"] / 2
    page.mouse.move(chart["x"] + chart["width"] * 0.75, middle)
    page.mouse.down()
    page.mouse.move(chart["x"] + chart["width"] * 0.85, middle, steps=4)
    page.mouse.move(chart["x"] + chart["width"] * 0.95, middle, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile(r"range=2026-03-0\dT.*\.\.2026-03-0\dT"))
    drawn(page)
    page.get_by_role("button", name="Show the data").first.click()
    with page.expect_download() as taken:
        page.get_by_role("button", name="CSV").click()
    text = taken.value.path().read_text()
    assert text.startswith("Series,Time (UTC),requests per ")
    assert "requests,2026-03-0" in text

    opened(page, f"{served}/traces?range=7d&component=generator&sort=slowest")
    page.locator('[data-testid="stDataFrame"] .dvn-scroller').first.click(position={"x": 12, "y": 50})
    page.get_by_text(re.compile(r"in 6 steps; generator takes .* s of it")).wait_for()
    drawn(page)
    # A click on a bar opens its step.
    step = page.locator(".js-plotly-plot .barlayer .point path").nth(4)
    step.scroll_into_view_if_needed()
    bar = step.bounding_box()
    page.mouse.move(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2, steps=2)
    page.wait_for_timeout(300)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(re.compile(r"span="))
    assert_no_page_failed(page)
    page.context.close()


def test_compare_two_versions(browser: Any, served: str) -> None:
    page = fresh_page(browser)
    opened(page, f"{served}/compare?range=7d&component=generator")
    page.get_by_role("radio", name="Two versions").or_(
        page.get_by_role("button", name="Two versions")
    ).first.click()
    page.wait_for_url(re.compile("by=version"))
    page.get_by_text(re.compile("A: version .*1.4.0.* B: version .*1.5.0")).wait_for()
    drawn(page)
    page.get_by_text("How long requests take").wait_for()
    assert_no_page_failed(page)
    page.context.close()


@pytest.fixture(scope="module")
def acting(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Seeded, str]]:
    """A dashboard that may be written to, and its address."""
    made = build(tmp_path_factory.mktemp("acting"), days=2, traces_per_day=40)
    with serving(made.home) as (url, _):
        yield made, url


def test_silence_and_end_it(browser: Any, acting: tuple[Seeded, str]) -> None:
    made, url = acting
    page = fresh_page(browser)
    opened(page, f"{url}/incident?incident={made.incident_id}")
    page.get_by_label("Your name").fill("cleo")
    page.keyboard.press("Enter")
    drawn(page)
    page.get_by_role("button", name="Silence").first.click()
    page.get_by_label("Why", exact=True).fill("index is being rebuilt")
    page.keyboard.press("Enter")
    drawn(page)
    page.get_by_role("button", name="Silence it").click()
    page.get_by_text("cleo: index is being rebuilt").wait_for()
    drawn(page)
    page.get_by_role("button", name="End the silence").click()
    page.get_by_text("cleo: index is being rebuilt").wait_for(state="hidden")
    assert_no_page_failed(page)
    page.context.close()
    with made.warehouse.read() as con:
        logged = con.execute("SELECT action FROM audit WHERE actor = 'cleo' ORDER BY occurred_at").fetchall()
    assert logged == [("silence",), ("expire silence",)]


def test_ten_answers_are_labelled_by_keyboard(browser: Any, acting: tuple[Seeded, str]) -> None:
    made, url = acting
    page = fresh_page(browser)
    page.goto(f"{url}/quality?view=label")
    page.get_by_label("Your name").fill("cleo")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Draw 20 answers").click()
    page.get_by_text("0 graded by you").wait_for()
    # Digits that are typed into the comment are a comment.
    page.get_by_label("Comment").fill("")
    page.keyboard.type("3 of 3")
    page.keyboard.press("Enter")
    page.get_by_text("Documents").or_(page.get_by_text("Answer", exact=True)).first.click()
    given = [3, 2, 1, 0, 3, 3, 2, 1, 3, 2]
    for place, grade in enumerate(given):
        page.get_by_text(f"{place} graded by you").wait_for()
        drawn(page)
        page.keyboard.press(str(grade))
    page.get_by_text("10 graded by you").wait_for()
    drawn(page)
    page.keyboard.press("b")
    page.get_by_text("You gave it 2.").wait_for()
    assert_no_page_failed(page)
    labels = labels_of(made, "cleo")
    assert [label["score"] for label in labels] == given
    assert [label["comment"] for label in labels] == ["3 of 3", *[None] * 9]


def _ours(address: str, url: str) -> bool:
    return address.startswith((url, url.replace("http", "ws"), "data:", "blob:"))
