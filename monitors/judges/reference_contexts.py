"""Context precision and recall: were the right documents found, and before the others?

Unlike the figures of marked documents these know what was not retrieved. What is right is told by ids, else
by texts, else by the sentences of the right answer. Of texts, a document holds one when it has most of its
words.

Source: the definitions of Ragas (Es et al., 2024, arXiv:2309.15217) without a language model: precision is
the mean of the precision at each rank that holds something right, recall the share of what is right that was
found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from monitors.judges.grade import JudgedSpan
from monitors.judges.text import analyse, sentences

Source = Literal["ids", "contexts", "answer"]
_HELD = 0.6
_MOST_DOCUMENTS = 50


def context_figures(span: JudgedSpan) -> tuple[Source, dict[str, float]] | None:
    """What the truth was told by, and both figures; None where nothing is known to be right.

    Where no document came back, recall is 0 and precision is not defined; but an answer of which only the
    right text is known may have needed none.
    """
    documents = span.documents[:_MOST_DOCUMENTS]
    if span.reference_ids:
        right = set(span.reference_ids)
        hits = [{d.id} & right if d.id is not None else set() for d in documents]
        return "ids", _figures(hits, len(right))
    source: Source = "contexts" if span.reference_contexts else "answer"
    texts = span.reference_contexts or sentences(span.reference_text or "")
    wanted = [content for text in texts if (content := _content(text))]
    if not wanted or (source == "answer" and not documents):
        return None
    held = [_content(d.text or "") for d in documents]
    return source, _figures([_held(wanted, has) for has in held], len(wanted))


def _figures(hits: Sequence[set[str]] | Sequence[set[int]], right: int) -> dict[str, float]:
    """hits: of each document in its rank, which of the right ones it holds."""
    found: set[str | int] = set().union(*hits) if hits else set()
    figures = {"context_recall": len(found) / right}
    if hits:
        good = [bool(h) for h in hits]
        at = [sum(good[: rank + 1]) / (rank + 1) for rank, is_good in enumerate(good) if is_good]
        figures["context_precision"] = sum(at) / len(at) if at else 0.0
    return figures


def _held(wanted: Sequence[frozenset[str]], has: frozenset[str]) -> set[int]:
    """Which of the wanted texts have most of their words in this document."""
    return {place for place, content in enumerate(wanted) if len(content & has) >= _HELD * len(content)}


def _content(text: str) -> frozenset[str]:
    """The stems of the words that carry content, numbers among them."""
    return frozenset(word for part in sentences(text) for word in analyse(part).content)
