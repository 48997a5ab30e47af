"""The map of texts names the largest topics, and reads hostile names as text."""

from __future__ import annotations

from dashboard.charts_map import Spot, map_chart, named


def spots(topic: str | None, count: int, x: float) -> list[Spot]:
    return [Spot(x=x + i, y=2.0 * x, text=f"text {i}", is_now=i % 2 == 0, topic=topic) for i in range(count)]


def test_the_largest_topics_are_named_in_the_middle_of_their_texts() -> None:
    every = [
        *spots("refund", 5, 0.0),
        *spots("delivery", 7, 10.0),
        *spots("rare", 4, 20.0),
        *spots(None, 9, 30.0),
    ]
    assert named(every) == [("delivery", 13.0, 20.0), ("refund", 2.0, 0.0)]


def test_no_more_are_named_than_can_be_read() -> None:
    every = [spot for i in range(9) for spot in spots(f"topic {i}", 5 + i, 10.0 * i)]
    assert [name for name, _, _ in named(every)] == ["topic 8", "topic 7", "topic 6", "topic 5"]


def test_a_hostile_name_is_text() -> None:
    figure = map_chart(spots("<b>x</b> %{x}", 6, 0.0)).plotly()
    said = [a.text for a in figure.layout.annotations]
    assert all("<b>" not in text for text in said)
    assert len(said) == 1
    assert all("%{" not in text and "<b>" not in text for trace in figure.data for text in trace.text)
