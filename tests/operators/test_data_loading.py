"""Every kind of broken part gets its own error, is quarantined, and leaves nothing half-applied."""

from __future__ import annotations

import gzip
import io

import pytest

from campaign_cdp import exceptions
from campaign_cdp.hooks.campaign.audience import AudienceDatabase
from campaign_cdp.hooks.campaign.sql import connect
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.operators.data_loading import LoadPartOperator
from campaign_cdp.rows.reader import PartReader
from tests.operators.importing import HEADER, line

GOOD = f"{HEADER}\n{line('ann@x.io', name='Ann')}\n".encode()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(b"", exceptions.EmptyFileError, id="0 bytes"),
        pytest.param(GOOD.replace(b"Ann", b"\0Ann\0"), exceptions.EncodingError, id="NUL bytes"),
        pytest.param(GOOD.replace(b"crkId", b"").replace(b"crmId,", b""), exceptions.HeaderError, id="column missing"),
        pytest.param(GOOD.replace(b"crmId", b"email"), exceptions.HeaderError, id="header repeated"),
        pytest.param(GOOD.decode().encode("utf-16"), exceptions.EncodingError, id="UTF-16"),
        pytest.param(gzip.compress(GOOD, mtime=0)[:-9], exceptions.CompressionError, id="truncated gzip"),
        pytest.param(
            gzip.compress(GOOD + b"\n" * 30_000_000, mtime=0), exceptions.DecompressionLimitError, id="zip bomb"
        ),
    ],
)
def test_unreadable_part_quarantines_the_whole_file_set(imports, body, error):
    imports.export(GOOD, body)

    with pytest.raises(error):
        imports.run()

    assert imports.recipients() == []
    assert imports.sql("SELECT state, error_code FROM cdp.sync_run") == [("quarantined", error.code)]
    assert imports.sql("SELECT tablename FROM pg_tables WHERE tablename ~ '^work_'") == [], "the first part had lines"


def test_a_part_that_comes_too_late_for_a_quarantine_says_so(imports):
    imports.export(GOOD, b"")
    context = imports.context("run1")
    good, empty = imports.file_transfer(context)
    with connect("campaign_db") as conn:
        run = Ledger(conn).run_of(imports.feed.id, "run1")
    with pytest.raises(exceptions.EmptyFileError):
        LoadPartOperator(task_id="data_loading", feed=imports.feed, part=empty).execute(context)

    with pytest.raises(exceptions.RunAbandonedError, match="quarantined"):
        LoadPartOperator(task_id="data_loading", feed=imports.feed, part=good).execute(context)
    reader = PartReader(io.BytesIO(GOOD), imports.feed, lambda _: None)
    layout = reader.open()
    with connect("campaign_db") as conn:
        database = AudienceDatabase(conn, imports.feed, run.run_id)
        with pytest.raises(exceptions.RunAbandonedError, match="dropped meanwhile"):
            database.load_part(1, layout, reader.dialect, reader.null, reader.lines())
        conn.rollback()


def test_repaired_part_under_the_same_name_is_taken(imports):
    imports.export(GOOD, gzip.compress(GOOD, mtime=0)[:-9])
    with pytest.raises(exceptions.CompressionError):
        imports.run("run1")
    imports.exports -= 1
    imports.export(GOOD, gzip.compress(GOOD.replace(b"ann", b"bob")))

    imports.run("run2")

    assert imports.members() == ["ann@x.io", "bob@x.io"]


def test_part_replaced_after_it_was_found_is_not_loaded(imports):
    imports.export(GOOD)
    context = imports.context("run1")
    imports.file_transfer(context)
    imports.put("export1.csv", GOOD.replace(b"Ann", b"Eva"))

    with pytest.raises(exceptions.FileReplacedError):
        imports.run("run1")
    assert imports.recipients() == []
    assert imports.run("run2")["inserted"] == 1, "the new version is a new file set"
    assert imports.recipients("sfirstname") == [("Eva",)]


def test_parts_load_in_order_so_that_the_last_line_wins_across_them(imports):
    imports.export([line("ann@x.io", name="First")], [line("ann@x.io", name="Second")], zipped=True)

    counts = imports.run()

    assert counts["duplicates"] == 1
    assert imports.recipients("sfirstname") == [("Second",)]


def test_latest_qualification_wins_over_line_order(imports):
    header = f"{HEADER},segmentMembership.seg_namespace.seg_id.lastQualificationTime"
    newer = line("ann@x.io", name="Newer") + ",2026-01-02 10:00:00"
    older = line("ann@x.io", name="Older", status="exited") + ",2026-01-01T10:00:00Z"
    imports.export([newer, older], header=header)

    imports.run()

    assert imports.recipients("sfirstname") == [("Newer",)]
    assert imports.members() == ["ann@x.io"]


def upper_first_names(frame):
    frame["firstName"] = frame["firstName"].str.upper()
    return frame[frame["email"] != "drop@x.io"]


def test_transform_changes_values_and_drops_lines_as_rejects(new_import):
    imports = new_import(transform=f"{__name__}:upper_first_names")
    imports.export([line("ann@x.io", name="Ann"), line("drop@x.io"), line("bad")])

    counts = imports.run()

    assert imports.recipients("semail, sfirstname") == [("ann@x.io", "ANN")]
    assert counts["rejected"] == 2
    codes = imports.sql("SELECT line_no, code FROM cdp.reject ORDER BY 1")
    assert codes == [(3, "transform_dropped"), (4, "bad_email")]
