from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import psycopg
import pytest

from campaign_cdp.exceptions import WindowAbandonedError, WindowUnfinishedError
from campaign_cdp.file_sets import StoredObject
from campaign_cdp.hooks.campaign.key_tables import exists, key_table
from campaign_cdp.ledger.store import Ledger, StagedFile, Window, WindowState
from campaign_cdp.ledger.window_states import WINDOW_BEFORE, before_window
from campaign_cdp.windows import LogWindow, Watermark
from tests.ledger.conftest import Connect, waits_for

FEED = "events"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
BOUNDS = (LogWindow("delivery", None, NOON), LogWindow("tracking", NOON - DAY, NOON))
FILE = StagedFile(1, "delivery", "staging/a.csv.gz", "out/a.csv.gz", 10, "e1", 5, "abc")
TO_DONE = ("staged", "publishing", "published", "done")
OpenWindow = Callable[..., Window]


def settings(**changes: Any) -> dict[str, Any]:
    return {"feed": FEED, "dag_run_id": "run1", "bounds": BOUNDS, "config_hash": "h1", **changes}


def move(ledger: Ledger, window: Window, until: str) -> None:
    for state in TO_DONE[: TO_DONE.index(until) + 1]:
        ledger.finish_window(window.window_id, state)


@pytest.fixture
def open_window(conn: psycopg.Connection, ledger: Ledger) -> OpenWindow:
    """Open a window with tables of keys."""

    def opened(dag_run_id: str = "run1", **changes: Any) -> Window:
        window = ledger.open_window(**settings(dag_run_id=dag_run_id, **changes)).window
        for bound in window.bounds:
            conn.execute(f"CREATE TABLE {key_table(window.window_id, bound.log).as_string(conn)} (log_id bigint)")
        return window

    return opened


def remembered(conn: psycopg.Connection, window: Window) -> list[str]:
    return [bound.log for bound in window.bounds if exists(conn, window.window_id, bound.log)]


# -- Opening ------------------------------------------------------------------------------------------------------------


def test_opened_window_remembers_its_bounds(ledger: Ledger) -> None:
    opened = ledger.open_window(**settings())

    assert opened.is_new
    assert (opened.window.bounds, opened.window.upper) == (BOUNDS, NOON)
    assert opened.window.is_unseen
    assert ledger.window_of(FEED, "run1") == ledger.guard_window(opened.window.window_id) == opened.window
    assert ledger.windows(FEED) == ledger.windows() == [opened.window]
    assert opened.window.to_json()["bounds"][0] == {"log": "delivery", "lower": None, "upper": NOON.isoformat()}


@pytest.mark.parametrize("until", [None, *TO_DONE])
def test_opening_again_goes_on_with_the_same_window_and_its_first_bounds(ledger: Ledger, until: str | None) -> None:
    first = ledger.open_window(**settings()).window
    if until:
        move(ledger, first, until)

    again = ledger.open_window(**settings(bounds=[LogWindow("delivery", NOON, NOON + DAY)]))

    assert not again.is_new
    assert (again.window.window_id, again.window.bounds) == (first.window_id, BOUNDS)


@pytest.mark.parametrize("change", [{"config_hash": "h2"}, {"preview": True}, {"backfill": True}], ids=str)
def test_other_settings_start_over_under_a_new_id(
    conn: psycopg.Connection, ledger: Ledger, open_window: OpenWindow, change: dict[str, Any]
) -> None:
    first = open_window()
    ledger.record_window_step(first.window_id, "data_extraction 1", {"rows": 5})

    again = ledger.open_window(**settings(**change))

    assert again.is_new
    assert again.window.window_id != first.window_id
    assert remembered(conn, first) == []
    assert ledger.window_step(again.window.window_id, "data_extraction 1") is None
    with pytest.raises(WindowAbandonedError, match=f"no window {first.window_id}"):
        ledger.guard_window(first.window_id)


@pytest.mark.parametrize("until", ["publishing", "published", "done"])
def test_window_that_aep_may_have_seen_never_starts_over(ledger: Ledger, until: str) -> None:
    first = ledger.open_window(**settings()).window
    move(ledger, first, until)

    assert ledger.open_window(**settings(config_hash="h2", preview=True)).window.window_id == first.window_id


