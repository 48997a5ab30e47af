"""Reading a text as one source's file, and what came of it by kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from collectors.files import head
from collectors.model import Annotation, Feedback, Span
from collectors.sources.base import HEAD_BYTES, SOURCES, Bad, Item, Skipped, SourceContext


class Read:
    """The items of one file, sorted."""

    def __init__(self, items: list[Item]) -> None:
        self.spans = [item for item in items if isinstance(item, Span)]
        self.feedback = [item for item in items if isinstance(item, Feedback)]
        self.annotations = [item for item in items if isinstance(item, Annotation)]
        self.bad = [item for item in items if isinstance(item, Bad)]
        self.skipped = [item for item in items if isinstance(item, Skipped)]

    @property
    def span(self) -> Span:
        (only,) = self.spans
        return only

    def named(self, name: str) -> Span:
        (only,) = [span for span in self.spans if span.name == name]
        return only


def scores(path: Path) -> dict[str, float]:
    """Every source that thinks the file could be its own, and how sure it is."""
    first = head(path, HEAD_BYTES)
    found = {name: source.detect(path, first) for name, source in SOURCES.all()}
    return {name: score for name, score in found.items() if score > 0}


def read(name: str, folder: Path, content: Any, *, file: str = "given.json") -> Read:
    """Content (a value, a list of lines as values, or text) read by the source `name`, as it is detected."""
    path = folder / file
    if isinstance(content, str):
        text = content
    elif file.endswith(".jsonl"):
        text = "".join(json.dumps(line) + "\n" for line in content)
    else:
        text = json.dumps(content, indent=2)
    path.write_text(text, encoding="utf-8")
    assert max(scores(path).items(), key=lambda pair: pair[1])[0] == name
    return Read(list(SOURCES.get(name).read(path, SourceContext(source=f"{name}:test"))))


def check(item: object, **expected: object) -> None:
    assert {key: getattr(item, key) for key in expected} == expected
