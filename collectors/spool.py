"""The spool: what was acknowledged is on disk, whatever happens to the process next.

One writer process appends to one open segment; many requests that arrive together share one fsync
(group commit), and each is acknowledged only after it. A segment is sealed when it is large or old, and a new
writer never appends to an old segment: after a crash or a failed write it is left as it is. Nothing here
depends on the wall clock.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from filelock import FileLock, Timeout

from collectors.errors import ChainwatchError, SpoolFullError
from collectors.spool_frame import HEADER_BYTES, ID_BYTES, SpoolRecord, encode, segment_header
from collectors.spool_segments import OPEN, SEALED, WRITER_LOCK, list_segments, sync_folder

_COMMIT_BYTES = 8 << 20
_LOCK_WAIT_S = 2.0
_AGAIN_S = 1.0
_SEALS_PER_CAP = 8
# More than the frame and head of any record, or the header of a segment.
_OVERHEAD_BYTES = 256


class Spool:
    """The writing end. `append` from any thread; readers use `spool_segments` and `spool_frame`."""

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int,
        min_free_bytes: int = 0,
        segment_bytes: int = 64 << 20,
        segment_age_s: float = 30.0,
        entropy: Callable[[int], bytes] = os.urandom,
        monotonic: Callable[[], float] = time.monotonic,
        on_sync: Callable[[float], None] | None = None,
    ) -> None:
        """`max_bytes` caps everything in the folder; `min_free_bytes` stay free on its file system.

        `on_sync` hears, on the writing thread, how many seconds each sync to disk took.
        """
        self._folder = folder
        self._max_bytes = max_bytes
        self._min_free_bytes = min_free_bytes
        # Only sealed segments can be deleted: several must fit under the cap, or a full spool never empties.
        self._segment_bytes = min(segment_bytes, max_bytes // _SEALS_PER_CAP)
        self._segment_age_s = segment_age_s
        self._entropy = entropy
        self._monotonic = monotonic
        self._on_sync = on_sync
        self._queue: deque[tuple[SpoolRecord, Future[None]]] = deque()
        self._queued_bytes = 0
        self._wake = threading.Condition()
        self._closing = False
        self._fd = -1
        self._path: Path | None = None
        self._segment_id = b""
        self._size = 0
        self._acknowledged = False
        self._opened_at = 0.0
        self._lock = FileLock(folder / WRITER_LOCK, timeout=_LOCK_WAIT_S, thread_local=False)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock.acquire()
        except Timeout:
            raise ChainwatchError(
                f"another receiver is writing to the spool {folder}; stop it first, or set CHAINWATCH_HOME "
                "to a folder of its own"
            ) from None
        except OSError as error:
            self._lock.release()
            raise ChainwatchError(
                f"cannot write to the spool {folder}: {error.strerror or error}; nothing could be "
                "acknowledged. Make it writable, or set CHAINWATCH_HOME to a folder that is"
            ) from error
        # Segments of writers that died.
        self._left = [s.path for s in list_segments(folder) if s.path.suffix == OPEN]
        self._seal_left()
        self._number = max((s.number for s in list_segments(folder)), default=0)
        self._used = self._measure()
        self._thread = threading.Thread(target=self._work, name="spool", daemon=True)
        self._thread.start()

    @property
    def used_bytes(self) -> int:
        """Bytes on disk, as of the last commit or refusal."""
        return self._used

    def has_room(self, size: int) -> bool:
        """Whether a request of `size` bytes would be taken now; looks at the disk."""
        with self._wake:
            self._used = self._measure()
            return not self._closing and not self._full(size + _OVERHEAD_BYTES)

    def append(self, record: SpoolRecord) -> Future[None]:
        """Queue the record; the future is done when it is on disk, or raises when it is not.

        SpoolFullError, at once or from the future, when the cap is reached or the disk is full.
        """
        size = _room(record)
        with self._wake:
            if self._closing:
                raise SpoolFullError("the receiver is stopping")
            if self._full(size):
                self._used = self._measure()
                if self._full(size):
                    raise SpoolFullError(
                        f"the spool {self._folder} holds {self._used} bytes of at most {self._max_bytes}, "
                        f"or its file system has fewer than {self._min_free_bytes} bytes free"
                    )
            future: Future[None] = Future()
            self._queue.append((record, future))
            self._queued_bytes += size
            self._wake.notify()
        return future

    def close(self) -> None:
        """Write and acknowledge what is queued, seal the segment, let go of the folder."""
        with self._wake:
            if self._closing:
                return
            self._closing = True
            self._wake.notify()
        self._thread.join()
        self._lock.release()

    def _full(self, size: int) -> bool:
        if self._used + self._queued_bytes + size > self._max_bytes:
            return True
        return self._min_free_bytes > 0 and shutil.disk_usage(self._folder).free < self._min_free_bytes

    def _measure(self) -> int:
        return sum(segment.size for segment in list_segments(self._folder))

    def _work(self) -> None:
        while True:
            with self._wake:
                if not self._queue and not self._closing:
                    self._wake.wait(timeout=self._patience_s)
                batch: list[tuple[SpoolRecord, Future[None]]] = []
                size = 0
                while self._queue and size < _COMMIT_BYTES:
                    item = self._queue.popleft()
                    size += _room(item[0])
                    # A request whose sender went away is left out; from here on it cannot be cancelled.
                    if item[1].set_running_or_notify_cancel():
                        batch.append(item)
                closing = self._closing and not self._queue
            if size:
                self._commit(batch, size)
            if self._fd >= 0 and (closing or self._is_old()):
                self._seal()
            if self._left:
                self._seal_left()
            self._used = self._measure()
            if closing:
                return

    @property
    def _patience_s(self) -> float | None:
        """How long to wait for a request before something else is due."""
        if self._left:
            return _AGAIN_S
        return self._segment_age_s if self._fd >= 0 else None

    def _seal_left(self) -> None:
        """Seal what dead writers left open, as far as the disk lets: a full one may refuse even a rename."""
        left = []
        for path in self._left:
            try:
                path.rename(path.with_suffix(SEALED))
            except FileNotFoundError:
                continue
            except OSError:
                left.append(path)
        self._left = left

    def _is_old(self) -> bool:
        return self._size >= self._segment_bytes or self._monotonic() - self._opened_at >= self._segment_age_s

    def _commit(self, batch: list[tuple[SpoolRecord, Future[None]]], size: int) -> None:
        failure = self._write([record for record, _ in batch]) if batch else None
        with self._wake:
            # Before anybody hears of it, so that the next request is measured against what is there.
            self._queued_bytes -= size
            self._used = self._measure()
        for _, future in batch:
            if failure is None:
                future.set_result(None)
            else:
                future.set_exception(failure)

    def _write(self, records: list[SpoolRecord]) -> SpoolFullError | None:
        """Write and sync; the error when that failed."""
        try:
            if self._fd < 0:
                self._create()
            data = memoryview(b"".join(encode(record, self._segment_id) for record in records))
            while data:
                written = os.write(self._fd, data)
                data = data[written:]
                self._size += written
            began = self._monotonic()
            os.fdatasync(self._fd)
            if self._on_sync is not None:
                self._on_sync(self._monotonic() - began)
        except Exception as error:
            # After a failed write or fsync nobody knows what is on disk: never append to this segment again.
            self._abandon()
            return SpoolFullError(f"cannot write to the spool {self._folder}: {error}")
        self._acknowledged = True
        return None

    def _create(self) -> None:
        self._number += 1
        self._segment_id = self._entropy(ID_BYTES)
        self._path = self._folder / f"{self._number:010d}-{self._segment_id.hex()}{OPEN}"
        self._fd = os.open(
            self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        os.write(self._fd, segment_header(self._segment_id))
        self._size = HEADER_BYTES
        self._acknowledged = False
        self._opened_at = self._monotonic()
        # The records' own fsync makes the file's content durable; its name needs the folder's.
        sync_folder(self._folder)

    def _seal(self) -> None:
        fd, self._fd = self._fd, -1
        os.close(fd)
        if self._path is not None:
            try:
                self._path.rename(self._path.with_suffix(SEALED))
            except OSError:
                # The name only tells readers that it is complete; the next writer seals it.
                return

    def _abandon(self) -> None:
        if self._fd < 0:
            return
        path = self._path
        self._seal()
        if not self._acknowledged and path is not None:
            # A full disk must not fill with the names of segments that hold nothing.
            path.with_suffix(SEALED).unlink(missing_ok=True)


def _room(record: SpoolRecord) -> int:
    return len(record.body) + _OVERHEAD_BYTES
