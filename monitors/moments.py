"""Points in time as people type them: a date, a time, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from collectors.errors import ConfigError
from collectors.model import utc

# Bounds of everything that can be stored, for a range that is open on one side.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

_AGO = re.compile(r"\A(\d{1,5})\s*([mhdw])\Z")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_moment(text: str, option: str, *, now: datetime) -> datetime:
    """A moment in UTC: `2026-03-01`, `2026-03-01T09:30Z`, or `24h`, `7d` before now.

    ConfigError names the option and the value.

    >>> parse_moment("36h", "--since", now=datetime(2026, 3, 3, tzinfo=UTC)).isoformat()
    '2026-03-01T12:00:00+00:00'
    """
    ago = _AGO.match(text.strip())
    if ago:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        return utc(datetime.fromisoformat(text.strip()))
    except ValueError:
        raise ConfigError(
            f"{option} {text!r}: give a date (2026-03-01), a time (2026-03-01T09:30Z) or an age (24h, 7d, 2w)"
        ) from None


def parse_range(text: str, option: str, *, now: datetime) -> tuple[datetime, datetime]:
    """`A..B` as a half-open range; either side may be left out.

    >>> [m.year for m in parse_range("2026-03-01..", "--current", now=datetime(2026, 3, 3, tzinfo=UTC))]
    [2026, 2200]
    """
    before, dots, after = text.partition("..")
    if not dots:
        raise ConfigError(f"{option} {text!r}: give a range A..B, such as 2026-03-01..2026-03-08 or 7d..1d")
    start = parse_moment(before, option, now=now) if before.strip() else EARLIEST
    end = parse_moment(after, option, now=now) if after.strip() else LATEST
    if end <= start:
        raise ConfigError(f"{option} {text!r}: the end must be after the start")
    return start, end
