"""What people hear and when, as tables of time. See `timeline` for how to read them."""

from __future__ import annotations

import json
from datetime import timedelta

from timeline import decisions, play

from collectors.config import parse
from collectors.warehouse import Warehouse
from monitors.alerting.config import AlertsConfig, NotifyConfig

HOUR = timedelta(hours=1)


def notify(text: str) -> NotifyConfig:
    return parse(text, "chainwatch.toml").section("notify", NotifyConfig)


def alerts(text: str) -> AlertsConfig:
    return parse(text, "chainwatch.toml").section("alerts", AlertsConfig)


def test_it_fires_once_and_ends_once(warehouse: Warehouse) -> None:
    play(
        warehouse,
        """
        1:00 | ok generator duration_s     | -
        2:00 | breach generator duration_s | firing generator
        3:00 | breach generator duration_s | -
        4:00 | quiet generator duration_s  | -
        5:00 | ok generator duration_s     | -
        6:00 | ok generator duration_s     | -
        7:00 | ok generator duration_s     | resolved generator
        8:00 | ok generator duration_s     | -
        """,
    )


def test_for_and_keep_firing_for(warehouse: Warehouse) -> None:
    play(
        warehouse,
        """
         1:00 | breach generator duration_s | -
         2:00 | ok generator duration_s     | -
         3:00 | breach generator duration_s | -
         4:00 | breach generator duration_s | firing generator
         5:00 | ok generator duration_s     | -
         6:00 | breach generator duration_s | -
         7:00 | ok generator duration_s     | -
         8:00 | ok generator duration_s     | resolved generator
        """,
        settings=alerts("""
            [[alerts.evidence]]
            name = "slow"
            match = {concern = "latency"}
            for = "2h"
            keep_firing_for = "2h"
            """),
    )


def test_one_cause_is_one_message_and_its_symptoms_none(warehouse: Warehouse) -> None:
    play(
        warehouse,
        """
        1:00 | ok retriever output_text; ok generator output_text      | -
             | ok guardrail output_text                                |
        2:00 | breach retriever output_text                            | firing retriever
        3:00 | breach generator output_text; breach guardrail output_text | -
        4:00 | ok retriever output_text; ok generator output_text      | -
             | ok guardrail output_text                                |
        5:00 | ok retriever output_text                                | -
        6:00 | ok retriever output_text                                | resolved retriever
        """,
    )


def test_a_relapse_waits_for_the_cooldown(warehouse: Warehouse) -> None:
    play(
        warehouse,
        """
        1:00 | breach generator duration_s | firing generator
        2:00 | ok generator duration_s     | -
        3:00 | ok generator duration_s     | -
        4:00 | ok generator duration_s     | resolved generator
        5:00 | breach generator duration_s | -
        6:00 | breach generator duration_s | -
        8:00 | run                         | firing generator
        """,
    )


def test_a_silence_holds_the_message_until_it_is_over(warehouse: Warehouse) -> None:
    world = play(
        warehouse,
        """
        0:30 | silence component=gen* for 3                         | -
        1:00 | breach generator duration_s; ok retriever duration_s | -
        2:00 | breach retriever duration_s                          | firing retriever
        3:29 | run                                                  | -
        3:30 | run                                                  | firing generator
        4:00 | ok generator duration_s; ok retriever duration_s     | -
        5:00 | ok generator duration_s                              | -
        6:00 | ok generator duration_s                              | resolved generator
             |                                                      | resolved retriever
        """,
    )
    [row] = [r for r in decisions(world) if r["kind"] == "firing" and "it is over" in r["decisions"]]
    assert [(d["step"], d["reason"]) for d in json.loads(row["decisions"])][:2] == [
        ("inhibit", "no inhibition is configured"),
        ("silence", "silenced by ada until 2026-03-02 03:30 UTC: a test"),
    ]


def test_the_end_of_a_silence_is_no_storm(warehouse: Warehouse) -> None:
    play(
        warehouse,
        """
        0:30 | silence chain=support for 3                              | -
        1:00 | breach router duration_s; breach retriever duration_s    | -
        2:00 | breach reranker duration_s; breach guardrail duration_s  | -
        3:30 | run                                                      | firing retriever; firing 3
        3:40 | run                                                      | -
        4:00 | ok router duration_s; ok retriever duration_s            | -
             | ok reranker duration_s; ok guardrail duration_s          |
        5:00 | ok router duration_s                                     | -
        6:00 | ok router duration_s                                     | resolved retriever; resolved 3
        """,
        notify=notify('[notify]\nmax_messages = 1\nstorm_period = "4h"\n'),
    )


def test_what_ends_during_its_silence_is_not_told(warehouse: Warehouse) -> None:
    world = play(
        warehouse,
        """
        0:30 | silence cause=latency for 9 | -
        1:00 | breach generator duration_s | -
        2:00 | ok generator duration_s     | -
        3:00 | ok generator duration_s     | -
        4:00 | ok generator duration_s     | -
        5:00 | unsilence; run              | -
        """,
    )
    assert [(r["kind"], r["state"], r["stopped_by"]) for r in decisions(world)] == [
        ("firing", "suppressed", "silence"),
        ("resolved", "suppressed", "deduplicate"),
    ]


