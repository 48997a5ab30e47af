"""`chainwatch alerts noise`: which monitors raised what people called noise."""

from __future__ import annotations

from dataclasses import asdict

from collectors.context import Context
from collectors.options import command
from monitors.alerting.feedback import false_alarms
from monitors.alerting.words import clock
from monitors.command import existing, visible


@command("noise", examples=("chainwatch alerts noise", "chainwatch alerts noise --json"))
def noise(context: Context) -> None:
    """List the monitors with the incidents that they took part in, and how many were called noise."""
    with existing(context).read() as con:
        found = false_alarms(con)
    lines = [f"{m.words:22}  {m.alerts:>4} alerts, last {clock(m.last_fired_at)}  {m.monitor}" for m in found]
    context.answer([asdict(m) for m in found], visible("\n".join(lines)) or "No monitor has raised an alert.")
