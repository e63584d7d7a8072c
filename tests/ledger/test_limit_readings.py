from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg

from campaign_cdp.ledger.store import Ledger, LimitReading

PROFILES = LimitReading("active_profiles", "campaign", 80, 90, 100, 80.0, 100.0, "warn", feed="gold", dag_run_id="r1")


def age(conn: psycopg.Connection, days: float) -> None:
    conn.execute("UPDATE cdp.limit_reading SET at = at - %s", (timedelta(days=days),))


def test_reading_comes_back_as_it_was_written(ledger: Ledger) -> None:
    ledger.record_readings([PROFILES])

    (found,) = ledger.readings()
    assert found.at is not None
    assert replace(found, at=None) == PROFILES


def test_newest_is_of_this_limit_and_scope_and_young_enough(conn: psycopg.Connection, ledger: Ledger) -> None:
    day = timedelta(hours=25)
    ledger.record_readings([PROFILES])
    age(conn, days=0.5)
    ledger.record_readings([replace(PROFILES, used=81), replace(PROFILES, used=1, scope="another")])

    found = ledger.newest_reading("active_profiles", "campaign", younger_than=day)
    assert found is not None
    assert found.used == 81
    assert [reading.used for reading in ledger.newest_readings()] == [1, 81]
    age(conn, days=1.1)
    assert ledger.newest_reading("active_profiles", "campaign", younger_than=day) is None


def test_old_readings_are_forgotten(conn: psycopg.Connection, ledger: Ledger) -> None:
    ledger.record_readings([PROFILES])
    age(conn, days=401)
    ledger.record_readings([PROFILES])

    assert ledger.forget_readings(timedelta(days=400)) == 1
    assert len(ledger.readings()) == 1
