"""
### Contract limits

Reads once an hour how much of the Campaign contract is used, and keeps the trend in the ledger for 400 days. One task
per Campaign database, and one per SFTP or local landing zone, of all feeds in `include/feeds/`.

| task | reads |
|---|---|
| `campaign__<connection>` | size of the database, active profiles (once a day), exports and AEP batches of a day |
| `storage__<connection>` | bytes and oldest file below the root of a landing zone |

* **Limits**: `include/limits.yaml`. What is above a `warn_pct` or `stop_pct` is a warning in the task's log; the task
  ends green all the same. It is imports and exports that are refused.
* **Alerts**: `notify` in the same file says who is told; once, then every `repeat_after`, and when it is over.
* **Safe to re-run**: yes. It reads only, and adds a reading.
* **Result**: `cdp limits show`, the asset `campaign_limits`, and gauges `campaign_cdp.limits.<limit>.<scope>.*`.
* **Runbook**: `docs/runbooks/contract_limits.md`
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable

from campaign_cdp.feeds.directions import Feed
from campaign_cdp.feeds.loader import load_feeds
from campaign_cdp.hooks.limits.scopes import campaigns, storages
from campaign_cdp.notifiers.limits import LimitsFailedNotifier, LimitsReadNotifier
from campaign_cdp.operators.read_limits import ReadCampaignLimitsOperator, ReadStorageLimitsOperator
from campaign_cdp.retries import FAIL_FAST


def build_dag(feeds: Iterable[Feed]) -> DAG:
    """Return the Dag that reads whatever the feeds use."""
    feeds = list(feeds)
    with DAG(
        dag_id="contract_limits",
        description="How much of the Campaign contract is used",
        doc_md=__doc__,
        schedule=CronTriggerTimetable("5 * * * *", timezone="UTC"),
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        default_args={
            "owner": "campaign-cdp",
            "retries": 2,
            "retry_delay": timedelta(minutes=1),
            "retry_policy": FAIL_FAST,
        },
        tags=["limits"],
    ) as dag:
        for name in campaigns(feeds):
            task_id = f"campaign__{_plain(name)}"
            ReadCampaignLimitsOperator(task_id=task_id, campaign=name, pool=name, **_told(name))
        for scope in storages(feeds):
            task_id = f"storage__{_plain(scope.name)}"
            pool = scope.storage.connection
            ReadStorageLimitsOperator(task_id=task_id, scope=scope, pool=pool, **_told(scope.campaigns[0]))
    return dag


def _told(campaign: str) -> dict[str, Any]:
    """Callbacks that tell ``notify`` of the limits file; the ledger of one Campaign knows what was told."""
    return {
        "on_success_callback": LimitsReadNotifier(campaign),
        "on_failure_callback": LimitsFailedNotifier(campaign),
    }


def _plain(name: str) -> str:
    """A task id takes no slashes and colons."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", name)


_feeds = load_feeds()[0]
if _feeds:
    contract_limits = build_dag(_feeds)
