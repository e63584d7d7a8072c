from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from campaign_cdp.exceptions import EmptyFileError, RunAbandonedError, SyncDataError
from campaign_cdp.ledger.store import Ledger, Run, RunState
from tests.ledger.samples import FEED, file_set

OpenRun = Callable[..., Run]


def audits(conn: psycopg.Connection) -> list[tuple[str, str, str, dict[str, object]]]:
    return conn.execute("SELECT actor, action, subject, detail FROM cdp.audit ORDER BY audit_id").fetchall()


def known_states(ledger: Ledger) -> set[str | None]:
    return {known.state for known in ledger.known(FEED, [obj for _, obj in ledger.runs(FEED)[-1].files()]).values()}


@pytest.fixture
def quarantined(ledger: Ledger, open_run: OpenRun) -> Run:
    run = open_run()
    ledger.quarantine(run.run_id, EmptyFileError("no bytes"))
    return run


def test_released_file_set_is_new_to_the_search(ledger: Ledger, quarantined: Run) -> None:
    assert known_states(ledger) == {"quarantined"}

    assert ledger.release(quarantined.run_id, actor="ann").state is RunState.RELEASED

    assert known_states(ledger) == {None}


def test_superseded_file_set_is_settled_for_the_search(ledger: Ledger, quarantined: Run) -> None:
    assert ledger.mark_superseded(quarantined.run_id, actor="ann").state is RunState.SUPERSEDED

    assert known_states(ledger) == {"superseded"}


@pytest.mark.parametrize(("action", "state"), [("release", "released"), ("mark_superseded", "superseded")])
def test_each_is_done_and_written_down_once(
    ledger: Ledger, conn: psycopg.Connection, quarantined: Run, action: str, state: str
) -> None:
    for actor in ("ann", "bob"):
        getattr(ledger, action)(quarantined.run_id, actor=actor)

    detail = {"run_id": quarantined.run_id, "before": "quarantined", "error_code": "ACR-303"}
    assert audits(conn) == [("ann", f"mark {state}", FEED, detail)]


def test_tasks_of_a_released_run_do_nothing_more(ledger: Ledger, quarantined: Run) -> None:
    ledger.release(quarantined.run_id, actor="ann")

    with pytest.raises(RunAbandonedError, match="is released"):
        ledger.guard(quarantined.run_id)


def test_cleared_dag_run_of_a_released_file_set_starts_over(
    ledger: Ledger, open_run: OpenRun, quarantined: Run
) -> None:
    ledger.release(quarantined.run_id, actor="ann")

    assert open_run().run_id != quarantined.run_id


def test_what_was_released_can_still_be_skipped(ledger: Ledger, quarantined: Run) -> None:
    ledger.release(quarantined.run_id, actor="ann")
    ledger.mark_superseded(quarantined.run_id, actor="ann")

    assert known_states(ledger) == {"superseded"}
    with pytest.raises(SyncDataError, match="is superseded; only what is quarantined can be released"):
        ledger.release(quarantined.run_id, actor="ann")


def test_abandoned_file_set_is_skipped_but_not_released(ledger: Ledger, open_run: OpenRun) -> None:
    run = open_run()
    open_run("run2", file_set=file_set("b"))

    with pytest.raises(SyncDataError, match="is abandoned"):
        ledger.release(run.run_id, actor="ann")
    ledger.mark_superseded(run.run_id, actor="ann")

    assert known_states(ledger) == {"superseded"}


@pytest.mark.parametrize(
    ("action", "state"),
    [
        ("release", "open"),
        *((action, state) for action in ("release", "mark_superseded") for state in ("previewed", "applied", "ended")),
    ],
)
def test_other_states_are_refused_and_stay(
    ledger: Ledger, conn: psycopg.Connection, open_run: OpenRun, action: str, state: str
) -> None:
    run = open_run()
    for step in {"open": [], "ended": ["applied", "ended"]}.get(state, [state]):
        ledger.finish(run.run_id, step, {})

    with pytest.raises(SyncDataError, match=f"is {state}; only what is"):
        getattr(ledger, action)(run.run_id, actor="ann")

    assert (ledger.run(run.run_id).state, audits(conn)) == (state, [])


@pytest.mark.parametrize("action", ["release", "mark_superseded"])
def test_file_set_that_another_run_applied_is_refused(ledger: Ledger, open_run: OpenRun, action: str) -> None:
    first = open_run()
    ledger.quarantine(first.run_id, EmptyFileError("no bytes"))
    other = open_run("run2")
    ledger.finish(other.run_id, "applied", {})

    with pytest.raises(SyncDataError, match=f"that run {other.run_id} has applied"):
        getattr(ledger, action)(first.run_id, actor="ann")


@pytest.mark.parametrize("action", ["release", "mark_superseded"])
def test_replay_is_refused(ledger: Ledger, open_run: OpenRun, action: str) -> None:
    original = open_run()
    ledger.finish(original.run_id, "applied", {})
    replay = open_run("run2", file_set=file_set("b"), replay_of=original.run_id)
    ledger.quarantine(replay.run_id, EmptyFileError("no bytes"))

    with pytest.raises(SyncDataError, match="is a replay, which nothing waits for"):
        getattr(ledger, action)(replay.run_id, actor="ann")


def test_missing_run_is_told(ledger: Ledger) -> None:
    with pytest.raises(RunAbandonedError, match="no run 404"):
        ledger.release(404, actor="ann")
