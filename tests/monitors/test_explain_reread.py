"""The first of the ranked texts, ranked once more by what a transformer makes of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from collectors.errors import ConfigError
from monitors.config import EmbeddingConfig
from monitors.embedding.encoder import Encoder
from monitors.embedding.plain_transformer import PlainTransformer
from monitors.explain_reread import Read, Rereading
from monitors.explain_texts import Compared

WIDTH = 24


class ByTopic:
    """Knows the topic of a text by its first word."""

    identity, dimensions = "by topic", WIDTH

    def __init__(self) -> None:
        self.read: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.read += texts
        rows = np.stack([np.eye(WIDTH)[int(text.split()[0])] for text in texts])
        rows = rows + 0.1 * np.random.default_rng(len(texts)).normal(size=rows.shape)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def sides(*, new: int = 20, old: int = 60, before: int = 120) -> tuple[Read, Read]:
    """Texts of the topics 0 to 9 in both sides and of topic 10 in that of now, in rows that tell nothing."""
    rng = np.random.default_rng(3)
    topics = [*rng.integers(0, 10, old), *[10] * new], rng.integers(0, 10, before)
    now, then = (
        Read(
            texts=[f"{topic} number {i}" for i, topic in enumerate(some)],
            rows=rng.normal(size=(len(some), WIDTH)) / WIDTH**0.5,
        )
        for some in topics
    )
    return now, then


def test_what_only_the_transformer_sees_comes_first():
    now, before = sides()
    encoder = ByTopic()
    reading = Rereading(lambda: encoder)
    assert reading.identity is None
    scores = reading.scores(now, before)
    assert scores is not None
    assert set(np.argsort(-scores)[:20]) == set(range(60, 80))
    assert reading.identity == "by topic"
    by_chance = Compared(now.rows, before.rows).new(now.texts, most=20)
    assert sum(t.place >= 60 for t in by_chance) < 15


def test_long_texts_are_read_to_a_bound():
    now, before = sides()
    encoder = ByTopic()
    long = Read(texts=[text + " word" * 500 for text in now.texts], rows=now.rows)
    Rereading(lambda: encoder).scores(long, before)
    assert max(len(text) for text in encoder.read) == 256


@pytest.mark.parametrize("few", [{"new": 1, "old": 18}, {"before": 19}])
def test_few_texts_stay_in_their_order(few: dict[str, int]):
    assert Rereading(ByTopic).scores(*sides(**few)) is None


@pytest.mark.parametrize("error", [ConfigError("gone"), ImportError("gone")])
def test_without_the_model_nothing_is_read_and_it_is_asked_for_once(error: Exception):
    asked = []

    def gone() -> Encoder:
        asked.append(1)
        raise error

    reading = Rereading(gone)
    assert reading.scores(*sides()) is None
    assert reading.scores(*sides()) is None
    assert len(asked) == 1
    assert reading.identity is None


def test_the_configuration_chooses():
    own = ByTopic()
    assert Rereading.of(EmbeddingConfig(explain_with="static"), own) is None
    same = Rereading.of(EmbeddingConfig(encoder="transformer"), own)
    assert same is not None
    same.scores(*sides())
    assert same.identity == "by topic"
    default = Rereading.of(EmbeddingConfig(), own)
    assert default is not None
    default.scores(*sides())
    assert default.identity == PlainTransformer(max_characters=9).identity


def test_the_texts_beside_are_the_nearest_of_the_reference_and_each_comes_once():
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(40, WIDTH))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    now, before = rows[:20], np.concatenate([rows[20:], rows[20:], -now_mean(rows)])
    compared = Compared(now, before)
    telling = compared.new([str(i) for i in range(20)], most=5)
    beside = compared.beside(telling, most=7)
    nearness = (now[[t.place for t in telling]] @ before.T).max(axis=0)
    expected = sorted(range(20), key=lambda i: -nearness[i])[:7]
    assert sorted(i % 20 for i in beside) == sorted(expected)
    assert compared.beside([], most=7).tolist() == []


def now_mean(rows: np.ndarray) -> np.ndarray:
    mean = rows[:20].mean(axis=0, keepdims=True)
    return np.asarray(mean / np.linalg.norm(mean))
