from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import psycopg

from campaign_cdp.ledger.limit_readings import DayOfExports
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.limits.reading import Reading
from tests.ledger.conftest import Connect, waits_for

PROFILES = Reading("active_profiles", "campaign_db", 80, 90, 100, 80.0, 100.0)
DAY = timedelta(hours=25)


def age(conn: psycopg.Connection, days: float) -> None:
    conn.execute("UPDATE cdp.limit_reading SET at = at - %s", (timedelta(days=days),))


def used(reading: object) -> int | None:
    return getattr(reading, "used", None)


def test_reading_comes_back_as_it_was_written(ledger: Ledger) -> None:
    ledger.record_readings([PROFILES], feed="gold", dag_run_id="run1")

    (found,) = ledger.readings()
    assert (found.limit_name, found.scope, found.used, found.projected) == ("active_profiles", "campaign_db", 80, 90)
    assert (found.contract, found.warn_pct, found.stop_pct, found.verdict) == (100, 80.0, 100.0, "warn")
    assert (found.feed, found.dag_run_id, found.free) == ("gold", "run1", None)


def test_newest_is_of_this_limit_and_scope_and_young_enough(conn: psycopg.Connection, ledger: Ledger) -> None:
    ledger.record_readings([PROFILES])
    age(conn, days=0.5)
    ledger.record_readings([replace(PROFILES, used=81), replace(PROFILES, used=1, scope="another")])

    assert used(ledger.newest_reading("active_profiles", "campaign_db", younger_than=DAY)) == 81
    assert [reading.used for reading in ledger.newest_readings()] == [1, 81]
    age(conn, days=1.1)
    assert ledger.newest_reading("active_profiles", "campaign_db", younger_than=DAY) is None


def test_what_a_run_repeated_does_not_make_an_old_count_young(conn: psycopg.Connection, ledger: Ledger) -> None:
    ledger.record_readings([PROFILES])
    age(conn, days=2)
    ledger.record_readings([PROFILES], feed="gold", dag_run_id="run1")

    assert ledger.newest_reading("active_profiles", "campaign_db", younger_than=DAY) is None


def test_old_readings_are_forgotten(conn: psycopg.Connection, ledger: Ledger) -> None:
    ledger.record_readings([PROFILES])
    age(conn, days=401)
    ledger.record_readings([PROFILES])

    assert ledger.forget_readings(timedelta(days=400)) == 1
    assert len(ledger.readings()) == 1


def window(
    conn: psycopg.Connection, feed: str, state: str = "done", *, rows: int = 5, hours: float = 1, preview: bool = False
) -> int:
    row = conn.execute(
        "INSERT INTO cdp.export_window (feed, dag_run_id, config_hash, preview, backfill, state, opened_at) "
        "VALUES (%s, 'r', '', %s, false, %s, now() - %s) RETURNING window_id",
        (feed, preview, state, timedelta(hours=hours)),
    ).fetchone()
    assert row
    conn.execute(
        "INSERT INTO cdp.export_log (window_id, log, upper, rows, remembered_until) VALUES (%s, 'delivery', now(), %s, now())",
        (row[0], rows),
    )
    return int(row[0])


def test_day_of_exports_is_what_was_published_and_what_may_be(conn: psycopg.Connection, ledger: Ledger) -> None:
    window(conn, "a")
    window(conn, "b", "publishing")
    window(conn, "c", rows=0)
    window(conn, "d", "planned")
    window(conn, "e", "staged", rows=0)
    window(conn, "f", "previewed", preview=True)
    window(conn, "g", "abandoned")
    window(conn, "h", hours=25)
    own = window(conn, "i", "planned")

    assert ledger.day_of_exports(timedelta(hours=24), without=own) == DayOfExports(
        exports=3, exports_under_way=2, batches=2, batches_under_way=1
    )


def test_two_exports_do_not_count_the_day_at_the_same_time(connect: Connect) -> None:
    first, second = connect(), connect()
    Ledger(first).lock_limits()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(Ledger(second).lock_limits)
        while not waits_for(second, first):
            assert not waiting.done()
        first.rollback()
        waiting.result(timeout=10)


def test_what_a_feed_wrote_before_is_averaged(conn: psycopg.Connection, ledger: Ledger) -> None:
    assert (ledger.bytes_per_row("a"), ledger.rows_per_window("a")) == (None, 0)
    for n, rows in enumerate((100, 300)):
        key = window(conn, "a", rows=rows, hours=n)
        conn.execute("UPDATE cdp.export_window SET dag_run_id = %s WHERE window_id = %s", (f"r{n}", key))
        conn.execute(
            "INSERT INTO cdp.export_file (window_id, partition_no, file_no, log, staged_key, key, size, etag, rows, state) "
            "VALUES (%s, 1, 1, 'delivery', 's', %s, %s, 'e', %s, 'published')",
            (key, f"k{n}", rows * 20, rows),
        )

    assert (ledger.bytes_per_row("a"), ledger.rows_per_window("a")) == (20.0, 200)
