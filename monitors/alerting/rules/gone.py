"""A series that is no more while its component goes on: a version that was rolled back, say."""

from __future__ import annotations

from collections.abc import Sequence

from monitors.alerting.alert import StreamTrack
from monitors.alerting.rules.made import made
from monitors.alerting.rules.series import Series
from monitors.result import Result, Window

# What a rule adds to its labels beside those that it counts by.
_NOT_COUNTED_BY = ("rule", "severity")
GONE = "gone"


def gone_series(results: Sequence[Result], tracks: Sequence[StreamTrack], window: Window) -> list[Result]:
    """`no_data` for each series that fires and has no request, while others of its rule and component have.

    Nothing is left to watch of it, so its alert ends as it would if all were well; see `advance`.

    Args:
        results: of rules on figures of spans, for `window`. tracks: as of the window before.
    """
    there = {(r.labels["rule"], r.chain, r.component) for r in results if r.status in ("ok", "breach")}
    present = {(r.chain, r.component, r.field, tuple(sorted(r.labels.items()))) for r in results}
    found = []
    for track in tracks:
        rule = track.labels.get("rule")
        by = {k: v for k, v in track.labels.items() if k not in _NOT_COUNTED_BY}
        key = (track.chain, track.component, track.field, tuple(sorted(track.labels.items())))
        if (
            rule is not None
            and by
            and track.state != "ok"
            and key not in present
            and (rule, track.chain, track.component) in there
        ):
            which = ", ".join(f"{name} {value}" for name, value in by.items())
            found.append(
                made(
                    "gone",
                    rule,
                    Series(chain=track.chain, component=track.component, by=tuple(by.items())),
                    track.field,
                    window,
                    concern=track.concern,
                    status="no_data",
                    reason=f"no request with {which}, and others go on",
                    evidence={GONE: True},
                    labels={k: v for k, v in track.labels.items() if k == "severity"},
                )
            )
    return found
