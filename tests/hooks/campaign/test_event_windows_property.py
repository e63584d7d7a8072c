"""Many windows beside concurrent writers: what leaves is what happened, each event once."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain

import psycopg
import pytest
from psycopg.sql import SQL

from campaign_cdp import windows
from campaign_cdp.hooks.campaign.events import EventDatabase
from tests.hooks.campaign import campaign
from tests.hooks.campaign.campaign import DAY, HOUR, NOON, Export, event_feed, event_id
from tests.hooks.campaign.conftest import Connect

Key = tuple[str, int]
Row = tuple[str | None, datetime]
Written = tuple[Key, Row]
FAILURES = {campaign.HARD: "hard_bounce", campaign.SOFT: "soft_bounce", campaign.UNDEFINED: "failed"}
URLS = {campaign.OPEN: "open", campaign.CLICK: "click", campaign.OPT_OUT: "opt_out", campaign.OTHER: None}


class Writers:
    """Campaign at work in simulated time: rows are written late, changed later, in transactions that stay open.

    :ivar rows: what is committed: log and id -> state, if it is an event, and time of the last change.
    """

    def __init__(self, connect: Connect, seed: int) -> None:
        self.random, self.now = random.Random(seed), NOON
        # Campaign's ids wrap to the negative range.
        self.ids = chain(range(2_147_483_600, 2_147_483_648), range(-2_147_483_648, 0))
        self.free = [connect() for _ in range(3)]
        self.open: list[tuple[datetime, psycopg.Connection, dict[Key, Row]]] = []
        self.rows: dict[Key, Row] = {}
        self.written: dict[Key, Row] = {}
        self.born: dict[int, datetime] = {}

    def work(self, until: datetime) -> None:
        """Write until the clock says so, and commit what is due."""
        while self.now < until:
            self.now += self.random.random() * 4 * HOUR
            self._commit(self.now)
            if self.free:
                conn = self.free.pop()
                written = self.written = {}
                for _ in range(self.random.randint(1, 12)):
                    written.update([self._write(conn)])
                # Less than the overlap of a day, and often across the upper bound of a window.
                self.open.append((self.now + self.random.choice((0, 1, 8, 20)) * HOUR, conn, written))

    def commit_all(self) -> None:
        self.now += DAY
        self._commit(self.now)

    def _commit(self, now: datetime) -> None:
        for due, conn, written in [each for each in self.open if each[0] <= now]:
            conn.commit()
            self.rows.update(written)
            self.open.remove((due, conn, written))
            self.free.append(conn)

    def _write(self, conn: psycopg.Connection) -> Written:
        kinds = (self._send, self._send, self._flip, self._touch, self._track, self._subscribe)
        return self.random.choice(kinds)(conn)

    def _late(self, longest: timedelta) -> datetime:
        return self.now - self.random.choice((0.0, self.random.random())) * longest

    def _send(self, conn: psycopg.Connection) -> Written:
        number, at = next(self.ids), self._late(3 * HOUR)
        changes, state = self.random.choice(
            [({}, "sent"), ({}, "sent"), ({}, "sent"), ({"istatus": 6}, None), ({"irecipientid": 0}, None),
             ({"ideliveryid": campaign.PROOF}, None), ({"ideliveryid": campaign.MODEL}, None),
             ({"istatus": 2, "imsgid": campaign.COMPLAINT}, "complaint")]
        )  # fmt: skip
        campaign.broad_log(conn, number, at, **changes)
        self.born[number] = self.now
        return ("delivery", number), (state, at)

    def _flip(self, conn: psycopg.Connection) -> Written:
        number, _ = self._one_of_old("sent", 10 * DAY)
        if number is None:
            return self._send(conn)
        message = self.random.choice(list(FAILURES))
        self._update(conn, number, "istatus = 2, imsgid = %s", message)
        return ("delivery", number), (FAILURES[message], self.now)

    def _touch(self, conn: psycopg.Connection) -> Written:
        number, state = self._one_of_old(None, 20 * DAY)
        if number is None:
            return self._send(conn)
        self._update(conn, number, "ssegmentcode = %s", "x")
        return ("delivery", number), (state, self.now)

    def _update(self, conn: psycopg.Connection, number: int, what: str, value: object) -> None:
        query = f"UPDATE nmsbroadlogrcp SET {what}, tslastmodified = %s WHERE ibroadlogid = %s"
        conn.execute(query, (value, self.now, number))

    def _one_of_old(self, state: str | None, age: timedelta) -> tuple[int | None, str | None]:
        """Choose a committed event that no open transaction has changed."""
        busy = {key for written in (self.written, *(written for _, _, written in self.open)) for key in written}
        found = [
            (key[1], known)
            for key, (known, _) in self.rows.items()
            if key[0] == "delivery"
            and known
            and state in (None, known)
            and key not in busy
            and self.born[key[1]] > self.now - age
        ]
        return self.random.choice(found) if found else (None, None)

    def _track(self, conn: psycopg.Connection) -> Written:
        number, at, url = next(self.ids), self._late(5 * DAY), self.random.choice(list(URLS))
        campaign.tracking_log(conn, number, at, iurlid=url)
        return ("tracking", number), (URLS[url], at)

    def _subscribe(self, conn: psycopg.Connection) -> Written:
        number, at, action = next(self.ids), self._late(3 * HOUR), self.random.choice((0, 1))
        campaign.subscription(conn, number, at, iaction=action)
        return ("subscription", number), (("unsubscribed", "subscribed")[action], at)


def run_windows(connect: Connect, seed: int, days: int = 45) -> tuple[Counter[str], set[str]]:
    """Export window by window while Campaign works.

    :return: how often each event id was published, and the ids that there should be.
    """
    writers, export = Writers(connect, seed), Export(connect(), event_feed())
    published: Counter[str] = Counter()
    expected: set[str] = set()
    while writers.now < NOON + days * DAY:
        writers.work(writers.now + writers.random.choice((6, 24, 48)) * HOUR)
        _export(writers, export, published, expected)
    writers.commit_all()
    _export(writers, export, published, expected, finish=True)
    assert len(expected) > 300, "the run is too small to show anything"
    return published, expected


def _export(
    writers: Writers, export: Export, published: Counter[str], expected: set[str], finish: bool = False
) -> None:
    window = export.open(writers.now)
    if not finish and writers.random.random() < 0.2:
        return  # the run fails before it publishes, and the next one takes over
    seen = {event_id(*key, state) for key, (state, at) in writers.rows.items() if state and at < window.upper}
    writers.work(writers.now + 2 * HOUR)  # rows change between their selection and their extraction
    published.update(export.ids(window))
    expected.update(seen)
    export.finish(window)


@pytest.mark.parametrize("seed", range(2))
def test_what_is_published_is_what_happened_each_event_once(connect: Connect, seed: int) -> None:
    published, expected = run_windows(connect, seed)

    assert set(published) == expected
    assert [event for event, times in published.items() if times > 1] == []


def _no_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "overlap_of", lambda feed, log: timedelta(0))


def _no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventDatabase, "_known", lambda *_: SQL("FALSE"))


def _short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "REWRITTEN_WITHIN", timedelta(0))


@pytest.mark.parametrize("broken", [_no_overlap, _no_memory, _short_memory])
def test_each_rule_is_needed(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, broken: Callable[[pytest.MonkeyPatch], None]
) -> None:
    broken(monkeypatch)

    published, expected = run_windows(connect, seed=0)

    lost, doubled = expected - set(published), [event for event, times in published.items() if times > 1]
    assert bool(lost) is (broken is _no_overlap)
    assert bool(doubled) is (broken is not _no_overlap)


# -- Real time, no overlap: only the upper bound is left to protect what an open transaction writes ---------------------


#: The clock of a transaction is read a moment before others can see the transaction.
WINDOW = {"first_run": "all", "settle": timedelta(milliseconds=20)}


class Sender(threading.Thread):
    """Sends in transactions that stay open for a while; some rows fail later."""

    def __init__(self, conn: psycopg.Connection, first: int) -> None:
        super().__init__()
        self.conn, self.ids, self.random = conn, iter(range(first, first + 10_000)), random.Random(first)
        self.states: dict[int, str] = {}

    def run(self) -> None:
        for _ in range(25):
            number = next(self.ids)
            self.conn.execute(
                "INSERT INTO nmsbroadlogrcp (ibroadlogid, ideliveryid, irecipientid, istatus, tsevent, tslastmodified) "
                "VALUES (%s, %s, 801, 1, now(), now())",
                (number, campaign.SENT),
            )
            failed = [self.random.choice(list(self.states))] if self.states and self.random.random() < 0.3 else []
            self.conn.execute(
                "UPDATE nmsbroadlogrcp SET istatus = 2, imsgid = %s, tslastmodified = now() WHERE ibroadlogid = ANY(%s)",
                (campaign.HARD, failed),
            )
            threading.Event().wait(self.random.random() * 0.12)
            self.conn.commit()
            self.states |= {number: "sent", **dict.fromkeys(failed, "hard_bounce")}


def export_beside_senders(connect: Connect) -> tuple[list[str], set[str]]:
    """Return published event ids, and those of the states that all rows have in the end."""
    export = Export(connect(), event_feed(logs={"delivery": {"overlap": "0s"}}, window=WINDOW))
    senders = [Sender(connect(), first) for first in (10_000, 20_000, 30_000)]
    published: list[str] = []
    for sender in senders:
        sender.start()
    while any(sender.is_alive() for sender in senders):
        published += export_once(export)
    published += export_once(export, datetime.now(UTC) + timedelta(seconds=1))
    states = {number: state for sender in senders for number, state in sender.states.items()}
    return published, {event_id("delivery", number, state) for number, state in states.items()}


def export_once(export: Export, now: datetime | None = None) -> Iterator[str]:
    window = export.open(now)
    yield from export.ids(window)
    export.finish(window)


def test_open_transactions_hold_the_upper_bound(connect: Connect) -> None:
    published, final = export_beside_senders(connect)

    assert final <= set(published)
    assert len(published) == len(set(published))


def test_upper_bound_above_open_transactions_loses_events(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventDatabase, "upper_bound", lambda self, settle, now=None: self._now())

    published, final = export_beside_senders(connect)

    assert final - set(published)
