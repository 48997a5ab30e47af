"""Evidently's descriptors as scorers: one number a text, filed under the judge `evidently`.

The values are Evidently's own: counts, percentages, and 1 or 0 for what is true or not. Its import takes
seconds, so it is imported when the first text is there. What asks a language model is in
`evidently_templates.py`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any

from monitors.evidently_config import EvidentlyConfig, EvidentlyScorer
from monitors.judges.base import Stamp
from monitors.judges.grade import Grade, JudgedSpan
from monitors.streams import EVIDENTLY_JUDGE


class EvidentlyScores:
    """Scores answers of LLMs and of the application by the configured descriptors."""

    def __init__(self, config: EvidentlyConfig) -> None:
        self._scorers = tuple(s for s in config.scorers if not s.asks_judge)

    def grade_at(self, items: Sequence[JudgedSpan], *, now: datetime, run_id: str | None) -> list[Grade]:
        """A grade for each scorer of each answer, scorer by scorer."""
        spans = [s for s in items if s.is_application or s.kind == "llm"]
        return [g for scorer in self._scorers for g in _graded(scorer, spans, now, run_id)]


def _graded(
    scorer: EvidentlyScorer, spans: Sequence[JudgedSpan], now: datetime, run_id: str | None
) -> list[Grade]:
    stamp = Stamp(
        judge=EVIDENTLY_JUDGE,
        judge_kind="local",
        judge_version=version_of(scorer),
        rubric=scorer.descriptor,
        rubric_version="1",
        graded_at=now,
        run_id=run_id,
    )
    texts = [(s.answer if scorer.text == "answer" else s.question) or "" for s in spans]
    present = [text for text in texts if text.strip()]
    values = iter(described(scorer, present))
    grades = []
    for span, text in zip(spans, texts, strict=True):
        value = next(values) if text.strip() else f"no {scorer.text}"
        if isinstance(value, str):
            grades.append(stamp.grade(span, scorer.series, reason=value))
        else:
            grades.append(stamp.grade(span, scorer.series, score=value))
    return grades


def version_of(scorer: EvidentlyScorer) -> str:
    """Evidently's version and all that the scorer was told: what could change a score."""
    told = json.dumps(scorer.model_dump(), sort_keys=True)
    return f"{version('evidently')}-{hashlib.blake2b(told.encode(), digest_size=4).hexdigest()}"


def described(scorer: EvidentlyScorer, texts: Sequence[str]) -> list[float | str]:
    """The value of each text, or why there is none. Texts are not blank.

    >>> described(EvidentlyScorer(descriptor="WordCount"), ["two words", "one"])
    [2.0, 1.0]
    """
    if not texts:
        return []
    try:
        return [_number(value) for value in _column(scorer, texts)]
    except Exception as error:
        if len(texts) == 1:
            return [f"Evidently: {type(error).__name__}"]
    # One text that it cannot take must not cost the others their score.
    return [value for text in texts for value in described(scorer, [text])]


def _column(scorer: EvidentlyScorer, texts: Sequence[str]) -> list[Any]:
    from monitors.evidently_report import evidently_quietly

    with evidently_quietly():
        import pandas as pd
        from evidently import DataDefinition, Dataset, descriptors

        made = getattr(descriptors, scorer.descriptor)("text", alias="value", **scorer.options)
        dataset = Dataset.from_pandas(
            pd.DataFrame({"text": list(texts)}),
            data_definition=DataDefinition(text_columns=["text"]),
            descriptors=[made],
        )
        return list(dataset.as_dataframe()["value"])


def _number(value: Any) -> float | str:
    number = float(value)
    return number if math.isfinite(number) else "Evidently: no value"
