"""Rubrics that are answered by a word of a list instead of a number."""

from __future__ import annotations

from collections.abc import Mapping

from monitors.judges.rubric import Criterion, Level, Rubric


class Classification(Criterion):
    """One question about an answer whose description says what each category means.

    Attributes:
        categories: the grade of each; None for that of a judge who cannot tell, which is no grade.
    """

    categories: Mapping[str, int | None]
    grades: Mapping[int, Level] = {}

    @property
    def lowest(self) -> int:
        return min(g for g in self.categories.values() if g is not None)

    @property
    def highest(self) -> int:
        return max(g for g in self.categories.values() if g is not None)

    def category(self, said: str) -> str | None:
        """The category of that name, whatever the case; None when there is none."""
        return next((c for c in self.categories if c.casefold() == said.strip().casefold()), None)


class CategoryRubric(Rubric):
    """One classification. A category is no grade of 0 to 3, so it has no part in `overall`."""

    criteria: tuple[Classification]

    @property
    def has_overall(self) -> bool:
        return False
