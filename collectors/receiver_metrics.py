"""The receiver's counters, as Prometheus reads them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

_COUNTED = {
    "received": "Spans or log records in requests that could be read.",
    "acknowledged": "Spans or log records acknowledged: they are on disk.",
    "rejected": "Spans or log records rejected before acknowledgement.",
}
_SYNC_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


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
class Seconds:
    """A histogram of durations; `add` from one thread at a time."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(_SYNC_BOUNDS_S) + 1))
    total_s: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one duration."""
        self.counts[bisect_left(_SYNC_BOUNDS_S, seconds)] += 1
        self.total_s += seconds

    def lines(self, name: str) -> Iterator[str]:
        """The samples of a Prometheus histogram: buckets are cumulative."""
        # Copied first: another thread may be counting.
        counts, total_s = list(self.counts), self.total_s
        seen = 0
        for bound, number in zip([*map(str, _SYNC_BOUNDS_S), "+Inf"], counts, strict=True):
            seen += number
            yield f'chainwatch_{name}_bucket{{le="{bound}"}} {seen}'
        yield f"chainwatch_{name}_sum {total_s}"
        yield f"chainwatch_{name}_count {seen}"


@dataclass
class ReceiverMetrics:
    """Counts since the receiver started. `requests` is by protocol, signal and status code."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    requests: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    syncs: Seconds = field(default_factory=Seconds)
    drain: DrainState = field(default_factory=DrainState)

    def count(self, what: str, signal: str, number: int) -> None:
        """Add to `received`, `acknowledged` or `rejected`."""
        self.counts[what, signal] += number

    def text(self, *, spool_full: bool, spool_bytes: int, spool_max_bytes: int) -> str:
        """The Prometheus text format, version 0.0.4. What is not known is left out."""
        lines = [*_head("requests_total", "counter", "Requests by protocol, signal and status code.")]
        lines += [
            f'chainwatch_requests_total{{protocol="{protocol}",signal="{signal}",code="{code}"}} {number}'
            for (protocol, signal, code), number in sorted(self.requests.items())
        ]
        for what, text in _COUNTED.items():
            lines += _head(f"{what}_total", "counter", text)
            lines += [
                f'chainwatch_{what}_total{{signal="{signal}"}} {self.counts[what, signal]}'
                for signal in ("traces", "logs")
            ]
        drain = self.drain
        single: list[tuple[str, str, str, float | None]] = [
            ("spool_bytes", "gauge", "Bytes that the spool holds on disk.", spool_bytes),
            ("spool_max_bytes", "gauge", "The disk cap of the spool.", spool_max_bytes),
            ("spool_full", "gauge", "1 while requests are refused for want of disk.", int(spool_full)),
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
        lines += _head("spool_fsync_seconds", "histogram", "Time that one sync of the spool to disk took.")
        lines += self.syncs.lines("spool_fsync_seconds")
        return "\n".join(lines) + "\n"


def _head(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP chainwatch_{name} {text}", f"# TYPE chainwatch_{name} {kind}"]
