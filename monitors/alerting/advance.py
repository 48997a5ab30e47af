"""One window further: a stream's reading moves its count, and fires, keeps or resolves its alert."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from collectors.model import content_hash
from monitors.alerting.alert import Alert, StreamState, StreamTrack, labels_of
from monitors.alerting.config import AlertsConfig
from monitors.alerting.handling import Handling, handling_of
from monitors.alerting.onset import Onset, change_point, onset_of, refine
from monitors.alerting.plain import plain
from monitors.alerting.reading import Reading, strength
from monitors.result import Result

_EXPLAINED = ("examples", "ranking", "vanished", "terms", "topics", "explains", "map", "versions")
# Of the alert itself, whichever breach speaks for it.
_OWN = ("handling",)
_EVIDENCE = (*_EXPLAINED, "change_point", "current", "reference", "scale_windows", "topic")


def advance(
    track: StreamTrack | None, alert: Alert | None, reading: Reading, settings: AlertsConfig
) -> tuple[StreamTrack, Alert | None]:
    """The stream and its latest alert after this window; a window that was counted before changes nothing.

    No data neither fires nor resolves: it is a state of its own, and the counts stand still. So data that
    comes after its window was counted as empty is counted then, as long as no later window had data: logs
    that are loaded once a day raise alerts too. Data behind what was counted is history, which no alert
    rewrites.
    """
    lead = reading.lead
    if track is not None and lead.window.end <= track.last_window_end and not _came_late(track, reading):
        return track, alert
    track = track or _new(reading)
    if reading.status == "no_data":
        return _no_data(track, alert, lead, settings)
    if reading.status == "ok":
        return _ok(track, alert, lead, settings)
    return _breach(track, alert, reading, settings)


def _came_late(track: StreamTrack, reading: Reading) -> bool:
    return reading.status != "no_data" and (
        track.last_data_at is None or reading.lead.window.end > track.last_data_at
    )


def _new(reading: Reading) -> StreamTrack:
    lead = reading.lead
    return StreamTrack(
        fingerprint=reading.fingerprint,
        chain=lead.chain,
        component=lead.component,
        field=lead.field,
        concern=lead.concern,
        reference_kind=lead.reference_kind,
        labels=lead.labels,
        state="ok",
        reason="not evaluated yet",
        since=lead.window.end,
        last_window_end=lead.window.start,
    )


def _move(track: StreamTrack, state: StreamState, lead: Result, reason: str) -> StreamTrack:
    since = track.since if track.state == state else lead.window.end
    last = max(track.last_window_end, lead.window.end)
    return replace(track, state=state, since=since, reason=reason, last_window_end=last)


def _firing(alert: Alert | None) -> bool:
    return alert is not None and alert.state == "firing"


def _resolve(alert: Alert, at: datetime, reason: str) -> Alert:
    return replace(alert, state="resolved", resolved_at=at, reason=reason)


def _no_data(
    track: StreamTrack, alert: Alert | None, lead: Result, settings: AlertsConfig
) -> tuple[StreamTrack, Alert | None]:
    moved = _move(track, "no_data", lead, lead.reason)
    if lead.evidence.get("gone"):
        # Others took its place: what is left of it is as good as ok.
        moved = replace(moved, ok_windows=track.ok_windows + 1, breach_windows=0)
        is_over = moved.ok_windows >= handling_of(settings, lead).keep_firing_windows
        if alert is not None and _firing(alert) and is_over:
            return replace(moved, breach_started_at=None), _resolve(alert, lead.window.end, lead.reason)
        return moved, alert
    if alert is not None and _firing(alert):
        silent = lead.window.end - (track.last_data_at or alert.last_breach_at)
        if silent >= settings.expire:
            hours = silent.total_seconds() / 3600
            alert = _resolve(alert, lead.window.end, f"no data for {hours:g} h: nothing left to watch")
    return moved, alert


def _ok(
    track: StreamTrack, alert: Alert | None, lead: Result, settings: AlertsConfig
) -> tuple[StreamTrack, Alert | None]:
    moved = replace(
        _move(track, "ok", lead, lead.reason),
        last_data_at=lead.window.end,
        last_ok_at=lead.window.end,
        breach_windows=0,
        ok_windows=track.ok_windows + 1,
    )
    if alert is None or not _firing(alert):
        return replace(moved, breach_started_at=None), alert
    needed = handling_of(settings, lead).keep_firing_windows
    if moved.ok_windows >= needed:
        windows = "window" if needed == 1 else "windows"
        alert = _resolve(alert, lead.window.end, f"ok for {needed} {windows}: {lead.reason}")
        return replace(moved, breach_started_at=None), alert
    # Not ok for long enough: the alert keeps firing, and so does its stream.
    since = track.since if track.state == "firing" else lead.window.end
    left = f"ok for {moved.ok_windows} of the {needed} windows that resolve it"
    return replace(moved, state="firing", since=since, reason=left), alert


def _breach(
    track: StreamTrack, alert: Alert | None, reading: Reading, settings: AlertsConfig
) -> tuple[StreamTrack, Alert | None]:
    lead = reading.lead
    started = track.breach_started_at or lead.window.start
    count = track.breach_windows + 1
    counted = replace(
        track, last_data_at=lead.window.end, breach_windows=count, ok_windows=0, breach_started_at=started
    )
    if alert is not None and _firing(alert):
        return _move(counted, "firing", lead, lead.reason), _keep(alert, lead, started)
    handling = handling_of(settings, lead)
    needed = handling.for_windows
    if count < needed:
        waiting = f"in breach for {count} of {needed} windows: {lead.reason}"
        return _move(counted, "pending", lead, waiting), alert
    if (
        alert is not None
        and alert.resolved_at is not None
        and lead.window.end - alert.resolved_at <= settings.cooldown
    ):
        again = replace(alert, state="firing", resolved_at=None, reason=lead.reason)
        return _move(counted, "firing", lead, lead.reason), _keep(again, lead, alert.started_at)
    fired = _fire(reading, onset_of(lead, started), started, handling)
    return replace(_move(counted, "firing", lead, lead.reason), alert_id=fired.alert_id), fired


def _fire(reading: Reading, onset: Onset, started: datetime, handling: Handling) -> Alert:
    lead = reading.lead
    return Alert(
        alert_id=content_hash(reading.fingerprint, started.isoformat()),
        fingerprint=reading.fingerprint,
        monitor=lead.monitor,
        check_name=lead.check_name,
        chain=lead.chain,
        component=lead.component,
        field=lead.field,
        reference_kind=lead.reference_kind,
        concern=lead.concern,
        severity=handling.severity,
        state="firing",
        value=lead.value,
        threshold=lead.threshold,
        unit=lead.unit,
        reason=lead.reason,
        labels=labels_of(lead),
        started_at=onset.at,
        fired_at=lead.window.end,
        last_breach_at=lead.window.end,
        result_id=lead.result_id,
        onset_low=onset.low,
        onset_high=onset.high,
        strength=strength(lead),
        evidence={**_evidence(lead), **handling.told},
    )


def _keep(alert: Alert, lead: Result, started: datetime) -> Alert:
    """The alert after one more breach: the strongest breach gives the figures, the narrowest the onset."""
    known = Onset(at=alert.started_at, low=alert.onset_low, high=alert.onset_high)
    later = change_point(lead, started)
    onset = refine(known, later) if later is not None else known
    kept = replace(
        alert,
        started_at=onset.at,
        onset_low=onset.low,
        onset_high=onset.high,
        last_breach_at=lead.window.end,
        result_id=lead.result_id,
    )
    if strength(lead) <= alert.strength:
        # What accounts for a change is surer with more rows, whatever the strength.
        told = {
            k: v
            for k, v in _evidence(lead).items()
            if k == "explains" or (k in _EXPLAINED and k not in alert.evidence)
        }
        return replace(kept, evidence={**alert.evidence, **told}) if told else kept
    return replace(
        kept,
        monitor=lead.monitor,
        check_name=lead.check_name,
        value=lead.value,
        threshold=lead.threshold,
        unit=lead.unit,
        reason=lead.reason,
        strength=strength(lead),
        # Texts are read for some breaches only; figures of another breach would be wrong.
        evidence={
            **{k: v for k, v in alert.evidence.items() if k in (*_EXPLAINED, *_OWN)},
            **_evidence(lead),
        },
    )


def _evidence(lead: Result) -> dict[str, object]:
    """What an incident shows of a breach; the rest stays with the result."""
    kept: dict[str, object] = {key: plain(lead.evidence[key]) for key in _EVIDENCE if key in lead.evidence}
    if lead.effect is not None:
        kept["effect"] = {"value": lead.effect, "unit": lead.effect_unit}
    return kept
