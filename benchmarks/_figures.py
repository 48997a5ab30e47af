"""Figures as every benchmark tells them: a list of {name, value, unit, bar, holds}, or a line each."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

Figure = dict[str, object]


def figure(name: str, value: object, unit: str, *, bar: object = None, holds: bool | None = None) -> Figure:
    """One figure; without a bar there is nothing that could hold."""
    return {"name": name, "value": value, "unit": unit, "bar": bar, "holds": holds}


def tell(figures: Sequence[Figure], *, as_json: bool) -> None:
    """Print them."""
    if as_json:
        print(json.dumps(figures, indent=2))
        return
    for one in figures:
        verdict = "" if one["holds"] is None else f"bar {one['bar']}  {'ok' if one['holds'] else 'MISSED'}"
        print(f"{one['name']:<48} {one['value']!s:>12} {one['unit']:<8} {verdict}".rstrip())


def tell_each(figures: Iterable[Figure], *, as_json: bool) -> list[Figure]:
    """Print each as soon as it is there; as JSON, all of them at the end. Returns them."""
    told = []
    for one in figures:
        told.append(one)
        if not as_json:
            tell([one], as_json=False)
            sys.stdout.flush()
    if as_json:
        tell(told, as_json=True)
    return told


def finished(path: Path | None) -> list[dict[str, Any]]:
    """The finished lines of a file that a benchmark goes on with; one that was cut off is left out."""
    found = []
    for text in path.read_text().splitlines() if path is not None and path.exists() else []:
        try:
            found.append(json.loads(text))
        except json.JSONDecodeError:
            continue
    return found
