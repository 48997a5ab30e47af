"""The outbox: what people must hear of an incident, queued in the transaction that decided it.

One `firing` per incident and channel (and one more for a relapse), an `update` when the blame or the severity
changes, one `resolved`. What becomes of them is decided in `pipeline.steps`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from monitors.alerting.config import AlertsConfig, NotifyConfig
from monitors.alerting.incident import Incident
from monitors.alerting.pipeline.message import Message, Situation
from monitors.alerting.pipeline.steps import through

if TYPE_CHECKING:
    from collectors.warehouse.connection import Connection


def news(before: Mapping[str, Incident], changed: Iterable[Incident]) -> list[Message]:
    """What changed for people since the book was loaded, an incident at a time."""
    found: list[Message] = []
    for now in sorted(changed, key=lambda i: (i.detected_at, i.incident_id)):
        was = before.get(now.incident_id)
        opened = was is None or now.times_opened > was.times_opened
        if opened:
            found.append(Message(incident=now, kind="firing", number=now.times_opened, over=not now.is_open))
        elif was is not None and was.is_open and not now.is_open:
            found.append(Message(incident=now, kind="resolved", number=now.times_opened))
        elif was is not None and now.is_open and _is_other(was, now):
            changes = len(now.evidence.get("history", ()))
            found.append(Message(incident=now, kind="update", number=changes, previous=was))
    return found


def _is_other(was: Incident, now: Incident) -> bool:
    """Whether what people were told of it no longer holds."""
    return (was.component, was.severity) != (now.component, now.severity)


def queue(
    con: Connection,
    before: Mapping[str, Incident],
    changed: Sequence[Incident],
    *,
    now: datetime,
    as_of: datetime | None,
    channels: Sequence[str],
    notify: NotifyConfig,
    settings: AlertsConfig,
    dashboard_url: str,
) -> None:
    """Queue the news of `changed` incidents for every channel; nothing is queued twice.

    `as_of` is the end of the last window that was stepped, `now` the clock of the run.
    """
    through(
        news(before, changed),
        Situation(
            con=con,
            now=now,
            as_of=as_of,
            channels=channels,
            notify=notify,
            settings=settings,
            dashboard_url=dashboard_url,
        ),
    )
