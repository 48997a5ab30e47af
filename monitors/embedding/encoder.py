"""What turns texts into vectors, and the one place that chooses it.

Two kinds stand behind one protocol. `static` is a table of token vectors distilled once from a
sentence-transformers model: it needs neither torch nor the network to load and reads thousands of
texts a second. `transformer` is the model itself. docs/adr/0002-encoders.md has the measurements.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from collectors.home import Home
from monitors.config import EmbeddingConfig

Say = Callable[[str], None]
DEFAULT_MAX_CHARACTERS = 4000
_CACHED_TEXTS = 20_000


class Encoder(Protocol):
    """Texts in, unit vectors out.

    `identity` names model, kind, precision and backend; it is recorded with every result, because
    vectors of two encoders must never be compared.
    """

    @property
    def identity(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, dimensions) float32, one row a text, each of length one.

        A text without a single token (empty, blank) has no direction: its row is all zeros, and
        whoever compares windows leaves it out, see `encode_present`. Texts are cut to a bounded
        number of characters first.
        """
        ...


class CachedEncoder:
    """Encodes each distinct text once, and remembers the latest ones.

    Chains repeat texts: the application's input is the router's, a document is retrieved a thousand times.
    """

    def __init__(self, encoder: Encoder, *, capacity: int = _CACHED_TEXTS) -> None:
        self._encoder = encoder
        self._capacity = capacity
        self._rows: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    @property
    def identity(self) -> str:
        return self._encoder.identity

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `Encoder.encode`."""
        out = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        places: dict[str, list[int]] = {}
        for place, text in enumerate(texts):
            row = self._rows.get(text)
            if row is None:
                places.setdefault(text, []).append(place)
            else:
                self._rows.move_to_end(text)
                out[place] = row
        if places:
            for text, row in zip(places, self._encoder.encode(list(places)), strict=True):
                out[places[text]] = row
                self._rows[text] = row.copy()
            while len(self._rows) > self._capacity:
                self._rows.popitem(last=False)
        return out


def encode_present(encoder: Encoder, texts: Sequence[str | None]) -> tuple[NDArray[np.float32], list[int]]:
    """The rows of the texts that say something, and their places in `texts`.

    None, empty and blank texts are left out: no text is not the same as a text about nothing.
    """
    places = told_places(texts)
    rows = encoder.encode([texts[place] or "" for place in places])
    told = np.flatnonzero(np.any(rows, axis=1))
    return rows[told], [places[i] for i in told]


def told_places(texts: Sequence[str | None]) -> list[int]:
    """The places of the texts that are neither None nor empty nor blank."""
    return [place for place, text in enumerate(texts) if text and not text.isspace()]


def cut(text: str, max_characters: int) -> str:
    """The beginning of a text, free of lone surrogates, which no tokenizer takes."""
    head = text[:max_characters]
    return head if head.isascii() else head.encode("utf-8", "replace").decode("utf-8")


def unit_rows(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Rows scaled to length one; rows of zeros stay zeros.

    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = (rows / np.where(norms > 0, norms, 1.0)).astype(np.float32)
    return scaled


def open_encoder(config: EmbeddingConfig, home: Home, *, say: Say | None = None) -> Encoder:
    """The encoder that the configuration names, cached; distils the static one at first use.

    `say` gets one line when something slow begins. ConfigError when the model cannot be loaded.
    """
    if config.encoder == "static":
        from monitors.embedding.static import open_static

        return CachedEncoder(open_static(config.model, home, max_characters=config.max_characters, say=say))
    from monitors.embedding.transformer import TransformerEncoder

    return CachedEncoder(TransformerEncoder(config.model, max_characters=config.max_characters))
