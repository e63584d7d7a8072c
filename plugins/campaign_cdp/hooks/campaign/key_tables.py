"""Tables of exported keys: which rows of a log are a window's events, in which state.

They freeze the window for all its tasks and retries, and are the memory that keeps later windows from sending an event
again. So unlike the work tables of an import they are logged, and stay until no window can reach back to their rows.
"""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg import sql


def key_table(window_id: int, log: str) -> sql.Identifier:
    """Return the name in schema ``cdp`` of the keys of one window and log."""
    return sql.Identifier("cdp", f"exported_key_{window_id}_{log}")


def exists(conn: psycopg.Connection, window_id: int, log: str) -> bool:
    name = key_table(window_id, log).as_string(conn)
    return conn.execute("SELECT to_regclass(%s) IS NOT NULL", (name,)).fetchone() == (True,)


def drop(conn: psycopg.Connection, window_id: int, logs: Iterable[str]) -> None:
    """Drop the keys of these logs; no-op where there are none."""
    for log in logs:
        conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(key_table(window_id, log)))
