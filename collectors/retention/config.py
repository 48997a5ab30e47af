"""[retention] of chainwatch.toml: how long each kind of data is kept."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import field_validator

from collectors.config import SECTIONS, Config, Section
from collectors.durations import duration
from collectors.errors import ConfigError

# In the order in which they are pruned: what goes as a whole need not lose its texts before.
KINDS: tuple[str, ...] = ("spans", "texts", "embeddings", "sketches", "results", "quarantine")
_DAY = timedelta(days=1)


class RetentionConfig(Section):
    """Age limits, each from 1 day on, or none. Nothing is deleted unless a limit says so.

    Attributes:
        texts: what people and models said. The spans and their numbers stay.
        spans: whole spans of production, with their feedback, annotations, grades and log contents.
        embeddings: sampled vectors of texts.
        sketches: sampled numbers, and which windows were evaluated.
        results: results, alerts, incidents that are over, their messages, and the log of runs.
        quarantine: records that could not be taken.
    """

    texts: timedelta | None = None
    spans: timedelta | None = None
    embeddings: timedelta | None = None
    sketches: timedelta | None = None
    results: timedelta | None = None
    quarantine: timedelta | None = None

    @field_validator(*KINDS, mode="before")
    @classmethod
    def _age(cls, value: Any) -> timedelta | None:
        if value is None or str(value).strip().lower() == "none":
            return None
        age = duration(value)
        if age < _DAY:
            raise ValueError("must be at least 1d, or 'none' to keep everything")
        return age

    @property
    def is_set(self) -> bool:
        """Whether anything is ever pruned."""
        return any(getattr(self, kind) is not None for kind in KINDS)

    def cutoffs(self, now: datetime) -> dict[str, datetime]:
        """For each limit the time before which data is pruned: a midnight in UTC.

        Days are pruned whole, once all of a day is past its limit: a window that had lost half of its spans
        would look like one that got late ones.
        """
        found: dict[str, datetime] = {}
        for kind in KINDS:
            age = getattr(self, kind)
            if age is not None:
                at = now.astimezone(UTC) - age
                found[kind] = at.replace(hour=0, minute=0, second=0, microsecond=0)
        return found


def limits(config: Config) -> RetentionConfig:
    """The limits in force; ConfigError names both keys when one is shorter than what the monitors read."""
    found = config.section("retention", RetentionConfig)
    for kind, age, needed in _too_short(config, found):
        if kind != "texts":
            raise ConfigError(
                f"{config.origin}: retention.{kind} = {_told(age)} is shorter than the {_told(needed)} that "
                "the monitors look back (windows.reference + windows.gap + windows.refit); "
                f"keep {kind} at least that long, or shorten windows.reference"
            )
    return found


def short_texts(config: Config, found: RetentionConfig) -> str | None:
    """What to say when texts go before the monitors have done with them; None when they do not."""
    for kind, age, needed in _too_short(config, found):
        if kind == "texts":
            return (
                f"retention.texts = {_told(age)} is shorter than the {_told(needed)} of windows.reference + "
                "windows.gap + windows.refit: monitors go on with the stored samples, but explanations "
                "cannot quote or count the words of the reference"
            )
    return None


def _too_short(config: Config, found: RetentionConfig) -> Iterator[tuple[str, timedelta, timedelta]]:
    # The section belongs to a package above this one: it is named in SECTIONS and never imported by name.
    module, _, attribute = SECTIONS["windows"].partition(":")
    windows: Any = config.section("windows", getattr(importlib.import_module(module), attribute))
    needed: timedelta = windows.reference + windows.gap + windows.refit
    for kind in KINDS:
        age = getattr(found, kind)
        if kind != "quarantine" and age is not None and age < needed:
            yield kind, age, needed


def _told(age: timedelta) -> str:
    days, rest = divmod(age, _DAY)
    return f"{days}d" if not rest else f"{age / timedelta(hours=1):g}h"
