"""How soon changes of made-up traffic are found, in requests: ours, and rules of others on the same windows.

Eight days of quarter hours with 200 requests each, twelve hours that are watched, a day and a half with a
change; monitors and promise are those of `alarms.py` (8 components with 2 fields, one false alert a month for
all of them). Traffic and changes: `_traffic.py`. Sudden, or growing over a day. Texts are found by
embedding_distance, mmd or new_topic, lengths by token_length. A rule that alarms in quiet windows "finds"
anything: its share of alarms in the quiet hours stands beside it.

    python benchmarks/injections.py --out injections.jsonl     # may be stopped, and goes on where it was
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _figures import Figure, figure, finished, tell
from _peers import NUMBER_RULES, TEXT_RULES, WINDOW_ROWS, NumberPeers, TextPeers
from _traffic import KINDS, Change, ChangeKind, Requests, Traffic
from _watch import Watched, installation

LENGTH = timedelta(minutes=15)
DAY = timedelta(days=1) // LENGTH
QUIET = DAY // 2  # windows that are watched before the change
START, WATCHED = 8 * DAY + QUIET, 3 * DAY // 2
FIELD, NUMBER = "output_text", "output_tokens"
SHARES = (0.02, 0.05, 0.1, 0.2)
SORTS: tuple[ChangeKind, ...] = ("topic", "paraphrase", "language", "length", "truncation")
OURS = {
    **dict.fromkeys(("topic", "paraphrase", "language"), ("embedding_distance", "mmd", "new_topic")),
    **dict.fromkeys(("length", "truncation"), ("token_length",)),
}


def changes() -> list[Change]:
    """All sorts at all shares and at once in all requests, sudden; and the growing ones."""
    shares = {sort: SHARES if sort == "topic" else (*SHARES, 1.0) for sort in SORTS}
    sudden = [Change(kind=sort, share=share, start=START) for sort in SORTS for share in shares[sort]]
    growing = [
        Change(kind=sort, share=share, start=START, ramp=DAY) for sort in SORTS for share in (0.1, 0.2)
    ]
    return sudden + growing


def name_of(change: Change) -> str:
    """A change in words."""
    return f"{change.kind} {change.share:.0%}{', over a day' if change.ramp else ''}"


def trials(kind: str, seed: int, wanted: Sequence[Change], *, cap: int) -> Iterator[dict[str, Any]]:
    """Changes of one stream: what was there before them is drawn and learnt once."""
    if not wanted:
        return
    traffic = Traffic(kind, seed=10_000 + seed)
    watched = Watched(
        installation(),
        0,
        length=LENGTH,
        cap=cap,
        only=sorted({check for checks in OURS.values() for check in checks}),
        fields=(FIELD, NUMBER),
    )
    history: list[Requests] = []
    for number in range(START - QUIET):
        requests = traffic.window(rows=WINDOW_ROWS)
        watched.see(requests)
        if number % 4 == 0:
            history.append(requests)
    peers = (
        TextPeers([r.texts[FIELD] for r in history], seed),
        NumberPeers([r.numbers[NUMBER] for r in history], seed),
    )
    quiet, false = [], 0
    for _ in range(QUIET):
        requests = traffic.window(rows=WINDOW_ROWS)
        false += any(result.status == "breach" for result in watched.judge(watched.see(requests)))
        quiet.append(_alarms(peers, requests))
    rates = {rule: float(np.mean([rule in said for said in quiet])) for rule in (*TEXT_RULES, *NUMBER_RULES)}
    for change in wanted:
        found = _follow(copy.deepcopy(traffic), watched.fork(), peers, change)
        yield {
            "kind": kind,
            "seed": seed,
            "cap": cap,
            "change": name_of(change),
            "found": found,
            "quiet": rates,
            "false": false,
        }


def _alarms(peers: tuple[TextPeers, NumberPeers], requests: Requests) -> list[str]:
    return [*peers[0].alarms(requests.texts[FIELD]), *peers[1].alarms(requests.numbers[NUMBER])]


def _follow(
    traffic: Traffic, watched: Watched, peers: tuple[TextPeers, NumberPeers], change: Change
) -> dict[str, int | None]:
    """Requests until the change is found by each check and rule, None if not in time."""
    rules = TEXT_RULES if "mmd" in OURS[change.kind] else NUMBER_RULES
    found: dict[str, int | None] = dict.fromkeys((*OURS[change.kind], *rules))
    total = 0
    for _ in range(WATCHED):
        requests = traffic.window(rows=WINDOW_ROWS, change=change)
        total += requests.n
        said = {r.check_name for r in watched.judge(watched.see(requests)) if r.status == "breach"}
        if any(found[rule] is None for rule in rules):
            said |= set(_alarms(peers, requests))
        found |= {name: total for name, at in found.items() if at is None and name in said}
        if all(found[name] is not None for name in OURS[change.kind]):
            break
    return found


def summary(lines: Sequence[dict[str, Any]]) -> list[Figure]:
    """The table: for each kind of traffic and change, found and the delays."""
    figures = []
    for kind in KINDS:
        for change in changes():
            mine = [x for x in lines if x["kind"] == kind and x["change"] == name_of(change)]
            for rule in mine[0]["found"] if mine else ():
                known = [x["found"][rule] for x in mine]
                text = f"{sum(k is not None for k in known)} of {len(known)}"
                ordered = sorted(float("inf") if k is None else k for k in known)
                for share in (0.5, 0.9):
                    at = ordered[min(len(ordered) - 1, int(share * len(ordered)))]
                    text += ", never" if at == float("inf") else f", {at:.0f}"
                quiet = np.mean([x["quiet"].get(rule, 0.0) for x in mine])
                unit = f"found, median, 90 % ({quiet:.0%} of quiet windows in alarm)"
                figures.append(figure(f"{kind}: {name_of(change)}: {rule}", text, unit))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one stream, a fifth of new requests")
    parser.add_argument("--json", action="store_true", help="a list of objects instead of a table")
    parser.add_argument("--out", type=Path, help="file of finished lines, to go on with")
    parser.add_argument("--show", action="store_true", help="only sum up what the file has")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--cap", type=int, default=64, help="texts of a window that are looked at")
    options = parser.parse_args()
    lines = finished(options.out)
    kinds, seeds = (["seasonal"], [0]) if options.quick else (options.kinds, range(options.seeds))
    tried = [c for c in changes() if not options.quick or (c.share == 0.2 and not c.ramp)]
    for seed in [] if options.show else seeds:
        for kind in kinds:
            number = options.first + seed
            done = {
                x["change"] for x in lines if (x["kind"], x["seed"], x["cap"]) == (kind, number, options.cap)
            }
            left = [c for c in tried if name_of(c) not in done]
            for line in trials(kind, number, left, cap=options.cap):
                lines.append(line)
                if options.out:
                    with options.out.open("a") as out:
                        out.write(json.dumps(line) + "\n")
    tell(summary(lines), as_json=options.json)


if __name__ == "__main__":
    main()
