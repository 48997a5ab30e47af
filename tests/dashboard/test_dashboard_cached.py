"""A busy warehouse keeps the last answer on the page and says so; without one it is a sentence."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import Open, words
from seeded_warehouse import Seeded

from collectors.errors import WarehouseBusyError
from collectors.warehouse.connection import Warehouse
from dashboard import cached, data


@contextmanager
def writing(seeded: Seeded) -> Iterator[None]:
    """Somebody else writes: another thread, as one thread may hold the warehouse only once."""
    holds, done = threading.Event(), threading.Event()

    def hold() -> None:
        with Warehouse(seeded.warehouse.path).write():
            holds.set()
            done.wait(60)

    writer = threading.Thread(target=hold)
    writer.start()
    try:
        assert holds.wait(60)
        yield
    finally:
        done.set()
        writer.join(60)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached, "WAIT_S", 0.05)


def test_the_last_answer_is_kept_while_a_writer_works(seeded: Seeded, quick: None) -> None:
    path = seeded.warehouse.path
    cached.forget()
    fresh = cached.load(data.landing, path)
    assert fresh.stale is None
    cached.forget()
    with writing(seeded):
        kept = cached.load(data.landing, path)
    assert kept.value == fresh.value
    assert kept.read_at == fresh.read_at
    assert kept.stale is not None
    assert "busy" in kept.stale


def test_without_an_earlier_answer_busy_is_an_error(seeded: Seeded, quick: None) -> None:
    cached.forget()
    cached._last_good.clear()
    with writing(seeded), pytest.raises(WarehouseBusyError):
        cached.load(data.landing, seeded.warehouse.path)


def test_the_page_says_that_it_is_stale(open_page: Open, seeded: Seeded, quick: None) -> None:
    app = open_page("overview", seeded.home)
    assert not [w for w in app.warning if "busy" in w.value]
    cached.forget()
    with writing(seeded):
        app.run()
    assert not app.exception
    assert [w for w in app.warning if "busy" in w.value]
    assert "retriever" in words(app)


def test_an_answer_is_kept_while_nothing_is_stored(seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    path = seeded.warehouse.path
    cached.forget()
    first = cached.load(data.landing, path)
    monkeypatch.setattr(cached, "KEEP_S", 0.0)
    assert cached.load(data.landing, path).read_at == first.read_at
    with Warehouse(path).write() as con:
        con.execute("CREATE TABLE something (new INTEGER)")
    assert cached.load(data.landing, path).read_at > first.read_at
    with Warehouse(path).write() as con:
        con.execute("DROP TABLE something")


def test_no_connection_outlives_a_read(seeded: Seeded) -> None:
    cached.forget()
    cached.load(data.landing, seeded.warehouse.path)
    with Warehouse(seeded.warehouse.path, wait_s=0.05).write():
        pass  # would be refused while a reader holds the file


def test_the_keeper_is_bounded(seeded: Seeded, tmp_path: Path) -> None:
    for index in range(cached._MOST_KEPT + 5):
        cached._last_good[(index,)] = cached.Loaded(value=index, read_at=seeded.end)
    cached.forget()
    cached.load(data.landing, seeded.warehouse.path)
    assert len(cached._last_good) == cached._MOST_KEPT
