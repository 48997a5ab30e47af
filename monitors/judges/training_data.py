"""Labelled examples for the local scorer, from two public sets of people's judgements.

`attributionbench`: claims of generative search engines with their cited evidence, labelled attributable
or not (AttributionBench, Li et al., 2024). `mtrag_human_eval`: RAG answers that two or three people
rated 1 to 4 for faithfulness (MTRAG, Katsis et al., 2025). Relevance has no such labels: its positives
are a question with its own answer (or evidence), its negatives the same question with the answer of
the most similar other question, so that the topic alone does not give it away.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from collectors.errors import SourceError
from monitors.embedding.encoder import Encoder

FOLDS = 5
REQUESTS = 400
ATTRIBUTION_FILE = "attributionbench/indomain.jsonl.gz"
REQUESTS_FILE = "halueval_general/halueval_general.jsonl.gz"
RATINGS_FILE = "mtrag_human_eval/mtrag.jsonl.gz"


@dataclass(frozen=True, kw_only=True)
class Example:
    """One labelled example.

    Attributes:
        source: the data set; with a slash, the part of it.
        group: the question or conversation; examples of one group never stand on both sides of a split.
        target: the probability that it is good, 0 to 1: a label, or a mean rating brought to that range.
    """

    source: str
    group: str
    question: str
    answer: str
    documents: tuple[str, ...]
    target: float

    @property
    def fold(self) -> int:
        """Which fold it is held out in; by group, and the same in every run."""
        return zlib.crc32(self.group.encode()) % FOLDS


def load_groundedness(folder: Path) -> list[Example]:
    """Claims and answers with their documents; SourceError when a file is missing."""
    examples = [
        Example(
            source=f"attributionbench/{row['src']}",
            group=row["question"].strip().lower(),
            question=row["question"],
            answer=row["claim"],
            documents=tuple(r for r in row["references"] if r),
            target=float(row["attributable"]),
        )
        for row in _rows(folder / ATTRIBUTION_FILE)
    ]
    for row in _rows(folder / RATINGS_FILE):
        ratings = [r["value"] for r in row["human"]["faithfulness"]]
        examples.append(
            Example(
                source=f"mtrag/{row['model']}",
                group=row["task_id"].split("<::>")[0],
                question=row["messages"][-1]["text"],
                answer=row["response"],
                documents=_contexts(row),
                target=(sum(ratings) / len(ratings) - 1.0) / 3.0,
            )
        )
    return [e for e in examples if e.documents]


def load_relevance(folder: Path, encoder: Encoder) -> list[Example]:
    """Questions with their own answer (target 1) and with a similar question's answer (target 0)."""
    requests = [
        Example(
            source="halueval",
            group=row["prompt"].strip().lower(),
            question=row["prompt"],
            answer=row["response"],
            documents=(),
            target=1.0,
        )
        for row in _rows(folder / REQUESTS_FILE)
    ]
    # A fixed part of them, in the order of a digest: the file's own order is by topic.
    requests.sort(key=lambda e: zlib.crc32(e.group.encode()))
    return _with_negatives([*_own(folder, of_reference=True), *requests[:REQUESTS]], encoder)


def load_retrieval(folder: Path, encoder: Encoder) -> list[Example]:
    """Questions with their own documents (target 1) and with a similar question's documents (target 0)."""
    own = [e for e in _own(folder, of_reference=False) if e.documents]
    return _with_negatives(own, encoder)


def _own(folder: Path, *, of_reference: bool) -> list[Example]:
    """One positive a question, from both sets."""
    found: dict[str, Example] = {}
    for row in _rows(folder / ATTRIBUTION_FILE):
        example = Example(
            source=f"attributionbench/{row['src']}",
            group=row["question"].strip().lower(),
            question=row["question"],
            answer=row["response"],
            documents=tuple(r for r in row["references"] if r),
            target=1.0,
        )
        found.setdefault(example.group, example)
    for row in _rows(folder / RATINGS_FILE):
        if of_reference and row["model"] != "reference":
            continue
        found.setdefault(
            row["task_id"],
            Example(
                source="mtrag",
                group=row["task_id"].split("<::>")[0],
                question=row["messages"][-1]["text"],
                answer=row["response"],
                documents=_contexts(row),
                target=1.0,
            ),
        )
    return list(found.values())


def _with_negatives(own: Sequence[Example], encoder: Encoder) -> list[Example]:
    """Add one negative to each: the answer and documents of the nearest question of another group.

    It is taken from the same source and fold, so that nothing of a held-out example is seen in training.
    """
    rows = encoder.encode([e.question for e in own])
    near = rows @ rows.T
    made = []
    for i, e in enumerate(own):
        allowed = np.array([o.fold == e.fold and o.group != e.group and o.source == e.source for o in own])
        if not allowed.any():
            continue
        other = own[int(np.argmax(np.where(allowed, near[i], -np.inf)))]
        made.append(
            Example(
                source=e.source,
                group=e.group,
                question=e.question,
                answer=other.answer,
                documents=other.documents,
                target=0.0,
            )
        )
    return [*own, *made]


def _contexts(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(c["text"] for c in row["contexts"] if c.get("text"))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        raise SourceError(f"no training data at {path}; give the folder that holds {path.parent.name}/")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from _parsed(lines)


def _parsed(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        yield json.loads(line)
