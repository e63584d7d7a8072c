from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import jsonschema
import pytest

from campaign_cdp.alerts.alert import Alert, Kind, Occurrence, Severity
from campaign_cdp.alerts.message import Links, blocks, header, html, subject, text
from campaign_cdp.alerts.payload import payload
from campaign_cdp.feeds.schema import alert_schema

ALERT = Alert(
    *(Kind.FAILED, "gold", "ACR-310", "gold failed in <reconciliation>", "5 of 10 <lines> & <!channel>", "Fix it."),
    numbers={"rejected": 12_345, "pct": 1.5},
    feed="gold",
    severity=Severity.ERROR,
    dag_id="audience_import__gold",
    dag_run_id="run1",
)
AT = datetime(2026, 1, 5, 4, 20, tzinfo=UTC)
SEEN = Occurrence(ALERT, AT, first_at=AT, count=3)
LINKS = Links(page="https://a.example.com/p?x=1&y=2", runbook="https://d.example.com/#failed")


def test_subject_is_one_line_whatever_a_name_holds() -> None:
    nasty = replace(ALERT, what="gold\r\nBcc: all@x.io")

    assert subject(Occurrence(nasty, AT)) == "[campaign-cdp] ERROR: gold Bcc: all@x.io (ACR-310)"
    assert subject(replace(SEEN, resolved=True)).startswith("[campaign-cdp] RESOLVED: ")


@pytest.mark.parametrize("write", [text, html])
def test_mail_says_code_feed_numbers_next_step_history_and_links(write) -> None:
    words = write(SEEN, LINKS)

    for word in ("ACR-310", "gold", "12,345", "1.5", "Fix it.", "3 times since 2026-01-05 04:20 UTC", "run1"):
        assert word in words
    assert "#failed" in words
    assert "About the code" not in words, "a link that is not known is left out"


def test_html_escapes_what_came_from_outside() -> None:
    words = html(replace(SEEN, alert=replace(ALERT, dag_run_id="<run>")), LINKS)

    assert "<run>" not in words
    assert "<reconciliation>" not in words
    assert "&lt;!channel&gt;" in words
    assert 'href="https://a.example.com/p?x=1&amp;y=2"' in words


def test_slack_reads_nothing_from_outside_as_markup_and_gets_no_more_than_it_takes() -> None:
    long = replace(ALERT, what="w" * 500, details="d" * 9_000)

    found = blocks(Occurrence(long, AT), LINKS)

    assert [len(block["text"]["text"]) for block in found[:2]] == [150, 3_000]
    assert {block["text"]["type"] for block in blocks(SEEN, LINKS)[:2]} == {"plain_text"}
    assert len(blocks(SEEN, Links())) == 3


@pytest.mark.parametrize("seen", [SEEN, replace(SEEN, resolved=True), Occurrence(ALERT, AT)])
def test_json_fits_its_schema(seen: Occurrence) -> None:
    body = json.loads(payload(seen, LINKS).model_dump_json())

    jsonschema.validate(body, alert_schema())
    assert set(alert_schema()["required"]) <= set(body)
    assert body["status"] == ("resolved" if seen.resolved else "firing")
    assert body["severity"] == ("info" if seen.resolved else "error")


def test_header_is_one_line_of_ascii_whatever_a_bucket_is_called() -> None:
    alert = Alert(Kind.LIMIT_WARN, "storage s3://zürich\r\nBcc: all@example.com", "ACR-400", "w", "d", "n")
    assert header(Occurrence(alert, datetime.now(UTC))) == (
        "campaign-cdp/limit_warn/storage?s3://z?rich??Bcc:?all@example.com"
    )
