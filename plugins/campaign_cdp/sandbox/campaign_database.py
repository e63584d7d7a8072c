"""The sandbox's Campaign database: Campaign's tables, keys and standard rows, and sample recipients at any size."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from campaign_cdp.sandbox.people import CITIES, FIRST_NAMES, LAST_NAMES, PRODUCTS, TIERS, People
from campaign_cdp.settings import sql_dir

DATABASE = "campaign"
Connection = psycopg.Connection[Any]

# From here on it is faster to build the indexes of NmsRecipient afterwards.
_MANY = 50_000


def create_database(admin_dsn: str, name: str = DATABASE, *, template: str | None = None) -> None:
    """Create a database unless it exists.

    :param admin_dsn: connection string of another database of the server.
    :param template: database to copy; nobody may be connected to it.
    """
    with psycopg.connect(admin_dsn, autocommit=True) as conn:
        if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            return
        copy = sql.SQL("TEMPLATE {} STRATEGY file_copy").format(sql.Identifier(template)) if template else sql.SQL("")
        conn.execute(sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), copy))


def drop_database(admin_dsn: str, name: str) -> None:
    """Drop a database and whoever is connected to it."""
    with psycopg.connect(admin_dsn, autocommit=True) as conn:
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def create_tables(conn: Connection) -> None:
    """Create Campaign's tables and standard rows unless they are there; commits."""
    with conn.transaction():
        if conn.execute("SELECT to_regclass('nmsrecipient')").fetchone() == (None,):
            run_statement(conn, "schema")
        run_statement(conn, "standard_rows")
        run_statement(conn, "indexes")


def seed(conn: Connection, *, recipients: int, seed: int = 1) -> None:
    """Add recipients until there are ``recipients`` of them: persons 1, 2, 3, ... of that seed; commits.

    Equal arguments on a fresh database give equal databases.
    """
    with conn.transaction():
        known = recipient_count(conn)
        if known >= recipients:
            return
        if recipients - known > _MANY:
            run_statement(conn, "drop_indexes")
        run_statement(conn, "recipients", _people_values(People(seed), known + 1, recipients))
        run_statement(conn, "indexes")
        conn.execute("ANALYZE NmsRecipient")


def recipient_count(conn: Connection) -> int:
    """Number of recipients without the zero-id row."""
    row = conn.execute("SELECT count(*) FROM NmsRecipient WHERE iRecipientId <> 0").fetchone()
    return int(row[0]) if row else 0


def add_list(conn: Connection, name: str, *, first: int, last: int, label: str | None = None) -> int:
    """Create a list (type 0) whose members are persons ``first`` to ``last``; commits. Returns its id."""
    with conn.transaction():
        row = run_statement(conn, "list", literals(name=name, label=label or name)).fetchone()
        group_id = int(row[0]) if row else 0
        run_statement(conn, "list_members", literals(group_id=group_id, first=f"C{first:07}", last=f"C{last:07}"))
    return group_id


def _people_values(people: People, first: int, last: int) -> dict[str, sql.Composable]:
    lists = {
        "first_names": [name for name, _ in FIRST_NAMES],
        "first_ascii": [ascii_ for _, ascii_ in FIRST_NAMES],
        "last_names": [name for name, _ in LAST_NAMES],
        "last_ascii": [ascii_ for _, ascii_ in LAST_NAMES],
        "cities": [city for city, _ in CITIES],
        "countries": [country for _, country in CITIES],
        "tiers": list(TIERS),
        "products": list(PRODUCTS),
    }
    counts = {
        "first_count": len(FIRST_NAMES),
        "last_count": len(LAST_NAMES),
        "city_count": len(CITIES),
        "tier_count": len(TIERS),
        "product_count": len(PRODUCTS),
    }
    numbers = {**counts, "shift": people.shift, "first": first, "last": last}
    arrays = {name: sql.SQL("({}::text[])").format(sql.Literal(values)) for name, values in lists.items()}
    return {**arrays, **literals(**numbers)}


def literals(**values: Any) -> dict[str, sql.Composable]:
    """Return values as SQL, for :func:`run_statement`."""
    return {name: sql.Literal(value) for name, value in values.items()}


def run_statement(conn: Connection, name: str, values: dict[str, sql.Composable] | None = None) -> psycopg.Cursor[Any]:
    """Run ``include/sql/sandbox/<name>.sql`` with ``values`` in its places."""
    statement = (sql_dir() / "sandbox" / f"{name}.sql").read_text(encoding="utf-8")
    return conn.execute(sql.SQL(statement).format(**(values or {})))
