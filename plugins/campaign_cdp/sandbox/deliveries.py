"""Simulates Campaign's sending: deliveries, who got them, who opened and clicked, and what bounced later.

Every function returns the events that came into being, counted by log and state, so that an export can be compared with
them. All of it is computed in the database by hash arithmetic: equal calls on equal databases give equal rows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import sql

from campaign_cdp.exceptions import SandboxError
from campaign_cdp.sandbox.campaign_database import Connection, literals, recipient_count, run_statement

#: Number of events by log and state, e.g. ``("delivery", "sent")``.
Events = Counter[tuple[str, str]]

#: A proof, a model and a deleted delivery; exports leave them out.
_EXTRA_DELIVERIES = 3
#: Ids are shuffled within blocks of this size.
_ID_BLOCK = 1024
# From here on it is faster to build the indexes of the logs afterwards.
_MANY = 100_000
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Sending:
    """How much is sent, and when.

    :param deliveries: number of real deliveries; a proof, a model and a deleted one come on top.
    :param recipients: recipients of each of them.
    :param at: nothing happened after this moment (aware).
    :param span: nothing happened earlier than this long before ``at``.
    :param tracking: tracking logs per delivery log.
    :param seed: another number gives other outcomes.
    """

    deliveries: int
    recipients: int
    at: datetime
    span: timedelta = _WEEK
    tracking: float = 0.5
    seed: int = 1

    @property
    def extra(self) -> int:
        """Recipients of each delivery that is not exported."""
        return min(self.recipients, 20)

    @property
    def broad_logs(self) -> int:
        return self.deliveries * self.recipients + _EXTRA_DELIVERIES * self.extra

    @property
    def tracking_logs(self) -> int:
        return int(self.broad_logs * self.tracking)

    @property
    def exclusions(self) -> int:
        return max(self.broad_logs // 50, self.deliveries + _EXTRA_DELIVERIES)

    @property
    def subscriptions(self) -> int:
        return max(self.broad_logs // 100, 12)


def simulate(
    conn: Connection,
    *,
    deliveries: int,
    recipients: int,
    at: datetime,
    seed: int = 1,
    span: timedelta = _WEEK,
    tracking: float = 0.5,
) -> Events:
    """Send deliveries, and let recipients open, click, subscribe and leave; commits. See :class:`Sending`.

    :raises SandboxError: if Campaign has fewer recipients.
    """
    sending = Sending(deliveries, recipients, at, span, tracking, seed)
    known = recipient_count(conn)
    if recipients > known:
        raise SandboxError(
            f"Deliveries to {recipients:,} recipients need as many, Campaign has {known:,}. Nothing was sent. "
            "Run: cdp sandbox seed --recipients N"
        )
    with conn.transaction():
        before = events(conn)
        if sending.broad_logs > _MANY:
            run_statement(conn, "drop_log_indexes")
        _send(conn, sending)
        run_statement(conn, "indexes")
        conn.execute("ANALYZE NmsDelivery, NmsBroadLogRcp, NmsTrackingUrl, NmsTrackingLogRcp, NmsSubHisto")
        return events(conn) - before


def flip(conn: Connection, *, rows: int, at: datetime, seed: int = 1) -> Events:
    """Let sent messages bounce: their delivery logs turn to failed and are last modified at ``at``; commits.

    :param rows: delivery logs to change; those of proofs and seed addresses are among them and make no event.
    :return: the new events; the sent ones happened too and stay true.
    """
    with conn.transaction():
        before = events(conn)
        run_statement(conn, "flip_logs", literals(rows=rows, at=at, seed=seed))
        return events(conn) - before


def late(conn: Connection, *, rows: int, at: datetime, max_age: timedelta = timedelta(days=6), seed: int = 1) -> Events:
    """Let tracking logs arrive that happened up to ``max_age`` before ``at``, but that nobody saw yet; commits."""
    with conn.transaction():
        before = events(conn)
        ids = conn.execute("SELECT min(iBroadLogId), max(iBroadLogId) FROM NmsBroadLogRcp").fetchone() or (0, 0)
        _track(conn, rows, (ids[0], ids[1]), (at - max_age, at), seed)
        return events(conn) - before


def events(conn: Connection) -> Events:
    """Count the events that the logs hold now. A message that was sent and failed later counts as failed only."""
    rows = run_statement(conn, "events").fetchall()
    return Counter({(log, state): count for log, state, count in rows})


def _send(conn: Connection, sending: Sending) -> None:
    delivery = _reserve(conn, "XtkNewId", sending.deliveries + _EXTRA_DELIVERIES)
    broad_log = _reserve(conn, "NmsBroadLogId", sending.broad_logs)
    when = {"at": sending.at, "span_ms": sending.span // timedelta(milliseconds=1), "seed": sending.seed}
    target = {"first_delivery": delivery, "deliveries": sending.deliveries}
    run_statement(conn, "deliveries", literals(first=delivery, deliveries=sending.deliveries, **when))
    size = {"recipients": sending.recipients, "extra": sending.extra}
    run_statement(conn, "broad_logs", literals(first=broad_log, **target, **size, **when))
    excluded = {"first": _reserve(conn, "NmsBroadLogId", sending.exclusions), "exclusions": sending.exclusions}
    run_statement(conn, "exclusion_logs", literals(**excluded, **target, seed=sending.seed))
    last = broad_log + sending.broad_logs + _ID_BLOCK
    _track(conn, sending.tracking_logs, (broad_log, last), (sending.at - sending.span, sending.at), sending.seed)
    changed = {"first": _reserve(conn, "XtkNewId", sending.subscriptions), "subscriptions": sending.subscriptions}
    run_statement(conn, "subscriptions", literals(**changed, first_delivery=delivery, **when))


def _track(conn: Connection, rows: int, logs: tuple[int, int], between: tuple[datetime, datetime], seed: int) -> None:
    values = literals(
        first=_reserve(conn, "NmsTrackingLogId", rows),
        tracking_logs=rows,
        first_log=logs[0],
        last_log=logs[1],
        oldest=between[0],
        at=between[1],
        seed=seed,
    )
    run_statement(conn, "tracking_logs", values)


def _reserve(conn: Connection, sequence: str, count: int) -> int:
    """Take ids from a sequence, as many whole blocks as ``count`` needs, and return the first one."""
    ids = -(-count // _ID_BLOCK) * _ID_BLOCK
    name = sql.Literal(sequence)
    statement = sql.SQL("SELECT setval({0}, nextval({0}) + {1}) - {1}").format(name, sql.Literal(ids))
    row = conn.execute(statement).fetchone()
    return int(row[0]) if row else 0
