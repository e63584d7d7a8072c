from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from campaign_cdp.events.mapping import load_mapping
from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.campaign_database import create_database, drop_database
from campaign_cdp.sandbox.deliveries import Events, events, flip, late, simulate
from campaign_cdp.sandbox.postgres import PostgresServer

Connection = psycopg.Connection[Any]

_AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def _count(conn: Connection, query: str) -> tuple[Any, ...]:
    return conn.execute(query).fetchone() or ()


def _by_state(found: Events, log: str) -> dict[str, int]:
    return {state: count for (of, state), count in found.items() if of == log}


def test_truth_of_the_delivery_log_is_what_its_rows_say(campaign_db: Connection) -> None:
    found = simulate(campaign_db, deliveries=4, recipients=150, at=_AT, tracking=2)

    rows = campaign_db.execute(
        "SELECT d.imessagetype, b.istatus, m.ifailuretype, m.ifailurereason, count(*) FROM nmsbroadlogrcp b"
        " LEFT JOIN nmsbroadlogmsg m ON m.ibroadlogmsgid = b.imsgid JOIN nmsdelivery d USING (ideliveryid)"
        " WHERE b.irecipientid > 0 AND d.slabel LIKE 'Newsletter _, \"spring\" edition' GROUP BY 1, 2, 3, 4"
    ).fetchall()
    expected: Counter[str] = Counter()
    for channel, status, failure, reason, count in rows:
        if status == 1:
            expected["message_sent" if channel else "sent"] += count
        elif status == 2 and reason == 8:
            expected["complaint"] += count
        elif status == 2:
            bounce = "failed" if channel else {1: "soft_bounce", 2: "hard_bounce"}.get(failure, "failed")
            expected[bounce] += count
    assert _by_state(found, "delivery") == dict(expected)
    assert len(expected) == 6


def test_truth_of_the_tracking_log_is_what_its_rows_say(campaign_db: Connection) -> None:
    found = simulate(campaign_db, deliveries=4, recipients=150, at=_AT, tracking=2)

    rows = campaign_db.execute(
        "SELECT CASE WHEN iurlid = 1 THEN 'open' ELSE (SELECT slabel FROM nmstrackingurl WHERE itrackingurlid = iurlid)"
        " END, (SELECT imessagetype FROM nmsdelivery d WHERE"
        " d.ideliveryid = t.ideliveryid), count(*) FROM nmstrackinglogrcp t WHERE irecipientid <> 0 AND EXISTS (SELECT 1 FROM nmsdelivery d WHERE"
        " d.ideliveryid = t.ideliveryid AND ifcp + iismodel + ideletestatus = 0) GROUP BY 1, 2"
    ).fetchall()
    words = {"open": "open", "Unsubscribe": "opt_out", "Mirror page": "mirror_page", "Visit": None}
    expected: Counter[str] = Counter()
    for label, channel, count in rows:
        if state := words.get(label, "click"):
            expected[f"message_{state}" if channel and state != "mirror_page" else state] += count
    assert _by_state(found, "tracking") == dict(expected)
    assert len(expected) == 7


def test_truth_of_exclusions_and_subscriptions_is_what_their_rows_say(campaign_db: Connection) -> None:
    found = simulate(campaign_db, deliveries=4, recipients=150, at=_AT, tracking=2)

    excluded = "SELECT count(*) FROM nmsexcludelogrcp JOIN nmsdelivery USING (ideliveryid) WHERE iismodel + ifcp = 0"
    assert (found["exclusion", "excluded"],) == _count(
        campaign_db, f"{excluded} AND ideletestatus = 0 AND ideliveryid <> 0"
    )
    joined, left, left_sms = _count(
        campaign_db,
        "SELECT sum(iaction), sum(1 - iaction) FILTER (WHERE sname <> 'alerts'),"
        " sum(1 - iaction) FILTER (WHERE sname = 'alerts')"
        " FROM nmssubhisto JOIN nmsservice USING (iserviceid) WHERE irecipientid <> 0",
    )
    assert _by_state(found, "subscription") == {
        "subscribed": joined,
        "unsubscribed": left,
        "message_unsubscribed": left_sms,
    }


def test_states_are_those_of_the_mappings(campaign_db: Connection) -> None:
    found = simulate(campaign_db, deliveries=4, recipients=150, at=_AT, tracking=2)

    for log in ("delivery", "exclusion", "tracking", "subscription"):
        assert {rule.state for rule in load_mapping(log).events} == _by_state(found, log).keys()


def test_what_exports_leave_out_is_there(campaign_db: Connection) -> None:
    simulate(campaign_db, deliveries=4, recipients=150, at=_AT, tracking=2)

    kinds = "SELECT count(*) FILTER (WHERE ifcp = 1), count(*) FILTER (WHERE iismodel = 1),"
    assert _count(campaign_db, f"{kinds} count(*) FILTER (WHERE ideletestatus <> 0), count(*) FROM nmsdelivery") == (
        *(1, 1, 1),
        *(4 + 3 + 1,),  # and the zero-id row
    )
    for wanted in (
        "nmsbroadlogrcp b JOIN nmsdelivery USING (ideliveryid) WHERE ifcp = 1",
        "nmsbroadlogrcp b JOIN nmsdelivery USING (ideliveryid) WHERE iismodel = 1",
        "nmsbroadlogrcp b JOIN nmsdelivery USING (ideliveryid) WHERE ideletestatus = 1",
        "nmsbroadlogrcp WHERE istatus = 6",
        "nmsbroadlogrcp WHERE ideliveryid <> 0 AND irecipientid = 0 AND istatus = 1",
        "nmstrackinglogrcp WHERE ideliveryid <> 0 AND irecipientid = 0",
        "nmstrackinglogrcp t JOIN nmsdelivery USING (ideliveryid) WHERE ifcp = 1",
        "nmssubhisto WHERE isubhistoid <> 0 AND irecipientid = 0",
    ):
        assert _count(campaign_db, f"SELECT count(*) > 0 FROM {wanted}") == (True,), wanted


