"""What happens to files once they are applied or exported, on every kind of storage."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from campaign_cdp.exceptions import RejectLimitError
from campaign_cdp.hooks.landing_zone.factory import landing_zone_for
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.operators.end import EndImportOperator
from campaign_cdp.operators.end_export import EndExportOperator
from campaign_cdp.operators.retention import purge
from campaign_cdp.sandbox.deliveries import simulate
from tests.operators.exporting import Export
from tests.operators.importing import Import, line

ZONES = ("s3", "azure_blob", "sftp", "local")
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)


class Killed(BaseException):
    """The process ends here."""


def names(desk: Import | Export, prefix: str = "") -> list[str]:
    """File names below a prefix, without manifests and the numbers of runs."""
    return sorted(key.rsplit("/", 1)[-1] for key in desk.place.sizes(prefix) if "manifest" not in key)


def end_again(desk: Import | Export, dag_run_id: str = "run1") -> None:
    operator = EndImportOperator if isinstance(desk, Import) else EndExportOperator
    operator(task_id="end", feed=desk.feed).execute(desk.context(dag_run_id))


def age(desk: Import | Export, days: float, where: str = "TRUE") -> None:
    """Let it be so many days later for what is historised, or published."""
    table = "cdp.sync_file" if isinstance(desk, Import) else "cdp.export_file"
    desk.sql(
        f"UPDATE {table} SET historised_at = historised_at - make_interval(secs => 86400 * %s) WHERE {where}", days
    )


def published_days_ago(export: Export, days: float) -> None:
    with psycopg.connect(export.dsn) as conn:
        conn.execute("ALTER TABLE cdp.export_file DISABLE TRIGGER forward_only")
        conn.execute("UPDATE cdp.export_file SET updated_at = updated_at - make_interval(secs => 86400 * %s)", (days,))
        conn.execute("ALTER TABLE cdp.export_file ENABLE TRIGGER forward_only")


@pytest.fixture
def imports(new_import) -> Callable[..., Import]:
    def make(zone: str = "local", **rule: Any) -> Import:
        return new_import(zone=zone, historise={"prefix": "done/", **rule})

    return make


@pytest.fixture
def exports(new_export) -> Callable[..., Export]:
    """An export whose first window, of a delivery to sixty people, is done."""

    def make(zone: str = "local", **rule: Any) -> Export:
        export = new_export(zone=zone, logs={"delivery": {}}, historise={"prefix": "sent/", **rule})
        with psycopg.connect(export.dsn) as conn:
            simulate(conn, deliveries=1, recipients=60, at=NOW, span=timedelta(hours=2))
        export.run("run1")
        return export

    return make


def import_days(imports: Import, count: int) -> None:
    """Import one file a day, the last one today."""
    for n in range(1, count + 1):
        age(imports, 1)
        imports.export([line(f"{n}@x.io")])
        imports.run(f"run{n}")


def supersede_one(imports: Import) -> None:
    """Export 3 is applied, then an older one arrives, then a newer one is applied."""
    for n in (3, 2, 4):
        imports.exports = n - 1
        imports.export([line(f"{n}@x.io")])
        if n == 3:
            imports.run("run1")
    imports.run("run2")


# -- Imports ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
def test_applied_and_superseded_files_are_moved_and_deleted_by_age_on_every_storage(imports, zone):
    desk = imports(zone, days=1)
    desk.place.put("done/notes.txt", b"keep")
    supersede_one(desk)

    assert names(desk, "in/") == []
    assert names(desk, "done/") == ["export2.csv", "export3.csv", "export4.csv", "notes.txt"]
    assert len(desk.place.sizes("done/")) == 7, "manifests go with their files"
    assert desk.members() == ["4@x.io"]
    assert desk.sql("SELECT DISTINCT state FROM cdp.sync_file") == [("historised",)]

    age(desk, 2, "key NOT LIKE '%%export2%%'")
    end_again(desk)
    assert names(desk, "done/") == ["export2.csv", "notes.txt"]
    assert len(desk.place.sizes("done/")) == 2


@pytest.mark.parametrize(("rule", "kept"), [({"max_files": 3}, ["3"]), ({"max_bytes": 700}, ["3"])])
def test_the_newest_are_kept_up_to_files_or_bytes(imports, rule, kept):
    desk = imports(**rule)
    import_days(desk, 3)

    assert names(desk, "done/")[-len(kept) :] == [f"export{n}.csv" for n in kept]
    sizes = desk.place.sizes("done/")
    assert len(sizes) <= rule.get("max_files", 99)
    assert sum(sizes.values()) <= rule.get("max_bytes", 9999)


def test_age_counts_from_the_move_not_from_when_the_file_was_written(imports):
    desk = imports(days=1)
    desk.export([line("1@x.io")])
    folder = desk.place.storage._folder
    for path in (folder / "in/gold").iterdir():
        os.utime(path, (0, 0))
    desk.run()

    assert names(desk, "done/") == ["export1.csv"]


def test_files_of_somebody_else_are_never_deleted(imports):
    desk = imports(days=1, max_files=1, max_bytes=1)
    desk.place.put("done/notes.txt", b"keep")
    desk.place.put("done/run_1/deeper/notes.txt", b"keep")
    desk.export([line("1@x.io")])
    desk.run()

    assert sorted(desk.place.sizes("done/")) == ["done/notes.txt", "done/run_1/deeper/notes.txt"]


def test_what_somebody_put_in_the_place_of_a_historised_file_is_never_deleted(imports):
    desk = imports(days=1)
    import_days(desk, 1)
    [key] = [key for key in desk.place.sizes("done/") if "manifest" not in key]
    desk.place.put(key, b"other")
    age(desk, 10)
    end_again(desk)

    assert names(desk, "done/") == ["export1.csv"]


def test_files_that_wait_are_never_touched(imports):
    desk = imports(days=1, max_files=1)
    desk.export([line("1@x.io")])
    context = desk.context("run1")
    parts = desk.file_transfer(context)
    desk.export([line("2@x.io")])
    assert parts

    desk.run("run1")

    assert names(desk, "in/") == ["export2.csv"]


def test_the_same_bytes_written_again_belong_to_the_file_set_that_waits(imports, monkeypatch):
    desk = imports("s3")
    desk.export([line("1@x.io")])
    keep_history = EndImportOperator._keep_history

    def after_a_rewrite(self, zone, run):
        [key] = [key for key in desk.place.sizes("in/") if "manifest" not in key]
        found = zone.stat(key)
        deadline = time.monotonic() + 5
        while zone.stat(key).modified == found.modified and time.monotonic() < deadline:  # S3 tells times in seconds
            desk.place.put(key, desk.place.read(key))
        assert zone.stat(key).identity == found.identity
        keep_history(self, zone, run)

    monkeypatch.setattr(EndImportOperator, "_keep_history", after_a_rewrite)
    desk.run()

    assert names(desk, "in/") == ["export1.csv"]
    assert names(desk, "done/") == []


def test_superseded_files_that_are_gone_hold_nothing_up(imports):
    desk = imports()
    desk.feed, feed = desk.feed.model_copy(update={"historise": None}), desk.feed
    supersede_one(desk)
    (desk.place.storage._folder / "in/gold/export2.csv").unlink()
    desk.feed = feed
    for dag_run_id in ("run1", "run2"):
        end_again(desk, dag_run_id)

    assert names(desk) == ["export3.csv", "export4.csv"]
    assert desk.sql("SELECT DISTINCT state FROM cdp.sync_file") == [("historised",)]


def test_quarantined_files_stay_where_a_person_finds_them(new_import):
    desk = new_import(zone="local", historise={"prefix": "done/"}, rejects={"max_pct": 0})
    desk.export([line("no address")])
    with pytest.raises(RejectLimitError) as caught:
        desk.run("run1")
    with psycopg.connect(desk.dsn) as conn:
        ledger = Ledger(conn)
        assert ledger.quarantine(ledger.run_of("gold", "run1").run_id, caught.value)
    desk.export([line("2@x.io")])
    desk.run("run2")

    assert names(desk, "in/") == ["export1.csv"]
    assert names(desk, "done/") == ["export2.csv"]


def test_a_preview_moves_and_deletes_nothing(imports):
    desk = imports(days=1)
    import_days(desk, 1)
    age(desk, 10)
    desk.export([line("2@x.io")])
    desk.run("run2", preview=True)

    assert (names(desk, "in/"), names(desk, "done/")) == (["export2.csv"], ["export1.csv"])


@pytest.mark.parametrize("zone", ["s3", "local"])
def test_a_killed_task_goes_on_where_it_stopped(imports, zone, monkeypatch):
    desk = imports(zone)
    import_days(desk, 1)
    desk.export([line("2@x.io")], [line("3@x.io")])
    calls, work = [], EndImportOperator._move

    def killed(self, zone, obj, key):
        moved = work(self, zone, obj, key)
        calls.append(key)
        if len(calls) == 2:
            raise Killed
        return moved

    monkeypatch.setattr(EndImportOperator, "_move", killed)
    with pytest.raises(Killed):
        desk.run("run2")
    end_again(desk, "run2")
    end_again(desk, "run2")

    assert len(calls) == 4, "the file that was moved but not written down is the only one that was asked for twice"
    assert names(desk) == ["export1.csv", "export2.csv", "export2_2.csv"]
    assert desk.sql("SELECT count(*) FROM cdp.sync_file WHERE historised_key IS NULL") == [(0,)]


def test_a_killed_purge_goes_on_where_it_stopped(imports):
    desk = imports(days=1)
    import_days(desk, 1)
    desk.export([line("2@x.io")], [line("3@x.io")])
    desk.run("run2")
    age(desk, 10)
    with landing_zone_for(desk.feed.landing_zone) as zone:
        delete = zone.delete

        def killed(obj):
            delete(obj)
            raise Killed

        zone.delete = killed  # type: ignore[method-assign]
        with pytest.raises(Killed):
            purge(
                zone,
                desk.feed.historise,
                "campaign_db",
                lambda ledger, page: ledger.imports_historised_at("gold", page),
            )
    assert len(desk.place.sizes("done/")) == 4
    end_again(desk, "run2")

    assert desk.place.sizes() == {}


def test_one_log_line_tells_what_was_moved_and_one_what_was_deleted(imports, caplog, monkeypatch):
    monkeypatch.setattr(EndImportOperator, "log", logging.getLogger("end"))
    desk = imports(days=1)
    import_days(desk, 1)
    age(desk, 10)
    desk.place.put("done/notes.txt", b"keep")
    desk.export([line("2@x.io")])
    with caplog.at_level(logging.INFO):
        desk.run("run2")

    told = [r.getMessage() for r in caplog.records if r.getMessage().startswith(("Historised", "Deleted"))]
    assert len(told) == 2
    assert told[0].startswith("Historised 2 files (")
    assert told[0].endswith("of superseded file sets 0 files (0 bytes)")
    assert told[1].startswith("Deleted 2 files (")
    assert told[1].endswith("1 file (4 bytes) there are not ours")


# -- Exports ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
def test_published_files_are_moved_when_aep_had_time_and_deleted_by_age(exports, zone):
    desk = exports(zone, after="7d", days=30)
    assert (len(names(desk, "out/")), names(desk, "sent/")) == (1, []), "AEP has to take it first"

    published_days_ago(desk, 7)
    end_again(desk)
    assert (names(desk, "out/"), len(names(desk, "sent/"))) == ([], 1)

    age(desk, 31)
    end_again(desk)
    assert desk.place.sizes() == {}


def test_export_history_keeps_to_files_and_leaves_strangers(exports):
    desk = exports(after="0s", max_files=1)
    desk.place.put("sent/notes.txt", b"keep")
    with psycopg.connect(desk.dsn) as conn:
        simulate(conn, deliveries=1, recipients=60, at=NOW + timedelta(hours=3), span=timedelta(hours=1), seed=2)
    age(desk, 1)
    desk.run("run2")

    assert len(names(desk, "sent/")) == 2
    assert any("_2_" in name for name in names(desk, "sent/")), "the newest is kept"
    assert names(desk, "out/") == []


def test_files_of_a_window_that_is_not_finished_stay_for_aep(exports):
    desk = exports(after="0s")
    with psycopg.connect(desk.dsn) as conn:
        simulate(conn, deliveries=1, recipients=60, at=NOW + timedelta(hours=3), span=timedelta(hours=1), seed=2)

    def killed(self, window):
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EndExportOperator, "_clean_staging", killed)
        with pytest.raises(Killed):
            desk.run("run2")
    end_again(desk, "run1")

    assert len(names(desk, "out/")) == 1
    assert len(names(desk, "sent/")) == 1


def test_a_killed_export_goes_on_where_it_stopped(exports):
    desk = exports(after="7d")
    published_days_ago(desk, 8)

    def killed(self, window_id, file, moved):
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "export_historised", killed)
        with pytest.raises(Killed):
            end_again(desk)
    end_again(desk)
    before = desk.sql("SELECT * FROM cdp.export_file"), desk.place.sizes()
    end_again(desk)

    assert (desk.sql("SELECT * FROM cdp.export_file"), desk.place.sizes()) == before
    assert (names(desk, "out/"), len(names(desk, "sent/"))) == ([], 1)


def test_a_published_file_that_aep_removed_holds_nothing_up(exports):
    desk = exports(after="0s")
    with psycopg.connect(desk.dsn) as conn:
        simulate(conn, deliveries=1, recipients=60, at=NOW + timedelta(hours=3), span=timedelta(hours=1), seed=2)
    desk.feed, feed = desk.feed.model_copy(update={"historise": None}), desk.feed
    desk.run("run2")
    for key in desk.place.sizes("out/"):
        (desk.place.storage._folder / key).unlink()
    desk.feed = feed
    end_again(desk, "run2")

    assert desk.sql("SELECT DISTINCT state FROM cdp.export_file") == [("historised",)]


def test_clearing_an_old_export_publishes_nothing_again(exports):
    desk = exports(after="0s")
    before = desk.place.sizes()
    desk.run("run1")

    assert desk.place.sizes() == before
    assert names(desk, "out/") == []
