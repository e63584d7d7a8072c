from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import psycopg
import pytest

from campaign_cdp.exceptions import StaleFileSetError, SyncDataError
from campaign_cdp.file_sets import FileSet
from campaign_cdp.ledger.replays import OpenReject, ReplayLine
from campaign_cdp.ledger.store import Ledger, Run
from campaign_cdp.rows.rejects import Reject, RejectCode
from tests.ledger.samples import FEED, file_set, stored

OpenRun = Callable[..., Run]
BAD_EMAIL, TOO_LONG = RejectCode.BAD_EMAIL, RejectCode.TOO_LONG


def applied(ledger: Ledger, run: Run) -> Run:
    ledger.finish(run.run_id, "applied", {})
    return ledger.run(run.run_id)


@pytest.fixture
def original(ledger: Ledger, conn: psycopg.Connection, open_run: OpenRun) -> Run:
    """An applied run with rejected lines 3 (twice) and 5 of part 1, 2 of part 2, and an ambiguous key."""
    run = open_run()
    ledger.add_rejects(run.run_id, 2, [Reject(2, TOO_LONG)])
    ledger.add_rejects(run.run_id, 1, [Reject(5, BAD_EMAIL), Reject(3, TOO_LONG), Reject(3, BAD_EMAIL)])
    conn.execute("INSERT INTO cdp.reject (run_id, part_no, code) VALUES (%s, 1, 'ambiguous_key')", (run.run_id,))
    return applied(ledger, run)


@pytest.fixture
def replay(open_run: OpenRun, original: Run) -> Run:
    return open_run("replay1", file_set=replay_set(original), replay_of=original.run_id)


def replay_set(original: Run, tag: str = "a") -> FileSet:
    return FileSet(f"{original.file_set.id}#replay-{tag}", original.file_set.ordered_at, (stored(f"fix_{tag}.csv"),))


def fates(ledger: Ledger, run: Run) -> list[tuple[int, int | None, int | None]]:
    return [(reject.part_no, reject.line_no, reject.replayed_by) for reject in ledger.iter_rejects(run.run_id)]


def test_open_rejects_come_once_a_line_in_file_order(ledger: Ledger, original: Run) -> None:
    assert list(ledger.open_rejects(original.run_id)) == [
        OpenReject(1, 3, "bad_email"),
        OpenReject(1, 5, "bad_email"),
        OpenReject(2, 2, "too_long"),
    ]


def test_replay_settles_the_lines_it_held_and_not_those_it_rejected_again(
    ledger: Ledger, original: Run, replay: Run
) -> None:
    lines = [ReplayLine(2, 1, 3), ReplayLine(4, 1, 5)]
    ledger.record_replay_lines(replay.run_id, original.run_id, lines)
    ledger.add_rejects(replay.run_id, 1, [Reject(4, BAD_EMAIL)])

    assert ledger.mark_replayed(ledger.run(replay.run_id)) == 2, "line 3 has two reasons"
    assert ledger.mark_replayed(ledger.run(replay.run_id)) == 0

    by = replay.run_id
    assert fates(ledger, original) == [(1, 3, by), (1, 3, by), (1, 5, None), (1, None, None), (2, 2, None)]
    assert [reject.line_no for reject in ledger.open_rejects(original.run_id)] == [5, 2]


def test_later_replay_does_not_take_the_credit(ledger: Ledger, open_run: OpenRun, original: Run, replay: Run) -> None:
    ledger.record_replay_lines(replay.run_id, original.run_id, [ReplayLine(2, 1, 3)])
    ledger.mark_replayed(replay)
    applied(ledger, replay)
    again = open_run("replay2", file_set=replay_set(original, "b"), replay_of=original.run_id)
    ledger.record_replay_lines(again.run_id, original.run_id, [ReplayLine(2, 1, 3), ReplayLine(3, 2, 2)])

    assert ledger.mark_replayed(again) == 1
    assert fates(ledger, original)[0] == (1, 3, replay.run_id)


