"""A run that would cross a limit of the contract writes nothing, and goes through once the limit is raised."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from campaign_cdp.exceptions import FeedConfigError, LimitError
from campaign_cdp.ledger.store import Ledger
from campaign_cdp.limits.model import Limits
from campaign_cdp.operators.data_loading import LoadPartOperator
from campaign_cdp.operators.deduplication import DeduplicateOperator
from campaign_cdp.operators.reconciliation import ReconcileOperator
from tests.declared_limits import TINY, campaign_rows, tables, verdicts
from tests.operators.importing import line

NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)


def test_import_that_would_overfill_the_database_opens_no_run(new_import, limits):
    imports = new_import(zone="local")
    imports.export([line("ann@x.io", name="Ann")])
    before, files = campaign_rows(imports), imports.place.sizes()
    limits.write(database_storage=TINY)

    with pytest.raises(
        LimitError, match=r"ACR-400 gold: .*Nothing was written[\s\S]*Database storage of campaign_db: .* MB used"
    ):
        imports.run()

    assert campaign_rows(imports) == before
    assert imports.place.sizes() == files
    assert imports.sql("SELECT count(*) FROM cdp.sync_run") == [(0,)]
    assert tables(imports) == []
    assert verdicts(imports) == [("database_storage", "campaign_db", "stop")]

    limits.write(database_storage={"contract": "10TB"})
    assert imports.run()["inserted"] == 1


PLAN_LIMITS = {
    "active_profiles": {"active_profiles": {"contract": 1}},
    "rows_per_file": {"rows_per_file": {"contract": 2, "warn_pct": 50}},
    "database_storage": {"database_storage": TINY},
}


@pytest.mark.parametrize("name", PLAN_LIMITS)
def test_refused_plan_changes_nothing_and_goes_through_once_the_limit_is_raised(new_import, limits, name):
    imports = new_import(zone="local")
    imports.export([line("old@x.io", name="Old")])
    imports.run("before")
    imports.export([line("ann@x.io", name="Ann"), line("bob@x.io"), line("old@x.io", name="New"), line("bad")])
    before, files = campaign_rows(imports), imports.place.sizes()
    load_only(imports, "run1")
    limits.write(**PLAN_LIMITS[name])

    with pytest.raises(LimitError, match="Nothing was written"):
        reconcile(imports, "run1")

    assert campaign_rows(imports) == before
    assert imports.place.sizes() == files, "not even the file of rejects"
    assert imports.sql("SELECT state FROM cdp.sync_run ORDER BY run_id") == [("ended",), ("open",)]
    assert [found for found, _, _ in verdicts(imports, of=["stop"])] == [name]

    limits.write(**{name: {"contract": 10**9}})
    counts = imports.run("run1")
    assert (counts["inserted"], counts["updated"], counts["rejected"]) == (2, 1, 1)
    assert imports.members() == ["ann@x.io", "bob@x.io", "old@x.io"]


def load_only(imports: Any, dag_run_id: str) -> None:
    context = imports.context(dag_run_id)
    for part in imports.file_transfer(context):
        LoadPartOperator(task_id="data_loading", feed=imports.feed, part=part).execute(context)
    DeduplicateOperator(task_id="deduplication", feed=imports.feed).execute(context)


def reconcile(imports: Any, dag_run_id: str) -> None:
    ReconcileOperator(task_id="reconciliation", feed=imports.feed).execute(imports.context(dag_run_id))


def test_file_of_rejects_that_would_overfill_the_landing_zone_is_not_written(new_import, limits):
    imports = new_import(zone="local")
    imports.export([line("ann@x.io"), line("bad")])
    limits.write(sftp_storage={"contract": 100})
    files = imports.place.sizes()

    with pytest.raises(LimitError, match="SFTP storage of landing_zone_local:"):
        imports.run()

    assert imports.place.sizes() == files
    assert imports.recipients() == []
    limits.write(sftp_storage={"contract": "1GB"})
    assert imports.run()["inserted"] == 1
    assert len(imports.place.sizes()) == len(files) + 1


def test_import_that_writes_nothing_to_a_full_landing_zone_goes_on(new_import, limits):
    imports = new_import(zone="local")
    imports.export([line("ann@x.io")])
    limits.write(sftp_storage={"contract": 100})

    assert imports.run()["inserted"] == 1


def test_preview_is_warned_but_not_stopped(new_import, limits, caplog):
    imports = new_import(zone="local")
    imports.export([line("ann@x.io"), line("bob@x.io")])
    limits.write(database_storage=TINY, active_profiles={"contract": 1})

    with caplog.at_level(logging.WARNING):
        counts = imports.run(preview=True)

    assert counts["inserted"] == 2
    assert "Active profiles of campaign_db: 0 profiles used, 2 profiles with this run" in caplog.text
    assert imports.sql("SELECT state FROM cdp.sync_run") == [("previewed",)]
    assert imports.recipients() == []


def test_warning_is_logged_with_its_numbers_and_the_run_goes_on(new_import, limits, caplog):
    imports = new_import(zone="local")
    imports.export([line("ann@x.io"), line("bob@x.io")])
    limits.write(active_profiles={"contract": 2, "warn_pct": 50})

    with caplog.at_level(logging.WARNING):
        assert imports.run()["inserted"] == 2

    assert "2 profiles with this run, contract 2 profiles: 100.0 % (warn at 50 %, stop at 100 %)" in caplog.text
    assert ("active_profiles", "campaign_db", "warn") in verdicts(imports)


def test_members_that_are_active_already_bring_no_new_profile(new_import, limits):
    imports = new_import(zone="local")
    ann = imports.add_recipient("ann@x.io")
    imports.sql(
        "INSERT INTO nmsbroadlogrcp (ibroadlogid, irecipientid, istatus, tsevent, tslastmodified) VALUES (1, %s, 1, now(), now())",
        ann,
    )
    imports.export([line("ann@x.io")])
    limits.write(active_profiles={"contract": 1})

    imports.run()

    assert imports.members() == ["ann@x.io"]
    assert imports.sql(
        "SELECT used, projected FROM cdp.limit_reading WHERE limit_name = 'active_profiles' AND feed = 'gold'"
    ) == [(1, 1)]


def test_recent_count_is_used_again_and_an_old_one_is_not(new_import, limits):
    imports = new_import(zone="local")
    limits.write(active_profiles={"contract": 100})
    with psycopg.connect(imports.dsn) as conn:
        Ledger(conn).record_readings([Limits.none().reading("active_profiles", "campaign_db", 99)])
    imports.export([line("ann@x.io"), line("bob@x.io")])

    with pytest.raises(LimitError, match="99 profiles used, 101 profiles with this run"):
        imports.run()

    imports.sql("UPDATE cdp.limit_reading SET at = at - interval '26 hours' WHERE feed IS NULL")
    assert imports.run()["inserted"] == 2
    assert imports.sql("SELECT used FROM cdp.limit_reading WHERE feed IS NULL ORDER BY reading_id") == [(99,), (0,)]


def test_broken_limits_stop_the_run_before_anything_is_written(new_import, limits):
    imports = new_import(zone="local")
    imports.export([line("ann@x.io")])
    limits.write_text("database_storage:\n  contract: huge\n")

    with pytest.raises(FeedConfigError, match=r"limits\.yaml:2: database_storage\.contract: 'huge' is not a size"):
        imports.run()

    assert (imports.recipients(), imports.sql("SELECT * FROM cdp.sync_run")) == ([], [])


def test_applied_run_that_is_cleared_is_not_held_against_limits_again(new_import, limits):
    imports = new_import(zone="local")
    imports.export([line("ann@x.io")])
    imports.run()
    limits.write(database_storage=TINY, active_profiles={"contract": 1}, rows_per_file={"contract": 1, "warn_pct": 1})

    assert imports.run()["inserted"] == 1
