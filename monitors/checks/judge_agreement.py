"""Does a judge still agree with people, and with the other judges? See docs/checks/judge_agreement.md."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.checks._numbers import chance, nothing, spanned, split_key
from monitors.checks.base import CheckSettings, DataKind, NotReady, Outcome, Reference, WindowSample
from monitors.noise_scales import Scale, missing, no_rows, scales_of
from monitors.result import Concern, ReferenceKind
from monitors.statistics.agreement import counts, kappa_of
from monitors.streams import UNREAD, split_verdict

Floats = NDArray[np.float64]
MARGIN = 0.1
# A group with fewer pairs in the reference has no agreement yet that it could fall from.
_LEAST_REFERENCE = 30
_DRAWS = 1000
_EXAMPLES = 10
# Pairs in one trial; the spread with other numbers follows from it.
_TRIAL = 50
_SMOOTHED = 0.5

Group = tuple[str, str]
Pairs = list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Fall:
    """How one judge stands in one length of time, by the figure that fell most surely.

    Attributes:
        figure: kappa, exact agreement, or readable replies; usual: in the reference.
        needed: the value at which this would just be a breach.
    """

    group: Group
    figure: str
    scale: Scale
    pairs: int
    value: float
    usual: float
    sd: float
    p: float
    needed: float

    @property
    def drop(self) -> float:
        return self.usual - self.value


@dataclass(frozen=True, kw_only=True)
class Usual:
    """One judge in the reference: its figures, and their spread in a trial of `_TRIAL` pairs."""

    pairs: int
    values: Mapping[str, float]
    spreads: Mapping[str, float]


class AgreementFitted:
    """The usual agreement of each judge, learnt."""

    def __init__(self, reference: Reference, settings: CheckSettings, seed: int) -> None:
        self._settings = settings
        self._margin = MARGIN if settings.margin is None else settings.margin
        self._rows = sum(len(w.rows) for w in reference.windows)
        self._usual = {
            group: _usual(group, pairs, seed)
            for group, pairs in _grouped(reference.windows).items()
            if len(pairs) >= _LEAST_REFERENCE
        }

    def evaluate(self, recent: Sequence[WindowSample], *, alpha: float) -> Outcome:
        """Judge the last window; see `Fitted`."""
        if not recent or len(recent[-1].rows) == 0:
            return nothing(recent, self._rows)
        scales = scales_of(recent, self._settings, skew=False)
        if not scales:
            return no_rows(recent, self._settings, self._rows)
        found = self._falls(scales, alpha)
        if not found:
            n, k = sum(s.n for s in recent), sum(len(s.rows) for s in recent)
            return Outcome(
                status="no_data",
                reason=f"no judge has {self._settings.min_rows} verdicts now and {_LEAST_REFERENCE} before",
                n_current=n,
                n_reference=self._rows,
                n_sampled=k,
            )
        guilty = [f for f in found if f.p <= alpha and f.drop >= self._margin]
        best = min(guilty or found, key=lambda f: (f.p, -f.drop))
        return Outcome(
            status="breach" if guilty else "ok",
            value=best.value,
            threshold=best.needed,
            unit=best.figure,
            p_value=best.p,
            effect=-best.drop,
            effect_unit=f"change of {best.figure}",
            n_current=best.scale.requests,
            n_reference=self._rows,
            n_sampled=best.scale.rows,
            reason=self._reason(best, breach=bool(guilty)),
            evidence=self._evidence(best, found, breach=bool(guilty)),
        )

    def _falls(self, scales: Sequence[Scale], alpha: float) -> list[Fall]:
        tested = [
            (scale, group, pairs)
            for scale in scales
            for group, pairs in _grouped(scale.samples).items()
            if group in self._usual and len(pairs) >= self._settings.min_rows
        ]
        tests = sum(len(_figures(g)) for _, g, _ in tested)
        return [f for s, g, pairs in tested for f in self._of(s, g, pairs, tests=tests, alpha=alpha)]

    def _of(self, scale: Scale, group: Group, pairs: Pairs, *, tests: int, alpha: float) -> list[Fall]:
        """The figures of one judge, each against what the reference would give with as many pairs."""
        usual, table = self._usual[group], _table(pairs)
        found = []
        for name in _figures(group):
            value, was = float(_STATISTICS[name](table)), usual.values[name]
            if math.isnan(value) or math.isnan(was):
                continue
            sd = usual.spreads[name] * math.sqrt(_TRIAL / len(pairs) + _TRIAL / usual.pairs)
            found.append(
                Fall(
                    group=group,
                    figure=name,
                    scale=scale,
                    pairs=len(pairs),
                    value=value,
                    usual=was,
                    sd=sd,
                    p=min(1.0, _tail((was - value) / sd) * tests),
                    needed=was - max(self._margin, _quantile(alpha / tests) * sd),
                )
            )
        return found

    def _reason(self, best: Fall, *, breach: bool) -> str:
        judge, against = best.group
        beside = "" if against == UNREAD else f" with {against}"
        said = (
            f"{judge}{beside}: {best.figure} {best.value:.2f} in {best.pairs} verdicts of "
            f"{spanned(best.scale.windows, best.scale.rows)}; {best.usual:.2f} is usual"
        )
        if breach:
            return f"{said}, {chance(best.p)}; the judge is in doubt, and so are its grades"
        return f"{said}: within the usual noise"

    def _evidence(self, best: Fall, found: Sequence[Fall], *, breach: bool) -> dict[str, Any]:
        here = {f"{f.group[0]} with {f.group[1]}: {f.figure}": f for f in found if f.scale is best.scale}
        evidence: dict[str, Any] = {
            "judge": best.group[0],
            "against": best.group[1],
            "current": {name: f.value for name, f in here.items()},
            "reference": {name: f.usual for name, f in here.items()},
            "scale_windows": best.scale.windows,
            "sampled": {"rows": best.scale.rows, "requests": best.scale.requests},
            "noise": {"sd": best.sd},
            "detectable": {"value": best.needed, "unit": best.figure, "rows": best.pairs},
        }
        if breach:
            evidence["examples"] = [
                {**split_key(key), "why": f"{said} by the judge, {right} by {best.group[1]}", "score": 1.0}
                for sample in reversed(best.scale.samples)
                for key, row in zip(sample.keys, sample.rows[:, 0], strict=True)
                for group, said, right in [split_verdict(str(row))]
                if group == best.group and said != right
            ][:_EXAMPLES]
        return evidence


def _grouped(windows: Sequence[WindowSample]) -> Mapping[Group, Pairs]:
    """Pairs of what a judge said and what it is held against, by judge."""
    groups: dict[Group, Pairs] = defaultdict(list)
    for window in windows:
        for row in window.rows[:, 0]:
            group, said, right = split_verdict(str(row))
            groups[group].append((said, right))
    return groups


def _usual(group: Group, pairs: Pairs, seed: int) -> Usual:
    """The figures of the reference, and how they wander from trial to trial."""
    table = _table(pairs)
    # What was not seen yet is not impossible.
    likely = (table + _SMOOTHED).ravel()
    drawn = np.random.default_rng(seed).multinomial(_TRIAL, likely / likely.sum(), size=_DRAWS)
    trials = drawn.reshape(_DRAWS, *table.shape).astype(np.float64)
    names = _figures(group)
    return Usual(
        pairs=len(pairs),
        values={name: float(_STATISTICS[name](table)) for name in names},
        spreads={name: float(np.nanstd(_STATISTICS[name](trials))) for name in names},
    )


def _table(pairs: Pairs) -> Floats:
    return counts([said for said, _ in pairs], [right for _, right in pairs])[0]


def _figures(group: Group) -> tuple[str, ...]:
    return ("readable replies",) if group[1] == UNREAD else ("kappa", "exact agreement")


def _kappa(tables: Floats) -> Floats:
    """Quadratic weights where every grade is a number would forgive a drift by one: plain kappa."""
    return kappa_of(tables, 1.0 - np.eye(tables.shape[-1]))


def _exact(tables: Floats) -> Floats:
    return np.asarray(np.trace(tables, axis1=-2, axis2=-1) / tables.sum(axis=(-2, -1)), dtype=np.float64)


_STATISTICS: Mapping[str, Callable[[Floats], Floats]] = {
    "kappa": _kappa,
    "exact agreement": _exact,
    "readable replies": _exact,
}


def _tail(z: float) -> float:
    return max(1e-300, 0.5 * math.erfc(z / math.sqrt(2.0)))


def _quantile(p: float) -> float:
    from scipy.stats import norm

    return float(norm.isf(p))


class JudgeAgreementCheck:
    """A fall of agreement, or of replies that can be read; a rise is no breach."""

    name = "judge_agreement"
    title = "Agreement of judges"
    fields = frozenset({"judge_verdict"})
    kinds: tuple[ReferenceKind, ...] = ("drift",)
    data: DataKind = "category"
    default_on = True

    def concern(self, field: str) -> Concern:
        return "quality"

    def fit(self, reference: Reference, *, settings: CheckSettings, seed: int) -> AgreementFitted | NotReady:
        """Learn how far each judge usually agrees."""
        why = missing(reference, settings)
        return NotReady(reason=why) if why is not None else AgreementFitted(reference, settings, seed)


CHECK = JudgeAgreementCheck()
