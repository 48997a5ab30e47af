"""Made-up traffic of one component, window by window: traffic that does not change, and traffic that does.

Three kinds, all of them stationary. `independent`: every request is drawn alike. `seasonal`: rate, topics and
lengths follow the hour, and weekends are other than weekdays. `overdispersed`: seasonal, and topic shares and
levels wander by the day and by the hour, bursts of requests favour one topic, a few heavy users with tastes
of their own come and go, and a tenth of the requests repeat another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
KINDS = ("independent", "seasonal", "overdispersed")
TOPICS, DIMENSION, USERS = 12, 256, 5
_FAVOURED = 0.2  # of the extra requests of a burst are of its one topic
_USER_SHARE = 0.04  # of all requests while a heavy user is there
_REPEATED = 0.1

ChangeKind = Literal["topic", "paraphrase", "language", "length", "truncation"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """From window `start` on, `share` of the requests: of a new topic; in another style; in another language;
    twice as long; cut off at a third of the usual length. `ramp`: windows over which it grows to that share.
    """

    kind: ChangeKind
    share: float
    start: int
    ramp: int = 0

    def at(self, number: int) -> float:
        """The share in window `number`."""
        if number < self.start:
            return 0.0
        return self.share * min(1.0, (number - self.start + 1) / (self.ramp + 1))


@dataclass(frozen=True, kw_only=True)
class Requests:
    """One window: n requests, of which some k have their embeddings made.

    texts: by field, (k, 256) unit rows. numbers: by field, (n,).
    """

    start: datetime
    n: int
    texts: dict[str, Rows]
    numbers: dict[str, Floats]


class Traffic:
    """One seeded component. Windows are drawn in order: what wanders goes on from window to window."""

    def __init__(
        self, kind: str, *, seed: int, rate: float = 200.0, length: timedelta = timedelta(minutes=15)
    ) -> None:
        self._rng = rng = np.random.default_rng([seed, KINDS.index(kind)])
        self.kind, self.rate, self.length = kind, rate, length
        self._seasonal, self._wild = kind != "independent", kind == "overdispersed"
        self._fields = {name: _Space(rng) for name in ("input_text", "output_text")}
        self._usual = np.log(rng.dirichlet(np.full(TOPICS, 2.0)) + 0.005)
        self._phase = rng.uniform(0, 2 * np.pi, size=TOPICS)
        self._weekend = rng.standard_normal(TOPICS)
        self._lengths = {"input_tokens": rng.normal(4.5, 0.3, TOPICS + 1)}
        self._lengths["output_tokens"] = rng.normal(5.2, 0.3, TOPICS + 1)
        # What wanders: topics by the day and by the hour, then three levels (length, latency, errors).
        self._day, self._hour = rng.standard_normal(TOPICS + 3), rng.standard_normal(TOPICS)
        self._taste = rng.dirichlet(np.full(TOPICS, 0.3), size=USERS)
        self._present = rng.random(USERS) < 0.25
        self._burst: tuple[float, int] | None = None
        self._number = 0

    def skip(self) -> None:
        """Go on by one window without drawing its requests."""
        self._wander()
        self._number += 1

    def window(self, *, rows: int, change: Change | None = None) -> Requests:
        """The next window, with embeddings of at most `rows` of its requests."""
        self._wander()
        rng, number = self._rng, self._number
        self._number += 1
        start = MONDAY + number * self.length
        angle = (start.hour + start.minute / 60) / 24 * 2 * np.pi
        weekend = start.weekday() >= 5
        load = (1.0 + 0.6 * np.sin(angle - 2.3)) * (0.5 if weekend else 1.0) if self._seasonal else 1.0
        extra = self._burst[0] if self._burst is not None else 0.0
        n = max(1, int(rng.poisson(self.rate * load * (1.0 + extra))))
        logits = self._usual + self._seasonal * (
            0.5 * np.cos(angle - self._phase) + 0.3 * weekend * self._weekend
        )
        logits = logits + self._wild * (0.25 * self._day[:TOPICS] + 0.1 * self._hour)
        topic = rng.choice(TOPICS, size=n, p=np.exp(logits) / np.exp(logits).sum())
        user = np.full(n, -1)
        if self._wild:
            self._disturb(topic, user, extra)
        changed = np.zeros(n, dtype=bool)
        if change is not None:
            changed = rng.random(n) < change.at(number)
            topic[changed & (change.kind == "topic")] = TOPICS
        again = np.arange(n)
        if self._wild:
            repeated = rng.random(n) < _REPEATED
            again[repeated] = rng.integers(0, n, size=int(repeated.sum()))
        level = 0.15 * np.sin(angle) * self._seasonal + 0.06 * self._wild * self._day[TOPICS]
        numbers = self._numbers(topic, level, load * (1.0 + extra), changed, change)
        k = min(n, rows)
        chosen = again[rng.permutation(n)[:k]]
        kept, place = np.unique(chosen, return_inverse=True)
        how = change.kind if change is not None else None
        texts = {
            name: space.rows(rng, topic[kept], user[kept], changed[kept], how)[place]
            for name, space in self._fields.items()
        }
        return Requests(start=start, n=n, texts=texts, numbers={k: v[again] for k, v in numbers.items()})

    def _wander(self) -> None:
        if not self._wild:
            return
        rng, hours = self._rng, self.length.total_seconds() / 3600
        self._day = _moved(self._day, np.exp(-hours / 24.0), rng)
        self._hour = _moved(self._hour, np.exp(-hours), rng)
        # A user is there for three hours and away for nine, on average.
        leaves, comes = rng.random((2, USERS)) < np.array([[hours / 3], [hours / 9]])
        self._present = np.where(self._present, ~leaves, comes)
        if self._burst is not None and rng.random() < hours / 0.75:
            self._burst = None
        elif self._burst is None and rng.random() < hours / 24:
            self._burst = float(rng.uniform(0.5, 2.0)), int(rng.integers(TOPICS))

    def _disturb(self, topic: NDArray[np.int64], user: NDArray[np.int64], extra: float) -> None:
        """Give some requests to the burst's topic and to the heavy users who are there."""
        rng, n = self._rng, len(topic)
        if self._burst is not None:
            topic[rng.random(n) < _FAVOURED * extra / (1.0 + extra)] = self._burst[1]
        for number in np.flatnonzero(self._present):
            own = rng.random(n) < _USER_SHARE
            topic[own] = rng.choice(TOPICS, size=int(own.sum()), p=self._taste[number])
            user[own] = number

    def _numbers(
        self,
        topic: NDArray[np.int64],
        level: float,
        load: float,
        changed: NDArray[np.bool_],
        change: Change | None,
    ) -> dict[str, Floats]:
        rng, n = self._rng, len(topic)
        made: dict[str, Floats] = {}
        for name, means in self._lengths.items():
            tokens = rng.lognormal(means[topic] + level, 0.5)
            if change is not None and change.kind == "length":
                tokens[changed] *= 2.0
            if change is not None and change.kind == "truncation":
                tokens[changed] = np.minimum(tokens[changed], np.exp(means[:TOPICS].mean()) / 3.0)
            made[name] = np.maximum(1.0, np.round(tokens))
        slow = 0.06 * self._wild * self._day[TOPICS + 1] + 0.1 * np.log(load)
        made["duration_s"] = 0.6 * np.exp(
            0.5 * np.log(made["output_tokens"] / 200) + slow + rng.normal(0, 0.3, n)
        )
        made["time_to_first_token_s"] = np.exp(-1.0 + slow + rng.normal(0, 0.4, n))
        made["cost_usd"] = 1e-6 * (made["input_tokens"] + 4 * made["output_tokens"])
        wrong = 0.01 * np.exp(0.3 * self._wild * self._day[TOPICS + 2])
        made["status"] = (rng.random(n) < wrong).astype(np.float64)
        return made


