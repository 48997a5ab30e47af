"""Redaction: what it finds of what there is, what it takes for something that it is not, and what it costs.

Precision and recall by kind on labelled texts; finds in real texts that hold no personal data; microseconds
of CPU for a KB of text without any. Needs the sets: --data FOLDER, default ../shared/data.

    python benchmarks/privacy.py [--data DIR] [--quick] [--json] [--show]
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import pyarrow as pa
import pyarrow.compute as pc
from _real_texts import long_texts, own_traffic, unlabelled

from collectors.home import Home
from collectors.ingest_batch import Batch
from collectors.model import Span
from collectors.privacy.config import PrivacyConfig
from collectors.privacy.privacy import Privacy
from sample_logs.generate import generate

ROOT = Path(__file__).resolve().parents[1]
# The labelled set's names, and ours. Types that are not here have no form that a pattern could know.
KINDS = {
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "CREDIT_CARD": "CARD",
    "IBAN_CODE": "IBAN",
    "US_SSN": "US_SSN",
    "IP_ADDRESS": "IP_ADDRESS",
}
# Sets whose publishers took personal data out, or that never had any. Users' own questions may hold some.
WITHOUT = ("clinc150", "banking77", "sib200")
MOST_FALSE = 1.0  # texts changed of a thousand without personal data
MOST_US_PER_KB = 8.0
OWN = "sample_logs"
_FIRST = 400


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table; `bar` None means that it stands there for comparison."""

    name: str
    value: float | None
    unit: str
    bar: str | None = None
    holds: bool | None = None


@dataclass
class Tally:
    """Counts of one kind."""

    labelled: int = 0
    touched: int = 0
    exact: int = 0
    finds: int = 0
    right: int = 0
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def labelled(privacy: Privacy, path: Path) -> tuple[dict[str, Tally], dict[str, int]]:
    """Tallies of the kinds with a form; and how many labels of other kinds there are."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    others: dict[str, int] = defaultdict(int)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for record in map(json.loads, file):
            _compare(privacy, record, tallies, others)
    return dict(tallies), dict(others)


def _compare(
    privacy: Privacy, record: dict[str, Any], tallies: dict[str, Tally], others: dict[str, int]
) -> None:
    text, finds = record["text"], privacy.finds(record["text"])
    for span in record["spans"]:
        tag = KINDS.get(span["type"])
        if tag is None:
            others[span["type"]] += 1
            continue
        tally = tallies[tag]
        tally.labelled += 1
        # Any tag counts: what matters is that it is gone. Exact asks for the kind and both ends.
        if any(start < span["end"] and span["start"] < end for start, end, _ in finds):
            tally.touched += 1
        else:
            tally.missed.append(_around(text, span["start"], span["end"]))
        tally.exact += (span["start"], span["end"], f"[{tag}]") in finds
    for start, end, found in finds:
        tally = tallies[found.strip("[]")]
        tally.finds += 1
        if any(
            KINDS.get(span["type"]) == found.strip("[]") and start < span["end"] and span["start"] < end
            for span in record["spans"]
        ):
            tally.right += 1
        else:
            tally.wrong.append(_around(text, start, end))


def _around(text: str, start: int, end: int) -> str:
    return f"{text[max(0, start - 25) : start]!r} >{text[start:end]!r}< {text[end : end + 15]!r}"


def cost(privacy: Privacy, texts: Sequence[str], spans: int, rounds: int) -> tuple[float, float]:
    """CPU microseconds: the search for a KB of text, and all there is to do for a span; the median round."""
    parts = [texts[n : n + spans] for n in range(0, len(texts), spans)]
    batches = [_batch(part) for part in parts]
    size = sum(len(text.encode("utf-8")) for text in texts) / 1024
    search, whole = [], []
    for _ in range(rounds):
        began = time.process_time()
        for part in parts:
            privacy.changes(part)
        middle = time.process_time()
        for batch in batches:
            privacy.batch(batch)
        search.append((middle - began) * 1e6 / size)
        whole.append((time.process_time() - middle) * 1e6 / len(texts))
    return statistics.median(search), statistics.median(whole)


def yardstick(texts: Sequence[str]) -> float:
    """CPU microseconds for a KB of the simplest search there is: what the machine can do just now."""
    column = pa.array(texts, pa.large_string())
    spent = []
    for _ in range(5):
        began = time.process_time()
        pc.match_substring_regex(column, pattern="[0-9]{3}")
        spent.append((time.process_time() - began) * 1e6 * 1024 / column.nbytes)
    return statistics.median(spent)


def _batch(texts: Sequence[str]) -> Batch:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return Batch(
        spans=[
            Span(
                trace_id=f"{n:032x}", span_id=f"{n:016x}", component="generator", name="chat", started_at=at,
                input_text=text, user_id=f"u{n % 500}", session_id=f"s{n}",
                attributes={"gen_ai.request.model": "m", "gen_ai.operation.name": "chat"},
            )
            for n, text in enumerate(texts)
        ]
    )  # fmt: skip


def rows(data: Path, *, quick: bool, show: bool) -> Iterator[Row]:
    """Every figure of the table."""
    with tempfile.TemporaryDirectory() as folder:
        privacy = Privacy.from_config(PrivacyConfig(), {}, Home(Path(folder)))
        tallies, others = labelled(privacy, data / "pii_presidio" / "pii.jsonl.gz")
        for tag, tally in sorted(tallies.items()):
            if tally.labelled:
                yield Row(name=f"{tag}: labelled", value=tally.labelled, unit="spans")
                yield Row(name=f"{tag}: recall, touched", value=tally.touched / tally.labelled, unit="share")
                yield Row(name=f"{tag}: recall, exact", value=tally.exact / tally.labelled, unit="share")
            precision = tally.right / tally.finds if tally.finds else None
            yield Row(name=f"{tag}: precision of {tally.finds} finds", value=precision, unit="share")
            if show:
                print(*(f"  missed {tag} {each}" for each in tally.missed), sep="\n", file=sys.stderr)
                print(*(f"  wrong {tag} {each}" for each in tally.wrong), sep="\n", file=sys.stderr)
        for kind, count in sorted(others.items()):
            yield Row(name=f"{kind}: no form of its own, not looked for", value=count, unit="spans")
        own = generate(days=2 if quick else 7, incidents=()).spans
        sets = [*unlabelled(data), (OWN, own_traffic(own))]
        for name, texts in sets:
            yield from _changed(privacy, name, texts, show=show)
        for name, texts in sets:
            pieces = long_texts(texts, 2_000 if quick else 5_000)
            for spans in (400, 2_000, 5_000)[: 2 if quick else 3]:
                yield from _costs(privacy, name, pieces, spans, rounds=3)
        yield _as_sent(privacy, own, 3)


def _as_sent(privacy: Privacy, spans: Sequence[Span], rounds: int) -> Row:
    """What the sample's spans cost, whose questions and documents come again in several spans."""
    batches = [Batch(spans=list(spans[n : n + 2_000])) for n in range(0, len(spans), 2_000)]
    spent = []
    for _ in range(rounds):
        began = time.process_time()
        for batch in batches:
            privacy.batch(batch)
        spent.append((time.process_time() - began) * 1e6 / len(spans))
    return Row(
        name=f"CPU for a span, {OWN} as it is sent ({len(spans):,} spans), 2,000 spans a batch: everything",
        value=statistics.median(spent), unit="us",
    )  # fmt: skip


