"""The Campaign database as an audience import sees it: load, deduplicate, reconcile, apply.

Every method works inside the caller's transaction and commits nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import psycopg
from psycopg import sql
from psycopg.sql import Literal

from campaign_cdp.exceptions import FeedConfigError, FileFormatError, RunAbandonedError
from campaign_cdp.feeds.model import AudienceFeed, AudienceList
from campaign_cdp.hooks.campaign.columns import AudienceColumns
from campaign_cdp.hooks.campaign.sql import statement
from campaign_cdp.hooks.campaign.work_tables import PART_STRIDE, WorkTables, work_column
from campaign_cdp.rows.dialect import Dialect
from campaign_cdp.rows.header import Layout
from campaign_cdp.rows.rejects import RejectCode

#: Ids of recipients and groups come from Campaign's shared sequence.
_ID_SEQUENCE = Literal("xtknewid")
_STATIC_GROUP = 0
_FIND_LEAVERS = {"mirror": "find_leavers", "remove_exited": "find_exited", "add": "find_nobody"}


@dataclass(frozen=True)
class PlanCounts:
    """What a file set does, or would do, to Campaign."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    unmatched: int = 0
    ambiguous: int = 0
    list_added: int = 0
    list_removed: int = 0
    list_before: int = 0
    plan_rows: int = 0

    def to_json(self) -> dict[str, int]:
        return asdict(self)


