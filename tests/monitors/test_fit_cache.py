"""What checks learnt is kept between runs: it answers the same, and nothing damaged or foreign is used."""

from __future__ import annotations

import dataclasses
import os
import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from check_traffic import ALPHA, drift, hours, samples, texts, topics
from run_world import HOUR, START, decided, open_world, store, traffic

from collectors.home import Home
from monitors import fit_cache
from monitors.checks import CHECKS
from monitors.checks.base import Check, CheckSettings, NotReady, WindowSample
from monitors.fit_cache import FitCache
from monitors.fit_format import CannotKeepError, dumps, loads
from monitors.runner import run_pass

NOW = datetime(2026, 3, 5, tzinfo=UTC)
CENTRES = topics(0, 6)
DEFAULTS = CheckSettings()


def history(check: Check, count: int) -> list[WindowSample]:
    rng = np.random.default_rng(0)

    def rows(_: Any) -> Any:
        if check.data == "embedding":
            return texts(rng, CENTRES, rng.integers(0, 5, size=30))
        return (
            (rng.random(30) < 0.02).astype(float) if check.name == "error_rate" else rng.lognormal(0, 0.5, 30)
        )

    return samples(hours(count), rows)


@pytest.mark.parametrize(
    "name", ["embedding_distance", "mmd", "error_rate", "length_ks", "latency", "token_length", "quality"]
)
def test_a_kept_fit_answers_as_the_one_it_was_made_of(name: str) -> None:
    check = CHECKS.get(name)
    seen = history(check, 96)
    fitted = check.fit(drift(seen[:72]), settings=DEFAULTS, seed=0)
    assert not isinstance(fitted, NotReady)
    again = loads(dumps(fitted))
    for until in (80, 96):
        told, anew = (one.evaluate(seen[until - 24 : until], alpha=ALPHA) for one in (fitted, again))
        assert anew == told
        assert (anew.detectable and anew.detectable()) == (told.detectable and told.detectable())


