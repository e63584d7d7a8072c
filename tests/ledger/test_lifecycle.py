from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from campaign_cdp.exceptions import EmptyFileError, HeaderError, RunAbandonedError
from campaign_cdp.ledger.store import Ledger, Run, RunState
from tests.ledger.conftest import Connect, waits_for
from tests.ledger.samples import FEED, MORNING, file_set

OpenRun = Callable[..., Run]
COUNTS = {"rows": 10, "inserted": 3}


def settings(**changes: object) -> dict[str, object]:
    return {
        "feed": FEED,
        "dag_run_id": "run1",
        "file_set": file_set(),
        "config_hash": "h1",
        "preview": False,
        **changes,
    }


def states(ledger: Ledger, run: Run) -> dict[int, str]:
    return {file.part_no: file.state for file in ledger.files(run.run_id)}


# -- Opening ------------------------------------------------------------------------------------------------------------


def test_opened_run_remembers_its_file_set(ledger: Ledger) -> None:
    opened = ledger.open_run(**settings())

    assert opened.displaced == ()
    assert opened.run.file_set == file_set()
    assert opened.run.is_open
    assert ledger.run_of(FEED, "run1") == ledger.run(opened.run.run_id) == opened.run
    assert states(ledger, opened.run) == {0: "seen", 1: "seen", 2: "seen"}
    assert [(n, obj.name) for n, obj in opened.run.files()] == [(1, "a.csv"), (2, "a_2.csv"), (0, "manifest-a.json")]


def test_file_set_without_manifest_or_without_parts_can_be_opened(ledger: Ledger) -> None:
    bare = ledger.open_run(**settings(file_set=file_set("b", manifest=False))).run
    empty = ledger.open_run(**settings(dag_run_id="run2", file_set=file_set("c", parts=0))).run

    assert bare.file_set == file_set("b", manifest=False)
    assert empty.file_set == file_set("c", parts=0)
    assert states(ledger, empty) == {0: "seen"}


def test_opening_again_goes_on_with_the_same_run(ledger: Ledger) -> None:
    first = ledger.open_run(**settings()).run
    ledger.record_step(first.run_id, "deduplication", {"rows": 1})

    again = ledger.open_run(**settings())

    assert (again.run, again.displaced) == (first, ())
    assert ledger.step(first.run_id, "deduplication") == {"rows": 1}


@pytest.mark.parametrize(
    "change",
    [{"config_hash": "h2"}, {"preview": True}, {"file_set": file_set(version="2")}],
    ids=["config", "preview", "file set"],
)
def test_other_settings_start_over_under_a_new_run_id(ledger: Ledger, change: dict[str, object]) -> None:
    first = ledger.open_run(**settings()).run
    ledger.record_part(first.run_id, 1, rows=5, rejected=0, reject_counts={}, sha256="x")
    ledger.record_step(first.run_id, "deduplication", {"rows": 5})

    again = ledger.open_run(**settings(**change))

    assert again.displaced == (first.run_id,)
    assert again.run.run_id != first.run_id
    assert ledger.part(again.run.run_id, 1) is None
    assert ledger.step(again.run.run_id, "deduplication") is None
    with pytest.raises(RunAbandonedError, match=f"no run {first.run_id}"):
        ledger.guard(first.run_id)


@pytest.mark.parametrize("end", [["applied"], ["applied", "ended"]], ids=["applied", "ended"])
def test_applied_run_never_starts_over(ledger: Ledger, end: list[str]) -> None:
    run = ledger.open_run(**settings()).run
    for state in end:
        ledger.finish(run.run_id, state, COUNTS)

    again = ledger.open_run(**settings(config_hash="h2", preview=True, file_set=file_set("b")))

    assert (again.run.run_id, again.run.counts, again.displaced) == (run.run_id, COUNTS, ())


def test_preview_opened_as_import_starts_over(ledger: Ledger) -> None:
    preview = ledger.open_run(**settings(preview=True)).run
    ledger.finish(preview.run_id, "previewed", COUNTS)

    assert ledger.open_run(**settings(preview=True)).run.run_id == preview.run_id
    assert ledger.open_run(**settings()).displaced == (preview.run_id,)


def test_quarantined_run_starts_over_when_its_dag_run_is_cleared(ledger: Ledger) -> None:
    first = ledger.open_run(**settings()).run
    ledger.quarantine(first.run_id, EmptyFileError("a.csv has no bytes."))

    again = ledger.open_run(**settings())

    assert again.displaced == (first.run_id,)
    assert states(ledger, again.run) == {0: "seen", 1: "seen", 2: "seen"}