@pytest.mark.parametrize("until", [None, "staged"])
def test_later_dag_run_takes_over_what_aep_has_not_seen(
    conn: psycopg.Connection, ledger: Ledger, open_window: OpenWindow, until: str | None
) -> None:
    first, other = open_window(), open_window("run1", feed="other")
    if until:
        move(ledger, first, until)

    later = ledger.open_window(**settings(dag_run_id="run2"))

    assert later.is_new
    assert remembered(conn, first) == []
    assert remembered(conn, other) == ["delivery", "tracking"]
    with pytest.raises(WindowAbandonedError, match=r"ACR-352 Window .* is abandoned \(Dag run run2 took over\)"):
        ledger.guard_window(first.window_id)


@pytest.mark.parametrize("until", ["publishing", "published"])
def test_later_dag_run_waits_for_one_that_published(ledger: Ledger, open_window: OpenWindow, until: str) -> None:
    first = open_window()
    move(ledger, first, until)

    with pytest.raises(WindowUnfinishedError, match=rf"ACR-351 events: Dag run run1 published .*\({until}\)"):
        ledger.open_window(**settings(dag_run_id="run2"))

    ledger.finish_window(first.window_id, "published")
    ledger.finish_window(first.window_id, "done")
    assert ledger.open_window(**settings(dag_run_id="run2")).is_new


def test_abandoned_dag_run_that_is_cleared_takes_a_new_window(ledger: Ledger) -> None:
    first = ledger.open_window(**settings()).window
    move(ledger, ledger.open_window(**settings(dag_run_id="run2")).window, "done")

    again = ledger.open_window(**settings())

    assert again.is_new
    assert again.window.window_id > first.window_id


def test_zombie_cannot_publish_once_another_dag_run_took_over(connect: Connect) -> None:
    zombie, taker = connect(), connect()
    window = Ledger(taker).open_window(**settings()).window
    Ledger(taker).finish_window(window.window_id, "staged")
    taker.commit()
    Ledger(zombie).guard_window(window.window_id)  # passes: nothing happened yet

    Ledger(taker).open_window(**settings(dag_run_id="run2"))
    with ThreadPoolExecutor(1) as pool:
        publishing = pool.submit(Ledger(zombie).start_publishing, window.window_id)
        while not waits_for(zombie, taker):
            assert not publishing.done(), "the zombie did not wait"
        taker.commit()

        with pytest.raises(WindowAbandonedError, match="run2 took over"):
            publishing.result(timeout=10)


def test_database_holds_a_feed_to_one_window_under_way(conn: psycopg.Connection, ledger: Ledger) -> None:
    ledger.open_window(**settings())

    with pytest.raises(psycopg.errors.UniqueViolation):
        conn.execute(
            "INSERT INTO cdp.export_window (feed, dag_run_id, config_hash, preview, backfill, state) "
            "VALUES (%s, 'run9', 'h', false, false, 'planned')",
            (FEED,),
        )


def test_missing_window_is_told_with_what_to_clear(ledger: Ledger) -> None:
    with pytest.raises(WindowAbandonedError, match=r"Dag run run1 of events has no window.*incremental_query"):
        ledger.window_of(FEED, "run1")


# -- States -------------------------------------------------------------------------------------------------------------


def test_database_holds_windows_to_the_same_rule_as_the_code(conn: psycopg.Connection) -> None:
    allowed = set()
    for old, new in product(WindowState, repeat=2):
        try:
            with conn.transaction(force_rollback=True):
                conn.execute(
                    "INSERT INTO cdp.export_window (feed, dag_run_id, config_hash, preview, backfill, state) "
                    "VALUES ('f', 'r', 'h', false, false, %s)",
                    (old,),
                )
                conn.execute("UPDATE cdp.export_window SET state = %s", (new,))
            allowed.add((old.value, new.value))
        except psycopg.errors.CheckViolation:
            continue

    assert allowed == {(old, new.value) for new in WindowState for old in before_window(new)}


