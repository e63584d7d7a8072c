"""What people do about a file set that is set aside."""

from __future__ import annotations

from typing import NoReturn

from campaign_cdp.exceptions import SyncDataError
from campaign_cdp.hooks.campaign import work_tables
from campaign_cdp.ledger.records import Run
from campaign_cdp.ledger.runs import Runs
from campaign_cdp.ledger.states import FileState, RunState, before_file

_RELEASABLE = frozenset({RunState.QUARANTINED})
#: An open run too: a full feed takes a file set that a guard has refused again and again, because it is the oldest.
_SKIPPABLE = frozenset({RunState.OPEN, RunState.QUARANTINED, RunState.RELEASED, RunState.ABANDONED})


class Operations(Runs):
    def release(self, run_id: int, *, actor: str) -> Run:
        """Let the next Dag run take a quarantined file set up again; doing it again is a no-op.

        :param actor: who wants it, for the audit.
        :raises SyncDataError: if the run is not quarantined, or a replay.
        """
        return self._settle(run_id, _RELEASABLE, RunState.RELEASED, FileState.RELEASED, actor)

    def mark_superseded(self, run_id: int, *, actor: str) -> Run:
        """Skip a file set for good, so that later ones of an incremental feed go on; doing it again is a no-op.

        :param actor: who wants it, for the audit.
        :raises SyncDataError: if the run is applied or a preview, or is a replay, or another run has applied the file
            set.
        """
        return self._settle(run_id, _SKIPPABLE, RunState.SUPERSEDED, FileState.SUPERSEDED, actor)

    def _settle(
        self, run_id: int, allowed: frozenset[RunState], state: RunState, file_state: FileState, actor: str
    ) -> Run:
        self.lock_feed(self.run(run_id).feed)
        run = self.run(run_id)
        if run.state is state:
            return run
        self._refuse_others(run, allowed, state)
        self._execute("UPDATE cdp.sync_run SET state = %s WHERE run_id = %s", (state, run_id))
        self._execute(
            "UPDATE cdp.sync_file SET state = %s WHERE run_id = %s AND state = ANY(%s)",
            (file_state, run_id, before_file(file_state)),
        )
        work_tables.drop(self._conn, run_id)
        detail = {"run_id": run_id, "before": run.state, "error_code": run.error_code}
        self.audit(actor, f"mark {state}", run.feed, detail)
        return self.run(run_id)

    def _refuse_others(self, run: Run, allowed: frozenset[RunState], state: RunState) -> None:
        if run.replay_of is not None:
            _refuse(run, f"is a replay, which nothing waits for. Start it again, or leave the lines of {run.replay_of}")
        if run.state not in allowed:
            _refuse(run, f"is {run.state}; only what is {' or '.join(sorted(allowed))} can be {state}")
        by = self.applied_by(run.feed, run.file_set)
        if by:
            _refuse(run, f"holds a file set that run {by.run_id} has applied, so it cannot be {state}")


def _refuse(run: Run, why: str) -> NoReturn:
    raise SyncDataError(f"Run {run.run_id} of {run.feed} {why}. Nothing was changed. See: cdp runs list")
