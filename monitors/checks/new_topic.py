"""Is there a topic that the reference does not have? See docs/checks/new_topic.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.checks._numbers import chance, consistent, nothing, spanned, split_key
from monitors.checks._sampled import evenly
from monitors.checks._topic_check import TopicCheck
from monitors.checks._topic_power import TopicPower, held
from monitors.checks._topics import rows_of, topic_evidence, windows_of
from monitors.checks.base import (
    CheckSettings,
    Outcome,
    Reference,
    WindowSample,
)
from monitors.detectable import Look, evidence, hours_of, longest_of, smallest
from monitors.noise_cache import WindowCache
from monitors.noise_change import locate
from monitors.noise_rates import RateModel, fit_rate, learn_wander, steady_tail
from monitors.noise_repeats import first_told
from monitors.noise_scales import STILL_THERE, Scale, latest, no_rows, scales_of
from monitors.statistics.density import Whitening
from monitors.statistics.kernels import squared_distances
from monitors.statistics.new_group import TIMES, Ball, Nearness, new_groups

Rows = NDArray[np.float32]
Floats = NDArray[np.float64]
MARGIN = 0.02  # of all rows in the middle of one new topic: about 5 % of the topic as a whole
_BOOK = 800
_LEARNT = 4000
_PLACES = 3  # groups that are tried for each length of time
# Shares of topics wander, in both halves of the rows alike, and a group is found where today's wander is
# furthest. So each is one of as many tests as a stream commonly has topics.
_CANDIDATES = 20
_HALVES = 2
# Groups of the reference whose shares say how far such shares wander, and what part of the rows each has.
_GROUPS, _GROUP = 24, 0.02
# From here on a group is not told from chance, and no p-value is worked out for it.
_DOUBTFUL = 0.2
_EXAMPLES = 10


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One length of time.

    Attributes:
        ball: where the group lies; found in one half of the rows. rates: how often the reference was there.
        hits, rows: of the other half. p: after the number of tests. ongoing: there in the last eighth too.
    """

    scale: Scale
    ball: Ball | None
    rates: RateModel | None
    hits: int
    rows: int
    p: float
    ongoing: bool

    @property
    def share(self) -> float:
        """Of the rows that did not find the group."""
        return self.hits / max(self.rows, 1)

    @property
    def usual(self) -> float:
        """What is expected of the place; 0 where there is no group."""
        return self.rates.rate if self.rates is not None else 0.0


