"""Rubrics: what an LLM judge is asked, as data. One TOML file each, versioned by content."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from collectors.errors import ConfigError
from monitors.judges.grade import JudgedSpan

Part = Literal["question", "input", "answer", "documents", "reference"]
OVERALL = "overall"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Level(_Strict):
    """One grade of a criterion: what it means, and an answer that gets it."""

    description: str = Field(min_length=1)
    example: str = Field(min_length=1)


class Criterion(_Strict):
    """One question about an answer, with a description and an example for every grade."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str = Field(min_length=1)
    weight: float = Field(gt=0)
    grades: Mapping[int, Level]

    @field_validator("grades")
    @classmethod
    def _whole_scale(cls, grades: Mapping[int, Level]) -> Mapping[int, Level]:
        values = sorted(grades)
        if len(values) < 2 or values != list(range(values[0], values[-1] + 1)):
            raise ValueError(f"grades must be neighbouring integers, two at least; got {values}")
        return dict(sorted(grades.items()))

    @property
    def lowest(self) -> int:
        return min(self.grades)

    @property
    def highest(self) -> int:
        return max(self.grades)


class Rubric(_Strict):
    """What is judged, by which criteria, and which parts of a span that takes.

    Attributes:
        needs: parts without which there is nothing to judge: the span is then unscored.
        uses: parts that are shown when the span has them.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1)
    task: str = Field(min_length=1)
    needs: tuple[Part, ...]
    uses: tuple[Part, ...] = ()
    criteria: tuple[Criterion, ...] = Field(min_length=1)

    @property
    def has_overall(self) -> bool:
        """Whether the weighted mean of the criteria is a grade too."""
        return True

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [c.name for c in self.criteria]
        if len(set(names)) != len(names) or OVERALL in names:
            raise ValueError(f"criteria need different names, and none may be {OVERALL!r}: {names}")
        return self

    @cached_property
    def version(self) -> str:
        """Changes with every word of the content: a grade belongs to the text that asked for it."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.blake2b(content.encode(), digest_size=6).hexdigest()

    def missing(self, span: JudgedSpan) -> str | None:
        """The first part that the rubric needs and the span has not; None when it has all."""
        has = {
            "question": bool((span.question or "").strip()),
            "input": bool((span.input_text or "").strip()),
            "answer": bool((span.answer or "").strip()),
            "documents": any((d.text or "").strip() for d in span.documents),
            "reference": bool((span.reference_text or "").strip()),
        }
        return next((part for part in self.needs if not has[part]), None)

    def overall(self, scores: Mapping[str, float]) -> float | None:
        """The weighted mean of the criteria; None unless every one is graded.

        Criteria on different scales are not mixed: a rubric has one scale.
        """
        if any(c.name not in scores for c in self.criteria):
            return None
        total = sum(c.weight for c in self.criteria)
        return sum(c.weight * scores[c.name] for c in self.criteria) / total

    @model_validator(mode="after")
    def _one_scale(self) -> Self:
        scales = {(c.lowest, c.highest) for c in self.criteria}
        if len(scales) > 1:
            raise ValueError(f"all criteria need the same scale; got {sorted(scales)}")
        return self


def shipped() -> list[str]:
    """The names of the rubrics in the package."""
    folder = resources.files("monitors.judges").joinpath("rubrics")
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))


def load_rubric(name: str) -> Rubric:
    """A shipped rubric by its name, or one from a TOML file by its path.

    ConfigError names the file, the key and what is wrong, or the choices.
    """
    if name in shipped():
        text = resources.files("monitors.judges").joinpath("rubrics", f"{name}.toml").read_text("utf-8")
        return parse_rubric(text, f"rubrics/{name}.toml")
    path = Path(name).expanduser()
    if path.suffix != ".toml" or not path.is_file():
        raise ConfigError(
            f"judge.rubric = {name!r}: no such rubric; choose one of: {', '.join(shipped())}, or a .toml file"
        )
    return parse_rubric(path.read_text("utf-8"), str(path))


def parse_rubric(text: str, origin: str) -> Rubric:
    """A rubric from TOML; `origin` is the file name that errors show."""
    try:
        return Rubric.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{origin}: not valid TOML: {error}") from error
    except ValidationError as error:
        lines = [f"{origin}: {'.'.join(map(str, e['loc'])) or 'rubric'}: {e['msg']}" for e in error.errors()]
        raise ConfigError("\n".join(lines)) from error
