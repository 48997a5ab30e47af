"""Every incident is counted once: found, wrong component, duplicate or false alarm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitors.scoring import FoundIncident, KnownFault, score

DAY = datetime(2026, 3, 2, tzinfo=UTC)


def fault(name: str, component: str, start_h: float, end_h: float | None) -> KnownFault:
    return KnownFault(
        fault_id=name,
        component=component,
        started_at=DAY + timedelta(hours=start_h),
        ended_at=None if end_h is None else DAY + timedelta(hours=end_h),
    )


def found(name: str, component: str, at_h: float) -> FoundIncident:
    at = DAY + timedelta(hours=at_h)
    return FoundIncident(incident_id=name, component=component, started_at=at, detected_at=at)


def test_each_incident_is_counted_once() -> None:
    faults = [fault("index", "retriever", 10, 20), fault("topic", "assistant", 40, None)]
    incidents = [
        found("early", "retriever", 9),  # before anything was wrong
        found("first", "retriever", 12),
        found("again", "retriever", 15),
        found("other", "generator", 16),
        found("late", "retriever", 25),  # within the tail of six hours
        found("after", "retriever", 27),
        found("topic", "assistant", 90),
    ]
    result = score(faults, incidents)
    assert result.matched == {"index": "first", "topic": "topic"}
    assert result.duplicates == ("again", "late")
    assert result.wrong_component == ("other",)
    assert result.false_alarms == ("early", "after")
    assert result.missed == ()
    assert result.delay_s == {"index": 2 * 3600.0, "topic": 50 * 3600.0}


def test_a_fault_that_only_blames_somebody_else_is_missed() -> None:
    result = score([fault("index", "retriever", 10, 20)], [found("a", "generator", 11)])
    assert result.missed == ("index",)
    assert result.wrong_component == ("a",)


def test_nothing_found_and_nothing_wrong() -> None:
    assert score([], []).false_alarms == ()
    assert score([fault("x", "y", 1, 2)], []).missed == ("x",)
