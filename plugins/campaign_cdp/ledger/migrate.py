"""Creates and upgrades the ledger's tables with Alembic.

The database user needs ``CREATE`` on the schema ``cdp``; it owns the schema if a database administrator ran
``CREATE SCHEMA cdp AUTHORIZATION <user>``, and creates it by itself if it has ``CREATE`` on the database. Tasks run as
the same user: besides the ledger they create work tables in that schema. On Campaign's tables they need ``SELECT``,
``INSERT`` and ``UPDATE``, ``DELETE`` on ``nmsrcpgrprel``, and ``USAGE`` on the sequence of ids.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import StaticPool

from campaign_cdp.exceptions import AccessDeniedError

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('cdp ledger upgrade', 0))"


def head() -> str:
    """Return the newest version there is a migration for."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def current(target: psycopg.Connection | str) -> str | None:
    """Return the version of a database's ledger, ``None`` if there is none.

    :param target: idle connection, or a libpq URL or connection string.
    """
    if isinstance(target, str):
        with closing(psycopg.connect(target)) as conn:
            return current(conn)
    with _alembic_connection(target) as connection:
        return MigrationContext.configure(connection, opts={"version_table_schema": "cdp"}).get_current_revision()


def upgrade(target: psycopg.Connection | str) -> str:
    """Bring the ledger to the newest version in one transaction, commit it, and return the version.

    Safe to run again, and from two places at once: the second waits and finds nothing to do.

    :param target: idle connection, or a libpq URL or connection string.
    :raises AccessDeniedError: if the database user may not create what is needed.
    """
    if isinstance(target, str):
        with closing(psycopg.connect(target)) as conn:
            return upgrade(conn)
    try:
        with _alembic_connection(target) as connection, connection.begin():
            connection.execute(text(_LOCK))
            # IF NOT EXISTS would ask for the right to create a schema even where the schema exists.
            if connection.scalar(text("SELECT to_regnamespace('cdp') IS NULL")):
                connection.execute(text("CREATE SCHEMA cdp"))
            command.upgrade(_config(connection), "head")
    except ProgrammingError as err:
        if isinstance(err.orig, psycopg.errors.InsufficientPrivilege):
            raise AccessDeniedError(_refused(target, err.orig)) from err
        raise
    return head()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _alembic_connection(conn: psycopg.Connection) -> Connection:
    """Lend an open connection to SQLAlchemy, which leaves it open."""
    if conn.info.transaction_status is not TransactionStatus.IDLE:
        raise ValueError("The connection has a transaction open; an upgrade needs one of its own.")
    return create_engine("postgresql+psycopg://", creator=lambda: conn, poolclass=StaticPool).connect()


def _refused(conn: psycopg.Connection, err: psycopg.Error) -> str:
    user, dbname = conn.info.user, conn.info.dbname
    return (
        f"User {user} may not upgrade the ledger in database {dbname}: {err.diag.message_primary}. Nothing was "
        f"changed. Have the database administrator run CREATE SCHEMA cdp AUTHORIZATION {user}, or ALTER SCHEMA cdp "
        f"OWNER TO {user} if it exists; then repeat this."
    )