def _changed(privacy: Privacy, name: str, texts: list[str], *, show: bool) -> Iterator[Row]:
    changed = privacy.changes(texts)
    finds = [(text, find) for text in changed for find in privacy.finds(text)]
    if show:
        for text, (start, end, tag) in finds:
            print(f"  in {name}: {tag} {_around(text, start, end)}", file=sys.stderr)
    share = 1000 * len(changed) / len(texts)
    clean = name in WITHOUT
    yield Row(
        name=f"texts changed of 1,000, {name} ({len(texts):,} texts)", value=share, unit="texts",
        bar=f"<= {MOST_FALSE:g}" if clean else None, holds=share <= MOST_FALSE if clean else None,
    )  # fmt: skip
    if name == OWN:
        # The sample's people do give numbers and addresses; nothing else of a form is in its texts.
        other = sum(tag not in ("[PHONE]", "[EMAIL]") for _, (_, _, tag) in finds)
        yield Row(name=f"finds in {OWN} that are no e-mail and no phone number", value=other, unit="finds",
                  bar="0", holds=other == 0)  # fmt: skip


def _costs(privacy: Privacy, name: str, pieces: list[str], spans: int, *, rounds: int) -> Iterator[Row]:
    spent = cost(privacy, pieces, spans, rounds)
    if spans == _FIRST:
        yield Row(
            name=f"yardstick: one search for three digits, {name}, CPU for a KB",
            value=yardstick(pieces),
            unit="us",
        )
    bar = name in WITHOUT and spans > 400
    yield Row(
        name=f"CPU for a KB, {name}, {spans:,} spans a batch: search", value=spent[0], unit="us",
        bar=f"<= {MOST_US_PER_KB:g}" if bar else None, holds=spent[0] <= MOST_US_PER_KB if bar else None,
    )  # fmt: skip
    yield Row(name=f"CPU for a span, {name}, {spans:,} spans a batch: everything", value=spent[1], unit="us")


def table(found: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | value | unit | bar | holds |", "|---|---|---|---|---|"]
    for row in found:
        value = "none" if row.value is None else f"{row.value:,.3f}".rstrip("0").rstrip(".")
        holds = "" if row.holds is None else "yes" if row.holds else "**no**"
        lines.append(f"| {row.name} | {value} | {row.unit} | {row.bar or ''} | {holds} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--show", action="store_true", help="print what was missed and what was taken wrongly"
    )
    options = parser.parse_args()
    found = list(rows(options.data, quick=options.quick, show=options.show))
    print(json.dumps([asdict(row) for row in found], indent=2) if options.json else table(found))
    if any(row.holds is False for row in found):
        sys.exit(1)


if __name__ == "__main__":
    main()
