"""Real texts without personal data, and the sample's own, for the benchmark of redaction."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from collectors.model import Span

TEXT = 1_100


def unlabelled(data: Path) -> Iterator[tuple[str, list[str]]]:
    """Real texts that hold no personal data, as far as their publishers say."""
    for name, file in (
        ("clinc150", "clinc150/train_val.csv.gz"),
        ("banking77", "banking77/train.csv.gz"),
        ("sib200", "sib200/sib200.csv.gz"),
    ):
        if (data / file).is_file():
            with gzip.open(data / file, "rt", encoding="utf-8", newline="") as opened:
                yield name, [row["text"] for row in csv.DictReader(opened)]
    path = data / "arena_hard_v01" / "questions.jsonl.gz"
    if path.is_file():
        with gzip.open(path, "rt", encoding="utf-8") as opened:
            yield "arena_hard queries", [json.loads(line)["prompt"] for line in opened]


def own_traffic(spans: Sequence[Span]) -> list[str]:
    """Questions, answers and documents of the sample assistant; people in it give phone numbers."""
    texts = [t for s in spans for t in (s.input_text, s.output_text, *(d.text for d in s.documents)) if t]
    return list(dict.fromkeys(texts))


def long_texts(texts: Sequence[str], count: int) -> list[str]:
    """Distinct texts of about 1.1 KB: texts drawn at random and joined, cut where they are longer."""
    rng = random.Random(7)
    made = []
    for _ in range(count):
        joined = rng.choice(texts)
        while len(joined) < TEXT:
            joined += "\n" + rng.choice(texts)
        start = rng.randrange(max(1, len(joined) - TEXT))
        made.append(joined[start : start + TEXT])
    return made