class Counting:
    """A packaged check that counts how often it learns."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from monitors.checks import error_rate

        self.inner, self.learnt = error_rate.CHECK, 0
        monkeypatch.setattr(error_rate, "CHECK", self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def fit(self, *args: Any, **more: Any) -> Any:
        self.learnt += 1
        return self.inner.fit(*args, **more)


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Any:
    return Counting(monkeypatch)


def learn(cache: FitCache, check: Any, **more: Any) -> Any:
    reference = drift(history(CHECKS.get("error_rate"), 72))
    told = {"digest": b"rows", "settings": DEFAULTS, "seed": 0} | more
    return cache.learn(check, told.pop("digest"), reference, **told)


def test_what_is_known_is_not_learnt_again(tmp_path: Path, check: Any) -> None:
    first = learn(FitCache(tmp_path, now=NOW), check)
    second = learn(FitCache(tmp_path, now=NOW + timedelta(days=1)), check)
    assert check.learnt == 1
    recent = history(CHECKS.get("error_rate"), 24)
    assert second.evaluate(recent, alpha=ALPHA) == first.evaluate(recent, alpha=ALPHA)


@pytest.mark.parametrize(
    "other",
    [
        {"digest": b"other rows"},
        {"seed": 1},
        {"settings": dataclasses.replace(DEFAULTS, margin=0.5)},
        {"settings": dataclasses.replace(DEFAULTS, min_rows=21)},
    ],
)
def test_anything_else_is_learnt_anew(tmp_path: Path, check: Any, other: dict[str, Any]) -> None:
    learn(FitCache(tmp_path, now=NOW), check)
    learn(FitCache(tmp_path, now=NOW), check, **other)
    assert check.learnt == 2


def test_other_code_learns_anew(tmp_path: Path, check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    learn(FitCache(tmp_path, now=NOW), check)
    monkeypatch.setattr(fit_cache, "code_digest", lambda: "the next version")
    learn(FitCache(tmp_path, now=NOW), check)
    assert check.learnt == 2


def damaged(blob: bytes) -> dict[str, bytes]:
    flipped = bytearray(blob)
    flipped[len(blob) // 2] ^= 1
    return {
        "flipped": bytes(flipped),
        "cut": blob[:-7],
        "empty": b"",
        "longer": blob + b"x",
        "text": b"{}" * 40,
    }


@pytest.mark.parametrize("how", ["flipped", "cut", "empty", "longer", "text"])
def test_a_damaged_file_is_learnt_again_and_replaced(tmp_path: Path, check: Any, how: str) -> None:
    learn(FitCache(tmp_path, now=NOW), check)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damaged(whole)[how])
    learn(FitCache(tmp_path, now=NOW), check)
    assert check.learnt == 2
    assert file.read_bytes() == whole


class Boom:
    def __reduce__(self) -> Any:
        return os.mkdir, ("owned",)


def test_a_file_with_a_right_digest_runs_nothing(tmp_path: Path, check: Any, monkeypatch: Any) -> None:
    import hashlib

    import msgspec

    monkeypatch.chdir(tmp_path)
    cache = FitCache(tmp_path / "fits", now=NOW)
    learn(cache, check)
    (file,) = (tmp_path / "fits").iterdir()
    for tree in (
        ["object", "os:mkdir", []],
        ["code", "builtins:eval"],
        ["code", "monitors.fit_cache:os.system"],
        ["code", "monitors.fit_cache:nothing"],
        ["code", "monitors.fit_cache:os"],
        ["code", "monitors.fit_cache:suppress"],
        ["same", 7],
        ["array", 0, "|O", [1], "C"],
        ["unknown"],
    ):
        payload = msgspec.msgpack.encode([tree, [b"12345678"]])
        for blob in (payload, pickle.dumps(Boom())):
            file.write_bytes(hashlib.blake2b(blob, digest_size=32).digest() + blob)
            assert cache.get(file.stem) is None
            assert not file.exists(), "what cannot be trusted is gone"
    assert not (tmp_path / "owned").exists()


def test_what_has_no_place_in_the_format_is_said() -> None:
    def made_here() -> None: ...

    for value in (made_here, np.array([object()]), lambda: 0, object, Path("x"), pytest):
        with pytest.raises(CannotKeepError):
            dumps([value])


def test_shared_parts_stay_shared_and_orders_stay() -> None:
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    value = {"a": [array, array], "b": (1, 2**80, -1.5, None, True, "x", b"y"), "c": {3, 4}}
    again = loads(dumps(value | {"at": NOW, "long": timedelta(days=2, seconds=5), "one": np.float32(0.1)}))
    assert again["a"][0] is again["a"][1]
    assert again["a"][0].flags.f_contiguous
    np.testing.assert_array_equal(again["a"][0], array)
    assert (again["b"], again["c"]) == (value["b"], value["c"])
    assert (again["at"], again["long"], again["one"]) == (NOW, timedelta(days=2, seconds=5), np.float32(0.1))


def test_files_that_no_run_uses_go(tmp_path: Path, check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in range(4):
        learn(FitCache(tmp_path, now=NOW + timedelta(days=day)), check, digest=bytes([day]))
    learn(FitCache(tmp_path, now=NOW + timedelta(days=3)), check, digest=b"\0")
    FitCache(tmp_path, now=NOW + timedelta(days=4)).prune()
    left = [datetime.fromtimestamp(f.stat().st_mtime, UTC) for f in tmp_path.iterdir()]
    assert sorted(left) == [NOW + timedelta(days=d) for d in (2, 3, 3)]
    monkeypatch.setattr(fit_cache, "MOST_BYTES", 1)
    FitCache(tmp_path, now=NOW + timedelta(days=4)).prune()
    assert list(tmp_path.iterdir()) == []


def test_no_folder_and_a_full_disk_learn_every_time(tmp_path: Path, check: Any) -> None:
    learn(FitCache(None), check)
    (tmp_path / "file").write_text("in the way")
    learn(FitCache(tmp_path / "file", now=NOW), check)
    quiet = FitCache(tmp_path / "fits", now=NOW)
    quiet.keeps = False
    learn(quiet, check)
    assert check.learnt == 3
    assert not (tmp_path / "fits").exists()


def test_runs_by_the_hour_decide_what_a_run_without_kept_fits_decides(home: Home, tmp_path: Path) -> None:
    one = open_world(home, "error_rate")
    two = open_world(Home(root=tmp_path / "two").create(), "error_rate")
    for context in (one, two):
        store(context, traffic(range(54), a_window=12))
    for context, forgets in ((one, False), (two, True)):
        for hour in (51, 52, 54):
            run_pass(context, now=START + hour * HOUR + timedelta(minutes=6), deliver=False)
            files = list(context.home.fits.iterdir())
            assert files
            for file in files if forgets else []:
                file.unlink()
    assert decided(one) == decided(two)
