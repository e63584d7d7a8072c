"""Moves runs from state to state: opened, applied, previewed, quarantined, superseded, ended."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from psycopg import errors, sql
from psycopg.types.json import Jsonb

from campaign_cdp.exceptions import RunAbandonedError, SyncError
from campaign_cdp.file_sets import FileSet
from campaign_cdp.hooks.campaign.sql import statement
from campaign_cdp.ledger.records import MANIFEST_NO, Opened, Run
from campaign_cdp.ledger.runs import Runs, version_of
from campaign_cdp.ledger.states import FileState, RunState, before_file, before_run

_INSERT_RUN = """
INSERT INTO cdp.sync_run (feed, dag_run_id, file_set_id, fingerprint, ordered_at, manifest, config_hash, preview, state,
    replay_of, accept_stale)
VALUES (%(feed)s, %(dag_run_id)s, %(id)s, %(fingerprint)s, %(ordered_at)s, %(manifest)s, %(config_hash)s, %(preview)s,
    %(state)s, %(replay_of)s, %(accept_stale)s)
RETURNING run_id
"""
_ABANDON_OTHERS = """
UPDATE cdp.sync_run SET state = 'abandoned', error_code = %(code)s, error_message = %(message)s
WHERE feed = %(feed)s AND dag_run_id <> %(dag_run_id)s AND state = 'open'
RETURNING run_id
"""
_INSERT_FILES = ("run_id", "feed", "state", "numbers", "keys", "sizes", "etags", "modified")


class Lifecycle(Runs):
    def open_run(
        self,
        *,
        feed: str,
        dag_run_id: str,
        file_set: FileSet,
        config_hash: str,
        preview: bool,
        replay_of: int | None = None,
        accept_stale: bool = False,
    ) -> Opened:
        """Return the run of this Dag run, opened if need be.

        Doing it again goes on with the same run, and always once it is applied. Another file set, another
        configuration or a quarantine starts over under a new run id. Open runs of other Dag runs are abandoned.

        :raises RunAbandonedError: if another Dag run applied this version of the file set already.
        """
        self.lock_feed(feed)
        run = self.find_run(feed, dag_run_id)
        if run and _goes_on(run, file_set, config_hash, preview):
            return Opened(run)
        self._refuse_applied(feed, file_set)
        displaced = self._abandon_others(feed, dag_run_id)
        if run:
            self._forget(run)
            displaced.append(run.run_id)
        settings = {"config_hash": config_hash, "preview": preview}
        replay = {"replay_of": replay_of, "accept_stale": accept_stale}
        run_id = self._insert(feed, dag_run_id, file_set, RunState.OPEN, settings | replay)
        return Opened(self.run(run_id), tuple(displaced))

    def finish(self, run_id: int, state: RunState | str, counts: Mapping[str, int] | None = None) -> None:
        """Move a run to ``applied``, ``previewed`` or ``ended``; doing it again is a no-op.

        :param counts: what the run did; ``None`` keeps what is recorded.
        :raises RunAbandonedError: if the run is not in a state that comes before, or the same version of its file set
            was applied by another run.
        """
        state = RunState(state)
        query = (
            "UPDATE cdp.sync_run SET state = %s, counts = coalesce(%s, counts) WHERE run_id = %s AND state = ANY(%s)"
        )
        try:
            moved = self._execute(query, (state, None if counts is None else Jsonb(counts), run_id, before_run(state)))
        except errors.UniqueViolation as err:
            raise RunAbandonedError(
                f"Run {run_id} is not applied: another run applied the same version of its file set already. Campaign "
                f"is unchanged. See: cdp runs list"
            ) from err
        if not moved:
            self._refuse(self.run(run_id), state)
        if state is RunState.APPLIED:
            self._move_files(run_id, FileState.APPLIED)

    def quarantine(self, run_id: int, error: SyncError) -> bool:
        """Set the file set of an open run aside with the reason; ``False`` if the run is not open any more.

        For a transaction of its own: that of the task that failed is rolled back.
        """
        query = (
            "UPDATE cdp.sync_run SET state = 'quarantined', error_code = %s, error_message = %s "
            "WHERE run_id = %s AND state = 'open'"
        )
        if not self._execute(query, (error.code, error.message, run_id)):
            return False
        self._move_files(run_id, FileState.QUARANTINED)
        return True

    def supersede(self, feed: str, file_set: FileSet, dag_run_id: str) -> None:
        """Write down that a newer file set made this one pointless; doing it again is a no-op."""
        name = "\0".join(map(str, version_of(file_set).values()))
        suffix = hashlib.sha256(name.encode()).hexdigest()[:12]
        self.lock_feed(feed)
        if self.find_run(feed, f"{dag_run_id}#{suffix}") is None:
            self._insert(feed, f"{dag_run_id}#{suffix}", file_set, RunState.SUPERSEDED, {})

    def _refuse_applied(self, feed: str, file_set: FileSet) -> None:
        """The database would refuse it too, but only after everything was loaded."""
        by = self.applied_by(feed, file_set)
        if by:
            raise RunAbandonedError(
                f"{feed}: file set {file_set.id} was applied already by Dag run {by.dag_run_id} (run {by.run_id}). "
                f"Nothing was done, and nothing is left to do for this Dag run."
            )

    def _abandon_others(self, feed: str, dag_run_id: str) -> list[int]:
        values = {"feed": feed, "dag_run_id": dag_run_id, "code": RunAbandonedError.code}
        rows = self._rows(_ABANDON_OTHERS, {**values, "message": f"Dag run {dag_run_id} took over"})
        return [row["run_id"] for row in rows]

    def _forget(self, run: Run) -> None:
        self._execute("DELETE FROM cdp.reject WHERE run_id = %s", (run.run_id,))
        self._execute("DELETE FROM cdp.sync_run WHERE run_id = %s", (run.run_id,))
        detail = {"run_id": run.run_id, "state": run.state, "error_code": run.error_code, "preview": run.preview}
        self.audit(f"Dag run {run.dag_run_id}", "start over", run.feed, detail)

    def _insert(
        self, feed: str, dag_run_id: str, file_set: FileSet, state: RunState, settings: Mapping[str, Any]
    ) -> int:
        manifest = Jsonb(file_set.manifest.to_json()) if file_set.manifest else None
        defaults = {"config_hash": "", "preview": False, "replay_of": None, "accept_stale": False}
        run = {"feed": feed, "dag_run_id": dag_run_id, "manifest": manifest, "state": state}
        values = {**run, **version_of(file_set), **defaults, **settings}
        run_id = self._rows(_INSERT_RUN, values)[0]["run_id"]
        self._insert_files(run_id, feed, file_set, FileState.SEEN if state is RunState.OPEN else state.value)
        return run_id

    def _insert_files(self, run_id: int, feed: str, file_set: FileSet, state: str) -> None:
        objects = [*file_set.parts, *([file_set.manifest] if file_set.manifest else [])]
        values: dict[str, Any] = {
            "run_id": run_id,
            "feed": feed,
            "state": state,
            "numbers": [*range(1, len(file_set.parts) + 1), *([MANIFEST_NO] if file_set.manifest else [])],
            "keys": [obj.key for obj in objects],
            "sizes": [obj.size for obj in objects],
            "etags": [obj.etag for obj in objects],
            "modified": [obj.modified for obj in objects],
        }
        query = statement("ledger/insert_files", **{name: sql.Placeholder(name) for name in _INSERT_FILES})
        self._execute(query, values)

    def _move_files(self, run_id: int, state: FileState) -> None:
        query = "UPDATE cdp.sync_file SET state = %s WHERE run_id = %s AND state = ANY(%s)"
        self._execute(query, (state, run_id, before_file(state)))


def _goes_on(run: Run, file_set: FileSet, config_hash: str, preview: bool) -> bool:
    if run.is_in_campaign:
        return True
    same = (version_of(run.file_set), run.config_hash, run.preview) == (version_of(file_set), config_hash, preview)
    return same and run.state in {RunState.OPEN, RunState.PREVIEWED}
