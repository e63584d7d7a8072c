"""A worker may die, hang or be cut off in any task; Airflow's retry must lead to the same.

These are a few dozen of the hundreds of kills and disturbances of ``make chaos``: every task once, on storages in turn.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from random import Random

import pytest

from tests.chaos.child import Moment
from tests.chaos.compare import compare
from tests.chaos.disturb import broken, database_restart, disturb, full, storage_restart
from tests.chaos.full import SmallServer
from tests.chaos.matrix import kill_of, strike
from tests.chaos.stand import Stand
from tests.chaos.walk import Kill

ZONES = ("s3", "azure_blob", "sftp")
STEPS = (
    *(("import", name) for name in ("file_transfer", "file_transfer trigger", "file_transfer resumed")),
    *(("import", name) for name in ("data_loading 1", "data_loading 2", "deduplication", "reconciliation")),
    *(("import", name) for name in ("update_data", "end")),
    *(("export", name) for name in ("incremental_query", "data_extraction 1", "data_extraction 4", "file_transfer")),
    *(("export", name) for name in ("landing_check", "landing_check trigger", "landing_check resumed", "end")),
)


@pytest.mark.parametrize("direction", ["import", "export"])
def test_every_storage_leads_to_the_same(prepared, direction):
    first, *others = (prepared(direction, zone).expected for zone in (*ZONES, "local"))

    for states in others:
        for one, other in zip(first, states, strict=True):
            assert compare(one, other).detail == ()


@pytest.mark.parametrize(
    ("number", "direction", "step"),
    [pytest.param(n, *each, id=f"{each[0]}-{each[1]}-{ZONES[n % 3]}") for n, each in enumerate(STEPS)],
)
def test_a_killed_task_ends_like_an_undisturbed_one(stand, prepared, number, direction, step):
    history = prepared(direction, ZONES[number % 3])
    kill = replace(kill_of(Random(number), step, history.measures[step]), twin=False)

    row = strike(stand, number, history, kill, apart=False)

    assert (row.outcome, row.detail) == ("same", "")


@pytest.mark.parametrize(("direction", "step"), [("import", "update_data"), ("export", "file_transfer")])
def test_a_task_that_was_thought_dead_and_is_not_does_no_harm(stand, prepared, direction, step):
    history = prepared(direction, "sftp")

    row = strike(
        stand, 0, history, Kill(step, Moment("event", history.measures[step].events // 2), twin=True), apart=False
    )

    assert row.outcome == "same", row


def test_a_task_goes_on_after_the_database_crashed(stand, prepared):
    history = prepared("import", "sftp")

    row = disturb(stand, history, database_restart(stand, history, "deduplication", 0.5), apart=False)

    assert row.outcome == "same", row
    assert "the Dag run was cleared" in row.detail, "its work tables are not logged"


def test_a_task_goes_on_after_its_storage_was_restarted(stand, prepared):
    history = prepared("export", "sftp")

    row = disturb(stand, history, storage_restart(stand, history, "file_transfer", 0.5), apart=False)

    assert row.outcome == "same", row


@pytest.mark.parametrize(
    ("direction", "zone", "step", "what", "cut_after", "stall"),
    [
        ("import", "azure_blob", "update_data", "database", 2500, 0),
        ("export", "sftp", "file_transfer", "storage", 1000, 0),
        ("import", "sftp", "data_loading 1", "storage", 2500, 1),
        ("export", "azure_blob", "data_extraction 1", "database", 3000, 1),
    ],
)
def test_a_broken_or_hanging_connection_is_worth_a_retry(
    stand, prepared, direction, zone, step, what, cut_after, stall
):
    history = prepared(direction, zone)

    row = disturb(stand, history, broken(stand, history, step, what, cut_after, stall), apart=False)

    assert row.outcome == "same", row


def test_a_full_disk_costs_only_time(stand, prepared, tmp_path):
    if reason := SmallServer.why_not():
        pytest.skip(f"no mount of its own: {reason}")
    with ExitStack() as stack:
        small = Stand(stand.postgres, {"sftp": stack.enter_context(SmallServer(tmp_path))})

        row = disturb(small, prepared("export", "sftp"), full(small, "storage full", "data_extraction 1"), apart=False)

    assert (row.outcome, "ACR-410" in row.detail) == ("same", True), row
