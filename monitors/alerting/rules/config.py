"""The rules of chainwatch.toml, one table a kind: what raises an alert beside the checks, and how."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from collectors.config import Section
from monitors.alerting.alert import Severity
from monitors.alerting.labels import (
    ATTRIBUTES,
    INCIDENT_LABELS,
    SERIES_LABELS,
    SPAN_LABELS,
    STREAM_LABELS,
)
from monitors.alerting.rules.base import Duration, Rule, checked_match

Statistic = Literal["mean", "p50", "p90", "p95", "p99", "max", "sum", "count"]
NUMBERS = ("duration_s", "time_to_first_token_s", "input_tokens", "output_tokens", "cost_usd", "status")
QUALITY = "quality."
# Rules that nobody has to write.
BUILT_IN = ("no data", "did not run")


class EvidenceRule(Rule):
    """One [[alerts.evidence]]: how the breaches of checks become alerts. The first that matches decides."""

    @field_validator("match")
    @classmethod
    def _labels(cls, value: dict[str, str]) -> dict[str, str]:
        return checked_match(value, STREAM_LABELS)


class SeriesRule(Rule):
    """A rule on figures of the spans themselves, counted by component and by labels of one's choice.

    Attributes:
        by: labels to count by, beside chain and component: each value is a series with an alert of its own.
        max_series: values of `by` of one component and window that are series of their own, the largest
            first; the rest is one series, `(other)`.
        min_requests: with fewer there is no data.
    """

    by: tuple[str, ...] = ()
    max_series: Annotated[int, Field(ge=1, le=200)] = 20
    min_requests: Annotated[int, Field(ge=1)] = 10

    @field_validator("match")
    @classmethod
    def _labels(cls, value: dict[str, str]) -> dict[str, str]:
        return checked_match(value, SERIES_LABELS)

    @field_validator("by")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for label in value:
            if label not in SPAN_LABELS and not (
                label.startswith(ATTRIBUTES) and len(label) > len(ATTRIBUTES)
            ):
                choices = ", ".join((*SPAN_LABELS, f"{ATTRIBUTES}KEY"))
                raise ValueError(f"unknown label {label!r}; choose one of: {choices}")
        if len(set(value)) < len(value):
            raise ValueError("names a label twice")
        return value


class ThresholdRule(SeriesRule):
    """One [[alerts.threshold]]: a figure of a window against a number.

    Attributes:
        field: a number of the span; `status` is 1 for an error; `quality.<criterion>[@judge]` a grade.
        statistic: of the window's values.
        above, below: one of them; beyond it is a breach.
    """

    field: str
    statistic: Statistic = "mean"
    above: float | None = None
    below: float | None = None

    @field_validator("field")
    @classmethod
    def _is_a_number(cls, value: str) -> str:
        return _number_field(value, NUMBERS)

    @model_validator(mode="after")
    def _one_side(self) -> ThresholdRule:
        if (self.above is None) == (self.below is None):
            raise ValueError(f"the rule {self.name!r} needs one of: above, below")
        return self


class BurnWindow(Section):
    """How fast is too fast: `budget` of the period's budget spent within `long`, and still so in `short`."""

    long: Duration
    short: Duration
    budget: Annotated[float, Field(gt=0, le=1)]
    severity: Severity

    @model_validator(mode="after")
    def _short_is_shorter(self) -> BurnWindow:
        if self.short > self.long:
            raise ValueError("short must not be longer than long")
        return self


# Site Reliability Workbook, table 5-8: https://sre.google/workbook/alerting-on-slos/
_BURN = (
    {"long": "1h", "short": "5m", "budget": 0.02, "severity": "page"},
    {"long": "6h", "short": "30m", "budget": 0.05, "severity": "page"},
    {"long": "3d", "short": "6h", "budget": 0.10, "severity": "ticket"},
)


