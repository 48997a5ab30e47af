"""The scale of each criterion: where a figure that estimates a grade has its ends.

An estimate corrects a judge by people and may come out past the ends of the grades, such as 3.04 of 3. It is
kept so, for what is cut cannot be combined; it is cut to the scale where it is shown and compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from collectors.errors import ConfigError
from monitors.judges.rubric import OVERALL, Rubric, load_rubric, shipped

Scale = tuple[float, float]
# The local scorer's grades, whichever rubric the judge works by.
LOCAL_SCALE: Scale = (0.0, 3.0)
# Figures against a known truth, and what users said.
UNIT_SCALE: Scale = (0.0, 1.0)


def scales_of(rubric: str) -> Mapping[str, Scale]:
    """The scale of every criterion that is known: of the shipped rubrics, and before them of the one named.

    A rubric that cannot be read (its file is gone) leaves the shipped ones.

    >>> scales_of("answer_quality")["correctness"], scales_of("gone.toml").get("politeness")
    ((0.0, 3.0), None)
    """
    try:
        return {**_shipped_scales(), **_of(load_rubric(rubric))}
    except (ConfigError, OSError):
        return _shipped_scales()


def cut(value: float, scale: Scale | None) -> float:
    """The value, or the end of the scale that it lies past; itself where no scale is known.

    >>> cut(3.04, (0.0, 3.0)), cut(-0.1, (0.0, 3.0)), cut(3.04, None)
    (3.0, 0.0, 3.04)
    """
    return value if scale is None else min(max(value, scale[0]), scale[1])


@cache
def _shipped_scales() -> Mapping[str, Scale]:
    return {name: scale for rubric in shipped() for name, scale in _of(load_rubric(rubric)).items()}


def _of(rubric: Rubric) -> dict[str, Scale]:
    """A rubric has one scale, which its weighted mean keeps."""
    return {name: (float(c.lowest), float(c.highest)) for c in rubric.criteria for name in (c.name, OVERALL)}
