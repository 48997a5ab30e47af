"""One reading a stream and window: what its checks say together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from monitors.alerting.alert import fingerprint, labels_of
from monitors.result import Result


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The checks of one stream in one window: breach if any is in breach, no_data if none has data.

    `lead` is the result that speaks for the stream: the strongest breach, else the first with data.
    """

    fingerprint: str
    status: Literal["breach", "ok", "no_data"]
    lead: Result


def strength(result: Result) -> float:
    """Orders breaches of one stream: by how far over the threshold, then by how unlikely; never NaN."""
    value, threshold, p_value = result.value, result.threshold, result.p_value
    over = 0.0
    if value is not None and threshold and math.isfinite(value / threshold):
        over = max(abs(value / threshold), abs(threshold / value) if value else 0.0)
    unlikely = -math.log10(max(p_value, 1e-300)) if p_value is not None and p_value >= 0 else 0.0
    return unlikely * 1e3 + min(over, 1e3)


def readings(results: Sequence[Result]) -> list[Reading]:
    """Results of one window as one reading a stream, in an order that does not depend on theirs."""
    streams: dict[str, list[Result]] = {}
    for result in results:
        streams.setdefault(fingerprint(labels_of(result)), []).append(result)
    return [
        _read(key, streams[key]) for key in sorted(streams, key=lambda k: min(r.monitor for r in streams[k]))
    ]


def _read(key: str, results: list[Result]) -> Reading:
    ordered = sorted(results, key=lambda r: r.monitor)
    breaches = [r for r in ordered if r.status == "breach"]
    if breaches:
        return Reading(fingerprint=key, status="breach", lead=max(breaches, key=strength))
    ok = [r for r in ordered if r.status == "ok"]
    if ok:
        return Reading(fingerprint=key, status="ok", lead=ok[0])
    return Reading(fingerprint=key, status="no_data", lead=ordered[0])
