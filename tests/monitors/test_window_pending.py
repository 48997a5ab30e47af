"""Which windows a run evaluates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.config import parse
from collectors.errors import ConfigError
from monitors.config import MonitorsConfig, WindowsConfig
from monitors.result import Window
from monitors.window import days, is_complete, pending_windows, reference_period, window_of

HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
CONFIG = WindowsConfig()


def at(hours: float) -> datetime:
    return MIDNIGHT + hours * HOUR


def pending(counts: dict[float, int], evaluated: dict[float, int], now: float, **more: Any):
    return pending_windows(
        {at(h): n for h, n in counts.items()},
        {at(h): n for h, n in evaluated.items()},
        config=CONFIG,
        now=at(now),
        **more,
    )


def test_windows_are_aligned_to_midnight_utc_whatever_the_zone_of_the_time():
    kathmandu = datetime.fromisoformat("2026-03-02T05:50:00+05:45")  # 00:05 UTC
    assert window_of(kathmandu, timedelta(hours=6)) == Window(start=at(0), end=at(6))


def test_a_window_is_complete_only_after_its_grace():
    window = Window(start=at(0), end=at(1))
    assert not is_complete(window, now=at(1), grace=timedelta(minutes=5))
    assert is_complete(window, now=at(1) + timedelta(minutes=5), grace=timedelta(minutes=5))


def test_a_first_run_evaluates_every_complete_window_and_a_second_nothing():
    first = pending({0: 3, 1: 2, 2: 1}, {}, now=2.5)
    assert [w.start for w in first.new] == [at(0), at(1)]
    assert len(pending({0: 3, 1: 2, 2: 1}, {0: 3, 1: 2}, now=2.5)) == 0


def test_missed_hours_are_caught_up_in_order():
    caught_up = pending({0: 3, 1: 2, 2: 1, 3: 4}, {0: 3}, now=4.2)
    assert [w.start for w in caught_up.new] == [at(1), at(2), at(3)]


def test_late_spans_bring_a_window_back():
    again = pending({0: 4, 1: 2}, {0: 3, 1: 2}, now=2.2)
    # The window behind it is compared with it.
    assert [w.start for w in again.changed] == [at(0), at(1)]
    assert again.late == {at(0)}
    assert again.new == ()


def test_windows_before_the_late_spans_are_left_alone():
    again = pending({0: 4, 1: 2, 2: 5}, {0: 4, 1: 2, 2: 3}, now=3.2)
    assert [w.start for w in again.changed] == [at(2)]


def test_a_completed_span_brings_its_window_back():
    counts = {0: 4, 1: 2, 2: 3}
    again = pending(counts, counts, now=3.2, completed={at(1)})
    assert [w.start for w in again.changed] == [at(1), at(2)]
    assert again.late == {at(1)}


def test_spans_that_were_deleted_change_no_results():
    assert len(pending({0: 1, 1: 2}, {0: 3, 1: 2}, now=2.2, completed={at(0)})) == 0


def test_silence_is_evaluated_for_a_day_and_a_gap_of_months_is_not_walked_through():
    year = 24 * 365
    windows = pending({0: 3, year: 1}, {}, now=year + 2).new
    assert [w.start for w in windows] == [*(at(h) for h in range(25)), at(year)]


def test_since_evaluates_again_from_there_and_never_begins_before():
    counts = {0: 1, 1: 1, 2: 1, 3: 1}
    assert [w.start for w in pending(counts, {}, now=4.2, since=at(2)).new] == [at(2), at(3)]
    again = pending(counts, counts, now=4.2, since=at(2))
    assert [w.start for w in again.changed] == [at(2), at(3)]


def test_the_reference_is_the_week_that_ends_a_day_before_the_windows_day():
    late = Window(start=at(24 * 9 + 23), end=at(24 * 9 + 24))
    early = Window(start=at(24 * 9), end=at(24 * 9 + 1))
    assert reference_period(late, CONFIG) == reference_period(early, CONFIG)
    assert reference_period(late, CONFIG) == Window(start=at(24), end=at(24 * 8))
    shorter = WindowsConfig.model_validate({"reference": "2d", "gap": "0s"})
    assert reference_period(late, shorter) == Window(start=at(24 * 7), end=at(24 * 9))


def test_batches_are_days():
    windows = [Window(start=at(h), end=at(h + 1)) for h in (25, 3, 2)]
    assert [[w.start for w in batch] for batch in days(windows)] == [[at(2), at(3)], [at(25)]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[windows]\nlength = "7m"', "divide a day evenly"),
        ('[windows]\nlength = "soon"', "a number and a unit"),
        ('[windows]\ngrace = "-5m"', "must not be negative"),
        ('[windows]\nreference = "1h"', "between 1d and 90d"),
        ("[embedding]\nsample_per_window = 2", "greater than or equal to 8"),
        ("[monitors.mnd]\nenabled = false", "unknown check [monitors.mnd]; choose one of:"),
        ("[monitors.mmd]\nmargins = 1", "choose one of: components, enabled"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_choices(text: str, said: str):
    with pytest.raises(ConfigError, match=r"chainwatch\.toml") as error:
        parse(text, "chainwatch.toml")
    assert said in str(error.value)


def test_the_table_of_a_check_chooses_its_components_and_fields():
    config = MonitorsConfig.model_validate(
        {"mmd": {"components": ["support/*"], "exclude_components": ["router"], "fields": ["input_*"]}}
    )
    watches = config.of("mmd").watches
    assert watches("support", "retriever", "input_text")
    assert not watches("support", "router", "input_text")
    assert not watches("billing", "retriever", "input_text")
    assert not watches("support", "retriever", "output_text")
    assert config.of("latency").watches("billing", "router", "duration_s")
