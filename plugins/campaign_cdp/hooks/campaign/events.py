"""The Campaign database as an event export sees it: find the upper bound, freeze a window's events, write them out.

Every method works inside the caller's transaction and commits nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.sql import SQL, Literal

from campaign_cdp.events.files import Block
from campaign_cdp.events.layout import flat_columns
from campaign_cdp.events.mapping import LogMapping
from campaign_cdp.exceptions import AccessDeniedError, WindowAbandonedError
from campaign_cdp.feeds.event_feed import EventFeed
from campaign_cdp.hooks.campaign import key_tables
from campaign_cdp.hooks.campaign.event_columns import CsvRow, EventFilter, JsonRow
from campaign_cdp.hooks.campaign.event_values import EventValues
from campaign_cdp.hooks.campaign.sql import statement
from campaign_cdp.windows import LogWindow

log = logging.getLogger(__name__)

_BLOCK_BYTES: Final = 262_144
_ALL: Final = SQL("TRUE")
_HELD_UP: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Partition:
    """Events of one log that one task writes.

    :param partition_no: counts from 1 over all logs of the window.
    :param first_row: number of its first event among those of the log in the window.
    """

    partition_no: int
    log: str
    first_row: int
    last_row: int

    @property
    def rows(self) -> int:
        return self.last_row - self.first_row + 1


class EventDatabase:
    """Statements of one feed.

    :param conn: open connection, at READ COMMITTED, PostgreSQL's default; the caller owns the transaction.
    :param mappings: of the feed's logs.
    """

    def __init__(self, conn: psycopg.Connection[Any], feed: EventFeed, mappings: Sequence[LogMapping]) -> None:
        self._conn, self._feed = conn, feed
        self._mappings = {mapping.log: mapping for mapping in mappings}
        self._columns = flat_columns(mappings, feed)

    def upper_bound(self, settle: timedelta, now: datetime | None = None) -> datetime:
        """Return the time below which no open transaction can still write.

        Has to be called before the events are selected: what commits in between has a later time.

        :param settle: younger rows wait for the next run.
        :param now: by the database's clock unless given.
        :raises AccessDeniedError: if transactions of others are hidden from this user.
        """
        self._conn.execute("SELECT pg_stat_clear_snapshot()")
        row = self._conn.execute(statement("event_export/oldest_transaction")).fetchone()
        started, pid, hidden = row or (None, None, 0)
        if hidden:
            raise AccessDeniedError(self._blind(hidden))
        settled = (now or self._now()) - settle
        if started is None or started >= settled:
            return settled
        if started < settled - _HELD_UP:
            log.warning(
                "A transaction (%s) is open since %s; later events wait for it", pid or "prepared", _utc(started)
            )
        return started.astimezone(UTC)

    def select(self, window_id: int, bounds: Sequence[LogWindow]) -> dict[str, dict[str, int]]:
        """Freeze the window's events in tables of keys; returns how many by log and state."""
        return {window.log: self._select(window_id, window) for window in bounds}

    def _select(self, window_id: int, window: LogWindow) -> dict[str, int]:
        mapping = self._mappings[window.log]
        keys, select = key_tables.key_table(window_id, window.log), EventFilter(mapping)
        parts = {
            "log_id": select.values.column(mapping.id),
            "state": select.state(),
            "wanted": select.wanted(window),
            "known": self._known(window_id, window.log),
        }
        self._conn.execute(
            statement("event_export/select", keys=keys, log=self._table(mapping), joins=select.values.joins(), **parts)
        )
        self._conn.execute(SQL("ANALYZE {}").format(keys))
        found = self._conn.execute(SQL("SELECT state, count(*) FROM {} GROUP BY state").format(keys))
        counts = dict(found.fetchall())
        # Last, because it locks the parent, which all feeds share, until the transaction ends.
        self._conn.execute(SQL("ALTER TABLE {} INHERIT cdp.exported_key").format(keys))
        return {rule.state: counts.get(rule.code, 0) for rule in select.values.rules}

    def partitions(self, window_id: int, per_log: int) -> list[Partition]:
        """Cut the events of each log into as many parts of equal size, fewer where there are fewer events."""
        found = []
        for name in self._mappings:
            rows = self._count(window_id, name)
            parts = min(per_log, rows)
            edges = [rows * part // parts for part in range(parts + 1)] if parts else []
            found += [(name, first + 1, last) for first, last in pairwise(edges)]
        return [Partition(number, *each) for number, each in enumerate(found, start=1)]

    def copy_rows(
        self, window_id: int, partition: Partition, block_rows: int = 100_000
    ) -> Generator[Block, None, None]:
        """Write a partition's events in the feed's format, without header, in constant memory.

        An event whose row Campaign purged since it was selected is left out. Whoever does not take all has to close
        this before the transaction ends, or its end waits for ever.

        :param block_rows: most rows of a block; a file is cut between blocks.
        :raises WindowAbandonedError: if the window's keys are not those that were selected.
        """
        self._require_keys(window_id, partition)
        mapping = self._mappings[partition.log]
        values = EventValues(mapping, self._feed.instance)
        row = self._row(values)
        parts = {
            "row": row.row,
            "keys": key_tables.key_table(window_id, partition.log),
            "log": self._table(mapping),
            "log_id": values.column(mapping.id),
            "rows": self._between(partition),
            "format": row.options,
        }
        query = statement("event_export/copy", joins=values.joins(), **parts)
        with self._conn.cursor() as cursor, cursor.copy(query) as copy:
            yield from _blocks(copy, block_rows)

    def _require_keys(self, window_id: int, partition: Partition) -> None:
        exists = key_tables.exists(self._conn, window_id, partition.log)
        found = self._count(window_id, partition.log, self._between(partition)) if exists else 0
        if found != partition.rows:
            raise WindowAbandonedError(
                f"The keys of window {window_id} hold {found:,} of the {partition.rows:,} events of partition "
                f"{partition.partition_no} ({partition.log}). Nothing was written. Clear the Dag run from "
                f"incremental_query on to take a new window."
            )

    def _row(self, values: EventValues) -> CsvRow | JsonRow:
        if self._feed.format == "jsonl":
            return JsonRow(values, self._columns, self._feed.identity_namespace)
        return CsvRow(values, self._columns)

    def _between(self, partition: Partition) -> sql.Composable:
        return SQL("k.row_no BETWEEN {} AND {}").format(Literal(partition.first_row), Literal(partition.last_row))

    def _known(self, window_id: int, name: str) -> sql.Composable:
        parts = {"feed": Literal(self._feed.id), "log": Literal(name), "window_id": Literal(window_id)}
        earlier = self._conn.execute(statement("event_export/remembered", **parts)).fetchall()
        if not earlier:
            return SQL("FALSE")
        tables = (SQL("SELECT log_id, state FROM {}").format(key_tables.key_table(each, name)) for (each,) in earlier)
        condition = "EXISTS (SELECT FROM ({}) AS e WHERE c.log_id = e.log_id AND c.state = e.state)"
        return SQL(condition).format(SQL(" UNION ALL ").join(tables))

    def _table(self, mapping: LogMapping) -> sql.Identifier:
        return sql.Identifier(mapping.source.table.lower())

    def _count(self, window_id: int, name: str, which: sql.Composable = _ALL) -> int:
        keys = key_tables.key_table(window_id, name)
        row = self._conn.execute(SQL("SELECT count(*) FROM {} AS k WHERE {}").format(keys, which)).fetchone()
        return row[0] if row else 0

    def _now(self) -> datetime:
        row = self._conn.execute("SELECT clock_timestamp()").fetchone()
        return row[0].astimezone(UTC) if row else datetime.now(UTC)

    def _blind(self, hidden: int) -> str:
        user = self._conn.info.user
        return (
            f"{hidden} open transactions of other database users are hidden from {user}, so it is not known up to when "
            f"the logs are complete. Nothing was exported. Have the database administrator run: GRANT "
            f"pg_read_all_stats TO {user}"
        )


def _blocks(lines: Iterable[Any], block_rows: int) -> Iterator[Block]:
    """Gather lines, which come one by one, into blocks of whole lines."""
    waiting: list[bytes] = []
    size = 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= _BLOCK_BYTES or len(waiting) >= block_rows:
            yield Block(b"".join(waiting), len(waiting))
            waiting.clear()
            size = 0
    if waiting:
        yield Block(b"".join(waiting), len(waiting))


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
