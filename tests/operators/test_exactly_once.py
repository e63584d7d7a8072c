"""A worker process may be killed at any instruction of any task; clearing the task must lead to the same database.

The run happens in a forked child whose profiler counts what the interpreter does in this package, the database driver
and the storage client, and kills the process at a chosen count. A second child then runs the same Dag run again, as
clearing the failed task does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import pytest

from tests.operators.importing import Import, line
from tests.operators.killing import POINTS, in_child


def feed_with_history(new_import: Callable[..., Import]) -> Import:
    """Two parts with a duplicate across them, a reject, a leaver, a changed, an unchanged and a new person."""
    imports = new_import(historise={"prefix": "done/", "days": 30})
    imports.export([line("ann@x.io", "C1", "Ann"), line("gone@x.io", "C8", "Gone"), line("same@x.io", "C9", "Same")])
    imports.run("run0")
    imports.export(
        [line("ann@x.io", "C1", "Anna"), line("new@x.io", "C2", "New"), line("not-an-address")],
        [line("new@x.io", "C2", "Newer"), line("same@x.io", "C9", "Same")],
        zipped=True,
    )
    return imports


def state_of(imports: Import) -> dict[str, object]:
    """Everything that must be the same, without ids and times, which a sequence and a clock decide."""
    return {
        "recipients": imports.recipients("saccount, semail, sfirstname, scity, iblacklistemail"),
        "members": imports.members(),
        "lists": imports.sql("SELECT sname FROM nmsgroup ORDER BY 1"),
        "runs": imports.sql("SELECT dag_run_id, state, counts FROM cdp.sync_run ORDER BY run_id"),
        "steps": imports.sql("SELECT step, counts FROM cdp.sync_step ORDER BY run_id, step"),
        "files": imports.sql(
            "SELECT part_no, key, state, rows, rejected, sha256 FROM cdp.sync_file ORDER BY run_id, part_no"
        ),
        "rejects": imports.sql("SELECT part_no, line_no, column_name, code, value FROM cdp.reject ORDER BY 1, 2"),
        "work tables": imports.sql("SELECT relname FROM pg_class WHERE relname ~ '^(work|plan|leavers)_'"),
        "storage": sorted((re.sub(r"run_\d+", "run_N", key), size) for key, size in imports.place.sizes().items()),
    }


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, object]:
    """Filled by the first test: how much happens in an undisturbed run, and what it leads to."""
    return {}


@pytest.mark.parametrize("point", range(POINTS))
def test_a_killed_and_cleared_run_ends_like_an_undisturbed_one(new_import, undisturbed, point):
    imports = feed_with_history(new_import)
    if not undisturbed:
        status, undisturbed["events"] = in_child(lambda: imports.run("run1"), counting=True)
        assert status == 0
        undisturbed["state"] = state_of(imports)
        assert undisturbed["events"] > POINTS, "the profiler must have seen the run"
        imports = feed_with_history(new_import)
    kill_at = 1 + undisturbed["events"] * (2 * point + 1) // (2 * POINTS)

    killed, _ = in_child(lambda: imports.run("run1"), kill_at)
    again, _ = in_child(lambda: imports.run("run1"))

    assert os.WIFSIGNALED(killed)
    assert again == 0
    assert state_of(imports) == undisturbed["state"]


def test_clearing_a_finished_run_changes_nothing(new_import):
    imports = feed_with_history(new_import)
    imports.run("run1")
    before = state_of(imports), imports.recipients("*")

    imports.run("run1")

    assert (state_of(imports), imports.recipients("*")) == before


def test_replaced_file_under_the_same_name_is_a_new_version(new_import):
    imports = new_import()
    imports.export([line("ann@x.io", name="Ann")])
    imports.run("run0")
    imports.exports -= 1
    imports.export([line("ann@x.io", name="Eva")])

    counts = imports.run("run1")

    assert counts["updated"] == 1
    assert imports.recipients() == [("ann@x.io", "Eva", None)]
