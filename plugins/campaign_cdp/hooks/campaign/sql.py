"""Connections to the Campaign database, and its SQL statements."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from functools import cache
from typing import cast

import psycopg
from psycopg import sql

from campaign_cdp.hooks.campaign.errors import mapped_errors
from campaign_cdp.settings import sql_dir

#: Sorting and hashing a million keys in memory instead of on disk; per task, and tasks are few.
_SESSION = "SET timezone = 'UTC'; SET work_mem = '256MB'; SET client_min_messages = 'warning'"
#: Seconds. A worker whose machine or network is gone says no farewell: without a question now and then, its session
#: would hold its locks for two hours, which is when the system asks, and the retry would wait for them.
_KEEPALIVE = {"keepalives_idle": 60, "keepalives_interval": 10, "keepalives_count": 6}
_NOTICE_A_LOST_CLIENT = "SET tcp_keepalives_idle = 60; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 6"
#: A statement of a killed worker must not run on for minutes and hold its locks. PostgreSQL 14 and newer.
_NOTICE_A_DEAD_CLIENT = (
    "SELECT set_config(name, '2000', false) FROM pg_settings WHERE name = 'client_connection_check_interval'"
)


@contextmanager
def connect(conn_id: str, *, connect_timeout: int | None = None) -> Iterator[psycopg.Connection]:
    """Open the Campaign database behind an Airflow connection; commit at the end, roll back on any error.

    :param connect_timeout: seconds, unless the Airflow connection sets its own.
    :raises SyncError: as :func:`~campaign_cdp.hooks.campaign.errors.mapped_errors` says.
    """
    with mapped_errors(conn_id), open_connection(conn_id, connect_timeout=connect_timeout) as conn:
        yield conn


def open_connection(conn_id: str, *, connect_timeout: int | None = None) -> psycopg.Connection:
    """Open the Campaign database behind an Airflow connection, for a caller that closes it."""
    from airflow.providers.postgres.hooks.postgres import PostgresHook

    hook = PostgresHook(conn_id)
    hook.connection = copy(hook.connection)
    # A form saves what nobody filled in, and the driver takes that for a value.
    given = {name: value for name, value in hook.connection.extra_dejson.items() if value not in (None, "")}
    timeout = {"connect_timeout": connect_timeout} if connect_timeout else {}
    hook.connection.extra = json.dumps(_KEEPALIVE | timeout | given)
    conn = cast("psycopg.Connection", hook.get_conn())
    try:
        conn.execute(_SESSION)
        conn.execute(_NOTICE_A_LOST_CLIENT)
        conn.execute(_NOTICE_A_DEAD_CLIENT)
        conn.commit()
    except psycopg.Error:
        conn.close()
        raise
    return conn


@cache
def _text(name: str) -> str:
    """Read a statement without its comments.

    They name its placeholders, which would be filled there as well; a value with a line end would end the comment, and
    what follows would be run.
    """
    lines = (sql_dir() / f"{name}.sql").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--"))


def statement(name: str, /, **parts: sql.Composable) -> sql.Composed:
    """Read ``include/sql/<name>.sql`` and fill its ``{names}``: identifiers, fragments, literals quoted by the driver.

    Literals instead of bound parameters, because ``CREATE TABLE AS`` takes none.
    """
    return sql.SQL(_text(name)).format(**parts)
