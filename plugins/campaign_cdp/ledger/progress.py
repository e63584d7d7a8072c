"""How far a run is: its steps, its parts, and what is known of files from all runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from psycopg import sql
from psycopg.types.json import Jsonb

from campaign_cdp.exceptions import RunAbandonedError
from campaign_cdp.file_sets import KnownFile, StoredObject
from campaign_cdp.hooks.campaign.sql import statement
from campaign_cdp.ledger.records import FileRecord, LoadedPart
from campaign_cdp.ledger.runs import Runs
from campaign_cdp.ledger.states import FileState, before_file

_SETTLED: Final = (FileState.APPLIED, FileState.QUARANTINED, FileState.SUPERSEDED, FileState.HISTORISED)


class Progress(Runs):
    def step(self, run_id: int, name: str) -> dict[str, int] | None:
        """Return the counts of a step that is done."""
        row = self._row("SELECT counts FROM cdp.sync_step WHERE run_id = %s AND step = %s", (run_id, name))
        return row["counts"] if row else None

    def required_step(self, run_id: int, name: str) -> dict[str, int]:
        """Return the counts of a step that has to be done.

        :raises RunAbandonedError: if it is not.
        """
        counts = self.step(run_id, name)
        if counts is None:
            raise RunAbandonedError(
                f"Step {name} of run {run_id} is not done, so this task cannot build on it. Nothing was applied. Clear "
                f"{name} with its downstream tasks."
            )
        return counts

    def record_step(self, run_id: int, name: str, counts: Mapping[str, int]) -> None:
        """Write down that a step is done, in the transaction that did it. Doing it again replaces the counts."""
        self._execute(
            "INSERT INTO cdp.sync_step (run_id, step, counts) VALUES (%s, %s, %s) ON CONFLICT (run_id, step) "
            "DO UPDATE SET counts = excluded.counts, finished_at = now()",
            (run_id, name, Jsonb(dict(counts))),
        )

    def forget_steps(self, run_id: int) -> None:
        """Undo what was written down of the steps after loading, because a part is loaded anew."""
        self._execute("DELETE FROM cdp.sync_step WHERE run_id = %s", (run_id,))

    def steps(self, run_id: int) -> dict[str, dict[str, int]]:
        """Return the counts of all steps that are done, in the order they were."""
        rows = self._rows("SELECT step, counts FROM cdp.sync_step WHERE run_id = %s ORDER BY finished_at", (run_id,))
        return {row["step"]: row["counts"] for row in rows}

    def part(self, run_id: int, part_no: int) -> LoadedPart | None:
        """Return the counts of a part that is loaded."""
        row = self._row(
            "SELECT rows, rejected FROM cdp.sync_file WHERE run_id = %s AND part_no = %s AND rows IS NOT NULL",
            (run_id, part_no),
        )
        return LoadedPart(**row) if row else None

    def record_part(
        self, run_id: int, part_no: int, *, rows: int, rejected: int, reject_counts: Mapping[str, int], sha256: str
    ) -> None:
        """Write down that a part is loaded, in the transaction that loaded it.

        :raises RunAbandonedError: if the run was given up meanwhile.
        """
        moved = self._execute(
            "UPDATE cdp.sync_file SET state = 'loaded', rows = %s, rejected = %s, reject_counts = %s, sha256 = %s "
            "WHERE run_id = %s AND part_no = %s AND state = ANY(%s)",
            (rows, rejected, Jsonb(dict(reject_counts)), sha256, run_id, part_no, before_file(FileState.LOADED)),
        )
        if not moved:
            self._refuse(self.guard(run_id))

    def loaded_rows(self, run_id: int) -> int:
        """Return how many lines all parts brought into the work table.

        :raises RunAbandonedError: if a part is not loaded, for example because its task was marked as success.
        """
        row = self._row(
            "SELECT coalesce(sum(rows), 0)::bigint AS total, count(*) FILTER (WHERE rows IS NULL) AS missing "
            "FROM cdp.sync_file WHERE run_id = %s AND part_no > 0",
            (run_id,),
        )
        if row and row["missing"]:
            raise RunAbandonedError(
                f"{row['missing']} parts of run {run_id} are not loaded. Nothing was applied. Clear data_loading with "
                f"its downstream tasks."
            )
        return row["total"] if row else 0

    def rejected_rows(self, run_id: int) -> int:
        """Return how many lines of all parts were rejected while loading."""
        row = self._row(
            "SELECT coalesce(sum(rejected), 0)::bigint AS total FROM cdp.sync_file WHERE run_id = %s", (run_id,)
        )
        return row["total"] if row else 0

    def files(self, run_id: int) -> list[FileRecord]:
        """Return all files of a run, the manifest (number 0) first."""
        rows = self._rows(
            "SELECT part_no, key, size, state, rows, rejected, reject_counts, sha256, historised_key "
            "FROM cdp.sync_file WHERE run_id = %s ORDER BY part_no",
            (run_id,),
        )
        return [FileRecord(**row) for row in rows]

    def known(self, feed: str, objects: Sequence[StoredObject]) -> dict[str, KnownFile]:
        """Return what is known, by key; a key never seen is left out. One statement, however many objects."""
        if not objects:
            return {}
        query = statement(
            "ledger/known_files",
            settled=sql.SQL(", ").join(sql.Literal(state.value) for state in _SETTLED),
            **{name: sql.Placeholder(name) for name in ("feed", "keys", "sizes", "etags")},
        )
        keys, sizes, etags = zip(*(obj.identity for obj in objects), strict=True)
        values = {"feed": feed, "keys": list(keys), "sizes": list(sizes), "etags": list(etags)}
        return {row["key"]: _known(row["state"], row["manifest"]) for row in self._rows(query, values)}


def _known(state: str | None, manifest: dict[str, object] | None) -> KnownFile:
    return KnownFile(state, StoredObject.from_json(manifest) if manifest else None)
