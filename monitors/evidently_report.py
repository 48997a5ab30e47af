"""Evidently's HTML report of two windows of one component.

Evidently compares numbers and categories; texts enter as lengths and counts, so no log text stands in
the page. Its import takes seconds and brings deprecation warnings of its own: both stay in here.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collectors.errors import ChainwatchError
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row, fetch

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = (
    "input_tokens", "output_tokens", "duration_s", "time_to_first_token_s", "cost_usd", "documents",
)  # fmt: skip
CATEGORIES = (
    "status", "error_type", "model", "chain_version", "component_version", "prompt_version", "index_version",
)  # fmt: skip
TEXTS = ("input_text", "output_text")
_MOST_VALUES = 40
_FEWEST_ROWS = 5
_UNSAFE = re.compile(r"[^\w .:/@+-]")


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Which spans stand on one side of the comparison.

    version: any version marker, or the model. None: any, as for the model and the environment.
    """

    start: datetime
    end: datetime
    dataset: str
    version: str | None = None
    model: str | None = None
    environment: str | None = None


@dataclass(frozen=True, kw_only=True)
class ColumnDrift:
    """Evidently's verdict on one column: `value` is a p-value for ks and a distance for the others."""

    column: str
    method: str
    value: float
    threshold: float

    @property
    def drifted(self) -> bool:
        """Whether it is past Evidently's threshold."""
        small_is_drift = self.method == "ks" or self.method.endswith("p_value")
        return self.value < self.threshold if small_is_drift else self.value >= self.threshold


def read_rows(
    con: Connection, part: Slice, *, component: str, chain: str | None, limit: int, seed: int
) -> list[Row]:
    """A seeded sample of at most `limit` spans with their scores, in time order."""
    sql = resources.files("monitors").joinpath("report_rows.sql").read_text("utf-8")
    return fetch(
        con,
        sql,
        {
            "start": part.start,
            "end": part.end,
            "dataset": part.dataset,
            "version": part.version,
            "model": part.model,
            "environment": part.environment,
            "component": component,
            "chain": chain,
            "limit": limit,
            "seed": seed,
        },
    )


def write_report(
    reference: Sequence[Row], current: Sequence[Row], out: Path, *, method: str | None
) -> list[ColumnDrift]:
    """Write the HTML report and return Evidently's verdict on each column.

    `method` is used for all numbers; without it Evidently chooses by sample size. Columns that either side
    has fewer than five values of are left out. ChainwatchError when no column is left.
    """
    with evidently_quietly():
        from evidently import DataDefinition, Dataset, Report
        from evidently.presets import DataDriftPreset, DataSummaryPreset

        frames = (_frame(reference), _frame(current))
        numbers, categories = _usable(*frames)
        columns = [*numbers, *categories]
        if not columns:
            raise ChainwatchError(
                f"nothing to compare: {len(reference)} reference and {len(current)} current spans "
                f"have no column with {_FEWEST_ROWS} values on both sides"
            )
        definition = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
        sides = [Dataset.from_pandas(frame[columns], data_definition=definition) for frame in frames]
        report = Report([DataDriftPreset(num_method=method), DataSummaryPreset()])
        snapshot = report.run(sides[1], sides[0])
        snapshot.save_html(str(out))
        return [
            ColumnDrift(
                column=metric["config"]["column"],
                method=metric["config"]["method"],
                value=float(metric["value"]),
                threshold=float(metric["config"]["threshold"]),
            )
            for metric in snapshot.dict()["metrics"]
            if metric["config"]["type"].endswith(":ValueDrift")
        ]


def _frame(rows: Sequence[Row]) -> pd.DataFrame:
    """Numbers, categories, text descriptors and scores as columns; texts themselves are dropped."""
    import pandas as pd

    made = pd.DataFrame({name: [row[name] for row in rows] for name in (*NUMBERS, *CATEGORIES)})
    for name in NUMBERS:
        made[name] = pd.to_numeric(made[name]).astype("float64")
    for name in CATEGORIES:
        # A version or model name is log text as well; it stands in the page, and Evidently escapes nothing.
        made[name] = [None if row[name] is None else _UNSAFE.sub("_", row[name])[:60] for row in rows]
    for name in sorted({key for row in rows for key in row["scores"] or {}}):
        scores = pd.Series([(row["scores"] or {}).get(name) for row in rows], dtype="float64")
        made[f"quality {_UNSAFE.sub('_', name)}"] = scores
    return pd.concat([made, _descriptors(rows)], axis=1)


def _descriptors(rows: Sequence[Row]) -> pd.DataFrame:
    """Evidently's text descriptors that need no download: characters, words, sentences, odd characters."""
    import pandas as pd
    from evidently import DataDefinition, Dataset
    from evidently.descriptors import NonLetterCharacterPercentage, SentenceCount, TextLength, WordCount

    made: dict[str, Any] = {}
    kinds = {
        "characters": TextLength,
        "words": WordCount,
        "sentences": SentenceCount,
        "non_letters_percent": NonLetterCharacterPercentage,
    }
    for name in TEXTS:
        # Evidently divides by the length of a text: blank ones are described by hand below.
        texts = pd.DataFrame({"text": [row[name] if (row[name] or "").strip() else "x" for row in rows]})
        side = name.removesuffix("_text")
        dataset = Dataset.from_pandas(
            texts,
            data_definition=DataDefinition(text_columns=["text"]),
            descriptors=[kind("text", alias=alias) for alias, kind in kinds.items()],
        )
        described = dataset.as_dataframe()
        missing = pd.Series([row[name] is None for row in rows], dtype=bool)
        blank = pd.Series([not (row[name] or "").strip() for row in rows], dtype=bool)
        for alias in kinds:
            of_blank = float("nan") if alias == "non_letters_percent" else 0.0
            # No text is not a text of length zero.
            made[f"{side}_{alias}"] = described[alias].astype("float64").mask(blank, of_blank).mask(missing)
    return pd.DataFrame(made)


def _usable(reference: pd.DataFrame, current: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The numeric and the categorical columns that both sides have enough of."""
    shared = [c for c in current.columns if c in reference.columns]
    enough = [c for c in shared if min(reference[c].count(), current[c].count()) >= _FEWEST_ROWS]
    categories = [
        c
        for c in enough
        if c in CATEGORIES and max(reference[c].nunique(), current[c].nunique()) <= _MOST_VALUES
    ]
    return [c for c in enough if c not in CATEGORIES], categories


@contextmanager
def evidently_quietly() -> Iterator[None]:
    """Without its telemetry, and without the warnings of the libraries it brings."""
    os.environ["DO_NOT_TRACK"] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
