"""`chainwatch deploy`: say that another version runs from now on."""

from __future__ import annotations

from typing import Any

import click

from collectors.context import Context
from collectors.options import command


@command(
    "deploy",
    examples=(
        "chainwatch deploy v42 --component generator",
        "chainwatch deploy 2026-03-09 --component retriever --field index_version --note 'rebuilt the index'",
        "chainwatch deploy $(git rev-parse --short HEAD) --chain support --at 2026-03-09T10:00:00Z",
    ),
)
@click.argument("version")
@click.option("--component", help="What was deployed [default: the whole chain].")
@click.option("--chain", help="Of which chain [default: the only one there is].")
@click.option(
    "--field",
    help="What the version is of: model, prompt_version, index_version ... "
    "[default: component_version; chain_version for a whole chain].",
)
@click.option("--previous", "previous_version", help="What ran before [default: the version recorded last].")
@click.option("--at", "deployed_at", metavar="TIME", help="When, ISO 8601 [default: now].")
@click.option("--note", help="For those who look later.")
def deploy(context: Context, **told: str | None) -> None:
    """Record that VERSION was deployed, so that incidents can be put down to it.

    Versions that spans carry are noticed without this command; it is for changes that no span tells of. A
    pipeline can POST the same to the receiver, at /v1/deploys.
    """
    from collectors.deploy_markers import record

    given = {key: value for key, value in told.items() if value is not None}
    made = record(context.migrated(), given, clock=context.clock)
    answer: dict[str, Any] = {name: getattr(made, name) for name in made.__dataclass_fields__}
    was = f" (was {made.previous_value})" if made.previous_value else ""
    context.answer(
        answer,
        f"{made.chain}: {made.component} {made.field} {made.value}{was} "
        f"since {made.deployed_at:%Y-%m-%d %H:%M:%S} UTC",
    )
