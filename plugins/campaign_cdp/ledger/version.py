"""Which version of the ledger's tables this code works with."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg import errors

from campaign_cdp.exceptions import LedgerVersionError

#: Newest revision in ``migrations/versions``; here so that tasks need not import Alembic.
REQUIRED: Final = "0007"


def check_version(conn: psycopg.Connection) -> None:
    """Refuse a database whose ledger is not the one this code knows. One statement.

    :raises LedgerVersionError: if it is missing or of another version; the caller's transaction is then to roll back.
    """
    try:
        row = conn.execute("SELECT version_num FROM cdp.alembic_version").fetchone()
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        row = None
    found = row[0] if row else "none"
    if found == REQUIRED:
        return
    if row and found > REQUIRED:
        step = "Install the newer campaign-cdp that made it on this machine too."
    else:
        step = "Run: cdp ledger upgrade --conn campaign_db"
    raise LedgerVersionError(
        f"The ledger in database {conn.info.dbname} is at version {found}, this package needs {REQUIRED}. Nothing was "
        f"done. {step}"
    )
