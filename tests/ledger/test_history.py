from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from alembic import command

from campaign_cdp.exceptions import RunAbandonedError, WindowAbandonedError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.ledger import migrate
from campaign_cdp.ledger.migrate import upgrade
from campaign_cdp.ledger.store import Ledger, Run, StagedFile
from campaign_cdp.windows import LogWindow
from tests.ledger.samples import FEED, MORNING, file_set, stored

OpenRun = Callable[..., Run]


@pytest.fixture
def run(ledger: Ledger, open_run: OpenRun) -> Run:
    """An applied one of two parts and a manifest."""
    run = open_run()
    ledger.finish(run.run_id, "applied", {})
    return run


def exported(ledger: Ledger, dag_run_id: str = "run1", feed: str = "events") -> int:
    """A finished window with one published file."""
    opened = ledger.open_window(
        feed=feed, dag_run_id=dag_run_id, bounds=[LogWindow("delivery", None, MORNING)], config_hash="h"
    )
    window_id, key = opened.window.window_id, f"out/{dag_run_id}.csv"
    ledger.record_files(window_id, 1, [StagedFile(1, "delivery", f"tmp/{dag_run_id}.csv", key, 10, "staged", 3)])
    ledger.finish_window(window_id, "staged")
    ledger.start_publishing(window_id)
    ledger.mark_published(window_id, 1, 1, StoredObject(key, 10, "published", MORNING))
    return window_id


def done(ledger: Ledger, dag_run_id: str = "run1", feed: str = "events") -> int:
    window_id = exported(ledger, dag_run_id, feed)
    ledger.finish_window(window_id, "published")
    ledger.finish_window(window_id, "done")
    return window_id


# -- Imports ------------------------------------------------------------------------------------------------------------


def test_only_settled_files_are_historised(ledger: Ledger, open_run: OpenRun) -> None:
    run = open_run()

    with pytest.raises(RunAbandonedError, match="is open"):
        ledger.historised(run.run_id, 1, stored("old/a.csv"))


def test_historised_again_keeps_the_place_and_the_time(conn: psycopg.Connection, ledger: Ledger, run: Run) -> None:
    ledger.historised(run.run_id, 1, stored("old/a.csv"))
    conn.execute(
        "UPDATE cdp.sync_file SET historised_at = '2026-01-01Z' WHERE run_id = %s AND part_no = 1", (run.run_id,)
    )
    for moved in (stored("old/a.csv"), None):
        ledger.historised(run.run_id, 1, moved)

    assert [(f.state, f.historised_key) for f in ledger.files(run.run_id)] == [
        ("applied", None),
        ("historised", "in/old/a.csv"),
        ("applied", None),
    ]
    assert ledger.imports_historised_at(FEED, [stored("old/a.csv")]) == {
        "in/old/a.csv": datetime(2026, 1, 1, tzinfo=UTC)
    }


def test_only_that_version_at_that_key_of_that_feed_is_known(ledger: Ledger, run: Run) -> None:
    ledger.historised(run.run_id, 1, stored("old/a.csv"))
    ledger.historised(run.run_id, 2, None)
    strangers = [
        stored("a.csv"),
        stored("a_2.csv"),
        stored("old/b.csv"),
        stored("old/a.csv", "9"),
        stored("old/a.csv", size=9),
    ]

    assert set(ledger.imports_historised_at(FEED, [stored("old/a.csv"), stored("old/b.csv")])) == {"in/old/a.csv"}
    for stranger in strangers:
        assert ledger.imports_historised_at(FEED, [stranger]) == {}
    assert ledger.imports_historised_at("other", [stored("old/a.csv")]) == {}
    assert ledger.imports_historised_at(FEED, []) == {}


