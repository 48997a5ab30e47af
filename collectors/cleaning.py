"""Values as the warehouse can hold them: finite numbers, aware times, text that is valid UTF-8.

Each function raises `InvalidValueError`, which names the key, the value and what would be right.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from collectors.model import Document, utc

TEXT_LIMIT = 1_000_000
ID_LIMIT = 512
MAX_DEPTH = 64
LARGEST = 2**63 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Inference logs older or newer than this are a broken clock or a wrong unit.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_FIRST_NS = int(EARLIEST.timestamp()) * 10**9
_LAST_NS = int(LATEST.timestamp()) * 10**9
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_JSON_PLAIN = frozenset({bool, int, type(None)})
_TRUE, _FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


class InvalidValueError(ValueError):
    """A value that cannot be taken. `problem` leaves the value out, so that equal reasons can be counted."""

    def __init__(self, key: str, value: Any, problem: str) -> None:
        shown = repr(value)
        shown = shown if len(shown) <= 80 else shown[:79] + "…"
        super().__init__(f"{key} = {shown}: {problem}")
        self.problem = f"{key}: {problem}"


class MissingKeyError(InvalidValueError):
    """A key that a record must have."""

    def __init__(self, key: str) -> None:
        super().__init__(key, None, "is missing")
        self.args = (f"{key} is missing",)


def text(key: str, value: Any) -> str | None:
    """Text without NUL characters and lone surrogates; None when nothing is left."""
    if isinstance(value, str):
        if value.isascii() and "\x00" not in value:
            return value or None
        return clean(value) or None
    if isinstance(value, (bool, int, float, Decimal)):
        return str(value)
    raise InvalidValueError(key, value, "must be text")


def clean(value: str) -> str:
    """Valid UTF-8 without NUL; a surrogate pair becomes its character, a lone one U+FFFD."""
    if "\x00" in value:
        value = value.replace("\x00", "")
    if value.isascii():
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def identifier(key: str, value: Any) -> str | None:
    """An id: text of at most 512 characters; hex ids of OpenTelemetry's lengths become lower case."""
    if (
        isinstance(value, str)
        and len(value) <= 32
        and value.isalnum()
        and value.isascii()
        and value.islower()
    ):
        return value
    found = text(key, value)
    if found is None:
        return None
    found = found.strip()
    if len(found) > ID_LIMIT:
        raise InvalidValueError(key, value, f"must have at most {ID_LIMIT} characters")
    if len(found) in (16, 32) and not found.islower() and all(c in "0123456789abcdefABCDEF" for c in found):
        found = found.lower()
    return found or None


def number(key: str, value: Any) -> float | None:
    """A finite number; text that is one is taken, empty text is None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise InvalidValueError(key, value, "must be a number")
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        raise InvalidValueError(key, value, "must be a number") from None
    if not math.isfinite(found):
        raise InvalidValueError(key, value, "must be a finite number")
    return found


def amount(key: str, value: Any) -> float | None:
    """A finite number that is not negative: a duration, a cost."""
    if type(value) is float and 0.0 <= value < math.inf:
        return value
    found = number(key, value)
    if found is not None and found < 0:
        raise InvalidValueError(key, value, "must not be negative")
    return found


def count(key: str, value: Any) -> int | None:
    """A whole number from 0 to 2**63 - 1."""
    if type(value) is int and 0 <= value <= LARGEST:
        return value
    if not isinstance(value, int) or isinstance(value, bool):
        as_float = number(key, value)
        if as_float is None:
            return None
        if not as_float.is_integer():
            raise InvalidValueError(key, value, "must be a whole number")
        whole = int(as_float)
    else:
        whole = value
    if not 0 <= whole <= LARGEST:
        raise InvalidValueError(key, value, "must be between 0 and 2**63 - 1")
    return whole


def flag(key: str, value: Any) -> bool | None:
    """True or False, also as text."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise InvalidValueError(key, value, "must be true or false")


