"""Silence: who is missed, who only rests, and that ordinary traffic raises nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest
from alerting_world import result

from collectors.config import parse
from monitors.alerting.config import AlertsConfig
from monitors.alerting.rules.absence import absence_results
from monitors.alerting.rules.config import DidNotRunRule
from monitors.alerting.rules.did_not_run import JudgeRan, did_not_run_results
from monitors.result import Result, Window
from monitors.streams import Stream
from monitors.summaries import Sample, SampleStore

T0 = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
Speaks = Callable[[int], bool]


def sample(stream: Stream, hour: int) -> Sample:
    """Five rows of a stream in one hour."""
    return Sample(
        stream=stream,
        window=window(hour),
        basis="s",
        n=5,
        n_missing=0,
        rows=np.zeros((0, 1)),
        keys=(),
        seed=0,
    )


def window(hour: int) -> Window:
    return Window(start=T0 + hour * HOUR, end=T0 + (hour + 1) * HOUR)


def spans_of(component: str) -> Stream:
    return Stream("support", component, "status")


def missed(
    streams: Mapping[Stream, Speaks],
    hours: Sequence[int],
    rules: str = "",
    watched: Sequence[tuple[str, str, str]] = (),
) -> dict[int, list[Result]]:
    """What is missed at the end of each hour, with what a run holds: eight days before the present one."""
    settings = parse(rules, "chainwatch.toml").section("alerts", AlertsConfig)
    held, found = SampleStore(HOUR), {}
    for hour in range(hours[-1] + 1):
        held.add(sample(stream, hour) for stream, speaks in streams.items() if speaks(hour))
        if hour % 24 == 0:
            held.drop_before(T0 + (hour // 24 - 8) * 24 * HOUR)
        if hour in hours:
            found[hour] = absence_results(
                settings.no_data_rules, held, window(hour), watched=set(watched), forget=settings.expire
            )
    return found


def until(hour: int) -> Speaks:
    return lambda h: h < hour


def always(_: int) -> bool:
    return True


def first(found: Mapping[int, list[Result]]) -> int | None:
    return min((hour for hour, results in found.items() if results), default=None)


def test_a_component_that_falls_silent_is_missed_after_half_a_day() -> None:
    streams = {spans_of("assistant"): always, spans_of("retriever"): until(200)}
    found = missed(streams, range(200, 216))
    assert first(found) == 211
    [silent] = found[211]
    assert (silent.component, silent.field, silent.concern) == ("retriever", "requests", "no_data")
    assert (silent.value, silent.threshold, silent.unit) == (12.0, 12.0, "h")
    assert silent.reason == "no requests for 12 h; 12 h are missed"


def test_a_field_that_is_no_longer_sent_is_missed_and_its_component_is_not() -> None:
    output = Stream("support", "retriever", "output_text")
    streams = {spans_of("retriever"): always, output: until(200)}
    [silent] = missed(streams, [220])[220]
    assert (silent.field, silent.reason) == ("output_text", "no output for 21 h; 12 h are missed")


@pytest.mark.parametrize("field", ["error_type", "refusal", "tool"])
def test_what_comes_and_goes_is_not_missed(field: str) -> None:
    streams = {spans_of("retriever"): always, Stream("support", "retriever", field): until(200)}
    assert first(missed(streams, range(200, 250))) is None


def test_nobody_is_missed_while_all_are_silent() -> None:
    """Logs that come once a day, a night without users, the end of a file."""
    streams = {spans_of("assistant"): until(200), spans_of("retriever"): until(200)}
    assert first(missed(streams, range(200, 260))) is None
    found = missed(
        streams, range(200, 210), '[[alerts.no_data]]\nname = "a"\nexpected = "always"\nfor = "3h"'
    )
    assert first(found) == 202
    assert len(found[202]) == 2


def test_who_rests_on_weekends_is_not_missed() -> None:
    def working(hour: int) -> bool:
        return (hour // 24) % 7 < 5

    streams = {spans_of("assistant"): always, spans_of("report"): working}
    for start in range(7):
        shifted = {s: (lambda h, f=f, k=start: f(h + 24 * k)) for s, f in streams.items()}
        assert first(missed(shifted, range(24 * 15))) is None, start


def test_a_young_component_and_one_that_is_gone_for_long_are_not_missed() -> None:
    streams = {spans_of("assistant"): always, spans_of("trial"): until(5 * 24)}
    assert first(missed(streams, range(5 * 24, 10 * 24))) is None
    streams = {spans_of("assistant"): always, spans_of("retriever"): until(200)}
    rule = '[[alerts.no_data]]\nname = "a"\nmatch = {component = "retr*"}\nexpected = "always"\nfor = "2h"'
    assert [h for h, r in missed(streams, range(190, 300), rule).items() if r] == list(range(201, 271))


def test_it_is_told_of_when_it_is_back_and_only_then() -> None:
    streams = {spans_of("assistant"): always, spans_of("retriever"): lambda h: h < 200 or h >= 214}
    subject = ("support", "retriever", "requests")
    found = missed(streams, range(212, 216), watched=[subject])
    assert [[r.status for r in found[h]] for h in range(212, 216)] == [["breach"], ["breach"], ["ok"], ["ok"]]


def test_a_rule_can_ask_for_less_and_switch_it_off() -> None:
    streams = {spans_of("assistant"): always, spans_of("retriever"): until(200)}
    shorter = '[[alerts.no_data]]\nname = "a"\nmatch = {component = "retriever"}\nfor = "3h"'
    assert first(missed(streams, range(200, 205), shorter)) == 202
    never = '[[alerts.no_data]]\nname = "a"\nmatch = {field = "req*"}\nexpected = "never"'
    assert first(missed(streams, range(200, 240), never)) is None


def test_thirty_components_of_all_sizes_raise_nothing_in_three_weeks() -> None:
    """Each speaks in a share of the windows of its own, between a tenth and nearly all, by chance."""
    random = Random(5)
    streams: dict[Stream, Speaks] = {spans_of("assistant"): always}
    for n in range(30):
        spoken = {h for h in range(21 * 24) if random.random() < 0.1 + 0.89 * n / 30}
        streams[spans_of(f"c{n}")] = spoken.__contains__
    assert first(missed(streams, range(21 * 24))) is None


def ran(
    results: Sequence[Result], *judges: JudgeRan, watched: Sequence[str] = (), **rule: bool
) -> list[Result]:
    return did_not_run_results(DidNotRunRule(**rule), results, judges, window(0), watched=watched)


def test_a_check_that_fails_and_a_judge_that_stops_raise_results_of_their_own() -> None:
    results = [result("generator", "duration_s", 1, status, check="latency") for status in ("error", "ok")]
    results.append(result("generator", "output_text", 1, "ok", check="mmd"))
    check, judge = ran(
        results, JudgeRan(judge="llm", stopped="stopped: 401"), JudgeRan(judge="b", stopped=None)
    )
    assert (check.chain, check.component, check.status, check.value) == (
        "chainwatch",
        "check latency",
        "breach",
        1.0,
    )
    assert check.reason == "1 of 2 monitors failed: generator duration_s is error"
    assert (judge.component, judge.reason) == ("judge llm", "it stopped: 401")
    assert ran(results[1:]) == []
    [well] = ran(results[1:], watched=["check latency"])
    assert (well.status, well.reason) == ("ok", "it ran")
    assert ran(results, enabled=False) == []
