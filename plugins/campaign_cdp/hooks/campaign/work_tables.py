"""The tables that one run works in: made with the run, dropped at its end, never logged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from campaign_cdp.attributes import ValueType
from campaign_cdp.feeds.model import AudienceFeed
from campaign_cdp.hooks.campaign.sql import statement
from campaign_cdp.rows.header import QUALIFIED_AT, STATUS

#: ``row_no`` of part *n* starts at *n* times this, so that row order is file order.
PART_STRIDE = 10_000_000_000
_TYPES = {
    ValueType.STRING: "text",
    ValueType.EMAIL: "text",
    ValueType.INTEGER: "smallint",
    ValueType.BOOLEAN: "boolean",
    ValueType.DATE: "date",
    ValueType.TIMESTAMP: "timestamptz",
}


@dataclass(frozen=True, slots=True)
class WorkTables:
    """Names in schema ``cdp`` of the tables of one run."""

    run_id: int

    @property
    def work(self) -> sql.Identifier:
        return sql.Identifier("cdp", f"work_{self.run_id}")

    @property
    def plan(self) -> sql.Identifier:
        return sql.Identifier("cdp", f"plan_{self.run_id}")

    @property
    def leavers(self) -> sql.Identifier:
        return sql.Identifier("cdp", f"leavers_{self.run_id}")

    def part(self, part_no: int) -> sql.Identifier:
        return sql.Identifier("cdp", f"work_{self.run_id}_part_{part_no}")

    def sequence(self, part_no: int) -> sql.Identifier:
        return sql.Identifier("cdp", f"work_{self.run_id}_part_{part_no}_row_no")


def work_column(name: str, feed: AudienceFeed) -> str:
    """Column of the work table for a column of the part."""
    return name if name in {STATUS, QUALIFIED_AT} else feed.attribute(name).sql_name


def create(conn: psycopg.Connection, feed: AudienceFeed, run_id: int, part_nos: Sequence[int]) -> None:
    """Create the work table and a child for each part; no-op if they exist."""
    tables = WorkTables(run_id)
    if exists(conn, run_id):
        return
    columns = [(feed.attribute(name).sql_name, _TYPES[feed.attribute(name).type]) for name in feed.columns]
    columns += [(STATUS, "text"), (QUALIFIED_AT, "timestamptz")]
    definitions = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in columns]
    conn.execute(
        statement("audience_import/create_work_table", work=tables.work, definitions=sql.SQL(", ").join(definitions))
    )
    for part_no in part_nos:
        sequence = tables.sequence(part_no)
        conn.execute(
            statement(
                "audience_import/create_part_table",
                work=tables.work,
                part=tables.part(part_no),
                sequence=sequence,
                sequence_name=sql.Literal(sequence.as_string(conn)),
                first_row=sql.Literal(part_no * PART_STRIDE),
            )
        )


def exists(conn: psycopg.Connection, run_id: int) -> bool:
    name = WorkTables(run_id).work.as_string(conn)
    return conn.execute("SELECT to_regclass(%s) IS NOT NULL", (name,)).fetchone() == (True,)


def drop(conn: psycopg.Connection, run_id: int) -> None:
    """Drop whatever the run left; no-op if nothing is there."""
    tables = WorkTables(run_id)
    for table in (tables.leavers, tables.plan, tables.work):
        conn.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(table))
