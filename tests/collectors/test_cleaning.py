"""What each kind of value is taken from, and what is refused with key and value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from collectors import cleaning
from collectors.cleaning import InvalidValueError
from collectors.model import Document

AT = datetime(2026, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)
SECONDS = 1772359200


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-01T10:00:00.123456Z",
        "2026-03-01T10:00:00.123456789Z",
        "2026-03-01 12:00:00.123456+02:00",
        "2026-03-01T10:00:00.123456",
        " 2026-03-01T10:00:00.123456Z ",
        f"{SECONDS}.123456",
        f"{SECONDS}123456",
        SECONDS * 10**6 + 123456,
        SECONDS * 10**9 + 123456789,
        Decimal(f"{SECONDS}.123456"),
        AT,
        AT.replace(tzinfo=None),
        AT.astimezone(timezone(timedelta(hours=-5))),
    ],
)
def test_times(value: Any) -> None:
    assert cleaning.time("started_at", value) == AT
    assert cleaning.time("started_at", value).tzinfo == UTC  # type: ignore[union-attr]


def test_times_of_other_resolutions() -> None:
    assert cleaning.time("t", SECONDS) == AT.replace(microsecond=0)
    assert cleaning.time("t", SECONDS * 1000 + 123) == AT.replace(microsecond=123000)
    assert cleaning.time("t", float(SECONDS) + 0.5) == AT.replace(microsecond=500000)
    assert cleaning.time("t", "20260301") == datetime(2026, 3, 1, tzinfo=UTC)
    assert cleaning.time("t", "") is None


@pytest.mark.parametrize(
    ("take", "value", "problem"),
    [
        (cleaning.time, "yesterday", "must be a time: ISO 8601"),
        (cleaning.time, True, "must be a time"),
        (cleaning.time, 12, "between the years 2000 and 2100"),
        (cleaning.time, "0001-01-01T00:00:00+14:00", "must be a time"),
        (cleaning.time, 10**30, "between the years 2000 and 2100"),
        (cleaning.time, float("nan"), "must be a finite number"),
        (cleaning.time, [1], "must be a time"),
        (cleaning.amount, -0.5, "must not be negative"),
        (cleaning.amount, float("nan"), "must be a finite number"),
        (cleaning.amount, float("inf"), "must be a finite number"),
        (cleaning.amount, "NaN", "must be a finite number"),
        (cleaning.amount, True, "must be a number"),
        (cleaning.amount, {}, "must be a number"),
        (cleaning.amount, "three", "must be a number"),
        (cleaning.count, 1.5, "must be a whole number"),
        (cleaning.count, -1, "between 0 and"),
        (cleaning.count, 2**63, "between 0 and"),
        (cleaning.count, False, "must be a number"),
        (cleaning.text, ["x"], "must be text"),
        (cleaning.flag, "maybe", "must be true or false"),
        (cleaning.identifier, "x" * 513, "at most 512 characters"),
        (cleaning.mapping, "[1]", "must be a JSON object"),
        (cleaning.mapping, "{", "must be a JSON object"),
        (cleaning.documents, "{}", "must be a list"),
        (cleaning.documents, [3], "must be an object"),
        (cleaning.documents, [{"score": "high"}], "must be a number"),
    ],
)
def test_what_is_refused(take: Any, value: Any, problem: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        take("some_key", value)
    assert str(caught.value).startswith("some_key")
    assert problem in str(caught.value)
    assert str(value)[:20] in str(caught.value) or "[0]" in str(caught.value)
    assert caught.value.problem.startswith("some_key")
    assert len(str(caught.value)) < 300


def test_text_is_valid_and_without_nul() -> None:
    assert cleaning.text("k", "a\x00b") == "ab"
    assert cleaning.text("k", "\x00") is None
    assert cleaning.text("k", "\ud83d\ude00 \ud800") == "😀 \ufffd"
    assert cleaning.text("k", 7) == "7"


def test_numbers_from_text_and_floats() -> None:
    assert cleaning.count("k", "12") == 12
    assert cleaning.count("k", 12.0) == 12
    assert cleaning.count("k", "") is None
    assert cleaning.amount("k", " 0.5 ") == 0.5
    assert cleaning.amount("k", Decimal("0.5")) == 0.5


def test_ids_in_hex_are_lower_case_and_others_are_kept() -> None:
    assert cleaning.identifier("k", "AB" * 16) == "ab" * 16
    assert cleaning.identifier("k", "Request-7") == "Request-7"
    assert cleaning.identifier("k", "QUERYRESULTABCDE") == "QUERYRESULTABCDE"


def test_attributes_are_strict_json() -> None:
    given = {
        "nan": float("nan"),
        "n\x00": "a\x00",
        3: b"\x01",
        "at": AT,
        "set": {1},
        "deep": {"x": [Decimal("1.5")]},
    }
    assert cleaning.mapping("k", given) == {
        "nan": "nan",
        "n": "a",
        "3": "AQ==",
        "at": AT.isoformat(),
        "set": [1],
        "deep": {"x": [1.5]},
    }


def test_documents() -> None:
    found = cleaning.documents(
        "k", '[{"id": 1, "score": "0.5", "text": "t", "relevant": "true"}, "bare", {}]'
    )
    assert found == (Document(id="1", score=0.5, text="t", relevant=True), Document(text="bare"), Document())