def time(key: str, value: Any) -> datetime | None:
    """An aware UTC time from ISO 8601 text, a datetime, or an epoch in s, ms, us or ns (told apart by size).

    A time without a zone is UTC. Raises InvalidValueError before the year 2000 and from 2100 on.
    """
    if type(value) is int and _FIRST_NS <= value < _LAST_NS:
        # What OTLP sends; its range is the bound that the end of this function holds everything else to.
        return EPOCH + timedelta(microseconds=value // 1000)
    if isinstance(value, datetime):
        found = utc(value)
    elif isinstance(value, date):
        found = datetime(value.year, value.month, value.day, tzinfo=UTC)
    elif isinstance(value, str):
        value = value.strip()
        if not value:
            return None
        # A time of day or a zone is no number; the check spares most values the pattern.
        is_number = ":" not in value and _NUMBER.fullmatch(value) and not _is_date(value)
        found = _epoch(key, value) if is_number else _iso(key, value)
    elif isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        found = _epoch(key, value)
    else:
        raise InvalidValueError(
            key, value, "must be a time: ISO 8601 text, or seconds, ms, us or ns since 1970"
        )
    if not EARLIEST <= found < LATEST:
        raise InvalidValueError(key, value, "must be a time between the years 2000 and 2100")
    return found


def _is_date(value: str) -> bool:
    return len(value) == 8 and value.isdigit() and value.startswith(("19", "20"))


def _iso(key: str, value: str) -> datetime:
    try:
        return utc(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        raise InvalidValueError(
            key, value, "must be a time: ISO 8601 text, or seconds, ms, us or ns since 1970"
        ) from None


def _epoch(key: str, value: Any) -> datetime:
    # Decimal keeps the microseconds of a float's text, and an int exact.
    epoch = Decimal(value if isinstance(value, int) else str(value))
    if not epoch.is_finite():
        raise InvalidValueError(key, value, "must be a finite number")
    size = abs(epoch)
    unit = 1 if size < 10**11 else 10**3 if size < 10**14 else 10**6 if size < 10**17 else 10**9
    try:
        return EPOCH + timedelta(microseconds=int(epoch * 1_000_000 / unit))
    except OverflowError:
        raise InvalidValueError(key, value, "must be a time between the years 2000 and 2100") from None


def mapping(key: str, value: Any) -> dict[str, Any]:
    """An object with values that are valid JSON; JSON text of an object is taken."""
    if isinstance(value, str):
        if not value.strip():
            return {}
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise InvalidValueError(key, value, "must be a JSON object") from None
    if not isinstance(value, Mapping):
        raise InvalidValueError(key, value, "must be a JSON object")
    return {
        clean(str(name)): item if type(item) in _JSON_PLAIN else plain(item) for name, item in value.items()
    }


def plain(value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 - one line a type
    """`value` as strict JSON can hold it: no NaN, no NUL, no lone surrogates, no endless nesting."""
    if isinstance(value, str):
        return clean(value) if len(value) <= TEXT_LIMIT else clean(value[:TEXT_LIMIT]) + "…"
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth >= MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return {clean(str(name)): plain(item, depth + 1) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, datetime):
        return utc(value).isoformat()
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else str(value)
    return clean(str(value))


def documents(key: str, value: Any) -> tuple[Document, ...]:
    """Documents from a list of objects {id, score, text, relevant}, of texts, or JSON text of such a list."""
    if isinstance(value, str):
        if not value.strip():
            return ()
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise InvalidValueError(
                key, value, "must be a list of objects with id, score, text, relevant"
            ) from None
    if not isinstance(value, (list, tuple)):
        raise InvalidValueError(key, value, "must be a list of objects with id, score, text, relevant")
    return tuple(_document(f"{key}[{n}]", item) for n, item in enumerate(value))


def _document(key: str, item: Any) -> Document:
    if isinstance(item, Document):
        return item
    if isinstance(item, str):
        return Document(text=clean(item)[:TEXT_LIMIT] or None)
    if not isinstance(item, Mapping):
        raise InvalidValueError(key, item, "must be an object with id, score, text, relevant")
    score, relevant = item.get("score"), item.get("relevant")
    content = text(f"{key}.text", "" if item.get("text") is None else item["text"])
    return Document(
        id=text(f"{key}.id", item["id"]) if item.get("id") is not None else None,
        score=None if score is None else number(f"{key}.score", score),
        text=content[:TEXT_LIMIT] if content else None,
        relevant=None if relevant is None else flag(f"{key}.relevant", relevant),
    )
