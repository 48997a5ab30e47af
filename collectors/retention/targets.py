"""What each limit touches: which rows of which table, by which of their times, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from collectors.model import PRODUCTION


@cache
def sql(name: str) -> str:
    """The text of `collectors/retention/<name>.sql`."""
    return (resources.files("collectors.retention") / f"{name}.sql").read_text("utf-8")


@dataclass(frozen=True, kw_only=True)
class Target:
    """Rows of one table.

    Attributes:
        time: the column whose age counts.
        where: which rows still have what goes; may use $cutoff, the time before which data goes.
        change: the SET clause; None deletes the rows.
        arrived: the column that says when a row came. With it, only rows that are newly past the limit, or
            that came since the last prune, are looked at: what was done once costs nothing again.
        children: rows of other tables that go in the same transaction, as (table, condition); the
            conditions use $low and $high, the slice of time that is deleted.
    """

    table: str
    time: str
    where: str = "true"
    change: str | None = None
    arrived: str | None = None
    children: tuple[tuple[str, str], ...] = ()


_PRODUCTION = f"dataset = '{PRODUCTION}'"
# Conditions, each in its file: rows that belong to spans of a slice of time, and to none that stays.
_OF_SPANS = sql("of_spans")
_CONTENTS_OF_SPANS = sql("contents_of_spans")
_GRADES_OF_SPANS = f"span_started_at >= $low AND span_started_at < $high AND {_PRODUCTION}"
_ALONE = sql("alone")


# Lists in evidence and payloads whose entries quote a text.
_QUOTES = ("examples", "vanished", "map")


def _quotes(column: str) -> str:
    """Rows whose evidence or payload in `column` quotes a text."""
    texts = "json_extract_string({column}, '$.{name}[*].text')"
    found = ", ".join(texts.format(column=column, name=name) for name in _QUOTES)
    return f"len(list_filter(flatten([{found}]), lambda t: t IS NOT NULL)) > 0"


def _unquoted(column: str) -> str:
    """SET: the same entries with their ids and reasons, without the texts."""
    lists = ", ".join(
        f"'{name}', CASE WHEN json_exists({column}, '$.{name}') THEN list_transform("
        f"json_extract({column}, '$.{name}[*]'), lambda e: json_merge_patch(e, '{{\"text\": null}}')) END"
        for name in _QUOTES
    )
    return f"{column} = json_merge_patch({column}, json_object({lists}))"


_OVER = "incident_id NOT IN (SELECT incident_id FROM incidents WHERE state <> 'resolved')"
_UNSENT = "('pending', 'sending')"
_WORDS = "('input_words', 'output_words')"

TARGETS: Mapping[str, tuple[Target, ...]] = {
    "spans": (
        Target(
            table="spans",
            time="started_at",
            where=_PRODUCTION,
            children=(
                ("grades", _GRADES_OF_SPANS),
                ("drawn_spans", _GRADES_OF_SPANS),
                ("pairwise_verdicts", _GRADES_OF_SPANS),
                ("feedback", _OF_SPANS),
                ("annotations", _OF_SPANS),
                ("span_contents", _CONTENTS_OF_SPANS),
            ),
        ),
        Target(table="feedback", time="created_at", where=_ALONE),
        Target(table="annotations", time="created_at", where=_ALONE),
        Target(table="span_contents", time="logged_at", where=_ALONE),
    ),
    "texts": (
        Target(
            table="spans",
            time="started_at",
            where=f"{_PRODUCTION} AND (input_text IS NOT NULL OR output_text IS NOT NULL "
            "OR reference_text IS NOT NULL OR attributes IS NOT NULL)",
            change="input_text = NULL, output_text = NULL, reference_text = NULL, attributes = NULL",
            arrived="ingested_at",
        ),
        Target(
            table="spans",
            time="started_at",
            where=f"{_PRODUCTION} AND len(list_filter(documents, lambda d: d.text IS NOT NULL)) > 0",
            change="documents = list_transform(documents, lambda d: struct_update(d, text := NULL::VARCHAR))",
            arrived="ingested_at",
        ),
        Target(
            table="grades",
            time="span_started_at",
            where=f"{_PRODUCTION} AND rationale IS NOT NULL",
            change="rationale = NULL",
            arrived="graded_at",
        ),
        Target(
            table="feedback",
            time="created_at",
            where="comment IS NOT NULL",
            change="comment = NULL",
            arrived="ingested_at",
        ),
        Target(
            table="annotations",
            time="created_at",
            where="comment IS NOT NULL",
            change="comment = NULL",
            arrived="ingested_at",
        ),
        Target(table="span_contents", time="logged_at"),
        # What the checks on words keep, where one of them is switched on.
        Target(table="samples", time="window_end", where=f"{_PRODUCTION} AND field IN {_WORDS}"),
        Target(
            table="results",
            time="window_end",
            where=_quotes("evidence"),
            change=_unquoted("evidence"),
            arrived="computed_at",
        ),
        Target(
            table="alerts",
            time="resolved_at",
            where=f"state = 'resolved' AND (incident_id IS NULL OR {_OVER}) AND {_quotes('evidence')}",
            change=_unquoted("evidence"),
        ),
        Target(
            table="incidents",
            time="resolved_at",
            where=f"state = 'resolved' AND {_quotes('evidence')}",
            change=_unquoted("evidence"),
        ),
        Target(
            table="notifications",
            time="created_at",
            where=f"state NOT IN {_UNSENT} AND {_OVER} AND {_quotes('payload')}",
            change=_unquoted("payload"),
        ),
    ),
    "embeddings": (
        Target(
            table="samples",
            time="window_end",
            where=f"{_PRODUCTION} AND field IN ('input_text', 'output_text')",
        ),
    ),
    "sketches": (
        Target(
            table="samples",
            time="window_end",
            where=f"{_PRODUCTION} AND field NOT IN ('input_text', 'output_text') AND field NOT IN {_WORDS}",
        ),
        Target(table="number_sketches", time="window_end", where=_PRODUCTION),
        # A day or a week goes with its first window: what of it is to stay lies in the windows and days.
        Target(table="number_sketch_days", time="window_start", where=_PRODUCTION),
        Target(table="text_sketches", time="window_end", where=_PRODUCTION),
        Target(table="text_sketch_days", time="window_start", where=_PRODUCTION),
        # The last one says how far the monitors have come.
        Target(
            table="evaluated_windows",
            time="window_end",
            where="window_end < (SELECT max(window_end) FROM evaluated_windows)",
        ),
    ),
    "results": (
        Target(
            table="results",
            time="window_end",
            where=sql("results_over"),
        ),
        Target(
            table="notification_attempts",
            time="attempted_at",
            where=sql("attempts_over"),
        ),
        Target(
            table="notifications",
            time="created_at",
            where=f"state NOT IN {_UNSENT} AND {_OVER}",
        ),
        Target(
            table="alerts",
            time="resolved_at",
            where=f"state = 'resolved' AND (incident_id IS NULL OR {_OVER})",
        ),
        Target(
            table="incidents",
            time="resolved_at",
            where="state = 'resolved' AND incident_id NOT IN "
            "(SELECT incident_id FROM alerts WHERE state = 'firing' AND incident_id IS NOT NULL)",
        ),
        Target(
            table="monitor_runs",
            time="started_at",
            where="started_at < (SELECT max(started_at) FROM monitor_runs)",
        ),
        Target(table="silences", time="ends_at"),
    ),
    "quarantine": (Target(table="quarantine", time="quarantined_at"),),
}
