"""Trace files with any one value replaced by a hostile one: what is broken is set aside, the rest arrives."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langfuse_export import CONTAINERS, GENERATION, ROOT, TRACE, score
from langsmith_export import CHILD, EXPORT, feedback, patch, post
from test_source_jaeger import page, span

from collectors.errors import SourceError
from collectors.model import Annotation, Feedback, Span
from collectors.sources.base import SOURCES, Bad, Item, SourceContext

FILES: dict[str, tuple[str, Any]] = {
    "UI download": ("langfuse", CONTAINERS["UI download"]),
    "tables": ("langfuse", CONTAINERS["tables"]),
    "scores": (
        "langfuse",
        {"trace": {**TRACE, "scores": [score(1, name="a", value=1)]}, "observations": [ROOT]},
    ),
    "batch": ("langsmith", {"post": [post(), post(CHILD)], "patch": [patch(), patch(CHILD)]}),
    "runs": ("langsmith", {"runs": EXPORT, "feedback": [feedback(1, "api", score=1)]}),
    "jaeger": ("jaeger", page(span(), span("eee19b7ec3c1b199"))),
}
HOSTILE: st.SearchStrategy[Any] = st.sampled_from(
    [
        None, True, 0, -1, 10**400, 1e308, float("nan"), float("inf"), "", "\x00", "\ud800", "x" * 2_000,
        "[" * 500, "{", '{"a": {"b": 1}}', [], {}, [[[]]], [None], {"id": None}, {"": ""}, "2026-13-45",
        "9" * 30,
    ]
)  # fmt: skip


TAKEN = (Span, Feedback, Annotation)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value below the top."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def replaced(content: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(content)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return changed


def read(name: str, text: str) -> list[Item]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.json"
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        return list(SOURCES.get(name).read(path, SourceContext(source="fuzz")))


@pytest.mark.parametrize("file", FILES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_one_hostile_value_costs_one_record_at_most(file: str, data: st.DataObject) -> None:
    name, content = FILES[file]
    whole = [item for item in read(name, json.dumps(content)) if isinstance(item, TAKEN)]
    path = data.draw(st.sampled_from(list(places(content))))
    found = read(name, json.dumps(replaced(content, path, data.draw(HOSTILE))))
    taken = [item for item in found if isinstance(item, TAKEN)]
    bad = [item for item in found if isinstance(item, Bad)]
    # A list or object that holds others may take them with it; a value inside a record takes that record.
    inside = sum(isinstance(step, int) for step in path) > (1 if file in ("UI download", "jaeger") else 0)
    if inside and not isinstance(path[-1], int) and "child_runs" not in path:
        assert len(taken) >= len(whole) - 1, (path, [item.reason for item in bad])
    for item in bad:
        assert item.reason
        assert len(item.raw) <= 2_000
        item.raw.encode("utf-8")


@pytest.mark.parametrize("file", FILES)
def test_a_file_cut_off_anywhere_says_so(file: str) -> None:
    name, content = FILES[file]
    text = json.dumps(content)
    for end in range(1, len(text), max(1, len(text) // 40)):
        with pytest.raises(SourceError, match="not JSON"):
            read(name, text[:end])


@pytest.mark.parametrize("name", ["langfuse", "langsmith", "jaeger"])
@pytest.mark.parametrize(
    "content", [[], {}, 7, None, "x", [[[[[[[[[[]]]]]]]]]], {"data": {"data": 1}}, GENERATION]
)
def test_json_of_other_things(name: str, content: Any) -> None:
    found = read(name, json.dumps(content, indent=1))
    assert all(isinstance(item, (Bad, Span)) for item in found)