def test_a_page_is_asked_for_in_one_statement(ledger: Ledger, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, rows = [], ledger._rows
    monkeypatch.setattr(ledger, "_rows", lambda *args: asked.append(args) or rows(*args))

    ledger.imports_historised_at(FEED, [stored(f"{n}.csv") for n in range(1000)])

    assert len(asked) == 1


def test_superseded_file_sets_wait_until_each_file_is_historised_or_found_gone(ledger: Ledger, run: Run) -> None:
    ledger.supersede(FEED, file_set("b"), "run1")
    ledger.supersede("other", file_set("c"), "run1")

    [waiting] = ledger.superseded_runs(FEED, 10)
    assert waiting.file_set == file_set("b")
    for number, _ in waiting.files():
        assert len(ledger.superseded_runs(FEED, 10)) == 1
        ledger.historised(waiting.run_id, number, stored("old/b.csv") if number == 1 else None)

    assert ledger.superseded_runs(FEED, 10) == []


def test_the_migration_takes_over_the_time_of_what_was_historised_before(empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn) as conn:
        conn.execute("CREATE SCHEMA cdp")
        conn.commit()
        with migrate._alembic_connection(conn) as connection, connection.begin():
            command.upgrade(migrate._config(connection), "0003")
        conn.execute(
            "INSERT INTO cdp.sync_run (feed, dag_run_id, file_set_id, fingerprint, ordered_at, config_hash, preview, "
            "state) VALUES (%s, 'r', 'flow-a', 'f', now(), 'h', false, 'applied')",
            (FEED,),
        )
        conn.execute(
            "INSERT INTO cdp.sync_file (run_id, part_no, feed, key, size, etag, modified, state, historised_key) "
            "SELECT run_id, 1, feed, 'in/a.csv', 100, 'etag1', now(), 'historised', 'in/old/a.csv' FROM cdp.sync_run"
        )

    upgrade(empty_dsn)

    with psycopg.connect(empty_dsn) as conn:
        asked = [stored("old/a.csv", "whatever it was"), stored("old/a.csv", size=1)]
        [(updated_at,)] = conn.execute("SELECT max(historised_at) FROM cdp.sync_file").fetchall()
        assert Ledger(conn).imports_historised_at(FEED, asked[:1]) == {"in/old/a.csv": updated_at}
        assert Ledger(conn).imports_historised_at(FEED, asked[1:]) == {}


# -- Exports ------------------------------------------------------------------------------------------------------------


def test_files_of_finished_windows_are_due_once_they_are_old_enough(conn: psycopg.Connection, ledger: Ledger) -> None:
    window_id = done(ledger)

    assert ledger.published_files("events", timedelta(days=7), 10) == []
    assert ledger.published_files("other", timedelta(), 10) == []
    [(found, file)] = ledger.published_files("events", timedelta(), 10)
    assert (found, file.key, file.etag) == (window_id, "out/run1.csv", "published")


def test_files_of_a_window_that_is_not_finished_are_never_due(ledger: Ledger) -> None:
    window_id = exported(ledger)
    [file] = ledger.window_files(window_id)

    assert ledger.published_files("events", timedelta(), 10) == []
    with pytest.raises(WindowAbandonedError, match="no published file of a finished window"):
        ledger.export_historised(window_id, file, None)


def test_historised_exports_are_known_by_version_and_due_no_more(conn: psycopg.Connection, ledger: Ledger) -> None:
    window_id = done(ledger)
    [file] = ledger.window_files(window_id)
    for moved in (stored("old/run1.csv", size=10), None):
        ledger.export_historised(window_id, file, moved)

    assert ledger.published_files("events", timedelta(), 10) == []
    assert set(ledger.exports_historised_at("events", [stored("old/run1.csv", size=10)])) == {"in/old/run1.csv"}
    assert ledger.exports_historised_at("events", [stored("old/run1.csv", "9", size=10)]) == {}
    assert ledger.exports_historised_at("other", [stored("old/run1.csv", size=10)]) == {}
    [historised] = ledger.window_files(window_id)
    assert (historised.state, historised.is_published) == ("historised", True)


def test_a_historised_export_is_never_published_again(conn: psycopg.Connection, ledger: Ledger) -> None:
    window_id = done(ledger)
    [file] = ledger.window_files(window_id)
    ledger.export_historised(window_id, file, None)

    with pytest.raises(psycopg.errors.CheckViolation, match="historised cannot become published"):
        conn.execute("UPDATE cdp.export_file SET state = 'published'")
