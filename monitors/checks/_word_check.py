"""A check on words that is a distance to the reference, judged by how far past blocks of it lay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from monitors.checks._distances import DistanceFitted, View
from monitors.checks._past_blocks import Distance, PastBlocks
from monitors.checks._words import FIELDS, Vocabulary
from monitors.checks.base import CheckSettings, DataKind, NotReady, Reference, text_concern
from monitors.noise_scales import missing
from monitors.result import Concern, ReferenceKind

_SHUFFLES = 16


@dataclass(frozen=True, kw_only=True)
class WordCheck:
    """One distance between the words of texts; see the page of each check."""

    name: str
    title: str
    distance: Distance
    view: Callable[[Vocabulary], View]
    margin: float
    fields: frozenset[str] = FIELDS
    kinds: tuple[ReferenceKind, ...] = ("drift",)
    data: DataKind = "text"
    default_on: bool = False

    def concern(self, field: str) -> Concern:
        """`input` or `output`."""
        return text_concern(field)

    def fit(self, reference: Reference, *, settings: CheckSettings, seed: int) -> DistanceFitted | NotReady:
        """Learn how far quiet blocks lay from the others."""
        why = missing(reference, settings)
        if why is not None:
            return NotReady(reason=why)
        vocabulary = Vocabulary(reference)
        view = self.view(vocabulary)
        return DistanceFitted(
            distance=self.distance,
            pool=None,
            reference_rows=len(vocabulary.rows),
            reference_figures=view.figures(vocabulary.rows),
            blocks=PastBlocks(reference, vocabulary.rows, self.distance, seed=seed, shuffles=_SHUFFLES),
            view=view,
            settings=settings,
            margin=self.margin if settings.margin is None else settings.margin,
        )