class NewTopicFitted:
    """The rows of the reference, and how near rows of one topic are."""

    def __init__(self, reference: Reference, settings: CheckSettings) -> None:
        samples = [w for w in reference.windows if len(w.rows)]
        self._used = [s.window for s in samples]
        rows = rows_of(samples)
        self._reference_rows = len(rows)
        # A text that came again in its window tells of its topic once.
        self._places = evenly(np.flatnonzero(first_told([w.rows for w in samples])), _LEARNT)
        learnt = rows[self._places]
        self._white = Whitening.learn(learnt, mean=rows.mean(axis=0))
        self._rows = self._white.of(learnt)
        self._squares = np.einsum("ij,ij->i", self._rows, self._rows)
        self._windows = windows_of(samples)[self._places]
        self._counted = np.bincount(self._windows, minlength=len(self._used)).astype(np.float64)
        self._book = evenly(self._rows, _BOOK)
        self._near = Nearness.of(self._book)
        self._held = held(learnt, self._near)
        self._seen, self._dense = WindowCache(), WindowCache()
        self._wander = self._learn_wander()
        empty = self._events(np.empty(0, dtype=np.int64))
        self._nothing = fit_rate(self._used, empty, self._counted, wander=self._wander)
        self._settings = settings
        self._margin = MARGIN if settings.margin is None else settings.margin

    def evaluate(self, recent: Sequence[WindowSample], *, alpha: float) -> Outcome:
        """Judge the last window; see `Fitted`."""
        if not recent or len(recent[-1].rows) == 0:
            return nothing(recent, self._reference_rows)
        scales = scales_of(recent, self._settings, skew=False)
        if not scales:
            return no_rows(recent, self._settings, self._reference_rows)
        read = [self._read(scale, len(scales)) for scale in scales]
        guilty = [r for r in read if r.p <= alpha and r.share - r.usual >= self._margin and r.ongoing]
        best = min(guilty or read, key=lambda r: r.p)
        needed = self._needed(best, alpha / (len(scales) * _CANDIDATES * _HALVES))
        return Outcome(
            status="breach" if guilty else "ok",
            value=best.share,
            threshold=consistent(needed, best.share, 1, breach=bool(guilty)),
            unit="share of requests",
            p_value=best.p,
            effect=max(0.0, best.share - best.usual),
            effect_unit="share of new content",
            n_current=best.scale.requests,
            n_reference=self._reference_rows,
            n_sampled=best.scale.rows,
            reason=self._reason(best, alpha, breach=bool(guilty)),
            evidence=self._evidence(recent, best, breach=bool(guilty)),
            detectable=partial(self._detectable, scales, alpha),
        )

    def _read(self, scale: Scale, tests: int) -> Reading:
        seen = [self._seen.get(s, self._see) for s in scale.samples]
        usual = np.concatenate([self._dense.get(s, self._density) for s in scale.samples])
        rows, late = np.concatenate(seen), np.concatenate(seen[-latest(scale) :])
        tests *= _CANDIDATES * _HALVES
        best = Reading(scale=scale, ball=None, rates=None, hits=0, rows=len(rows) // 2, p=1.0, ongoing=False)
        for first in range(_HALVES):
            # What found a group must not count in it: the best of many places looks fuller than it is.
            finding = evenly(np.arange(first, len(rows), 2), _BOOK)
            for ball in new_groups(rows[finding], usual[finding], near=self._near, most=_PLACES):
                best = self._better(best, ball, rows[1 - first :: 2], late, tests)
        return best

    def _of(self, samples: Sequence[WindowSample]) -> Rows:
        """Their rows, whitened."""
        return self._white.of(rows_of(samples))

    def _see(self, sample: WindowSample) -> Rows:
        """(k, d) the rows of a window, whitened. A text that comes again would find a group and then count in
        it, and so is there once.
        """
        return self._white.of(sample.rows[first_told([sample.rows])])

    def _density(self, sample: WindowSample) -> Floats:
        """(k,) how dense the reference is at each of them."""
        return self._near.density(self._seen.get(sample, self._see), self._book)

    def _better(self, best: Reading, ball: Ball, judged: Rows, late: Rows, tests: int) -> Reading:
        """What the group says, if it says more than the best so far."""
        inside = ball.holds(judged)
        hits, of = int(inside.sum()), int(self._counted.sum())
        # What the reference has, and its wander, can only make the tail longer; both are most of the work.
        least = min(best.p, _DOUBTFUL)
        if steady_tail(hits, len(judged), 0, of) * tests >= least:
            return best
        known = np.flatnonzero(ball.holds(self._rows, squares=self._squares))
        # A topic that only grew is not new.
        grew = hits * of < TIMES * known.size * len(judged)
        if grew or steady_tail(hits, len(judged), known.size, of) * tests >= least:
            return best
        rates = self._rates(known)
        p = min(1.0, rates.tail(hits, len(judged)) * tests)
        if p >= best.p:
            return best
        now, share = float(ball.holds(late).mean()), float(inside.mean())
        return Reading(
            scale=best.scale,
            ball=ball,
            rates=rates,
            hits=hits,
            rows=len(judged),
            p=p,
            ongoing=now - rates.rate >= STILL_THERE * (share - rates.rate),
        )

    def _rates(self, rows: NDArray[np.int64]) -> RateModel:
        """How often the reference was where these rows of it are, and how that wandered."""
        if not len(rows):
            return self._nothing
        return fit_rate(self._used, self._events(rows), self._counted, wander=self._wander)

    def _events(self, rows: NDArray[np.int64]) -> Floats:
        """(T,) how many of these rows of the reference came in each window."""
        events: Floats = np.bincount(self._windows[rows], minlength=len(self._used)).astype(np.float64)
        return events

    def _learn_wander(self) -> Floats:
        """How far the shares of groups wander: a group that is new has no history of its own."""
        apart = squared_distances(evenly(self._rows, _GROUPS), self._rows)
        size = max(1, round(_GROUP * len(self._rows)))
        nearest = np.argpartition(apart, size - 1, axis=1)[:, :size]
        return learn_wander(self._used, np.array([self._events(group) for group in nearest]), self._counted)

    def _needed(self, best: Reading, p: float) -> float:
        """The share at which the group, or any where there is none, would just be a breach."""
        rates = best.rates or self._nothing
        # One text that fills the windows is one row, and leaves none to be counted.
        rows = max(best.rows, 1)
        critical = rates.critical(p, rows) / rows
        return min(1.0, max(critical, rates.rate + self._margin, TIMES * rates.rate))

    def _detectable(self, scales: Sequence[Scale], alpha: float) -> dict[str, Any]:
        """How large a new topic is seen, and how soon."""
        p = alpha / (len(scales) * _CANDIDATES * _HALVES)
        looks = [
            Look(
                hours=hours_of(scale),
                chance=TopicPower(
                    held=self._held,
                    usual=self._nothing,
                    rows=scale.rows // _HALVES,
                    late=sum(len(s.rows) for s in scale.samples[-latest(scale) :]),
                    p=p,
                    margin=self._margin,
                ).chance(),
            )
            for scale in (scales[i] for i in longest_of(scales))
        ]
        return evidence(
            smallest(looks, most=1.0),
            scales[-1],
            unit="share of new content",
            rows="texts",
            change="a new topic of {}",
            size="{:.0%}",
        )

    def _reason(self, best: Reading, alpha: float, *, breach: bool) -> str:
        if best.ball is None:
            return f"no group of texts that the reference lacks in {self._span(best)}"
        said = (
            f"a group of texts that the reference hardly has ({best.usual:.1%}) makes {best.share:.1%} of "
            f"{self._span(best)}"
        )
        if breach:
            return f"{said}, {chance(best.p)}"
        if best.p <= alpha and not best.ongoing:
            return f"{said}, but the latest requests are back to normal"
        if best.p <= alpha:
            return f"{said}: certain, but less than the {self._margin:.0%} of requests that matter"
        return f"{said}: within the usual noise"

    def _span(self, best: Reading) -> str:
        return spanned(best.scale.windows, best.scale.rows)

    def _evidence(self, recent: Sequence[WindowSample], best: Reading, *, breach: bool) -> dict[str, Any]:
        told: dict[str, Any] = {
            "current": {"share": best.share},
            "reference": {"share": best.usual},
            "scale_windows": best.scale.windows,
            "sampled": {"rows": best.scale.rows, "requests": best.scale.requests},
            "noise": {"rate_sd": best.rates.sd if best.rates is not None else 0.0},
        }
        if not breach or best.ball is None:
            return told
        ball, samples = best.ball, best.scale.samples
        rows = self._of(samples)
        inside = ball.holds(rows)
        told["topic"] = topic_evidence(
            0, inside, samples, usual=best.usual, reference_rows=self._places[ball.holds(self._rows)]
        )
        told["change_point"] = self._change_point(recent, best, ball)
        keys = [key for sample in samples for key in sample.keys]
        distances = ball.distances(rows)
        order = [int(i) for i in np.argsort(distances, kind="stable")[:_EXAMPLES] if inside[i]]
        told["examples"] = [
            {**split_key(keys[i]), "why": "in the middle of the new topic", "score": -float(distances[i])}
            for i in order
        ]
        return told

    def _change_point(self, recent: Sequence[WindowSample], best: Reading, ball: Ball) -> dict[str, str]:
        used = [s for s in recent if len(s.rows)]
        shares = np.array([float(ball.holds(self._of([s])).mean()) for s in used])
        middle = float(np.clip((best.share + best.usual) / 2.0, 1e-3, 1.0 - 1e-3))
        variances = np.array([middle * (1.0 - middle) / len(s.rows) for s in used])
        return locate([s.window for s in used], shares - best.usual, variances).evidence()


CHECK = TopicCheck(name="new_topic", title="New topic", learn=NewTopicFitted, default_on=True)
