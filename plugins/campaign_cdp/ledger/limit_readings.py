"""Readings of the contract's limits: written whenever one is checked, read for the trend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg import sql

from campaign_cdp.hooks.campaign.sql import statement
from campaign_cdp.ledger.session import LedgerSession
from campaign_cdp.limits.reading import Reading

_INSERT = """
INSERT INTO cdp.limit_reading (
    limit_name, scope, feed, dag_run_id, used, projected, contract, warn_pct, stop_pct, free, verdict
) VALUES (
    %(limit_name)s, %(scope)s, %(feed)s, %(dag_run_id)s, %(used)s, %(projected)s, %(contract)s, %(warn_pct)s,
    %(stop_pct)s, %(free)s, %(verdict)s
)
"""
_SELECT = """
SELECT limit_name, scope, used, projected, contract, warn_pct, stop_pct, verdict, free, feed, dag_run_id, at
FROM cdp.limit_reading
"""
_NEWEST = """
WHERE reading_id IN (
    SELECT DISTINCT ON (limit_name, scope) reading_id FROM cdp.limit_reading
    ORDER BY limit_name, scope, at DESC, reading_id DESC
)
ORDER BY limit_name, scope
"""
#: A Dag run takes no longer; without it all of the trend would be read.
_OF_A_RUN: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class LimitReading:
    """One row of the trend.

    :param scope: what was read: a database or a landing zone.
    :param used: bytes, profiles, exports, rows or seconds, as the limit counts.
    :param projected: the same once the run is done; equal to ``used`` where no run asked.
    :param contract: ``None``: the limit is only recorded.
    :param free: bytes that the storage still takes, if it says.
    :param at: ``None`` until it is written.
    """

    limit_name: str
    scope: str
    used: int
    projected: int
    contract: int | None
    warn_pct: float | None
    stop_pct: float | None
    verdict: str
    free: int | None = None
    feed: str | None = None
    dag_run_id: str | None = None
    at: datetime | None = None

    @classmethod
    def of(cls, reading: Reading, feed: str | None, dag_run_id: str | None) -> LimitReading:
        return cls(
            limit_name=reading.limit,
            scope=reading.scope,
            used=reading.used,
            projected=reading.projected,
            contract=reading.contract,
            warn_pct=reading.warn_pct,
            stop_pct=reading.stop_pct,
            verdict=reading.verdict.value,
            free=reading.free,
            feed=feed,
            dag_run_id=dag_run_id,
        )

    def reading(self) -> Reading:
        """Return it without when and for whom it was made."""
        return Reading(
            limit=self.limit_name,
            scope=self.scope,
            used=self.used,
            projected=self.projected,
            contract=self.contract,
            warn_pct=self.warn_pct,
            stop_pct=self.stop_pct,
            free=self.free,
        )

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat() if self.at else None}


@dataclass(frozen=True, slots=True)
class DayOfExports:
    """Windows of all feeds that were opened in the last day.

    :param exports: published windows.
    :param exports_under_way: windows that are opened and may yet be published.
    :param batches: published windows with events.
    :param batches_under_way: windows with events that may yet be published.
    """

    exports: int
    exports_under_way: int
    batches: int
    batches_under_way: int


class LimitReadings(LedgerSession):
    def record_readings(
        self, readings: Iterable[Reading], *, feed: str | None = None, dag_run_id: str | None = None
    ) -> None:
        """Write down what was read, for a run or, without one, by itself."""
        for reading in readings:
            self._execute(_INSERT, asdict(LimitReading.of(reading, feed, dag_run_id)))

    def newest_reading(self, limit_name: str, scope: str, *, younger_than: timedelta) -> LimitReading | None:
        """Return the last reading of a limit, if it is young enough to go by.

        Readings of runs do not count: they may repeat an older one.
        """
        where = (
            "WHERE limit_name = %s AND scope = %s AND at > now() - %s AND feed IS NULL "
            "ORDER BY at DESC, reading_id DESC LIMIT 1"
        )
        row = self._row(_SELECT + where, (limit_name, scope, younger_than))
        return LimitReading(**row) if row else None

    def readings(self, *, since: datetime | None = None, limit_name: str | None = None) -> list[LimitReading]:
        """Return readings in the order they were made.

        :param since: aware; without it all that are kept.
        """
        where = (
            "WHERE (%(since)s::timestamptz IS NULL OR at >= %(since)s) "
            "AND (%(name)s::text IS NULL OR limit_name = %(name)s) ORDER BY at, reading_id"
        )
        return [LimitReading(**row) for row in self._rows(_SELECT + where, {"since": since, "name": limit_name})]

    def newest_readings(self) -> list[LimitReading]:
        """Return the last reading of each limit and scope."""
        return [LimitReading(**row) for row in self._rows(_SELECT + _NEWEST)]

    def readings_of(self, dag_run_id: str, *, feed: str | None) -> list[LimitReading]:
        """Return the last reading of each limit and scope that a Dag run made.

        :param feed: ``None`` for the Dag that only reads.
        """
        rows = self._rows(
            "SELECT DISTINCT ON (limit_name, scope) limit_name, scope, used, projected, contract, warn_pct, stop_pct, "
            "verdict, free, feed, dag_run_id, at FROM cdp.limit_reading "
            "WHERE dag_run_id = %s AND feed IS NOT DISTINCT FROM %s "
            "AND at > now() - %s ORDER BY limit_name, scope, at DESC, reading_id DESC",
            (dag_run_id, feed, _OF_A_RUN),
        )
        return [LimitReading(**row) for row in rows]

    def forget_readings(self, older_than: timedelta) -> int:
        """Delete old readings; returns how many."""
        return self._execute("DELETE FROM cdp.limit_reading WHERE at < now() - %s", (older_than,))

    def lock_limits(self) -> None:
        """Wait until no other export counts the windows of the day; held until the transaction ends."""
        self._lock("cdp limits")

    def day_of_exports(self, day: timedelta, *, without: int = 0) -> DayOfExports:
        """Count the windows of the last ``day``.

        :param without: id of a window to leave out.
        """
        parts = {"day": sql.Literal(day), "window_id": sql.Literal(without)}
        return DayOfExports(**self._rows(statement("limits/day_of_exports", **parts))[0])

    def bytes_per_row(self, feed: str) -> float | None:
        """Return how large an event of the feed was in its files so far, ``None`` if it has none."""
        row = self._row(
            "SELECT sum(f.size)::float / nullif(sum(f.rows), 0) AS size FROM cdp.export_file AS f "
            "INNER JOIN cdp.export_window AS w USING (window_id) WHERE w.feed = %s",
            (feed,),
        )
        return row["size"] if row else None

    def rows_per_window(self, feed: str) -> int:
        """Return how many events the feed's published windows had on average."""
        row = self._row(
            "SELECT coalesce(sum(l.rows) / nullif(count(DISTINCT l.window_id), 0), 0)::bigint AS rows "
            "FROM cdp.export_log AS l INNER JOIN cdp.export_window AS w USING (window_id) "
            "WHERE w.feed = %s AND w.state IN ('published', 'done')",
            (feed,),
        )
        return row["rows"] if row else 0
