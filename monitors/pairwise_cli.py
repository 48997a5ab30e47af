"""`chainwatch pairwise`: two models, versions or prompts against each other, by the configured LLM judge."""

from __future__ import annotations

import os
import time
from typing import Any

import click

from collectors.context import Context
from collectors.errors import ChainwatchError, ConfigError
from collectors.options import command


@command(
    "pairwise",
    examples=(
        "chainwatch pairwise --a model=small-2 --b model=large-1 --component generator --dry-run",
        "chainwatch pairwise --a dataset=eval-old --b dataset=eval-new --limit 200",
    ),
)
@click.option(
    "--a", "a_text", required=True, help="One side: dataset=, model=, version=, prompt=, by commas."
)
@click.option("--b", "b_text", required=True, help="The other side.")
@click.option(
    "--component",
    "components",
    multiple=True,
    help="Compare this component's answers; may be repeated. [default: the application's]",
)
@click.option("--since", help="From this moment on: 2026-03-01, or an age such as 24h or 7d.")
@click.option("--until", help="Up to this moment.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Pairs, at most.")
@click.option("--rubric", "rubric_name", help="A shipped rubric or a .toml file. [default: judge.rubric]")
@click.option("--dry-run", is_flag=True, help="Say how many pairs there are, and send nothing.")
def pairwise(
    context: Context,
    *,
    a_text: str,
    b_text: str,
    components: tuple[str, ...],
    since: str | None,
    until: str | None,
    limit: int,
    rubric_name: str | None,
    dry_run: bool,
) -> None:
    """Compare answers of two sides to the same questions, each pair in both orders.

    A side is answers of production, or of the evaluation set named by dataset=, narrowed by model=,
    version= and prompt=. A pair that the judge has compared is not sent again; the figures are those of all
    pairs compared so far. The caps of [judge] hold.
    """
    from monitors.judges.config import JudgeConfig
    from monitors.judges.llm_run import open_rubric
    from monitors.judges.pair_report import pair_report
    from monitors.judges.pairs import draw_pairs, parse_side, read_verdicts
    from monitors.judges.pairwise import compare_pairs, pair_judgement
    from monitors.moments import EARLIEST, LATEST, parse_moment

    a, b = parse_side(a_text, "--a"), parse_side(b_text, "--b")
    if a == b:
        raise ConfigError(f"--a and --b are the same answers: {a.name}")
    settings = context.config.section("judge", JudgeConfig)
    rubric = open_rubric(settings, rubric_name)
    judgement = pair_judgement(settings, rubric)
    now = context.clock()
    warehouse = context.migrated()
    with warehouse.read() as con:
        drawn = draw_pairs(
            con,
            a,
            b,
            judgement,
            start=parse_moment(since, "--since", now=now) if since else EARLIEST,
            end=parse_moment(until, "--until", now=now) if until else LATEST,
            limit=limit,
            seed=settings.seed,
            components=components or settings.components,
        )
    if dry_run:
        context.answer(
            {"pairs": len(drawn.pairs), "matched": drawn.matched, "calls": 2 * len(drawn.pairs)},
            f"{len(drawn.pairs)} pairs of {drawn.matched} questions that both sides answered and that are "
            f"not compared yet; {2 * len(drawn.pairs)} calls\nnothing was sent",
        )
        return
    runs = list(
        compare_pairs(
            warehouse,
            drawn,
            a,
            b,
            settings,
            rubric,
            clock=context.clock,
            environ=os.environ,
            sleep=time.sleep,
        )
    )
    run = runs[-1] if runs else None
    with warehouse.read() as con:
        rows = read_verdicts(con, a, b, judgement)
    report = pair_report(rows).as_json()
    took = None if run is None else run.row() | {"started_at": run.started_at.isoformat()}
    context.answer({"a": a.name, "b": b.name, **report, "run": took}, _told(a.name, b.name, report, run))
    if run is not None and run.stopped is not None:
        raise ChainwatchError(f"the judge {run.stopped}; what was compared before is stored")


def _told(a: str, b: str, report: dict[str, Any], run: Any) -> str:
    if not report["pairs"] and not report["unread"]:
        return (
            "no pair was compared: no question was answered by both sides. "
            "The model stands on the spans of the component that called it: name it with --component"
        )
    wins, position, p = report["wins"], report["position"], report["p_value"]
    lines = [
        f"{report['pairs']} pairs: {report['a']} won by {a}, {report['b']} by {b}, {report['tie']} ties, "
        f"{report['order']} where the order decided",
        "nobody won a pair"
        if p is None
        else f"of the pairs that somebody won, {a} has {_share(wins)}; were both equally good, p = {p:.3f}",
        f"the same verdict in both orders: {_share(position['consistent'])}; position bias "
        f"{_signed(position['bias'])}, above zero for what stands first",
    ]
    if run is not None:
        cost = f", ${run.cost_usd:.4f}" if run.cost_usd is not None else ""
        lines.append(
            f"{run.calls} calls, {run.input_tokens:,} input and {run.output_tokens:,} output tokens{cost}"
        )
        lines += [f"{count} without a verdict: {reason}" for reason, count in sorted(run.unread.items())]
        lines += [f"{count} skipped: {reason}" for reason, count in sorted(run.skipped.items())]
    return "\n".join(lines)


def _share(figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return "not defined"
    return f"{figure['value']:.0%} ({figure['low']:.0%} to {figure['high']:.0%})"


def _signed(figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return "not defined"
    return f"{figure['value']:+.2f} ({figure['low']:+.2f} to {figure['high']:+.2f})"
