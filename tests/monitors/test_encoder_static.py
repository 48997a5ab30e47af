"""The static encoder and the cache before it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_encoder
from fresh_interpreter import imported_by
from tokenizers import Tokenizer

from collectors.errors import ConfigError
from collectors.home import Home
from monitors.config import EmbeddingConfig
from monitors.embedding import static
from monitors.embedding.encoder import CachedEncoder, cut, encode_present, open_encoder
from monitors.embedding.static import StaticEncoder, load_static, save_static, zipf_weights
from monitors.embedding.transformer import load_model


def encoder(max_characters: int = 4000) -> StaticEncoder:
    return StaticEncoder(
        tiny_encoder.tiny_table(), tiny_encoder.tiny_tokenizer(), "tiny", max_characters=max_characters
    )


def test_a_text_is_the_direction_of_its_tokens_mean():
    row = encoder().encode(["card card refund"])[0]
    assert row.dtype == np.float32
    # Two parts card, one part refund: (2, 1) / sqrt(5).
    assert row[3] == pytest.approx(2 / 5**0.5)
    assert row[2] == pytest.approx(1 / 5**0.5)


def test_rows_have_length_one_and_a_batch_equals_one_by_one():
    texts = ["refund card", "router", "please please refund", "slow router outage"] * 200
    together = encoder().encode(texts)
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-6)
    alone = np.concatenate([encoder().encode([t]) for t in texts[:4]])
    assert np.array_equal(together[:4], alone)


def test_a_text_without_tokens_has_no_direction_and_is_left_out():
    rows = encoder().encode(["", "   ", "card"])
    assert not rows[:2].any()
    kept, places = encode_present(encoder(), ["card", None, "", " \n", "refund"])
    assert places == [0, 4]
    assert np.array_equal(kept, encoder().encode(["card", "refund"]))
    assert encoder().encode([]).shape == (0, 16)


def test_a_long_text_is_cut_before_it_is_read_and_hostile_characters_do_no_harm():
    long = "card " * 30 + "refund " * 1000
    assert np.array_equal(encoder(max_characters=150).encode([long]), encoder().encode(["card"]))
    assert cut("ab\ud800c", 10) == "ab?c"
    assert encoder().encode(["card \ud800 \x00 \u202e"]).any()


class Counting:
    identity = "counting"
    dimensions = 2

    def __init__(self) -> None:
        self.seen: list[str] = []

    def encode(self, texts):
        self.seen += texts
        return np.array([[len(t), 1.0] for t in texts], dtype=np.float32)


def test_the_cache_encodes_each_text_once_and_forgets_the_oldest():
    inner = Counting()
    cached = CachedEncoder(inner, capacity=2)
    assert cached.encode(["a", "bb", "a"])[:, 0].tolist() == [1.0, 2.0, 1.0]
    assert inner.seen == ["a", "bb"]
    cached.encode(["a", "ccc"])  # bb is the oldest now, and goes
    assert cached.encode(["a", "bb"])[:, 0].tolist() == [1.0, 2.0]
    assert inner.seen == ["a", "bb", "ccc", "bb"]


def test_a_saved_encoder_loads_without_torch(home: Home):
    tiny_encoder.install(home)
    code = (
        "from pathlib import Path\n"
        "from collectors.home import Home\n"
        "from monitors.config import EmbeddingConfig\n"
        "from monitors.embedding.encoder import open_encoder\n"
        f"encoder = open_encoder(EmbeddingConfig(), Home(root=Path({str(home.root)!r})))\n"
        "assert encoder.encode(['card']).shape == (1, 16)"
    )
    heavy = ("torch", "transformers", "sentence_transformers", "sklearn", "pandas")
    assert imported_by(code, heavy) == []


def test_a_folder_that_another_process_made_first_is_kept(tmp_path: Path):
    folder = tmp_path / "models" / "static"
    tokenizer = tiny_encoder.tiny_tokenizer().to_str()
    save_static(folder, tiny_encoder.tiny_table(), tokenizer, key="first")
    save_static(folder, tiny_encoder.tiny_table() * 2, tokenizer, key="second")
    assert load_static(folder).identity.startswith("first/")
    assert [p.name for p in folder.parent.iterdir()] == ["static"]


def test_frequent_tokens_weigh_less():
    weights = zipf_weights(1000)
    assert np.all(np.diff(weights) > 0)
    # Rank 0 of three: 1/2 of 1/2 + 1/3 + 1/4 = 6/13.
    assert zipf_weights(3)[0] == pytest.approx(1e-4 / (1e-4 + 6 / 13))


def frequent_tokens_only(model: str | None) -> Any:
    """The model with a quarter of its vocabulary: the rest would go the same way, for half a minute more."""
    found = load_model(model)
    backend = json.loads(found.tokenizer.backend_tokenizer.to_str())
    backend["model"]["vocab"] = {word: i for word, i in backend["model"]["vocab"].items() if i < 8000}
    found.tokenizer._tokenizer = Tokenizer.from_str(json.dumps(backend))
    return found


def test_the_default_model_distils_and_tells_intents_apart(home: Home, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(static, "load_model", frequent_tokens_only)
    said: list[str] = []
    made = open_encoder(EmbeddingConfig(), home, say=said.append)
    assert len(said) == 1
    assert np.load(next(home.models.glob("static-*/table.npz")))["table"].shape == (8000, static.DIMENSIONS)
    a, b, c = made.encode(
        ["my card was stolen", "someone stole my credit card", "which roaming prices apply in Spain"]
    )
    assert float(a @ b) > float(a @ c) + 0.2
    again = open_encoder(EmbeddingConfig(), home, say=said.append)
    assert len(said) == 1
    assert np.array_equal(again.encode(["my card was stolen"])[0], a)


def test_a_model_that_does_not_exist_is_named(home: Home, tmp_path: Path):
    missing = str(tmp_path / "no-such-model")
    with pytest.raises(ConfigError, match="no-such-model"):
        open_encoder(EmbeddingConfig(encoder="transformer", model=missing), home)
