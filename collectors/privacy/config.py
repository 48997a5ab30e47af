"""The section [privacy] of chainwatch.toml: what is taken out of records, and from which fields."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from collectors.config import Section
from collectors.privacy.detectors.base import DETECTORS

TextAction = Literal["redact", "hash", "drop", "keep"]
NestedAction = Literal["redact", "drop", "keep"]
NeededAction = Literal["redact", "keep"]
IdentityAction = Literal["hash", "drop", "keep"]
LONGEST_REGEX = 1_000


class FieldActions(Section):
    """What becomes of each field. `attributes` is for `parameters` too, `comments` for labels too."""

    input_text: TextAction = "redact"
    output_text: TextAction = "redact"
    reference_text: TextAction = "redact"
    prompt_template: TextAction = "redact"
    error_type: TextAction = "redact"
    documents: TextAction = "redact"
    comments: TextAction = "redact"
    attributes: NestedAction = "redact"
    quarantine: NestedAction = "redact"
    names: NeededAction = "redact"
    user_id: IdentityAction = "hash"
    session_id: IdentityAction = "hash"
    author: Literal["redact", "hash", "keep"] = "keep"


class PatternRule(Section):
    """A pattern of one's own, in RE2 syntax: its search is linear in the text, whatever the pattern is."""

    regex: str = Field(min_length=1, max_length=LONGEST_REGEX, description="RE2 syntax")
    replacement: str | None = Field(
        default=None, description=r"[NAME] unless given; \1 is the first group of the regex"
    )
    ignore_case: bool = False

    @property
    def expression(self) -> str:
        """The regular expression with its flags, as RE2 takes it."""
        return f"(?i:{self.regex})" if self.ignore_case else self.regex

    @model_validator(mode="after")
    def _usable(self) -> Self:
        # Late: the other sections need no pyarrow.
        from collectors.privacy.custom import matches, substitute

        try:
            empty = matches(self.expression, "")
            if self.replacement is not None:
                substitute(self.expression, self.replacement, "")
        except ValueError as error:
            raise ValueError(str(error)) from None
        if empty:
            raise ValueError("the regex matches the empty text, so it would match everywhere")
        literal = self.replacement is not None and "\\" not in self.replacement
        if literal and matches(self.expression, str(self.replacement)):
            raise ValueError("the regex matches its own replacement, so that redacting twice would differ")
        return self


class PresidioConfig(Section):
    """What Presidio is asked for, with `engine = "presidio"`."""

    language: str = Field(default="en", min_length=2)
    model: str = Field(
        default="en_core_web_lg", min_length=1, description="installed spaCy model, or its path"
    )
    entities: list[str] = Field(default=["PERSON", "LOCATION"], min_length=1)
    threshold: float = Field(default=0.5, ge=0, le=1)


class PrivacyConfig(Section):
    """What is taken out before anything is stored."""

    enabled: bool = True
    engine: Literal["patterns", "presidio"] = "patterns"
    detect: dict[str, bool] = Field(default_factory=dict, description="detector -> on or off")
    drop_attributes: list[str] = Field(
        default_factory=list, description="attribute keys that are not stored, as patterns: 'http.request.*'"
    )
    fields: FieldActions = FieldActions()
    patterns: dict[str, PatternRule] = Field(default_factory=dict)
    presidio: PresidioConfig = PresidioConfig()

    @field_validator("detect")
    @classmethod
    def _known(cls, detect: dict[str, bool]) -> dict[str, bool]:
        choices = DETECTORS.names()
        unknown = sorted(set(detect) - set(choices))
        if unknown:
            raise ValueError(f"no detector is called {unknown[0]!r}; choose one of: {', '.join(choices)}")
        return detect

    @field_validator("patterns")
    @classmethod
    def _named(cls, patterns: dict[str, PatternRule]) -> dict[str, PatternRule]:
        for name, rule in patterns.items():
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
                raise ValueError(f"{name!r} is no name for a pattern; use letters, digits and underscores")
            if rule.replacement is None:
                from collectors.privacy.custom import matches

                if matches(rule.expression, f"[{name.upper()}]"):
                    raise ValueError(
                        f"{name}.regex matches its own replacement [{name.upper()}]; give another"
                    )
        return patterns

    @model_validator(mode="after")
    def _leave_tags(self) -> Self:
        if self.patterns:
            from collectors.privacy.custom import matches

            tags = [f"[{detector.tag}]" for _, detector in DETECTORS.all()]
            for name, rule in self.patterns.items():
                for tag in tags:
                    if matches(rule.expression, tag):
                        raise ValueError(
                            f"patterns.{name}.regex matches {tag}, which redaction itself writes"
                        )
        return self
