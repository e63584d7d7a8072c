"""Moves export windows from state to state: planned, staged, publishing, published, done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from psycopg import sql
from psycopg.types.json import Jsonb

from campaign_cdp.exceptions import WindowUnfinishedError
from campaign_cdp.hooks.campaign import key_tables
from campaign_cdp.hooks.campaign.sql import statement
from campaign_cdp.ledger.window_records import OpenedWindow, Window
from campaign_cdp.ledger.window_states import BEING_SEEN, UNSEEN, WindowState, before_window
from campaign_cdp.ledger.windows import Windows
from campaign_cdp.windows import LogWindow

_INSERT = """
INSERT INTO cdp.export_window (feed, dag_run_id, config_hash, preview, backfill, state)
VALUES (%s, %s, %s, %s, %s, 'planned') RETURNING window_id
"""
_ABANDON_WINDOWS = """
UPDATE cdp.export_window SET state = 'abandoned', reason = %s
WHERE feed = %s AND dag_run_id <> %s AND state = ANY(%s)
RETURNING window_id
"""


class Exports(Windows):
    def open_window(
        self,
        *,
        feed: str,
        dag_run_id: str,
        bounds: Sequence[LogWindow],
        config_hash: str,
        preview: bool = False,
        backfill: bool = False,
    ) -> OpenedWindow:
        """Return the window of this Dag run, opened if need be.

        Doing it again goes on with the same window and its first bounds, and always once it is being published. Other
        settings start over under a new window id. Windows of other Dag runs that AEP has seen nothing of are abandoned;
        their keys are dropped.

        :raises WindowUnfinishedError: if another Dag run published files and did not finish.
        """
        self.lock_feed(feed)
        window = self.find_window(feed, dag_run_id)
        if window and _goes_on(window, config_hash, preview, backfill):
            return OpenedWindow(window, is_new=False)
        self._refuse_unfinished(feed, dag_run_id)
        self._abandon_windows(feed, dag_run_id)
        if window:
            self._start_over(window)
        row = self._row(_INSERT, (feed, dag_run_id, config_hash, preview, backfill)) or {}
        self._insert_logs(row["window_id"], feed, bounds)
        return OpenedWindow(self.window(row["window_id"]), is_new=True)

    def record_selected(self, window_id: int, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Write down how many events were selected, in the transaction that did it.

        :param counts: log -> state -> events.
        """
        for log, states in counts.items():
            query = "UPDATE cdp.export_log SET rows = %s WHERE window_id = %s AND log = %s"
            self._execute(query, (sum(states.values()), window_id, log))
        flat = {f"{log}/{state}": rows for log, states in counts.items() for state, rows in states.items()}
        self._execute("UPDATE cdp.export_window SET counts = %s WHERE window_id = %s", (Jsonb(flat), window_id))

    def selected(self, window_id: int) -> dict[str, int]:
        """Return how many events each log has in the window."""
        query = "SELECT log, coalesce(rows, 0) AS rows FROM cdp.export_log WHERE window_id = %s ORDER BY log"
        return {row["log"]: row["rows"] for row in self._rows(query, (window_id,))}

    def start_publishing(self, window_id: int) -> None:
        """Write down that AEP may see files of the window from now on; to be committed before the first is published.

        :raises WindowAbandonedError: if another Dag run took over, or the files are not all staged.
        """
        self.lock_feed(self.window(window_id).feed)
        self._move(window_id, WindowState.PUBLISHING)

    def finish_window(self, window_id: int, state: WindowState | str, counts: Mapping[str, int] | None = None) -> None:
        """Move a window on; doing it again is a no-op.

        A preview's keys are dropped: nothing was exported.

        :param counts: added to what is recorded.
        :raises WindowAbandonedError: if the window is not in a state that comes before.
        """
        state = WindowState(state)
        self._move(window_id, state, counts)
        if state is WindowState.PREVIEWED:
            self._drop_keys([window_id])

    def advance_watermarks(self, window: Window) -> None:
        """Move the watermarks of a window's logs to its upper bounds; a backfill or preview moves none."""
        self._execute(statement("ledger/advance_watermarks", window_id=sql.Literal(window.window_id)))

    def drop_old_keys(self, feed: str, before: Mapping[str, datetime]) -> int:
        """Drop keys that no later window needs; returns how many tables.

        :param before: log -> time up to which nothing has to be remembered, see :func:`windows.forget_before`.
        """
        self.lock_feed(feed)
        dropped = 0
        for log, until in before.items():
            parts = {"feed": sql.Literal(feed), "log": sql.Literal(log), "before": sql.Literal(until)}
            for row in self._rows(statement("ledger/forget_keys", **parts)):
                key_tables.drop(self._conn, row["window_id"], [log])
                dropped += 1
        return dropped

    def _move(self, window_id: int, state: WindowState, counts: Mapping[str, int] | None = None) -> None:
        query = (
            "UPDATE cdp.export_window SET state = %s, counts = counts || %s WHERE window_id = %s AND state = ANY(%s)"
        )
        if not self._execute(query, (state, Jsonb(dict(counts or {})), window_id, before_window(state))):
            self._refuse_window(self.window(window_id), state)

    def _refuse_unfinished(self, feed: str, dag_run_id: str) -> None:
        which = sql.SQL("w.feed = %(feed)s AND w.dag_run_id <> %(dag_run_id)s AND w.state = ANY(%(states)s)")
        values = {"feed": feed, "dag_run_id": dag_run_id, "states": [state.value for state in BEING_SEEN]}
        window = self._find_window(which, values)
        if window:
            raise WindowUnfinishedError(
                f"{feed}: Dag run {window.dag_run_id} published files of its window {window.window_id} and is not "
                f"finished ({window.state}). This Dag run did nothing. Clear the failed task of that Dag run first, "
                f"then this one."
            )

    def _abandon_windows(self, feed: str, dag_run_id: str) -> None:
        states = [state.value for state in UNSEEN]
        rows = self._rows(_ABANDON_WINDOWS, (f"Dag run {dag_run_id} took over", feed, dag_run_id, states))
        self._drop_keys([row["window_id"] for row in rows])

    def _start_over(self, window: Window) -> None:
        self._drop_keys([window.window_id])
        self._execute("DELETE FROM cdp.export_window WHERE window_id = %s", (window.window_id,))
        detail = {"window_id": window.window_id, "state": window.state, "preview": window.preview}
        self.audit(f"Dag run {window.dag_run_id}", "start over", window.feed, detail)

    def _drop_keys(self, window_ids: Iterable[int]) -> None:
        query = "UPDATE cdp.export_log SET remembered = false WHERE window_id = %s RETURNING log"
        for window_id in window_ids:
            logs = [row["log"] for row in self._rows(query, (window_id,))]
            key_tables.drop(self._conn, window_id, logs)

    def _insert_logs(self, window_id: int, feed: str, bounds: Sequence[LogWindow]) -> None:
        values = {
            "window_id": window_id,
            "feed": feed,
            "logs": [bound.log for bound in bounds],
            "lowers": [bound.lower for bound in bounds],
            "uppers": [bound.upper for bound in bounds],
        }
        placeholders = {name: sql.Placeholder(name) for name in values}
        self._execute(statement("ledger/insert_window_logs", **placeholders), values)


def _goes_on(window: Window, config_hash: str, preview: bool, backfill: bool) -> bool:
    if window.state in BEING_SEEN or window.state is WindowState.DONE:
        return True
    same = (window.config_hash, window.preview, window.backfill) == (config_hash, preview, backfill)
    return same and window.state is not WindowState.ABANDONED
