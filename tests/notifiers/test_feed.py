"""Each kind of alert through each channel, once, and that it is over."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from airflow.sdk import DAG

from campaign_cdp.exceptions import FileSetLateError, RejectLimitError
from campaign_cdp.limits.model import Limits
from campaign_cdp.limits.reading import Reading
from campaign_cdp.notifiers.deadline import deadline_of, tell_overdue
from campaign_cdp.notifiers.feed import NothingArrivedNotifier, RunEndedNotifier, TaskFailedNotifier
from campaign_cdp.notifiers.limits import LimitsFailedNotifier, LimitsReadNotifier
from tests.notifiers.conftest import NOTIFY, SECRET, Sinks
from tests.operators.importing import Import, line

Make = Callable[..., Import]


def context(error: Any = None, run: str = "run1", task: str = "reconciliation", **attributes: Any) -> Any:
    return {
        "exception": error,
        "dag_run": SimpleNamespace(run_id=run),
        "dag": DAG(dag_id="audience_import__gold", schedule=None),
        "ti": SimpleNamespace(task_id=task),
        "task": SimpleNamespace(task_id=task, **attributes),
    }


def fail(imports: Import, error: Any, **attributes: Any) -> None:
    TaskFailedNotifier(imports.feed)(context(error, **attributes))


def rejected(count: int = 5) -> RejectLimitError:
    return RejectLimitError(f"gold: {count} of 10 lines rejected (50.00 %, limit 1 %). File: of-ann@x.io.csv.")


def test_failed_run_is_told_once_to_each_channel_and_again_when_it_is_over(
    sinks: Sinks, alerting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/af")
    monkeypatch.setenv("CDP_DOCS_URL", "https://docs.example.com")
    imports = alerting()

    fail(imports, rejected(), sync_run_id=7)
    fail(imports, rejected(), sync_run_id=7)

    assert sinks.counts() == (1, 1, 1)
    (body,) = sinks.bodies()
    assert (body["kind"], body["severity"], body["code"], body["feed"]) == ("failed", "error", "ACR-310", "gold")
    assert body["links"] == {
        "page": "https://airflow.example.com/af/plugin/sync-runs/runs/7",
        "error": "https://docs.example.com/errors/ACR-310/",
        "runbook": "https://docs.example.com/runbooks/alerts/#failed",
    }
    assert body["next_step"]
    assert "5 of 10 lines rejected" in body["details"]
    assert "ann@x.io" not in str(sinks.webhook.posts + sinks.slack.posts) + sinks.mail.mails[0][1].as_string()

    ended(imports)
    ended(imports)

    assert sinks.counts() == (2, 2, 2)
    over = sinks.bodies()[1]
    assert (over["status"], over["dedup_key"], over["count"]) == ("resolved", body["dedup_key"], 2)
    assert sinks.mail.mails[1][1]["Subject"].startswith("[campaign-cdp] RESOLVED: ")
    fail(imports, rejected())
    assert sinks.counts() == (3, 3, 3), "what comes back is told at once"


def test_another_error_is_another_alert(sinks: Sinks, alerting: Make) -> None:
    imports = alerting()

    fail(imports, rejected())
    fail(imports, ValueError("Key (semail)=(ann@x.io) already exists"))
    fail(imports, None)

    assert [body["code"] for body in sinks.bodies()] == ["ACR-310", "ACR-000"]
    assert "ValueError" in sinks.bodies()[1]["details"]
    assert "ann" not in str(sinks.webhook.posts), "text of foreign errors is not told"


def test_channel_that_was_not_told_of_the_beginning_is_not_told_of_the_end(sinks: Sinks, alerting: Make) -> None:
    imports = alerting()
    sinks.slack.status = 503
    fail(imports, rejected())
    sinks.slack.status = 200

    ended(imports)

    assert sinks.counts() == (2, 1, 2), "the one is the message that was refused"


def test_repeated_after_its_time(sinks: Sinks, alerting: Make) -> None:
    imports = alerting()
    fail(imports, rejected())
    imports.sql("UPDATE cdp.alert_channel SET last_sent_at = now() - interval '23 hours'")
    fail(imports, rejected())
    assert sinks.counts() == (1, 1, 1)

    imports.sql("UPDATE cdp.alert_channel SET last_sent_at = now() - interval '25 hours'")
    fail(imports, rejected())

    assert sinks.counts() == (2, 2, 2)
    assert sinks.bodies()[1]["count"] == 3


def test_late_run_is_late_and_a_skipped_one_for_the_record(sinks: Sinks, alerting: Make) -> None:
    imports = alerting()

    fail(imports, FileSetLateError("gold: no complete file set within 2s of the run's start."), task="file_transfer")
    assert [(body["kind"], body["severity"]) for body in sinks.bodies()] == [("late", "error")]

    ended(imports)
    NothingArrivedNotifier(imports.feed)(context(task="file_transfer"))
    body = sinks.bodies()[-1]
    assert (body["kind"], body["severity"], body["numbers"]) == ("late", "info", {"late_after": "2s"})


async def test_overdue_run_is_late(sinks: Sinks, alerting: Make) -> None:
    imports = alerting({"done_within": "8h"})
    deadline = deadline_of(imports.feed)
    assert deadline is not None
    assert deadline.callback.path == "campaign_cdp.notifiers.deadline.tell_overdue"
    dag_run = {"dag_run_id": "run1", "dag_id": "audience_import__gold"}

    await tell_overdue(**deadline.callback.kwargs, context={"dag_run": dag_run, "deadline": {}})

    (body,) = sinks.bodies()
    assert (body["kind"], body["code"]) == ("late", "ACR-251")
    assert "has not ended 8h after it was queued" in body["details"]
    assert deadline_of(alerting().feed) is None


def test_rejects_and_shrinking_below_the_limits_are_told_with_numbers(sinks: Sinks, alerting: Make) -> None:
    imports = alerting({"rejects_pct": 10, "shrank_pct": 20})
    imports.export([line("ann@x.io"), line("bob@x.io"), line("cyd@x.io"), line("bad")])
    imports.run("run1")
    RunEndedNotifier(imports.feed)(context(run="run1", task="end"))
    assert [(body["kind"], body["numbers"]) for body in sinks.bodies()] == [
        ("rejects", {"rejected": 1, "lines": 4, "pct": 25.0, "alert_pct": 10.0})
    ]

    imports.export([line("ann@x.io")])
    imports.run("run2")
    RunEndedNotifier(imports.feed)(context(run="run2", task="end"))

    assert sinks.counts() == (3, 3, 3)
    shrank, over = sinks.bodies()[1:]
    assert (shrank["kind"], shrank["numbers"]["removed"], shrank["numbers"]["before"]) == ("shrank", 2, 3)
    assert (over["kind"], over["status"]) == ("rejects", "resolved")


@pytest.fixture
def limits_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    include = Path(__file__).resolve().parents[2] / "include"
    for path in include.iterdir():
        if path.name != "limits.yaml":
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / "limits.yaml").write_text(yaml.safe_dump({"notify": NOTIFY}))
    monkeypatch.setenv("CDP_INCLUDE_DIR", str(tmp_path))


@pytest.mark.usefixtures("limits_file")
def test_limits_are_told_when_near_passed_and_over(sinks: Sinks, new_import: Make) -> None:
    imports = new_import(zone="local")

    def read(used: int, run: str) -> None:
        imports.sql("UPDATE cdp.limit_reading SET at = at - interval '1 second'")
        for reading in readings(used):
            imports.sql(
                "INSERT INTO cdp.limit_reading (limit_name, scope, dag_run_id, used, projected, contract, warn_pct, "
                "stop_pct, verdict) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                *(reading.limit, reading.scope, run, reading.used, reading.projected, reading.contract),
                *(reading.warn_pct, reading.stop_pct, reading.verdict.value),
            )
        LimitsReadNotifier("campaign_db")(context(run=run))

    for number, used in enumerate((10, 85, 86, 99, 10)):
        read(used, f"run{number}")

    told = [(body["kind"], body["status"], body["numbers"].get("used")) for body in sinks.bodies()]
    assert told[:2] == [("limit_warn", "firing", 85), ("limit_stop", "firing", 99)]
    assert sorted(told[2:]) == [("limit_stop", "resolved", None), ("limit_warn", "resolved", None)]
    assert sinks.counts() == (4, 4, 4)
    assert sinks.bodies()[0]["feed"] is None
    LimitsFailedNotifier("campaign_db")(context(rejected()))
    assert sinks.bodies()[-1]["dedup_key"] == "campaign-cdp/failed/audience_import__gold/ACR-310"


@pytest.mark.usefixtures("limits_file")
def test_limit_that_a_run_crosses_is_told_as_well(sinks: Sinks, new_import: Make) -> None:
    imports = new_import(zone="local")
    imports.sql(
        "INSERT INTO cdp.limit_reading (limit_name, scope, feed, dag_run_id, used, projected, contract, warn_pct, "
        "stop_pct, verdict) VALUES ('rows_per_file', 'gold', 'gold', 'run1', 0, 99, 100, 80, 95, 'stop')"
    )

    fail(imports, rejected())

    assert [body["kind"] for body in sinks.bodies()] == ["limit_stop"], "the feed itself names no channel"


def test_dead_channel_is_logged_and_tried_again_while_the_others_are_told(
    sinks: Sinks, alerting: Make, caplog: pytest.LogCaptureFixture
) -> None:
    imports = alerting()
    sinks.webhook.status = 503
    with caplog.at_level(logging.DEBUG):
        fail(imports, rejected())

    assert "ACR-260 Channel webhook:ops_webhook did not take campaign-cdp/failed/gold/ACR-310: HTTP 503" in caplog.text
    for word in (SECRET, "slack-secret", "ops@example.com", "ann@x.io"):
        assert word not in "\n".join(
            record.getMessage() for record in caplog.records if record.name.startswith("campaign_cdp")
        )
    sinks.webhook.status = 200
    fail(imports, rejected())

    assert sinks.counts() == (1, 1, 2)


def test_without_the_ledger_every_occurrence_is_told(
    sinks: Sinks, alerting: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    imports = alerting()
    monkeypatch.setenv("AIRFLOW_CONN_CAMPAIGN_DB", "postgresql://nobody@127.0.0.1:1/none")

    fail(imports, rejected())
    RunEndedNotifier(imports.feed)(context(task="end"))

    assert sinks.counts() == (1, 1, 1)
    assert sinks.bodies()[0]["first_at"] is None


def test_two_tasks_that_fail_at_once_are_one_message(sinks: Sinks, alerting: Make) -> None:
    imports = alerting()
    barrier = threading.Barrier(4)

    def run() -> None:
        barrier.wait()
        fail(imports, rejected())

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sinks.counts() == (1, 1, 1)
    assert imports.sql("SELECT count FROM cdp.alert") == [(4,)]


def test_channel_gets_only_the_kinds_it_asks_for(sinks: Sinks, alerting: Make) -> None:
    imports = alerting({"notify": [{**NOTIFY[2], "kinds": ["late"]}]})

    fail(imports, rejected())
    fail(imports, FileSetLateError("gold: nothing."))

    assert [body["kind"] for body in sinks.bodies()] == ["late"]


def ended(imports: Import) -> None:
    RunEndedNotifier(imports.feed)(context(run="good", task="end"))


def readings(used: int) -> list[Reading]:
    limits = Limits.model_validate({"database_storage": {"contract": "100GB"}})
    reading = limits.reading("database_storage", "campaign_db", used)
    return [Reading(reading.limit, reading.scope, used, used, 100, 80, 95)]
