"""The small sample that the repository carries: the first traces of a short, quiet run."""

from __future__ import annotations

import json
from pathlib import Path

from sample_logs.generate import START, generate
from sample_logs.otlp import otlp_lines
from sample_logs.write import feedback_line, span_line

SPANS = 300
OTLP_TRACES = 20
FOLDER = Path(__file__).parent / "data"


def small_files() -> dict[str, str]:
    """File name to content: 50 traces and their feedback as JSON lines, 20 of them as OTLP JSON."""
    logs = generate(seed=3, start=START, days=1, requests_per_day=120, incidents=())
    traces = list(dict.fromkeys(s.trace_id for s in logs.spans))[: SPANS // 6]
    spans = [s for s in logs.spans if s.trace_id in set(traces)]
    rows = [span_line(s) for s in spans]
    rows += [feedback_line(f) for f in logs.feedback if f.trace_id in set(traces)]
    few = set(traces[:OTLP_TRACES])
    return {
        "sample.jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
        "sample_otlp.json": "".join(
            line + "\n" for line in otlp_lines(s for s in spans if s.trace_id in few)
        ),
    }


def main() -> None:
    """Write the files: `python -m sample_logs.small` after the generator changed."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in small_files().items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
