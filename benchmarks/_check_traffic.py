"""Made-up hourly traffic in which everything of a request follows its topic, for the rates of all checks.

`independent`: the shares of eight topics never change. `overdispersed`: they wander by the day and by the
hour (log-normal, sd .5 and .3) and a tenth of the requests repeat another one. A topic has its lengths,
words, names, directions of embeddings (of the input and of the output), grades, and its rates of errors,
refusals and languages. A new topic is longer or slower, has words, a name and a direction of its own, is
refused, fails, is in another language, or is answered worse, whatever the stream holds. Its
input is that of the other topics: for context-aware checks it is the answers that are new.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from monitors.beside import SampleBeside
from monitors.checks.base import WindowSample
from monitors.result import Window

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
ROWS, HOURS = 40, 24
TOPICS, NEW = 8, 8
DIMENSION = 128
KINDS = ("number", "text", "category", "embedding", "error", "grade", "refusal", "language")
_WORDS = 400


class World:
    """One seeded kind of traffic; `data` is one of `KINDS`."""

    def __init__(self, seed: int, data: str, *, wander: bool) -> None:
        self.rng = np.random.default_rng(seed)
        self.data, self.wander = data, wander
        rng = self.rng
        self.shares = rng.dirichlet(np.full(TOPICS, 3.0))
        self.level = rng.normal(4.0, 0.5, size=TOPICS + 1)
        self.level[NEW] = self.level[:TOPICS].mean() + 0.9
        common = 1.0 / np.arange(1, _WORDS + 1)
        # Every topic has sixty words of its own beside those of everybody; few of them are frequent.
        own = np.stack([rng.permutation(60) for _ in range(TOPICS + 1)])
        self.words = [
            [f"w{i}" for i in range(_WORDS)] + [f"t{t}x{own[t, i]}" for i in range(60)]
            for t in range(TOPICS + 1)
        ]
        weight = np.concatenate([common / common.sum() * 0.75, common[:60] / common[:60].sum() * 0.25])
        self.cumulative = np.cumsum(weight / weight.sum())
        self.names = np.cumsum(rng.dirichlet(np.full(5, 0.5), size=TOPICS), axis=1)
        self.rates = np.append(rng.beta(1.0, 40.0, size=TOPICS), 1.0)
        self.grades = np.append(rng.normal(2.3, 0.2, size=TOPICS), 1.0)
        shared, directions = rng.standard_normal(DIMENSION), rng.standard_normal((TOPICS + 1, DIMENSION))
        self.centres = 0.35 * shared / np.linalg.norm(shared)
        self.centres = self.centres + 0.6 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
        asked = rng.standard_normal((TOPICS + 1, DIMENSION))
        self.asked = 0.6 * asked / np.linalg.norm(asked, axis=1, keepdims=True)
        # Within a topic some directions vary much more than others, as in real embeddings.
        self.spread = np.exp(-np.arange(DIMENSION) / 40.0)
        self.spread *= 0.72 / np.linalg.norm(self.spread)

    def windows(self, start: datetime, days: int, *, new: float = 0.0) -> list[SampleBeside]:
        """Consecutive hours."""
        made = []
        for hour in range(days * HOURS):
            if hour % HOURS == 0:
                of_day = self.rng.normal(0, 0.5, size=TOPICS) if self.wander else np.zeros(TOPICS)
            logits = np.log(self.shares) + of_day
            if self.wander:
                logits = logits + self.rng.normal(0, 0.3, size=TOPICS)
            shares = np.exp(logits) / np.exp(logits).sum()
            topics = self.rng.choice(TOPICS, size=ROWS, p=shares)
            topics[self.rng.random(ROWS) < new] = NEW
            # Of a new topic only the answers are new; it is asked as the others are.
            of_input = np.where(topics == NEW, self.rng.choice(TOPICS, size=ROWS, p=shares), topics)
            fields = {"": self._rows(topics)}
            if self.data == "embedding":
                fields["input_text"] = self._near(self.asked[of_input])
                fields["model"] = self._names(of_input)
            if self.wander:
                again = np.flatnonzero(self.rng.random(ROWS) < 0.1)
                copied = self.rng.integers(0, ROWS, size=len(again))
                for rows in fields.values():
                    rows[again] = rows[copied]
            window = Window(start=start + timedelta(hours=hour), end=start + timedelta(hours=hour + 1))
            keys = tuple(f"{window.start:%d%H}-{i}/s" for i in range(ROWS))
            told = {
                name: WindowSample(
                    window=window, n=ROWS, rows=rows if rows.ndim == 2 else rows[:, None], keys=keys
                )
                for name, rows in fields.items()
            }
            made.append(SampleBeside.of(told.pop(""), told))
        return made

    def _near(self, centres: NDArray[np.float64]) -> NDArray[np.float32]:
        rows = centres + self.rng.standard_normal(centres.shape) * self.spread
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)

    def _names(self, topics: NDArray[np.int64]) -> NDArray[np.generic]:
        drawn = self.rng.random(len(topics))
        made = np.empty(len(topics), dtype=object)
        for i, topic in enumerate(topics):
            made[i] = "new" if topic == NEW else f"v{np.searchsorted(self.names[topic], drawn[i])}"
        return made

    def _rows(self, topics: NDArray[np.int64]) -> NDArray[np.generic]:
        rng = self.rng
        if self.data == "number":
            return np.rint(rng.lognormal(self.level[topics], 0.4))
        if self.data == "grade":
            return np.clip(rng.normal(self.grades[topics], 0.45), 0.0, 3.0)
        if self.data == "embedding":
            return self._near(self.centres[topics])
        if self.data in ("error", "refusal", "language"):
            return self._struck(topics)
        return self._names(topics) if self.data == "category" else self._sentences(topics)

    def _struck(self, topics: NDArray[np.int64]) -> NDArray[np.generic]:
        struck = self.rng.random(len(topics)) < self.rates[topics]
        if self.data == "error":
            return struck.astype(np.float64)
        usual, other = ("answered", "refused") if self.data == "refusal" else ("en", "fr")
        return np.asarray(np.where(struck, other, usual).astype(object))

    def _sentences(self, topics: NDArray[np.int64]) -> NDArray[np.generic]:
        rng, count = self.rng, len(topics)
        made = np.empty(count, dtype=object)
        lengths = np.maximum(rng.lognormal(2.7, 0.5, size=count).astype(np.int64), 4)
        drawn = np.searchsorted(self.cumulative, rng.random(lengths.sum()))
        # Names, typing errors, part numbers: a word in fifty is one that nobody has used before.
        rare = np.where(rng.random(lengths.sum()) < 0.02, rng.integers(1, 10**6, lengths.sum()), 0)
        ends = np.cumsum(lengths)
        for i, topic in enumerate(topics):
            words, part = self.words[topic], slice(ends[i] - lengths[i], ends[i])
            pairs = zip(drawn[part].tolist(), rare[part].tolist(), strict=True)
            made[i] = " ".join(f"x{r}" if r else words[min(c, _WORDS + 59)] for c, r in pairs)
        return made
