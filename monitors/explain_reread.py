"""The first of the ranked texts, read once more by a transformer: it tells what a text means better than a
table of tokens does, and is too slow for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collectors.errors import ChainwatchError
from monitors.config import EmbeddingConfig
from monitors.embedding.encoder import CachedEncoder, Encoder
from monitors.explain_texts import vouched
from monitors.statistics.density import median_width, whitened
from monitors.statistics.discriminant import toward

CANDIDATES, BESIDE = 100, 200  # texts of now, and of the reference, that are read once more
LEAST = 20  # of either
_CHARACTERS = 256  # of a text: what it costs grows with them
_FIRST = 12
_ROUNDS = 2
# Of the row that there was before, beside the transformer's: it tells texts apart that all begin alike.
_BEFORE_SHARE = 0.5

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Read:
    """Texts, and their rows (n, d) in the encoder of the run."""

    texts: Sequence[str]
    rows: NDArray[Any]


class Rereading:
    """Ranks texts of now by a transformer's rows beside those of the run: first as `Compared` does, then by
    the linear discriminant of the first twelve against texts of the reference that are like them.
    """

    def __init__(self, open_encoder: Callable[[], Encoder]) -> None:
        """open_encoder: called when it is needed first, and not again once it has failed."""
        self._open, self._is_gone = open_encoder, False
        self._encoder: Encoder | None = None

    @classmethod
    def of(cls, config: EmbeddingConfig, encoder: Encoder) -> Rereading | None:
        """What the configuration names, beside the run's own encoder; None where it wants no transformer."""
        if config.explain_with == "static":
            return None
        if config.encoder == "transformer":
            return cls(lambda: encoder)
        return cls(lambda: CachedEncoder(_transformer(config.model)))

    @property
    def identity(self) -> str | None:
        """Of the encoder, once it has read something."""
        return None if self._encoder is None else self._encoder.identity

    def scores(self, now: Read, before: Read) -> Floats | None:
        """(n,) of the texts of now, larger is more surely new. None, and nothing is read, where a side has
        too few texts, or the model is not there.
        """
        if min(len(now.texts), len(before.texts)) < LEAST or self._is_gone:
            return None
        try:
            self._encoder = self._encoder or self._open()
        except (ChainwatchError, ImportError):
            self._is_gone = True
            return None
        rows, others = (self._rows(self._encoder, side) for side in (now, before))
        white = whitened(others, rows)
        scores, _ = vouched(white[1], white[1], white[0], width=median_width(*white))
        for _ in range(_ROUNDS):
            first = np.argsort(-scores, kind="stable")[:_FIRST]
            scores = toward(rows, rows[first], others)
        return scores

    def _rows(self, encoder: Encoder, side: Read) -> NDArray[np.float32]:
        read = encoder.encode([text[:_CHARACTERS] for text in side.texts])
        return np.hstack([read, np.float32(_BEFORE_SHARE) * side.rows.astype(np.float32)])


def _transformer(model: str | None) -> Encoder:
    if model is None:
        from monitors.embedding.plain_transformer import PlainTransformer

        return PlainTransformer(max_characters=_CHARACTERS)
    from monitors.embedding.transformer import TransformerEncoder

    return TransformerEncoder(model, max_characters=_CHARACTERS)
