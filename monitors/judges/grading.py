"""What the monitor run calls: grades of everything by the local scorer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitors.embedding.encoder import Encoder
from monitors.judges.grade import Grade, JudgedSpan
from monitors.judges.local import LocalScorer
from monitors.judges.reference import reference_grades
from monitors.judges.spans import judged_spans, write_grades

__all__ = ["judged_spans", "local_grades", "write_grades"]


def local_grades(
    spans: Sequence[JudgedSpan],
    encoder: Encoder,
    now: datetime,
    run_id: str | None,
    *,
    scorer: LocalScorer | None = None,
) -> list[Grade]:
    """The local scorer's grades of `spans`, on 0 to 3, and figures of those that carry the truth, on 0 to 1.

    LLM and application spans get groundedness, relevance and readability, retrievers and rerankers
    retrieval_relevance, others nothing. What cannot be judged (no documents, no answer) is `unscored` with
    the reason. For the truth see `reference.py`. After these come the grades of `scorer.also`. Pass one
    `scorer` for all the windows of a run: documents come back in every window and it keeps them prepared.
    """
    scorer = scorer or LocalScorer(encoder, clock=lambda: now)
    known = reference_grades(spans, now=now, run_id=run_id, encoder=encoder, config=scorer.reference)
    more = [grade for other in scorer.also for grade in other.grade_at(spans, now=now, run_id=run_id)]
    return [*scorer.grade_at(spans, now=now, run_id=run_id), *known, *more]
