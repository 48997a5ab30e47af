"""A check on the topics of embedded texts: what such checks have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from monitors.checks._topics import FIELDS
from monitors.checks._vectors import too_uniform
from monitors.checks.base import CheckSettings, DataKind, Fitted, NotReady, Reference, text_concern
from monitors.noise_scales import missing
from monitors.result import Concern, ReferenceKind


@dataclass(frozen=True, kw_only=True)
class TopicCheck:
    """One question about topics; see the page of each check. Nothing is drawn at random."""

    name: str
    title: str
    learn: Callable[[Reference, CheckSettings], Fitted]
    fields: frozenset[str] = FIELDS
    kinds: tuple[ReferenceKind, ...] = ("drift",)
    data: DataKind = "embedding"
    default_on: bool = False

    def concern(self, field: str) -> Concern:
        """`input` or `output`."""
        return text_concern(field)

    def fit(self, reference: Reference, *, settings: CheckSettings, seed: int) -> Fitted | NotReady:
        """What the check learns of the reference, or why there is too little of it."""
        why = missing(reference, settings) or too_uniform(reference)
        return NotReady(reason=why) if why is not None else self.learn(reference, settings)
