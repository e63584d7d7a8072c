"""A small Campaign with deliveries of every kind, and what it takes to export its logs."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from campaign_cdp.events.layout import feed_mappings
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.hooks.campaign.events import EventDatabase
from campaign_cdp.ledger.store import Ledger, Window
from campaign_cdp.windows import LogWindow, forget_before, plan_bounds

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: Deliveries: sent, proof, model, deleted.
SENT, PROOF, MODEL, DELETED = 501, 502, 503, 504
#: Messages of failures: hard, soft, complaint, undefined.
HARD, SOFT, COMPLAINT, UNDEFINED = 601, 602, 603, 604
#: URLs; 1 is the open marker.
OPEN, CLICK, OPT_OUT, MIRROR, OTHER = 1, 701, 702, 703, 704
PERSONS = range(801, 811)


def add_fixed_rows(conn: psycopg.Connection) -> None:
    cursor = conn.cursor()
    cursor.executemany(
        "INSERT INTO nmsdelivery (ideliveryid, sinternalname, slabel, ideliverymode, ifcp, iismodel, ideletestatus) "
        "VALUES (%s, %s, %s, 1, %s, %s, %s)",
        [
            (SENT, "DM501", 'Spring, "sale"\r\nand more', 0, 0, 0),
            (PROOF, "DM502", "Proof", 1, 0, 0),
            (MODEL, "DM503", "Model", 0, 1, 0),
            (DELETED, "DM504", "Deleted", 0, 0, 1),
        ],
    )
    cursor.executemany(
        "INSERT INTO nmsbroadlogmsg (ibroadlogmsgid, ifailuretype, ifailurereason, stext) VALUES (%s, %s, %s, %s)",
        [(HARD, 2, 1, "550 unknown"), (SOFT, 1, 5, "452 full"), (COMPLAINT, 2, 8, "spam"), (UNDEFINED, 0, 0, None)],
    )
    cursor.executemany(
        "INSERT INTO nmstrackingurl (itrackingurlid, itype, ssource, scategory, stagid) VALUES (%s, %s, %s, 'c', %s)",
        [(number, kind, f"https://shop.example.com/?a=\"{kind}\"&b='\\'", f"t{number}")
         for number, kind in ((CLICK, 1), (OPT_OUT, 3), (MIRROR, 6), (OTHER, 4))],
    )  # fmt: skip
    cursor.executemany(
        "INSERT INTO nmsrecipient (irecipientid, saccount, semail) VALUES (%s, %s, %s)",
        [(number, f"C{number}", f"c{number}@example.com") for number in PERSONS],
    )


def event_feed(*logs: str, **changes: Any) -> EventFeed:
    zone = {"type": "s3", "connection": "s3", "bucket": "b", "prefix": "out/", "staging": "staging/"}
    config = {"id": "events", "direction": "event_export", "owner": "crm@example.com", "instance": "acme"}
    logs_ = {log: {} for log in logs or ("delivery", "tracking", "subscription")}
    return EventFeed(**{**config, "landing_zone": zone, "logs": logs_, "window": {"first_run": "all"}, **changes})


def broad_log(conn: psycopg.Connection, number: int, at: datetime = NOON, **columns: Any) -> None:
    values = {"ideliveryid": SENT, "irecipientid": 801, "istatus": 1, "tsevent": at, "tslastmodified": at, **columns}
    insert(conn, "nmsbroadlogrcp", ibroadlogid=number, **values)


def tracking_log(conn: psycopg.Connection, number: int, at: datetime = NOON, **columns: Any) -> None:
    values = {"ibroadlogid": 1, "ideliveryid": SENT, "irecipientid": 801, "iurlid": OPEN, "tslog": at, **columns}
    insert(conn, "nmstrackinglogrcp", itrackinglogid=number, **values)


def subscription(conn: psycopg.Connection, number: int, at: datetime = NOON, **columns: Any) -> None:
    insert(conn, "nmssubhisto", **{"isubhistoid": number, "irecipientid": 801, "iaction": 1, "tsdate": at, **columns})


def insert(conn: psycopg.Connection, table: str, **values: Any) -> None:
    places = ", ".join(["%s"] * len(values))
    conn.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", list(values.values()))


def event_id(log: str, number: int, state: str) -> str:
    return hashlib.sha256(f"acme|{log}|{number}|{state}".encode()).hexdigest()


class Export:
    """Exports one feed, window by window, as the tasks of the Dag do, to a list of lines."""

    def __init__(self, conn: psycopg.Connection, feed: EventFeed) -> None:
        self.conn, self.feed, self.mappings = conn, feed, feed_mappings(feed)
        self.ledger, self.database = Ledger(conn), EventDatabase(conn, feed, self.mappings)
        self.runs = 0

    def open(self, now: datetime | None, **settings: Any) -> Window:
        """Freeze the next window and commit it; the database's clock tells the time unless it is given."""
        self.runs += 1
        upper = self.database.upper_bound(self.feed.window.settle, now)
        bounds = plan_bounds(self.feed, self.ledger.watermarks(self.feed.id), upper)
        return self.freeze(f"run{self.runs}", bounds, **settings)

    def freeze(self, dag_run_id: str, bounds: tuple[LogWindow, ...], **settings: Any) -> Window:
        opened = self.ledger.open_window(
            feed=self.feed.id, dag_run_id=dag_run_id, bounds=bounds, **{"config_hash": "h1", **settings}
        )
        window = opened.window
        if opened.is_new:
            self.ledger.record_selected(window.window_id, self.database.select(window.window_id, window.bounds))
        self.conn.commit()
        return self.ledger.window(window.window_id)

    def lines(self, window: Window, per_log: int = 1) -> list[str]:
        parts = self.database.partitions(window.window_id, per_log)
        blocks = [b for part in parts for b in self.database.copy_rows(window.window_id, part)]
        assert sum(block.rows for block in blocks) == sum(part.rows for part in parts)
        self.conn.commit()
        return b"".join(block.data for block in blocks).decode().splitlines()

    def finish(self, window: Window) -> None:
        for state in ("staged", "publishing", "published", "done"):
            self.ledger.finish_window(window.window_id, state)
        self.ledger.advance_watermarks(window)
        self.ledger.drop_old_keys(self.feed.id, self.forgettable())
        self.conn.commit()

    def forgettable(self) -> dict[str, datetime]:
        marks = self.ledger.watermarks(self.feed.id)
        return {
            m.log: forget_before(self.feed, m.log, marks[m.log].value, rewritten=m.changed != m.time)  # type: ignore[arg-type]
            for m in self.mappings
        }

    def ids(self, window: Window) -> list[str]:
        """Event ids of a window, which has to be CSV."""
        return [line.split(",", 1)[0] for line in self.lines(window)]
