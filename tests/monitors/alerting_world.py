"""A small world for the tests of alerting: chains, windows, results, and a book to step through them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from empty_warehouse import empty_warehouse

from collectors.model import Deploy
from collectors.warehouse.connection import Warehouse
from monitors.alerting.book import AlertBook
from monitors.alerting.incident import Incident
from monitors.result import Result, Window, monitor_name
from monitors.topology import ComponentInfo, Topology

T0 = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIVE = ("application", "router", "retriever", "reranker", "generator", "guardrail")

CONCERNS = {
    "input_text": "input",
    "input_tokens": "input",
    "output_text": "output",
    "output_tokens": "output",
    "duration_s": "latency",
    "time_to_first_token_s": "latency",
    "status": "errors",
    "cost_usd": "cost",
}


def at(hour: float) -> datetime:
    return T0 + hour * HOUR


def topology(names: Sequence[str] = FIVE, chain: str = "support") -> Topology:
    """A chain: the first name is the application, the others its steps in order."""
    return Topology(
        tuple(
            ComponentInfo(
                chain=chain,
                component=name,
                kind="chain" if i == 0 else "llm",
                is_application=i == 0,
                parent_component=None if i == 0 else names[0],
                position=i,
            )
            for i, name in enumerate(names)
        )
    )


def result(
    component: str,
    field: str,
    hour: int,
    status: str = "breach",
    *,
    chain: str = "support",
    kind: str = "drift",
    check: str = "check",
    evidence: Mapping[str, Any] | None = None,
    value: float = 2.0,
    threshold: float = 1.0,
    unit: str | None = None,
) -> Result:
    """The result of the window [hour - 1, hour)."""
    with_value = status in ("ok", "breach")
    concern: Any = "quality" if field.startswith("quality.") else CONCERNS[field]
    return Result(
        monitor=monitor_name(check, chain, component, field, kind),
        check_name=check,
        chain=chain,
        component=component,
        field=field,
        reference_kind=kind,  # type: ignore[arg-type]
        concern=concern,
        window=Window(start=at(hour - 1), end=at(hour)),
        status=status,  # type: ignore[arg-type]
        value=value if with_value else None,
        threshold=threshold if with_value else None,
        unit=unit,
        reason=f"{component} {field} is {status}",
        evidence=evidence or {},
    )


def deploy(component: str, hour: float, value: str = "v2", field: str = "prompt_version") -> Deploy:
    return Deploy(
        deploy_id=f"{component}-{value}",
        chain="support",
        component=component,
        field=field,
        value=value,
        previous_value="v1",
        deployed_at=at(hour),
    )


def play(
    book: AlertBook,
    windows: Mapping[int, Iterable[Result]],
    *,
    names: Sequence[str] = FIVE,
    deploys: Sequence[Deploy] = (),
) -> AlertBook:
    """Step the book through the windows, in order of time."""
    for hour in sorted(windows):
        book.step(at(hour), list(windows[hour]), topology(names), deploys)
    return book


def stream(
    component: str, field: str, breaches: Iterable[int], hours: Iterable[int], **more: Any
) -> dict[int, list[Result]]:
    """One stream over `hours`, in breach in some of them."""
    bad = set(breaches)
    return {h: [result(component, field, h, "breach" if h in bad else "ok", **more)] for h in hours}


def together(*streams: Mapping[int, Iterable[Result]]) -> dict[int, list[Result]]:
    """Streams side by side."""
    hours = sorted({h for s in streams for h in s})
    return {h: [r for s in streams for r in s.get(h, ())] for h in hours}


def final(book: AlertBook) -> list[Incident]:
    """The incidents that did not become part of another."""
    return [i for i in book.incidents if i.merged_into is None]


def hours(last: int = 12) -> range:
    """The hours that `breach` and `incident` look at."""
    return range(1, last)


def breach(component: str, field: str, first: int = 5, **more: object) -> dict[int, list[object]]:
    """A stream that is in breach from hour `first` on."""
    return stream(component, field, range(first, 12), hours(), **more)  # type: ignore[arg-type, return-value]


def incident(*streams: dict[int, list[object]], deploys: tuple[object, ...] = ()) -> Incident:
    """The one incident that comes of these streams."""
    book = play(AlertBook(), together(*streams), deploys=deploys)  # type: ignore[arg-type]
    [found] = final(book)
    return found


def new_warehouse(folder: Path) -> Warehouse:
    return empty_warehouse(folder / "warehouse.duckdb")
