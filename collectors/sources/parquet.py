"""Parquet files, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from collectors.errors import SourceError
from collectors.sources._rows import items
from collectors.sources.base import Item, SourceContext

_BATCH = 2_000
_MAGIC = b"PAR1"


class Parquet:
    """Rows with columns named as `Span` fields, or otherwise with a field map. The line is the row number."""

    title = "Parquet"

    def detect(self, path: Path, head: bytes) -> float:
        return 1.0 if head[:4] == _MAGIC else 0.0

    def read(self, path: Path, context: SourceContext) -> Iterator[Item]:
        import pyarrow as pa
        from pyarrow import parquet

        try:
            with parquet.ParquetFile(path) as file:
                number = 0
                for batch in file.iter_batches(batch_size=_BATCH):
                    for row in batch.to_pylist():
                        number += 1
                        known = {name: value for name, value in row.items() if value is not None}
                        yield from items(known, context, number)
        except (pa.ArrowException, OSError, UnicodeError) as error:
            raise SourceError(f"{path}: not readable as Parquet: {error}") from error


SOURCE = Parquet()
