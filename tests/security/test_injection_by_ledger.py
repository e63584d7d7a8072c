"""Every text that reaches the ledger is bound: it comes back as it went in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from campaign_cdp.exceptions import SyncDataError, SyncError
from campaign_cdp.file_sets import FileSet, StoredObject
from campaign_cdp.hooks.campaign.errors import mapped_errors
from campaign_cdp.ledger.browse import Browse
from campaign_cdp.ledger.browse_records import Filter
from campaign_cdp.ledger.overview import Overview
from campaign_cdp.ledger.store import Ledger, StagedFile
from campaign_cdp.limits.reading import Reading
from campaign_cdp.rows.rejects import Reject, RejectCode
from campaign_cdp.windows import LogWindow
from tests.security.payloads import IMPOSSIBLE, LINE_ENDS, LONG, PAYLOADS

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def conn(target: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(target) as conn:
        yield conn
        conn.rollback()


@pytest.fixture(params=[*PAYLOADS.values(), *LINE_ENDS.values(), LONG[:2000]], ids=[*PAYLOADS, *LINE_ENDS, "long"])
def text(request) -> str:
    return request.param


def test_an_import_of_such_names(text: str, conn) -> None:
    ledger = Ledger(conn)
    obj = StoredObject(f"in/{text}", 10, text, AT)
    files = FileSet(text, AT, (obj,), StoredObject(f"{text}.json", 1, text, AT))
    run = ledger.open_run(feed=text, dag_run_id=text, file_set=files, config_hash=text, preview=False).run
    assert (run.feed, run.dag_run_id, run.file_set.id, run.file_set.parts[0].key) == (text, text, text, obj.key)
    ledger.add_rejects(run.run_id, 1, [Reject(2, RejectCode.BAD_EMAIL, text, text)])
    ledger.record_part(run.run_id, 1, rows=1, rejected=1, reject_counts={text: 1}, sha256=text)
    ledger.record_step(run.run_id, text, {text: 1})
    assert ledger.step(run.run_id, text) == {text: 1}
    [reject] = ledger.iter_rejects(run.run_id)
    assert text in tuple(reject)
    ledger.quarantine(run.run_id, SyncDataError(text))
    browse = Browse(conn)
    [row] = browse.run_rows(Filter(text, (text, "quarantined"), None, None), None, 5)
    assert (row.feed, row.error_message) == (text, SyncDataError(text).message)
    assert browse.reject_rows(run.run_id, text, None, 5) == []
    assert browse.audit_of(text, "run_id", run.run_id, text) == []
    released = ledger.release(run.run_id, actor=text)
    [audit] = browse.audit_of(text, "run_id", run.run_id, text)
    assert (released.feed, audit.actor) == (text, text)
    assert list(Overview(conn).last_runs([text])) in ([], [text])


def test_an_export_of_such_names(text: str, conn) -> None:
    ledger = Ledger(conn)
    bounds = [LogWindow(text, AT, AT + timedelta(days=1))]
    window = ledger.open_window(feed=text, dag_run_id=text, bounds=bounds, config_hash=text).window
    assert (window.feed, window.bounds[0].log) == (text, text)
    ledger.record_files(window.window_id, 1, [StagedFile(1, text, text, text, 1, text, 1, text)])
    ledger.record_window_step(window.window_id, text, {text: 1})
    [file] = ledger.window_files(window.window_id)
    assert (file.log, file.key, file.etag) == (text, text, text)
    [row] = Browse(conn).window_rows(Filter(text, (text, "planned"), None, None), None, 5)
    assert row.feed == text
    assert ledger.watermarks(text) == {}
    assert list(Overview(conn).last_windows([text])) in ([], [text])


def test_alerts_and_limits_of_such_names(text: str, conn) -> None:
    ledger = Ledger(conn)
    record = ledger.raise_alert(text, feed=text, kind=text, subject=text, aspect=text, code=text)
    assert (record.dedup_key, record.feed, record.aspect) == (text, text, text)
    assert ledger.claim_alert(text, text, timedelta(hours=1))
    ledger.alert_sent(text, text)
    assert ledger.resolve_feed_alerts(text, [text], still=["other"]) == 1
    [over] = ledger.untold_alerts(text)
    assert over.subject == text
    ledger.record_readings([Reading("database_storage", text, 1, 1, 10, 80, 95)], feed=text, dag_run_id=text)
    [limit] = Overview(conn).limits(["database_storage"], [text])
    assert limit.scope == text
    ledger.audit(text, text, text, {text: text})


@pytest.mark.parametrize("text", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_no_text_of_the_database_is_gets_a_code(text: str, conn) -> None:
    with pytest.raises(SyncError), mapped_errors("campaign_db"):
        Ledger(conn).raise_alert(text, feed=text, kind=text, subject=text, aspect=text, code=text)
    conn.rollback()
    with pytest.raises(SyncError), mapped_errors("campaign_db"):
        Browse(conn).run_rows(Filter(text, (), None, None), None, 5)
