"""What the checks on the safety scorer share: how often something was found, and only whether that grows."""

from __future__ import annotations

from collections.abc import Callable

from monitors.checks._categories import CategoryCheck
from monitors.result import Concern
from monitors.streams import SAFETY

NOTHING = "nothing"


def safety_check(
    criterion: str,
    *,
    name: str,
    title: str,
    found: str,
    told: Callable[[float], str],
    margin: float,
    concern: Concern,
) -> CategoryCheck:
    """A check on one criterion. `told` names a score, `found` where there is something.

    `told` is a function of the check's own module: what is learnt of a reference is kept between runs.
    """
    field = f"{SAFETY}{criterion}"
    return CategoryCheck(
        name=name,
        title=title,
        fields=frozenset({field}),
        margin=margin,
        concerns={field: concern},
        up_only=found,
        told=told,
        data="number",
    )


def name_of(score: float, found: str) -> str:
    """The name of a score of 0 or 1.

    >>> name_of(1.0, "a secret"), name_of(0.0, "a secret")
    ('a secret', 'nothing')
    """
    return found if score >= 0.5 else NOTHING
