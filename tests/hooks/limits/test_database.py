"""Counts on the seeded Campaign, compared with what plain Python makes of the same rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.limits.database import DatabaseUse, work_table_bytes
from campaign_cdp.sandbox.deliveries import simulate

NOW = datetime.now(UTC)
NOT_SENT = {0, 6, 7}

Conn = psycopg.Connection[Any]


@pytest.fixture
def use(campaign_db: Conn) -> DatabaseUse:
    return DatabaseUse(campaign_db)


def recipients(conn: Conn, count: int) -> list[int]:
    query = "SELECT irecipientid FROM nmsrecipient WHERE irecipientid <> 0 ORDER BY 1 LIMIT %s"
    return [recipient for (recipient,) in conn.execute(query, (count,))]


def new_id(conn: Conn) -> int:
    row = conn.execute("SELECT nextval('xtknewid')").fetchone()
    assert row
    return int(row[0])


def delivery(conn: Conn, **columns: Any) -> int:
    key = new_id(conn)
    names = "".join(f", {name}" for name in columns)
    conn.execute(
        f"INSERT INTO nmsdelivery (ideliveryid, sinternalname{names}) VALUES (%s, %s{', %s' * len(columns)})",
        (key, f"DM{key}", *columns.values()),
    )
    return key


def message(conn: Conn, recipient: int, *, sent: int | None = None, status: int = 1, days: float = 1, reason: int = 0):
    """Write one delivery log, ``days`` old."""
    text = new_id(conn)
    conn.execute("INSERT INTO nmsbroadlogmsg (ibroadlogmsgid, ifailurereason) VALUES (%s, %s)", (text, reason))
    conn.execute(
        "INSERT INTO nmsbroadlogrcp (ibroadlogid, ideliveryid, irecipientid, istatus, imsgid, tsevent, tslastmodified) "
        "VALUES (nextval('nmsbroadlogid'), %s, %s, %s, %s, %s, now())",
        (sent if sent is not None else delivery(conn), recipient, status, text, NOW - timedelta(days=days)),
    )


def truth(conn: Conn) -> set[int]:
    """Recipients that were sent something within a year, read row by row."""
    proofs = {
        key for key, fcp, model in conn.execute("SELECT ideliveryid, ifcp, iismodel FROM nmsdelivery") if fcp or model
    }
    logs = conn.execute("SELECT irecipientid, ideliveryid, istatus, tsevent FROM nmsbroadlogrcp").fetchall()
    return {
        recipient
        for recipient, sent, status, at in logs
        if recipient and sent not in proofs and status not in NOT_SENT and at > NOW - timedelta(days=365)
    }


def test_active_profiles_of_a_simulated_year_are_those_that_were_messaged(campaign_db: Conn, use: DatabaseUse) -> None:
    simulate(campaign_db, deliveries=3, recipients=60, at=NOW, span=timedelta(days=30))
    simulate(campaign_db, deliveries=2, recipients=40, at=NOW - timedelta(days=340), span=timedelta(days=60), seed=2)
    simulate(campaign_db, deliveries=4, recipients=150, at=NOW - timedelta(days=400), span=timedelta(days=30), seed=3)

    found = use.active_profiles()

    expected = truth(campaign_db)
    everybody = campaign_db.execute("SELECT count(DISTINCT irecipientid) FROM nmsbroadlogrcp").fetchone()
    assert everybody
    assert found == len(expected)
    assert 60 <= len(expected) < everybody[0], "the old ones are really among the logs"


def test_recipient_with_many_messages_on_several_channels_counts_once(campaign_db: Conn, use: DatabaseUse) -> None:
    (ann,) = recipients(campaign_db, 1)
    message(campaign_db, ann, sent=delivery(campaign_db, imessagetype=0))
    message(campaign_db, ann, sent=delivery(campaign_db, imessagetype=1))
    message(campaign_db, ann, sent=delivery(campaign_db, imessagetype=1), days=300)

    assert use.active_profiles() == 1


@pytest.mark.parametrize(
    ("log", "counts"),
    [
        ({"days": 364}, True),
        ({"days": 396}, False),
        ({"status": 2, "reason": 1}, True),
        ({"status": 2, "reason": 8}, True),
        ({"status": 2, "reason": 9}, False),
        ({"status": 2, "reason": 127}, False),
        ({"status": 0}, False),
        ({"status": 6}, False),
        ({"status": 7}, False),
        ({"status": 3}, True),
        ({"sent": 0}, True),
        ({"sent": 987_654}, True),
    ],
    ids=str,
)
def test_messaged_is_who_it_was_tried_to_send_to(
    campaign_db: Conn, use: DatabaseUse, log: dict[str, Any], counts: bool
) -> None:
    (ann,) = recipients(campaign_db, 1)
    message(campaign_db, ann, **log)

    assert use.active_profiles() == int(counts)


@pytest.mark.parametrize(("column", "counts"), [("ifcp", 0), ("iismodel", 0), ("ideletestatus", 1)])
def test_proofs_and_models_are_nobody_but_a_deleted_delivery_was_sent(
    campaign_db: Conn, use: DatabaseUse, column: str, counts: int
) -> None:
    (ann,) = recipients(campaign_db, 1)
    message(campaign_db, ann, sent=delivery(campaign_db, **{column: 1}))

    assert use.active_profiles() == counts


def test_seed_addresses_and_excluded_people_are_nobody(campaign_db: Conn, use: DatabaseUse) -> None:
    (ann,) = recipients(campaign_db, 1)
    message(campaign_db, 0)
    campaign_db.execute(
        "INSERT INTO nmsexcludelogrcp (ibroadlogid, ideliveryid, irecipientid, istatus, tsevent, tslastmodified) "
        "VALUES (1, %s, %s, 0, now(), now())",
        (delivery(campaign_db), ann),
    )

    assert use.active_profiles() == 0


def test_plan_brings_new_profiles_only_where_a_member_is_new_and_not_active(
    campaign_db: Conn, use: DatabaseUse
) -> None:
    active, idle, member, gone, double = recipients(campaign_db, 5)
    message(campaign_db, active)
    message(campaign_db, idle, days=400)
    campaign_db.execute("CREATE SCHEMA IF NOT EXISTS cdp")
    campaign_db.execute(
        "CREATE TABLE cdp.plan_7 (row_no bigint, recipient_id integer, is_member boolean, was_member boolean, outcome text)"
    )
    rows = [
        (1, active, True, False, "C"),
        (2, idle, True, False, "U"),
        (3, member, True, True, "U"),
        (4, gone, False, True, "U"),
        (5, None, True, False, "N"),
        (6, None, True, False, "X"),
        (7, double, True, False, "A"),
    ]
    with campaign_db.cursor() as cursor:
        cursor.executemany("INSERT INTO cdp.plan_7 VALUES (%s, %s, %s, %s, %s)", rows)

    assert use.new_profiles(7) == 2


def test_size_is_what_the_database_says(campaign_db: Conn, use: DatabaseUse) -> None:
    before = use.size()
    campaign_db.execute("CREATE TABLE ballast AS SELECT repeat('x', 1000) AS t FROM generate_series(1, 5000)")

    assert use.size() - before == pytest.approx(5_000 * 1_100, rel=0.2)


def test_growth_goes_by_the_size_of_the_rows_that_are_there(campaign_db: Conn, use: DatabaseUse) -> None:
    assert use.growth(10, 100) == 10 * 1_000 + 100 * 150, "small tables say nothing about a row"
    campaign_db.execute(
        "INSERT INTO nmsrecipient (irecipientid, stext1) SELECT 100000 + n, repeat('x', 200) FROM generate_series(1, 20000) AS n"
    )
    campaign_db.execute("ANALYZE nmsrecipient")
    row = campaign_db.execute("SELECT pg_total_relation_size('nmsrecipient') / 20200.0").fetchone()
    assert row

    assert use.growth(1_000, 0) == pytest.approx(1_000 * float(row[0]), rel=0.05)


def test_work_table_is_estimated_from_stored_bytes() -> None:
    def part(key: str, size: int) -> StoredObject:
        return StoredObject(key, size, "e", NOW)

    assert work_table_bytes((part("a.csv", 1_000), part("b.csv.gz", 1_000))) == 9_500
