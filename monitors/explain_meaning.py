"""Why what is said has changed: texts of both sides, words, topics, what accounts for it, and a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collectors.warehouse.connection import Warehouse
from monitors.checks.base import WindowSample
from monitors.explain_causes import Candidate, account, candidates, in_order
from monitors.explain_input import from_input
from monitors.explain_map import Side, points
from monitors.explain_read import Said, ids, read_spans, texts_of
from monitors.explain_reread import BESIDE, CANDIDATES, LEAST
from monitors.explain_terms import contrast, count_words
from monitors.explain_texts import Compared, Telling, thin
from monitors.explain_topics import Grouped, changed, group, name_of
from monitors.features_embedding import FourierFeatures
from monitors.statistics.kernels import median_bandwidth
from monitors.statistics.topics import Labels
from monitors.streams import Stream
from monitors.summaries import Sample

_EXAMPLES = 10
_VANISHED = 5
_EXAMPLE_CHARACTERS = 2000
_READ = 800  # texts of each side that are read: for words, names, and what accounts for the change
_PAIRS = 64
_BANDWIDTH_ROWS = 300


@dataclass(frozen=True, kw_only=True)
class _Side:
    """One side: its rows (n, d) float32 and keys, the number of each row's window, which rows were read."""

    rows: NDArray[np.float32]
    keys: tuple[str, ...]
    windows: NDArray[np.int64]
    read: NDArray[np.intp]
    requests: int

    @classmethod
    def of(cls, samples: Sequence[WindowSample]) -> _Side:
        keys = tuple(key for sample in samples for key in sample.keys)
        return cls(
            rows=np.concatenate([s.rows for s in samples]).astype(np.float32),
            keys=keys,
            windows=np.repeat(np.arange(len(samples)), [len(s.rows) for s in samples]),
            read=thin(len(keys), _READ),
            requests=sum(s.n for s in samples),
        )

    def some(self) -> tuple[NDArray[np.float32], list[str]]:
        """Rows and keys of the even sample."""
        return self.rows[self.read], [self.keys[i] for i in self.read]

    def by_row(self, said: Mapping[str, Said]) -> dict[int, str]:
        """Texts by row number, of the even sample that was read."""
        found = {int(i): said[self.keys[i]].text for i in self.read if self.keys[i] in said}
        return {i: text for i, text in found.items() if text}


def explain_meaning(
    warehouse: Warehouse,
    stream: Stream,
    evidence: Mapping[str, Any],
    *,
    current: Sequence[WindowSample],
    reference: Sequence[Sample],
    given: Mapping[str, NDArray[Any]],
    refines: bool,
    seed: int,
) -> dict[str, Any]:
    """Evidence of a breach on a text field; empty where a side has no rows.

    current: the windows taken together, oldest first; reference: what the check learnt from. `evidence` is
    the check's own: where it is about one topic (`topic`), its texts become the examples and its words the
    topic's name. given: the embeddings of the inputs, by key, where the field is an output. refines: whether
    a transformer will rank the first of the texts again, see `explain_refine`; `to_read` says which.
    """
    now_samples = [w for w in current if len(w.rows)]
    before_samples = [s.as_window_sample() for s in reference if len(s.rows)]
    if not now_samples or not before_samples:
        return {}
    now, before = _Side.of(now_samples), _Side.of(before_samples)
    topic = evidence.get("topic")
    mine = np.array(topic.get("rows", ()), dtype=np.int64) if isinstance(topic, Mapping) else None
    compared = Compared(now.rows, before.rows)
    first = compared.new(now.keys, most=CANDIDATES if refines else _EXAMPLES, only=mine)
    beside = compared.beside(first, most=BESIDE).tolist() if refines else []
    vanished = compared.vanished(before.keys, most=_VANISHED)
    said = _read(warehouse, stream, now, [t.key for t in first[:_EXAMPLES]], now_samples)
    earlier = _read(warehouse, stream, before, [t.key for t in vanished], before_samples)
    texts, earlier_texts = texts_of(said), texts_of(earlier)
    telling = first[:_EXAMPLES]
    is_due = min(len(first), len(beside)) >= LEAST
    some, some_earlier = now.by_row(said), before.by_row(earlier)
    new, lost = contrast(count_words(some.values()), count_words(some_earlier.values()))
    found: dict[str, Any] = {
        "examples": _quoted(telling, texts),
        "ranking": {"by": reference[0].basis, "due": is_due, "reread": False},
        "vanished": _quoted(vanished, earlier_texts),
        "terms": {"new": [asdict(t) for t in new], "lost": [asdict(t) for t in lost]},
        "current": {"texts": float(now.requests), **_lengths(list(some.values()))},
        "reference": {"texts": float(before.requests), **_lengths(list(some_earlier.values()))},
    }
    if is_due:
        found["to_read"] = {
            "now": {**_within(now_samples), "keys": [t.key for t in first], "why": [t.why for t in first]},
            "before": {**_within(before_samples), "keys": [before.keys[i] for i in beside]},
        }
    if len(now.rows) < 2 or len(before.rows) < 2:
        return found
    grouped = group(now.rows, before.rows, some, some_earlier)
    found["topics"] = changed(grouped, now.windows, before.windows)
    accounted = _accounted(now, before, said, earlier, grouped, seed)
    passed_on = from_input([side.some() for side in (now, before)], given)
    found["explains"] = in_order([*accounted, *passed_on])
    found["map"] = points(
        _on_map(now, telling, grouped.names, grouped.now),
        _on_map(before, vanished, grouped.names, grouped.before),
        {**earlier_texts, **texts},
    )
    if isinstance(topic, Mapping):
        found["topic"] = _named(topic, now, before, some, some_earlier, texts)
    return found


