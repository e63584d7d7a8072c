"""Reads runs, and refuses to work for one that is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

from psycopg import sql

from campaign_cdp.exceptions import RunAbandonedError
from campaign_cdp.file_sets import FileSet
from campaign_cdp.hooks.campaign.sql import statement
from campaign_cdp.ledger.records import Run
from campaign_cdp.ledger.session import LedgerSession
from campaign_cdp.ledger.states import LOST, RunState

_VERSION = sql.SQL(
    "r.feed = %(feed)s AND r.file_set_id = %(id)s AND r.fingerprint = %(fingerprint)s "
    "AND r.ordered_at = %(ordered_at)s AND r.state IN ('applied', 'ended')"
)


class Runs(LedgerSession):
    def find_run(self, feed: str, dag_run_id: str) -> Run | None:
        """Return the run of a Dag run, if it opened one."""
        which = sql.SQL("r.feed = %(feed)s AND r.dag_run_id = %(dag_run_id)s")
        return self._find(which, {"feed": feed, "dag_run_id": dag_run_id})

    def run_of(self, feed: str, dag_run_id: str) -> Run:
        """Return the run of a Dag run.

        :raises RunAbandonedError: if it has none.
        """
        run = self.find_run(feed, dag_run_id)
        if run is None:
            raise RunAbandonedError(
                f"Dag run {dag_run_id} of {feed} has no run in the ledger, so this task has nothing to work on. Clear "
                f"it from file_transfer on."
            )
        return run

    def run(self, run_id: int) -> Run:
        """Return one run.

        :raises RunAbandonedError: if it is gone; opening a run again with other settings replaces it.
        """
        run = self._find(sql.SQL("r.run_id = %(run_id)s"), {"run_id": run_id})
        if run is None:
            raise RunAbandonedError(f"The ledger has no run {run_id}, or not any more. See: cdp runs list")
        return run

    def runs(self, feed: str | None = None, limit: int = 50, states: Sequence[str] = ()) -> list[Run]:
        """Return the newest runs, newest first.

        :param states: only these; none are all.
        """
        of_feed = sql.SQL("r.feed = %(feed)s") if feed else sql.SQL("TRUE")
        in_state = sql.SQL("r.state = ANY(%(states)s)") if states else sql.SQL("TRUE")
        which = sql.SQL(" AND ").join([of_feed, in_state])
        return self._select(which, {"feed": feed, "states": list(states)}, limit)

    def guard(self, run_id: int) -> Run:
        """Return the run as it is now, for a task that wants to work on it.

        :raises RunAbandonedError: if another Dag run took over, or its file set is quarantined or superseded.
        """
        run = self.run(run_id)
        if run.state in LOST:
            self._refuse(run)
        return run

    def applied_by(self, feed: str, file_set: FileSet) -> Run | None:
        """Return the run that applied exactly this version of the file set."""
        return self._find(_VERSION, {"feed": feed, **version_of(file_set)})

    def is_applied(self, feed: str, file_set: FileSet) -> bool:
        """Tell whether exactly this version of the file set was applied."""
        return self.applied_by(feed, file_set) is not None

    def last_applied(self, feed: str) -> datetime | None:
        """Return ``ordered_at`` of the newest applied file set, or ``None``."""
        row = self._row(
            "SELECT max(ordered_at) AS newest FROM cdp.sync_run WHERE feed = %s AND state IN ('applied', 'ended')",
            (feed,),
        )
        return row["newest"] if row else None

    def _find(self, which: sql.Composable, params: Mapping[str, Any]) -> Run | None:
        return next(iter(self._select(which, params, 1)), None)

    def _select(self, which: sql.Composable, params: Mapping[str, Any], limit: int) -> list[Run]:
        query = statement("ledger/select_runs", which=which, how_many=sql.Literal(limit))
        return [Run.from_row(row) for row in self._rows(query, params)]

    def _refuse(self, run: Run, wanted: RunState | None = None) -> NoReturn:
        why = f" ({run.error_code} {run.error_message})" if run.error_message else ""
        step = f"it cannot become {wanted}" if wanted else "this task did nothing"
        raise RunAbandonedError(
            f"Run {run.run_id} of {run.feed}, Dag run {run.dag_run_id}, is {run.state}{why}; {step}. To take its file "
            f"set up again, clear the Dag run from file_transfer on."
        )


def version_of(file_set: FileSet) -> dict[str, Any]:
    """What makes a file set this one and this version, as the ledger's columns have it.

    The time counts, because content that comes back after another version has to be applied again.
    """
    return {"id": file_set.id, "fingerprint": file_set.fingerprint, "ordered_at": file_set.ordered_at}
