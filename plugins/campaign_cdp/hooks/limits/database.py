"""What the Campaign database holds, and what a run would bring. Reads only."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg.sql import Literal

from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.campaign.sql import statement
from campaign_cdp.hooks.campaign.work_tables import WorkTables

#: Smaller tables are mostly half-empty pages; these sizes, with indexes, are those of large ones.
_FEW_ROWS: Final = 10_000
_RECIPIENT_BYTES, _MEMBER_BYTES = 1_000, 150
#: A row of the exported keys.
_KEY_BYTES: Final = 48
#: A work table holds the text of the lines and what PostgreSQL adds to each row; the rest is what compression saved.
_LOADED: Final = 1.5
_LOADED_COMPRESSED: Final = 8.0
_COMPRESSED: Final = (".gz", ".zip", ".bz2", ".pgp", ".gpg", ".asc")


class DatabaseUse:
    """:param conn: open connection to the Campaign database."""

    def __init__(self, conn: psycopg.Connection) -> None:
        self._conn = conn

    def size(self) -> int:
        """Return the bytes of the database with its indexes."""
        return self._number("SELECT pg_database_size(current_database())")

    def active_profiles(self) -> int:
        """Count recipients that were sent a message in the last 12 months. Reads all delivery logs of that time."""
        return self._number(statement("limits/active_profiles", messages=statement("limits/messages")))

    def new_profiles(self, run_id: int) -> int:
        """Count list members that the plan of a run adds and that are no active profiles yet."""
        parts = {"plan": WorkTables(run_id).plan, "messages": statement("limits/messages")}
        return self._number(statement("limits/new_profiles", **parts))

    def growth(self, recipients: int, members: int) -> int:
        """Estimate the bytes that writing so many recipients and list members takes.

        :param recipients: new and updated ones: PostgreSQL writes a new version of a row.
        """
        recipient = self._row_bytes("nmsrecipient", _RECIPIENT_BYTES)
        return recipients * recipient + members * self._row_bytes("nmsrcpgrprel", _MEMBER_BYTES)

    def _row_bytes(self, table: str, default: int) -> int:
        row = self._conn.execute(statement("limits/row_size", table=Literal(table))).fetchone()
        return round(row[1] / row[0]) if row and row[0] >= _FEW_ROWS else default

    def _number(self, query: object) -> int:
        row = self._conn.execute(query).fetchone()  # type: ignore[call-overload]
        return int(row[0]) if row else 0


def work_table_bytes(parts: tuple[StoredObject, ...]) -> int:
    """Estimate the work table of a file set before it is loaded."""
    factors = (_LOADED_COMPRESSED if part.key.lower().endswith(_COMPRESSED) else _LOADED for part in parts)
    return round(sum(part.size * factor for part, factor in zip(parts, factors, strict=True)))


def key_bytes(events: int) -> int:
    """Estimate what the keys of so many exported events take."""
    return events * _KEY_BYTES
