"""Reads export windows, and refuses to work for one that is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from psycopg import sql

from campaign_cdp.exceptions import WindowAbandonedError
from campaign_cdp.hooks.campaign.sql import statement
from campaign_cdp.ledger.session import LedgerSession
from campaign_cdp.ledger.window_records import Window
from campaign_cdp.ledger.window_states import WindowState
from campaign_cdp.windows import Watermark


class Windows(LedgerSession):
    def find_window(self, feed: str, dag_run_id: str) -> Window | None:
        """Return the window of a Dag run, if it opened one."""
        which = sql.SQL("w.feed = %(feed)s AND w.dag_run_id = %(dag_run_id)s")
        return self._find_window(which, {"feed": feed, "dag_run_id": dag_run_id})

    def window_of(self, feed: str, dag_run_id: str) -> Window:
        """Return the window of a Dag run.

        :raises WindowAbandonedError: if it has none.
        """
        window = self.find_window(feed, dag_run_id)
        if window is None:
            raise WindowAbandonedError(
                f"Dag run {dag_run_id} of {feed} has no window in the ledger, so this task has nothing to work on. "
                f"Clear it from incremental_query on."
            )
        return window

    def window(self, window_id: int) -> Window:
        """Return one window.

        :raises WindowAbandonedError: if it is gone; opening a window again with other settings replaces it.
        """
        window = self._find_window(sql.SQL("w.window_id = %(window_id)s"), {"window_id": window_id})
        if window is None:
            raise WindowAbandonedError(
                f"The ledger has no window {window_id}, or not any more. Clear the Dag run from incremental_query on."
            )
        return window

    def windows(self, feed: str | None = None, limit: int = 50, states: Sequence[str] = ()) -> list[Window]:
        """Return the newest windows, newest first.

        :param states: only these; none are all.
        """
        of_feed = sql.SQL("w.feed = %(feed)s") if feed else sql.SQL("TRUE")
        in_state = sql.SQL("w.state = ANY(%(states)s)") if states else sql.SQL("TRUE")
        which = sql.SQL(" AND ").join([of_feed, in_state])
        return self._select_windows(which, {"feed": feed, "states": list(states)}, limit)

    def guard_window(self, window_id: int) -> Window:
        """Return the window as it is now, for a task that wants to work on it.

        :raises WindowAbandonedError: if another Dag run took over.
        """
        window = self.window(window_id)
        if window.state is WindowState.ABANDONED:
            self._refuse_window(window)
        return window

    def lock_window(self, window_id: int, name: str) -> None:
        """Wait until nobody else does this step or partition of the window; held until the transaction ends."""
        self._lock(f"cdp window {window_id} {name}")

    def watermarks(self, feed: str) -> dict[str, Watermark]:
        """Return how far each log of a feed is exported; a log that never was is left out."""
        rows = self._rows("SELECT log, value, floor FROM cdp.watermark WHERE feed = %s ORDER BY log", (feed,))
        return {row["log"]: Watermark(row["value"], row["floor"]) for row in rows}

    def _find_window(self, which: sql.Composable, params: Mapping[str, Any]) -> Window | None:
        return next(iter(self._select_windows(which, params, 1)), None)

    def _select_windows(self, which: sql.Composable, params: Mapping[str, Any], limit: int) -> list[Window]:
        query = statement("ledger/select_windows", which=which, how_many=sql.Literal(limit))
        return [Window.from_row(row) for row in self._rows(query, params)]

    def _refuse_window(self, window: Window, wanted: WindowState | None = None) -> NoReturn:
        why = f" ({window.reason})" if window.reason else ""
        step = f"it cannot become {wanted}" if wanted else "this task did nothing"
        raise WindowAbandonedError(
            f"Window {window.window_id} of {window.feed}, Dag run {window.dag_run_id}, is {window.state}{why}; {step}. "
            f"Clear the Dag run from incremental_query on to take a new window."
        )
