"""The quality page's judges: agreement with people, rubric versions, what was judged and what it cost."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard import formats, ui
from dashboard.data_quality import JudgeRunRow, Judges
from dashboard.frame import Frame
from monitors.judges.agreement import ALL_GENERATORS, JudgeAgreement
from monitors.judges.config import KEY_VARIABLE, JudgeConfig
from monitors.judges.rubric import Rubric
from monitors.statistics.agreement import Figure

_FEW_PAIRS = 30
_SETUP = """[judge]
base_url = "http://localhost:8000/v1"   # any OpenAI-compatible endpoint; left out: api.openai.com
model = "my-judge"
enabled = true
max_cost_usd_per_day = 1.00
input_usd_per_million_tokens = 0.15
output_usd_per_million_tokens = 0.60"""


def no_judge(settings: JudgeConfig) -> None:
    """What to do when no LLM judge is configured."""
    if settings.model:
        return
    ui.nothing(
        "No LLM judge is set up",
        "The local scorer grades every sampled answer, and people can label; neither needs a key. A judge "
        "makes the intervals shorter. Put this into chainwatch.toml, and its key, if it has one, into "
        f"{KEY_VARIABLE}:",
        [_SETUP],
    )


def agreement(view: Judges) -> None:
    """How far each judge agrees with people, and people with each other."""
    found = view.agreement
    if not found.judges:
        ui.heading("Agreement of judge and people")
        ui.nothing(
            "No answer has both a judge's grade and a person's",
            "Whether a judge can be trusted is seen where both graded the same answers. Label some of those "
            "that the judge has graded: the draw prefers them.",
        )
    else:
        whole = [j for j in found.judges if j.generator == ALL_GENERATORS]
        best = max(whole, key=lambda j: j.agreement.pairs)
        kappa = best.agreement.kappa
        ui.heading(
            f"{best.judge} and people on {best.criterion.replace('_', ' ')}: kappa {figure_words(kappa)}"
            if kappa.value is not None
            else "Agreement of judge and people",
            f"From {formats.count(best.agreement.pairs)} answers that both graded. Kappa is agreement beyond "
            "chance: 0 is none, 1 is perfect. Bias is the judge's grade less people's."
            + (" That is few: read the intervals." if best.agreement.pairs < _FEW_PAIRS else ""),
        )
        st.dataframe(
            [_row(j) for j in found.judges],
            hide_index=True,
            alt="Agreement of each judge with people, with 95 % intervals",
        )
    if found.people:
        st.dataframe(
            [
                {"Criterion": name, "People among themselves, Krippendorff's alpha": figure_words(figure)}
                for name, figure in found.people.items()
            ],
            hide_index=True,
            alt="Agreement of people among themselves",
        )
        st.caption("What people reach among themselves is the ceiling: no judge can be held to more.")
    if found.together:
        st.dataframe(
            [
                {
                    "Criterion": name,
                    "Judges": ", ".join(t.judges),
                    "Answers": formats.count(t.answers),
                    "All the same": figure_words(t.same, share=True),
                    "Apart": f"{t.apart:.2f}",
                    "Judges among themselves, Krippendorff's alpha": figure_words(t.alpha),
                }
                for name, t in found.together.items()
            ],
            hide_index=True,
            alt="Agreement of the judges of an ensemble among themselves",
        )
        st.caption("Apart: the highest grade of an answer less the lowest, on average.")
    if found.unreadable:
        st.dataframe(
            [
                {"Judge": name, "Replies without a grade": figure_words(figure, share=True)}
                for name, figure in found.unreadable.items()
            ],
            hide_index=True,
            alt="Replies of each judge that could not be read or were refused",
        )


def _row(found: JudgeAgreement) -> dict[str, str]:
    figures = found.agreement
    return {
        "Judge": f"{found.judge} ({found.judge_version})",
        "Criterion": found.criterion,
        "Answers of": "all" if found.generator == ALL_GENERATORS else found.generator or "no known model",
        "Pairs": formats.count(figures.pairs),
        "Same grade": figure_words(figures.exact, share=True),
        "Within one": figure_words(figures.within_one, share=True),
        "Kappa": figure_words(figures.kappa),
        "Weighted kappa": figure_words(figures.weighted_kappa),
        "Alpha": figure_words(figures.alpha),
        "Bias": figure_words(figures.bias, signed=True),
        "Error with length": figure_words(found.length, signed=True),
    }


def rubrics(view: Judges, frame: Frame, rubric: Rubric) -> None:
    """Which versions graded when, and what the configured rubric says."""
    ui.heading(
        "Rubrics",
        "A changed word is a new version with its own series of grades, and so is another model or endpoint.",
    )
    if view.rubrics:
        st.dataframe(
            [
                {
                    "Rubric": r.rubric,
                    "Version": r.rubric_version,
                    "Judge": f"{r.judge} ({r.judge_version})",
                    "First": frame.when(r.first_at),
                    "Last": frame.when(r.last_at),
                    "Answers": formats.count(r.answers),
                    "Mean grade": formats.number(r.overall),
                    "Without a grade": formats.count(r.unscored),
                }
                for r in view.rubrics
            ],
            hide_index=True,
            alt="Versions of rubrics and judges, newest first",
        )
    asked = st.expander(
        f"What is asked now: {rubric.title} ({rubric.name} {rubric.version})", on_change="rerun", key="rubric"
    )
    if asked.open:
        with asked:
            for criterion in rubric.criteria:
                st.text(f"{criterion.name}, weight {criterion.weight:g}: {criterion.description}")
                ui.facts({str(grade): level.description for grade, level in criterion.grades.items()})


def ledger(view: Judges, frame: Frame) -> None:
    """What was judged and skipped, and at what cost."""
    spent = view.spent
    if spent is None:
        ui.heading("What was judged")
        st.text("No judge has run.")
        return
    cost = formats.dollars(spent.cost_usd) if spent.cost_usd is not None else "at a cost nobody knows"
    ui.heading(
        f"{formats.count(spent.graded)} answers judged for {cost}"
        if spent.cost_usd is not None
        else f"{formats.count(spent.graded)} answers judged, {cost}",
        f"{formats.count(spent.runs)} runs, {formats.count(spent.calls)} calls and "
        f"{formats.count(spent.tokens)} tokens from {frame.when(spent.first_at)} to "
        f"{frame.when(spent.last_at)}, over all chains."
        + (
            f" {formats.count(spent.without_prices)} runs have no cost: [judge] has no prices."
            if spent.without_prices
            else ""
        ),
    )
    stopped = [r for r in view.runs if r.stopped]
    if stopped and stopped[0] is view.runs[0]:
        st.warning("The last run of the judge ended early.", icon=":material/warning:")
        st.code(view.runs[0].stopped or "", language=None, wrap_lines=True)
    st.dataframe(
        [_run(r, frame) for r in view.runs],
        hide_index=True,
        alt="Runs of the judge, newest first",
    )


def _run(row: JudgeRunRow, frame: Frame) -> dict[str, str]:
    return {
        "When": frame.when(row.started_at),
        "Drawn": f"{formats.count(row.sampled)} of {formats.count(row.eligible)}",
        "Graded": formats.count(row.graded),
        "Cost": formats.dollars(row.cost_usd),
        "Calls": formats.count(row.calls),
        "Tokens": formats.count(row.input_tokens + row.output_tokens),
        "Without a grade": _reasons(row.unscored),
        "Skipped": _reasons(row.skipped),
        "Ended early": row.stopped or "",
        "Judge": f"{row.judge} ({row.judge_version})",
        "Rubric": f"{row.rubric} {row.rubric_version}",
    }


def _reasons(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))


def figure_words(figure: Figure, *, share: bool = False, signed: bool = False) -> str:
    """A figure with its interval; a dash where it is not defined."""
    if figure.value is None:
        return formats.UNKNOWN
    write = formats.share if share else (lambda v: f"{v:+.2f}") if signed else (lambda v: f"{v:.2f}")
    if figure.low is None or figure.high is None:
        return write(figure.value)
    return f"{write(figure.value)} ({write(figure.low)} to {write(figure.high)})"
