"""What people do about a file set that is set aside."""

from __future__ import annotations

from campaign_cdp.exceptions import SyncDataError
from campaign_cdp.ledger.records import Run
from campaign_cdp.ledger.runs import Runs
from campaign_cdp.ledger.states import FileState, RunState, before_file


class Operations(Runs):
    def release(self, run_id: int, *, actor: str) -> Run:
        """Let the next Dag run take a quarantined file set up again; doing it again is a no-op.

        :param actor: who wants it, for the audit.
        :raises SyncDataError: if the run is not quarantined.
        """
        return self._settle(run_id, RunState.RELEASED, FileState.RELEASED, actor)

    def mark_superseded(self, run_id: int, *, actor: str) -> Run:
        """Skip a quarantined file set for good, so that later ones of an incremental feed go on.

        :param actor: who wants it, for the audit.
        :raises SyncDataError: if the run is not quarantined.
        """
        return self._settle(run_id, RunState.SUPERSEDED, FileState.SUPERSEDED, actor)

    def _settle(self, run_id: int, state: RunState, file_state: FileState, actor: str) -> Run:
        run = self.run(run_id)
        self.lock_feed(run.feed)
        moved = self._execute(
            "UPDATE cdp.sync_run SET state = %s WHERE run_id = %s AND state = 'quarantined'", (state, run_id)
        )
        if moved:
            self._execute(
                "UPDATE cdp.sync_file SET state = %s WHERE run_id = %s AND state = ANY(%s)",
                (file_state, run_id, before_file(file_state)),
            )
            self.audit(actor, f"mark {state}", run.feed, {"run_id": run_id, "error_code": run.error_code})
        elif run.state is not state:
            raise SyncDataError(
                f"Run {run_id} of {run.feed} is {run.state}; only a quarantined file set can be {state}. Nothing was "
                "changed. See: cdp runs list"
            )
        return self.run(run_id)