def test_later_dag_run_abandons_open_runs_of_its_feed_only(ledger: Ledger) -> None:
    first = ledger.open_run(**settings()).run
    other = ledger.open_run(**settings(feed="silver")).run

    later = ledger.open_run(**settings(dag_run_id="run2"))

    assert later.displaced == (first.run_id,)
    assert ledger.guard(other.run_id).is_open
    with pytest.raises(RunAbandonedError, match=r"ACR-322 Run .* is abandoned \(ACR-322 Dag run run2 took over\)"):
        ledger.guard(first.run_id)


def test_abandoned_run_cannot_be_applied(ledger: Ledger) -> None:
    first = ledger.open_run(**settings()).run
    ledger.open_run(**settings(dag_run_id="run2"))

    with pytest.raises(RunAbandonedError, match="cannot become applied"):
        ledger.finish(first.run_id, "applied", COUNTS)


def test_zombie_that_waits_for_the_feed_cannot_apply_once_another_dag_run_took_over(connect: Connect) -> None:
    zombie, taker = connect(), connect()
    run = Ledger(taker).open_run(**settings()).run
    taker.commit()
    Ledger(zombie).guard(run.run_id)  # passes: nothing happened yet

    Ledger(taker).open_run(**settings(dag_run_id="run2"))
    taker.commit()
    Ledger(zombie).lock_feed(FEED)

    with pytest.raises(RunAbandonedError, match="Dag run run2 took over"):
        Ledger(zombie).finish(run.run_id, "applied", COUNTS)


def test_task_and_its_zombie_open_one_run(connect: Connect) -> None:
    task, zombie = connect(), connect()
    opened = Ledger(task).open_run(**settings())
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(Ledger(zombie).open_run, **settings())
        while not waits_for(zombie, task):
            assert not waiting.done(), "the zombie did not wait"
        task.commit()

        assert waiting.result(timeout=10) == opened


# -- Finishing ----------------------------------------------------------------------------------------------------------


def test_finished_run_keeps_its_counts_and_marks_its_files(ledger: Ledger, open_run: OpenRun) -> None:
    run = open_run()
    ledger.finish(run.run_id, RunState.APPLIED, COUNTS)
    ledger.finish(run.run_id, "ended")
    ledger.finish(run.run_id, "ended")

    assert (ledger.run(run.run_id).state, ledger.run(run.run_id).counts) == (RunState.ENDED, COUNTS)
    assert states(ledger, run) == {0: "applied", 1: "applied", 2: "applied"}


@pytest.mark.parametrize(("first", "then"), [("previewed", "applied"), ("applied", "previewed"), (None, "ended")])
def test_run_never_goes_back_nor_skips_being_applied(
    ledger: Ledger, open_run: OpenRun, first: str | None, then: str
) -> None:
    run = open_run()
    if first:
        ledger.finish(run.run_id, first, COUNTS)

    with pytest.raises(RunAbandonedError, match=f"is {first or 'open'}; it cannot become {then}"):
        ledger.finish(run.run_id, then)


def test_database_refuses_to_apply_one_version_of_a_file_set_twice(conn: psycopg.Connection, ledger: Ledger) -> None:
    run = ledger.open_run(**settings()).run
    conn.execute(
        "INSERT INTO cdp.sync_run (feed, dag_run_id, file_set_id, fingerprint, ordered_at, config_hash, preview, state) "
        "SELECT feed, 'run0', file_set_id, fingerprint, ordered_at, config_hash, preview, 'ended' FROM cdp.sync_run"
    )

    with pytest.raises(RunAbandonedError, match="another run applied the same version"):
        ledger.finish(run.run_id, "applied", COUNTS)


def test_cleared_dag_run_is_told_early_that_another_applied_its_file_set(ledger: Ledger, open_run: OpenRun) -> None:
    open_run("run1")
    ledger.finish(open_run("run2").run_id, "applied", COUNTS)

    with pytest.raises(RunAbandonedError, match="flow-a was applied already by Dag run run2"):
        open_run("run1")


def test_other_versions_other_feeds_and_empty_file_sets_are_applied_on_their_own(ledger: Ledger) -> None:
    for n, change in enumerate(
        [
            {},
            {"feed": "silver"},
            {"file_set": file_set(version="2")},
            {"file_set": file_set(version="1", hour=5)},  # came back after version 2
            {"file_set": file_set("b", parts=0)},
            {"file_set": file_set("c", parts=0)},
        ]
    ):
        run = ledger.open_run(**settings(dag_run_id=f"run{n}", **change)).run
        ledger.finish(run.run_id, "applied", COUNTS)

    assert len(ledger.runs()) == 6


