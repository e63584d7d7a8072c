"""What is refused, and that a refusal applies nothing."""

from __future__ import annotations

import csv

import pytest

from campaign_cdp.exceptions import RejectLimitError, VolumeGuardError
from tests.operators.importing import line


def reject_file(imports) -> list[dict[str, str]]:
    body = imports.place.read(list(imports.place.sizes("rejects/gold/"))[-1]).decode()
    return list(csv.DictReader(body.splitlines()))


def test_more_rejects_than_allowed_apply_nothing_and_say_which(new_import):
    imports = new_import(rejects={"max_pct": 30})
    imports.export([line("ann@x.io"), line("bob-at-x.io"), line("cid@x.io", opt_out="maybe"), line("dan@x.io")])

    with pytest.raises(RejectLimitError, match=r"2 of 4 lines rejected \(50\.00 %, limit 30 %\)\. No line was applied"):
        imports.run()

    assert imports.recipients() == []
    assert [(r["part"], r["line"], r["column"], r["code"], r["value"]) for r in reject_file(imports)] == [
        ("1", "3", "email", "bad_email", "xxx-xx-x.xx"),
        ("1", "4", "blackListEmail", "bad_boolean", "maybe"),
    ]


def test_reject_count_limit_holds_where_the_percentage_would_not(new_import):
    imports = new_import(rejects={"max_pct": 100, "max_count": 1})
    imports.export([line("a"), line("b"), line("cid@x.io")])

    with pytest.raises(RejectLimitError, match="limit 1 lines"):
        imports.run()


def test_rejects_within_the_limit_cost_only_themselves(imports):
    imports.export([line("ann@x.io"), line("bob-at-x.io")])

    counts = imports.run()

    assert counts["rejected"] == 1
    assert imports.members() == ["ann@x.io"]
    assert imports.sql("SELECT line_no, column_name, code FROM cdp.reject") == [(3, "email", "bad_email")]


def test_raised_limit_and_a_cleared_task_apply_the_run(new_import):
    imports = new_import(rejects={"max_pct": 1})
    imports.export([line("ann@x.io"), line("bob")])
    with pytest.raises(RejectLimitError):
        imports.run()
    imports.feed = imports.feed.model_copy(
        update={"rejects": imports.feed.rejects.model_copy(update={"max_pct": 60.0})}
    )

    counts = imports.run()

    assert (counts["inserted"], counts["rejected"]) == (1, 1)


def test_list_that_would_lose_too_many_members_is_left_alone(new_import):
    imports = new_import(volume_guard={"max_removed_pct": 40})
    imports.export([line("ann@x.io"), line("bob@x.io"), line("cid@x.io", name="Cid")])
    imports.run("run1")
    imports.export([line("cid@x.io", name="Sid")])

    with pytest.raises(VolumeGuardError, match=r"GOLD would lose 2 of 3 members \(66\.7 %, limit 40 %\)"):
        imports.run("run2")

    assert imports.members() == ["ann@x.io", "bob@x.io", "cid@x.io"]
    assert ("cid@x.io", "Cid", None) in imports.recipients()


def test_header_only_full_export_does_not_empty_the_list(new_import):
    imports = new_import(volume_guard={"max_removed_pct": 30})
    imports.export([line("ann@x.io")])
    imports.run("run1")
    imports.export([])

    with pytest.raises(VolumeGuardError):
        imports.run("run2")
    assert imports.members() == ["ann@x.io"]


def test_header_only_increment_is_a_valid_empty_one(new_import):
    imports = new_import(export="incremental", list={"name": "GOLD", "mode": "remove_exited"})
    imports.export([line("ann@x.io")])
    imports.run("run1")
    imports.export([])

    counts = imports.run("run2")

    assert (counts["rows"], counts["list_removed"]) == (0, 0)
    assert imports.members() == ["ann@x.io"]


def test_preview_counts_but_writes_nothing_and_leaves_the_files_for_the_real_run(imports):
    imports.export([line("ann@x.io"), line("bob@x.io")])

    preview = imports.run("run1", preview=True)

    assert (preview["inserted"], preview["list_added"]) == (2, 2)
    assert imports.recipients() == []
    assert imports.sql("SELECT relname FROM pg_class WHERE relname ~ '^(work|plan)_'") == []
    assert imports.run("run2")["inserted"] == 2
