"""How far an export window is: its steps and its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from psycopg.types.json import Jsonb

from campaign_cdp.exceptions import WindowAbandonedError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.ledger.window_records import ExportFile, StagedFile
from campaign_cdp.ledger.windows import Windows

_INSERT_FILE = """
INSERT INTO cdp.export_file (
    window_id, partition_no, file_no, log, staged_key, key, size, etag, rows, sha256, state
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'staged')
"""


class ExportProgress(Windows):
    def window_step(self, window_id: int, name: str) -> dict[str, int] | None:
        """Return the counts of a step that is done."""
        row = self._row("SELECT counts FROM cdp.export_step WHERE window_id = %s AND step = %s", (window_id, name))
        return row["counts"] if row else None

    def required_window_step(self, window_id: int, name: str) -> dict[str, int]:
        """Return the counts of a step that has to be done.

        :raises WindowAbandonedError: if it is not.
        """
        counts = self.window_step(window_id, name)
        if counts is None:
            raise WindowAbandonedError(
                f"Step {name} of window {window_id} is not done, so this task cannot build on it. It did nothing. "
                f"Clear {name} with its downstream tasks."
            )
        return counts

    def record_window_step(self, window_id: int, name: str, counts: Mapping[str, int]) -> None:
        """Write down that a step is done, in the transaction that did it. Doing it again replaces the counts."""
        self._execute(
            "INSERT INTO cdp.export_step (window_id, step, counts) VALUES (%s, %s, %s) ON CONFLICT (window_id, step) "
            "DO UPDATE SET counts = excluded.counts, finished_at = now()",
            (window_id, name, Jsonb(dict(counts))),
        )

    def window_steps(self, window_id: int) -> dict[str, dict[str, int]]:
        """Return the counts of all steps that are done, in the order they were."""
        query = "SELECT step, counts FROM cdp.export_step WHERE window_id = %s ORDER BY finished_at"
        return {row["step"]: row["counts"] for row in self._rows(query, (window_id,))}

    def record_files(self, window_id: int, partition_no: int, files: Iterable[StagedFile]) -> None:
        """Write down the staged files of a partition, together with its step, which is done once.

        :raises WindowAbandonedError: if another Dag run took over, or AEP may have seen files already.
        """
        window = self.guard_window(window_id)
        if not window.is_unseen:
            self._refuse_window(window)
        for file in files:
            named = (file.file_no, file.log, file.staged_key, file.key, file.size, file.etag, file.rows, file.sha256)
            self._execute(_INSERT_FILE, (window_id, partition_no, *named))

    def window_files(self, window_id: int) -> list[ExportFile]:
        """Return all files of a window."""
        rows = self._rows(
            "SELECT partition_no, file_no, log, staged_key, key, size, etag, rows, sha256, state, published_at "
            "FROM cdp.export_file WHERE window_id = %s ORDER BY partition_no, file_no",
            (window_id,),
        )
        return [ExportFile(**row) for row in rows]

    def mark_published(self, window_id: int, partition_no: int, file_no: int, obj: StoredObject) -> None:
        """Write down the published object of a file; doing it again is a no-op.

        :raises WindowAbandonedError: if the ledger does not know the file, or publishing was not started.
        """
        moved = self._execute(
            "UPDATE cdp.export_file AS f SET state = 'published', size = %s, etag = %s, published_at = %s "
            "FROM cdp.export_window AS w WHERE f.window_id = w.window_id AND w.state IN ('publishing', 'published') "
            "AND f.window_id = %s AND f.partition_no = %s AND f.file_no = %s AND f.key = %s",
            (obj.size, obj.etag, obj.modified, window_id, partition_no, file_no, obj.key),
        )
        if not moved:
            raise WindowAbandonedError(
                f"{obj.key} is no file of window {window_id} that is being published. The ledger is unchanged. Clear "
                f"file_transfer."
            )
