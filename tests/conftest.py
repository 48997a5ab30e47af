"""Fixtures that every test may use: a fresh home, a migrated warehouse, a clock that stands still."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from empty_warehouse import empty_warehouse
from kept_open import MODULES, kept_open

from collectors.config import Config
from collectors.context import Context
from collectors.home import Home
from collectors.warehouse import Warehouse

ROOT = Path(__file__).resolve().parent.parent
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

# No test may reach a model hub, and none needs to.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# A busy machine is no failure.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first: at the end no worker waits for another's long test."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="module", autouse=True)
def _warehouses_stay_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """In the modules that gain by it and need nothing else."""
    with kept_open() if request.module.__name__ in MODULES else nullcontext():
        yield


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty CHAINWATCH_HOME."""
    return Home(root=tmp_path / "home").create()


@pytest.fixture
def warehouse(home: Home) -> Warehouse:
    """A migrated, empty warehouse."""
    return empty_warehouse(home.warehouse, wait_s=5.0)


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """Monday noon, for ever."""
    return lambda: NOON


@pytest.fixture
def context(home: Home, clock: Callable[[], datetime]) -> Context:
    """A command's context over the empty home, with default configuration."""
    return Context(home=home, config=Config({}, "defaults"), clock=clock)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data sets beside the project; tests that need it skip without it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data is not there: the tests on public data sets are skipped")
    return folder
