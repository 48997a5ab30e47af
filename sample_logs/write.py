"""The sample as files: JSON lines in the documented schema, and the truth beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from collectors.model import Document, Feedback, Span
from monitors.result import Window
from sample_logs.truth import SampleLogs, Truth, TruthIncident

FILES = ("production.jsonl", "evaluation.jsonl", "feedback.jsonl", "truth.json")
_SPAN_FIELDS = tuple(f.name for f in fields(Span) if f.name not in ("source", "ingested_at"))
_FEEDBACK_FIELDS = tuple(f.name for f in fields(Feedback) if f.name not in ("source", "ingested_at"))


def write(logs: SampleLogs, folder: Path) -> list[Path]:
    """Write production, evaluation set, feedback and truth into `folder`; returns the files in that order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in FILES]
    _lines(paths[0], (span_line(s) for s in logs.spans))
    _lines(paths[1], (span_line(s) for s in logs.evaluation))
    _lines(paths[2], (feedback_line(f) for f in logs.feedback))
    paths[3].write_text(json.dumps(truth_json(logs.truth), indent=2, ensure_ascii=False) + "\n", "utf-8")
    return paths


def span_line(span: Span) -> dict[str, Any]:
    """A span in the JSONL schema: what is unknown is left out."""
    return _filled({name: getattr(span, name) for name in _SPAN_FIELDS})


def feedback_line(feedback: Feedback) -> dict[str, Any]:
    """A feedback in the JSONL schema."""
    return {"type": "feedback", **_filled({name: getattr(feedback, name) for name in _FEEDBACK_FIELDS})}


def truth_json(truth: Truth) -> dict[str, Any]:
    """The faults, the quiet periods and the whole period, as JSON."""
    return {
        "period": _plain(asdict(truth.period)),
        "incidents": [_plain(asdict(t)) for t in truth.incidents],
        "quiet": [_plain(asdict(w)) for w in truth.quiet],
    }


def read_truth(path: Path) -> Truth:
    """What `write` put into truth.json."""
    raw = json.loads(path.read_text("utf-8"))
    return Truth(
        period=Window(**_times(raw["period"])),
        incidents=tuple(TruthIncident(**_times(t)) for t in raw["incidents"]),
        quiet=tuple(Window(**_times(w)) for w in raw["quiet"]),
    )


def _lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
            file.write("\n")


def _filled(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _value(value) for key, value in record.items() if value is not None and value not in ((), {})
    }


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_filled(asdict(item)) if isinstance(item, Document) else item for item in value]
    return value


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in record.items()}


def _times(record: Mapping[str, Any]) -> dict[str, Any]:
    names = ("started_at", "ended_at", "start", "end")
    return {
        key: datetime.fromisoformat(value) if key in names and value is not None else value
        for key, value in record.items()
    }
