"""Files that people label in: CSV for spreadsheets, JSON lines for tools. Texts go out, scores come back."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from collectors.errors import ChainwatchError, ConfigError

COLUMNS = (
    "trace_id",
    "span_id",
    "criterion",
    "score",
    "comment",
    "author",
    "chain",
    "component",
    "started_at",
    "question",
    "answer",
    "documents",
    "reference",
)
# A spreadsheet would run a cell that begins so; log text may be made to.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TEXTS = ("question", "answer", "documents", "reference")
_SUFFIXES = (".csv", ".jsonl")


def write_queue(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write answers to label, one a line; ChainwatchError when the file is there or cannot be made."""
    _need_suffix(path)
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            if path.suffix == ".jsonl":
                file.writelines(json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows)
                return
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows({name: _cell(name, value) for name, value in row.items()} for row in rows)
    except FileExistsError as error:
        raise ChainwatchError(f"{path} is there already; it may hold labels, so name another file") from error
    except OSError as error:
        raise ChainwatchError(f"cannot write {path}: {error.strerror}") from error


def read_labels(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Line number and record of a labelled file; instead of a record the reason, where there is none.

    ConfigError for a file that is no table of labels.
    """
    _need_suffix(path)
    if not path.is_file():
        raise ConfigError(f"{path}: no such file")
    # Spreadsheets put a mark in front of UTF-8.
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        if path.suffix == ".csv":
            header = file.readline()
            file.seek(0)
            # Where the comma is a decimal mark, spreadsheets write semicolons.
            reader = csv.DictReader(file, delimiter=max(",;\t", key=header.count))
            _need_columns(path, reader.fieldnames or ())
            for record in reader:
                yield reader.line_num, {k: v for k, v in record.items() if isinstance(k, str)}
            return
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except ValueError:
                yield number, "not JSON"
                continue
            yield number, found if isinstance(found, dict) else "not a JSON object"


def _cell(name: str, value: Any) -> Any:
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return "'" + text if name in _TEXTS and text.startswith(_FORMULA) else text


def _need_suffix(path: Path) -> None:
    if path.suffix not in _SUFFIXES:
        raise ConfigError(f"{path}: labels come in {' or '.join(_SUFFIXES)} files")


def _need_columns(path: Path, names: Sequence[str]) -> None:
    missing = [name for name in ("trace_id", "score") if name not in names]
    if missing:
        raise ConfigError(
            f"{path}: no column {', '.join(missing)}; a table of labels has trace_id, score, "
            "and span_id, criterion, author, comment where they are not the same for all"
        )