def test_lines_that_stand_for_nothing_are_named(ledger: Ledger, original: Run, replay: Run) -> None:
    lines = [ReplayLine(2, 1, 3), ReplayLine(3, 1, 4), ReplayLine(4, 3, 3), ReplayLine(5, 0, 0)]

    with pytest.raises(SyncDataError, match="the first: 3, 4, 5"):
        ledger.record_replay_lines(replay.run_id, original.run_id, lines)


def test_recording_again_replaces(ledger: Ledger, conn: psycopg.Connection, original: Run, replay: Run) -> None:
    for line_no in (2, 3):
        ledger.record_replay_lines(replay.run_id, original.run_id, [ReplayLine(line_no, 1, 3)])

    assert conn.execute("SELECT line_no FROM cdp.replay_line").fetchall() == [(3,)]


def test_lines_of_a_replay_that_starts_over_are_gone(
    ledger: Ledger, conn: psycopg.Connection, open_run: OpenRun, original: Run, replay: Run
) -> None:
    ledger.record_replay_lines(replay.run_id, original.run_id, [ReplayLine(2, 1, 3)])

    open_run("replay1", file_set=replay_set(original, "b"), replay_of=original.run_id)

    assert conn.execute("SELECT count(*) FROM cdp.replay_line").fetchone() == (0,)


def test_parts_are_where_they_were_moved_to(ledger: Ledger, original: Run) -> None:
    ledger.historised(original.run_id, 1, stored("old/a.csv", "9"))

    parts = ledger.stored_parts(original.run_id)

    assert (parts[1].key, parts[1].etag, parts[1].size) == ("in/old/a.csv", "etag9", 100)
    assert parts[2] == original.file_set.parts[1]


def test_applied_replay_is_refused_whatever_version_its_file_has(ledger: Ledger, original: Run, replay: Run) -> None:
    ledger.refuse_applied_replay(FEED, replay.file_set.id)
    applied(ledger, replay)

    with pytest.raises(SyncDataError, match=f"applied already, by run {replay.run_id}"):
        ledger.refuse_applied_replay(FEED, replay.file_set.id)


def test_newer_file_set_makes_a_replay_stale_unless_accepted(ledger: Ledger, open_run: OpenRun, original: Run) -> None:
    newer = applied(ledger, open_run("run2", file_set=file_set("b", hour=1)))

    with pytest.raises(StaleFileSetError, match=f"Replay the rejects of run {newer.run_id}, or give accept_stale"):
        ledger.replayable(original.run_id, FEED, accept_stale=False)
    applied(ledger, open_run("replay2", file_set=replay_set(newer), replay_of=newer.run_id))
    with pytest.raises(StaleFileSetError, match=f"Replay the rejects of run {newer.run_id}, or give accept_stale"):
        ledger.replayable(original.run_id, FEED, accept_stale=False)
    assert ledger.replayable(original.run_id, FEED, accept_stale=True) == original
    assert ledger.replayable(newer.run_id, FEED, accept_stale=False) == newer


@pytest.mark.parametrize("feed", ["silver", FEED])
def test_only_an_applied_run_of_the_feed_is_replayed(ledger: Ledger, open_run: OpenRun, feed: str) -> None:
    run = open_run(preview=True)
    ledger.finish(run.run_id, "previewed", {})

    with pytest.raises(SyncDataError, match="only rejects of an applied run"):
        ledger.replayable(run.run_id, feed, accept_stale=True)


def test_replay_is_not_replayed(ledger: Ledger, original: Run, replay: Run) -> None:
    applied(ledger, replay)

    with pytest.raises(SyncDataError, match=f"Replay run {original.run_id}, where lines"):
        ledger.replayable(replay.run_id, FEED, accept_stale=False)


def test_replay_is_no_newer_file_set_of_its_feed(ledger: Ledger, original: Run, replay: Run) -> None:
    applied(ledger, replay)

    assert ledger.last_applied(FEED) == original.file_set.ordered_at
    assert ledger.replayable(original.run_id, FEED, accept_stale=False) == original


def test_open_rejects_are_streamed(ledger: Ledger, open_run: OpenRun) -> None:
    run = open_run()
    ledger.add_rejects(run.run_id, 1, (Reject(n, BAD_EMAIL) for n in range(2, 10_002)))

    assert [reject.line_no for reject in islice(ledger.open_rejects(run.run_id), 2)] == [2, 3]
