"""What a database user may do in a Campaign database, in words: what the test button of its connection says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg.rows import class_row
from psycopg.sql import Literal

from campaign_cdp.events.log_attributes import SCHEMAS, LogSchema
from campaign_cdp.exceptions import LedgerVersionError
from campaign_cdp.hooks.campaign.sql import statement
from campaign_cdp.ledger.version import REQUIRED, check_version

_IMPORT: Final = (
    *(("nmsrecipient", right) for right in ("SELECT", "INSERT", "UPDATE")),
    *(("nmsgroup", right) for right in ("SELECT", "INSERT")),
    *(("nmsrcpgrprel", right) for right in ("SELECT", "INSERT", "DELETE")),
    ("xtkfolder", "SELECT"),
    ("xtknewid", "USAGE"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence.

    :param ok: whether what it is about can be used.
    """

    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class _Server:
    version: str
    database: str
    user: str
    is_standby: bool
    may_create: bool
    may_found: bool


@dataclass(frozen=True, slots=True)
class _Right:
    name: str
    privilege: str
    is_there: bool
    is_granted: bool


def examine(
    conn: psycopg.Connection, *, imports: bool = True, logs: Iterable[LogSchema] = tuple(SCHEMAS.values())
) -> list[Finding]:
    """Look at what imports and exports of these logs need; writes nothing.

    :returns: findings about server, ledger and work tables, then one for imports, then one per log.
    """
    server = _server(conn)
    base = [_reached(conn, server), _ledger(conn), _work_tables(server)]
    return base + ([_imports(conn)] if imports else []) + [_export(conn, log) for log in logs]


def _server(conn: psycopg.Connection) -> _Server:
    with conn.cursor(row_factory=class_row(_Server)) as cursor:
        return cursor.execute(statement("campaign/server")).fetchall()[0]


def _reached(conn: psycopg.Connection, server: _Server) -> Finding:
    text = (
        f"PostgreSQL {server.version}, database {server.database}, user {server.user}, "
        f"{'encrypted' if conn.pgconn.ssl_in_use else 'not encrypted (sslmode)'}."
    )
    if server.is_standby:
        text += " It is a standby that takes no writes: enter the primary server."
    return Finding(not server.is_standby, text)


def _ledger(conn: psycopg.Connection) -> Finding:
    try:
        with conn.transaction():  # an error inside leaves the connection usable
            check_version(conn)
    except LedgerVersionError as err:
        return Finding(False, str(err))
    return Finding(True, f"Ledger: version {REQUIRED}, current.")


def _work_tables(server: _Server) -> Finding:
    if server.may_create:
        return Finding(True, "Work tables: the user may create them in schema cdp.")
    if server.may_found:
        return Finding(
            False, "Work tables: there is no schema cdp that the user may use; cdp ledger upgrade creates it."
        )
    return Finding(
        False,
        f"Work tables: no right CREATE on schema cdp. Have the administrator run CREATE SCHEMA cdp AUTHORIZATION "
        f"{server.user}.",
    )


def _imports(conn: psycopg.Connection) -> Finding:
    missing = _missing(conn, _IMPORT)
    return Finding(not missing, _possible("Imports", missing, "are"))


def _export(conn: psycopg.Connection, schema: LogSchema) -> Finding:
    tables = (schema.table, *(link.table for link in schema.links.values()))
    missing = _missing(conn, tuple((table.lower(), "SELECT") for table in dict.fromkeys(tables)))
    return Finding(not missing, _possible(f"Export of {schema.name}", missing, "is"))


def _missing(conn: psycopg.Connection, wanted: tuple[tuple[str, str], ...]) -> list[_Right]:
    names, privileges = (Literal(list(column)) for column in zip(*wanted, strict=True))
    with conn.cursor(row_factory=class_row(_Right)) as cursor:
        rights = cursor.execute(statement("campaign/rights", names=names, privileges=privileges)).fetchall()
    return [right for right in rights if not right.is_granted]


def _possible(what: str, missing: list[_Right], verb: str) -> str:
    return f"{what} {verb} not possible: {_lacking(missing)}." if missing else f"{what} {verb} possible."


def _lacking(missing: list[_Right]) -> str:
    """Name each table once, whatever is missing of it."""
    by_name: dict[str, list[str]] = {}
    for right in missing:
        by_name.setdefault(right.name, []).extend([right.privilege] if right.is_there else [])
    return ", ".join(
        f"no {' or '.join(privileges)} on {name}" if privileges else f"no {name} in the search path"
        for name, privileges in by_name.items()
    )
