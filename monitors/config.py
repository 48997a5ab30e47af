"""[windows], [embedding] and [monitors] of chainwatch.toml: what is watched, and how closely."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from collectors.config import Section
from collectors.durations import duration


class WindowsConfig(Section):
    """Which stretches of time are compared with which.

    Attributes:
        length: of one window; windows are aligned to midnight UTC.
        grace: a window is complete this long after its end, so that late spans are in it.
        reference: how much earlier production is the reference for drift.
        gap: the reference ends this long before the period of `refit` that the window is in.
        refit: how often the reference moves on: once a day, or more often where a day is long.
        evaluation_set: the dataset that skew is measured against; None is the newest one of each chain.
    """

    length: timedelta = timedelta(hours=1)
    grace: timedelta = timedelta(minutes=5)
    reference: timedelta = timedelta(days=7)
    gap: timedelta = timedelta(hours=24)
    refit: timedelta = timedelta(days=1)
    evaluation_set: str | None = None

    _durations = field_validator("length", "grace", "reference", "gap", "refit", mode="before")(duration)

    @field_validator("length", "refit")
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
    """How texts become vectors, and how many a window.

    Attributes:
        encoder: `static` reads thousands of texts a second, `transformer` runs the model itself.
        model: name or path of a sentence-transformers model; None is the one that the package carries.
        sample_per_window: texts of one field of one component that are embedded in one window, at most.
        max_characters: longer texts are cut before they are encoded.
        explain_with: what ranks the first texts of an explanation once more; `static` is nothing.
    """

    encoder: Literal["static", "transformer"] = "static"
    model: str | None = None
    sample_per_window: Annotated[int, Field(ge=8, le=4096)] = 64
    max_characters: Annotated[int, Field(ge=100, le=100_000)] = 4000
    explain_with: Literal["transformer", "static"] = "transformer"


class MonitorConfig(Section):
    """[monitors.<check>]: switches and limits of one check.

    Attributes:
        enabled: None is the check's own default.
        margin, skew_margin: the smallest change that matters, in the check's unit; None is the check's own.
        components, exclude_components: patterns such as `support/*`, matched against `chain/component` and
            against the component's name alone; empty `components` is all of them.
        fields: only these fields; empty is all that the check applies to.
    """

    enabled: bool | None = None
    margin: Annotated[float | None, Field(ge=0)] = None
    skew_margin: Annotated[float | None, Field(ge=0)] = None
    components: tuple[str, ...] = ()
    exclude_components: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()

    def watches(self, chain: str, component: str, field_name: str) -> bool:
        """Whether this table lets the check watch the stream."""

        def named(patterns: tuple[str, ...]) -> bool:
            return any(fnmatchcase(component, p) or fnmatchcase(f"{chain}/{component}", p) for p in patterns)

        return (
            (not self.components or named(self.components))
            and not named(self.exclude_components)
            and self.watches_field(field_name)
        )

    def watches_field(self, field_name: str) -> bool:
        """Whether this table lets the check watch a field of whatever component."""
        return not self.fields or any(fnmatchcase(field_name, p) for p in self.fields)


class MonitorsConfig(Section):
    """[monitors]: the promise of the whole installation, and one table for each check that differs.

    Attributes:
        false_alerts_per_month: what may be expected over 30 quiet days, all monitors together.
        plugins: Python files with checks of one's own, from the folder of chainwatch.toml on; those in the
            folder `checks` of CHAINWATCH_HOME need no mention.
        checks: the tables [monitors.<check>], by the name of the check.
    """

    false_alerts_per_month: Annotated[float, Field(gt=0, le=1000)] = 1.0
    plugins: tuple[str, ...] = ()
    checks: dict[str, MonitorConfig] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _tables_are_checks(cls, data: Any, info: ValidationInfo) -> Any:
        """Every table inside [monitors] is named after a check, one's own among them."""
        if not isinstance(data, dict) or "checks" in data:
            return data
        tables = {key: value for key, value in data.items() if isinstance(value, dict)}
        from monitors.checks import CHECKS, plugin_files

        named = data.get("plugins", ())
        if info.context is not None and _are_names(named):
            CHECKS.use(plugin_files(named, beside=info.context["beside"], home=info.context["home"]))
        unknown = sorted(set(tables) - set(CHECKS.names()))
        if unknown:
            raise ValueError(
                f"unknown check [monitors.{unknown[0]}]; choose one of: {', '.join(CHECKS.names())}"
            )
        return {key: value for key, value in data.items() if key not in tables} | {"checks": tables}

    def of(self, check: str) -> MonitorConfig:
        """The table of one check; the defaults when the file does not name it."""
        return self.checks.get(check, MonitorConfig())


def _are_names(named: Any) -> bool:
    """Whether it is a list of strings; what is none is refused by the field's own type."""
    return isinstance(named, (list, tuple)) and all(isinstance(name, str) for name in named)