def test_no_state_of_a_window_is_ever_reached_again() -> None:
    def ancestors(state: WindowState) -> set[WindowState]:
        return set(WINDOW_BEFORE[state]).union(*(ancestors(old) for old in WINDOW_BEFORE[state]))

    assert [state for state in WINDOW_BEFORE if state in ancestors(state)] == []


def test_publishing_needs_staged_files_and_done_needs_published_ones(ledger: Ledger) -> None:
    window = ledger.open_window(**settings()).window

    for state in ("publishing", "published", "done"):
        with pytest.raises(WindowAbandonedError, match=f"is planned; it cannot become {state}"):
            ledger.finish_window(window.window_id, state)


def test_counts_are_kept_and_added_to(ledger: Ledger) -> None:
    window = ledger.open_window(**settings()).window
    ledger.record_selected(window.window_id, {"delivery": {"sent": 3, "failed": 1}, "tracking": {"open": 0}})
    ledger.finish_window(window.window_id, "staged", {"files": 2})
    ledger.finish_window(window.window_id, "staged")

    assert ledger.window(window.window_id).counts == {
        "delivery/sent": 3, "delivery/failed": 1, "tracking/open": 0, "files": 2,
    }  # fmt: skip
    assert ledger.selected(window.window_id) == {"delivery": 4, "tracking": 0}


def test_preview_keeps_no_keys(conn: psycopg.Connection, ledger: Ledger, open_window: OpenWindow) -> None:
    window = open_window(preview=True)

    ledger.finish_window(window.window_id, "previewed", {"sent": 3})

    assert remembered(conn, window) == []
    assert not ledger.open_window(**settings(preview=True)).is_new
    assert ledger.open_window(**settings(dag_run_id="run2")).is_new


# -- Watermarks and memory ----------------------------------------------------------------------------------------------


def done(ledger: Ledger, window: Window) -> Window:
    move(ledger, window, "done")
    ledger.advance_watermarks(window)
    return window


def test_first_window_sets_watermark_and_floor_later_ones_the_watermark(ledger: Ledger) -> None:
    assert ledger.watermarks(FEED) == {}
    done(ledger, ledger.open_window(**settings()).window)
    assert ledger.watermarks(FEED) == {"delivery": Watermark(NOON), "tracking": Watermark(NOON, floor=NOON - DAY)}

    later = [LogWindow(log, NOON - DAY, NOON + DAY) for log in ("delivery", "tracking")]
    done(ledger, ledger.open_window(**settings(dag_run_id="run2", bounds=later)).window)

    assert ledger.watermarks(FEED)["tracking"] == Watermark(NOON + DAY, floor=NOON - DAY)
    assert ledger.watermarks("other") == {}


def test_watermark_never_goes_back(ledger: Ledger) -> None:
    done(ledger, ledger.open_window(**settings()).window)
    earlier = [LogWindow("delivery", NOON - 3 * DAY, NOON - 2 * DAY)]
    done(ledger, ledger.open_window(**settings(dag_run_id="run2", bounds=earlier)).window)

    assert ledger.watermarks(FEED)["delivery"].value == NOON


@pytest.mark.parametrize("kind", ["backfill", "preview"])
def test_backfill_and_preview_move_no_watermark(ledger: Ledger, kind: str) -> None:
    done(ledger, ledger.open_window(**settings(**{kind: True})).window)

    assert ledger.watermarks(FEED) == {}


def test_keys_are_dropped_once_no_window_reaches_back_and_none_ever_will(
    conn: psycopg.Connection, ledger: Ledger, open_window: OpenWindow
) -> None:
    first = done(ledger, open_window())
    second = done(ledger, open_window("run2", bounds=[LogWindow(b.log, NOON - DAY, NOON + DAY) for b in BOUNDS]))  # fmt: skip

    assert ledger.drop_old_keys(FEED, {"delivery": NOON - DAY, "tracking": NOON}) == 1
    assert ledger.drop_old_keys(FEED, {"delivery": NOON - DAY, "tracking": NOON}) == 0

    assert (remembered(conn, first), remembered(conn, second)) == (["delivery"], ["delivery", "tracking"])
    assert ledger.watermarks(FEED) == {
        "delivery": Watermark(NOON + DAY), "tracking": Watermark(NOON + DAY, floor=NOON),
    }  # fmt: skip