class AudienceDatabase:
    """Statements of one run.

    :param conn: open connection; the caller owns the transaction.
    :param feed: columns, key and modes.
    :param run_id: the ledger's run, which names the work tables.
    :param partial: the run holds only some of the audience, so nobody leaves the list for not being in it.
    """

    def __init__(self, conn: psycopg.Connection, feed: AudienceFeed, run_id: int, *, partial: bool = False) -> None:
        self._conn, self._feed, self._run_id, self._partial = conn, feed, run_id, partial
        self._tables, self._columns = WorkTables(run_id), AudienceColumns(feed)

    def load_part(self, part_no: int, layout: Layout, dialect: Dialect, null: str, lines: Iterable[bytes]) -> None:
        """COPY a part into its table, which is emptied first: loading again replaces.

        :raises FileFormatError: if the database refuses a line.
        :raises RunAbandonedError: if the table is gone, because the file set was quarantined or taken over.
        """
        table = self._tables.part(part_no)
        self._empty(table)
        self._conn.execute(sql.SQL("ALTER SEQUENCE {} RESTART").format(self._tables.sequence(part_no)))
        try:
            with self._conn.cursor() as cursor, cursor.copy(self._copy_into(table, layout, dialect, null)) as copy:
                for chunk in lines:
                    copy.write(chunk)
        except psycopg.DataError as err:  # its message quotes the value, which may be personal
            raise FileFormatError(
                f"The database refuses a line of the part that was taken for clean (SQLSTATE {err.sqlstate}, column "
                f"{err.diag.column_name or 'unknown'}). Nothing was loaded. Please report this with the feed file."
            ) from None

    def _empty(self, table: sql.Identifier) -> None:
        try:
            self._conn.execute(sql.SQL("TRUNCATE {}").format(table))
        except psycopg.errors.UndefinedTable as err:
            raise RunAbandonedError(
                f"The work tables of run {self._run_id} were dropped meanwhile, so this part was not loaded. See why: "
                "cdp runs list. To take the file set up again, clear the Dag run from file_transfer on."
            ) from err

    def _copy_into(self, table: sql.Identifier, layout: Layout, dialect: Dialect, null: str) -> sql.Composed:
        columns = sql.SQL(", ").join(sql.Identifier(work_column(name, self._feed)) for name in layout.loaded)
        quote = Literal(dialect.copy_quote.decode())
        return sql.SQL(
            "COPY {table} ({columns}) FROM STDIN (FORMAT csv, DELIMITER {delimiter}, QUOTE {quote}, ESCAPE {quote}, "
            "NULL {null}, FORCE_NULL ({columns}), ENCODING 'UTF8', FREEZE)"
        ).format(
            table=table, columns=columns, delimiter=Literal(dialect.delimiter.decode()), quote=quote, null=Literal(null)
        )

    def has_part(self, part_no: int, rows: int) -> bool:
        """True if the part's table still holds what was loaded; a database restart empties unlogged tables."""
        name = self._tables.part(part_no)
        exists = self._conn.execute("SELECT to_regclass(%s) IS NOT NULL", (name.as_string(),)).fetchone()
        if exists != (True,):
            return False
        found = self._conn.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(name)).fetchone()
        return found == (rows > 0,)

    def count_work_rows(self) -> int:
        return self._count(self._tables.work)

    def count_plan_rows(self) -> int:
        return self._count(self._tables.plan)

    def deduplicate(self) -> int:
        """Delete all but one row per key; returns how many."""
        deleted = self._execute("deduplicate").rowcount
        self._conn.execute(sql.SQL("ANALYZE {}").format(self._tables.work))
        return deleted

    def plan(self, work_rows: int) -> PlanCounts:
        """Work out what would happen and keep it in the plan table; changes no Campaign table."""
        for table in (self._tables.plan, self._tables.leavers):
            self._conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
        planned = self._execute("plan").rowcount
        if planned > work_rows:  # some key fits more than one recipient
            self._execute("mark_ambiguous")
        self._execute(_FIND_LEAVERS[self._list_mode()])
        self._conn.execute(sql.SQL("ANALYZE {}").format(self._tables.plan))
        row = self._execute("count_plan").fetchone()
        return PlanCounts(*row) if row else PlanCounts()

    def reject_ambiguous(self, expected: int) -> None:
        """Write a reject for each ambiguous key; its value is the recipients' ids. Doing it again replaces them."""
        self._conn.execute(
            "DELETE FROM cdp.reject WHERE run_id = %s AND code = %s", (self._run_id, RejectCode.AMBIGUOUS_KEY)
        )
        if expected:
            column = Literal("+".join(self._feed.key))
            self._execute("reject_ambiguous", column=column, part_stride=Literal(PART_STRIDE))

    def apply(self) -> dict[str, int]:
        """Write recipients and list membership as planned, checking each row again; returns what was done."""
        if self._feed.list and self._list_id() is None:
            self._create_list(self._feed.list)
        done = dict.fromkeys(("inserted", "updated", "list_added", "list_removed"), 0)
        if self._columns.writes_profiles:
            done["updated"] = self._execute("update_recipients").rowcount
        if self._inserts:
            inserted = self._execute("insert_recipients", folder_id=Literal(self._folder_id())).fetchone()
            done["inserted"], done["list_added"] = inserted or (0, 0)
        if self._feed.list:
            done["list_added"] += self._execute("add_members").rowcount
            done["list_removed"] = self._execute("remove_members").rowcount
        return done

    @property
    def _inserts(self) -> bool:
        return self._feed.profiles.mode == "insert_or_update"

    def _execute(self, query: str, /, **extra: sql.Composable) -> psycopg.Cursor:
        return self._conn.execute(statement(f"audience_import/{query}", **(self._parts() | extra)))

    def _parts(self) -> dict[str, sql.Composable]:
        columns, tables = self._columns, self._tables
        return {
            "work": tables.work,
            "plan": tables.plan,
            "leavers": tables.leavers,
            "run_id": Literal(self._run_id),
            "key": columns.key(),
            "w_key": columns.key("w"),
            "same_key": columns.same_key("w", "k"),
            "key_match": columns.key_match,
            "changed": columns.changed,
            "assignments": columns.assignments,
            "columns": columns.inserted,
            "values": columns.inserted_values,
            "new": sql.SQL("coalesce(w.membership_status, '') <> 'exited'" if self._inserts else "FALSE"),
            "has_list": Literal(self._feed.list is not None),
            "group_id": Literal(self._list_id() or 0),
            "sequence_name": _ID_SEQUENCE,
        }

    def _list_mode(self) -> str:
        mode = self._feed.list.mode if self._feed.list else "add"
        return "add" if mode == "mirror" and self._partial else mode

    def _list_id(self) -> int | None:
        """:raises FeedConfigError: if the list is of a kind whose members are not in NmsRcpGrpRel."""
        if self._feed.list is None:
            return None
        name = self._feed.list.name
        row = self._conn.execute("SELECT igroupid, itype FROM nmsgroup WHERE sname = %s", (name,)).fetchone()
        if row and row[1] != _STATIC_GROUP:
            raise FeedConfigError(
                f"List {name} is of type {row[1]}, a list with a table of its own; only static groups (type 0) can be "
                f"written. Nothing was applied. Choose another list.name in {self._feed.id}.yaml."
            )
        return row[0] if row else None

    def _create_list(self, config: AudienceList) -> None:
        label, folder = Literal(config.label or config.name), Literal(self._folder_id())
        self._execute("create_list", name=Literal(config.name), label=label, folder_id=folder)

    def _folder_id(self) -> int:
        """:raises FeedConfigError: if the folder for new recipients does not exist."""
        name = self._feed.profiles.folder
        if name is None:
            return 0
        row = self._conn.execute("SELECT ifolderid FROM xtkfolder WHERE sname = %s", (name,)).fetchone()
        if row is None:
            raise FeedConfigError(
                f"Folder {name} does not exist in Campaign. Nothing was applied. "
                f"Correct profiles.folder in {self._feed.id}.yaml: it takes the internal name."
            )
        return row[0]

    def _count(self, table: sql.Identifier) -> int:
        row = self._conn.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
        return row[0] if row else 0
