"""Whether the receiver can acknowledge, and whether what it acknowledged gets stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from collectors.receiver_intake import Intake


@dataclass(frozen=True, kw_only=True)
class Health:
    """`accepting` is what a load balancer needs; `detail` is for people."""

    status: Literal["ok", "degraded", "full", "stopping"]
    accepting: bool
    detail: dict[str, Any]


def health(intake: Intake) -> Health:
    """The state now.

    `stopping` and `full` (the spool is at its cap or the disk is) refuse requests. `degraded` takes them, but
    the warehouse cannot be written or the spool lags more than `lag_warning_s` behind.
    """
    drain = intake.metrics.drain
    has_room = intake.has_room
    lags = drain.lag_s is not None and drain.lag_s > intake.settings.lag_warning_s
    status: Literal["ok", "degraded", "full", "stopping"]
    if intake.stopping:
        status = "stopping"
    elif not has_room:
        status = "full"
    else:
        status = "degraded" if drain.problem or lags else "ok"
    return Health(
        status=status,
        accepting=status in ("ok", "degraded"),
        detail={
            "status": status,
            "storing": drain.problem or "ok",
            "spool_bytes": intake.spool_bytes,
            "spool_max_bytes": intake.settings.spool_max_bytes,
            "pending_bytes": drain.pending_bytes,
            "lag_s": drain.lag_s,
        },
    )
