"""`chainwatch query`: read-only, strict JSON, times in UTC, errors that say where."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from collectors.errors import ConfigError, WarehouseError
from collectors.home import Home
from collectors.model import Document, Span
from collectors.query import as_csv, as_json, execute, print_table
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import insert_spans

AT = datetime(2026, 3, 1, 10, 0, 0, 5, tzinfo=UTC)


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    span = Span(
        trace_id="ab" * 16,
        span_id="cd" * 8,
        component="c",
        name="n",
        started_at=AT,
        input_text="line one\nline [red]two[/red] \x1b[31m",
        documents=(Document(id="d", score=0.5),),
        attributes={"deep": [1, None]},
        source="t",
        ingested_at=AT,
    )
    with warehouse.write() as con:
        insert_spans(con, [span])
    return warehouse


def test_json_is_a_list_of_objects(filled: Warehouse) -> None:
    sql = "SELECT trace_id, started_at, documents, attributes, duration_s, 'nan'::DOUBLE AS odd FROM spans"
    assert json.loads(as_json(execute(filled, sql))) == [
        {
            "trace_id": "ab" * 16,
            "started_at": "2026-03-01T10:00:00.000005Z",
            "documents": [{"id": "d", "score": 0.5, "text": None, "relevant": None}],
            "attributes": {"deep": [1, None]},
            "duration_s": None,
            "odd": None,
        }
    ]
    assert as_json(execute(filled, "SELECT 1 AS one WHERE false")) == "[]"
    types = (
        "SELECT DATE '2026-03-01' AS d, INTERVAL 90 SECONDS AS i, "
        "1.50::DECIMAL(4,2) AS n, '\\xAB'::BLOB AS b, true AS t"
    )
    assert json.loads(as_json(execute(filled, types))) == [
        {"d": "2026-03-01", "i": 90.0, "n": 1.5, "b": "ab", "t": True}
    ]


def test_csv(filled: Warehouse) -> None:
    answer = execute(filled, "SELECT component, duration_s, attributes, input_text FROM spans")
    assert as_csv(answer).splitlines()[:2] == [
        "component,duration_s,attributes,input_text",
        'c,,"{""deep"": [1, null]}","line one',
    ]


def test_a_table_shows_log_text_as_it_is(filled: Warehouse, capsys: pytest.CaptureFixture[str]) -> None:
    print_table(execute(filled, "SELECT input_text FROM spans UNION ALL SELECT 'more'"), limit=1)
    shown = capsys.readouterr().out
    assert "line one⏎line [red]two[/red]  [31m" in shown
    assert "\x1b" not in shown
    assert "2 rows, 1 not shown" in shown


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("", "there is none"),
        ("-- nothing but a remark", "there is none"),
        ("SELEC 1", "syntax error"),
        ("SELECT colour FROM spans", "colour"),
        ("DELETE FROM spans", "cannot change the warehouse"),
        ("DROP TABLE spans", "cannot change the warehouse"),
        ("COPY spans TO 'out.csv'", "disabled"),
        ("SELECT * FROM read_csv('/etc/hostname')", "disabled"),
    ],
)
def test_what_does_not_work_is_explained(filled: Warehouse, sql: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s)SQL: .*{message}"):
        execute(filled, sql)
    assert execute(filled, "SELECT count(*) FROM spans").rows == ((1,),)


def test_without_a_warehouse_it_says_how_to_make_one(home: Home) -> None:
    with pytest.raises(WarehouseError, match="chainwatch ingest PATH"):
        execute(Warehouse(home.warehouse), "SELECT 1")
