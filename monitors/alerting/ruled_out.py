"""Who it was not, and why: said for every component of the chain, and "not known" where nothing was seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collectors.model import Deploy
from monitors.alerting import words
from monitors.alerting.alert import Alert, StreamTrack
from monitors.alerting.config import AlertsConfig
from monitors.alerting.flow import Flow
from monitors.alerting.root_cause import Blame, nearest_deploy


def ruled_out(
    found: Blame,
    alerts: Sequence[Alert],
    *,
    flow: Flow,
    tracks: Sequence[StreamTrack],
    deploys: Sequence[Deploy],
    settings: AlertsConfig,
) -> list[dict[str, Any]]:
    """One entry a component other than the one to blame: component, ruled_out (or not known), reason."""
    entries = []
    known = {track.component for track in tracks}
    for component in flow.components():
        if component == found.component:
            continue
        mine = [a for a in alerts if a.component == component]
        if mine:
            out, reason = True, _explained(component, mine, found, alerts)
        elif component in known:
            out, reason = _quiet(component, found, [t for t in tracks if t.component == component])
        else:
            out, reason = False, "not watched"
        deploy = nearest_deploy(deploys, alerts[0].chain, component, found.onset, settings.join_gap)
        if deploy is not None:
            reason += (
                f"; it was deployed ({deploy.field} {deploy.value}) at {words.clock(deploy.deployed_at)}"
            )
        entries.append({"component": component, "ruled_out": out, "reason": reason})
    return entries


def _explained(component: str, mine: Sequence[Alert], found: Blame, alerts: Sequence[Alert]) -> str:
    by_id = {a.alert_id: a for a in alerts}
    sentences = []
    for alert in mine:
        up = by_id.get(found.explained_by.get(alert.alert_id) or "")
        if up is not None and up.component != component:
            sentences.append(
                f"its {words.field_words(alert.field)} follows {up.component}'s {words.field_words(up.field)}"
            )
    if not sentences:
        return f"it changed too, but {found.component} explains more of what was seen"
    return "; ".join(dict.fromkeys(sentences))


def _quiet(component: str, found: Blame, tracks: Sequence[StreamTrack]) -> tuple[bool, str]:
    seen = [t.last_ok_at for t in tracks if t.last_ok_at is not None]
    since = [at for at in seen if at >= found.onset.low]
    if since:
        silent = sum(t.state == "no_data" for t in tracks)
        but = f"; {silent} of its {len(tracks)} streams have no data" if silent else ""
        return True, f"unchanged: {len(since)} streams were ok after the change began{but}"
    return False, "no data since the change began, so it cannot be ruled out"
