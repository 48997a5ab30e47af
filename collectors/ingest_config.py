"""The section [ingest] of chainwatch.toml: batch size, and field maps for foreign logs."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from collectors.config import Section
from collectors.records import SPAN_FIELDS

Scalar = str | int | float | bool
# What an attribute's text can say outright of any span, whoever exported it.
LINEAGE_FIELDS = (
    "chain", "component", "kind", "dataset", "environment", "model", "provider", "chain_version",
    "component_version", "prompt_template", "prompt_version", "index_version", "user_id", "session_id",
    "reference_text",
)  # fmt: skip
Unit = Literal["s", "ms", "us", "ns", "min", "h"]


class FieldRule(Section):
    """Where one field comes from: a source key, several joined, or a constant."""

    from_: str | list[str] | None = Field(
        default=None, alias="from", description="source key (dotted path), or several to be joined"
    )
    constant: Scalar | None = Field(default=None, description="the same value for every record")
    values: dict[str, Scalar] | None = Field(default=None, description="source value -> our value")
    default: Scalar | None = Field(
        default=None, description="when the source has no value, or `values` does not name it"
    )
    scale: float | None = Field(default=None, description="numbers are multiplied by it")
    unit: Unit | None = Field(
        default=None, description="unit of a duration or of an epoch time in the source"
    )
    join: str = Field(default=":", description="between the values of several source keys")
    prefix: str = Field(default="", description="put before the value")

    @field_validator("scale")
    @classmethod
    def _sound(cls, value: float | None) -> float | None:
        if value is not None and (not math.isfinite(value) or value == 0):
            raise ValueError("must be a finite number other than 0")
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.from_ is None) == (self.constant is None):
            raise ValueError("give exactly one of: from, constant")
        if self.scale is not None and self.unit is not None:
            raise ValueError("give at most one of: scale, unit")
        return self


def _short(value: object) -> object:
    """`field = "key"` is short for `field = {from = "key"}`."""
    return {"from": value} if isinstance(value, (str, list)) else value


Rule = Annotated[FieldRule, BeforeValidator(_short)]


class FeedbackRule(Section):
    """A column that says whether the answer was good becomes a feedback on the span."""

    name: str = Field(min_length=1, description="what the feedback is called")
    score: Rule | None = None
    label: Rule | None = None
    comment: Rule | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.score is None and self.label is None and self.comment is None:
            raise ValueError("give at least one of: score, label, comment")
        return self


class MapConfig(Section):
    """How the rows of foreign files become spans."""

    match: str | None = Field(
        default=None, description="file name pattern, such as 'calls-*.jsonl.gz'; without it, only with --map"
    )
    fields: dict[str, Rule] = Field(description="span field -> source")
    keep: dict[str, list[Scalar]] = Field(
        default_factory=dict, description="only rows whose column has one of these values"
    )
    feedback: list[FeedbackRule] = Field(default_factory=list, description="columns that become feedback")
    rest: Literal["attributes", "drop"] = Field(
        default="attributes", description="what becomes of columns that no field uses"
    )

    @field_validator("fields")
    @classmethod
    def _known(cls, fields: dict[str, FieldRule]) -> dict[str, FieldRule]:
        unknown = sorted(set(fields) - set(SPAN_FIELDS))
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no field of a span; choose one of: {', '.join(SPAN_FIELDS)}")
        if not {"component", "name"} & set(fields):
            raise ValueError("a map must say where `component` or `name` comes from")
        if not {"started_at", "ended_at"} & set(fields):
            raise ValueError("a map must say where `started_at` comes from")
        return fields


class IngestConfig(Section):
    """How files are loaded."""

    # A row group of DuckDB: a transaction of less is written twice, to the log and to the file.
    batch_rows: int = Field(default=122_880, ge=1, le=1_000_000, description="records in one transaction")
    processes: int | None = Field(
        default=None, ge=1, le=64, description="what decodes; by default one a core, at most 4"
    )
    maps: dict[str, MapConfig] = Field(default_factory=dict, description="field maps by name")
    lineage: dict[str, str | list[str]] = Field(
        default_factory=dict, description="span field -> attributes of a span or its resource that hold it"
    )

    @field_validator("lineage")
    @classmethod
    def _lineage_fields(cls, lineage: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
        unknown = sorted(set(lineage) - set(LINEAGE_FIELDS))
        if unknown:
            raise ValueError(f"{unknown[0]!r} cannot be mapped; choose one of: {', '.join(LINEAGE_FIELDS)}")
        return lineage

    def lineage_names(self) -> dict[str, tuple[str, ...]]:
        """Attribute names by field, the one that wins first."""
        return {
            name: (keys,) if isinstance(keys, str) else tuple(keys) for name, keys in self.lineage.items()
        }
