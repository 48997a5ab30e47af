"""[windows], [embedding] and [monitors] of chainwatch.toml: what is watched, and how closely."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from collectors.config import Section

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(value: Any) -> timedelta:
    """`"90s"`, `"5m"`, `"1h"`, `"7d"` or a number of seconds as a timedelta; ValueError names the choices.

    >>> duration("1h"), duration(90)
    (datetime.timedelta(seconds=3600), datetime.timedelta(seconds=90))
    """
    if isinstance(value, timedelta):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return timedelta(seconds=value)
    text = str(value).strip().lower()
    number, unit = text[:-1], text[-1:]
    if unit in _UNITS:
        try:
            return timedelta(seconds=float(number) * _UNITS[unit])
        except ValueError:
            pass
    raise ValueError("write a number and a unit: s, m, h or d, as in '90s', '5m', '1h', '7d'")


class WindowsConfig(Section):
    """Which stretches of time are compared with which."""

    length: timedelta = timedelta(hours=1)
    grace: timedelta = timedelta(minutes=5)
    reference: timedelta = timedelta(days=7)
    gap: timedelta = timedelta(hours=24)
    evaluation_set: str | None = None

    _durations = field_validator("length", "grace", "reference", "gap", mode="before")(duration)

    @field_validator("length")
    @classmethod
    def _divides_a_day(cls, value: timedelta) -> timedelta:
        day = timedelta(days=1)
        if value < timedelta(minutes=1) or value > day or day % value:
            raise ValueError("must be between 1m and 1d and divide a day evenly, as in '15m', '1h', '6h'")
        return value

    @field_validator("grace", "gap")
    @classmethod
    def _not_negative(cls, value: timedelta) -> timedelta:
        if value < timedelta(0):
            raise ValueError("must not be negative")
        return value

    @field_validator("reference")
    @classmethod
    def _at_least_a_day(cls, value: timedelta) -> timedelta:
        if value < timedelta(days=1) or value > timedelta(days=90):
            raise ValueError("must be between 1d and 90d")
        return value


class EmbeddingConfig(Section):
    """How texts become vectors, and how many a window."""

    encoder: Literal["static", "transformer"] = "static"
    model: str | None = None
    sample_per_window: Annotated[int, Field(ge=8, le=4096)] = 64
    max_characters: Annotated[int, Field(ge=100, le=100_000)] = 4000


class MonitorConfig(Section):
    """[monitors.<check>]: switches and limits of one check."""

    enabled: bool = True
    margin: Annotated[float | None, Field(ge=0)] = None
    threshold: float | None = None
    components: tuple[str, ...] = ()
    exclude_components: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


class MonitorsConfig(Section):
    """[monitors]: the promise of the whole installation, and one table a check."""

    false_alerts_per_month: Annotated[float, Field(gt=0, le=1000)] = 1.0
    checks: dict[str, MonitorConfig] = Field(default_factory=dict)
