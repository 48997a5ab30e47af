"""What the monitors sampled of a trace: vectors made of its texts, and the keys that lead to it."""

from __future__ import annotations

from collectors.retention.targets import sql
from collectors.text_rows import pack, unpack
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import fetch

# A number says nothing of who it came from once its key is gone; it stays, so that no result changes.
NOBODY = "forgotten/forgotten"
_VECTORS = ("input_text", "output_text")
_TEXTS = ("input_words", "output_words")
_RENAME = "UPDATE samples SET keys = $keys WHERE rowid = $place"
_SHORTEN = "UPDATE samples SET rows = $rows, keys = $keys WHERE rowid = $place"
_DELETE = "DELETE FROM samples WHERE rowid = $place"


def without_vectors(con: Connection, *, count: bool) -> int:
    """Take the vectors and keys of the traces in `gone` out of the samples; returns how many had some.

    A vector and a text go with their key; numbers and names keep their row under the key of nobody. `n` stays
    what it was: it counts the traffic and not the sample.
    """
    rows = fetch(con, sql("sampled_of"))
    if count or not rows:
        return len(rows)
    traces = {row["trace_id"] for row in fetch(con, "SELECT trace_id FROM gone")}
    for row in rows:
        keys: list[str] = row["keys"]
        place = {"place": row["place"]}
        is_gone = [key.rpartition("/")[0] in traces for key in keys]
        if row["field"] not in (*_VECTORS, *_TEXTS):
            renamed = [NOBODY if gone else key for key, gone in zip(keys, is_gone, strict=True)]
            con.execute(_RENAME, {"keys": renamed, **place})
        elif all(is_gone):
            con.execute(_DELETE, place)
        else:
            kept = [i for i, gone in enumerate(is_gone) if not gone]
            left = _rows_of(row["field"], bytes(row["rows"]), len(keys), kept)
            con.execute(_SHORTEN, {"rows": left, "keys": [keys[i] for i in kept], **place})
    return len(rows)


def without_sketches(con: Connection, *, count: bool) -> int:
    """Delete the sums of embeddings that a trace in `gone` may be part of; returns how many there are.

    The sum of a single text is its vector. The next run makes those anew whose samples are still stored.
    """
    rows = fetch(con, sql("sketched_of"))
    for name in sorted({row["name"] for row in rows}) if not count else ():
        places = [row["place"] for row in rows if row["name"] == name]
        con.execute(f"DELETE FROM {name} WHERE list_contains($places, rowid)", {"places": places})  # noqa: S608
    return len(rows)


def _rows_of(field: str, blob: bytes, rows: int, kept: list[int]) -> bytes:
    """The rows `kept` of the `rows` in the blob, as a blob."""
    if field in _TEXTS:
        texts = unpack(blob)
        return pack([texts[i] for i in kept])
    size = len(blob) // rows
    return b"".join(blob[i * size : (i + 1) * size] for i in kept)