class _Space:
    """Where the texts of one field lie: twelve topics, and one more that is new."""

    def __init__(self, rng: np.random.Generator) -> None:
        own = _unit(rng.standard_normal((TOPICS + 1, DIMENSION)))
        self.common = 0.35 * _unit(rng.standard_normal((1, DIMENSION)))
        self._centres = (self.common + 0.6 * own).astype(np.float32)
        # Within a topic some directions vary much more than others, as in real embeddings.
        spread = np.exp(-np.arange(DIMENSION) / 80.0)
        self._spread = (spread * 0.72 / np.linalg.norm(spread)).astype(np.float32)
        self._styles = (0.15 * _unit(rng.standard_normal((USERS + 1, DIMENSION)))).astype(np.float32)
        self._styles[-1] = 0.0
        self._paraphrase = (0.25 * _unit(rng.standard_normal((1, DIMENSION)))).astype(np.float32)
        self._language = (0.6 * _unit(rng.standard_normal((1, DIMENSION)))).astype(np.float32)

    def rows(
        self,
        rng: np.random.Generator,
        topic: NDArray[np.int64],
        user: NDArray[np.int64],
        changed: NDArray[np.bool_],
        how: str | None,
    ) -> Rows:
        """(k, 256) unit rows; user -1 is nobody in particular."""
        centres = self._centres[topic] + self._styles[user]
        if how == "paraphrase":
            centres[changed] += self._paraphrase
        if how == "language":
            centres[changed] = 0.7 * centres[changed] + self._language
        rows = centres + rng.standard_normal(centres.shape, dtype=np.float32) * self._spread
        unit: Rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


def _moved(state: Floats, keep: float, rng: np.random.Generator) -> Floats:
    """One step of what wanders around zero with variance one."""
    return keep * state + np.sqrt(1 - keep**2) * rng.standard_normal(state.size)


def _unit(rows: Floats) -> Floats:
    unit: Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit
