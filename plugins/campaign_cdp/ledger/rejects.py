"""Rejected lines of a run, streamed both ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from psycopg.rows import args_row

from campaign_cdp.ledger.records import RejectRecord
from campaign_cdp.ledger.session import LedgerSession
from campaign_cdp.rows.rejects import Reject

_COPY: Final = "COPY cdp.reject (run_id, part_no, line_no, column_name, code, value) FROM STDIN"
_SELECT: Final = (
    "SELECT part_no, line_no, column_name, code, value, replayed_by FROM cdp.reject WHERE run_id = %s "
    "ORDER BY part_no, coalesce(line_no, 9223372036854775807)"  # as the index has it: none is sorted
)
_FETCH_ROWS: Final = 2_000


class Rejects(LedgerSession):
    def add_rejects(self, run_id: int, part_no: int, rejects: Iterable[Reject]) -> int:
        """Stream rejected lines of a part into the ledger; returns how many."""
        count = 0
        with self._conn.cursor() as cursor, cursor.copy(_COPY) as copy:
            for count, reject in enumerate(rejects, start=1):  # noqa: B007
                copy.write_row((run_id, part_no, reject.line_no, reject.column, reject.code.value, reject.value))
        return count

    def delete_rejects(self, run_id: int, part_no: int) -> int:
        """Delete the rejected lines of a part, before it is loaded again; returns how many."""
        return self._execute("DELETE FROM cdp.reject WHERE run_id = %s AND part_no = %s", (run_id, part_no))

    def iter_rejects(self, run_id: int) -> Iterator[RejectRecord]:
        """Yield all rejected lines in file order, in constant memory, while the transaction is open."""
        name = f"rejects_of_run_{run_id}"
        with self._conn.cursor(name, row_factory=args_row(RejectRecord)) as cursor:
            cursor.itersize = _FETCH_ROWS
            yield from cursor.execute(_SELECT, (run_id,))

    def reject_summary(self, run_id: int) -> dict[str, int]:
        """Return the number of rejected lines by code, most frequent first."""
        rows = self._rows(
            "SELECT code, count(*) AS lines FROM cdp.reject WHERE run_id = %s GROUP BY code ORDER BY lines DESC, code",
            (run_id,),
        )
        return {row["code"]: row["lines"] for row in rows}

    def top_rejects(self, run_id: int, n: int) -> list[tuple[str, int]]:
        """Return the ``n`` most frequent codes with their number of lines."""
        return list(self.reject_summary(run_id).items())[:n]
