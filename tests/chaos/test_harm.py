"""The harness sees harm: what is lost, doubled or stuck in a run that is broken on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import psycopg
import pytest
from psycopg import sql

from campaign_cdp.hooks.campaign.events import EventDatabase
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.operators.update_data import ApplyAudienceOperator
from tests.chaos.child import Child, Moment
from tests.chaos.compare import Harm, compare, holding, rewritten
from tests.chaos.matrix import outcome_of, strike
from tests.chaos.report import result
from tests.chaos.stand import Prepared
from tests.chaos.walk import Kill, walk


@pytest.fixture(scope="module")
def prepared(local_stand) -> Callable[[str], Prepared]:
    return cache(lambda direction: local_stand.prepare(direction, "local"))


@pytest.fixture
def done(local_stand, prepared) -> Iterator[Callable[[str], tuple]]:
    """An undisturbed run that is done, and what it is compared with."""
    copies = []

    def copy(direction):
        context = local_stand.copy(prepared(direction))
        copies.append(context)
        scenario = context.__enter__()
        walk(scenario.steps("run1"), apart=False)
        return scenario, prepared(direction).expected[0]

    yield copy
    for context in copies:
        context.__exit__(None, None, None)


def test_rows_that_are_missing_are_lost_and_others_are_doubled(done):
    scenario, expected = done("import")
    assert not compare(expected, scenario.state())

    with psycopg.connect(scenario.dsn) as conn:
        conn.execute("DELETE FROM nmsrcpgrprel WHERE ctid = (SELECT min(ctid) FROM nmsrcpgrprel)")
        conn.execute("INSERT INTO nmsrecipient (irecipientid, semail) VALUES (nextval('xtknewid'), 'ann@x.io')")
        conn.execute("CREATE TABLE cdp.work_99 ()")
    harm = compare(expected, scenario.state())

    assert (harm.lost, harm.doubled, harm.stuck) == (1, 1, 1)
    assert harm.detail[0].startswith("left: work tables + ")


def test_published_files_that_are_doubled_rewritten_or_left_staged_are_seen(done):
    scenario, expected = done("export")
    key, *_ = scenario.place.sizes("done/")
    scenario.place.put("out/events/again.csv.gz", scenario.place.read(key))
    scenario.place.put("staging/events/9/left.csv.gz", b"x")

    harm = compare(expected, scenario.state())
    seen = scenario.seen_by_aep()
    scenario.place.put("out/events/again.csv.gz", scenario.place.read(key))

    events = expected["events"].total() and harm.doubled - 1
    assert (events > 0, harm.lost, harm.stuck) == (True, 0, 1)
    assert rewritten(seen, scenario.seen_by_aep()).doubled == 1


@pytest.mark.parametrize("held", ["SELECT pg_advisory_lock(7)", "SELECT 1"])
def test_locks_and_idle_transactions_hold_on_to_the_database(campaign_dsn, held):
    assert not holding(campaign_dsn)
    with psycopg.connect(campaign_dsn) as conn:
        conn.execute(held)

        assert holding(campaign_dsn, patience=0.1).stuck


def test_an_export_that_forgets_what_it_sent_doubles_events(local_stand, prepared, monkeypatch):
    monkeypatch.setattr(EventDatabase, "_known", lambda self, window_id, name: sql.SQL("FALSE"))

    with local_stand.copy(prepared("export")) as scenario:
        harm = outcome_of(scenario, prepared("export"), "", None, {}, apart=False)

    assert harm.doubled > 10


def test_an_import_that_tells_before_it_is_done_loses_rows(local_stand, prepared, monkeypatch):
    """A step that is recorded in a transaction before that of the work."""

    def too_early(self, context):
        with psycopg.connect(scenario.dsn) as conn:
            ledger = Ledger(conn)
            ledger.record_step(ledger.run_of(self.feed.id, "run1").run_id, "update_data", {"rows": 0})
        return execute(self, context)

    execute = ApplyAudienceOperator.execute
    monkeypatch.setattr(ApplyAudienceOperator, "execute", too_early)
    with local_stand.copy(prepared("import")) as scenario:
        harm = outcome_of(scenario, prepared("import"), "", None, {}, apart=False)

    assert harm.lost or harm.stuck


def test_a_retry_that_fails_is_stuck(local_stand, prepared, monkeypatch):
    def refuse(*_):
        raise ValueError("not twice")

    monkeypatch.setattr(Ledger, "run_of", refuse)
    row = strike(local_stand, 5, prepared("import"), Kill("file_transfer", Moment("event", 100)))

    assert (row.outcome, row.stuck) == ("harmed", 1)
    assert "stuck: data_loading 1 failed: ValueError: not twice" in row.detail
    assert result([row], seed=1, started="", seconds=1)["totals"] == {"kills": 1, "lost": 0, "doubled": 0, "stuck": 1}


def test_a_child_that_does_not_end_is_stopped_and_told_from_a_killed_one():
    ended = Child(lambda: __import__("signal").pause()).ended(time_limit=0.2)

    assert (ended.ok, ended.killed, ended.timed_out) == (False, False, True)


def test_harms_add_up():
    assert Harm(1, 2, 3, ("a",)) + Harm(1, 0, 0, ("b",)) == Harm(2, 2, 3, ("a", "b"))
