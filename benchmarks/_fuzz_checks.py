"""What must hold whatever a decoder is given: a reasoned refusal or sound records, and no lost neighbour."""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from random import Random
from typing import Any

from benchmarks._mutations import mutated, mutated_line
from benchmarks._mutations_binary import mutated_parquet, mutated_protobuf
from collectors.errors import SourceError
from collectors.model import Annotation, Feedback, Span
from collectors.sources.base import SOURCES, Bad, Item, LineSource, Skipped, SourceContext, SpanContent

ROOT = Path(__file__).resolve().parents[1]
SEEDS = ROOT / "tests" / "collectors" / "seeds"
CONTEXT = SourceContext(source="fuzz")
_ITEMS = (Span, Feedback, Annotation, SpanContent, Bad, Skipped)
_RAW_LIMIT = 2_000
SLOW_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Seed:
    """A sound file of one source."""

    source: str
    suffix: str
    content: bytes

    @property
    def kind(self) -> str:
        """Which decoder it goes through: a source may have one for text and one for bytes."""
        return f"{self.source} ({self.suffix})"


def seeds(folder: Path = SEEDS) -> list[Seed]:
    """The committed sound files: a folder a source."""
    return [
        Seed(source=path.parent.name, suffix=path.suffix, content=path.read_bytes())
        for path in sorted(folder.glob("*/*"))
    ]


class BrokenRuleError(AssertionError):
    """A rule that does not hold."""


def read(source: str, content: bytes, path: Path) -> list[Item]:
    """What the source makes of the content; `path` is written."""
    path.write_bytes(content)
    return list(SOURCES.get(source).read(path, CONTEXT))


def attempt(seed: Seed, number: int, others: Sequence[bytes], folder: Path) -> list[Item]:
    """One case, the same for the same number: the records, or none when the file was refused."""
    random = Random(f"{seed.kind}:{number}")
    path = folder / f"file{seed.suffix}"
    lines = seed.content.splitlines() if random.random() < 0.5 else []
    if len(lines) > 1 and (seed.source == "csv" or _in_lines(seed, path)):
        return _among_neighbours(seed, lines, random, others, path)
    whole = {".pb": mutated_protobuf, ".parquet": mutated_parquet}.get(seed.suffix)
    if whole is not None and random.random() < 0.7:
        content = whole(seed.content, random)
    else:
        content = mutated(seed.content, random, others)
    return _within_time(seed, content, path)


def _among_neighbours(
    seed: Seed, lines: list[bytes], random: Random, others: Sequence[bytes], path: Path
) -> list[Item]:
    """A broken line between two sound ones: what they say must still be there."""
    head = lines[:1] if seed.source == "csv" else []
    good = random.choice(lines[len(head) :])
    broken = mutated_line(random.choice(lines[len(head) :]), random, others)
    alone = _records(read(seed.source, b"\n".join([*head, good]) + b"\n", path))
    found = _within_time(seed, b"\n".join([*head, good, broken, good]) + b"\n", path)
    records = _records(found)
    count = len(alone)
    if len(records) < 2 * count or records[:count] != alone or records[len(records) - count :] != alone:
        raise BrokenRuleError(
            f"a neighbour of a broken line is lost: {len(records)} records, {count} are sound on either side"
        )
    return found


def _records(items: Sequence[Item]) -> list[Item]:
    return [item for item in items if not isinstance(item, (Bad, Skipped))]


def _in_lines(seed: Seed, path: Path) -> bool:
    source = SOURCES.get(seed.source)
    path.write_bytes(seed.content)
    return isinstance(source, LineSource) and source.in_lines(path)


def _within_time(seed: Seed, content: bytes, path: Path) -> list[Item]:
    began = time.monotonic()
    try:
        found = read(seed.source, content, path)
    except SourceError as error:
        if not str(error).strip():
            raise BrokenRuleError("a refusal that says nothing") from error
        found = []
    head = content[:65_536]
    for name, source in SOURCES.all():
        if not 0.0 <= source.detect(path, head) <= 1.0:
            raise BrokenRuleError(f"{name} is surer than sure")
    if time.monotonic() - began > SLOW_S:
        raise BrokenRuleError(f"took {time.monotonic() - began:.0f} s for {len(content):,} bytes")
    for item in found:
        sound(item)
    return found


def sound(item: Item) -> None:
    """BrokenRuleError when an item is none, or holds what the warehouse and its readers cannot."""
    if not isinstance(item, _ITEMS):
        raise BrokenRuleError(f"{type(item).__name__} is no item")
    if isinstance(item, Bad):
        if not item.reason.strip():
            raise BrokenRuleError("a record set aside without a reason")
        if len(item.raw) > _RAW_LIMIT or len(item.reason) > _RAW_LIMIT:
            raise BrokenRuleError(
                f"a reason of {len(item.reason):,} or a record of {len(item.raw):,} characters"
            )
    for field in fields(item):
        _valid(field.name, getattr(item, field.name))
    if isinstance(item, Span):
        json.dumps([item.attributes, item.parameters, item.resource_use], allow_nan=False)


def _valid(name: str, value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise BrokenRuleError(f"{name} holds NUL")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise BrokenRuleError(f"{name} holds a lone surrogate") from error
    elif isinstance(value, float) and not math.isfinite(value):
        raise BrokenRuleError(f"{name} = {value}")


def cases(seed: Seed, others: Sequence[bytes], first: int = 0) -> Iterator[tuple[int, list[Item]]]:
    """Case after case, for ever: its number, and the records that came out of it."""
    with tempfile.TemporaryDirectory(prefix="chainwatch-fuzz-") as folder:
        number = first
        while True:
            yield number, attempt(seed, number, others, Path(folder))
            number += 1
