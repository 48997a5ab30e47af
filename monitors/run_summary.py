"""What a pass tells of itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """What a pass did.

    Attributes:
        windows: evaluated; results, breaches, errors: of their monitors. spans: that the windows held.
        spooled: spans that were waiting in the spool and were stored first.
        opened, resolved: incidents in this pass. firing: incidents open at its end.
        delivered, undelivered: messages sent in this pass, and attempts that failed.
        refined: explanations that the transformer ranked, once the messages were sent.
    """

    run_id: str
    now: datetime
    until: datetime | None
    windows: int
    results: int
    breaches: int
    errors: int
    spans: int
    spooled: int
    opened: int
    resolved: int
    firing: int
    delivered: int
    undelivered: int
    refined: int
    duration_s: float

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)
