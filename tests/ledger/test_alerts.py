from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import psycopg

from campaign_cdp.ledger.store import Ledger

Connect = Callable[[], psycopg.Connection]
DAY = timedelta(days=1)
WHAT = {"feed": "gold", "kind": "failed", "subject": "gold", "aspect": "ACR-310", "code": "ACR-310"}


def test_channel_is_claimed_until_it_was_told(connect: Connect) -> None:
    conn = connect()
    ledger = Ledger(conn)
    ledger.raise_alert("k", **WHAT)
    conn.commit()
    assert ledger.claim_alert("k", "slack", DAY)
    conn.rollback()  # the worker died
    assert ledger.claim_alert("k", "slack", DAY), "so it is told with the next occurrence"
    ledger.alert_sent("k", "slack")
    conn.commit()

    assert not ledger.claim_alert("k", "slack", DAY)
    assert ledger.claim_alert("k", "email", DAY), "each channel by itself"
    assert ledger.claim_alert("k", "slack", timedelta())


def test_second_task_stands_by_while_the_first_tells(connect: Connect) -> None:
    first, second, watcher = connect(), connect(), connect()
    watcher.autocommit = True
    Ledger(first).raise_alert("k", **WHAT)
    Ledger(first).claim_alert("k", "slack", DAY)
    first.commit()  # so the row is there, and only its lock can hold the second
    assert Ledger(first).claim_alert("k", "slack", DAY)
    claims: list[bool] = []
    task = threading.Thread(target=lambda: claims.append(Ledger(second).claim_alert("k", "slack", DAY)))
    task.start()
    while task.is_alive() and not blocked(watcher, second):
        pass
    Ledger(first).alert_sent("k", "slack")
    first.commit()
    task.join()

    assert claims == [False]


def blocked(watcher: psycopg.Connection, conn: psycopg.Connection) -> bool:
    ((waiting,),) = watcher.execute("SELECT cardinality(pg_blocking_pids(%s))", (conn.info.backend_pid,)).fetchall()
    return bool(waiting)


def test_alert_that_comes_back_begins_anew(ledger: Ledger, conn: psycopg.Connection) -> None:
    assert [ledger.raise_alert("k", **WHAT).count for _ in range(3)] == [1, 2, 3]
    conn.commit()
    assert ledger.resolve_feed_alerts("gold", ["failed"], still=["k"]) == 0
    assert ledger.resolve_feed_alerts("gold", ["late"], still=[]) == 0
    assert ledger.resolve_feed_alerts("gold", ["failed"], still=[]) == 1
    assert ledger.untold_alerts("gold") == [], "nobody was told that it began"

    assert ledger.raise_alert("k", **WHAT).count == 1


def test_end_is_told_to_who_was_told_of_the_beginning(ledger: Ledger) -> None:
    ledger.raise_alert("k", **WHAT)
    ledger.claim_alert("k", "slack", DAY)
    ledger.alert_sent("k", "slack")
    assert not ledger.claim_end("k", "slack"), "it is not over"

    ledger.resolve_alerts(["k"])

    assert [record.dedup_key for record in ledger.untold_alerts("gold")] == ["k"]
    assert ledger.untold_alerts(None) == []
    assert ledger.claim_end("k", "slack")
    assert not ledger.claim_end("k", "email")
    ledger.end_sent("k", "slack")
    assert ledger.untold_alerts("gold") == []
