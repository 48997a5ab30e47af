"""[evidently] of chainwatch.toml: which of Evidently's descriptors score production's answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from collectors.config import Section
from monitors.streams import EVIDENTLY_CRITERION

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


@dataclass(frozen=True, kw_only=True)
class Template:
    """One of Evidently's prompts for a language model, which the judge of [judge] answers.

    Attributes:
        reads: the part of a span that is classified; None lets `text` choose between answer and question.
        beside: the descriptor's argument for each other part that it reads.
        options, needed: as in OPTIONS.
    """

    reads: str | None = None
    beside: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, type] = field(default_factory=lambda: {"uncertainty": str})
    needed: tuple[str, ...] = ()


_ONE_TEXT = Template()
BINARY, MULTICLASS = "BinaryClassificationLLMEval", "MulticlassClassificationLLMEval"
TEMPLATES: Mapping[str, Template] = {
    "BiasLLMEval": _ONE_TEXT,
    "DeclineLLMEval": _ONE_TEXT,
    "NegativityLLMEval": _ONE_TEXT,
    "PIILLMEval": _ONE_TEXT,
    "ToxicityLLMEval": _ONE_TEXT,
    "CompletenessLLMEval": Template(reads="answer", beside={"context": "documents"}),
    "ContextQualityLLMEval": Template(reads="documents", beside={"question": "question"}),
    "CorrectnessLLMEval": Template(reads="answer", beside={"target_output": "reference"}),
    "FaithfulnessLLMEval": Template(reads="answer", beside={"context": "documents"}),
    BINARY: Template(
        options={"criteria": str, "target_category": str, "non_target_category": str, "uncertainty": str},
        needed=("criteria", "target_category", "non_target_category"),
    ),
    MULTICLASS: Template(
        options={"criteria": str, "category_criteria": dict, "uncertainty": str},
        needed=("category_criteria",),
    ),
}
_DOWNLOADS = frozenset(
    {
        "BERTScore", "ExcludesWords", "HuggingFace", "HuggingFaceToxicity", "IncludesWords",
        "OOVWordsPercentage", "SemanticSimilarity", "Sentiment", "TriggerWordsPresent", "WordsPresence",
    }
)  # fmt: skip
_MODES = ("any", "all")
_UNCERTAINTY = ("unknown", "target", "non_target")
_TYPES = {
    str: "a text",
    bool: "true or false",
    list: "a list of texts",
    dict: "a table of texts, two at least",
}


class EvidentlyScorer(Section):
    """One descriptor as a series of its own.

    Attributes:
        descriptor: Evidently's name of it.
        name: of the series; None makes it of the descriptor's: `SentenceCount` is `sentence_count`.
        text: what it reads of a span, where the descriptor does not say it.
        options: the descriptor's own.
    """

    descriptor: str
    name: str | None = Field(None, pattern=r"^[a-z][a-z0-9_]*$")
    text: Literal["answer", "question"] = "answer"
    options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("descriptor")
    @classmethod
    def _known(cls, name: str) -> str:
        if name in OPTIONS or name in TEMPLATES:
            return name
        if name in _DOWNLOADS:
            why = "reads word lists or models that Evidently downloads"
        elif name in ("LLMEval", "LLMJudge", "OpenAI"):
            why = f"has no template; give one to {BINARY} or {MULTICLASS}"
        else:
            why = "is no descriptor of one text"
        raise ValueError(f"{why}; choose one of: {', '.join(sorted([*OPTIONS, *TEMPLATES]))}")

    @model_validator(mode="after")
    def _options_fit(self) -> Self:
        template = TEMPLATES.get(self.descriptor)
        known, needed = (template.options, template.needed) if template else OPTIONS[self.descriptor]
        for key, value in self.options.items():
            at = f"options.{key} = {value!r}"
            if key not in known:
                choices = ", ".join(sorted(known)) or "it has none"
                raise ValueError(f"{at}: no option of {self.descriptor}; choose one of: {choices}")
            if not isinstance(value, known[key]) or not _is_texts(value):
                raise ValueError(f"{at}: has to be {_TYPES[known[key]]}")
        for key in needed:
            if key not in self.options:
                raise ValueError(f"{self.descriptor} needs options.{key}")
        if self.options.get("mode", "any") not in _MODES:
            raise ValueError(f"options.mode = {self.options['mode']!r}: choose one of: {', '.join(_MODES)}")
        if template and template.reads and self.text != "answer":
            raise ValueError(f"text = {self.text!r}: {self.descriptor} reads the {template.reads}")
        choices_of = ("UNKNOWN", *self.options.get("category_criteria", ()))
        allowed = choices_of if self.descriptor == MULTICLASS else _UNCERTAINTY
        if self.options.get("uncertainty", allowed[0]) not in allowed:
            at = f"options.uncertainty = {self.options['uncertainty']!r}"
            raise ValueError(f"{at}: choose one of: {', '.join(allowed)}")
        if "reg_exp" in self.options:
            try:
                re.compile(self.options["reg_exp"])
            except re.error as error:
                raise ValueError(f"options.reg_exp = {self.options['reg_exp']!r}: {error}") from None
        return self

    @property
    def series(self) -> str:
        """What its grades are filed under.

        >>> [EvidentlyScorer(descriptor=d).series for d in ("IsValidJSON", "DeclineLLMEval")]
        ['is_valid_json', 'evidently_decline']
        """
        named = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.descriptor.removesuffix("LLMEval")).lower()
        # The judge grades by rubrics as well, and one word must not mean two things.
        return f"{EVIDENTLY_CRITERION if self.asks_judge else ''}{self.name or named}"

    @property
    def asks_judge(self) -> bool:
        """Whether a language model decides."""
        return self.descriptor in TEMPLATES


def _is_texts(value: Any) -> bool:
    """Whether a list or a table has texts in it, a table two at least; anything else is taken as it is."""
    if isinstance(value, dict):
        return len(value) > 1 and all(isinstance(v, str) for v in value.values())
    return not isinstance(value, list) or (len(value) > 0 and all(isinstance(v, str) for v in value))


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
