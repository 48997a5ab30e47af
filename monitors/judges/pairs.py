"""Answers of two sides to the same questions: which they are, and what a judge said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from collectors.errors import ConfigError
from collectors.model import PRODUCTION, content_hash
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row, fetch, insert
from monitors.judges.draws import Judgement
from monitors.judges.grade import ENDPOINT_REASON, JudgedSpan
from monitors.judges.spans import judged_spans, read_sql

Winner = Literal["a", "b", "tie"]
_INSTANT = timedelta(microseconds=1)
_KEYS = ("dataset", "model", "version", "prompt")


@dataclass(frozen=True, kw_only=True)
class Side:
    """Which answers stand on one side. version: of the component or the chain. None: any."""

    name: str
    dataset: str = PRODUCTION
    model: str | None = None
    version: str | None = None
    prompt: str | None = None


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two answers to the same question."""

    a: JudgedSpan
    b: JudgedSpan


@dataclass(frozen=True, kw_only=True)
class PairVerdicts:
    """What a judge said of one pair: with a first, and with b first; None where it gave no verdict."""

    pair: Pair
    a_first: Winner | None
    b_first: Winner | None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Pairs to compare, drawn by chance out of `matched` that were not compared yet."""

    pairs: tuple[Pair, ...]
    matched: int


def parse_side(text: str, option: str) -> Side:
    """`model=small-2,dataset=eval-1` as a side; ConfigError names the key and the choices.

    >>> parse_side("model=small-2", "--a").model
    'small-2'
    """
    found: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = part.strip().partition("=")
        if not equals or key not in _KEYS or not value or key in found:
            raise ConfigError(
                f"{option} {text!r}: give key=value, separated by commas; keys: {', '.join(_KEYS)}"
            )
        found[key] = value
    return Side(name=",".join(f"{key}={found[key]}" for key in _KEYS if key in found), **found)


def draw_pairs(
    con: Connection,
    a: Side,
    b: Side,
    judgement: Judgement,
    *,
    start: datetime,
    end: datetime,
    limit: int,
    seed: int,
    components: Sequence[str] = (),
) -> Drawn:
    """At most `limit` pairs, seeded; those that this judge compared by this rubric are left out."""
    sides = {f"{letter}_{key}": getattr(side, key) for letter, side in (("a", a), ("b", b)) for key in _KEYS}
    rows = fetch(
        con,
        read_sql("matched_pairs.sql"),
        {
            **sides,
            **vars(judgement),
            "again": ENDPOINT_REASON,
            "start": start,
            "end": end,
            "limit": limit,
            "seed": seed,
            "components": list(components) or None,
        },
    )
    if not rows:
        return Drawn(pairs=(), matched=0)
    times = [row[name] for row in rows for name in ("started_at", "other_started_at")]
    keys = [f"{row[t]}/{row[s]}" for row in rows for t, s in (_OWN, _OTHER)]
    spans = {
        span.key: span
        for span in judged_spans(
            con, min(times), max(times) + _INSTANT, dataset=None, keys=keys, any_kind=True
        )
    }
    return Drawn(
        pairs=tuple(Pair(a=spans[_key(row, _OWN)], b=spans[_key(row, _OTHER)]) for row in rows),
        matched=int(rows[0]["matched"]),
    )


_OWN, _OTHER = ("trace_id", "span_id"), ("other_trace_id", "other_span_id")


def _key(row: Row, names: tuple[str, str]) -> str:
    return f"{row[names[0]]}/{row[names[1]]}"


def write_verdicts(
    con: Connection, verdicts: Sequence[PairVerdicts], a: Side, b: Side, judgement: Judgement, *, at: datetime
) -> int:
    """Store verdicts in the caller's transaction; an earlier one of the same pair is replaced."""
    rows: list[Row] = [
        {
            "verdict_id": content_hash("pairwise", v.pair.a.key, v.pair.b.key, judgement.name),
            "trace_id": v.pair.a.trace_id,
            "span_id": v.pair.a.span_id,
            "span_started_at": v.pair.a.started_at,
            "dataset": v.pair.a.dataset,
            "other_trace_id": v.pair.b.trace_id,
            "other_span_id": v.pair.b.span_id,
            "side_a": a.name,
            "side_b": b.name,
            "chain": v.pair.a.chain,
            "component": v.pair.a.component,
            **vars(judgement),
            "a_first": v.a_first,
            "b_first": v.b_first,
            "reason": v.reason,
            "judged_at": at,
        }
        for v in verdicts
    ]
    if not rows:
        return 0
    con.execute(
        "DELETE FROM pairwise_verdicts WHERE verdict_id IN (SELECT unnest(?))",
        [[r["verdict_id"] for r in rows]],
    )
    return insert(con, "pairwise_verdicts", rows)


def read_verdicts(con: Connection, a: Side, b: Side, judgement: Judgement) -> list[Row]:
    """Every verdict of this comparison by this judge and rubric: a_first, b_first and reason."""
    sql = (
        "SELECT a_first, b_first, reason FROM pairwise_verdicts WHERE side_a = ? AND side_b = ? "
        "AND judge = ? AND judge_version = ? AND rubric = ? AND rubric_version = ? ORDER BY verdict_id"
    )
    return fetch(con, sql, [a.name, b.name, *vars(judgement).values()])
