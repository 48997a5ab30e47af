"""The filter bar: the same on every page, kept in the address, and honest about what it cannot narrow."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from conftest import Open, shown, words
from seeded_traffic import CHAIN
from seeded_warehouse import Seeded
from streamlit.testing.v1 import AppTest

from collectors.rollups.refresh import OTHER
from dashboard import viewer
from dashboard.data_figures import Said
from dashboard.data_filters import FilterChoices
from dashboard.terms import terms

OF_INSTALLATION = ("backtest", "data")
LABELS = ["Component", "Version", "Environment"]


def _bar(app: AppTest) -> dict[str, Any]:
    return {box.label: box for box in app.selectbox if box.label in LABELS}


@pytest.mark.parametrize("page", [page for page in terms().pages if page != "help"])
def test_every_page_says_what_of_it_the_filters_narrow(page: str, open_page: Open, seeded: Seeded) -> None:
    app = open_page(page, seeded.home, version="1.5.0", environment="staging")
    said, bar = words(app), _bar(app)
    if page in OF_INSTALLATION:
        assert "Of the whole installation" in said
        assert not bar
        return
    assert list(bar) == LABELS
    (told,) = [line for line in said.splitlines() if line.startswith(("Figures of", "Not narrowed by"))]
    narrowed, _, ignored = told.partition("Not narrowed by")
    for name, chosen in (("Version", "version 1.5.0"), ("Environment", "environment staging")):
        assert (chosen in ignored) is bar[name].disabled
        assert (chosen in narrowed) is not bar[name].disabled


def test_figures_of_one_environment_are_of_its_spans_alone(open_page: Open, seeded: Seeded) -> None:
    with seeded.warehouse.read() as con:
        asked = (
            "SELECT count(*) FROM spans WHERE chain = ? AND component = 'router' AND environment = 'staging'"
        )
        (expected,) = con.execute(asked, [CHAIN]).fetchall()[0]
    app = open_page("component", seeded.home, range="7d", component="router", environment="staging")
    assert f"{expected} requests" in words(app)
    traces = words(open_page("traces", seeded.home, range="7d", environment="staging"))
    assert f"of {expected} traces" in traces


def test_a_version_that_nothing_is_of_is_said_and_not_dropped(open_page: Open, seeded: Seeded) -> None:
    app = open_page("traces", seeded.home, range="7d", version="9.9")
    assert any("of version 9.9" in w.value.replace("\\", "") for w in app.warning)
    assert _bar(app)["Version"].value == "9.9"
    assert "No trace fits" in words(app)


def test_the_traces_of_an_incident_are_those_that_it_counts(open_page: Open, seeded: Seeded) -> None:
    app = open_page("incident", seeded.home, version="1.5.0")
    (counted,) = [bold for m in app.markdown if (bold := m.value.strip("*")).isdigit()]
    (link,) = [link.proto for link in app.get("page_link") if link.proto.label == "List them"]
    asked = dict(parse_qsl(link.query_string))
    assert asked["version"] == "*"
    (text, *_) = [link.proto for link in app.get("page_link") if link.proto.label == "Its trace"]
    assert {"trace", "span"} <= set(dict(parse_qsl(text.query_string))), "the step that the text is of"
    traces = shown(app, "traces", **asked)
    assert f" of {counted} traces" in words(traces)
    assert _bar(traces)["Version"].value == "", "what was chosen before does not narrow the list"


def test_a_phone_is_spared_what_cannot_be_chosen(
    open_page: Open, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewer, "on_phone", lambda: True)
    assert list(_bar(open_page("incident", seeded.home))) == ["Component"]
    assert list(_bar(open_page("overview", seeded.home))) == LABELS


def test_an_open_incident_that_is_filtered_out_is_told_of(open_page: Open, seeded: Seeded) -> None:
    app = open_page("incident", seeded.home, component="generator", range="7d")
    assert "1 open incident is left out by the filters" in words(app)
    assert "generator: latency changed" in words(app)
    nothing = words(open_page("incident", seeded.home, component="guardrail"))
    assert "No incident fits the filters" in nothing


def test_what_was_rolled_up_as_one_cannot_be_chosen() -> None:
    said = Said(component="router", environment=OTHER, markers=("1.0", None, OTHER))
    choices = FilterChoices(components=(), said=(said,))
    assert (choices.versions(None), choices.environments(None)) == (("1.0",), ())
