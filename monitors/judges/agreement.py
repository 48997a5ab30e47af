"""How far the LLM judges agree with people here: by criterion, judge, version, and who wrote the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row, fetch
from monitors.judges.spans import read_sql
from monitors.statistics.agreement import Agreement, Figure, agreement, alpha_figure, share, verbosity_bias

ALL_GENERATORS = "*"
_JUDGE = ("criterion", "judge", "judge_version")
# Judges may have graded a hundred thousand answers together; so many say how far they agree.
_TOGETHER = 1000


@dataclass(frozen=True, kw_only=True)
class JudgeAgreement:
    """One judge beside people.

    Attributes:
        generator: the model that wrote the answers; `*` for all together.
        length: correlation of the judge's error with the length of the answer.
    """

    criterion: str
    judge: str
    judge_version: str
    generator: str
    agreement: Agreement
    length: Figure


@dataclass(frozen=True, kw_only=True)
class Together:
    """Several LLM judges on the same answers.

    Attributes:
        alpha: Krippendorff's. same: share of answers that all gave the same grade.
        apart: the highest grade less the lowest, on average over the answers.
    """

    judges: tuple[str, ...]
    answers: int
    alpha: Figure
    same: Figure
    apart: float


@dataclass(frozen=True, kw_only=True)
class AgreementRows:
    """What the figures are made of: read once, reckoned later."""

    pairs: list[Row]
    people: list[Row]
    judges: list[Row]
    replies: list[Row]


@dataclass(frozen=True, kw_only=True)
class AgreementReport:
    """All of it.

    Attributes:
        people: Krippendorff's alpha of people among themselves, by criterion: the ceiling of a judge.
        together: the judges of an ensemble among themselves, by criterion.
        unreadable: share of replies without a grade, by judge and version.
    """

    judges: tuple[JudgeAgreement, ...]
    people: dict[str, Figure]
    together: dict[str, Together]
    unreadable: dict[str, Figure]

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)

    def lines(self) -> list[str]:
        """For people."""
        told = [f"people among themselves, {name}: alpha {_said(f)}" for name, f in self.people.items()]
        for found in self.judges:
            writer = found.generator or "no known model"
            by = "" if found.generator == ALL_GENERATORS else f", answers of {writer}"
            figures = found.agreement
            told.append(
                f"{found.judge} {found.judge_version}, {found.criterion}{by}: kappa {_said(figures.kappa)}, "
                f"alpha {_said(figures.alpha)}, exact {_said(figures.exact)}, bias {_said(figures.bias)}, "
                f"error with length {_said(found.length)}, {figures.pairs} pairs"
            )
        told += [
            f"{len(t.judges)} judges among themselves, {name}: alpha {_said(t.alpha)}, all the same "
            f"{_said(t.same)}, {t.apart:.2f} apart on average, {t.answers} answers"
            for name, t in self.together.items()
        ]
        told += [f"{name}: unreadable replies {_said(f)}" for name, f in self.unreadable.items()]
        return told


def read_agreement(con: Connection, chain: str | None = None) -> AgreementRows:
    """Everything that people and LLM judges both graded, of one chain or of all."""
    scope = {"chain": chain}
    return AgreementRows(
        pairs=fetch(con, read_sql("agreement_pairs.sql"), scope),
        people=fetch(con, read_sql("agreement_people.sql"), scope),
        judges=fetch(con, read_sql("agreement_judges.sql"), scope | {"most": _TOGETHER}),
        replies=fetch(con, read_sql("agreement_replies.sql"), scope),
    )


def agreement_report(rows: AgreementRows) -> AgreementReport:
    """The figures with their intervals, by bootstrap: call it when the warehouse is closed again."""
    found = []
    for _, of_judge in groupby(rows.pairs, key=lambda r: tuple(r[name] for name in _JUDGE)):
        pairs = list(of_judge)
        found.append(_one(pairs, ALL_GENERATORS))
        generators = {name: list(mine) for name, mine in groupby(pairs, key=lambda r: str(r["generator"]))}
        if len(generators) > 1:
            found += [_one(mine, name) for name, mine in generators.items()]
    people = {
        str(name): _alpha(list(mine)) for name, mine in groupby(rows.people, key=lambda row: row["criterion"])
    }
    return AgreementReport(
        judges=tuple(found),
        people=people,
        together={
            str(name): _together(list(mine))
            for name, mine in groupby(rows.judges, key=lambda r: r["criterion"])
        },
        unreadable={
            f"{row['judge']} {row['judge_version']}": share(row["unread"], row["replies"])
            for row in rows.replies
        },
    )


def _one(rows: Sequence[Row], generator: str) -> JudgeAgreement:
    judged, labels = [row["judged"] for row in rows], [row["label"] for row in rows]
    with_length = [row for row in rows if row["characters"] is not None]
    return JudgeAgreement(
        **{name: rows[0][name] for name in _JUDGE},
        generator=generator,
        agreement=agreement(judged, labels),
        length=verbosity_bias(
            [row["judged"] - row["label"] for row in with_length],
            [float(row["characters"]) for row in with_length],
        ),
    )


def _alpha(rows: Sequence[Row]) -> Figure:
    authors = sorted({label["author"] for row in rows for label in row["labels"]})
    told = [{label["author"]: label["score"] for label in row["labels"]} for row in rows]
    return alpha_figure([[scores.get(author) for scores in told] for author in authors])


def _together(rows: Sequence[Row]) -> Together:
    scores = [[label["score"] for label in row["labels"]] for row in rows]
    return Together(
        judges=tuple(sorted({label["author"] for row in rows for label in row["labels"]})),
        answers=len(rows),
        alpha=_alpha(rows),
        same=share(sum(len(set(of)) == 1 for of in scores), len(rows)),
        apart=sum(max(of) - min(of) for of in scores) / len(rows),
    )


def _said(figure: Figure) -> str:
    """A figure with its interval, in words.

    >>> _said(Figure(0.5, 0.25, 0.75)), _said(Figure(None))
    ('0.50 (0.25 to 0.75)', 'not defined')
    """
    if figure.value is None:
        return "not defined"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.2f}"
    return f"{figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f})"
