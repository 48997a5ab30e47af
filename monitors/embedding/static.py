"""The static encoder: a vector for each token, averaged over a text.

Distilled from a transformer by the recipe of model2vec (van Dongen and Tulkens, 2024): each token of
the vocabulary goes through the model alone, the vectors are centred and reduced by PCA, and each is
weighted by smooth inverse frequency (Arora et al., 2017) with the token's rank as Zipf's law has it.
Loading needs numpy and tokenizers only, so that a cron run starts in a fraction of a second.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collectors.home import Home
from collectors.model import content_hash
from monitors.embedding.encoder import DEFAULT_MAX_CHARACTERS, Say, cut, unit_rows
from monitors.embedding.transformer import load_model, model_key

RECIPE = "v1"
DIMENSIONS = 256
SIF = 1e-4
_BATCH = 512


class StaticEncoder:
    """A token table and the model's own tokenizer.

    Word order and context are lost: it sees what a text is about, not how its words are arranged.
    """

    def __init__(
        self,
        table: NDArray[np.float32],
        tokenizer: Any,
        identity: str,
        *,
        max_characters: int = DEFAULT_MAX_CHARACTERS,
    ) -> None:
        self._table = table
        self._tokenizer = tokenizer
        self._identity = identity
        self._max_characters = max_characters

    @property
    def identity(self) -> str:
        return self._identity

    @property
    def dimensions(self) -> int:
        return int(self._table.shape[1])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `Encoder.encode`."""
        out = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        # In pieces: the gathered token rows of one piece are held in memory at a time.
        for start in range(0, len(texts), _BATCH):
            piece = [cut(text, self._max_characters) for text in texts[start : start + _BATCH]]
            encoded = self._tokenizer.encode_batch_fast(piece, add_special_tokens=False)
            lengths = np.array([len(e.ids) for e in encoded])
            told = np.flatnonzero(lengths)
            if len(told):
                ids = np.concatenate([encoded[i].ids for i in told]).astype(np.intp)
                starts = np.concatenate([[0], np.cumsum(lengths[told])[:-1]])
                # The sum has the direction of the mean.
                out[start + told] = unit_rows(np.add.reduceat(self._table[ids], starts, axis=0))
        return out


def open_static(
    model: str | None,
    home: Home,
    *,
    max_characters: int = DEFAULT_MAX_CHARACTERS,
    say: Say | None = None,
) -> StaticEncoder:
    """The static encoder of a model, from the home's cache; made there when it is not yet."""
    folder = static_folder(model, home)
    if not (folder / "about.json").is_file():
        if say is not None:
            say(f"distilling the static encoder from {model_key(model)}, once; about half a minute")
        table, tokenizer_json = distil(load_model(model))
        save_static(folder, table, tokenizer_json, key=model_key(model))
    return load_static(folder, max_characters=max_characters)


def static_folder(model: str | None, home: Home) -> Path:
    """Where the static encoder of a model is kept: one folder for each model and recipe."""
    return home.models / f"static-{RECIPE}-{content_hash(model_key(model))[:12]}"


def load_static(folder: Path, *, max_characters: int = DEFAULT_MAX_CHARACTERS) -> StaticEncoder:
    """A saved static encoder."""
    from tokenizers import Tokenizer

    about = json.loads((folder / "about.json").read_text("utf-8"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    with np.load(folder / "table.npz", allow_pickle=False) as saved:
        table = np.asarray(saved["table"], dtype=np.float32)
    return StaticEncoder(table, tokenizer, about["identity"], max_characters=max_characters)


def distil(model: Any) -> tuple[NDArray[np.float32], str]:
    """The weighted token table (vocabulary, d) and the tokenizer as JSON, from a SentenceTransformer."""
    tokenizer = model.tokenizer
    backend = tokenizer.backend_tokenizer
    vectors = _token_vectors(model, size=backend.get_vocab_size())
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov(centred, rowvar=False))
    reduced = centred @ axes[:, ::-1][:, :DIMENSIONS]
    reduced = reduced * np.sign(reduced.sum(axis=0))  # an eigenvector's sign is arbitrary: fix it
    backend.no_padding()
    backend.no_truncation()
    return (reduced * zipf_weights(len(vectors))[:, None]).astype(np.float32), backend.to_str()


def zipf_weights(size: int) -> NDArray[np.float64]:
    """Smooth inverse frequency, a / (a + p), where p follows Zipf's law in the order of the vocabulary.

    >>> [round(float(w), 3) for w in zipf_weights(30522)[[0, 100, 10000]]]
    [0.002, 0.092, 0.908]
    """
    frequency = 1.0 / (np.arange(size) + 2.0)
    share = frequency / frequency.sum()
    weights: NDArray[np.float64] = SIF / (SIF + share)
    return weights


def _token_vectors(model: Any, *, size: int) -> NDArray[np.float32]:
    """The mean output of the model for each token alone, between its special tokens."""
    import torch

    plain = model.tokenizer("a", add_special_tokens=False)["input_ids"]
    full = model.tokenizer("a")["input_ids"]
    at = next(i for i in range(len(full)) if full[i : i + len(plain)] == plain)
    before, after = full[:at], full[at + len(plain) :]
    network = model[0].auto_model
    pieces = []
    with torch.inference_mode():
        for start in range(0, size, _BATCH):
            ids = [[*before, token, *after] for token in range(start, min(size, start + _BATCH))]
            inputs = torch.tensor(ids)
            states = network(input_ids=inputs, attention_mask=torch.ones_like(inputs)).last_hidden_state
            pieces.append(states.mean(dim=1).float().numpy())
    return np.concatenate(pieces)


def save_static(folder: Path, table: NDArray[np.float32], tokenizer_json: str, *, key: str) -> None:
    """All or nothing: a run that is killed half-way leaves no folder that looks whole."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
    try:
        np.savez(made / "table.npz", table=table)
        (made / "tokenizer.json").write_text(tokenizer_json, "utf-8")
        about = {
            "identity": f"{key}/static-{RECIPE}-{table.shape[1]}/float32/numpy",
            "model": key,
            "recipe": RECIPE,
        }
        (made / "about.json").write_text(json.dumps(about), "utf-8")
        try:
            os.rename(made, folder)
        except OSError:
            # Another process was quicker; its table is the same.
            if not (folder / "about.json").is_file():
                raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
