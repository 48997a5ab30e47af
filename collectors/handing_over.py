"""Values between processes, through a pipe, with Arrow tables as one block of memory each.

Pickling a table buffer by buffer costs several times what everything else about handing it over does.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import pyarrow as pa

_COUNT = struct.Struct("<I")


def send(pipe: Connection, value: object) -> None:
    """Send a value that can be pickled; OSError when nobody is at the other end."""
    blocks: list[pickle.PickleBuffer] = []
    written = io.BytesIO()
    _Pickler(written, protocol=5, buffer_callback=blocks.append).dump(value)
    pipe.send_bytes(_COUNT.pack(len(blocks)) + written.getbuffer())
    for block in blocks:
        pipe.send_bytes(block.raw())


def receive(pipe: Connection) -> Any:
    """What was sent; EOFError or OSError when nobody is at the other end."""
    head = pipe.recv_bytes()
    (count,) = _COUNT.unpack_from(head)
    blocks = [pipe.recv_bytes() for _ in range(count)]
    return pickle.loads(memoryview(head)[_COUNT.size :], buffers=blocks)  # noqa: S301 - from our own process


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> tuple[Callable[..., Any], tuple[Any, ...]] | Any:
        """Tables as blocks, everything else as ever."""
        if isinstance(value, pa.Table):
            return _table, (pickle.PickleBuffer(_block(value)),)
        return NotImplemented


def _block(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _table(block: object) -> pa.Table:
    return pa.ipc.open_stream(pa.py_buffer(block)).read_all()
