"""The labelling queue: one answer at a time, graded by a key, without anybody else's grade in sight."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from collectors.context import system_clock
from collectors.errors import ChainwatchError
from dashboard import access, actions, formats, label_actions, ui, urls
from dashboard.data_quality import waiting
from dashboard.frame import Frame
from dashboard.text import plain, visible
from monitors.judges.config import JudgeConfig
from monitors.judges.grade import JudgedSpan
from monitors.judges.label_queue import Waiting
from monitors.judges.rubric import Criterion, Rubric

_DRAWS = 20
_LONGEST = 12_000
# So many characters of documents stand beside the grades without scrolling.
_FITS = 1_500
_KEYED = 9
_LATER, _DONE, _AGAIN = "label_later", "label_done", "label_again"
_PROBLEM = "label_problem"


def queue(
    frame: Frame, component: str, rubric: Rubric, settings: JudgeConfig, choices: DeltaGenerator
) -> None:
    """Who grades what (drawn into `choices`), the next answer, and its grades as keys."""
    actions.report()
    if not access.may_act():
        st.info("Your role lets you look. Operators label answers.", icon=":material/visibility:")
        return
    criterion = _criterion(rubric)
    with choices:
        urls.choose(
            "Criterion",
            "criterion",
            [c.name for c in rubric.criteria],
            chosen=criterion.name,
            words=formats.criterion,
            width=240,
        )
        who = actions.ask_who(width=240)
    if not who:
        st.info("Type your name first: a grade is stored with who gave it and when.", icon=":material/badge:")
        return
    _next(frame, component, criterion, settings, who)


@st.fragment
@ui.guarded
def _next(frame: Frame, component: str, criterion: Criterion, settings: JudgeConfig, who: str) -> None:
    """The answer that is to be graded; a grade draws the next one and nothing else of the page."""
    place = f"{frame.chain}/{component}/{criterion.name}/{who}"
    if st.session_state.get("label_place") != place:
        # Another queue: what was put off or can be taken back belongs to the one before.
        st.session_state.update({"label_place": place, _LATER: [], _DONE: [], _AGAIN: None})
    found = ui.fetch(
        frame,
        waiting,
        frame.chain,
        component,
        criterion.name,
        who,
        tuple(st.session_state[_LATER]),
        st.session_state[_AGAIN],
    )
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        st.error("That grade was not stored.", icon=":material/error:")
        st.code(visible(problem), language=None, wrap_lines=True)
    _progress(found)
    if found.answer is not None:
        _answer(frame, found, found.answer, criterion, who)
    _draw(frame, component, criterion, settings, empty=found.answer is None, done=found.done)


def _criterion(rubric: Rubric) -> Criterion:
    wanted = urls.url("criterion")
    return next((c for c in rubric.criteria if c.name == wanted), rubric.criteria[0])


def _progress(found: Waiting) -> None:
    total = found.fresh + found.second + found.done
    if not total:
        return
    said = f"{formats.count(found.done)} graded by you · {formats.count(found.fresh)} wait for a first grade"
    if found.second:
        said += f" · {formats.count(found.second)} for a second opinion"
    st.progress(found.done / total, text=plain(said))
    if found.answer is not None and not found.fresh and found.second and st.session_state[_AGAIN] is None:
        st.caption(
            "Everything has a first grade. A second one of the same answer shows how far people agree, "
            "which no judge can surpass."
        )


def _answer(frame: Frame, found: Waiting, answer: JudgedSpan, criterion: Criterion, who: str) -> None:
    """What a grader may see on the left, the grades on the right; on a phone below."""
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True):
        st.caption(plain(f"Asked {frame.when(answer.started_at)}"))
        _text("Question", answer.question)
        if answer.input_text and answer.input_text != answer.question and answer.kind == "tool":
            _text("Input", answer.input_text)
        if answer.answer:
            _text("Answer", answer.answer)
        if answer.reference_text:
            _text("Right answer, as given", answer.reference_text)
        documents = [d.text for d in answer.documents if d.text]
        if documents:
            st.markdown(f"**Documents it had ({len(documents)})**")
            long = sum(map(len, documents)) > _FITS
            with st.container(height=320 if long else "content", border=True):
                for number, text in enumerate(documents, start=1):
                    st.text(f"{number}. {visible(text)[:_LONGEST]}")
    with right:
        _grades(frame, found, answer, criterion, who)


def _text(title: str, text: str | None) -> None:
    st.markdown(f"**{plain(title)}**")
    st.text(visible(text or "")[:_LONGEST] or "Nothing was logged.")
    if len(text or "") > _LONGEST:
        st.caption(f"The first {_LONGEST:,} of {len(text or ''):,} characters.")


def _grades(frame: Frame, found: Waiting, answer: JudgedSpan, criterion: Criterion, who: str) -> None:
    st.markdown(f"**{plain(criterion.description)}**")
    if found.score is not None:
        st.caption(plain(f"You gave it {found.score:g}. Another grade replaces that."))
    for value in sorted(criterion.grades, reverse=True):
        st.button(
            plain(f"{value}: {criterion.grades[value].description}"),
            # Named by its answer: a key that is pressed before the next is drawn must not grade that unseen.
            key=f"grade_{value}_{answer.key}",
            shortcut=str(value) if 0 <= value <= _KEYED else None,
            width="stretch",
            wrap=True,
            on_click=_store(frame, answer, criterion, value, who),
        )
    st.text_input(
        "Comment",
        key=_comment(answer),
        max_chars=400,
        placeholder="Why, if it was hard. Keys do not grade while you type",
    )
    with st.container(horizontal=True):
        st.button("Later", key="label_put_off", shortcut="L", on_click=_put_off, args=(answer.key,))
        st.button(
            "Back",
            key="label_back",
            shortcut="B",
            on_click=_back,
            disabled=not st.session_state[_DONE],
            help="The answer that you graded before this one.",
        )


def _store(
    frame: Frame, answer: JudgedSpan, criterion: Criterion, score: int, who: str
) -> Callable[[], None]:
    """Before the page is drawn again, so that the next answer is there at once."""

    def stored() -> None:
        if answer.key in st.session_state[_DONE]:
            # Its keys are still there while the next answer is drawn; only Back opens a grade again.
            return
        try:
            access.require_operator()
            label_actions.grade(
                frame.warehouse,
                answer,
                criterion.name,
                score,
                author=who,
                comment=st.session_state.get(_comment(answer), ""),
                at=system_clock(),
            )
        except ChainwatchError as error:
            st.session_state[_PROBLEM] = str(error)
            return
        done = [key for key in st.session_state[_DONE] if key != answer.key]
        st.session_state.update({_DONE: [*done, answer.key], _AGAIN: None})

    return stored


def _comment(answer: JudgedSpan) -> str:
    """Each answer has a comment of its own, so that none goes on to the next."""
    return f"label_comment_{answer.key}"


def _put_off(key: str) -> None:
    later = [other for other in st.session_state[_LATER] if other != key]
    st.session_state.update({_LATER: [*later, key], _AGAIN: None})


def _back() -> None:
    done = st.session_state[_DONE]
    st.session_state.update({_AGAIN: done[-1], _DONE: done[:-1]})


def _draw(
    frame: Frame,
    component: str,
    criterion: Criterion,
    settings: JudgeConfig,
    *,
    empty: bool,
    done: int,
) -> None:
    """Take more answers into the queue, drawn by chance out of the range."""
    if empty:
        ui.nothing(
            "The queue is empty" if not done else "All that was drawn is graded",
            f"Draw answers of {component} from the range above, by chance and with known chances: then a few "
            "labels speak for all answers. About 50 make a useful interval.",
        )
    else:
        st.caption(
            plain(f"More answers of the range above ({frame.range_words}), out of those not drawn before:")
        )
    if st.button(
        f"**Draw {_DRAWS} answers**" if empty else f"Draw {_DRAWS} answers",
        key="label_draw",
        icon=":material/casino:",
    ):
        actions.perform(
            lambda: _drawn(
                label_actions.draw_more(
                    frame.warehouse,
                    criterion.name,
                    chain=frame.chain,
                    component=component,
                    within=(frame.span.start, frame.span.end),
                    count=_DRAWS,
                    seed=settings.seed,
                    at=system_clock(),
                )
            )
        )


def _drawn(count: int) -> str:
    return f"{count} answers drawn" if count else "Every answer of this range was drawn before"
