"""Routes: which incident goes to which channel, by its labels. The first route that matches decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import get_args

from pydantic import Field, field_validator

from collectors.config import Section
from monitors.alerting.alert import Severity
from monitors.result import Concern

ROUTE_LABELS = ("chain", "component", "cause", "severity", "owner")
DEFAULT = "default"
_KNOWN: Mapping[str, tuple[str, ...]] = {"severity": get_args(Severity), "cause": get_args(Concern)}


class Route(Section):
    """One [[notify.routes]].

    Attributes:
        name: for people, and for `chainwatch alerts test --route`.
        match: all must match; `*` in a value stands for anything.
        channels: where its incidents go; none at all: nobody hears of them, the dashboard shows them.
    """

    name: str = Field(min_length=1)
    match: dict[str, str] = Field(min_length=1)
    channels: tuple[str, ...]

    @field_validator("name")
    @classmethod
    def _not_the_default(cls, value: str) -> str:
        if value == DEFAULT:
            raise ValueError("is what goes by no other route: notify.channels; choose another name")
        return value

    @field_validator("match")
    @classmethod
    def _labels(cls, value: dict[str, str]) -> dict[str, str]:
        for label, pattern in value.items():
            if label not in ROUTE_LABELS:
                raise ValueError(f"unknown label {label!r}; choose one of: {', '.join(ROUTE_LABELS)}")
            known = _KNOWN.get(label, ())
            if known and not any(fnmatchcase(choice, pattern) for choice in known):
                raise ValueError(f"{label} = {pattern!r} matches nothing; choose one of: {', '.join(known)}")
        return value

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Whether every matcher fits these labels."""
        return all(fnmatchcase(labels.get(name, ""), pattern) for name, pattern in self.match.items())


def route_of(routes: Sequence[Route], labels: Mapping[str, str]) -> Route | None:
    """The first route that takes an incident with these labels; None for the default."""
    return next((route for route in routes if route.takes(labels)), None)


def is_of_its_own(channel: str) -> bool:
    """Whether a channel has a name of its own, as in `slack:search`: used only where it is named."""
    return ":" in channel
