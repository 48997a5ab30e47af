"""What the pages say of the seeded chain."""

from __future__ import annotations

from pathlib import Path

from conftest import Open, links, words
from seeded_warehouse import Seeded, build

from dashboard import cached


def test_the_overview_tells_the_incident_first(open_page: Open, seeded: Seeded) -> None:
    app = open_page("overview", seeded.home)
    assert app.error[0].proto.title == "1 open incident"
    assert "Nobody has acknowledged it yet." in words(app)
    assert "retriever: output changed" in links(app)
    assert "since Thu 5 Mar 05:48" in words(app)
    assert [m.label for m in app.metric[:4]] == ["Requests", "Error rate", "p95 duration", "Cost"]
    # A cost that nobody logged is unknown, not zero.
    retriever = [m for m in app.metric if m.label == "Cost"][2]
    assert retriever.value == "\u2013"


def test_a_component_says_how_it_is_before_any_chart(open_page: Open, seeded: Seeded) -> None:
    app = open_page("component", seeded.home, component="assistant")
    assert "1 alert firing: latency" in words(app)
    # It is not to blame, but its alert is part of the incident.
    assert "retriever: output changed" in links(app)


def test_the_overview_of_a_quiet_chain_says_so(open_page: Open, alone: Seeded) -> None:
    app = open_page("overview", alone.home)
    assert app.success[0].proto.title == "No open incident"


def test_before_the_first_run_nothing_is_called_ok(open_page: Open, unwatched: Seeded) -> None:
    said = words(open_page("overview", unwatched.home))
    assert "no monitor has looked yet" in said
    assert "Nobody is watching" in said


def test_a_failed_run_is_said_loudly(open_page: Open, seeded: Seeded) -> None:
    app = open_page("monitors", seeded.home)
    assert any("of the last 6 runs failed" in w.value for w in app.warning)
    assert "WarehouseBusyError" in words(app)


def test_the_root_opens_on_the_open_incident(open_page: Open, seeded: Seeded) -> None:
    from conftest import APP
    from streamlit.testing.v1 import AppTest

    open_page("overview", seeded.home)  # sets the home
    app = AppTest.from_file(str(APP), default_timeout=60).run()
    assert app.query_params["incident"] == seeded.incident_id
    assert "retriever: output changed" in words(app)


def test_a_link_opens_exactly_that_incident(open_page: Open, seeded: Seeded) -> None:
    app = open_page("incident", seeded.home, incident=seeded.resolved_incident_id)
    said = words(app)
    assert "generator: latency changed" in said
    assert "No deploy explains this" in said


def test_a_link_to_an_unknown_incident_says_so(open_page: Open, seeded: Seeded) -> None:
    app = open_page("incident", seeded.home, incident="gone")
    assert any("not stored here" in w.value for w in app.warning)


def test_an_unknown_chain_and_component_are_named(open_page: Open, seeded: Seeded) -> None:
    app = open_page("component", seeded.home, component="nobody")
    assert any("nobody" in w.value for w in app.warning)
    app = open_page("overview", seeded.home, chain="elsewhere")
    assert any("elsewhere" in w.value for w in app.warning)


def test_times_are_in_the_viewers_zone(open_page: Open, seeded: Seeded) -> None:
    def since(zone: str | None) -> str:
        said = words(open_page("incident", seeded.home, zone, incident=seeded.incident_id))
        return next(line for line in said.splitlines() if line.startswith("**") and "Mar" in line)

    assert "04:48" in since(None)  # 04:48 UTC
    assert "05:48" in since("Europe/Berlin")
    assert "10:18" in since("Asia/Kolkata")


def test_the_trace_page_follows_one_trace(open_page: Open, seeded: Seeded) -> None:
    app = open_page("traces", seeded.home, trace=seeded.trace_id)
    said = words(app)
    assert "in 6 steps" in said
    assert seeded.trace_id in said
    assert app.get("plotly_chart")
    # Who comes by a link sees it first, who chose it from the list goes on in the list.
    assert "All traces" in said
    app.session_state["picked_trace"] = seeded.trace_id
    chosen = words(app.run())
    assert "in 6 steps" in chosen
    assert "All traces" not in chosen


def test_the_trace_filters_narrow_the_list(open_page: Open, seeded: Seeded) -> None:
    def total(**params: str) -> int:
        app = open_page("traces", seeded.home, range="7d", **params)
        line = next(c.value for c in app.caption if "traces" in c.value and " of " in c.value)
        return int(line.split(" of ")[1].split()[0].replace(",", ""))

    everything = total()
    failed = total(status="error")
    assert 0 < failed < everything
    assert 0 < total(text="WORKSPACE") < everything
    assert total(status="error", component="generator") <= failed


def test_a_filter_without_a_match_says_what_to_do(open_page: Open, seeded: Seeded) -> None:
    app = open_page("traces", seeded.home, text="no such words anywhere")
    assert "Loosen one" in words(app)


def test_a_trace_that_is_not_stored_says_so(open_page: Open, seeded: Seeded) -> None:
    assert "not stored" in words(open_page("traces", seeded.home, trace="f" * 32))


def test_monitors_that_could_judge_nothing_are_not_good_news(open_page: Open, tmp_path: Path) -> None:
    blind = build(tmp_path / "blind", days=1, traces_per_day=20, parts=(), with_incident=False)
    with blind.warehouse.write() as con:
        con.execute("UPDATE results SET status = 'no_data', value = NULL, threshold = NULL")
    app = open_page("overview", blind.home)
    assert not app.success
    assert app.warning[0].proto.title == "Nothing could be judged"
    with blind.warehouse.write() as con:
        con.execute("DELETE FROM results")
        con.execute("UPDATE monitor_runs SET status = 'running', finished_at = NULL")
    cached.forget()
    app.run()
    assert not app.success
    assert app.info[0].proto.title == "The monitors are at work"
