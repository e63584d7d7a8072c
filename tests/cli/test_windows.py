from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Run
from tests.cli.test_runs import audit_of, count_of_dag_runs, dag_run_of
from tests.ops_page.samples import Sample

Ledger = tuple[str, Sample]
SPAN = ("--from", "2026-11-20", "--to", "2026-11-21T12:00+02:00")


def test_windows_are_listed_with_their_span(run: Run, sample_ledger: Ledger) -> None:
    dsn, sample = sample_ledger
    head, row = run("windows", "list", "--url", dsn).output.splitlines()
    (as_json,) = json.loads(run("windows", "list", "--url", dsn, "--json").output)["windows"]

    assert head.split()[:3] == ["window", "feed", "state"]
    assert row.split()[:3] == [str(sample.window), "delivery_events", "done"]
    assert [bound["log"] for bound in as_json["bounds"]] == ["delivery", "tracking"]
    assert run("windows", "list", "--url", dsn, "--state", "planned").output == "No such windows yet\n"
    assert run("windows", "list", "--url", dsn, "--feed", "others").output == "No such windows yet\n"


def test_show_tells_bounds_files_and_watermarks(run: Run, sample_ledger: Ledger) -> None:
    dsn, sample = sample_ledger
    shown = run("windows", "show", str(sample.window), "--url", dsn).output
    detail = json.loads(run("windows", "show", str(sample.window), "--url", dsn, "--json").output)

    assert "events/delivery_events/delivery_1.csv.gz" in shown
    assert "exported to" in shown
    assert [(log["log"], log["rows"]) for log in detail["bounds"]] == [("delivery", 70), ("tracking", 30)]
    assert [mark["log"] for mark in detail["watermarks"]] == ["delivery", "tracking"]
    assert detail["files"][0]["state"] == "published"


def test_show_of_a_window_that_does_not_exist_fails(run: Run, sample_ledger: Ledger) -> None:
    result = run("windows", "show", "999", "--url", sample_ledger[0])

    assert (result.exit_code, result.stderr[:7]) == (1, "ACR-352")


def test_backfill_asks_and_starts_a_run_with_the_span_in_utc(run: Run, startable: str) -> None:
    before = count_of_dag_runs()
    refused = run("windows", "backfill", "cli_delivery_events", *SPAN, input="n\n")
    assert refused.exit_code == 1
    assert "2026-11-20 00:00 to 2026-11-21 10:00 UTC again into s3://" in refused.stderr
    assert (count_of_dag_runs(), audit_of(startable)) == (before, [])

    started = run("windows", "backfill", "cli_delivery_events", *SPAN, "--yes", "--json")

    conf = {"backfill_from": "2026-11-20T00:00:00+00:00", "backfill_to": "2026-11-21T10:00:00+00:00", "preview": False}
    answer = json.loads(started.stdout)
    assert dag_run_of(answer["dag_id"], answer["dag_run_id"])[1] == conf
    ((_, action, subject, detail),) = audit_of(startable)
    assert (action, subject) == ("backfill", "cli_delivery_events")
    assert detail.items() >= conf.items()


def test_preview_of_a_backfill_does_not_ask(run: Run, startable: str) -> None:
    result = run("windows", "backfill", "cli_delivery_events", *SPAN, "--preview")

    assert result.exit_code == 0, result.output
    assert audit_of(startable)[0][3]["preview"] is True


@pytest.mark.parametrize(
    ("span", "why"),
    [
        (("--from", "2026-11-21", "--to", "2026-11-20"), "has to be after --from"),
        (("--from", "2026-11-21", "--to", "2926-11-20"), "is in the future"),
        (("--from", "yesterday", "--to", "2026-11-20"), "'yesterday' is no time"),
    ],
)
def test_backfill_refuses_what_is_no_span(run: Run, span: tuple[str, ...], why: str) -> None:
    result = run("windows", "backfill", "any", *span)

    assert result.exit_code == 2
    assert why in result.stderr


def test_backfill_is_for_exports(run: Run, startable: str) -> None:
    result = run("windows", "backfill", "cli_loyalty_gold", *SPAN, "--yes")

    assert result.exit_code == 1
    assert "takes a feed with direction: event_export" in result.stderr