def _on_map(side: _Side, wanted: Sequence[Telling], names: Sequence[str], topics: Labels) -> Side:
    return Side(
        rows=side.rows,
        keys=side.keys,
        wanted=[t.place for t in wanted],
        topics=[names[number] for number in topics.tolist()],
    )


def _read(
    warehouse: Warehouse, stream: Stream, side: _Side, more: Sequence[str], samples: Sequence[WindowSample]
) -> dict[str, Said]:
    return read_spans(
        warehouse,
        stream,
        [*(side.keys[i] for i in side.read), *more],
        samples[0].window.start,
        samples[-1].window.end,
        side=stream.field,
        max_characters=_EXAMPLE_CHARACTERS,
    )


def _within(samples: Sequence[WindowSample]) -> dict[str, str]:
    return {
        "start": samples[0].window.start.isoformat(),
        "end": samples[-1].window.end.isoformat(),
    }


def _quoted(telling: Sequence[Telling], texts: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {**ids(t.key), "text": texts[t.key], "why": t.why, "score": round(t.score, 4)}
        for t in telling
        if t.key in texts
    ]


def _lengths(texts: Sequence[str]) -> dict[str, float]:
    return {"median characters": float(np.median([len(t) for t in texts]))} if texts else {}


def _accounted(
    now: _Side,
    before: _Side,
    said: Mapping[str, Said],
    earlier: Mapping[str, Said],
    grouped: Grouped,
    seed: int,
) -> list[dict[str, Any]]:
    """What accounts for the change, on the even samples that were read."""
    places = [
        [int(i) for i in side.read if side.keys[i] in known]
        for side, known in ((now, said), (before, earlier))
    ]
    if min(len(p) for p in places) < 2:
        return []
    rows = [side.rows[p] for side, p in zip((now, before), places, strict=True)]
    bandwidth = median_bandwidth(np.concatenate([r[thin(len(r), _BANDWIDTH_ROWS)] for r in rows]))
    features = FourierFeatures(
        dimension=rows[0].shape[1],
        bandwidth=bandwidth,
        pairs=_PAIRS,
        rng=np.random.default_rng(seed),
    )
    tried = candidates(
        [said[now.keys[i]] for i in places[0]],
        [earlier[before.keys[i]] for i in places[1]],
        languages=True,
        length="length",
    )
    # Two topics of the same name are two levels still.
    names = [
        f"{name} ({i + 1})" if grouped.names.count(name) > 1 else name for i, name in enumerate(grouped.names)
    ]
    topic = Candidate(
        name="topic",
        now=[names[k] for k in grouped.now[places[0]]],
        before=[names[k] for k in grouped.before[places[1]]],
    )
    mapped = [features(r).astype(np.float64) for r in rows]
    return account(mapped[0], mapped[1], [*tried, topic], seed=seed)


def _named(
    topic: Mapping[str, Any],
    now: _Side,
    before: _Side,
    some: Mapping[int, str],
    some_earlier: Mapping[int, str],
    texts: Mapping[str, str],
) -> dict[str, Any]:
    """The topic of the check with a name, without its row numbers, which mean nothing later."""
    inside, inside_earlier = set(topic.get("rows", ())), set(topic.get("reference_rows", ()))
    mine = {i: text for i in inside if (text := texts.get(now.keys[i]))}
    earlier = {i: text for i, text in some_earlier.items() if i in inside_earlier}
    own = count_words([*mine.values(), *earlier.values()])
    every = count_words([*{**some, **mine}.values(), *some_earlier.values()])
    kept = {key: value for key, value in topic.items() if key not in ("rows", "reference_rows")}
    return {**kept, "name": name_of(own, every)}
