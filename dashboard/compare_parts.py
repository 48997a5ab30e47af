"""The compare page's parts: every number side by side, the shapes, what the texts say, Evidently's report."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from statistics import median

import streamlit as st

from dashboard import formats, ui
from dashboard.chart_data import Query
from dashboard.charts_compare import shape_chart
from dashboard.data_compare import Comparison, Difference, SideRange, evidently, sampled
from dashboard.frame import Frame
from dashboard.text import plain, to_csv, visible

# Words and unit of each number, in the order of the table.
_NUMBERS: Mapping[str, tuple[str, str]] = {
    "error_rate": ("Error rate", "share"),
    "duration_s": ("Duration", "s"),
    "time_to_first_token_s": ("Time to first token", "s"),
    "cost_usd": ("Cost a request", "usd"),
    "input_tokens": ("Input tokens", ""),
    "output_tokens": ("Output tokens", ""),
    "input_characters": ("Input characters", ""),
    "output_characters": ("Output characters", ""),
    "documents": ("Documents", ""),
}
_WHOLE = frozenset({"input_tokens", "output_tokens", "input_characters", "output_characters", "documents"})
_COLUMNS = ("measure", "n_a", "mean_a", "p95_a", "n_b", "mean_b", "p95_b", "change", "low", "high")
_MADE = "evidently_made"
_SURE = 0.05


def headline(found: Comparison, a: SideRange, b: SideRange) -> None:
    """How many numbers differ by more than chance makes of them, and which."""
    rows = [*_known(found.numbers), *found.grades]
    clear = [_word(d.measure) for d in rows if d.is_clear]
    ui.heading(
        f"{len(clear)} of {len(rows)} numbers differ clearly" if clear else "No number differs clearly",
        (f"{', '.join(clear[:6])}{' and more' if len(clear) > 6 else ''}. " if clear else "")
        + f"A: {a.name}, {formats.count(found.spans_a)} spans. B: {b.name}, "
        f"{formats.count(found.spans_b)} spans. Of twenty numbers that are the same, chance makes one look "
        "different.",
    )


def table(found: Comparison, component: str) -> None:
    """Every number of both sides, with the interval of the difference; what differs clearly comes first."""
    rows = sorted([*_known(found.numbers), *found.grades], key=lambda d: not d.is_clear)
    st.dataframe(
        [_row(d) for d in rows],
        hide_index=True,
        height="content",
        column_config={
            "Number": st.column_config.TextColumn(width="medium"),
            "Difference of the means": st.column_config.TextColumn(
                help="B less A, with the 95 % interval of the difference."
            ),
        },
        alt="Every number of both sides",
    )
    ui.download(
        "Numbers as CSV",
        to_csv([_flat(d) for d in rows], _COLUMNS),
        f"compare-{component}.csv",
        key="compare_csv",
    )


def _known(numbers: Sequence[Difference]) -> list[Difference]:
    """The numbers that a side has, in the order of the words."""
    by_name = {d.measure: d for d in numbers}
    return [by_name[name] for name in _NUMBERS if name in by_name]


def _word(measure: str) -> str:
    if measure in _NUMBERS:
        return _NUMBERS[measure][0]
    judge, _, criterion = measure.rpartition(" ")
    word = formats.criterion(criterion)
    return f"{word} ({formats.JUDGES.get(judge, judge)})" if judge else word


def _row(found: Difference) -> dict[str, str]:
    unit = _NUMBERS.get(found.measure, ("", "grade"))[1]

    def say(value: float | None) -> str:
        return formats.measured(value, unit)

    def one(value: float | None) -> str:
        """One value of a side, which is whole where all are: sketches know it within 1 %."""
        return say(value if value is None or found.measure not in _WHOLE else float(round(value)))

    a, b = found.a, found.b
    if found.change is None:
        said, sure = formats.UNKNOWN, "○ not on both sides"
    elif found.low is None or found.high is None:
        said, sure = _signed(found.change, unit), "○ too few"
    else:
        said = f"{_signed(found.change, unit)} ({_signed(found.low, unit)} to {_signed(found.high, unit)})"
        sure = ("▲ higher" if found.change > 0 else "▼ lower") if found.is_clear else "no clear difference"
    middle = found.measure != "error_rate"
    return {
        "Number": _word(found.measure),
        "B against A": sure,
        "A, mean": say(a.mean if a else None),
        "B, mean": say(b.mean if b else None),
        "Difference of the means": said,
        "A, half under": one(a.p50) if a and middle else formats.UNKNOWN,
        "B, half under": one(b.p50) if b and middle else formats.UNKNOWN,
        "A, p95": one(a.p95) if a and middle else formats.UNKNOWN,
        "B, p95": one(b.p95) if b and middle else formats.UNKNOWN,
        "A, spans": formats.count(a.n if a else None),
        "B, spans": formats.count(b.n if b else None),
    }


def _signed(value: float, unit: str) -> str:
    """A difference: of shares in points, which per cent would leave open; of grades with all its digits."""
    if value == 0:
        return "0"
    size = abs(value)
    if unit == "share":
        words = f"{formats.number(100 * size)} points"
    else:
        words = formats.number(size) if unit == "grade" else formats.measured(size, unit)
    return f"{'-' if value < 0 else '+'}{words}"


def _flat(found: Difference) -> dict[str, object]:
    sides = {
        f"{name}_{letter}": getattr(side, name) if side else None
        for letter, side in (("a", found.a), ("b", found.b))
        for name in ("n", "mean", "p95")
    }
    return {
        "measure": found.measure,
        **sides,
        "change": found.change,
        "low": found.low,
        "high": found.high,
    }


def shapes(found: Comparison, frame: Frame, component: str, a: SideRange, b: SideRange) -> None:
    """How durations and output lengths are distributed on both sides."""
    pairs = (
        (
            "How long requests take",
            "duration_s",
            formats.seconds,
            found.values_a.duration_s,
            found.values_b.duration_s,
            "duration, seconds",
        ),
        (
            "How long outputs are, in tokens",
            "output_tokens",
            formats.count,
            found.values_a.output_tokens,
            found.values_b.output_tokens,
            "output tokens",
        ),
    )
    shown = [pair for pair in pairs if pair[3] and pair[4]]
    middles = {d.measure: (d.a, d.b) for d in found.numbers}
    if not shown:
        return
    query = Query(
        name="compare_values",
        sides={
            side.name: sampled(frame.chain, component, side, spans)
            for side, spans in ((a, found.spans_a), (b, found.spans_b))
        },
    )
    with st.grid(2, min_column_width=420, gap="medium") as grid:
        for what, measure, words, of_a, of_b, unit in shown:
            sides = zip(middles.get(measure, (None, None)), (of_a, of_b), strict=True)
            # Of all spans, as in the table, where they say it; the shape may be of a sample.
            a_half, b_half = (
                median(values) if side is None or side.p50 is None else side.p50 for side, values in sides
            )
            title = f"{what}: half of A up to {words(a_half)}, half of B up to {words(b_half)}"
            with grid.cell(), st.container(border=True, height="stretch"):
                ui.chart(
                    title,
                    shape_chart(of_a, of_b, names=("A", "B"), unit=unit),
                    key=f"shape_{unit}",
                    query=query,
                )


def texts(found: Comparison) -> None:
    """What the kept embeddings say of inputs and outputs."""
    if not found.texts:
        return
    ui.heading(
        "What the texts are about",
        "From the sketches of the embeddings, as chainwatch compare has them: p is how often chance alone "
        "puts the two sides so far apart.",
    )
    st.dataframe(
        [
            {
                "Texts": field.removesuffix("_text").capitalize() + "s",
                "In words": "they differ"
                if said.permutations and said.p < _SURE
                else "no clear difference"
                if said.permutations
                else "too few windows to say",
                "Distance, MMD²": formats.number(said.mmd2),
                "p": formats.probability(said.p) if said.permutations else formats.UNKNOWN,
                "A, texts": formats.count(said.before.rows),
                "B, texts": formats.count(said.after.rows),
            }
            for field, said in found.texts.items()
        ],
        hide_index=True,
        alt="Distance of the texts of both sides",
    )


def report(frame: Frame, component: str, a: SideRange, b: SideRange) -> None:
    """Evidently's report of the same pair: made when asked for, shown in a closed frame, to be taken away."""
    ui.heading(
        "Evidently's report",
        "Its tests and charts of every column of the same pair; texts enter as lengths and counts.",
    )
    pair = (frame.chain, component, a, b)
    if st.button("Make the report", key="make_report", icon=":material/analytics:"):
        with st.spinner("Evidently is at work; the first report takes about half a minute."):
            st.session_state[_MADE] = (pair, ui.fetch(frame, evidently, *pair))
    of, made = st.session_state.get(_MADE, (None, None))
    if made is None or of != pair:
        return
    drifted = ", ".join(made.drifted) or "none"
    st.caption(
        plain(
            f"{formats.count(made.spans_b)} spans of B against {formats.count(made.spans_a)} of A. "
            f"Columns past Evidently's thresholds: {drifted}."
        )
    )
    st.download_button(
        "Report as HTML",
        made.html,
        file_name=f"evidently-{component}.html",
        mime="text/html",
        key="report_html",
        icon=":material/download:",
    )
    # The page runs scripts of its own: in a sandbox it reaches neither the dashboard nor its session.
    st.iframe(
        '<iframe sandbox="allow-scripts" title="Report" style="border:0;width:100%;height:1180px" '
        f'srcdoc="{html.escape(made.html)}"></iframe>',
        height=1200,
        alt="Evidently's report of the two sides",
    )


def choice_words(name: str, spans: int) -> str:
    """A version, model or data set in a list."""
    return f"{formats.clip(visible(name), 60)} ({formats.count(spans)} spans)"
