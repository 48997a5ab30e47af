"""What a user's signal says of an answer: a thumb, a rating, a correction, as 0 (bad) to 1 (good).

Every platform writes them in its own way, so a number is read on the scale that its name's values have, and a
word by what it means. What cannot be read says nothing; it is neither good nor bad.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from importlib import resources

from pydantic import Field, field_validator, model_validator

from collectors.config import Section
from collectors.durations import duration

_WORDS: dict[str, list[str]] = tomllib.loads(
    resources.files("monitors.judges").joinpath("feedback_words.toml").read_text("utf-8")
)
_MEANING = {
    word: value for name, value in (("good", 1.0), ("middle", 0.5), ("bad", 0.0)) for word in _WORDS[name]
}
# A name that counts what is bad: 1 is a complaint, 0 is none.
_COUNTS_BAD = re.compile(r"dislike|thumbs?[-_ ]?down|downvote|complain|report|flag|unhelpful", re.IGNORECASE)
_CORRECTION = re.compile(r"^(user[-_ ])?(correction|corrected|edit|edited)$", re.IGNORECASE)
_HALF = 0.5


class ScaleConfig(Section):
    """One kind of rating: the number that stands for the worst, and the one for the best."""

    worst: float
    best: float

    @model_validator(mode="after")
    def _apart(self) -> ScaleConfig:
        if self.worst == self.best:
            raise ValueError(f"worst and best must differ, and both are {self.worst:g}")
        return self


class FeedbackConfig(Section):
    """[feedback]: how users' signals are read.

    Attributes:
        names: patterns of the feedback that counts, such as `thumbs*`; empty is all that users said.
        scales: ratings whose scale cannot be told from their values, by the name of the feedback.
        reach: feedback later than this after its answer is not counted.
        retry_within: a question that is asked again is a retry when it comes this soon after the first.
        retry_likeness: the share of words that the two have in common, of all words of both.
        idle: a session is over when nothing was asked for so long.
        slow: an answer that took longer may be why its user left.
    """

    names: tuple[str, ...] = ()
    scales: dict[str, ScaleConfig] = Field(default_factory=dict)
    reach: timedelta = timedelta(days=7)
    retry_within: timedelta = timedelta(minutes=5)
    retry_likeness: float = Field(0.8, gt=0, le=1)
    idle: timedelta = timedelta(minutes=30)
    slow: timedelta = timedelta(seconds=10)

    _durations = field_validator("reach", "retry_within", "idle", "slow", mode="before")(duration)

    @field_validator("reach", "retry_within", "idle", "slow")
    @classmethod
    def _positive(cls, value: timedelta) -> timedelta:
        if value <= timedelta(0):
            raise ValueError("must be positive")
        return value

    def counts(self, name: str) -> bool:
        """Whether feedback of this name counts."""
        return not self.names or any(fnmatchcase(name, pattern) for pattern in self.names)


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One thing that a user said of one answer."""

    name: str
    score: float | None
    label: str | None
    user_id: str | None
    created_at: datetime


def scale_of_values(low: float, high: float) -> ScaleConfig | None:
    """The scale of numbers between `low` and `high`; None where they fit no usual one.

    -1 to 1, 0 to 1, 1 to 5 (0 to 5 where a zero was given), 0 to 10, 0 to 100.

    >>> [(s.worst, s.best) for s in map(scale_of_values, (-1, 0, 2, 0, 3), (1, 1, 5, 5, 90)) if s]
    [(-1.0, 1.0), (0.0, 1.0), (1.0, 5.0), (0.0, 5.0), (0.0, 100.0)]
    """
    if -1.0 <= low < 0.0 and high <= 1.0:
        return ScaleConfig(worst=-1.0, best=1.0)
    if low < 0.0:
        return None
    if high <= 1.0:
        return ScaleConfig(worst=0.0, best=1.0)
    top = next((top for top in (5.0, 10.0, 100.0) if high <= top), None)
    return None if top is None else ScaleConfig(worst=min(low, 1.0) if top == 5.0 else 0.0, best=top)


def satisfaction(signal: Signal, scale: ScaleConfig | None) -> float | None:
    """How content a user was, 0 to 1; None for what cannot be read.

    A correction says that the answer was wrong, whatever comes with it. A number counts before a word.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 3, 1, tzinfo=UTC)
    >>> four = Signal(name="stars", score=4, label=None, user_id=None, created_at=at)
    >>> satisfaction(four, ScaleConfig(worst=1, best=5))
    0.75
    """
    word = (signal.label or "").strip().lower().replace(" ", "_").replace("-", "_")
    if _CORRECTION.match(signal.name) or _CORRECTION.match(word):
        return 0.0
    if signal.score is not None and scale is not None:
        read = min(1.0, max(0.0, (signal.score - scale.worst) / (scale.best - scale.worst)))
        return 1.0 - read if _COUNTS_BAD.search(signal.name) else read
    return _MEANING.get(word)


def is_unhappy(signals: Iterable[Signal], scales: Mapping[str, ScaleConfig]) -> bool | None:
    """Whether the users of one answer were more bad than good on average; None where nothing can be read.

    Of what one user said under one name the last counts: a thumb that was changed is one thumb.
    """
    latest: dict[tuple[str, str | None], Signal] = {}
    for signal in sorted(signals, key=lambda s: s.created_at):
        latest[signal.name, signal.user_id] = signal
    read = [satisfaction(s, scales.get(s.name)) for s in latest.values()]
    known = [value for value in read if value is not None]
    return sum(known) / len(known) < _HALF if known else None
