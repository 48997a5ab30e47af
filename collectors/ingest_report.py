"""What `chainwatch ingest` says: a line a file, reasons of what was set aside, progress on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from collectors.ingest import FileReport

_REASONS_SHOWN = 5
_NEEDS_A_MAP = {"component: is missing", "started_at: is missing"}


def as_data(reports: Sequence[FileReport], passed_over: Sequence[str] = ()) -> dict[str, Any]:
    """The summary as --json prints it."""
    return {
        "read": sum(r.read for r in reports),
        "spans": sum(r.spans for r in reports),
        "new": sum(r.new for r in reports),
        "already_stored": sum(r.known for r in reports),
        "feedback": sum(r.feedback for r in reports),
        "annotations": sum(r.annotations for r in reports),
        "contents": sum(r.contents for r in reports),
        "skipped": sum(sum(r.skipped.values()) for r in reports),
        "quarantined": sum(sum(r.quarantined.values()) for r in reports),
        "files": [_file(report) for report in reports],
        "passed_over": list(passed_over),
    }


def _file(report: FileReport) -> dict[str, Any]:
    return {
        "path": report.path,
        "format": report.format,
        "map": report.field_map,
        "read": report.read,
        "spans": report.spans,
        "new": report.new,
        "already_stored": report.known,
        "feedback": report.feedback,
        "annotations": report.annotations,
        "contents": report.contents,
        "skipped": dict(report.skipped),
        "quarantined": dict(report.quarantined),
        "first_bad": report.first_bad,
        "error": report.error,
        "seconds": round(report.seconds, 3),
    }


def as_text(reports: Sequence[FileReport], passed_over: Sequence[str] = ()) -> str:
    """The summary for people: one line a file, the reasons below it, a total when there are several."""
    lines = [line for report in reports for line in _lines(report)]
    if len(reports) > 1:
        total = as_data(reports)
        failed = sum(report.error is not None for report in reports)
        lines.append(
            f"{len(reports)} files: {total['read']:,} read, {total['new']:,} new spans, "
            f"{total['already_stored']:,} already stored, {total['skipped']:,} skipped, "
            f"{total['quarantined']:,} quarantined" + (f", {failed} failed" if failed else "")
        )
    if passed_over:
        some = ", ".join(passed_over[:_REASONS_SHOWN]) + (" ..." if len(passed_over) > _REASONS_SHOWN else "")
        lines.append(f"{len(passed_over)} files passed over, their format is not known: {some}")
    if any(report.quarantined for report in reports):
        lines.append('what was set aside: chainwatch query "SELECT file, line, reason, raw FROM quarantine"')
    return "\n".join(lines)


def _lines(report: FileReport) -> Iterator[str]:
    if report.format is None:
        yield f"failed: {report.error}"
        return
    how = f"{report.title}, field map {report.field_map}" if report.field_map else f"{report.title}"
    parts = [f"{report.read:,} read", f"{report.new:,} new spans", f"{report.known:,} already stored"]
    for count, noun in (
        (report.feedback, "new feedback"),
        (report.annotations, "new annotations"),
        (report.contents, "new texts of spans"),
        (sum(report.skipped.values()), "skipped"),
        (sum(report.quarantined.values()), "quarantined"),
    ):
        if count:
            parts.append(f"{count:,} {noun}")
    rate = f"{report.read / report.seconds:,.0f} rows/s" if report.seconds > 0 else ""
    yield f"{report.path}: {how}: {', '.join(parts)} ({report.seconds:.1f} s, {rate})"
    for reason, count in report.skipped.most_common(_REASONS_SHOWN):
        yield f"    skipped {count:,}: {reason}"
    for reason, count in report.quarantined.most_common(_REASONS_SHOWN):
        yield f"    quarantined {count:,}: {reason}"
    if len(report.quarantined) > _REASONS_SHOWN:
        yield f"    and {len(report.quarantined) - _REASONS_SHOWN} more reasons"
    if report.first_bad:
        yield f"    first: {report.first_bad}"
    if report.field_map is None and report.taken == 0 and _NEEDS_A_MAP & set(report.quarantined):
        yield "    foreign names? a field map, [ingest.maps.NAME] in chainwatch.toml, says what they mean"
    if report.error:
        yield f"    failed: {report.error}"


@contextmanager
def progress(stream: TextIO) -> Iterator[Callable[[FileReport], None]]:
    """A function to call as rows are read: a live line on a terminal, nothing at all in cron."""
    if not stream.isatty():
        yield lambda report: None
        return
    from rich.console import Console
    from rich.status import Status

    status = Status("reading", console=Console(file=stream))

    def show(report: FileReport) -> None:
        status.update(f"{report.path}: {report.read:,} read, {report.new:,} new")

    with status:
        yield show
