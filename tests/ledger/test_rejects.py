from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator

import psycopg

from campaign_cdp.ledger.store import Ledger, RejectRecord, Run
from campaign_cdp.rows.rejects import Reject, RejectCode

OpenRun = Callable[..., Run]
MANY = 30_000


def rejects(count: int, first_line: int = 2) -> Iterator[Reject]:
    for line in range(first_line, first_line + count):
        yield Reject(line, RejectCode.BAD_EMAIL, "email", f"xxx\t\\N 'é' {line}")


def test_rejects_come_back_as_written_in_file_order(
    conn: psycopg.Connection, ledger: Ledger, open_run: OpenRun
) -> None:
    run_id = open_run().run_id
    ledger.add_rejects(run_id, 2, [Reject(9, RejectCode.RAGGED_LINE)])
    ledger.add_rejects(
        run_id, 1, [Reject(5, RejectCode.BAD_EMAIL, "email", 'a"\t\n\\N'), Reject(3, RejectCode.TOO_LONG, "x", "")]
    )
    conn.execute("INSERT INTO cdp.reject (run_id, part_no, code) VALUES (%s, 1, 'ambiguous_key')", (run_id,))
    conn.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")  # would sort by accident

    assert list(ledger.iter_rejects(run_id)) == [
        RejectRecord(1, 3, "x", "too_long", ""),
        RejectRecord(1, 5, "email", "bad_email", 'a"\t\n\\N'),
        RejectRecord(1, None, None, "ambiguous_key", None),
        RejectRecord(2, 9, None, "ragged_line", None),
    ]


def test_rejects_are_counted_by_code_most_frequent_first(ledger: Ledger, open_run: OpenRun) -> None:
    run_id = open_run().run_id
    assert ledger.add_rejects(run_id, 1, rejects(3)) == 3
    assert ledger.add_rejects(run_id, 1, []) == 0
    ledger.add_rejects(run_id, 2, [Reject(2, RejectCode.TOO_LONG)])

    assert ledger.reject_summary(run_id) == {"bad_email": 3, "too_long": 1}
    assert ledger.top_rejects(run_id, 1) == [("bad_email", 3)]


def test_rejects_of_one_part_are_deleted_alone(ledger: Ledger, open_run: OpenRun) -> None:
    run_id = open_run().run_id
    ledger.add_rejects(run_id, 1, rejects(3))
    ledger.add_rejects(run_id, 2, rejects(2))

    assert ledger.delete_rejects(run_id, 1) == 3
    assert [reject.part_no for reject in ledger.iter_rejects(run_id)] == [2, 2]


def test_rejects_of_a_run_that_started_over_are_gone(
    conn: psycopg.Connection, ledger: Ledger, open_run: OpenRun
) -> None:
    ledger.add_rejects(open_run().run_id, 1, rejects(3))

    open_run(config_hash="h2")

    assert conn.execute("SELECT count(*) FROM cdp.reject").fetchone() == (0,)


def test_memory_does_not_grow_with_the_number_of_rejects(ledger: Ledger, open_run: OpenRun) -> None:
    run_id = open_run().run_id
    tracemalloc.start()
    try:
        ledger.add_rejects(run_id, 1, rejects(MANY))
        assert sum(1 for _ in ledger.iter_rejects(run_id)) == MANY
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 2_000_000  # all of them at once would be some 10 MB


def test_reading_stops_early_without_harm(ledger: Ledger, open_run: OpenRun) -> None:
    run_id = open_run().run_id
    ledger.add_rejects(run_id, 1, rejects(10))

    stream = ledger.iter_rejects(run_id)
    next(stream)
    stream.close()

    assert ledger.reject_summary(run_id) == {"bad_email": 10}