def test_applied_by_finds_exactly_this_version(ledger: Ledger, open_run: OpenRun) -> None:
    run = open_run()
    assert ledger.applied_by(FEED, file_set()) is None

    ledger.finish(run.run_id, "applied", COUNTS)

    found = ledger.applied_by(FEED, file_set())
    assert found is not None
    assert found.run_id == run.run_id
    assert ledger.applied_by(FEED, file_set(version="2")) is None
    assert ledger.applied_by("silver", file_set()) is None


def test_last_applied_is_the_newest_time_not_the_last_run(ledger: Ledger, open_run: OpenRun) -> None:
    assert ledger.last_applied(FEED) is None
    for n, hour in enumerate([5, 1]):
        run = open_run(f"run{n}", file_set=file_set(f"s{n}", hour=hour))
        ledger.finish(run.run_id, "applied", COUNTS)
    open_run("run9", file_set=file_set("later", hour=9))

    assert ledger.last_applied(FEED) == file_set(hour=5).ordered_at
    assert ledger.last_applied("silver") is None


def test_nothing_is_committed_by_the_ledger_itself(connect: Connect) -> None:
    conn = connect()
    run = Ledger(conn).open_run(**settings()).run
    Ledger(conn).finish(run.run_id, "applied", COUNTS)
    conn.rollback()

    assert Ledger(conn).runs() == []


# -- Setting aside ------------------------------------------------------------------------------------------------------


def test_quarantine_keeps_the_first_reason_and_stops_every_task(ledger: Ledger, open_run: OpenRun) -> None:
    run = open_run()
    ledger.record_part(run.run_id, 1, rows=5, rejected=0, reject_counts={}, sha256="x")

    assert ledger.quarantine(run.run_id, EmptyFileError("a_2.csv has no bytes."))
    assert not ledger.quarantine(run.run_id, HeaderError("a.csv has no header."))

    assert states(ledger, run) == {0: "quarantined", 1: "quarantined", 2: "quarantined"}
    with pytest.raises(RunAbandonedError, match=r"is quarantined \(ACR-303 a_2.csv has no bytes.\)"):
        ledger.guard(run.run_id)
    with pytest.raises(RunAbandonedError, match="is quarantined"):
        ledger.record_part(run.run_id, 2, rows=5, rejected=0, reject_counts={}, sha256="x")


def test_applied_run_cannot_be_quarantined(ledger: Ledger, open_run: OpenRun) -> None:
    run = open_run()
    ledger.finish(run.run_id, "applied", COUNTS)

    assert not ledger.quarantine(run.run_id, EmptyFileError("late"))
    assert ledger.run(run.run_id).state is RunState.APPLIED


def test_superseding_is_written_once_per_file_set(ledger: Ledger) -> None:
    older = [file_set("a"), file_set("b", parts=0), file_set("c", parts=0)]
    for each in [*older, *older]:
        ledger.supersede(FEED, each, "run1")

    runs = ledger.runs(FEED)
    assert [run.file_set.id for run in runs] == ["flow-c", "flow-b", "flow-a"]
    assert {run.state for run in runs} == {RunState.SUPERSEDED}
    assert all(run.dag_run_id.startswith("run1#") for run in runs)
    assert states(ledger, runs[-1]) == {0: "superseded", 1: "superseded", 2: "superseded"}
    assert ledger.find_run(FEED, "run1") is None


# -- Looking ------------------------------------------------------------------------------------------------------------


def test_missing_run_is_told_with_what_to_clear(ledger: Ledger) -> None:
    with pytest.raises(RunAbandonedError, match=r"Dag run run1 of gold has no run.*file_transfer"):
        ledger.run_of(FEED, "run1")


def test_runs_come_newest_first_and_are_limited(ledger: Ledger, open_run: OpenRun) -> None:
    ids = [open_run(f"run{n}", file_set=file_set(f"s{n}")).run_id for n in range(3)]
    open_run("other", feed="silver")

    assert [run.run_id for run in ledger.runs(FEED, limit=2)] == [ids[2], ids[1]]
    assert len(ledger.runs()) == 4


def test_starting_over_leaves_a_trace(conn: psycopg.Connection, ledger: Ledger) -> None:
    first = ledger.open_run(**settings()).run
    ledger.open_run(**settings(config_hash="h2"))
    ledger.audit("ann", "approve", "gold", {"run_id": 7})

    rows = conn.execute(
        "SELECT actor, action, subject, detail ->> 'run_id' FROM cdp.audit ORDER BY audit_id"
    ).fetchall()
    assert rows == [
        ("Dag run run1", "start over", "gold", str(first.run_id)),
        ("ann", "approve", "gold", "7"),
    ]


def test_times_are_aware_utc(ledger: Ledger, open_run: OpenRun) -> None:
    assert open_run().file_set.ordered_at == MORNING
    assert open_run().opened_at.tzinfo is not None
