"""Several LLM judges that grade the same answers: the median counts, and each judge's own grades are kept.

Reference: Verga et al. (2024), Replacing Judges with Juries, arXiv:2404.18796. When not to use it: judges of
one family share their errors, and their median is no wiser than one; see how far they agree with people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from statistics import median_low

from monitors.judges.base import Stamp
from monitors.judges.config import ENSEMBLE, JudgeConfig
from monitors.judges.grade import ENDPOINT_REASON, Grade, JudgedSpan, JudgeKind
from monitors.judges.llm import LlmJudge, judge_version
from monitors.judges.rubric import OVERALL, Rubric


class Ensemble:
    """Grades by the median of its members: of those that graded, which must be more than half.

    `skipped` counts the spans that too few members could look at, by reason; `left_out` names them.
    """

    def __init__(
        self,
        settings: JudgeConfig,
        rubric: Rubric,
        members: Sequence[LlmJudge],
        *,
        clock: Callable[[], datetime],
        run_id: str | None = None,
    ) -> None:
        self.members = tuple(members)
        self._rubric = rubric
        self._version = ensemble_version(settings)
        self._clock = clock
        self._run_id = run_id
        self.skipped: dict[str, int] = {}
        self.left_out: dict[str, str] = {}

    @property
    def name(self) -> str:
        return ENSEMBLE

    @property
    def kind(self) -> JudgeKind:
        return "ensemble"

    @property
    def version(self) -> str:
        return self._version

    @property
    def stopped(self) -> str | None:
        """Why more than half cannot grade any more; None while they can."""
        reasons = [m.stopped for m in self.members if m.stopped is not None]
        return reasons[0] if 2 * (len(self.members) - len(reasons)) <= len(self.members) else None

    def grade(self, items: Sequence[JudgedSpan]) -> list[Grade]:
        """The members' grades, member by member, then the ensemble's own, in the order of `items`."""
        told = [member.grade(items) for member in self.members]
        by_span: dict[str, list[Grade]] = {}
        for grade in (g for grades in told for g in grades):
            by_span.setdefault(f"{grade.trace_id}/{grade.span_id}", []).append(grade)
        own = [g for span in items for g in self._own(span, by_span.get(span.key, []))]
        return [*(g for grades in told for g in grades), *own]

    def _own(self, span: JudgedSpan, told: Sequence[Grade]) -> list[Grade]:
        """The median of each criterion and the weighted overall; nothing when too few could look at it."""
        absent = [m.left_out[span.key] for m in self.members if span.key in m.left_out]
        if 2 * len(absent) >= len(self.members):
            self.left_out[span.key] = absent[0]
            self.skipped[absent[0]] = self.skipped.get(absent[0], 0) + 1
            return []
        stamp = Stamp(
            judge=ENSEMBLE,
            judge_kind="ensemble",
            judge_version=self._version,
            rubric=self._rubric.name,
            rubric_version=self._rubric.version,
            graded_at=self._clock(),
            run_id=self._run_id,
        )
        grades = [
            self._median(stamp, span, c.name, [g for g in told if g.criterion == c.name])
            for c in self._rubric.criteria
        ]
        if not self._rubric.has_overall:
            return grades
        overall = self._rubric.overall({g.criterion: g.score for g in grades if g.score is not None})
        lacking = [g for g in grades if g.score is None]
        weights = ", ".join(f"{c.name} {c.weight:g}" for c in self._rubric.criteria)
        return [
            *grades,
            stamp.grade(
                span,
                OVERALL,
                score=overall,
                reason=None if overall is not None else lacking[0].reason,
                rationale=f"weighted: {weights}" if overall is not None else None,
            ),
        ]

    def _median(self, stamp: Stamp, span: JudgedSpan, criterion: str, told: Sequence[Grade]) -> Grade:
        """Of two middle grades the lower: between two grades a judge is told to give the lower one, too."""
        graded = [(g.judge, g.score) for g in told if g.score is not None]
        if 2 * len(graded) <= len(self.members):
            reasons = [g.reason or "" for g in told if g.score is None]
            # What an endpoint failed to answer is asked for again; what a judge refused is not.
            failed = [r for r in reasons if r.startswith(ENDPOINT_REASON)]
            reason = failed[0] if failed else reasons[0] if reasons else "no reply"
            count = f"{len(graded)} of {len(self.members)} judges graded it"
            return stamp.grade(span, criterion, reason=f"{reason}; {count}")
        return stamp.grade(
            span,
            criterion,
            score=median_low([score for _, score in graded]),
            rationale=", ".join(f"{judge} {score:g}" for judge, score in graded),
        )


def ensemble_version(settings: JudgeConfig) -> str:
    """Changes whenever one of the members would: whatever could change the median."""
    versions = sorted(f"{m.settings.name}={judge_version(m.settings)}" for m in settings.members())
    digest = hashlib.blake2b("\n".join(versions).encode(), digest_size=4).hexdigest()
    return f"{len(versions)} judges@{digest}"
