"""Replays: which rejected lines are still open, where they lie, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from psycopg import sql
from psycopg.rows import args_row

from campaign_cdp.exceptions import StaleFileSetError, SyncDataError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.campaign.sql import statement
from campaign_cdp.ledger.records import Run
from campaign_cdp.ledger.runs import Runs

_OPEN: Final = (
    "SELECT part_no, line_no, min(code) FROM cdp.reject WHERE run_id = %s AND part_no > 0 AND line_no IS NOT NULL "
    "AND replayed_by IS NULL GROUP BY part_no, line_no ORDER BY part_no, line_no"
)
_STORED: Final = (
    "SELECT part_no, coalesce(historised_key, key) AS key, size, coalesce(historised_etag, etag) AS etag, modified "
    "FROM cdp.sync_file WHERE run_id = %s AND part_no > 0"
)
_NEWER: Final = sql.SQL(
    "r.feed = %(feed)s AND r.ordered_at > %(ordered_at)s AND r.replay_of IS NULL AND r.state IN ('applied', 'ended')"
)
_STRANGE: Final = (
    "SELECT l.line_no FROM cdp.replay_line AS l WHERE l.run_id = %(run_id)s AND NOT EXISTS ("
    "SELECT 1 FROM cdp.reject AS r WHERE r.run_id = %(replay_of)s AND r.part_no = l.rejected_part_no "
    "AND r.line_no = l.rejected_line_no) ORDER BY l.line_no LIMIT %(how_many)s"
)
_SHOWN_STRANGE: Final = 5
_FETCH_ROWS: Final = 2_000


class OpenReject(NamedTuple):
    """A rejected line that no replay has applied yet."""

    part_no: int
    line_no: int
    code: str


class ReplayLine(NamedTuple):
    """A line of a replay and the rejected line that it stands for."""

    line_no: int
    rejected_part_no: int
    rejected_line_no: int


class Replays(Runs):
    def replayable(self, run_id: int, feed: str, *, accept_stale: bool) -> Run:
        """Return the run whose rejects can be replayed.

        :raises SyncDataError: if it is another feed's, or not applied, or a replay itself.
        :raises StaleFileSetError: if a newer file set was applied since, unless ``accept_stale``.
        """
        run = self.run(run_id)
        if run.feed != feed or not run.is_in_campaign:
            raise SyncDataError(
                f"Run {run_id} of {run.feed} is {run.state}; only rejects of an applied run of {feed} can be replayed. "
                "Nothing was done. See: cdp runs list"
            )
        if run.replay_of is not None:
            raise SyncDataError(
                f"Run {run_id} is a replay itself. Nothing was done. Replay run {run.replay_of}, where lines that were "
                "rejected again are still open."
            )
        newer = self._find(_NEWER, {"feed": feed, "ordered_at": run.file_set.ordered_at})
        if newer and not accept_stale:
            raise StaleFileSetError(
                f"{feed}: run {run_id} applied the file set of {run.file_set.ordered_at:%Y-%m-%d %H:%M} UTC, run "
                f"{newer.run_id} that of {newer.file_set.ordered_at:%Y-%m-%d %H:%M} UTC since. A replay could put old "
                f"values over newer ones, so nothing was done. Replay the rejects of run {newer.run_id}, or give "
                "accept_stale."
            )
        return run

    def refuse_applied_replay(self, feed: str, file_set_id: str) -> None:
        """Its file may have been written again since, so the version of that says nothing.

        :raises SyncDataError: if the replay was applied.
        """
        row = self._row(
            "SELECT run_id FROM cdp.sync_run WHERE feed = %s AND file_set_id = %s AND state IN ('applied', 'ended')",
            (feed, file_set_id),
        )
        if row:
            raise SyncDataError(
                f"{feed}: exactly this replay was applied already, by run {row['run_id']}. Nothing was done. Change "
                "the feed or the corrected file first."
            )

    def open_rejects(self, run_id: int) -> Iterator[OpenReject]:
        """Yield rejected lines that are not replayed yet, in file order, in constant memory."""
        with self._conn.cursor(f"open_rejects_{run_id}", row_factory=args_row(OpenReject)) as cursor:
            cursor.itersize = _FETCH_ROWS
            yield from cursor.execute(_OPEN, (run_id,))

    def stored_parts(self, run_id: int) -> dict[int, StoredObject]:
        """Return where the parts of a run lie now."""
        rows = self._rows(_STORED, (run_id,))
        return {row.pop("part_no"): StoredObject(**row) for row in rows}

    def record_replay_lines(self, run_id: int, replay_of: int, lines: Iterable[ReplayLine]) -> None:
        """Write down what each line of a replay stands for; doing it again replaces them.

        :raises SyncDataError: if one stands for no rejected line of the run.
        """
        self._execute("DELETE FROM cdp.replay_line WHERE run_id = %s", (run_id,))
        target = "COPY cdp.replay_line (run_id, line_no, rejected_part_no, rejected_line_no) FROM STDIN"
        with self._conn.cursor() as cursor, cursor.copy(target) as copy:
            for line in lines:
                copy.write_row((run_id, *line))
        strange = self._rows(_STRANGE, {"run_id": run_id, "replay_of": replay_of, "how_many": _SHOWN_STRANGE})
        if strange:
            numbers = ", ".join(str(row["line_no"]) for row in strange)
            raise SyncDataError(
                f"Lines of the corrected file stand for no rejected line of run {replay_of}; the first: {numbers}. "
                "Nothing was loaded. Keep reject_part and reject_line as they were exported, and add no lines."
            )

    def mark_replayed(self, run: Run) -> int:
        """Write down that a replay applied its lines, except those that it rejected again; returns how many."""
        ids = {"run_id": sql.Literal(run.run_id), "replay_of": sql.Literal(run.replay_of)}
        return self._execute(statement("ledger/mark_replayed", **ids))
