"""A timeline of breaches becomes alerts and incidents: in the manner of Alertmanager's acceptance tests."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from alerting_world import HOUR, at, new_warehouse, play, result, stream, together

from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import fetch
from monitors.alerting.book import AlertBook
from monitors.alerting.config import AlertsConfig


def test_one_breach_fires_one_alert_and_opens_one_incident() -> None:
    book = play(AlertBook(), stream("generator", "duration_s", [3], range(1, 4)))
    [alert] = book.alerts
    [incident] = book.incidents
    assert (alert.state, alert.fired_at, alert.started_at) == ("firing", at(3), at(2))
    assert (incident.component, incident.cause, incident.state) == ("generator", "latency", "open")
    assert incident.severity == "page"
    assert incident.detected_at == at(3)


def test_drift_alone_is_a_ticket() -> None:
    book = play(AlertBook(), stream("generator", "output_text", [3], range(1, 4)))
    assert book.incidents[0].severity == "ticket"


def test_severity_follows_the_configured_concerns() -> None:
    settings = AlertsConfig(page_concerns=("output",))
    book = play(AlertBook(settings), stream("generator", "output_text", [3], range(1, 4)))
    assert book.incidents[0].severity == "page"


def test_for_waits_until_enough_windows_are_in_breach() -> None:
    settings = AlertsConfig(for_windows={"latency": 3})
    book = AlertBook(settings)
    windows = stream("generator", "duration_s", [2, 3, 5, 6, 7], range(1, 8))
    play(book, {h: windows[h] for h in range(1, 7)})
    assert book.alerts == ()
    assert book.tracks[0].state == "pending"
    play(book, {7: windows[7]})
    [alert] = book.alerts
    # The breach that fired began with window 5, not with the one that window 4 ended.
    assert (alert.fired_at, alert.started_at) == (at(7), at(4))


def test_an_alert_resolves_only_after_enough_windows_are_ok() -> None:
    book = AlertBook()
    windows = stream("generator", "duration_s", [2, 4], range(1, 8))
    play(book, {h: windows[h] for h in range(1, 7)})
    assert book.alerts[0].state == "firing"
    play(book, {7: windows[7]})
    [alert] = book.alerts
    assert (alert.state, alert.resolved_at) == ("resolved", at(7))
    [incident] = book.incidents
    assert (incident.state, incident.resolved_at) == ("resolved", at(7))


def test_flapping_makes_no_new_incident() -> None:
    book = play(AlertBook(), stream("generator", "duration_s", range(2, 36, 2), range(1, 36)))
    assert len(book.alerts) == len(book.incidents) == 1


def test_a_relapse_within_the_cooldown_opens_the_same_incident_again() -> None:
    book = play(AlertBook(), stream("generator", "duration_s", [2, 8], range(1, 9)))
    [alert] = book.alerts
    [incident] = book.incidents
    assert (alert.state, incident.state, incident.times_opened) == ("firing", "open", 2)


def test_a_breach_long_after_is_a_new_alert_and_a_new_incident() -> None:
    book = play(AlertBook(), stream("generator", "duration_s", [2, 40], range(1, 41)))
    assert [a.state for a in book.alerts] == ["resolved", "firing"]
    assert [i.state for i in book.incidents] == ["resolved", "open"]


def test_no_data_neither_fires_nor_resolves() -> None:
    book = play(AlertBook(), {h: [result("generator", "duration_s", h, "no_data")] for h in range(1, 9)})
    assert book.alerts == ()
    [track] = book.tracks
    assert (track.state, track.since, track.last_data_at) == ("no_data", at(1), None)
    assert track.reason == "generator duration_s is no_data"

    play(book, {9: [result("generator", "duration_s", 9)]})
    play(book, {h: [result("generator", "duration_s", h, "no_data")] for h in range(10, 30)})
    assert book.alerts[0].state == "firing"
    assert book.tracks[0].state == "no_data"


def test_ok_windows_before_and_after_a_gap_count_together() -> None:
    statuses = {1: "breach", 2: "ok", 3: "no_data", 4: "ok", 5: "ok"}
    book = play(AlertBook(), {h: [result("generator", "status", h, s)] for h, s in statuses.items()})
    assert book.alerts[0].resolved_at == at(5)


@pytest.mark.parametrize("reported", [True, False])
def test_what_nobody_watches_any_more_expires(reported: bool) -> None:
    book = play(AlertBook(), {1: [result("generator", "duration_s", 1)]})
    silent = [result("generator", "duration_s", 74, "no_data")] if reported else []
    play(book, {73: [] if not reported else [result("generator", "duration_s", 72, "no_data")]})
    book.step(at(74), silent, (), ())
    assert book.alerts[0].state == "resolved"
    assert "72 h" in book.alerts[0].reason or "73 h" in book.alerts[0].reason


def test_an_error_of_a_check_is_no_data_and_not_ok() -> None:
    book = play(AlertBook(), {1: [result("generator", "duration_s", 1)]})
    play(book, {h: [result("generator", "duration_s", h, "error")] for h in range(2, 10)})
    assert book.alerts[0].state == "firing"


def test_checks_of_one_stream_make_one_alert() -> None:
    windows = together(
        stream("generator", "output_tokens", [3], range(1, 5), check="ks"),
        stream("generator", "output_tokens", [3, 4], range(1, 5), check="psi", value=9.0),
    )
    book = play(AlertBook(), windows)
    [alert] = book.alerts
    assert alert.check_name == "psi"
    assert alert.last_breach_at == at(4)


def test_drift_and_skew_are_two_alerts_of_one_incident() -> None:
    windows = together(
        stream("generator", "output_text", [3], range(1, 5)),
        stream("generator", "output_text", [3], range(1, 5), kind="skew"),
    )
    book = play(AlertBook(), windows)
    assert len(book.alerts) == 2
    assert len(book.incidents) == 1


def test_change_points_are_taken_when_they_can_be_true() -> None:
    point = {"at": at(7).isoformat(), "low": at(6).isoformat(), "high": at(8).isoformat()}
    evidence = {"change_point": point, "scale_windows": 8}
    book = play(AlertBook(), {10: [result("generator", "output_text", 10, evidence=evidence)]})
    [incident] = book.incidents
    assert (incident.started_at, incident.started_at_low, incident.started_at_high) == (at(7), at(6), at(8))

    point = {"at": at(-500).isoformat()}
    book = play(AlertBook(), {10: [result("generator", "output_text", 10, evidence={"change_point": point})]})
    assert book.incidents[0].started_at == at(9)
    book = play(
        AlertBook(), {10: [result("generator", "output_text", 10, evidence={"change_point": {"at": "soon"}})]}
    )
    assert book.incidents[0].started_at == at(9)


def test_a_window_that_is_stepped_twice_changes_nothing() -> None:
    windows = stream("generator", "duration_s", [3, 4], range(1, 8))
    book = AlertBook()
    for hour in sorted(windows):
        play(book, {hour: windows[hour]})
        before = (book.tracks, book.alerts, book.incidents)
        play(book, {hour: windows[hour]})
        assert (book.tracks, book.alerts, book.incidents) == before


def _timeline() -> dict[int, list[object]]:
    return together(  # type: ignore[return-value]
        stream("retriever", "output_text", range(5, 20), range(1, 36), evidence={"scale_windows": 4}),
        stream("generator", "output_text", range(4, 22, 3), range(1, 36)),
        stream("generator", "duration_s", [9, 10, 20, 23, 30], range(1, 36)),
        stream("application", "duration_s", [10, 11, 21], range(1, 36)),
        stream("guardrail", "status", [33], range(1, 36)),
    )


def _rows(warehouse: Warehouse) -> list[list[dict[str, object]]]:
    with warehouse.read() as con:
        return [
            fetch(con, f"SELECT * FROM {table} ORDER BY 1")
            for table in ("alert_state", "alerts", "incidents")
        ]


def test_replay_in_one_go_equals_a_run_now_and_then(tmp_path: Path) -> None:
    windows = _timeline()
    at_once = new_warehouse(tmp_path / "once")
    with at_once.write() as con:
        book = play(AlertBook.load(con), windows)  # type: ignore[arg-type]
        book.flush(con, now=at(60))
    hourly = new_warehouse(tmp_path / "hourly")
    todo = sorted(windows)
    while todo:
        # Mostly one window a run, now and then a missed hour or three to catch up.
        size = 1 if len(todo) % 5 else 4
        run, todo = todo[:size], todo[size:]
        with hourly.write() as con:
            book = play(AlertBook.load(con), {h: windows[h] for h in run})  # type: ignore[misc]
            book.flush(con, now=at(run[-1]))
    assert _rows(at_once) == _rows(hourly)
    assert len(_rows(at_once)[2]) >= 3


def test_a_flush_twice_and_a_second_run_over_the_same_windows_add_nothing(tmp_path: Path) -> None:
    windows = _timeline()
    warehouse = new_warehouse(tmp_path)
    with warehouse.write() as con:
        book = play(AlertBook.load(con), windows)  # type: ignore[arg-type]
        book.flush(con, now=at(60), channels=["slack"])
        book.flush(con, now=at(60), channels=["slack"])
    before = _rows(warehouse)
    with warehouse.write() as con:
        book = play(AlertBook.load(con), windows)  # type: ignore[arg-type]
        book.flush(con, now=at(61), channels=["slack"])
    assert _rows(warehouse) == before


def test_what_people_did_between_load_and_flush_stays(tmp_path: Path) -> None:
    from monitors.alerting import actions

    windows = stream("generator", "duration_s", range(2, 9), range(1, 9))
    warehouse = new_warehouse(tmp_path)
    with warehouse.write() as con:
        book = play(AlertBook.load(con), {h: windows[h] for h in (1, 2)})
        book.flush(con, now=at(2))
    with warehouse.read() as con:
        book = AlertBook.load(con)
    incident_id = book.incidents[0].incident_id
    actions.acknowledge(warehouse, incident_id, actor="ada", at=at(2) + timedelta(minutes=5))
    extra = together({3: windows[3]}, stream("application", "duration_s", [3], [3]))
    play(book, extra)
    with warehouse.write() as con:
        book.flush(con, now=at(3))
    with warehouse.read() as con:
        [row] = fetch(con, "SELECT * FROM incidents")
        alerts = fetch(con, "SELECT * FROM alerts")
    assert (row["state"], row["acknowledged_by"]) == ("acknowledged", "ada")
    assert len(alerts) == 2

    with warehouse.read() as con:
        book = AlertBook.load(con)
    actions.resolve(warehouse, incident_id, actor="ada", at=at(3) + timedelta(minutes=5))
    play(book, together({4: windows[4]}, stream("guardrail", "duration_s", [], [4])))
    with warehouse.write() as con:
        book.flush(con, now=at(4))
    play(book, {5: windows[5]})
    assert [i.state for i in book.incidents] == ["resolved"]


def test_a_relapse_of_what_people_closed_long_ago_is_no_news(tmp_path: Path) -> None:
    """The alert went on for a day after its incident was closed, ended, and fires again."""
    from monitors.alerting import actions

    windows = stream("generator", "duration_s", [*range(2, 27), 31], range(1, 33))
    warehouse = new_warehouse(tmp_path)
    for hours in (range(1, 3), range(3, 31), range(31, 33)):
        with warehouse.write() as con:
            book = play(AlertBook.load(con), {h: windows[h] for h in hours})
            book.flush(con, now=at(hours[-1]))
        if hours[-1] == 2:
            actions.resolve(warehouse, book.incidents[0].incident_id, actor="ada", at=at(2))
    assert [(i.state, i.closed_by) for i in book.incidents] == [("resolved", "ada")]
    assert [a.state for a in book.alerts] == ["firing"]


def test_onset_is_never_later_than_the_window_that_fired() -> None:
    evidence = {"change_point": {"at": at(9).isoformat(), "high": at(99).isoformat()}, "scale_windows": 3}
    book = play(AlertBook(), {10: [result("generator", "output_text", 10, evidence=evidence)]})
    assert book.incidents[0].started_at_high == at(10)
    assert book.incidents[0].started_at <= at(10) - HOUR
