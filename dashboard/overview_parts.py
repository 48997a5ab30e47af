"""The parts of the overview: what the last run did, and one card a component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import streamlit as st

from dashboard import formats, theme, ui, urls
from dashboard.data_overview import ComponentHealth, Overview
from dashboard.data_overview_courses import ComponentCourse
from dashboard.data_overview_quality import Quality
from dashboard.data_quality import PEOPLE
from dashboard.frame import Frame
from dashboard.text import plain

# A card has five small charts; the browser draws about fifty of them at once without delay.
_MOST = 10
_NOT_JUDGED = "No grades in this range: this component is not judged."


@dataclass(frozen=True, kw_only=True)
class _Tile:
    """One figure of a card: its words, its change against the range before, and its course."""

    label: str
    text: str
    now: float | None
    before: float | None
    course: Sequence[float | None]
    aside: str
    help: str | None = None


def runs(frame: Frame, view: Overview) -> None:
    """What the last run did; a failed one is said loudly, because then nobody is watching."""
    newest = frame.extent.last_at
    lag = frame.now - newest
    parts = [f"Newest span {frame.when(newest)} ({formats.ago(newest, frame.now)})"]
    if view.last_runs:
        last = view.last_runs[0]
        if last.status == "failed":
            st.error(
                f"The last monitor run failed {formats.ago(last.started_at, frame.now)}; "
                "nothing was evaluated.",
                icon=":material/error:",
            )
            st.code(last.error or "no reason was recorded", language=None, wrap_lines=True)
        elif last.status == "ok":
            parts.append(
                f"last run {frame.when(last.started_at)}: {formats.count(last.windows_evaluated)} windows, "
                f"{formats.count(last.results_written)} results, {formats.count(last.breaches)} in breach, "
                f"in {formats.seconds(last.duration_s)}"
            )
        else:
            parts.append(f"a run is going on since {frame.when(last.started_at)}")
    parts.append(f"times are {frame.zone_name}")
    st.caption(plain(" · ".join(parts)))
    if frame.landing.quarantined:
        st.caption(
            plain(
                f"{formats.count(frame.landing.quarantined)} records could not be read and are in quarantine."
            )
        )
    if lag > timedelta(days=1) and not view.last_runs:
        st.caption("The newest span is old. Is the exporter still sending?")


def deploys(frame: Frame, view: Overview) -> None:
    """Every version that changed in the range."""
    ui.heading("What was deployed")
    if not view.deploys:
        st.text("No version changed in this range.")
    else:
        st.dataframe(
            [
                {
                    "When": frame.when(d.deployed_at),
                    "Component": d.component,
                    "What changed": d.change,
                    "Known from": d.source,
                }
                for d in view.deploys
            ],
            hide_index=True,
            alt="Deploys in this range",
        )


@dataclass(frozen=True, kw_only=True)
class Cards:
    """What cards show of components over a range of so many days.

    whole_before: whether there were spans all through the range before, so that counts can be set against it.
    """

    courses: Mapping[str, ComponentCourse]
    days: float
    whole_before: bool

    def draw(self, parts: Sequence[ComponentHealth]) -> None:
        """In the order of the chain; of a long chain what is not well comes first."""
        shown, rest = list(parts), []
        if len(parts) > _MOST:
            ranked = sorted(parts, key=lambda p: (p.health == "ok", p.row.position))
            shown, rest = ranked[:_MOST], ranked[_MOST:]
        for part in shown:
            self._card(part)
        if rest:
            more = st.expander(f"{len(rest)} more components", on_change="rerun", key="more_components")
            if more.open:
                with more:
                    for part in rest:
                        self._card(part)

    def _card(self, part: ComponentHealth) -> None:
        """One component: its state, then five figures with their course."""
        course = self.courses.get(part.row.component)
        with st.container(border=True, gap="small"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                ui.badge(theme.HEALTH[part.health])
                urls.link(urls.COMPONENT, part.row.component, component=part.row.component)
                kind = "application" if part.row.is_application else part.row.kind
                st.caption(plain(f"{kind} · {part.health_reason}"), width="content")
            if part.now is None or course is None:
                st.text("No spans in this range.")
                return
            with st.grid(5, min_column_width=140, gap="small"):
                for tile in _tiles(part, course, self.days, whole_before=self.whole_before):
                    change = formats.relative(tile.now, tile.before)
                    aside = "same as before" if tile.before is not None else plain(tile.aside)
                    st.metric(
                        plain(tile.label),
                        plain(tile.text),
                        # Where there is no change to show, another fact keeps the course in its colour.
                        delta=None if tile.now is None else change or aside,
                        delta_arrow="auto" if change else "off",
                        # The colour of the course: what is current is blue; alerts say what is bad.
                        delta_color="blue",
                        help=tile.help,
                        chart_data=_course(tile.course),
                        chart_type="line",
                        height="stretch",
                    )


def _tiles(part: ComponentHealth, course: ComponentCourse, days: float, *, whole_before: bool) -> list[_Tile]:
    now, before, points, quality = part.now, part.before, course.points, course.quality
    if now is None:
        return []
    each = now.cost_usd / now.requests if now.cost_usd is not None else None
    tiles = [
        _Tile(
            label="Requests",
            text=formats.count(now.requests),
            now=now.requests,
            before=before.requests if before and whole_before else None,
            course=points.requests,
            aside=f"{formats.count(now.requests / days)} a day",
        ),
        _Tile(
            label="Error rate",
            text=formats.share(now.error_rate),
            now=now.error_rate,
            before=before.error_rate if before else None,
            course=points.error_rate,
            aside=f"{formats.count(now.errors)} failed",
        ),
        _Tile(
            label="p95 duration",
            text=formats.seconds(now.p95_s),
            now=now.p95_s,
            before=before.p95_s if before else None,
            course=points.p95_s,
            aside=f"half under {formats.seconds(now.p50_s)}",
            help="One request in twenty takes longer.",
        ),
        _Tile(
            label="Cost, all steps" if part.cost_is_of_all else "Cost",
            text=formats.dollars(now.cost_usd),
            now=now.cost_usd,
            before=before.cost_usd if before and whole_before else None,
            course=points.cost_usd,
            aside=f"{formats.dollars(each)} a request",
            help=None if now.cost_usd is not None else "The spans of this component carry no cost.",
        ),
    ]
    if quality is None:
        return [
            *tiles,
            _Tile(
                label="Quality",
                text=formats.UNKNOWN,
                now=None,
                before=None,
                course=(),
                aside="",
                help=_NOT_JUDGED,
            ),
        ]
    return [
        *tiles,
        _Tile(
            label=formats.criterion(quality.criterion),
            text=_interval(quality.mean, quality.low, quality.high),
            now=quality.mean,
            before=quality.previous_mean,
            course=points.quality,
            aside=f"{formats.count(quality.scored)} {'labels' if quality.target == PEOPLE else 'graded'}",
            help=_explained(quality),
        ),
    ]


def _explained(quality: Quality) -> str:
    """What the figure is, and of what."""
    if quality.day is None:
        return (
            f"Mean grade of {formats.count(quality.scored)} answers by the {quality.judge_kind} judge, "
            "with its 95 % interval."
        )
    day = f"{quality.day.day} {quality.day:%b}"
    who = "people" if quality.target == PEOPLE else plain(quality.target or "")
    return (
        f"What {who} would give all answers of {day}, with its 95 % interval. The page Quality has every day "
        "and criterion."
    )


def _course(points: Sequence[float | None]) -> list[float] | None:
    """A gap is not a number, so that the line breaks there; nothing at all draws nothing."""
    if all(point is None for point in points):
        return None
    return [float("nan") if point is None else float(point) for point in points]


def _interval(mean: float, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return formats.number(mean)
    # An estimate's interval may reach further to one side; that side is said.
    half = max(high - mean, mean - low)
    places = 2 if half >= 0.01 else 3
    return f"{mean:.{places}f} ± {max(half, 10**-places):.{places}f}"
