"""A trace whose steps go on after its root: the sentence, the shade and the hover say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dashboard.charts_trace import going_on, waterfall
from dashboard.data_traces import SpanRow
from dashboard.trace_parts import headline

BEGAN = datetime(2026, 3, 2, 10, tzinfo=UTC)


def step(name: str, began_s: float, took_s: float | None) -> SpanRow:
    return SpanRow(
        span_id=name, parent_span_id=None, component=name, kind="tool", name=name,
        started_at=BEGAN + timedelta(seconds=began_s), duration_s=took_s, time_to_first_token_s=None,
        status="ok", error_type=None, input_text=None, output_text=None, reference_text=None, model=None,
        input_tokens=None, output_tokens=None, cost_usd=None, depth=int(name != "root"), documents=(), raw={},
    )  # fmt: skip


ROOT = step("root", 0, 2.0)
WITHIN = (ROOT, step("a", 0.1, 0.5), step("b", 0.7, 1.2))
BEYOND = (*WITHIN, step("stream", 0.5, 9.5))


def test_steps_within_the_root_are_parts_of_it() -> None:
    assert headline(WITHIN) == "2.00 s in 3 steps; b takes 1.20 s of it"
    assert not going_on(WITHIN)
    assert "shapes" not in waterfall(WITHIN, chosen=None).layout


def test_a_step_that_outlasts_the_root_is_no_part_of_it() -> None:
    assert headline(BEYOND) == "2.00 s in 4 steps; stream takes 9.50 s and ends 8.00 s after root"
    figure = waterfall(BEYOND, chosen=None)
    (shade,) = figure.layout["shapes"]
    assert (shade["x0"], shade["x1"]) == (2.0, 10.0)
    assert [a["text"] for a in figure.layout["annotations"]] == ["root has ended"]
    assert "ends 8.00 s after root" in figure.data[0]["hovertext"][3]
    assert "after root" not in figure.data[0]["hovertext"][1]


def test_a_short_step_that_ends_late_is_named_beside_the_slowest() -> None:
    late = step("audit", 2.4, 0.2)
    assert headline((*WITHIN, late)).endswith("b takes 1.20 s of it; audit ends 600 ms after root")


def test_clocks_and_what_is_not_known_say_nothing() -> None:
    assert not going_on((ROOT, step("a", 0, 2.015)))
    assert not going_on((replace(ROOT, duration_s=None), step("a", 0, 9.0)))


def test_no_bar_that_can_be_chosen_has_a_text_of_its_own() -> None:
    bars, labels = waterfall(WITHIN, chosen=None).data[:2]
    assert "text" not in bars, "Plotly fails where such a bar is chosen"
    assert [said.strip() for said in labels["text"]] == ["2.00 s", "500 ms", "1.20 s"]
    assert labels["hoverinfo"] == "skip"
