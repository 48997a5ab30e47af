"""Words and texts that tell the difference."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from monitors.explain_terms import contrast, count_words, words
from monitors.explain_texts import Compared


def test_a_word_counts_once_a_text_and_numbers_not_at_all():
    assert words("Card card CARD 42 4242x d'accord") == {"card", "d'accord"}
    assert count_words(["a card", "the card card"])["card"] == 2


def test_log_odds_and_their_error_by_hand():
    # Counts 40 and 10 of 100 each; the prior is a tenth of both together: 5 of 20.
    current, reference = Counter(visa=40, other=60), Counter(visa=10, other=90)
    new, lost = contrast(current, reference)
    odds = math.log(45 / (120 - 45)) - math.log(15 / (120 - 15))
    z = odds / math.sqrt(1 / 45 + 1 / 15)
    assert [(t.term, t.odds, t.z) for t in new] == [("visa", pytest.approx(odds), pytest.approx(z))]
    assert [t.term for t in lost] == ["other"]  # the other side of the same coin


def test_a_side_without_words_tells_nothing():
    assert contrast(Counter(), Counter(visa=40)) == ([], [])


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_the_new_topic_is_ranked_first_and_near_duplicates_are_folded():
    rng = np.random.default_rng(5)
    old_topic, new_topic = np.eye(32)[0], np.eye(32)[1]
    reference = unit(old_topic + 0.15 * rng.normal(size=(300, 32)))
    usual = unit(old_topic + 0.15 * rng.normal(size=(80, 32)))
    new = unit(new_topic + 0.15 * rng.normal(size=(8, 32)))
    twins = np.repeat(new[:1], 5, axis=0)
    current = np.concatenate([usual, new, twins])
    keys = [f"t/{i}" for i in range(len(current))]
    told = Compared(current, reference).new(keys)
    assert {t.key for t in told[:8]} == {f"t/{i}" for i in range(80, 88)}
    assert next(t for t in told if t.key == "t/80").alike == 5
    assert "5 more like it" in next(t for t in told if t.key == "t/80").why
    assert [t.score for t in told] == sorted((t.score for t in told), reverse=True)
    assert len(told) <= 10


def test_nothing_against_nothing_is_nothing():
    nothing = Compared(np.zeros((0, 4)), np.ones((3, 4)))
    assert nothing.new([]) == []
    assert nothing.vanished(["a", "b", "c"]) == []
