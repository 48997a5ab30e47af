"""What verdicts on pairs come to: who wins, how sure that is, and what the order did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from collectors.warehouse.store import Row
from monitors.statistics.agreement import Figure, PositionBias, position_bias, share

_NUMBERS = {"a": 1, "b": 2, "tie": 0}


@dataclass(frozen=True, kw_only=True)
class PairReport:
    """A comparison of two sides.

    Attributes:
        pairs: with a verdict in both orders; unread: without.
        a, b: pairs that the side won: in both orders, or in one with a tie in the other.
        tie: a tie in both orders. order: in both orders what stood at the same place won, so nobody did.
        wins: of the pairs that somebody won, the share of side a. p_value: of the sign test, that both sides
            are equally good; None without a decided pair.
        position: how often the place decided.
    """

    pairs: int
    unread: int
    a: int
    b: int
    tie: int
    order: int
    wins: Figure
    p_value: float | None
    position: PositionBias

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def pair_report(rows: Sequence[Row]) -> PairReport:
    """The report of stored verdicts.

    >>> said = [("a", "a"), ("a", "b"), ("tie", "b")]
    >>> found = pair_report([{"a_first": given, "b_first": swapped} for given, swapped in said])
    >>> found.a, found.b, found.order, found.position.first.value
    (1, 1, 1, 0.5)
    """
    from scipy.stats import binomtest

    both = [
        (r["a_first"], r["b_first"]) for r in rows if r["a_first"] is not None and r["b_first"] is not None
    ]
    winners = [_winner(*said) for said in both]
    a, b = winners.count("a"), winners.count("b")
    return PairReport(
        pairs=len(both),
        unread=len(rows) - len(both),
        a=a,
        b=b,
        tie=winners.count("tie"),
        order=winners.count("order"),
        wins=share(a, a + b),
        p_value=float(binomtest(a, a + b).pvalue) if a + b else None,
        position=position_bias([_NUMBERS[g] for g, _ in both], [_NUMBERS[s] for _, s in both]),
    )


def _winner(a_first: str, b_first: str) -> str:
    """a, b or tie; `order` where the verdicts contradict each other.

    >>> _winner("a", "a"), _winner("a", "tie"), _winner("tie", "tie"), _winner("b", "a")
    ('a', 'a', 'tie', 'order')
    """
    said = {a_first, b_first} - {"tie"}
    return "tie" if not said else "order" if len(said) == 2 else said.pop()
