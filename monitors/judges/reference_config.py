"""[reference] of chainwatch.toml: which figures against a known truth there are."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from collectors.config import Section

AnswerFigure = Literal["exact_match", "token_f1", "rouge_1", "rouge_2", "rouge_l", "bleu", "bert_score"]
RetrievalFigure = Literal["recall", "precision", "reciprocal_rank", "ndcg", "average_precision"]
ContextFigure = Literal["context_precision", "context_recall"]

OF_SHORT: tuple[AnswerFigure, ...] = ("exact_match", "token_f1")
OF_LONG: tuple[AnswerFigure, ...] = ("token_f1", "rouge_l", "bert_score")
_ANSWER = frozenset(get_args(AnswerFigure))


class ReferenceConfig(Section):
    """What is measured where a span carries the truth.

    Attributes:
        figures: these only; empty is by the data: exact match of short right answers, ROUGE-L and BERTScore
            of long ones, word F1 of both, and whatever marked documents and known contexts allow.
        k: how many documents the figures at k look at.
        short_words: a right answer of at most so many words is short.
    """

    figures: tuple[AnswerFigure | RetrievalFigure | ContextFigure, ...] = ()
    k: int = Field(5, ge=1)
    short_words: int = Field(8, ge=0)

    def wants(self, figure: RetrievalFigure | ContextFigure) -> bool:
        """Whether a figure of documents is measured, where there is a truth for it."""
        return not self.figures or figure in self.figures

    def of_answers(self, words: int) -> tuple[str, ...]:
        """The figures of an answer whose right answer has so many words.

        >>> ReferenceConfig().of_answers(3), ReferenceConfig(figures=("bleu", "ndcg")).of_answers(3)
        (('exact_match', 'token_f1'), ('bleu',))
        """
        if self.figures:
            return tuple(name for name in self.figures if name in _ANSWER)
        return OF_SHORT if words <= self.short_words else OF_LONG
