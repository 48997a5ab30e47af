"""How far an answer says what the right one says, on 0 to 1, by words and by meaning.

References: exact match and word F1 as in SQuAD (Rajpurkar et al., 2016, arXiv:1606.05250); ROUGE by the
package rouge-score (Lin, 2004); BLEU of one sentence by sacrebleu (Post, 2018, arXiv:1804.08771), with the
effective order; BERTScore (Zhang et al., 2020, arXiv:1904.09675): greedy matching by cosine, here of single
words that the local encoder embeds one by one, so that context is not seen.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Collection
from functools import cache
from typing import Any

import numpy as np

from monitors.embedding.encoder import Encoder

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
# Chinese and Japanese write without spaces: there, each character is a word.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
# The longest common subsequence of two texts takes the product of their lengths.
_MOST_WORDS = 400
_MOST_CHARACTERS = 10_000
_ROUGE = {"rouge_1": "rouge1", "rouge_2": "rouge2", "rouge_l": "rougeL"}


def answer_figures(
    answer: str, reference: str, wanted: Collection[str], encoder: Encoder | None = None
) -> dict[str, float]:
    """The wanted figures; 1 for all that the right answer says and no more.

    bert_score is left out without an encoder, or where a side has no word that the encoder knows.

    >>> answer_figures("14 working days", "14 days", ["exact_match", "token_f1"])
    {'exact_match': 0.0, 'token_f1': 0.8}
    """
    found = {name: value for name, value in _by_words(answer, reference).items() if name in wanted}
    rouge = [name for name in _ROUGE if name in wanted]
    if rouge:
        found |= _rouge(answer, reference, rouge)
    if "bleu" in wanted:
        found["bleu"] = _bleu(answer, reference)
    if "bert_score" in wanted and encoder is not None:
        score = bert_score(answer, reference, encoder)
        found |= {} if score is None else {"bert_score": score}
    return found


def words(text: str) -> list[str]:
    """Lower-case words of any script, in order; the first few hundred."""
    return _WORD.findall(text[:_MOST_CHARACTERS].lower())[:_MOST_WORDS]


def bert_score(answer: str, reference: str, encoder: Encoder) -> float | None:
    """F1 of greedy matching: each word counts by the cosine of its likest word on the other side.

    None where a side has no word that the encoder has a direction for. Words that are likest to an unlike one
    count nothing, and not less.
    """
    said, right = words(answer), words(reference)
    known = list(dict.fromkeys([*said, *right]))
    if not said or not right:
        return None
    rows = dict(zip(known, encoder.encode(known), strict=True))
    sides = [np.stack([rows[word] for word in side]).astype(np.float64) for side in (said, right)]
    mine, other = (side[np.any(side, axis=1)] for side in sides)
    if not len(mine) or not len(other):
        return None
    likeness = np.clip(mine @ other.T, 0.0, 1.0)
    precision, recall = float(likeness.max(axis=1).mean()), float(likeness.max(axis=0).mean())
    return 2.0 * precision * recall / (precision + recall) if precision + recall else 0.0


def _by_words(answer: str, reference: str) -> dict[str, float]:
    said, right = _plain(answer), _plain(reference)
    shared = sum((Counter(said) & Counter(right)).values())
    # Nothing but articles and punctuation on both sides is the same answer; on one side it is not.
    total = len(said) + len(right)
    return {"exact_match": float(said == right), "token_f1": 2.0 * shared / total if total else 1.0}


def _plain(text: str) -> list[str]:
    """Words without case, punctuation and English articles."""
    return _ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split()


class _Words:
    """rouge-score's own tokenizer knows the Latin alphabet only."""

    def tokenize(self, text: str) -> list[str]:
        return words(text)


@cache
def _scorer(names: tuple[str, ...]) -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer([_ROUGE[name] for name in names], tokenizer=_Words())


def _rouge(answer: str, reference: str, wanted: list[str]) -> dict[str, float]:
    scores = _scorer(tuple(wanted)).score(target=reference, prediction=answer)
    return {name: float(scores[_ROUGE[name]].fmeasure) for name in wanted}


@cache
def _sentence_bleu() -> Any:
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(effective_order=True)


def _bleu(answer: str, reference: str) -> float:
    score = _sentence_bleu().sentence_score(answer[:_MOST_CHARACTERS], [reference[:_MOST_CHARACTERS]]).score
    return min(1.0, float(score) / 100.0)
