"""[evidently] of chainwatch.toml: which of Evidently's descriptors score production's answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from collectors.config import Section

# Descriptor -> its options with what each may be, and those that it cannot do without. These read one text
# and need no download; the rest read word lists or models from the network, or compare columns.
_CASE = {"case_sensitive": bool}
_OF_ITEMS: Mapping[str, type] = {"items": list, "mode": str, **_CASE}
OPTIONS: Mapping[str, tuple[Mapping[str, type], tuple[str, ...]]] = {
    "TextLength": ({}, ()),
    "WordCount": ({}, ()),
    "SentenceCount": ({}, ()),
    "NonLetterCharacterPercentage": ({}, ()),
    "ContainsLink": ({}, ()),
    "IsValidJSON": ({}, ()),
    "BeginsWith": ({"prefix": str, **_CASE}, ("prefix",)),
    "EndsWith": ({"suffix": str, **_CASE}, ("suffix",)),
    "Contains": (_OF_ITEMS, ("items",)),
    "DoesNotContain": (_OF_ITEMS, ("items",)),
    "RegExp": ({"reg_exp": str}, ("reg_exp",)),
}
_DOWNLOADS = frozenset(
    {
        "BERTScore", "ExcludesWords", "HuggingFace", "HuggingFaceToxicity", "IncludesWords",
        "OOVWordsPercentage", "SemanticSimilarity", "Sentiment", "TriggerWordsPresent", "WordsPresence",
    }
)  # fmt: skip
_MODES = ("any", "all")
_TYPES = {str: "a text", bool: "true or false", list: "a list of texts"}


class EvidentlyScorer(Section):
    """One descriptor as a series of its own.

    Attributes:
        descriptor: Evidently's name of it.
        name: of the series; None makes it of the descriptor's: `SentenceCount` is `sentence_count`.
        text: what it reads of a span.
        options: the descriptor's own.
    """

    descriptor: str
    name: str | None = Field(None, pattern=r"^[a-z][a-z0-9_]*$")
    text: Literal["answer", "question"] = "answer"
    options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("descriptor")
    @classmethod
    def _known(cls, name: str) -> str:
        if name in OPTIONS:
            return name
        if name in _DOWNLOADS:
            why = "reads word lists or models that Evidently downloads"
        elif name.endswith("LLMEval") or name in ("LLMJudge", "OpenAI"):
            why = "asks a language model, which only the judge of [judge] does, within its caps"
        else:
            why = "is no descriptor of one text"
        raise ValueError(f"{why}; choose one of: {', '.join(sorted(OPTIONS))}")

    @model_validator(mode="after")
    def _options_fit(self) -> Self:
        known, needed = OPTIONS[self.descriptor]
        for key, value in self.options.items():
            at = f"options.{key} = {value!r}"
            if key not in known:
                choices = ", ".join(sorted(known)) or "it has none"
                raise ValueError(f"{at}: no option of {self.descriptor}; choose one of: {choices}")
            texts = known[key] is not list or (
                isinstance(value, list) and value and all(isinstance(v, str) for v in value)
            )
            if not isinstance(value, known[key]) or not texts:
                raise ValueError(f"{at}: has to be {_TYPES[known[key]]}")
        for key in needed:
            if key not in self.options:
                raise ValueError(f"{self.descriptor} needs options.{key}")
        if self.options.get("mode", "any") not in _MODES:
            raise ValueError(f"options.mode = {self.options['mode']!r}: choose one of: {', '.join(_MODES)}")
        if "reg_exp" in self.options:
            try:
                re.compile(self.options["reg_exp"])
            except re.error as error:
                raise ValueError(f"options.reg_exp = {self.options['reg_exp']!r}: {error}") from None
        return self

    @property
    def series(self) -> str:
        """What its grades are filed under.

        >>> EvidentlyScorer(descriptor="IsValidJSON").series, EvidentlyScorer(descriptor="WordCount").series
        ('is_valid_json', 'word_count')
        """
        return self.name or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.descriptor).lower()


class EvidentlyConfig(Section):
    """The descriptors that are computed on answers; none unless named."""

    scorers: tuple[EvidentlyScorer, ...] = ()

    @model_validator(mode="after")
    def _names_are_different(self) -> Self:
        names = [scorer.series for scorer in self.scorers]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two scorers are called {twice[0]!r}; give one of them another `name`")
        return self
