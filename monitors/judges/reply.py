"""What an LLM judge said, read strictly: a score is what the reply states, or there is none."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from monitors.judges.categories import Classification
from monitors.judges.rubric import Criterion, Rubric

_FENCED = re.compile(r"\A```(?:json)?\s*\n(.*)\n\s*```\Z", re.DOTALL)
_MAX_RATIONALE = 500


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One criterion of a reply: a score with its rationale, or the reason why there is none."""

    criterion: str
    score: int | None = None
    rationale: str | None = None
    reason: str | None = None


class UnreadableReplyError(Exception):
    """The reply is no JSON object; the message says why, without quoting it."""


def read_reply(text: str | None, rubric: Rubric) -> list[Verdict]:
    """One verdict for each criterion, in the rubric's order; UnreadableReplyError if it is no JSON object.

    The object may stand in one Markdown code fence. Words before or after it, NaN and keys given twice
    make the reply unreadable; a wrong type, a score off the scale or a missing criterion leave only that
    criterion without a score.
    """
    found = read_object(text)
    return [_verdict(found, criterion) for criterion in rubric.criteria]


def read_object(text: str | None) -> dict[str, Any]:
    """The one JSON object of a reply, read strictly; UnreadableReplyError when it is anything else."""
    body = (text or "").strip()
    if not body:
        raise UnreadableReplyError("empty")
    fenced = _FENCED.match(body)
    try:
        found = json.loads(
            fenced.group(1) if fenced else body, parse_constant=_no_constants, object_pairs_hook=_once
        )
    except (ValueError, RecursionError) as error:
        problem = str(error) if isinstance(error, _StrictError) else "not JSON"
        raise UnreadableReplyError(problem) from error
    if not isinstance(found, dict):
        raise UnreadableReplyError(f"{_kind(found)} instead of an object")
    return found


class _StrictError(ValueError):
    """JSON that Python would take and that no judge should send."""


def _verdict(found: dict[str, Any], criterion: Criterion) -> Verdict:
    name = criterion.name
    if name not in found:
        return Verdict(criterion=name, reason="missing in the reply")
    entry = found[name]
    if not isinstance(entry, dict):
        return Verdict(criterion=name, reason=f"wrong type: {_kind(entry)} instead of an object")
    rationale = entry.get("rationale")
    if not isinstance(rationale, str) or not rationale.strip():
        return Verdict(criterion=name, reason="no rationale")
    line = " ".join(rationale.split())[:_MAX_RATIONALE]
    grade = _category(entry, criterion) if isinstance(criterion, Classification) else _score(entry, criterion)
    if isinstance(grade, str):
        return Verdict(criterion=name, rationale=line, reason=grade)
    return Verdict(criterion=name, score=grade, rationale=line)


def _score(entry: dict[str, Any], criterion: Criterion) -> int | str:
    """The grade, or why there is none."""
    score = entry.get("score")
    # True is an int to Python; a judge that says true has not given a grade.
    whole = int(score) if isinstance(score, float) and score.is_integer() else score
    if isinstance(whole, bool) or not isinstance(whole, int):
        return "no score" if score is None else f"wrong type: score is {_kind(score)}"
    if whole not in criterion.grades:
        return f"out of range: outside {criterion.lowest} to {criterion.highest}"
    return whole


def _category(entry: dict[str, Any], criterion: Classification) -> int | str:
    """The grade of the category, or why there is none."""
    said = entry.get("category")
    if not isinstance(said, str):
        return "no category" if said is None else f"wrong type: category is {_kind(said)}"
    category = criterion.category(said)
    if category is None:
        return f"out of range: none of {', '.join(criterion.categories)}"
    grade = criterion.categories[category]
    return f"{category}: the judge cannot tell" if grade is None else grade


def _kind(value: Any) -> str:
    names = {
        bool: "a boolean",
        int: "a number",
        float: "a fraction",
        str: "a string",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(value), "null")


def _no_constants(name: str) -> float:
    raise _StrictError(f"{name} is not a number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise _StrictError("a key is given twice")
    return dict(pairs)