class SloRule(SeriesRule):
    """One [[alerts.slo]]: an objective, and the speed at which its error budget is spent.

    Attributes:
        of: what makes a request bad: an error, a latency above `threshold`, or a grade below it.
        field: of a latency `duration_s` or `time_to_first_token_s`, of a quality `quality.<criterion>`.
        objective: the share of good requests, such as 0.99. period: that the objective is for.
        burn: pairs of windows; those whose speed cannot be reached with this objective are left out.
    """

    of: Literal["errors", "latency", "quality"]
    field: str | None = None
    threshold: float | None = None
    objective: Annotated[float, Field(ge=0.5, lt=1)]
    period: Duration = Field(default="30d", validate_default=True)
    burn: tuple[BurnWindow, ...] = Field(default=_BURN, validate_default=True, min_length=1)

    @model_validator(mode="after")
    def _complete(self) -> SloRule:
        if (self.threshold is None) != (self.of == "errors"):
            wrong = "has no threshold" if self.of == "errors" else "needs a threshold"
            raise ValueError(f"the rule {self.name!r}: an objective for {self.of} {wrong}")
        if self.severity is not None:
            raise ValueError(f"the rule {self.name!r}: each window of burn has a severity of its own")
        choices = {"errors": ("status",), "latency": NUMBERS[:2], "quality": ()}[self.of]
        if self.field is None and self.of == "quality":
            raise ValueError(f"the rule {self.name!r} needs a field such as quality.readability")
        if self.field is not None:
            _number_field(self.field, choices, quality=self.of == "quality")
        if not any(self.rate(b) * (1 - self.objective) < 1 for b in self.burn):
            raise ValueError(
                f"the rule {self.name!r} can never fire: 100 % of bad requests are not fast enough"
            )
        return self

    @property
    def watched(self) -> str:
        """The field that decides what is bad."""
        return self.field or {"errors": "status", "latency": "duration_s"}[self.of]

    def rate(self, burn: BurnWindow) -> float:
        """How many times as fast as the budget allows; 14.4 for 2 % of 30 days within an hour."""
        return burn.budget * (self.period / burn.long)


class NoDataRule(Rule):
    """One [[alerts.no_data]]: when silence is an alert. The first that matches a component's field decides.

    Attributes:
        expected: `learnt` knows the gaps that a component had before, and looks only while its chain has
            requests; `always` expects data in every window; `never` switches the alert off.
    """

    expected: Literal["learnt", "always", "never"] = "learnt"
    lasting: Duration = Field(default="12h", alias="for", validate_default=True)

    @field_validator("match")
    @classmethod
    def _labels(cls, value: dict[str, str]) -> dict[str, str]:
        return checked_match(value, ("chain", "component", "field"))


class DidNotRunRule(Rule):
    """[alerts.did_not_run]: when a check that fails, or a judge that stops, is an alert.

    Attributes:
        run_every: how often `chainwatch run` is called. With it, `chainwatch status` also says that a run is
            overdue when there is nothing to evaluate.
    """

    name: str = BUILT_IN[1]
    enabled: bool = True
    lasting: Duration = Field(default="3h", alias="for", validate_default=True)
    run_every: Duration | None = None

    @field_validator("match")
    @classmethod
    def _labels(cls, value: dict[str, str]) -> dict[str, str]:
        return checked_match(value, ("component",))


class Inhibition(Section):
    """One [[notify.inhibit]]: while an incident of `source` is open, those of `target` are not told.

    Attributes:
        equal: labels that both must have alike.
    """

    name: str = Field(min_length=1, max_length=100)
    source: dict[str, str] = Field(min_length=1)
    target: dict[str, str] = Field(min_length=1)
    equal: tuple[str, ...] = ("chain",)

    @field_validator("source", "target")
    @classmethod
    def _labels(cls, value: dict[str, str]) -> dict[str, str]:
        return checked_match(value, INCIDENT_LABELS)

    @field_validator("equal")
    @classmethod
    def _equal(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        checked_match(dict.fromkeys(value, "*"), INCIDENT_LABELS)
        return value


def _number_field(value: str, choices: tuple[str, ...], *, quality: bool = True) -> str:
    if value in choices or (quality and value.startswith(QUALITY) and len(value) > len(QUALITY)):
        return value
    known = (*choices, *((f"{QUALITY}CRITERION", f"{QUALITY}CRITERION@JUDGE") if quality else ()))
    raise ValueError(f"{value!r} is no field of this rule; choose one of: {', '.join(known)}")
