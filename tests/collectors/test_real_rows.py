"""A public data set in names of its own, loaded as traffic and, its March models, as an evaluation set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from collectors.config import parse
from collectors.ingest import Ingest
from collectors.ingest_config import IngestConfig
from collectors.ingest_rules import RulesSpec
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import fetch

FAMILY = (
    '{"gpt-3.5-turbo-0301" = "gpt-3.5", "gpt-3.5-turbo-0613" = "gpt-3.5", '
    '"gpt-4-0314" = "gpt-4", "gpt-4-0613" = "gpt-4"}'
)
FIELDS = f"""
chain = {{constant = "survey"}}
component = {{from = "model", values = {FAMILY}}}
kind = {{constant = "llm"}}
started_at = "timestamp"
duration_s = "latency_s"
cost_usd = "cost_usd"
output_tokens = "completion_tokens"
input_text = "prompt"
output_text = "completion"
reference_text = "ref"
model = "model"
"""
CONFIG = f"""
[ingest.maps.traffic]
feedback = [{{name = "outcome", score = "outcome"}}]
[ingest.maps.traffic.fields]{FIELDS}
[ingest.maps.march]
keep = {{model = ["gpt-3.5-turbo-0301", "gpt-4-0314"]}}
[ingest.maps.march.fields]{FIELDS}
dataset = {{constant = "march"}}
"""


def test_the_same_file_as_traffic_and_as_reference(
    shared_data: Path, warehouse: Warehouse, clock: Callable[[], datetime]
) -> None:
    path = shared_data / "llmdrift" / "prime_full.jsonl.gz"
    run = Ingest(warehouse, RulesSpec(ingest=parse(CONFIG, "test").section("ingest", IngestConfig)), clock)
    traffic = run.file(path, map_name="traffic")
    assert (traffic.new, traffic.feedback, sum(traffic.quarantined.values())) == (4000, 4000, 0)
    march = run.file(path, map_name="march")
    assert (march.new, sum(march.skipped.values()), sum(march.quarantined.values())) == (2000, 2000, 0)
    assert (run.file(path, map_name="traffic").new, run.file(path, map_name="march").new) == (0, 0)
    with warehouse.read() as con:
        counts = fetch(
            con,
            "SELECT dataset, component, model, count(*) AS n FROM spans GROUP BY ALL ORDER BY ALL",
        )
        first = fetch(con, "SELECT * FROM spans WHERE input_text LIKE 'Is 17077 %' LIMIT 1")
        (said,) = fetch(con, "SELECT sum(score) AS good FROM feedback")
    assert [tuple(row.values()) for row in counts] == [
        ("march", "gpt-3.5", "gpt-3.5-turbo-0301", 1000),
        ("march", "gpt-4", "gpt-4-0314", 1000),
        ("production", "gpt-3.5", "gpt-3.5-turbo-0301", 1000),
        ("production", "gpt-3.5", "gpt-3.5-turbo-0613", 1000),
        ("production", "gpt-4", "gpt-4-0314", 1000),
        ("production", "gpt-4", "gpt-4-0613", 1000),
    ]
    assert first[0]["reference_text"] == "yes"
    assert first[0]["ended_at"] > first[0]["started_at"]
    assert said["good"] == 2540, "right answers in the file, counted with zgrep"
