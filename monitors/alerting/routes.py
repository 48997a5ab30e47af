"""Routes: which incident goes to which channel, by its labels. The first route that matches decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from collectors.config import Section
from monitors.alerting.labels import INCIDENT_LABELS
from monitors.alerting.rules.base import checked_match, matches

DEFAULT = "default"


def _labels_of_incidents(value: tuple[str, ...]) -> tuple[str, ...]:
    checked_match(dict.fromkeys(value, "*"), INCIDENT_LABELS)
    return value


GroupBy = Annotated[tuple[str, ...], AfterValidator(_labels_of_incidents)]


class Route(Section):
    """One [[notify.routes]].

    Attributes:
        name: for people, and for `chainwatch alerts test --route`.
        match: all must match; `*` in a value stands for anything.
        group_by: instead of `notify.group_by`.
        channels: where its incidents go; none at all: nobody hears of them, the dashboard shows them.
    """

    name: str = Field(min_length=1)
    match: dict[str, str] = Field(min_length=1)
    channels: tuple[str, ...]
    group_by: GroupBy | None = None

    @field_validator("name")
    @classmethod
    def _not_the_default(cls, value: str) -> str:
        if value == DEFAULT:
            raise ValueError("is what goes by no other route: notify.channels; choose another name")
        return value

    @field_validator("match")
    @classmethod
    def _labels(cls, value: dict[str, str]) -> dict[str, str]:
        return checked_match(value, INCIDENT_LABELS)

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Whether every matcher fits these labels."""
        return matches(self.match, labels)


def route_of(routes: Sequence[Route], labels: Mapping[str, str]) -> Route | None:
    """The first route that takes an incident with these labels; None for the default."""
    return next((route for route in routes if route.takes(labels)), None)


def is_of_its_own(channel: str) -> bool:
    """Whether a channel has a name of its own, as in `slack:search`: used only where it is named."""
    return ":" in channel
