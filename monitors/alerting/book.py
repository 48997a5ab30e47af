"""The alert book: windows of results go in, in order of time; alerts and incidents come out.

Pure and in memory between `load` and `flush`, with identities that follow from the data: a catch-up over
many windows at once and a run every hour come to the same rows, and a window that is stepped twice changes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from collectors.model import Deploy
from monitors.alerting.advance import advance
from monitors.alerting.alert import Alert, StreamTrack
from monitors.alerting.config import AlertsConfig, NotifyConfig
from monitors.alerting.describe import describe
from monitors.alerting.flow import Flow
from monitors.alerting.grouping import group
from monitors.alerting.incident import Incident, incident_id_of
from monitors.alerting.reading import readings
from monitors.alerting.records import Stored, load_stored, save
from monitors.alerting.root_cause import blame
from monitors.alerting.transition import merge, reopen, resolve
from monitors.result import Result
from monitors.topology import ComponentInfo

if TYPE_CHECKING:
    from collectors.warehouse.connection import Connection


class AlertBook:
    """Alerts and incidents of an installation, as of the last window stepped."""

    def __init__(self, settings: AlertsConfig | None = None, stored: Stored | None = None) -> None:
        self._settings = settings or AlertsConfig()
        stored = stored or Stored(tracks={}, alerts={}, incidents={})
        self._tracks: dict[str, StreamTrack] = dict(stored.tracks)
        self._alerts: dict[str, Alert] = dict(stored.alerts)
        self._incidents: dict[str, Incident] = dict(stored.incidents)
        self._stored = stored

    @classmethod
    def load(cls, con: Connection, settings: AlertsConfig | None = None) -> AlertBook:
        """The book as it was flushed last; everything that can still matter to a decision."""
        settings = settings or AlertsConfig()
        return cls(settings, load_stored(con, settings))

    @property
    def settings(self) -> AlertsConfig:
        """The rules that it decides by."""
        return self._settings

    @property
    def tracks(self) -> tuple[StreamTrack, ...]:
        """Every stream and its state."""
        return tuple(self._tracks.values())

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Every alert that the book holds, oldest first."""
        return tuple(sorted(self._alerts.values(), key=lambda a: (a.fired_at, a.alert_id)))

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Every incident that the book holds, oldest first."""
        return tuple(sorted(self._incidents.values(), key=lambda i: (i.detected_at, i.incident_id)))

    @property
    def is_firing(self) -> bool:
        """Whether any incident is open: what `run --fail-on-alert` asks."""
        return any(i.is_open for i in self._incidents.values())

    def step(
        self,
        window_end: datetime,
        results: Sequence[Result],
        topology: Iterable[ComponentInfo],
        deploys: Sequence[Deploy],
    ) -> None:
        """Count one window. All results of the window come in one call; windows come in order of time."""
        moved: dict[str, Alert] = {}
        for reading in readings(results):
            track = self._tracks.get(reading.fingerprint)
            known = self._alerts.get(track.alert_id) if track is not None and track.alert_id else None
            self._tracks[reading.fingerprint], alert = advance(track, known, reading, self._settings)
            if alert is not None and alert is not known:
                self._alerts[alert.alert_id] = moved[alert.alert_id] = alert
        for alert in self._expired(window_end):
            self._alerts[alert.alert_id] = moved[alert.alert_id] = alert
        components = tuple(topology)
        for chain in sorted({a.chain for a in moved.values()}):
            news = [a for a in moved.values() if a.chain == chain]
            self._assign(chain, news, window_end, Flow(chain, components), deploys)
        self._close(window_end)

    def flush(
        self,
        con: Connection,
        *,
        now: datetime,
        channels: Sequence[str] = (),
        notify: NotifyConfig | None = None,
        dashboard_url: str = "http://localhost:8501",
    ) -> None:
        """Write what changed, and queue what people must hear, in the caller's transaction.

        Args:
            con: a warehouse connection inside a transaction.
            now: the clock of this run; what is older than `notify.max_age` is recorded and not sent.
            channels: names of the channels to queue for.
            dashboard_url: where the links of the messages lead.
        """
        book = Stored(tracks=self._tracks, alerts=self._alerts, incidents=self._incidents)
        self._stored = save(
            con,
            self._stored,
            book,
            now=now,
            channels=channels,
            notify=notify or NotifyConfig(),
            settings=self._settings,
            dashboard_url=dashboard_url,
        )
        self._tracks = dict(self._stored.tracks)
        self._alerts = dict(self._stored.alerts)
        self._incidents = dict(self._stored.incidents)

    def _expired(self, at: datetime) -> list[Alert]:
        """Firing alerts whose stream was not evaluated for so long that nobody watches it any more."""
        last = {t.alert_id: t.last_window_end for t in self._tracks.values() if t.alert_id}
        hours = self._settings.expire.total_seconds() / 3600
        return [
            replace(a, state="resolved", resolved_at=at, reason=f"not evaluated for {hours:g} h")
            for a in self._alerts.values()
            if a.state == "firing" and at - last.get(a.alert_id, a.last_breach_at) >= self._settings.expire
        ]

    def _assign(
        self, chain: str, news: Sequence[Alert], at: datetime, flow: Flow, deploys: Sequence[Deploy]
    ) -> None:
        """Put new alerts into incidents, and tell the incidents that changed anew."""
        changed = {a.incident_id for a in news if a.incident_id is not None}
        if any(a.incident_id is None for a in news):
            live = {
                i.incident_id: i
                for i in self._incidents.values()
                if i.chain == chain and i.merged_into is None and self._joinable(i, at)
            }
            pool = [
                a
                for a in self._alerts.values()
                if a.chain == chain and (a.incident_id is None or a.incident_id in live)
            ]
            for members in group(pool, live.values(), flow, self._settings, deploys):
                touched = self._settle(members, at)
                if touched is not None:
                    changed.add(touched)
        for incident_id in sorted(changed):
            self._tell(incident_id, at, flow, deploys)

    def _joinable(self, incident: Incident, at: datetime) -> bool:
        return incident.is_open or (
            incident.resolved_at is not None and at - incident.resolved_at <= self._settings.join_gap
        )

    def _settle(self, members: Sequence[Alert], at: datetime) -> str | None:
        """Give the alerts of one cause one incident; the id of it, or None where nothing changed."""
        ids = {a.incident_id for a in members if a.incident_id is not None}
        if len(ids) == 1 and all(a.incident_id is not None for a in members):
            return None
        if ids:
            # The oldest keeps its name: people know it by now.
            keep = min((self._incidents[i] for i in ids), key=lambda i: (i.detected_at, i.incident_id))
            for other in sorted(ids - {keep.incident_id}):
                self._incidents[other] = merge(self._incidents[other], keep, at)
            target = keep.incident_id
        else:
            first = min(members, key=lambda a: (a.fired_at, a.alert_id))
            target = incident_id_of(first)
            self._incidents[target] = _opened(target, first, at)
        for alert in members:
            self._alerts[alert.alert_id] = replace(alert, incident_id=target)
        return target

    def _tell(self, incident_id: str, at: datetime, flow: Flow, deploys: Sequence[Deploy]) -> None:
        incident = self._incidents[incident_id]
        mine = [a for a in self._alerts.values() if a.incident_id == incident_id]
        if not incident.is_open:
            if incident.closed_by is not None or not any(a.state == "firing" for a in mine):
                return
            incident = reopen(incident, at)
        self._incidents[incident_id] = describe(
            incident,
            mine,
            blame(mine, flow, self._settings, deploys),
            flow=flow,
            tracks=[t for t in self._tracks.values() if t.chain == incident.chain],
            deploys=deploys,
            settings=self._settings,
            at=at,
        )

    def _close(self, at: datetime) -> None:
        firing = {a.incident_id for a in self._alerts.values() if a.state == "firing"}
        for incident in list(self._incidents.values()):
            if incident.is_open and incident.incident_id not in firing:
                self._incidents[incident.incident_id] = resolve(incident, at)


def _opened(incident_id: str, first: Alert, at: datetime) -> Incident:
    """A new incident; `describe` tells the rest at once."""
    return Incident(
        incident_id=incident_id,
        chain=first.chain,
        component=first.component,
        cause=first.concern,
        title="",
        summary="",
        severity=first.severity,
        state="open",
        started_at=first.started_at,
        started_at_low=first.onset_low,
        started_at_high=first.onset_high,
        detected_at=at,
        updated_at=at,
    )
