from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg
import pytest

from campaign_cdp.exceptions import RunAbandonedError
from campaign_cdp.ledger.store import Ledger, LoadedPart, Run
from tests.ledger.conftest import Connect, waits_for
from tests.ledger.samples import FEED, file_set

OpenRun = Callable[..., Run]


def load(ledger: Ledger, run: Run, part_no: int, rows: int = 5) -> None:
    ledger.record_part(
        run.run_id, part_no, rows=rows, rejected=2, reject_counts={"bad_email": 2}, sha256=f"sha{part_no}"
    )


# -- Steps --------------------------------------------------------------------------------------------------------------


def test_step_is_recorded_once_with_its_counts(ledger: Ledger, open_run: OpenRun) -> None:
    run = open_run()
    assert ledger.step(run.run_id, "deduplication") is None

    ledger.record_step(run.run_id, "deduplication", {"rows": 5, "duplicates": 0})
    ledger.record_step(run.run_id, "deduplication", {"rows": 5, "duplicates": 1})

    assert ledger.step(run.run_id, "deduplication") == {"rows": 5, "duplicates": 1}
    assert ledger.required_step(run.run_id, "deduplication") == {"rows": 5, "duplicates": 1}
    assert ledger.steps(run.run_id) == {"deduplication": {"rows": 5, "duplicates": 1}}


def test_missing_step_is_told_with_what_to_clear(ledger: Ledger, open_run: OpenRun) -> None:
    with pytest.raises(RunAbandonedError, match=r"Step deduplication of run .* Clear deduplication"):
        ledger.required_step(open_run().run_id, "deduplication")


def test_step_of_a_run_that_started_over_is_refused(ledger: Ledger, open_run: OpenRun) -> None:
    old = open_run()
    open_run(config_hash="h2")

    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        ledger.record_step(old.run_id, "deduplication", {})


def test_killed_task_leaves_no_step(connect: Connect) -> None:
    conn, other = connect(), connect()
    run = Ledger(conn).open_run(feed=FEED, dag_run_id="run1", file_set=file_set(), config_hash="h1", preview=False).run
    conn.commit()
    Ledger(conn).record_step(run.run_id, "deduplication", {"rows": 5})
    conn.close()

    assert Ledger(other).step(run.run_id, "deduplication") is None


# -- Parts --------------------------------------------------------------------------------------------------------------


def test_loaded_parts_add_up(ledger: Ledger, open_run: OpenRun) -> None:
    run = open_run()
    assert ledger.part(run.run_id, 1) is None

    load(ledger, run, 1, rows=5)
    load(ledger, run, 2, rows=7)

    assert ledger.part(run.run_id, 1) == LoadedPart(5, 2)
    assert ledger.loaded_rows(run.run_id) == 12
    assert ledger.rejected_rows(run.run_id) == 4
    first = ledger.files(run.run_id)[1]
    assert (first.state, first.reject_counts, first.sha256) == ("loaded", {"bad_email": 2}, "sha1")


def test_part_loaded_again_replaces_its_counts(ledger: Ledger, open_run: OpenRun) -> None:
    run = open_run(file_set=file_set(parts=1))
    load(ledger, run, 1, rows=5)
    load(ledger, run, 1, rows=6)

    assert ledger.loaded_rows(run.run_id) == 6


def test_loaded_part_stays_known_after_it_is_applied(ledger: Ledger, open_run: OpenRun) -> None:
    run = open_run(file_set=file_set(parts=1))
    load(ledger, run, 1)
    ledger.finish(run.run_id, "applied", {})

    assert ledger.part(run.run_id, 1) == LoadedPart(5, 2)
    with pytest.raises(RunAbandonedError):
        load(ledger, run, 1)


def test_part_that_was_never_loaded_is_not_taken_for_empty(ledger: Ledger, open_run: OpenRun) -> None:
    run = open_run()
    load(ledger, run, 1)

    with pytest.raises(RunAbandonedError, match=r"1 parts of run .* are not loaded"):
        ledger.loaded_rows(run.run_id)


def test_file_set_without_parts_loads_nothing(ledger: Ledger, open_run: OpenRun) -> None:
    run = open_run(file_set=file_set(parts=0))

    assert (ledger.loaded_rows(run.run_id), ledger.rejected_rows(run.run_id)) == (0, 0)


# -- Locks --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lock", [lambda ledger: ledger.lock(1, "part 1"), lambda ledger: ledger.lock_feed(FEED)], ids=["step", "feed"]
)
def test_second_worker_waits_until_the_first_commits(connect: Connect, lock: Callable[[Ledger], None]) -> None:
    first, second = connect(), connect()
    lock(Ledger(first))
    waiter = threading.Thread(target=lock, args=(Ledger(second),))
    waiter.start()
    while not waits_for(second, first):
        assert waiter.is_alive(), "the second got the lock at once"

    first.commit()

    waiter.join(timeout=10)
    assert not waiter.is_alive()


def test_other_parts_runs_and_feeds_do_not_wait(connect: Connect) -> None:
    first, second = Ledger(connect()), connect()
    first.lock(1, "part 1")
    first.lock_feed(FEED)
    second.execute("SET lock_timeout = '1s'")

    Ledger(second).lock(1, "part 2")
    Ledger(second).lock(2, "part 1")
    Ledger(second).lock_feed("silver")
