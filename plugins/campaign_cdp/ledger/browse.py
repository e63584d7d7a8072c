"""Reads the ledger page by page. Pages follow keys, not offsets, so the last is as fast as the first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from psycopg import sql

from campaign_cdp.hooks.campaign.sql import statement
from campaign_cdp.ledger.browse_records import (
    AuditRow,
    Filter,
    Place,
    RejectPlace,
    RejectRow,
    RunFile,
    RunRow,
    StepRow,
    WatermarkRow,
    WindowFile,
    WindowRow,
)
from campaign_cdp.ledger.session import LedgerSession

#: Stands for "no single line", behind all that have one. The index has the same expression.
_NO_LINE: Final = 9_223_372_036_854_775_807
_AUDIT_ROWS: Final = 100


class Browse(LedgerSession):
    """Reads inside the caller's transaction, which may be read-only.

    :param conn: open connection to the Campaign database.
    """

    def run_rows(self, wanted: Filter, after: Place | None, how_many: int) -> list[RunRow]:
        """Return runs of a feed, newest first, from ``after`` on."""
        where = _where(wanted, after, "run_id")
        return [RunRow(**row) for row in self._rows(statement("ops/runs", where=where, how_many=sql.Literal(how_many)))]

    def run_row(self, run_id: int) -> RunRow | None:
        """Return one run, if there is one."""
        where = sql.SQL("r.run_id = {}").format(sql.Literal(run_id))
        row = self._row(statement("ops/runs", where=where, how_many=sql.Literal(1)))
        return RunRow(**row) if row else None

    def count_runs(self, wanted: Filter, at_most: int) -> int:
        """Count the runs of a filter, at most so many."""
        return self._count("ops/count_runs", wanted, at_most)

    def run_files(self, run_id: int) -> list[RunFile]:
        return [RunFile(**row) for row in self._rows(statement("ops/run_files", run_id=sql.Literal(run_id)))]

    def run_steps(self, run_id: int) -> list[StepRow]:
        """Return the steps that are done, in the order they were."""
        query = "SELECT step, counts, finished_at FROM cdp.sync_step WHERE run_id = %s ORDER BY finished_at"
        return [StepRow(**row) for row in self._rows(query, (run_id,))]

    def reject_codes(self, run_id: int) -> dict[str, int]:
        """Return the number of rejected lines by code, most frequent first."""
        rows = self._rows(statement("ops/reject_codes", run_id=sql.Literal(run_id)))
        return {row["code"]: row["lines"] for row in rows}

    def reject_rows(self, run_id: int, code: str | None, after: RejectPlace | None, how_many: int) -> list[RejectRow]:
        """Return rejected lines of a run in file order, from ``after`` on."""
        conditions = [sql.SQL("j.run_id = {}").format(sql.Literal(run_id))]
        if code:
            conditions.append(sql.SQL("j.code = {}").format(sql.Literal(code)))
        if after:
            place = (after.part_no, _NO_LINE if after.line_no is None else after.line_no, after.tid)
            order = sql.SQL("(j.part_no, coalesce(j.line_no, {}), j.ctid) > ({}, {}, {}::tid)")
            conditions.append(order.format(sql.Literal(_NO_LINE), *map(sql.Literal, place)))
        query = statement("ops/rejects", where=sql.SQL(" AND ").join(conditions), how_many=sql.Literal(how_many))
        return [RejectRow(column=row.pop("column_name"), **row) for row in self._rows(query)]

    def window_rows(self, wanted: Filter, after: Place | None, how_many: int) -> list[WindowRow]:
        """Return export windows of a feed, newest first, from ``after`` on."""
        where = _where(wanted, after, "window_id")
        query = statement("ops/windows", where=where, how_many=sql.Literal(how_many))
        return [WindowRow(**row) for row in self._rows(query)]

    def window_row(self, window_id: int) -> WindowRow | None:
        """Return one window, if there is one."""
        where = sql.SQL("r.window_id = {}").format(sql.Literal(window_id))
        row = self._row(statement("ops/windows", where=where, how_many=sql.Literal(1)))
        return WindowRow(**row) if row else None

    def count_windows(self, wanted: Filter, at_most: int) -> int:
        """Count the windows of a filter, at most so many."""
        return self._count("ops/count_windows", wanted, at_most)

    def window_files(self, window_id: int) -> list[WindowFile]:
        query = statement("ops/window_files", window_id=sql.Literal(window_id))
        return [WindowFile(**row) for row in self._rows(query)]

    def window_steps(self, window_id: int) -> list[StepRow]:
        """Return the steps that are done, in the order they were."""
        query = "SELECT step, counts, finished_at FROM cdp.export_step WHERE window_id = %s ORDER BY finished_at"
        return [StepRow(**row) for row in self._rows(query, (window_id,))]

    def watermarks(self, feed: str) -> list[WatermarkRow]:
        rows = self._rows(statement("ops/watermarks", feed=sql.Literal(feed)))
        return [WatermarkRow(**row) for row in rows]

    def audit_of(self, feed: str, id_name: str, number: int, dag_run_id: str) -> list[AuditRow]:
        """Return what was done to a run or window, newest first.

        :param id_name: ``run_id`` or ``window_id``, as the details of the audit have it.
        """
        query = statement(
            "ops/audit",
            subjects=sql.Literal([feed, f"{id_name.removesuffix('_id')} {number}"]),
            id_name=sql.Literal(id_name),
            id_value=sql.Literal(str(number)),
            dag_run_id=sql.Literal(dag_run_id),
            how_many=sql.Literal(_AUDIT_ROWS),
        )
        return [AuditRow(**row) for row in self._rows(query)]

    def _count(self, name: str, wanted: Filter, at_most: int) -> int:
        where = _where(wanted, None, "")
        row = self._row(statement(name, where=where, at_most=sql.Literal(at_most)))
        return row["total"] if row else 0


def _where(wanted: Filter, after: Place | None, id_column: str) -> sql.Composed:
    return sql.SQL(" AND ").join(_conditions(wanted, after, id_column))


def _conditions(wanted: Filter, after: Place | None, id_column: str) -> Iterator[sql.Composable]:
    yield sql.SQL("r.feed = {}").format(sql.Literal(wanted.feed))
    if wanted.states:
        yield sql.SQL("r.state IN ({})").format(sql.SQL(", ").join(map(sql.Literal, wanted.states)))
    if wanted.since:
        yield sql.SQL("r.opened_at >= {}").format(sql.Literal(wanted.since))
    if wanted.until:
        yield sql.SQL("r.opened_at < {}").format(sql.Literal(wanted.until))
    if after:
        key = sql.SQL("(r.opened_at, r.{}) < ({}, {})")
        yield key.format(sql.Identifier(id_column), sql.Literal(after.opened_at), sql.Literal(after.id))