INHIBIT = """
    [[notify.inhibit]]
    name = "errors first"
    source = {cause = "errors"}
    target = {cause = "output"}
    equal = ["chain"]
    """


def test_an_open_incident_inhibits_another_until_it_is_over(warehouse: Warehouse) -> None:
    world = play(
        warehouse,
        """
        1:00 | breach guardrail status                             | firing guardrail
        2:00 | breach router output_text; ok generator duration_s  | -
        3:00 | breach generator duration_s                         | firing generator
        4:00 | ok guardrail status                                 | -
        5:00 | ok guardrail status                                 | -
        6:00 | ok guardrail status                                 | resolved guardrail; firing router
        """,
        notify=notify(INHIBIT),
    )
    held = next(r for r in decisions(world) if "inhibited by" in r["decisions"])
    assert json.loads(held["decisions"])[0]["reason"].endswith("while it is open: rule errors first")
    assert (held["state"], held["stopped_by"], held["reason"]) == ("sent", None, None)


def test_two_that_inhibit_each_other_are_both_told(warehouse: Warehouse) -> None:
    both = INHIBIT.replace('"errors"}', '"*"}').replace('"output"}', '"*"}')
    play(
        warehouse,
        """
        1:00 | breach generator status                                    | firing generator
        2:00 | breach router output_text                                  | firing router
        """,
        notify=notify(both),
    )


def test_a_channel_that_is_down_gets_all_of_it_in_order_and_once(warehouse: Warehouse) -> None:
    play(
        warehouse,
        """
        0:59 | channel down                | -
        1:00 | breach generator duration_s | -
        2:00 | ok generator duration_s     | -
        3:00 | ok generator duration_s     | -
        4:00 | ok generator duration_s     | -
        5:00 | channel up; run             | firing generator; resolved generator
        6:00 | ok generator duration_s     | -
        """,
    )


def test_what_is_alike_in_a_label_is_told_together(warehouse: Warehouse) -> None:
    """Latency does not travel between steps: three incidents, and one of another severity."""
    world = play(
        warehouse,
        """
        1:00 | breach router duration_s; breach retriever duration_s | firing 2
             | breach generator cost_usd                             | firing 1
        2:00 | breach reranker duration_s                            | update 3
        3:00 | ok router duration_s; ok retriever duration_s         | -
             | ok reranker duration_s                                |
        4:00 | ok generator cost_usd                                 | -
        5:00 | ok router duration_s                                  | resolved 3
        6:00 | ok router duration_s                                  | resolved 1
        """,
        notify=notify('[notify]\ngroup_by = ["chain", "severity"]\n'),
    )
    rows = decisions(world)
    groups = {r["group_id"] for r in rows}
    assert len(groups) == 2
    member = next(r for r in rows if r["incident_id"] not in groups)
    assert member["stopped_by"] == "group"
    assert member["reason"].startswith(
        f"told with others in message {member['group_id']} (default: chain=support"
    )


def test_beyond_the_limit_of_a_storm_the_rest_comes_in_one_and_is_renewed(warehouse: Warehouse) -> None:
    play(
        warehouse,
        """
        1:00 | breach router duration_s; breach retriever cost_usd      | firing router; firing 1
             | breach generator duration_s                              | firing generator
        1:05 | run                                                      | -
        2:00 | breach reranker duration_s                               | update 2
        3:00 | breach guardrail duration_s                              | update 3
        4:00 | ok router duration_s; ok retriever cost_usd              | -
             | ok generator duration_s                                  |
        5:00 | ok reranker duration_s; ok guardrail duration_s          | -
        6:00 | ok router duration_s                                     | resolved router
             |                                                          | resolved generator
        7:00 | ok router duration_s                                     | resolved 3
        """,
        notify=notify('[notify]\nmax_messages = 2\nstorm_period = "4h"\n'),
    )


def test_a_group_whose_last_incident_a_person_closes_is_over(warehouse: Warehouse) -> None:
    play(
        warehouse,
        """
        1:00 | breach router duration_s; breach retriever duration_s | firing 2
        2:00 | ok router duration_s                                  | -
        3:00 | ok router duration_s                                  | -
        4:00 | ok router duration_s                                  | -
        4:30 | close retriever                                       | -
        5:00 | ok router duration_s                                  | resolved 2
        """,
        notify=notify('[notify]\ngroup_by = ["cause"]\n'),
    )


def test_each_channel_of_a_route_hears_its_own(warehouse: Warehouse) -> None:
    routes = """
        [notify]
        channels = ["slack"]
        [[notify.routes]]
        name = "search"
        match = {component = "retr*"}
        channels = ["pagerduty", "webhook"]
        [[notify.routes]]
        name = "nobody"
        match = {cause = "cost"}
        channels = []
        """
    play(
        warehouse,
        """
        1:00 | breach retriever duration_s | firing retriever @pagerduty; firing retriever @webhook
        2:00 | breach generator cost_usd   | -
        3:00 | breach guardrail duration_s | firing guardrail @slack
        """,
        notify=notify(routes),
        channels=("pagerduty", "slack", "webhook"),
    )
