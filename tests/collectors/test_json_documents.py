"""JSON files of any layout, and what their first bytes tell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from collectors.errors import SourceError
from collectors.sources import _json_documents
from collectors.sources._json_documents import Document, documents
from collectors.sources._outline import keys_under, outline
from collectors.sources.base import Bad


def read(folder: Path, text: str) -> list[Document | Bad]:
    path = folder / "file.json"
    path.write_text(text, encoding="utf-8")
    return list(documents(path))


def values(found: list[Document | Bad]) -> list[object]:
    return [
        (item.line, item.value) if isinstance(item, Document) else (item.line, item.problem) for item in found
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ('{"a": 1}', [(1, {"a": 1})]),
        ('\ufeff{"a": 1}\n\n{"a": 2}\n', [(1, {"a": 1}), (3, {"a": 2})]),
        ('{\n"a": 1\n}', [(None, {"a": 1})]),
        ('[\n{"a": 1},\n{"a": 2}\n]\n', [(None, [{"a": 1}, {"a": 2}])]),
        ('{\n"a": 1\n}\n{\n"a": 2\n}', [(None, {"a": 1}), (None, {"a": 2})]),
        ('{"a": 1}\n{"a": \n{"a": 3}\n', [(1, {"a": 1}), (2, "not JSON"), (3, {"a": 3})]),
        ('{"a": \n{"a": 2}\n', [(1, "not JSON"), (2, {"a": 2})]),
        ('{\n"a": 1\n}\n{\n"a": ', [(None, {"a": 1}), (None, "not JSON")]),
    ],
)
def test_layouts(tmp_path: Path, text: str, expected: list[object]) -> None:
    assert values(read(tmp_path, text)) == expected


def test_no_json_at_all_and_one_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match=r"file\.json: not JSON: "):
        read(tmp_path, "{\n'a': 1\n}")
    with pytest.raises(SourceError, match="not JSON"):
        read(tmp_path, "[" * 100_000)
    monkeypatch.setattr(_json_documents, "WHOLE_LIMIT", 100)
    with pytest.raises(SourceError, match="one document of more than 100 bytes"):
        read(tmp_path, json.dumps({"a": "x" * 200}, indent=1))
    # Lines have no limit but their own.
    assert len(read(tmp_path, '{"a": 1}\n' * 100)) == 100


def test_an_outline_sees_keys_and_not_words_in_texts() -> None:
    head = json.dumps({"x": '{"runs": [{"run_type": 1}]}', "data": [{"id": 1}, {"type": "A"}, {"type": "B"}]})
    found = outline(head.encode())
    assert keys_under(found, "data[]") == {"id": "1", "type": "A"}
    assert "run_type" not in "".join(found)
    # Cut anywhere, it never says what is not there.
    for end in range(len(head)):
        assert set(outline(head[:end].encode())) <= set(found)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\x00\xff\xfe",
        b'"',
        b'"' + b"\\" * 60_000,
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b"a,b\n1,2",
        b"}}]]{",
    ],
)
def test_an_outline_of_anything_ends(head: bytes) -> None:
    assert all(isinstance(key, str) for key in outline(head))
