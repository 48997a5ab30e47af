"""Which topics grew and which shrank: groups of both sides together, with names made of their words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc

from monitors.explain_terms import PRIOR_WEIGHT, words
from monitors.explain_texts import thin
from monitors.statistics.log_odds import log_odds
from monitors.statistics.new_group import TIMES, Ball, Nearness, new_groups
from monitors.statistics.shares import binomial_variance, window_share
from monitors.statistics.topics import Labels, Topics, find_topics

Floats = NDArray[np.float64]
_ROWS = 400  # of each side, to find the topics in: an old topic must not drown a new one
_MOST = 6
_NAME_WORDS = 3
_LEAST_TEXTS = 2
_Z95 = 1.959964
_OWN = 2  # topics that only one side has, of each side
_LEAST_ROWS = 20
_BELIEVED = 0.001


@dataclass(frozen=True, kw_only=True)
class Grouped:
    """Both sides in topics.

    Attributes:
        topics: how many. now, before: (n,), (m,) number of each row's topic.
        names: of each topic; made of words that its texts have and others have not.
    """

    topics: int
    now: Labels
    before: Labels
    names: tuple[str, ...]


def group(
    now: NDArray[Any],
    before: NDArray[Any],
    now_texts: Mapping[int, str],
    before_texts: Mapping[int, str],
) -> Grouped:
    """Find topics in unit rows of both sides; texts: by row number, of some rows.

    A topic that only one side has is one of its own, however few its rows: among the topics of both it would
    be part of the nearest, and bear its name.
    """
    sides = now[thin(len(now), _ROWS)], before[thin(len(before), _ROWS)]
    topics: Topics = find_topics(np.concatenate(sides))
    labels = topics.of(now), topics.of(before)
    own = [*_only_in(sides[0], sides[1]), *_only_in(sides[1], sides[0])]
    for number, ball in enumerate(own, start=len(topics.centres)):
        for side, rows in zip(labels, (now, before), strict=True):
            side[ball.holds(rows)] = number
    counts = [Counter[str]() for _ in range(len(topics.centres) + len(own))]
    for side, texts in zip(labels, (now_texts, before_texts), strict=True):
        for i, text in texts.items():
            counts[int(side[i])].update(words(text))
    every = sum(counts, Counter[str]())
    return Grouped(
        topics=len(counts),
        now=labels[0],
        before=labels[1],
        names=tuple(name_of(own, every) for own in counts),
    )


def _only_in(rows: NDArray[Any], others: NDArray[Any]) -> list[Ball]:
    """Where the rows (n, d) have a topic that the others (m, d) have not: found in one half of the rows, and
    believed when the other half has it too, beyond chance.
    """
    if min(len(rows) // 2, len(others)) < _LEAST_ROWS:
        return []
    near = Nearness.of(others)
    found = new_groups(rows[::2], near.density(rows[::2], others), near=near, most=_OWN)
    return [ball for ball in found if _is_only_in(ball.holds(rows[1::2]), ball.holds(others))]


def _is_only_in(held: NDArray[np.bool_], by_others: NDArray[np.bool_]) -> bool:
    """Whether more than TIMES as dense, and beyond chance: the conditional test of two Poisson counts.

    Source: Przyborowski and Wilenski, Biometrika 31, 1940.
    """
    count, every = int(held.sum()), int(held.sum() + by_others.sum())
    denser = held.mean() > TIMES * by_others.mean()
    expected = len(held) / (len(held) + len(by_others))
    return bool(denser and bdtrc(count - 1, every, expected) < _BELIEVED / _OWN)


def name_of(own: Counter[str], every: Counter[str]) -> str:
    """The words that tell some texts from the others, by log-odds, the most certain first.

    own: in how many of the texts each word stands; every: the same of these and all others. Only words of two
    texts are in a name, so that it is nobody's secret; "unnamed" where there are none. Source: Monroe,
    Colaresi and Quinn, "Fightin' Words", 2008.

    >>> name_of(Counter(card=2, refund=2, my=1), Counter(card=2, refund=2, my=1, hello=2, you=1))
    'card, refund'
    """
    names = sorted(word for word, count in own.items() if count >= _LEAST_TEXTS)
    mine = np.array([float(own[word]) for word in names])
    total = np.array([float(every[word]) for word in names])
    # All other words count as one: only their sum matters to the odds of these.
    rest = own.total() - mine.sum(), every.total() - total.sum()
    now, all_texts = np.append(mine, rest[0]), np.append(total, rest[1])
    _, z = log_odds(now, all_texts - now, np.maximum(PRIOR_WEIGHT * all_texts, 1e-9))
    order = np.argsort(-z[:-1], kind="stable")
    return ", ".join(names[i] for i in order[:_NAME_WORDS] if z[i] > 0) or "unnamed"


def changed(grouped: Grouped, now_windows: Labels, before_windows: Labels) -> list[dict[str, Any]]:
    """The topics that grew or shrank beyond what windows differ by, the largest change first.

    now_windows, before_windows: number of each row's window. Each entry has `name`, `before` and `now`
    (shares), and the 95 % interval of the change, `low` to `high`, with whole windows as units.
    """
    critical = NormalDist().inv_cdf(1.0 - 0.025 / max(grouped.topics, 1))
    found: list[dict[str, Any]] = []
    for topic in range(grouped.topics):
        now, now_error = window_share(grouped.now == topic, now_windows)
        before, before_error = window_share(grouped.before == topic, before_windows)
        if not np.isfinite(now_error):
            # One window does not say how windows differ: as much more than chance as in the reference.
            design = before_error**2 / max(binomial_variance(before, len(grouped.before)), 1e-12)
            design = max(design, 1.0) if np.isfinite(design) else 1.0
            now_error = float(np.sqrt(binomial_variance(max(now, before), len(grouped.now)) * design))
        before_error = before_error if np.isfinite(before_error) else 0.0
        error = float(np.hypot(now_error, before_error))
        if abs(now - before) <= critical * error:
            continue
        found.append(
            {
                "name": grouped.names[topic],
                "before": before,
                "now": now,
                "low": now - before - _Z95 * error,
                "high": now - before + _Z95 * error,
            }
        )
    return sorted(found, key=lambda t: -abs(t["now"] - t["before"]))[:_MOST]
