from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg

from campaign_cdp.ledger.store import Ledger
from campaign_cdp.limits.reading import Reading

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
