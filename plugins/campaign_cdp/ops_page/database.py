"""Read-only connections to Campaign databases: few, shared by all requests, and closed when nobody looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import psycopg

from campaign_cdp.exceptions import FeedConfigError, RetriableSyncError, SyncError
from campaign_cdp.hooks.campaign.errors import mapped_errors, without_values
from campaign_cdp.hooks.campaign.sql import open_connection
from campaign_cdp.ledger.version import check_version

CONNECT_SECONDS: Final = 3
_STATEMENT_SECONDS: Final = 5
_SESSION: Final = f"SET statement_timeout = '{_STATEMENT_SECONDS}s'; SET work_mem = '16MB'; SET jit = off"
#: How many requests read one database at once, how long the next one waits, how long an idle connection stays open,
#: and how long nobody tries a database again that did not answer; all but the first in seconds.
_AT_ONCE, _WAIT_SECONDS, _IDLE_SECONDS, _BACK_OFF_SECONDS = 4, 5.0, 30.0, 15.0


@dataclass(slots=True)
class _Database:
    slots: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(_AT_ONCE))
    idle: list[tuple[float, psycopg.Connection]] = field(default_factory=list)
    failure: tuple[float, SyncError] | None = None


class LedgerConnections:
    """Lends connections by Airflow connection id. A database that did not answer is left alone for some seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._databases: dict[str, _Database] = {}
        self._timer: threading.Timer | None = None

    @contextmanager
    def lend(self, conn_id: str) -> Iterator[psycopg.Connection]:
        """Lend a connection in a read-only transaction to a ledger of the version this package needs.

        :raises SyncError: if the database cannot be reached, refuses the user, is busy or too slow, or has another
            version of the ledger.
        """
        with self._lock:
            database = self._databases.setdefault(conn_id, _Database())
        if not database.slots.acquire(timeout=_WAIT_SECONDS):
            raise RetriableSyncError(
                f"{_AT_ONCE} requests read the Campaign database ({conn_id}) already and none ended within "
                f"{_WAIT_SECONDS:.0f} s. Nothing was read. Load the page again in a moment."
            )
        try:
            with explained(conn_id):
                conn = self._check_out(database, conn_id)
                try:
                    yield conn
                finally:
                    self._check_in(database, conn)
        finally:
            database.slots.release()

    def close_idle(self, older_than: float = 0) -> None:
        """Close connections that nobody has used for so many seconds."""
        before = time.monotonic() - older_than
        with self._lock:
            for database in self._databases.values():
                for since, conn in database.idle:
                    if since <= before:
                        conn.close()
                database.idle = [(since, conn) for since, conn in database.idle if since > before]

    def forget(self) -> None:
        """Close everything that is idle and try every database anew."""
        self.close_idle()
        with self._lock:
            self._databases = {}

    def _check_out(self, database: _Database, conn_id: str) -> psycopg.Connection:
        with self._lock:
            failure = database.failure
            idle = database.idle.pop()[1] if database.idle else None
        if idle and _is_alive(idle):
            return idle
        if failure and time.monotonic() < failure[0]:
            raise type(failure[1])(failure[1].message)
        try:
            with explained(conn_id):
                conn = _opened(conn_id)
        except SyncError as err:
            database.failure = (time.monotonic() + _BACK_OFF_SECONDS, err)
            raise
        database.failure = None
        return conn

    def _check_in(self, database: _Database, conn: psycopg.Connection) -> None:
        try:
            conn.rollback()
        except psycopg.Error:
            conn.close()
        if conn.closed:
            return
        with self._lock:
            database.idle.append((time.monotonic(), conn))
            if self._timer is None:
                self._start_timer()

    def _start_timer(self) -> None:
        """Look for idle connections later, once for all of them; the caller holds the lock."""
        self._timer = threading.Timer(_IDLE_SECONDS, self._tidy)
        self._timer.daemon = True
        self._timer.start()

    def _tidy(self) -> None:
        self.close_idle(_IDLE_SECONDS)
        with self._lock:
            self._timer = None
            if any(database.idle for database in self._databases.values()):
                self._start_timer()


def _opened(conn_id: str) -> psycopg.Connection:
    conn = open_connection(conn_id, connect_timeout=CONNECT_SECONDS)
    try:
        conn.execute(_SESSION)
        conn.commit()
        conn.read_only = True
        check_version(conn)
    except (psycopg.Error, SyncError):
        conn.close()
        raise
    return conn


def _is_alive(conn: psycopg.Connection) -> bool:
    """Begin the transaction. The ledger may have been upgraded, and the server restarted, since it was last used."""
    try:
        check_version(conn)
    except (psycopg.Error, SyncError):
        conn.close()
        return False
    return True


@contextmanager
def explained(conn_id: str) -> Iterator[None]:
    """Say what a database error means to whoever looks at the page."""
    from airflow.exceptions import AirflowNotFoundException

    try:
        with mapped_errors(conn_id):
            try:
                yield
            except psycopg.errors.QueryCanceled as err:
                raise RetriableSyncError(
                    f"The Campaign database ({conn_id}) did not answer within {_STATEMENT_SECONDS} s. Nothing was "
                    f"changed. Load the page again; if that does not help, see what keeps the database busy."
                ) from without_values(err)
    except AirflowNotFoundException as err:
        raise FeedConfigError(
            f"Airflow has no connection {conn_id}, which a feed names as its campaign. Create it under Admin > "
            f"Connections, or set AIRFLOW_CONN_{conn_id.upper()}."
        ) from err
