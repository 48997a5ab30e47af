"""The safety scorer: 1 where an answer or a request has what it should not have, 0 where it has not.

A judge of kind `local` called `safety`. Its grades are shares when averaged, on no scale with other grades,
and its streams are `safety.<criterion>`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.privacy.config import PrivacyConfig
from monitors.embedding.encoder import Encoder
from monitors.judges.base import Stamp
from monitors.judges.grade import Grade, JudgedSpan
from monitors.safety.attack import (
    asked,
    attack_logits,
    has_phrase,
    phrases_digest,
    shipped_model,
)
from monitors.safety.findings import Finder, words
from monitors.statistics.refusals import is_refusal
from monitors.streams import SAFETY_JUDGE

PERSONAL_DATA, SECRETS, ATTACK, REFUSAL = "personal_data", "secrets", "prompt_attack", "refusal"
CRITERIA = (PERSONAL_DATA, SECRETS, ATTACK, REFUSAL)
_VERSION = "1"
_NO_ANSWER, _NO_REQUEST = "no answer", "no request"


@dataclass(frozen=True)
class _Said:
    """What is said of one span by one criterion: a score, or why there is none."""

    score: float | None
    why: str | None = None


class SafetyScorer:
    """Scores answers of LLMs and of the application, and the application's requests.

    Args:
        criteria: those of CRITERIA that are wanted.
        open_encoder: the packaged encoder, which the classifier was trained on; asked for when it is needed.
    """

    def __init__(
        self, *, criteria: Collection[str], privacy: PrivacyConfig, open_encoder: Callable[[], Encoder]
    ) -> None:
        self._criteria = tuple(name for name in CRITERIA if name in criteria)
        self._finder = Finder(privacy)
        self._open_encoder = open_encoder
        self._encoder: Encoder | None = None

    @property
    def version(self) -> str:
        """Changes with the classifier, its phrases, and the code."""
        return f"{_VERSION}-{shipped_model().digest}-{phrases_digest()}"

    def grade_at(self, items: Sequence[JudgedSpan], *, now: datetime, run_id: str | None) -> list[Grade]:
        """A grade for each criterion that applies to a span, in the order of `items`."""
        if not self._criteria:
            return []
        answers = [s for s in items if s.is_application or s.kind == "llm"]
        found: dict[tuple[str, str], _Said] = {}
        if {PERSONAL_DATA, SECRETS} & set(self._criteria):
            found |= self._found(answers)
        if REFUSAL in self._criteria:
            found |= {(s.key, REFUSAL): _refused(s) for s in answers}
        if ATTACK in self._criteria:
            found |= self._attacks([s for s in answers if s.is_application])
        stamp = Stamp(
            judge=SAFETY_JUDGE,
            judge_kind="local",
            judge_version=self.version,
            rubric=SAFETY_JUDGE,
            rubric_version=_VERSION,
            graded_at=now,
            run_id=run_id,
        )
        return [
            stamp.grade(span, name, **_grade_of(said))
            for span in items
            for name in self._criteria
            if (said := found.get((span.key, name))) is not None
        ]

    def _found(self, spans: Sequence[JudgedSpan]) -> dict[tuple[str, str], _Said]:
        made: dict[tuple[str, str], _Said] = {}
        why = self._finder.unreadable
        read = [s for s in spans if why is None and (s.answer or "").strip()]
        for span in spans:
            for name in (PERSONAL_DATA, SECRETS):
                made[span.key, name] = _Said(None, why or _NO_ANSWER)
        of_answers = self._finder.find([s.answer or "" for s in read])
        of_questions = self._finder.find([s.question or "" for s in read])
        for span, answer, question in zip(read, of_answers, of_questions, strict=True):
            made[span.key, PERSONAL_DATA] = _held(answer.personal, question.personal)
            made[span.key, SECRETS] = _held(answer.secrets, question.secrets)
        return made

    def _attacks(self, spans: Sequence[JudgedSpan]) -> dict[tuple[str, str], _Said]:
        texts = {s.key: asked(s.question or "") for s in spans}
        read = [s for s in spans if texts[s.key].strip()]
        made = {(s.key, ATTACK): _Said(None, _NO_REQUEST) for s in spans}
        if not read:
            return made
        model = shipped_model()
        self._encoder = self._encoder or self._open_encoder()
        if self._encoder.identity != model.encoder:
            why = f"the classifier needs the encoder {model.encoder}"
            return made | {(s.key, ATTACK): _Said(None, why) for s in read}
        logits = attack_logits(model, [texts[s.key] for s in read], self._encoder)
        for span, logit in zip(read, logits.tolist(), strict=True):
            phrase = has_phrase(texts[span.key])
            is_attack = phrase or logit >= model.threshold
            said = f"classifier {_chance(logit):.2f}, {_chance(model.threshold):.2f} counts"
            made[span.key, ATTACK] = _Said(float(is_attack), f"a known phrase; {said}" if phrase else said)
        return made


def _held(found: Counter[str], also: Counter[str]) -> _Said:
    return _Said(1.0, words(found, also)) if found else _Said(0.0)


def _refused(span: JudgedSpan) -> _Said:
    answer = (span.answer or "").strip()
    return _Said(float(is_refusal(answer))) if answer else _Said(None, _NO_ANSWER)


def _chance(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))


def _grade_of(said: _Said) -> dict[str, Any]:
    if said.score is None:
        return {"reason": said.why}
    return {"score": said.score, "rationale": said.why}
