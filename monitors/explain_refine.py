"""After the alerts are sent: the texts of explanations, ranked once more by the transformer.

A run judges, explains with the encoder at hand, and sends. What is to be read again stands in the results
that it stored, so a run that was killed, or had no time left, leaves it to the next. The warehouse is open to
read the texts and to write what came of them, and never while the transformer reads.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from collectors.errors import WarehouseBusyError
from collectors.tables import json_text
from collectors.warehouse.connection import Connection, Warehouse
from collectors.warehouse.store import Row, fetch
from monitors.alerting.refined import refine
from monitors.config import EmbeddingConfig
from monitors.embedding.encoder import Encoder
from monitors.explain_read import ids, read_spans, texts_of
from monitors.explain_reread import LEAST, Read, Rereading
from monitors.sql import query
from monitors.streams import Stream

# Older ones are left as they are: nobody waits for them any more.
FRESH = timedelta(days=7)
# By the clock, since the next run waits for it: no explanation is begun later. One takes up to ten seconds.
_BUDGET_S = 60.0
_EXAMPLES = 10
_EXAMPLE_CHARACTERS = 2000


def are_due(con: Connection, since: datetime) -> bool:
    """Whether an earlier run left explanations of windows since then."""
    return bool(fetch(con, query("explanations_due") + " LIMIT 1", {"since": since}))


@dataclass(frozen=True, kw_only=True)
class Refiner:
    """Ranks what is due, the alerts' own first.

    Attributes:
        encoder: opens the encoder of the run. since: windows that start earlier are left alone.
        budget_s: seconds by `monotonic`; none is begun when they are over.
    """

    warehouse: Warehouse
    embedding: EmbeddingConfig
    encoder: Callable[[], Encoder]
    since: datetime
    budget_s: float = _BUDGET_S
    monotonic: Callable[[], float] = time.monotonic

    def run(self) -> int:
        """Returns how many explanations a transformer ranked. Without a model all stay as they are, and are
        not due any more; a warehouse that is busy leaves them to the next run.
        """
        ends, done = self.monotonic() + self.budget_s, 0
        encoder = self.encoder()
        rereading = Rereading.of(self.embedding, encoder)
        try:
            while self.monotonic() < ends:
                with self.warehouse.read() as con:
                    due = fetch(con, query("explanations_due"), {"since": self.since})
                if not due:
                    break
                ranking_of = due[0]["ranking_of"]
                whole = next((r for r in due if r["ranking_of"] == ranking_of and r["to_read"]), None)
                told = None if whole is None or rereading is None else self._ranked(whole, encoder, rereading)
                self._store(ranking_of, told)
                done += told is not None
        except WarehouseBusyError:
            pass
        return done

    def _ranked(self, row: Row, encoder: Encoder, rereading: Rereading) -> Mapping[str, Any] | None:
        """`examples` and `ranking` anew; None where texts are gone, or the model is not there."""
        asked = json.loads(row["to_read"])
        stream = Stream(row["chain"], row["component"], row["field"])
        now, before = (self._texts(stream, asked[side]) for side in ("now", "before"))
        if min(len(now), len(before)) < LEAST:
            return None
        sides = [
            Read(texts=list(texts.values()), rows=encoder.encode(list(texts.values())))
            for texts in (now, before)
        ]
        scores = rereading.scores(*sides)
        if scores is None:
            return None
        why, keys = dict(zip(asked["now"]["keys"], asked["now"]["why"], strict=True)), list(now)
        order = np.argsort(-scores, kind="stable")[:_EXAMPLES]
        examples = [
            {
                **ids(keys[i]),
                "text": now[keys[i]][:_EXAMPLE_CHARACTERS],
                "why": why[keys[i]],
                "score": round(float(scores[i]), 4),
            }
            for i in order
        ]
        ranking = {"by": rereading.identity, "due": False, "reread": True, "of": row["ranking_of"]}
        return {"examples": examples, "ranking": ranking}

    def _texts(self, stream: Stream, asked: Mapping[str, Any]) -> dict[str, str]:
        """The texts that are still there, by key, in the order in which they were ranked."""
        said = texts_of(
            read_spans(
                self.warehouse,
                stream,
                asked["keys"],
                datetime.fromisoformat(asked["start"]),
                datetime.fromisoformat(asked["end"]),
                side=stream.field,
                max_characters=self.embedding.max_characters,
            )
        )
        return {key: said[key] for key in asked["keys"] if key in said}

    def _store(self, ranking_of: str, told: Mapping[str, Any] | None) -> None:
        """Wherever the explanation stands: results that carry it, alerts, incidents."""
        with self.warehouse.write() as con:
            bounds = {"since": self.since, "ranking_of": ranking_of}
            stored = [
                (row["result_id"], json.loads(row["evidence"]))
                for row in fetch(con, query("explanations_ranked"), bounds)
            ]
            if told is None:
                # Another result may have it already: it was carried on by a run that knew it as it was.
                known = next((e for _, e in stored if e["ranking"].get("reread")), None)
                told = _told(known or stored[0][1])
            for result_id, evidence in stored:
                evidence.pop("to_read", None)
                text = json_text({**evidence, **told})
                con.execute("UPDATE results SET evidence = ? WHERE result_id = ?", [text, result_id])
            refine(con, ranking_of, told)


def _told(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """What an explanation says of its texts, and that it stays so."""
    return {
        "examples": evidence["examples"],
        "ranking": {**evidence["ranking"], "due": False},
    }
