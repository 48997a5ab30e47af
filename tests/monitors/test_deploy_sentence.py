"""What an incident says of the deploy that may be why."""

from __future__ import annotations

import pytest
from alerting_world import at, deploy

from monitors.alerting.describe import deploy_sentence
from monitors.alerting.onset import Onset
from monitors.alerting.words import clock


@pytest.mark.parametrize(
    ("deployed", "said"),
    [
        (3.0, "was deployed 1 h before it."),
        (4.5, f"was deployed at {clock(at(4.5))}, within the time in which it began."),
    ],
)
def test_a_deploy_within_the_time_of_the_change_is_not_said_to_come_after_it(
    deployed: float, said: str
) -> None:
    began = Onset(at=at(4), low=at(3), high=at(5))
    assert deploy_sentence(deploy("generator", deployed), began).endswith(said)


def test_without_a_deploy_it_says_so() -> None:
    assert deploy_sentence(None, Onset(at=at(4), low=at(3), high=at(5))) == "No deploy explains this."