def test_keys_of_a_backfill_stay_as_long_as_those_of_the_run_before(
    conn: psycopg.Connection, ledger: Ledger, open_window: OpenWindow
) -> None:
    done(ledger, open_window())
    past = [LogWindow("delivery", NOON - 90 * DAY, NOON - 89 * DAY)]
    backfill = done(ledger, open_window("run2", bounds=past, backfill=True))

    ledger.drop_old_keys(FEED, {"delivery": NOON - DAY})
    assert remembered(conn, backfill) == ["delivery"]
    ledger.drop_old_keys(FEED, {"delivery": NOON})
    assert remembered(conn, backfill) == []


def test_keys_of_an_unfinished_window_and_of_other_feeds_stay(
    conn: psycopg.Connection, ledger: Ledger, open_window: OpenWindow
) -> None:
    unfinished, other = open_window(), done(ledger, open_window(feed="other"))

    assert ledger.drop_old_keys(FEED, {"delivery": NOON + DAY}) == 0
    assert remembered(conn, unfinished) == remembered(conn, other) == ["delivery", "tracking"]


# -- Steps and files ----------------------------------------------------------------------------------------------------


def test_step_is_recorded_with_its_counts(ledger: Ledger) -> None:
    window_id = ledger.open_window(**settings()).window.window_id
    with pytest.raises(WindowAbandonedError, match="Step data_extraction 1 of window"):
        ledger.required_window_step(window_id, "data_extraction 1")

    ledger.record_window_step(window_id, "data_extraction 1", {"rows": 1})
    ledger.record_window_step(window_id, "data_extraction 1", {"rows": 2})

    assert ledger.required_window_step(window_id, "data_extraction 1") == {"rows": 2}
    assert ledger.window_steps(window_id) == {"data_extraction 1": {"rows": 2}}


def test_files_are_listed_by_partition(ledger: Ledger) -> None:
    window_id = ledger.open_window(**settings()).window.window_id
    ledger.record_files(window_id, 2, [StagedFile(1, "tracking", "staging/t", "out/t", 1, "t", 1)])
    ledger.record_files(window_id, 1, [FILE])

    files = ledger.window_files(window_id)

    assert [(f.partition_no, f.file_no, f.key, f.sha256, f.is_published) for f in files] == [
        (1, 1, "out/a.csv.gz", "abc", False), (2, 1, "out/t", None, False),
    ]  # fmt: skip


def test_published_file_has_what_the_store_says_of_it(ledger: Ledger) -> None:
    window = ledger.open_window(**settings()).window
    ledger.record_files(window.window_id, 1, [FILE])
    published = StoredObject(FILE.key, 10, "e1-copy", NOON)
    with pytest.raises(WindowAbandonedError, match="no file of window"):
        ledger.mark_published(window.window_id, 1, 1, published)  # publishing has not started

    ledger.finish_window(window.window_id, "staged")
    ledger.start_publishing(window.window_id)
    for _ in range(2):
        ledger.mark_published(window.window_id, 1, 1, published)

    (file,) = ledger.window_files(window.window_id)
    assert (file.is_published, file.etag, file.published_at) == (True, "e1-copy", NOON)
    with pytest.raises(WindowAbandonedError, match="no file of window"):
        ledger.mark_published(window.window_id, 1, 1, StoredObject("out/other", 10, "e", NOON))


@pytest.mark.parametrize("until", ["publishing", "published", "done"])
def test_no_file_is_added_once_aep_may_have_seen_others(ledger: Ledger, until: str) -> None:
    window = ledger.open_window(**settings()).window
    ledger.record_files(window.window_id, 1, [FILE])
    move(ledger, window, until)

    with pytest.raises(WindowAbandonedError, match=f"is {until}; this task did nothing"):
        ledger.record_files(window.window_id, 1, [FILE])


def test_final_key_belongs_to_one_file_for_ever(ledger: Ledger) -> None:
    window_id = ledger.open_window(**settings()).window.window_id
    ledger.record_files(window_id, 1, [FILE])

    with pytest.raises(psycopg.errors.UniqueViolation):
        ledger.record_files(window_id, 2, [FILE])
