"""Silences: labels that match, for a while, by somebody, for a reason."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from collectors.errors import ConfigError
from collectors.model import utc
from collectors.warehouse.store import fetch
from monitors.alerting.labels import ATTRIBUTES, SILENCE_LABELS
from monitors.alerting.rules.base import matches
from monitors.alerting.words import clock

if TYPE_CHECKING:
    from collectors.warehouse.connection import Connection


@dataclass(frozen=True, kw_only=True)
class Silence:
    """One row of `silences`. All matchers must match; `*` in a value stands for anything."""

    silence_id: str
    matchers: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    author: str
    comment: str
    created_at: datetime
    expired_at: datetime | None = None

    def active(self, at: datetime) -> bool:
        """Whether it holds at this moment."""
        return self.starts_at <= at < self.ends_at and (self.expired_at is None or at < self.expired_at)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether every matcher fits these labels."""
        return matches(self.matchers, labels)

    @property
    def sentence(self) -> str:
        """Who, until when, why: what stands beside every message that it stopped."""
        return f"silenced by {self.author} until {clock(self.ends_at)}: {self.comment}"


def silenced(silences: Iterable[Silence], labels: Mapping[str, str], at: datetime) -> Silence | None:
    """The silence that holds for these labels the longest; None when nothing silences them."""
    found = [s for s in silences if s.active(at) and s.matches(labels)]
    return max(found, key=lambda s: (s.ends_at, s.silence_id), default=None)


def read_silences(con: Connection, at: datetime | None = None) -> list[Silence]:
    """Every silence, or those that end after `at`."""
    rows = fetch(con, "SELECT * FROM silences WHERE ? IS NULL OR ends_at > ? ORDER BY starts_at", [at, at])
    return [
        Silence(
            silence_id=row["silence_id"],
            matchers=json.loads(row["matchers"]),
            starts_at=utc(row["starts_at"]),
            ends_at=utc(row["ends_at"]),
            author=row["author"],
            comment=row["comment"],
            created_at=utc(row["created_at"]),
            expired_at=utc(row["expired_at"]) if row["expired_at"] else None,
        )
        for row in rows
    ]


def unknown_label(name: str) -> str | None:
    """What is wrong with the name of a label, and the choices; None when a silence can match it.

    >>> unknown_label("component"), unknown_label("attributes.team")
    (None, None)
    """
    if name in SILENCE_LABELS or (name.startswith(ATTRIBUTES) and name != ATTRIBUTES):
        return None
    return f"unknown label {name!r}; choose one of: {', '.join(SILENCE_LABELS)}"


def parse_matchers(texts: Iterable[str]) -> dict[str, str]:
    """`component=retriever` and the like; ConfigError names the labels there are.

    >>> parse_matchers(["component=retriever", "cause=lat*"])
    {'component': 'retriever', 'cause': 'lat*'}
    """
    matchers: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        name, value = name.strip(), value.strip()
        if not sign or not value:
            raise ConfigError(f"--match {text!r}: write label=value, as in component=retriever")
        problem = unknown_label(name)
        if problem is not None:
            raise ConfigError(f"--match {text!r}: {problem}")
        if name in matchers:
            raise ConfigError(f"--match {text!r}: {name!r} is given twice; all matchers must match")
        matchers[name] = value
    if not matchers:
        raise ConfigError(f"a silence needs --match label=value; labels: {', '.join(SILENCE_LABELS)}")
    return matchers
