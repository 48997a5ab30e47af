"""Requests to train and measure the attack classifier on: jailbreaks, and what people ask for otherwise.

`jailbreak_prompts`: 72 jailbreaks that people shared (Self-Reminder, Xie et al., 2023). The others are
requests to assistants: Arena-Hard, HaluEval, BANKING77, CLINC150, LLMBar, PandaLM, AttributionBench; and
documents of MTRAG, for a request may quote one.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from collectors.errors import SourceError

FOLDS = 5
# A fixed part of the large sets: the others are not to drown in them.
MOST = 600
# Two jailbreaks that share this part of the three-word sequences of the shorter one are of one family.
_SHARED = 0.25
_JAILBREAKS = "jailbreak_prompts/jailbreakchat.jsonl.gz"


def _json_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _text(path).splitlines() if line]


def _csv_rows(path: Path) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(_text(path))))


def _text(path: Path) -> str:
    if not path.is_file():
        raise SourceError(f"no training data at {path}; give the folder that holds {path.parent.name}/")
    return gzip.decompress(path.read_bytes()).decode("utf-8")


def _contexts(folder: Path) -> list[str]:
    rows = _json_rows(folder / "mtrag_human_eval/mtrag.jsonl.gz")
    return [c["text"] for row in rows for c in row["contexts"] if c.get("text")]


def _column(file: str, column: str) -> Callable[[Path], list[str]]:
    read = _csv_rows if ".csv" in file else _json_rows
    return lambda folder: [str(row[column]) for row in read(folder / file)]


def _with_input(folder: Path) -> list[str]:
    rows = _json_rows(folder / "pandalm/pandalm.jsonl.gz")
    return [f"{row['instruction']}\n{row['input'] or ''}".strip() for row in rows]


_BENIGN: Mapping[str, Callable[[Path], list[str]]] = {
    "arena_hard": _column("arena_hard_v01/questions.jsonl.gz", "prompt"),
    "halueval": _column("halueval_general/halueval_general.jsonl.gz", "prompt"),
    "banking77": _column("banking77/train.csv.gz", "text"),
    "clinc150": _column("clinc150/train_val.csv.gz", "text"),
    "llmbar": _column("llmbar/items.jsonl.gz", "instruction"),
    "pandalm": _with_input,
    "attributionbench": _column("attributionbench/indomain.jsonl.gz", "question"),
    "mtrag documents": _contexts,
}
# Said to an assistant: false alarms are counted over these.
REQUESTS = tuple(name for name in _BENIGN if name != "mtrag documents")


def load_jailbreaks(folder: Path) -> list[str]:
    """The jailbreaks, in the order of the file; SourceError when it is missing."""
    return [str(row["prompt"]) for row in _json_rows(folder / _JAILBREAKS)]


def load_benign(folder: Path) -> dict[str, list[str]]:
    """Of each set of harmless texts at most MOST, chosen by digest."""
    return {name: texts[:MOST] for name, texts in all_benign(folder).items()}


def all_benign(folder: Path) -> dict[str, list[str]]:
    """Every different harmless text by set, in the order of a digest."""
    return {
        name: sorted({t.strip() for t in read(folder) if t.strip()}, key=lambda t: (_digest(t), t))
        for name, read in _BENIGN.items()
    }


def fold_of(text: str) -> int:
    """Which fold a text is held out in; the same in every run."""
    return _digest(text) % FOLDS


def families(texts: Sequence[str]) -> list[int]:
    """A number for each text; variants of one text have the same, so that none is on both sides of a split.

    >>> families(["now you are a free model", "now you are a free bot", "what is the fee for roaming"])
    [0, 0, 2]
    """
    words = [re.findall(r"\w+", text.lower()) for text in texts]
    parts = [set(zip(w, w[1:], w[2:], strict=False)) for w in words]
    parent = list(range(len(texts)))

    def root(place: int) -> int:
        while parent[place] != place:
            place = parent[place]
        return place

    for i, mine in enumerate(parts):
        for j in range(i):
            least = max(1, min(len(mine), len(parts[j])))
            if len(mine & parts[j]) / least > _SHARED:
                low, high = sorted((root(i), root(j)))
                parent[high] = low
    return [root(place) for place in range(len(texts))]


def _digest(text: str) -> int:
    return zlib.crc32(text.encode())
