"""The receiver's counters, as Prometheus reads them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

_HELP = {
    "requests": "HTTP requests by signal and status code.",
    "received": "Spans or log records in requests that could be read.",
    "acknowledged": "Spans or log records acknowledged: they are on disk.",
    "rejected": "Spans or log records rejected before acknowledgement.",
}


@dataclass
class DrainState:
    """What the storing side last said. None is unknown."""

    stored_spans: int = 0
    stored_requests: int = 0
    quarantined: int = 0
    pending_bytes: int | None = None
    lag_s: float | None = None
    problem: str | None = None


@dataclass
class ReceiverMetrics:
    """Counts since the receiver started."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    drain: DrainState = field(default_factory=DrainState)

    def count(self, what: str, signal: str, number: int) -> None:
        """Add to `received`, `acknowledged` or `rejected`."""
        self.counts[what, signal] += number

    def text(self, *, spool_bytes: int) -> str:
        """The Prometheus text format, version 0.0.4. What is not known is left out."""
        lines = [*_head("requests_total", "counter", _HELP["requests"])]
        for (signal, code), number in sorted(self.requests.items()):
            lines.append(f'chainwatch_requests_total{{signal="{signal}",code="{code}"}} {number}')
        for what in ("received", "acknowledged", "rejected"):
            lines += _head(f"{what}_total", "counter", _HELP[what])
            lines += [
                f'chainwatch_{what}_total{{signal="{signal}"}} {self.counts[what, signal]}'
                for signal in ("traces", "logs")
            ]
        drain = self.drain
        single: list[tuple[str, str, str, float | None]] = [
            ("spool_bytes", "gauge", "Bytes that the spool holds on disk.", spool_bytes),
            (
                "spool_pending_bytes",
                "gauge",
                "Bytes acknowledged and not yet in the warehouse.",
                drain.pending_bytes,
            ),
            (
                "spool_lag_seconds",
                "gauge",
                "Age of the oldest request not yet in the warehouse.",
                drain.lag_s,
            ),
            ("stored_spans_total", "counter", "New spans stored in the warehouse.", drain.stored_spans),
            ("stored_requests_total", "counter", "Requests stored in the warehouse.", drain.stored_requests),
            ("quarantined_total", "counter", "Records that could not be taken.", drain.quarantined),
            (
                "storing_fails",
                "gauge",
                "1 while the warehouse cannot be written.",
                int(drain.problem is not None),
            ),
        ]
        for name, kind, text, value in single:
            if value is not None:
                lines += [*_head(name, kind, text), f"chainwatch_{name} {value}"]
        return "\n".join(lines) + "\n"


def _head(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP chainwatch_{name} {text}", f"# TYPE chainwatch_{name} {kind}"]
