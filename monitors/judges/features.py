"""The numbers that the local scorer decides by: how an answer stands to its documents and its question.

Every feature is bounded and none of them is a length, so that no answer scores well for being long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from monitors.judges.text import Sentence, analyse, opposed, sentences

FEATURES_VERSION = "1"

GROUNDEDNESS = (
    "cosine_mean",        # best cosine of each answer sentence with a document sentence, mean over sentences
    "words_best",         # share of its content words in the best document sentence and its neighbours
    "pairs_all",          # share of neighbouring content words that are neighbours in the documents
    "numbers_missing",    # share of the answer's numbers that no document has
    "names_missing",      # share of its names that no document has
    "negation_differs",   # share of sentences that deny where their support does not, or the reverse
    "opposite_word",      # share of sentences whose support uses the opposite word
)  # fmt: skip
RELEVANCE = (
    "cosine_whole",       # question against the whole answer
    "cosine_best",        # question against the answer's nearest sentence
    "words_asked",        # share of the question's content words that the answer takes up
)  # fmt: skip
RETRIEVAL = (
    "cosine_best",        # question against the nearest document
    "cosine_mean",        # question against all documents, mean
    "cosine_sentence",    # question against the nearest sentence of any document
    "words_best",         # share of the question's content words in the document that has most
    "words_mean",         # the same, mean over documents
)  # fmt: skip

Rows = NDArray[np.float32]
T = TypeVar("T")


@dataclass(frozen=True)
class Passage:
    """A text taken apart and embedded.

    Attributes:
        sentences: its sentences, in order; empty for a text without words.
        rows: (number of sentences, d) unit rows.
        mean: (d,) unit row, the normalised mean of the sentences; zeros when there is none.
    """

    sentences: tuple[Sentence, ...]
    rows: Rows
    mean: Rows
    content: frozenset[str]
    words: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    numbers: frozenset[str]


def passage(text: str, vectors: Mapping[str, Rows], dimensions: int) -> Passage:
    """Put a text together from its sentences' vectors; `vectors` must hold every sentence of it."""
    parts = tuple(analyse(s) for s in sentences(text))
    rows = (
        np.stack([vectors[p.text] for p in parts]) if parts else np.zeros((0, dimensions), dtype=np.float32)
    )
    mean = rows.mean(axis=0) if parts else np.zeros(dimensions, dtype=np.float32)
    norm = float(np.linalg.norm(mean))
    return Passage(
        sentences=parts,
        rows=rows,
        mean=(mean / norm if norm > 0 else mean).astype(np.float32),
        content=frozenset().union(*(p.content for p in parts)),
        words=frozenset(w.removesuffix("'s") for p in parts for w in p.words),
        pairs=frozenset().union(*(p.pairs for p in parts)),
        numbers=frozenset().union(*(p.numbers for p in parts)),
    )


@dataclass(frozen=True)
class Support:
    """How the documents stand behind one sentence of an answer."""

    sentence: Sentence
    cosine: float
    words: float | None
    negation_differs: bool
    opposite_word: bool


def supports(answer: Passage, documents: Sequence[Passage]) -> list[Support]:
    """The best support of each answer sentence: nearest by cosine and by shared words together.

    Two neighbouring document sentences count as one support too: a fact is often told in two steps.
    """
    rows = np.concatenate([d.rows for d in documents])
    parts = [s for d in documents for s in d.sentences]
    cosines = answer.rows @ rows.T
    found = []
    for sentence, near in zip(answer.sentences, cosines, strict=True):
        size = len(sentence.content)
        shared = np.array([len(sentence.content & p.content) for p in parts], dtype=np.float64)
        best = int(np.argmax(near + (shared / size if size else 0.0)))
        support = parts[best]
        around = support.content.union(
            *(parts[i].content for i in (best - 1, best + 1) if 0 <= i < len(parts))
        )
        found.append(
            Support(
                sentence=sentence,
                cosine=float(near.max()),
                words=len(sentence.content & around) / size if size else None,
                negation_differs=bool(sentence.negations % 2 != support.negations % 2),
                opposite_word=opposed(sentence, support),
            )
        )
    return found


def groundedness(answer: Passage, documents: Sequence[Passage]) -> NDArray[np.float64]:
    """The GROUNDEDNESS features, (7,). Needs a sentence on both sides; ValueError otherwise."""
    with_text = [d for d in documents if d.sentences]
    if not answer.sentences or not with_text:
        raise ValueError("groundedness needs an answer and a document with words")
    found = supports(answer, with_text)
    words = frozenset().union(*(d.words for d in with_text))
    pairs = frozenset().union(*(d.pairs for d in with_text))
    numbers = frozenset().union(*(d.numbers for d in with_text))
    names = frozenset().union(*(s.names for s in answer.sentences))
    shares = [s.words for s in found if s.words is not None] or [0.0]
    return np.array(
        [
            np.mean([s.cosine for s in found]),
            np.mean(shares),
            _share(answer.pairs, pairs, nothing=1.0),
            1.0 - _share(answer.numbers, numbers, nothing=1.0),
            1.0 - _share(names, words, nothing=1.0),
            np.mean([s.negation_differs for s in found]),
            np.mean([s.opposite_word for s in found]),
        ],
        dtype=np.float64,
    )


def relevance(question: Passage, answer: Passage) -> NDArray[np.float64]:
    """The RELEVANCE features, (3,). Needs a sentence on both sides; ValueError otherwise."""
    if not question.sentences or not answer.sentences:
        raise ValueError("relevance needs a question and an answer with words")
    near = answer.rows @ question.mean
    return np.array(
        [
            float(question.mean @ answer.mean),
            float(near.max()),
            _share(question.content, answer.content, nothing=1.0),
        ],
        dtype=np.float64,
    )


def retrieval(question: Passage, documents: Sequence[Passage]) -> NDArray[np.float64]:
    """The RETRIEVAL features, (5,). Needs a question and a document with words; ValueError otherwise."""
    with_text = [d for d in documents if d.sentences]
    if not question.sentences or not with_text:
        raise ValueError("retrieval relevance needs a question and a document with words")
    whole = [float(question.mean @ d.mean) for d in with_text]
    asked = [_share(question.content, d.content, nothing=1.0) for d in with_text]
    return np.array(
        [
            max(whole),
            float(np.mean(whole)),
            max(float((d.rows @ question.mean).max()) for d in with_text),
            max(asked),
            float(np.mean(asked)),
        ],
        dtype=np.float64,
    )


def _share(part: frozenset[T], whole: frozenset[T], *, nothing: float) -> float:
    """Share of `part` that is in `whole`; `nothing` when there is nothing to look for."""
    return len(part & whole) / len(part) if part else nothing
