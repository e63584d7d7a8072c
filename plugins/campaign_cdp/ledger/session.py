"""What every part of the ledger does with its connection: read rows, lock, write the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from campaign_cdp.ledger import version

Query = LiteralString | sql.SQL | sql.Composed


class LedgerSession:
    """Works inside the caller's transaction and commits nothing.

    :param conn: open connection to the Campaign database, at READ COMMITTED, PostgreSQL's default: what another
        transaction committed while this one waited for a lock must be seen.
    """

    def __init__(self, conn: psycopg.Connection) -> None:
        self._conn = conn

    def check_version(self) -> None:
        """Refuse a database whose ledger is missing or of another version.

        :raises LedgerVersionError: the message says what to run.
        """
        version.check_version(self._conn)

    def lock(self, run_id: int, name: str) -> None:
        """Wait until nobody else does this step or part of the run; held until the transaction ends.

        A zombie and its retry thus never run at once.
        """
        self._lock(f"cdp run {run_id} {name}")

    def lock_feed(self, feed: str) -> None:
        """Wait until nobody else opens or applies a run of the feed; held until the transaction ends."""
        self._lock(f"cdp feed {feed}")

    def audit(self, actor: str, action: str, subject: str, detail: Mapping[str, Any] | None = None) -> None:
        """Write down who did what to which thing."""
        self._execute(
            "INSERT INTO cdp.audit (actor, action, subject, detail) VALUES (%s, %s, %s, %s)",
            (actor, action, subject, Jsonb(dict(detail or {}))),
        )

    def _lock(self, key: str) -> None:
        self._conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (key,))

    def _rows(self, query: Query, params: Any = None) -> list[dict[str, Any]]:
        with self._conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, params).fetchall()

    def _row(self, query: Query, params: Any = None) -> dict[str, Any] | None:
        with self._conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, params).fetchone()

    def _execute(self, query: Query, params: Any = None) -> int:
        """Return how many rows were written."""
        with self._conn.cursor() as cursor:
            return cursor.execute(query, params).rowcount
