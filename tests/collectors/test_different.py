"""Ids that are surely different are, and where two are the same it is never said."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.different import surely_different


def column(*chunks: list[str | None]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(chunk, pa.string()) for chunk in chunks], pa.string())


@given(st.lists(st.text("0123456789abcdef", min_size=16, max_size=16), max_size=30), st.integers(0, 30))
def test_it_says_what_a_set_says_of_ids_of_one_length(ids: list[str], cut: int) -> None:
    assert surely_different(column(ids[:cut], ids[cut:])) is (len(set(ids)) == len(ids))


@given(st.lists(st.sampled_from(["", "a", "b" * 8, "c" * 8, "d" * 16, "\u00fc" * 4]), max_size=6))
def test_it_never_calls_two_of_the_same_different(ids: list[str]) -> None:
    if surely_different(column(ids)):
        assert len(set(ids)) == len(ids)


def test_a_slice_is_told_by_its_own_rows() -> None:
    ids = column(["a" * 16, "b" * 16, "a" * 16])
    assert surely_different(ids.slice(1))
    assert not surely_different(ids)


@pytest.mark.parametrize("ids", [["a" * 16, None], ["s1", "s2"], ["a" * 16, "b" * 8], ["a" * 12, "b" * 12]])
def test_what_it_cannot_tell_is_not_said_to_differ(ids: list[str | None]) -> None:
    assert not surely_different(column(ids))
