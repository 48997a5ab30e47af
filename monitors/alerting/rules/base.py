"""What every rule of chainwatch.toml says of its alerts: for how long, how bad, whose, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Annotated, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, field_validator

from collectors.config import Section
from collectors.durations import duration
from monitors.alerting.alert import Severity
from monitors.result import Concern

KNOWN_VALUES: Mapping[str, tuple[str, ...]] = {
    "severity": get_args(Severity),
    "cause": get_args(Concern),
    "concern": get_args(Concern),
}


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be more than nothing")
    return value


def _not_negative(value: timedelta) -> timedelta:
    if value < timedelta(0):
        raise ValueError("must not be negative")
    return value


Duration = Annotated[timedelta, BeforeValidator(duration), AfterValidator(_positive)]
DurationOrNone = Annotated[timedelta, BeforeValidator(duration), AfterValidator(_not_negative)]


class Rule(Section):
    """The keys that rules of every kind have.

    Attributes:
        name: for people, and in the label `rule` of the alerts; unique among all rules.
        match: labels that must match; `*` in a value stands for anything.
        lasting (`for`): how long a breach must go on before the alert fires; the first breach fires without.
        keep_firing_for: how long all must be well before it resolves.
        severity, owner, runbook: of its alerts; a runbook is a link that every message carries.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: str = Field(min_length=1, max_length=100)
    match: dict[str, str] = Field(default_factory=dict)
    lasting: DurationOrNone | None = Field(default=None, alias="for")
    keep_firing_for: DurationOrNone | None = None
    severity: Severity | None = None
    owner: str | None = None
    runbook: str | None = None

    @field_validator("runbook")
    @classmethod
    def _is_a_link(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https") or not parts.netloc:
                raise ValueError("must be a link that begins with https:// or http://")
        return value

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Whether every matcher fits these labels."""
        return matches(self.match, labels)


def matches(patterns: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether every pattern fits its label; a label that is not there is empty.

    >>> matches({"component": "retr*"}, {"component": "retriever"}), matches({"owner": ""}, {})
    (True, True)
    """
    return all(fnmatchcase(labels.get(name, ""), pattern) for name, pattern in patterns.items())


def checked_match(match: dict[str, str], choices: tuple[str, ...]) -> dict[str, str]:
    """`match` if it names known labels, with values that can occur; ValueError names the choices.

    A choice that ends in a dot stands for every label that begins so.
    """
    for label, pattern in match.items():
        if not any(label == c or (c.endswith(".") and label.startswith(c)) for c in choices):
            raise ValueError(f"unknown label {label!r}; choose one of: {', '.join(choices)}")
        known = KNOWN_VALUES.get(label, ())
        if known and not any(fnmatchcase(choice, pattern) for choice in known):
            raise ValueError(f"{label} = {pattern!r} matches nothing; choose one of: {', '.join(known)}")
    return match
