"""The component page tells first what is out of band, once for each thing that is measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from conftest import Open, words
from seeded_warehouse import Seeded

from dashboard.component_check_parts import courses, out_of_band
from dashboard.data_component_checks import DriftPoint

_MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)


def _said(
    check: str, statuses: str, *, field: str = "output_text", concern: str = "output"
) -> list[DriftPoint]:
    """One letter a window: o in band, b in breach, - no data."""
    words_of = {"o": "ok", "b": "breach", "-": "no_data"}
    return [
        DriftPoint(
            monitor=f"{check}/{field}",
            check_name=check,
            field=field,
            reference_kind="drift",
            concern=concern,
            window_end=_MIDNIGHT + timedelta(hours=hour),
            status=words_of[letter],
            value=None if letter == "-" else 1.0,
            threshold=1.0,
            unit=None,
        )
        for hour, letter in enumerate(statuses)
    ]


def test_of_each_thing_the_check_that_was_out_most_often_comes_first() -> None:
    found = courses(
        [
            *_said("mmd", "oobb"),
            *_said("embedding_distance", "obbb"),
            *_said("latency", "bbbo", field="duration_s", concern="latency"),
            *_said("token_length", "oob-", field="input_tokens", concern="input"),
        ]
    )
    assert [c.last.check_name for c in found] == ["embedding_distance", "mmd", "token_length", "latency"]
    assert [c.last.check_name for c in out_of_band(found)] == ["embedding_distance", "token_length"]


def test_out_of_band_since_the_first_window_of_the_run_that_lasts() -> None:
    (course,) = courses(_said("mmd", "bob-bb-"))
    assert course.is_out
    assert course.out_since == _MIDNIGHT + timedelta(hours=2)
    (over,) = courses(_said("mmd", "obbo-"))
    assert not over.is_out
    assert over.out_since is None


def test_the_page_says_what_is_out_and_that_nothing_is(open_page: Open, seeded: Seeded) -> None:
    blamed = words(open_page("component", seeded.home, component="retriever"))
    assert "Out of band now: latency, output" in blamed
    assert "Nothing" in words(open_page("component", seeded.home, component="guardrail"))
