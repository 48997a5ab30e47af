"""Every page in a real browser, by axe-core: light on a desk, dark on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from driven_browser import WAIT_MS, assert_no_page_failed, drawn, opened
from seeded_warehouse import Seeded

# It takes two minutes, and five where others take most of the machine.
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]

PAGES = (
    "overview",
    "incident",
    "component?component=retriever",
    "traces?trace={trace}",
    "quality",
    "quality?view=judges",
    "quality?view=label",
    "compare",
    "monitors?monitor={monitor}",
    "backtest",
    "data",
    "help",
)
# What Streamlit itself draws and no page can change: rule, what the element is like, why it may stay.
STREAMLITS_OWN = (
    (
        "svg-img-alt",
        r'class="mark-symbol role-mark metric_chart_',
        "An empty group inside the small chart of st.metric; the metric beside it says value and change.",
    ),
)


def test_no_page_has_a_serious_finding_or_scrolls_sideways(browser: Any, seeded: Seeded, served: str) -> None:
    sync_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")
    axe = sync_playwright.Axe()
    with seeded.warehouse.read() as con:
        (monitor,) = con.execute("SELECT min(monitor) FROM results WHERE component = 'retriever'").fetchall()[
            0
        ]
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page = context.new_page()
    found: list[str] = []
    for path in PAGES:
        opened(page, f"{served}/{path.format(trace=seeded.trace_id, monitor=monitor)}")
        assert_no_page_failed(page)
        found += [f"{path} light 1280: {said}" for said in _findings(axe, page)]
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 390, "height": 844})
        drawn(page)
        found += [f"{path} dark 390: {said}" for said in _findings(axe, page)]
        wide = page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollWidth")
        assert wide <= 390, path
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(served)
    page.wait_for_url(re.compile(rf"/incident\?incident={seeded.incident_id}"), timeout=WAIT_MS)
    context.close()
    assert not found, "\n".join(found)


def _findings(axe: Any, page: Any) -> Iterator[str]:
    """What is more than minor, but for what Streamlit draws by itself."""
    options = {"resultTypes": ["violations"], "preload": False}
    for violation in axe.run(page, options=options).response["violations"]:
        if violation["impact"] == "minor":
            continue
        for node in violation["nodes"]:
            if any(
                violation["id"] == rule and re.search(like, node["html"]) for rule, like, _ in STREAMLITS_OWN
            ):
                continue
            why = [said["message"] for said in (*node["any"], *node["all"])][:1]
            yield f"{violation['impact']} {violation['id']}: {node['html'][:160]} {why}"
