"""What a judge has spent since its ledger was last written: a file beside the warehouse.

A line stands there before its request is sent, at the worst case, and another when the bill is known. So a
judge that is killed in the middle leaves what it took, and the caps of the day know of it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple


class Taken(NamedTuple):
    """Calls, tokens and dollars. cost_usd: None while there are no prices."""

    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None


class Journal:
    """Written by one process at a time, under the judge's lock, and by its budgets under theirs."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path = path
        self._clock = clock

    def note(self, judge_run_id: str, taken: Taken) -> None:
        """Add a line. It is in the system's hands before this returns, so it outlives the process."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([judge_run_id, *taken, self._clock().isoformat()]) + "\n")

    def clear(self) -> None:
        """The ledger has it all."""
        self._path.unlink(missing_ok=True)

    def left(self) -> dict[str, tuple[Taken, datetime]]:
        """What each run took that is not in the ledger, and when. A line that was cut off is left out."""
        lines = self._path.read_text("utf-8").splitlines() if self._path.exists() else []
        found: dict[str, list[Taken]] = defaultdict(list)
        last: dict[str, datetime] = {}
        for line in lines:
            try:
                run, *numbers, at = json.loads(line)
                taken, when = Taken(*numbers), datetime.fromisoformat(at)
            except (TypeError, ValueError):
                continue
            found[run].append(taken)
            last[run] = when
        return {run: (_sum(parts), last[run]) for run, parts in found.items()}


def _sum(parts: list[Taken]) -> Taken:
    costs = [part.cost_usd for part in parts if part.cost_usd is not None]
    return Taken(
        calls=sum(part.calls for part in parts),
        input_tokens=sum(part.input_tokens for part in parts),
        output_tokens=sum(part.output_tokens for part in parts),
        cost_usd=sum(costs) if costs else None,
    )