def test_everything_happened_within_the_span(campaign_db: Connection) -> None:
    simulate(campaign_db, deliveries=4, recipients=150, at=_AT, span=timedelta(hours=2))

    for table, key, time in (
        ("nmsbroadlogrcp", "ibroadlogid", "tsevent"),
        ("nmsbroadlogrcp", "ibroadlogid", "tslastmodified"),
        ("nmsexcludelogrcp", "ibroadlogid", "tslastmodified"),
        ("nmstrackinglogrcp", "itrackinglogid", "tslog"),
        ("nmssubhisto", "isubhistoid", "tsdate"),
    ):
        first, last = _count(campaign_db, f"SELECT min({time}), max({time}) FROM {table} WHERE {key} <> 0")
        assert _AT - timedelta(hours=2) <= first < last < _AT, (table, time)


def test_ids_are_unique_but_not_in_order_of_time(campaign_db: Connection) -> None:
    simulate(campaign_db, deliveries=4, recipients=150, at=_AT, tracking=2)

    ids = campaign_db.execute(
        "SELECT ibroadlogid FROM nmsbroadlogrcp WHERE ibroadlogid <> 0 ORDER BY tsevent"
    ).fetchall()
    assert len(set(ids)) == len(ids) == 4 * 150 + 3 * 20
    assert ids != sorted(ids)


def test_messages_that_bounce_later_move_and_add_events(campaign_db: Connection) -> None:
    simulate(campaign_db, deliveries=4, recipients=150, at=_AT, tracking=2)
    before = events(campaign_db)
    later = _AT + timedelta(hours=3)

    new = flip(campaign_db, rows=50, at=later)

    moved = "SELECT count(*) FROM nmsbroadlogrcp WHERE tslastmodified = %s AND istatus = 2 AND tsevent < %s"
    assert campaign_db.execute(moved, (later, _AT)).fetchone() == (50,)
    assert set(_by_state(new, "delivery")) <= {"hard_bounce", "soft_bounce", "complaint", "failed"}
    gone = sum(before["delivery", sent] - events(campaign_db)["delivery", sent] for sent in ("sent", "message_sent"))
    assert new.total() == gone
    assert 40 < gone <= 50, "most of the changed ones are events"


def test_late_tracking_logs_happened_before_they_came(campaign_db: Connection) -> None:
    simulate(campaign_db, deliveries=4, recipients=150, at=_AT, tracking=2)
    (known,) = _count(campaign_db, "SELECT count(*) FROM nmstrackinglogrcp")
    (last_id,) = _count(campaign_db, "SELECT max(itrackinglogid) FROM nmstrackinglogrcp")

    new = late(campaign_db, rows=80, at=_AT, max_age=timedelta(days=2))

    count, first, last = _count(
        campaign_db,
        f"SELECT count(*), min(tslog), max(tslog) FROM nmstrackinglogrcp WHERE itrackinglogid > {last_id}",
    )
    assert count == 80 == _count(campaign_db, "SELECT count(*) FROM nmstrackinglogrcp")[0] - known
    assert _AT - timedelta(days=2) <= first < last < _AT
    assert {log for log, _ in new} == {"tracking"}
    assert 60 < new.total() < 80, "seed addresses, proofs and visits make no events"


def test_sending_again_adds_to_what_is_there(campaign_db: Connection) -> None:
    first = simulate(campaign_db, deliveries=2, recipients=100, at=_AT)
    second = simulate(campaign_db, deliveries=3, recipients=50, at=_AT + timedelta(days=1), seed=2)

    assert events(campaign_db) == first + second


def test_more_recipients_than_there_are_send_nothing(campaign_db: Connection) -> None:
    with pytest.raises(SandboxError, match="need as many, Campaign has 200"):
        simulate(campaign_db, deliveries=1, recipients=201, at=_AT)

    assert not events(campaign_db)


def _checksum(server: PostgresServer, template: str, name: str, seed: int) -> list[Any]:
    create_database(server.dsn(), name, template=template)
    try:
        with psycopg.connect(server.dsn(name)) as conn:
            simulate(conn, deliveries=3, recipients=60, at=_AT, seed=seed)
            flip(conn, rows=20, at=_AT, seed=seed)
            late(conn, rows=20, at=_AT, seed=seed)
            tables = (
                "nmsdelivery",
                "nmstrackingurl",
                "nmsbroadlogrcp",
                "nmstrackinglogrcp",
                "nmsexcludelogrcp",
                "nmssubhisto",
            )
            return [
                _count(conn, f"SELECT md5(string_agg(r::text, '|' ORDER BY r::text)) FROM {table} r")
                for table in tables
            ]
    finally:
        drop_database(server.dsn(), name)


def test_the_same_seed_sends_the_same(postgres_server: PostgresServer, campaign_template: str) -> None:
    first = _checksum(postgres_server, campaign_template, "deliveries_first", 7)

    assert _checksum(postgres_server, campaign_template, "deliveries_again", 7) == first
    other = _checksum(postgres_server, campaign_template, "deliveries_other", 8)
    assert other[:2] == first[:2]
    assert [a == b for a, b in zip(other[2:], first[2:], strict=True)] == [False] * 4
