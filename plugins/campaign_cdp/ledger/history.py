"""What was moved out of the folders that AEP and Campaign exchange files in, where to, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from psycopg import sql

from campaign_cdp.exceptions import WindowAbandonedError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.campaign.sql import statement
from campaign_cdp.ledger.records import Run
from campaign_cdp.ledger.runs import Runs
from campaign_cdp.ledger.states import FileState, before_file
from campaign_cdp.ledger.window_records import ExportFile
from campaign_cdp.ledger.windows import Windows

_OBJECTS: Final = ("feed", "keys", "sizes", "etags")
_SUPERSEDED: Final = sql.SQL(
    "r.feed = %(feed)s AND r.run_id IN "
    "(SELECT f.run_id FROM cdp.sync_file AS f WHERE f.feed = %(feed)s AND f.state = 'superseded')"
)


class History(Runs, Windows):
    def historised(self, run_id: int, part_no: int, moved: StoredObject | None) -> None:
        """Write down where a file of a run was moved to; doing it again keeps when it was.

        :param moved: ``None`` if it was not there any more, or another version was.
        :raises RunAbandonedError: if it is not settled yet.
        """
        done = self._execute(
            "UPDATE cdp.sync_file SET state = 'historised', historised_key = coalesce(%s, historised_key), "
            "historised_etag = coalesce(%s, historised_etag), historised_at = coalesce(historised_at, now()) "
            "WHERE run_id = %s AND part_no = %s AND state = ANY(%s)",
            (*_place(moved), run_id, part_no, before_file(FileState.HISTORISED)),
        )
        if not done:
            self._refuse(self.run(run_id))

    def superseded_runs(self, feed: str, limit: int) -> list[Run]:
        """Return file sets that will never be applied and are still where AEP wrote them."""
        return self._select(_SUPERSEDED, {"feed": feed}, limit)

    def imports_historised_at(self, feed: str, objects: Sequence[StoredObject]) -> dict[str, datetime]:
        """Return when objects of an import's history were moved there, by key; whatever is not ours is left out."""
        return self._historised_at("ledger/historised_imports", feed, objects)

    def published_files(self, feed: str, after: timedelta, limit: int) -> list[tuple[int, ExportFile]]:
        """Return the oldest files of finished windows that were published longer ago, each with its window's id."""
        parts = {"feed": sql.Literal(feed), "after": sql.Literal(after), "how_many": sql.Literal(limit)}
        rows = self._rows(statement("ledger/published_files", **parts))
        return [(row.pop("window_id"), ExportFile(**row)) for row in rows]

    def export_historised(self, window_id: int, file: ExportFile, moved: StoredObject | None) -> None:
        """Write down where a published file was moved to; doing it again keeps when it was.

        :param moved: ``None`` if it was not there any more, or another version was.
        :raises WindowAbandonedError: if it is not a published file of a finished window.
        """
        done = self._execute(
            "UPDATE cdp.export_file AS f SET state = 'historised', historised_key = coalesce(%s, historised_key), "
            "historised_etag = coalesce(%s, historised_etag), historised_at = coalesce(historised_at, now()) "
            "FROM cdp.export_window AS w WHERE f.window_id = w.window_id AND w.state = 'done' "
            "AND f.state IN ('published', 'historised') "
            "AND f.window_id = %s AND f.partition_no = %s AND f.file_no = %s",
            (*_place(moved), window_id, file.partition_no, file.file_no),
        )
        if not done:
            raise WindowAbandonedError(
                f"{file.key} is no published file of a finished window {window_id}. The ledger is unchanged. Clear end."
            )

    def exports_historised_at(self, feed: str, objects: Sequence[StoredObject]) -> dict[str, datetime]:
        """Return when objects of an export's history were moved there, by key; whatever is not ours is left out."""
        return self._historised_at("ledger/historised_exports", feed, objects)

    def _historised_at(self, name: str, feed: str, objects: Sequence[StoredObject]) -> dict[str, datetime]:
        if not objects:
            return {}
        keys, sizes, etags = zip(*(obj.identity for obj in objects), strict=True)
        values = {"feed": feed, "keys": list(keys), "sizes": list(sizes), "etags": list(etags)}
        query = statement(name, **{part: sql.Placeholder(part) for part in _OBJECTS})
        return {row["key"]: row["historised_at"] for row in self._rows(query, values)}


def _place(moved: StoredObject | None) -> tuple[str | None, str | None]:
    return (moved.key, moved.etag) if moved else (None, None)
