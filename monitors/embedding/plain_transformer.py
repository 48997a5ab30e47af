"""The packaged transformer in numpy alone: a run need not load torch for the few texts of an explanation.

Importing torch takes longer than to read some hundred texts, and half a gigabyte.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from collectors.errors import ConfigError
from monitors.embedding.encoder import cut, told_places, unit_rows
from monitors.embedding.transformer import DEFAULT_MODEL, model_key

Floats = NDArray[np.float32]
_BATCH = 32
_SQRT_HALF = np.float32(0.5**0.5)
_MASKED = np.float32(-1e9)


class PlainTransformer:
    """The BERT that the model package carries, mean of its tokens: as `TransformerEncoder`, to rounding.

    Source: Devlin, Chang, Lee and Toutanova, "BERT", 2019; mean pooling as in Reimers and Gurevych, 2019.
    """

    def __init__(self, folder: Path | None = None, *, max_characters: int) -> None:
        """folder: of the model's files; None is the package's. ConfigError when they are not there."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        folder = folder or _packaged()
        try:
            about = json.loads((folder / "config.json").read_text("utf-8"))
            most = json.loads((folder / "sentence_bert_config.json").read_text("utf-8"))["max_seq_length"]
            self._weights = load_file(folder / "model.safetensors")
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise ConfigError(f"{DEFAULT_MODEL} cannot be read: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length=most)
        self._layers, self._heads = int(about["num_hidden_layers"]), int(about["num_attention_heads"])
        self._least_variance = float(about["layer_norm_eps"])
        self._dimensions = int(about["hidden_size"])
        self._max_characters = max_characters
        self._identity = f"{model_key(None)}/transformer/float32/numpy"

    @property
    def identity(self) -> str:
        return self._identity

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `Encoder.encode`; the model itself also cuts at its own number of tokens."""
        from threadpoolctl import threadpool_limits

        out = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        told = told_places(texts)
        ids = [
            e.ids for e in self._tokenizer.encode_batch([cut(texts[i], self._max_characters) for i in told])
        ]
        # Texts of about the same length together: what fills up a batch is work for nothing.
        order = sorted(range(len(told)), key=lambda i: len(ids[i]))
        # Matrices are small: two threads would wait for each other.
        with threadpool_limits(limits=1):
            for start in range(0, len(order), _BATCH):
                batch = order[start : start + _BATCH]
                out[[told[i] for i in batch]] = unit_rows(self._means([ids[i] for i in batch]))
        return out

    def _means(self, ids: Sequence[Sequence[int]]) -> Floats:
        """(n, d) the mean state of each text's tokens."""
        lengths = np.array([len(one) for one in ids])
        tokens = np.zeros((len(ids), int(lengths.max())), dtype=np.intp)
        for row, one in zip(tokens, ids, strict=True):
            row[: len(one)] = one
        here = np.arange(tokens.shape[1]) < lengths[:, None]
        weights = self._weights
        states = weights["embeddings.word_embeddings.weight"][tokens]
        states = states + weights["embeddings.position_embeddings.weight"][: tokens.shape[1]]
        states = states + weights["embeddings.token_type_embeddings.weight"][0]
        states = self._normed(states, "embeddings.LayerNorm")
        masked = np.where(here, np.float32(0.0), _MASKED)[:, None, None, :]
        for number in range(self._layers):
            states = self._layer(states, masked, f"encoder.layer.{number}")
        total: Floats = (states * here[:, :, None]).sum(axis=1) / lengths[:, None].astype(np.float32)
        return total

    def _layer(self, states: Floats, masked: Floats, name: str) -> Floats:
        heard = self._linear(self._attended(states, masked, name), f"{name}.attention.output.dense")
        states = self._normed(states + heard, f"{name}.attention.output.LayerNorm")
        inner = _gelu(self._linear(states, f"{name}.intermediate.dense"))
        return self._normed(states + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _attended(self, states: Floats, masked: Floats, name: str) -> Floats:
        texts, tokens, width = states.shape
        query, key, value = (
            self._linear(states, f"{name}.attention.self.{part}")
            .reshape(texts, tokens, self._heads, -1)
            .transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32((width / self._heads) ** 0.5) + masked
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares = scores / scores.sum(axis=-1, keepdims=True)
        heard: Floats = (shares @ value).transpose(0, 2, 1, 3).reshape(texts, tokens, width)
        return heard

    def _linear(self, states: Floats, name: str) -> Floats:
        flat: Floats = states.reshape(-1, states.shape[-1]) @ self._weights[f"{name}.weight"].T
        flat += self._weights[f"{name}.bias"]
        return flat.reshape(*states.shape[:-1], -1)

    def _normed(self, states: Floats, name: str) -> Floats:
        apart = states - states.mean(axis=-1, keepdims=True)
        variance = np.einsum("ijk,ijk->ij", apart, apart)[..., None] / np.float32(states.shape[-1])
        unit = apart / np.sqrt(variance + np.float32(self._least_variance))
        normed: Floats = unit * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return normed


def _gelu(states: Floats) -> Floats:
    from scipy.special import erf

    gelu: Floats = states * (np.float32(0.5) * (np.float32(1.0) + erf(states * _SQRT_HALF)))
    return gelu


def _packaged() -> Path:
    """The folder of the packaged model, found without importing what is around it."""
    found = find_spec(DEFAULT_MODEL.replace("-", "_"))
    if found is None or found.origin is None:
        raise ConfigError(f"{DEFAULT_MODEL} is not installed")
    return Path(found.origin).parent / "model"
