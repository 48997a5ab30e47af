"""Alerts and incidents whose texts were ranked better after they were told: the new in place of the old."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from collectors.tables import json_text
from collectors.warehouse.store import fetch
from monitors.alerting.alert import Alert
from monitors.alerting.describe import examples_of
from monitors.alerting.plain import plain
from monitors.alerting.records import read_incidents, record

if TYPE_CHECKING:
    from collectors.warehouse.connection import Connection


def refine(con: Connection, ranking_of: str, told: Mapping[str, Any]) -> None:
    """Put `told` (`examples`, `ranking`) where the explanation `ranking_of` stands, in the caller's
    transaction. It is no news: nobody gets a message, and what people decided stays.
    """
    sql = "SELECT * FROM alerts WHERE json_extract_string(evidence, '$.ranking.of') = ?"
    mine = [record(Alert, row) for row in fetch(con, sql, [ranking_of])]
    for alert in mine:
        evidence = json_text({**alert.evidence, **plain(told)})
        con.execute("UPDATE alerts SET evidence = ? WHERE alert_id = ?", [evidence, alert.alert_id])
    incidents = sorted({alert.incident_id for alert in mine if alert.incident_id is not None})
    for incident in read_incidents(con, incidents):
        rows = fetch(con, "SELECT * FROM alerts WHERE incident_id = ?", [incident.incident_id])
        alerts = {alert.alert_id: alert for alert in (record(Alert, row) for row in rows)}
        lead = str((incident.evidence.get("lead") or {}).get("alert_id"))
        said: dict[str, Any] = {"examples": examples_of(lead, incident.component, list(alerts.values()))}
        if lead in alerts:
            said["ranking"] = alerts[lead].evidence.get("ranking")
        evidence = json_text({**incident.evidence, **said})
        con.execute(
            "UPDATE incidents SET evidence = ? WHERE incident_id = ?", [evidence, incident.incident_id]
        )
